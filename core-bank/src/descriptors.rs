//! The descriptors that the system grants: some for files, the others for connections.
//!
//! A bank without descriptors can read no history. So it asks for as many as it may need, and where the
//! system grants fewer, it takes fewer connections: those can wait, and files cannot.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::kept::LENT_MAX;

/// Connections at a time, where the system grants the descriptors for them.
pub const CONNECTIONS_MAX: u64 = 4_096;

/// Descriptors that are kept free for files: up to two for each reader of the journal and of the
/// projection, and as many again for the writer, the projector, snapshots and the runtime.
const FILES: u64 = 4 * LENT_MAX as u64 + 128;

/// Descriptors that a bank holds without any connection, two dozen, and those of readers that are kept
/// for the next who needs one.
const ITS_OWN: u64 = 40;

/// Descriptors of a connection and of what is read for it.
const EACH: u64 = 3;

/// Connections that can read all at a time with as many descriptors as are kept for files.
const OF_FEW_MAX: u64 = (FILES - ITS_OWN) / EACH;

/// Connections below which a bank is none.
const CONNECTIONS_MIN: u64 = 4;

/// Fewer descriptors than a bank can work with.
#[derive(Debug, thiserror::Error)]
#[error(
    "the system grants {granted} descriptors, and the bank needs {needed} for {CONNECTIONS_MIN} connections and the files that they read: raise the limit (`ulimit -n`, LimitNOFILE of a service); {plenty} are enough for all connections",
    plenty = CONNECTIONS_MAX + FILES
)]
pub struct TooFewDescriptors {
    granted: u64,
    needed: u64,
}

/// Asks for the descriptors that a bank may need. Returns how many connections it can hold at a time.
pub fn connections() -> Result<u64, TooFewDescriptors> {
    let needed = CONNECTIONS_MAX + FILES;
    let is_less = |limit: Option<u64>| limit.is_some_and(|limit| limit < needed);
    let granted = getrlimit(Resource::Nofile);
    if is_less(granted.current) {
        let current = granted.maximum.map_or(needed, |most| most.min(needed));
        let raised = Rlimit {
            current: Some(current),
            maximum: granted.maximum,
        };
        // Where it is refused, what is granted has to do.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let granted = getrlimit(Resource::Nofile).current;
    let connections = beside_files(granted);
    if let Some(granted) = granted.filter(|_| connections < CONNECTIONS_MIN) {
        return Err(TooFewDescriptors {
            granted,
            needed: ITS_OWN + EACH * CONNECTIONS_MIN,
        });
    }
    if let Some(granted) = granted.filter(|_| connections < CONNECTIONS_MAX) {
        tracing::warn!(
            "the system grants {granted} descriptors: {connections} connections at a time instead of {CONNECTIONS_MAX}; `ulimit -n {needed}` (LimitNOFILE of a service) grants enough"
        );
    }
    Ok(connections)
}

/// The connections for which there are descriptors beside those for files.
fn beside_files(granted: Option<u64>) -> u64 {
    let Some(granted) = granted else {
        return CONNECTIONS_MAX;
    };
    // Of few there are files for as many readers as there are connections.
    let of_few = granted.saturating_sub(ITS_OWN) / EACH;
    let left = granted.saturating_sub(FILES).max(of_few.min(OF_FEW_MAX));
    left.min(CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_connections() {
        for (granted, connections) in [
            (None, CONNECTIONS_MAX),
            (Some(1 << 20), CONNECTIONS_MAX),
            (Some(CONNECTIONS_MAX + FILES), CONNECTIONS_MAX),
            (Some(CONNECTIONS_MAX + FILES - 1), CONNECTIONS_MAX - 1),
            (Some(1_024), 1_024 - FILES),
            (Some(FILES + 10), OF_FEW_MAX),
            (Some(64), 8),
            (Some(52), CONNECTIONS_MIN),
            (Some(51), CONNECTIONS_MIN - 1),
            (Some(32), 0),
            (Some(0), 0),
        ] {
            assert_eq!(beside_files(granted), connections, "{granted:?}");
        }
    }
}

//! A run from beginning to end, whatever the target: threads, places, the end.

use crate::agenda::{Agenda, Source, Users};
use crate::clock::Moment;
use crate::endpoint::{Endpoint, Version};
use crate::error::LoadError;
use crate::interpreter::Interpreter;
use crate::journal::{JournalWriter, RunJournal};
use crate::kind::Names;
use crate::line::{Lines, STREAMS};
use crate::options::{LoadOptions, LoadProgress, Model, StopFlag};
use crate::outcome::LoadOutcome;
use crate::pacing::nanos;
use crate::player::{Pace, Player};
use crate::quality::Watch;
use crate::recorder::{Recorder, record};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::task::LocalSet;

/// How often the stop flag and the clock are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// From the end of the setup to the start of the clock, so that all places wait.
pub const LEAD: u64 = 100_000_000;

/// Who plays what on which system.
pub struct Piece<I: Interpreter> {
    pub interpreter: I,
    pub names: Names,
    pub source: Source<I::Step>,
    pub endpoint: Endpoint,
    /// Operations that are expected, if anybody knows.
    pub expected: Option<u64>,
    /// Operations that were done before.
    pub setup_operations: u64,
}

/// Runs it on a thread of its own, because the caller's may be inside a runtime.
pub fn on_a_thread<T: Send>(
    work: impl FnOnce() -> Result<T, LoadError> + Send,
) -> Result<T, LoadError> {
    thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|_| Err(thread_died()))
    })
}

fn thread_died() -> LoadError {
    LoadError::System {
        what: "a thread",
        why: std::io::Error::other("it ended unexpectedly"),
    }
}

/// Runs it in a runtime of one thread.
pub fn in_runtime<T>(work: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| LoadError::System {
            what: "an event loop",
            why,
        })?;
    let local = LocalSet::new();
    local.block_on(&runtime, work)
}

/// Runs `work` on a thread of its own with a recorder whose rows another thread writes.
pub fn with_recorder<F>(
    names: &Names,
    options: &LoadOptions,
    progress: &dyn LoadProgress,
    work: impl FnOnce(Recorder) -> F + Send,
) -> Result<LoadOutcome, LoadError>
where
    F: Future<Output = Result<LoadOutcome, LoadError>>,
{
    let journal = JournalWriter::create(&options.journal)?;
    let (notes, received) = mpsc::channel();
    thread::scope(|scope| {
        let recording = scope.spawn(move || record(&received, journal, names, progress, options));
        let played = on_a_thread(|| in_runtime(work(Recorder::new(notes))));
        let journalled = recording.join().unwrap_or_else(|_| Err(thread_died()));
        let outcome = played?;
        journalled.map(|()| outcome)
    })
}

/// Resolves when the run is to stop.
pub async fn stopped(stop: &StopFlag) {
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Plays the piece; within [`with_recorder`].
pub async fn play<I: Interpreter>(
    piece: Piece<I>,
    options: &LoadOptions,
    stop: &StopFlag,
    recorder: Recorder,
) -> Result<LoadOutcome, LoadError> {
    as_many_files_as_allowed();
    let start = Moment::now().after(LEAD);
    recorder.started(SystemTime::now() + Duration::from_nanos(LEAD));
    let users = (options.model == Model::Closed).then(|| Users {
        count: options.connections,
        ramp: nanos(options.ramp),
        until: nanos(options.until),
    });
    let (capacity, grows) = match (options.model, piece.endpoint.version()) {
        (Model::Closed, _) | (Model::CappedOpen, Version::Http1) => (options.connections, false),
        (Model::Open, Version::Http1) => (options.connections, true),
        // Connections are opened one after another as their streams are needed.
        (_, Version::Http2) => (options.connections.saturating_mul(STREAMS), true),
    };
    let lines = Lines::new(&piece.endpoint, options.connections, options.timeout);
    let player = Rc::new(Player::new(
        (piece.interpreter, piece.names.clone()),
        options.clone(),
        (lines, capacity as usize, grows),
        (Agenda::new(start, piece.source, users), piece.expected),
        start,
        recorder,
    ));
    let watch = Watch::begin(options.watched_process);
    let interrupted = stream(&player, options, stop, &watch).await?;
    player.close(interrupted);
    player.report();
    if let Some(failure) = player.take_failure() {
        return Err(failure);
    }
    let measured = player.take_measurements();
    Ok(LoadOutcome {
        options: options.clone(),
        names: piece.names,
        version: piece.endpoint.version(),
        book: measured.book,
        setup_operations: piece.setup_operations,
        interrupted,
        planned_nanos: measured.planned,
        intended_nanos: measured.span,
        answered_nanos: measured.answered,
        quality: watch.end(),
        memory: watch.memory(),
        journal: RunJournal::new(&options.journal),
    })
}

/// Raises the process's own limit on open files to what the system allows it.
fn as_many_files_as_allowed() {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limits.maximum,
        ..limits
    };
    // Where it is refused, running out of sockets is told by itself.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Plays until everything has ended, time is up, or it is stopped; whether it was.
async fn stream<I: Interpreter>(
    player: &Rc<Player<I>>,
    options: &LoadOptions,
    stop: &StopFlag,
    watch: &Watch,
) -> Result<bool, LoadError> {
    if stop.is_stopped() {
        return Ok(true);
    }
    let patience = nanos(options.timeout).saturating_add(nanos(options.drain));
    let time_up = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let late = player.since_planned_end();
            // A plan may end, or break off, without an operation that tells.
            if player.is_over() || player.has_failed() || late.is_some_and(|it| it > patience) {
                return;
            }
        }
    };
    let reports = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            player.report();
            watch.look();
        }
    };
    let ended = async {
        tokio::select! {
            () = player.until_finished() => false,
            () = time_up => false,
            () = stopped(stop) => true,
            () = reports => false,
        }
    };
    let system = |why| LoadError::System {
        what: "a timer",
        why,
    };
    let pace = Pace::new(player).map_err(system)?;
    tokio::select! {
        biased;
        why = pace.keep() => Err(system(why)),
        interrupted = ended => Ok(interrupted),
    }
}

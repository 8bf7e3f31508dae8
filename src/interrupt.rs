//! Ctrl-C and SIGTERM end a command in good order: the first sets a flag that
//! simulation and load look at, a second one ends the process at once.

use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted command.
pub const INTERRUPTED: u8 = 130;

/// Set once the command was interrupted.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen for SIGINT and SIGTERM.
    pub fn listen() -> anyhow::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // Registered first, so that it sees the flag of the first signal only.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                i32::from(INTERRUPTED),
                Arc::clone(&flag),
            )
            .context("cannot listen for Ctrl-C")?;
            signal_hook::flag::register(signal, Arc::clone(&flag))
                .context("cannot listen for Ctrl-C")?;
        }
        Ok(Self(flag))
    }

    /// Whether it was interrupted.
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for those who poll it.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

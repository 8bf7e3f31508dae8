//! The projector's other thread.

use std::{io, sync::mpsc, thread};

use super::{ProjectionError, Projector};
use crate::patience::Turn;

/// The niceness of the thread, which gets a seventieth of a core that has no time to spare (`sched(7)`).
const IDLER_NICENESS: i32 = 19;

/// The projector's thread for what nobody waits for: of a processor that has other things to do it
/// gets next to nothing. A thread cannot make itself more urgent again, so there are two, and the
/// projector goes from one to the other.
pub(super) struct Idler {
    steps: mpsc::Sender<(Projector, u64, Turn)>,
    stepped: mpsc::Receiver<(Projector, Result<(), ProjectionError>)>,
}

impl Idler {
    /// Starts its thread.
    pub(super) fn start() -> io::Result<Self> {
        let (steps, asked) = mpsc::channel::<(Projector, u64, Turn)>();
        let (back, stepped) = mpsc::channel();
        thread::Builder::new()
            .name("bank-idler".to_owned())
            .spawn(move || {
                // Without it the projector only takes more than its share.
                let _ = rustix::process::setpriority_process(None, IDLER_NICENESS);
                for (mut projector, goal, turn) in asked {
                    let result = projector.step(goal, &turn);
                    if back.send((projector, result)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self { steps, stepped })
    }

    /// Has a step made at leisure.
    pub(super) fn step(
        &self,
        projector: Projector,
        goal: u64,
        turn: Turn,
    ) -> io::Result<(Projector, Result<(), ProjectionError>)> {
        let fallen = || io::Error::other("the thread of what nobody waits for fell over");
        let asked = self.steps.send((projector, goal, turn));
        asked.map_err(|_| fallen())?;
        self.stepped.recv().map_err(|_| fallen())
    }
}

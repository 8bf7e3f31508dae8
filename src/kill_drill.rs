//! Kills the bank that a run started, in mid-run and without warning, and starts it again on the same
//! data and port: what it acknowledged must still be there afterwards, once.

use crate::bank_process::BankProcess;
use anyhow::Context;
use loadgen::{LoadProgress, LoadSnapshot};
use scenarios::model::Label;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often the end of the load is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// A drill: so many kills, spread over the stream.
pub struct KillDrill {
    kills: u32,
    stream: Duration,
    begun: AtomicBool,
    ended: AtomicBool,
    done: AtomicU32,
}

impl KillDrill {
    /// For so long what nobody answered is asked again where the bank is killed: starting it
    /// takes a second or two.
    pub const RETRY: Duration = Duration::from_secs(30);

    /// `kills` in a stream that lasts this long by the plan.
    pub fn new(kills: u32, stream: Duration) -> Self {
        Self {
            kills,
            stream,
            begun: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            done: AtomicU32::new(0),
        }
    }

    /// Plays the load while the bank is killed; customers are opened before the first kill.
    pub fn during<T>(
        &self,
        bank: &mut BankProcess,
        play: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        std::thread::scope(|scope| {
            let drill = scope.spawn(|| self.kill(bank));
            let played = play();
            self.ended.store(true, Ordering::Relaxed);
            let drilled = drill.join();
            let played = played?;
            drilled.map_err(|_| anyhow::anyhow!("the kill drill fell over"))??;
            Ok(played)
        })
    }

    /// Hears from the progress that the stream has begun.
    pub fn watch<'a>(&'a self, progress: &'a dyn LoadProgress) -> Watch<'a> {
        Watch {
            drill: self,
            progress,
        }
    }

    /// What a reader of the run must know; nothing where no kill was asked for.
    pub fn told(&self) -> Option<Label> {
        let done = self.done.load(Ordering::Relaxed);
        (self.kills > 0).then(|| {
            Label::new(
                format!("The bank was killed {done} times while the load ran and started again on the same data; latencies and errors are of that."),
                format!("压测期间核心系统被强行终止 {done} 次并以同一数据重新启动；时延与错误均含此影响。"),
            )
        })
    }

    fn kill(&self, bank: &mut BankProcess) -> anyhow::Result<()> {
        while !self.begun.load(Ordering::Relaxed) {
            if self.ended.load(Ordering::Relaxed) {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        let begun = Instant::now();
        for number in 0..self.kills {
            let due = self.stream.mul_f64(self.moment(number));
            while begun.elapsed() < due {
                if self.ended.load(Ordering::Relaxed) {
                    return Ok(());
                }
                std::thread::sleep(LOOK.min(due.saturating_sub(begun.elapsed())));
            }
            let kill = || format!("kill {} of {} of the drill", number + 1, self.kills);
            bank.kill_and_restart().with_context(kill)?;
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The share of the stream after which a kill comes: somewhere in the middle half of its own part,
    /// so that the parts of a second at which banks do things at regular times all have their turn.
    fn moment(&self, number: u32) -> f64 {
        let jitter = f64::from(number.wrapping_mul(2_654_435_769) >> 8) / f64::from(1_u32 << 24);
        (f64::from(number) + 0.25 + jitter / 2.0) / f64::from(self.kills)
    }
}

/// Passes progress on and notes when the stream has begun.
pub struct Watch<'a> {
    drill: &'a KillDrill,
    progress: &'a dyn LoadProgress,
}

impl LoadProgress for Watch<'_> {
    fn setup(&self, done: u64, of: u64) {
        self.progress.setup(done, of);
    }

    fn second(&self, snapshot: &LoadSnapshot) {
        self.drill.begun.store(true, Ordering::Relaxed);
        self.progress.second(snapshot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_spread_over_the_stream_in_order() {
        let drill = KillDrill::new(50, Duration::from_secs(10));
        let moments: Vec<f64> = (0..50).map(|number| drill.moment(number)).collect();
        assert!(
            moments.windows(2).all(|pair| pair[0] < pair[1]),
            "{moments:?}"
        );
        assert!(moments[0] > 0.0 && moments[49] < 1.0, "{moments:?}");
    }
}

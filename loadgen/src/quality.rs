//! Whether the machine let the generator do its part: the processor time of the thread
//! that keeps the pace, its wait for a processor, and what was taken away from this
//! machine by others. Warnings, beside the lag, which decides.

use scenarios::model::Label;
use std::cell::RefCell;
use std::fs;
use std::time::Instant;

/// Shares of wall time beyond which there is a warning.
const BUSY: f64 = 0.85;
const WAITED: f64 = 0.05;
const STOLEN: f64 = 0.02;
/// Busy for so many seconds in a row.
const BUSY_SECONDS: usize = 5;

/// What the machine says of a moment. Seconds.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    /// Processor time of this thread, and its waiting for a processor.
    ran: f64,
    waited: f64,
    /// Of the whole machine, in ticks: stolen, and all.
    stolen: f64,
    all: f64,
}

/// Shares of wall time over a run; none where the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quality {
    /// The most that the thread ran over five seconds (or the run, if shorter).
    pub busy: Option<f64>,
    /// Processor seconds of the thread.
    pub processor_seconds: Option<f64>,
    /// The thread waited for a processor.
    pub waited: Option<f64>,
    /// Taken away from this machine.
    pub stolen: Option<f64>,
}

/// Watches the thread that it is begun on.
pub struct Watch {
    readings: RefCell<Vec<Reading>>,
    first: Option<Reading>,
    busiest: RefCell<Option<f64>>,
}

impl Watch {
    /// From now on.
    pub fn begin() -> Self {
        let first = read();
        Self {
            readings: RefCell::new(first.into_iter().collect()),
            first,
            busiest: RefCell::new(None),
        }
    }

    /// Once a second.
    pub fn look(&self) {
        let Some(now) = read() else { return };
        let mut readings = self.readings.borrow_mut();
        readings.push(now);
        if readings.len() > BUSY_SECONDS {
            let before = readings.remove(0);
            self.busy(before, now);
        }
    }

    fn busy(&self, before: Reading, now: Reading) {
        let share = (now.ran - before.ran) / seconds(before, now);
        let mut busiest = self.busiest.borrow_mut();
        *busiest = Some(busiest.map_or(share, |most| most.max(share)));
    }

    /// What it came to.
    pub fn end(&self) -> Quality {
        let (Some(first), Some(last)) = (self.first, read()) else {
            return Quality::default();
        };
        if self.busiest.borrow().is_none() {
            self.busy(first, last);
        }
        let all = last.all - first.all;
        Quality {
            busy: *self.busiest.borrow(),
            processor_seconds: Some(last.ran - first.ran),
            waited: Some((last.waited - first.waited) / seconds(first, last)),
            stolen: (all > 0.0).then(|| (last.stolen - first.stolen) / all),
        }
    }
}

fn seconds(from: Reading, to: Reading) -> f64 {
    (to.at - from.at).as_secs_f64().max(1e-3)
}

/// Linux tells; elsewhere nothing is known.
fn read() -> Option<Reading> {
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut nanos = schedule
        .split_whitespace()
        .map(|word| word.parse::<f64>().ok());
    let (ran, waited) = (nanos.next()??, nanos.next()??);
    let machine = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<f64> = machine
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    Some(Reading {
        at: Instant::now(),
        ran: ran / 1e9,
        waited: waited / 1e9,
        stolen: *ticks.get(7)?,
        // The last two, of guests, are within the first two.
        all: ticks.iter().take(8).sum(),
    })
}

impl Quality {
    /// What a reader of the latencies should know.
    pub fn warnings(&self) -> Vec<Label> {
        let percent = |share: f64| format!("{:.0}%", 100.0 * share);
        let mut warnings = Vec::new();
        if let Some(busy) = self.busy.filter(|share| *share > BUSY) {
            let busy = percent(busy);
            warnings.push(Label::new(
                format!("The generator's own thread was busy for {busy} of its busiest five seconds: it may be the bottleneck."),
                format!("发压线程在最忙的五秒内占用处理器 {busy}：瓶颈可能在发压端。"),
            ));
        }
        if let Some(waited) = self.waited.filter(|share| *share > WAITED) {
            let waited = percent(waited);
            warnings.push(Label::new(
                format!("The generator's thread waited for a processor {waited} of the time: others share this machine."),
                format!("发压线程有 {waited} 的时间在等待处理器：本机另有负载。"),
            ));
        }
        if let Some(stolen) = self.stolen.filter(|share| *share > STOLEN) {
            let stolen = percent(stolen);
            warnings.push(Label::new(
                format!(
                    "{stolen} of this machine's time was taken by others on the same host (steal)."
                ),
                format!("本机有 {stolen} 的处理器时间被同一宿主机上的其他机器占用（steal）。"),
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_never_rests_is_called_busy_and_one_that_sleeps_is_not() {
        let watch = Watch::begin();
        let until = Instant::now() + std::time::Duration::from_millis(200);
        let mut spins = 0_u64;
        while Instant::now() < until {
            spins += 1;
        }
        let spun = watch.end().processor_seconds.unwrap();
        assert!(spins > 0 && spun > 0.02, "{spun} s of processor");
        let watch = Watch::begin();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let slept = watch.end();
        assert!(slept.busy.unwrap() < 0.5, "{slept:?}");
        assert!(slept.warnings().len() <= 2);
    }

    #[test]
    fn each_warning_has_its_bound() {
        let quiet = Quality {
            busy: Some(0.85),
            processor_seconds: Some(1.0),
            waited: Some(0.05),
            stolen: Some(0.02),
        };
        assert!(quiet.warnings().is_empty());
        let loud = Quality {
            busy: Some(0.86),
            waited: Some(0.06),
            stolen: Some(0.03),
            ..quiet
        };
        assert_eq!(loud.warnings().len(), 3);
    }
}

//! Whether the machine let the generator do its part: the processor time of the thread
//! that keeps the pace, its wait for a processor, and what was taken away from this
//! machine by others. Warnings, beside the lag, which decides.

use crate::target_process::ProcessorTime;
use scenarios::model::Label;
use std::cell::{Cell, RefCell};
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
    /// Processor seconds of the target's process and its children.
    pub target_seconds: Option<f64>,
}

/// Watches the thread that it is begun on.
pub struct Watch {
    readings: RefCell<Vec<Reading>>,
    first: Option<Reading>,
    busiest: RefCell<Option<f64>>,
    /// The process whose memory and processor time are watched.
    process: Option<u32>,
    processor_time: Option<ProcessorTime>,
    /// Its memory, at every so many looks.
    memory: RefCell<Vec<f64>>,
    looks: Cell<u64>,
    every: Cell<u64>,
}

/// When there are more readings of a process's memory than this, every other one goes.
const MOST_READINGS: usize = 2000;

impl Watch {
    /// From now on, and the memory and processor time of a process with it.
    pub fn begin(process: Option<u32>) -> Self {
        let first = read();
        Self {
            readings: RefCell::new(first.into_iter().collect()),
            first,
            busiest: RefCell::new(None),
            process,
            processor_time: process.and_then(ProcessorTime::begin),
            memory: RefCell::default(),
            looks: Cell::new(0),
            every: Cell::new(1),
        }
    }

    /// Once a second.
    pub fn look(&self) {
        self.look_at_memory();
        let Some(now) = read() else { return };
        let mut readings = self.readings.borrow_mut();
        readings.push(now);
        if readings.len() > BUSY_SECONDS {
            let before = readings.remove(0);
            self.busy(before, now);
        }
    }

    fn look_at_memory(&self) {
        let looks = self.looks.replace(self.looks.get() + 1);
        let Some(bytes) = self.process.and_then(memory_of) else {
            return;
        };
        if looks.is_multiple_of(self.every.get()) {
            let mut memory = self.memory.borrow_mut();
            memory.push(bytes);
            if memory.len() > MOST_READINGS {
                let mut kept = false;
                memory.retain(|_| {
                    kept = !kept;
                    kept
                });
                self.every.set(self.every.get() * 2);
            }
        }
    }

    /// The memory of the process since, bytes, at equal distances.
    pub fn memory(&self) -> Vec<f64> {
        self.memory.take()
    }

    fn busy(&self, before: Reading, now: Reading) {
        let share = (now.ran - before.ran) / seconds(before, now);
        let mut busiest = self.busiest.borrow_mut();
        *busiest = Some(busiest.map_or(share, |most| most.max(share)));
    }

    /// What it came to.
    pub fn end(&self) -> Quality {
        let target_seconds = self
            .processor_time
            .as_ref()
            .and_then(ProcessorTime::seconds);
        let (Some(first), Some(last)) = (self.first, read()) else {
            return Quality {
                target_seconds,
                ..Quality::default()
            };
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
            target_seconds,
        }
    }
}

/// Resident memory of a process in bytes, where the system tells.
fn memory_of(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024.0)
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
        let watch = Watch::begin(None);
        let until = Instant::now() + std::time::Duration::from_millis(200);
        let mut spins = 0_u64;
        while Instant::now() < until {
            spins += 1;
        }
        let spun = watch.end().processor_seconds.unwrap();
        assert!(spins > 0 && spun > 0.02, "{spun} s of processor");
        let watch = Watch::begin(None);
        std::thread::sleep(std::time::Duration::from_millis(200));
        let slept = watch.end();
        assert!(slept.busy.unwrap() < 0.5, "{slept:?}");
        assert!(slept.warnings().len() <= 2);
    }

    #[test]
    fn the_memory_of_a_process_is_read_and_never_piles_up() {
        let watch = Watch::begin(Some(std::process::id()));
        for _ in 0..5000 {
            watch.look_at_memory();
        }
        let memory = watch.memory();
        assert!(
            (600..=MOST_READINGS).contains(&memory.len()),
            "{}",
            memory.len()
        );
        assert!(memory.iter().all(|bytes| *bytes > 1e6));
    }

    #[test]
    fn each_warning_has_its_bound() {
        let quiet = Quality {
            busy: Some(0.85),
            processor_seconds: Some(1.0),
            waited: Some(0.05),
            stolen: Some(0.02),
            target_seconds: None,
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

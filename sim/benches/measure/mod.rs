//! Measuring in rounds: what is compared is run in turns, so that a busy machine
//! slows both, and ratios are taken within a round.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// What one run took.
#[derive(Clone, Copy)]
pub struct Taken {
    /// Customers served.
    pub customers: u64,
    /// CPU seconds of all threads.
    pub cpu: f64,
    /// Seconds by the clock on the wall.
    pub wall: f64,
}

impl Taken {
    /// Customers a second of CPU time.
    pub fn per_cpu_second(self) -> f64 {
        self.customers as f64 / self.cpu
    }

    /// Customers a second of wall time.
    pub fn per_second(self) -> f64 {
        self.customers as f64 / self.wall
    }
}

/// Runs something that tells how many customers it served.
pub fn taken(run: impl FnOnce() -> u64) -> Taken {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let customers = run();
    Taken {
        customers,
        cpu: cpu_seconds() - cpu,
        wall: wall.elapsed().as_secs_f64(),
    }
}

/// The middle one; of an even number the lower of both.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

/// Lowest, median and highest.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let greatest = values.iter().copied().fold(f64::MIN, f64::max);
    (least, median(values.to_vec()), greatest)
}

/// The most memory this process has had, in MiB.
pub fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(f64::NAN) / 1024.0
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

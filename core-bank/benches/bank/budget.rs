//! Where the server's processor time goes: by thread, as the kernel counts it.

use std::{fs, path::Path};

/// The server's threads by their names; the last entry is every other one.
pub const NAMES: [&str; 6] = [
    "tokio-rt-worker",
    "bank-writer",
    "bank-idler",
    "bank-projector",
    "bank-snapshots",
    "others",
];

/// What the threads of one name have used and suffered so far.
#[derive(Clone, Copy, Default)]
pub struct Thread {
    /// Seconds on a processor.
    pub ran: f64,
    /// Seconds ready to run while others ran.
    pub waited: f64,
    /// Times that they gave the processor up themselves.
    pub slept: f64,
    /// Times that it was taken from them.
    pub interrupted: f64,
}

/// All threads of a process, in the order of [`NAMES`].
pub type Threads = [Thread; NAMES.len()];

/// The threads of a process. One that ends meanwhile is left out.
pub fn threads(process: u32) -> Threads {
    let mut threads = Threads::default();
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    for task in tasks.filter_map(Result::ok) {
        if let Some((name, used)) = thread(&task.path()) {
            let known = NAMES.iter().position(|known| *known == name);
            let sum = &mut threads[known.unwrap_or(NAMES.len() - 1)];
            sum.ran += used.ran;
            sum.waited += used.waited;
            sum.slept += used.slept;
            sum.interrupted += used.interrupted;
        }
    }
    threads
}

/// Seconds that a thread of this name has had a processor.
pub fn ran(process: u32, name: &str) -> Option<f64> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let mut threads = tasks.filter_map(|task| thread(&task.ok()?.path()));
    threads.find_map(|(found, used)| (found == name).then_some(used.ran))
}

fn thread(task: &Path) -> Option<(String, Thread)> {
    let read = |name: &str| fs::read_to_string(task.join(name)).ok();
    let schedstat = read("schedstat")?;
    let mut nanos = schedstat.split_whitespace().map(str::parse::<f64>);
    let status = read("status")?;
    let switches = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    let used = Thread {
        ran: nanos.next()?.ok()? / 1e9,
        waited: nanos.next()?.ok()? / 1e9,
        slept: switches("voluntary_ctxt_switches:")?,
        interrupted: switches("nonvoluntary_ctxt_switches:")?,
    };
    Some((read("comm")?.trim().to_owned(), used))
}

impl Thread {
    /// What was used and suffered since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            ran: self.ran - before.ran,
            waited: self.waited - before.waited,
            slept: self.slept - before.slept,
            interrupted: self.interrupted - before.interrupted,
        }
    }
}

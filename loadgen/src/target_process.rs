//! The target's process, where it runs on this machine: which it is, and the processor
//! time that it and its children have used, to the nanosecond.
//!
//! The kernel's clock of a process counts its threads that have ended, too; the ticks of
//! `/proc/PID/stat` are ten milliseconds long, which is a whole short run.

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Family after family, each process is looked at once; more than this are not.
const MOST_PROCESSES: usize = 1000;

/// The process that listens on a TCP port of this machine, if it is ours to see; of
/// several the one that was there first.
pub fn process_listening_on(port: u16) -> Option<u32> {
    let sockets = listening_sockets(port);
    if sockets.is_empty() {
        return None;
    }
    let mut processes: Vec<u32> = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    processes.sort_unstable();
    processes
        .into_iter()
        .find(|process| holds_one_of(*process, &sockets))
}

/// Links of the sockets that listen on the port: `socket:[4711]`.
fn listening_sockets(port: u16) -> Vec<String> {
    const LISTENING: &str = "0A";
    let wanted = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text: String = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .collect();
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
            let listens = local.ends_with(&wanted) && *state == LISTENING;
            listens.then(|| format!("socket:[{inode}]"))
        })
        .collect()
}

fn holds_one_of(process: u32, sockets: &[String]) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .any(|link| {
            sockets
                .iter()
                .any(|socket| link.as_os_str() == socket.as_str())
        })
}

/// Reads how much processor time a process and its children use from now on.
pub struct ProcessorTime {
    process: u32,
    /// What each had used before.
    before: BTreeMap<u32, Duration>,
}

impl ProcessorTime {
    /// None where the system does not tell.
    pub fn begin(process: u32) -> Option<Self> {
        let before = used(process);
        before
            .contains_key(&process)
            .then_some(Self { process, before })
    }

    /// Processor seconds since; none once the process is gone.
    pub fn seconds(&self) -> Option<f64> {
        let now = used(self.process);
        now.contains_key(&self.process).then(|| {
            let each = now.iter().map(|(process, used)| {
                let before = self.before.get(process).copied().unwrap_or_default();
                used.saturating_sub(before)
            });
            each.sum::<Duration>().as_secs_f64()
        })
    }
}

/// Processor time of a process and of all that it has begotten.
fn used(process: u32) -> BTreeMap<u32, Duration> {
    let mut found = BTreeMap::new();
    let mut open = vec![process];
    while let Some(process) = open.pop() {
        if found.len() >= MOST_PROCESSES || found.contains_key(&process) {
            continue;
        }
        let Some(time) = clock_of(process) else {
            continue;
        };
        found.insert(process, time);
        open.extend(children(process));
    }
    found
}

fn clock_of(process: u32) -> Option<Duration> {
    let process = Pid::from_raw(i32::try_from(process).ok()?);
    let clock = clock_getcpuclockid(process).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|line| {
            let numbers = line.split_whitespace().map(str::parse);
            numbers.filter_map(Result::ok).collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    #[test]
    fn a_listening_process_is_found_and_a_free_port_has_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(process_listening_on(port), Some(std::process::id()));
        drop(listener);
        assert_eq!(process_listening_on(port), None);
    }

    #[test]
    fn time_of_threads_that_ended_counts_and_sleep_does_not() {
        let clock = ProcessorTime::begin(std::process::id()).unwrap();
        let spun = std::thread::spawn(|| {
            let own = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
            let until = Duration::from(clock_gettime(own).unwrap()) + Duration::from_millis(40);
            while Duration::from(clock_gettime(own).unwrap()) < until {}
        });
        spun.join().unwrap();
        assert!(clock.seconds().unwrap() >= 0.039);
    }

    #[test]
    fn a_childs_time_is_its_parents() {
        let clock = ProcessorTime::begin(std::process::id()).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mine = clock_of(std::process::id()).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        let mut childs = Duration::ZERO;
        while childs < Duration::from_millis(50) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
            childs = clock_of(child.id()).unwrap();
        }
        let seen = clock.seconds().unwrap();
        let own = (clock_of(std::process::id()).unwrap() - mine).as_secs_f64();
        let _ = child.kill();
        let _ = child.wait();
        assert!(childs >= Duration::from_millis(50), "{childs:?}");
        assert!(seen >= childs.as_secs_f64() && seen > own, "{seen} {own}");
    }

    #[test]
    fn a_process_that_is_gone_tells_nothing() {
        let mut child = Command::new("true").spawn().unwrap();
        let clock = ProcessorTime::begin(child.id());
        let _ = child.wait();
        assert_eq!(clock.and_then(|clock| clock.seconds()), None);
    }
}

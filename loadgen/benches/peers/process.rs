//! Programs pinned to a processor, and the processor time that they took.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The processor of the server, and that of whoever generates load.
pub const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// The tiny server as a process of its own.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start() -> Self {
        let mut child = Command::new("taskset")
            .args(["-c", SERVER_CORE])
            .arg(std::env::current_exe().unwrap())
            .arg("part:server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        Self {
            child,
            address: line.trim().parse().unwrap(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program said, and the processor seconds that it took.
pub struct Ran {
    pub said: String,
    pub processor_seconds: f64,
    pub succeeded: bool,
}

/// Runs a program on the generator's processor; none if it is not installed.
pub fn run(program: &str, arguments: &[&str]) -> Option<Ran> {
    if !is_installed(program) {
        return None;
    }
    let before = children_seconds();
    let output = Command::new("taskset")
        .args(["-c", GENERATOR_CORE, program])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Some(Ran {
        said: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        processor_seconds: children_seconds() - before,
        succeeded: output.status.success(),
    })
}

/// Runs a part of this program on the generator's processor.
pub fn run_part(part: &str, arguments: &[&str]) -> Ran {
    let own = std::env::current_exe().unwrap();
    let words = [&[part], arguments].concat();
    run(own.to_str().unwrap(), &words).unwrap()
}

fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return true;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Processor time of all children that have ended, from `/proc/self/stat`: hundredths of a second,
/// which in some seconds is enough.
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold anything but is in brackets: state is field 3.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u64 = [13, 14]
        .iter()
        .map(|at| fields[*at].parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}

//! The server under measurement: this program again as a process of its own, on the first core.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use core_bank::{Observability, ServeOptions, TerminalTokens, serve as serve_bank, start_log};

use crate::budget::{self, Threads};

/// How long the history may take to catch up between two rows.
const SETTLING_MAX: Duration = Duration::from_mins(1);

/// The server's side.
pub fn serve(data: &str) {
    let mut options = ServeOptions::new(([127, 0, 0, 1], 0).into(), data.into());
    // For the route that only parses.
    options.test = true;
    if env::var("BENCH_BANK_OBSERVABILITY").is_ok_and(|how_much| how_much == "off") {
        options.observability = Observability::Off;
    }
    // A line a request, as `RUST_LOG=core_bank=debug` has `branchlab bank serve` write it.
    let _log = env::var_os("BENCH_BANK_LOG")
        .map(|_| start_log(io::stderr(), "core_bank=debug".into()).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(serve_bank(options)).unwrap();
}

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub tokens: TerminalTokens,
}

/// What the server has used and done so far.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub cpu_seconds: f64,
    pub groups: f64,
    pub records: f64,
    /// Records whose entries are not in the history yet.
    pub unprojected: f64,
    /// Where time went within the writer.
    pub stages: [Stage; 3],
    /// Where time went between its threads.
    pub threads: Threads,
}

/// How often a stage was passed, how often it took more than 4 ms, and seconds in all.
#[derive(Clone, Copy, Default)]
pub struct Stage {
    pub count: f64,
    pub long: f64,
    pub seconds: f64,
}

/// The stages by their names in `/metrics`.
pub const STAGES: [&str; 3] = [
    "bank_queue_seconds",
    "bank_journal_append_seconds",
    "bank_journal_tidy_seconds",
];

impl Server {
    pub fn start(data: &Path, observability: &str) -> Self {
        let mut command = Command::new("taskset");
        command.env("BENCH_BANK_OBSERVABILITY", observability);
        Self::spawn(data, command)
    }

    /// A server that writes a line for each request into a file.
    pub fn start_logging(data: &Path, log: &Path) -> Self {
        let mut command = Command::new("taskset");
        command
            .env("BENCH_BANK_LOG", "")
            .stderr(fs::File::create(log).unwrap());
        Self::spawn(data, command)
    }

    fn spawn(data: &Path, mut taskset: Command) -> Self {
        let mut child = taskset
            .args(["-c", "0"])
            .arg(env::current_exe().unwrap())
            .env("BENCH_BANK_DATA", data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        let tokens = fs::read(data.join("tokens.json")).unwrap();
        Self {
            address: address.parse().unwrap(),
            tokens: serde_json::from_slice(&tokens).unwrap(),
            child,
        }
    }

    pub fn counts(&self) -> Counts {
        let page = self.metrics();
        let figure = |name: &str| -> f64 {
            let line = page.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.rsplit(' ').next());
            value.unwrap().parse().unwrap()
        };
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Fields 14 and 15 of proc(5), in hundredths of a second; the name in field 2 ends with `)`.
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks: f64 = fields
            .skip(11)
            .take(2)
            .map(|text| text.parse::<f64>().unwrap())
            .sum();
        Counts {
            cpu_seconds: ticks / 100.0,
            groups: figure("bank_group_records_count"),
            records: figure("bank_group_records_sum"),
            unprojected: figure("bank_journal_seq") - figure("bank_projected_seq"),
            stages: STAGES.map(|name| {
                let count = figure(&format!("{name}_count"));
                Stage {
                    count,
                    long: count - figure(&format!("{name}_bucket{{le=\"0.004\"}}")),
                    seconds: figure(&format!("{name}_sum")),
                }
            }),
            threads: budget::threads(self.child.id()),
        }
    }

    /// Seconds that the thread of this name has had a processor; none when there is no such thread.
    pub fn thread_ran(&self, name: &str) -> Option<f64> {
        budget::ran(self.child.id(), name)
    }

    /// Waits until nothing is left of what was asked before, so that a row pays for itself and for
    /// nothing else.
    pub fn settle(&self) {
        let began = Instant::now();
        while self.counts().unprojected > 0.0 {
            assert!(began.elapsed() < SETTLING_MAX, "the history stands still");
            thread::sleep(Duration::from_millis(100));
        }
        // Nor for what the kernel has yet to write, of which the log is the most.
        let synced = Command::new("sync").status();
        assert!(synced.is_ok_and(|status| status.success()));
    }

    /// Waits until the server has nothing to do any more, a snapshot or a backlog, so that no other row
    /// shares its core with it.
    pub fn rest(&self) {
        self.settle();
        let began = Instant::now();
        let mut used = self.counts().cpu_seconds;
        loop {
            thread::sleep(Duration::from_millis(500));
            let now = self.counts().cpu_seconds;
            if now - used < 0.05 {
                return;
            }
            assert!(began.elapsed() < SETTLING_MAX, "the server never rests");
            used = now;
        }
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    /// The memory it holds now, and the most that it ever held.
    pub fn resident_mib(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.unwrap().split_whitespace().nth(1).unwrap();
            kib.parse::<f64>().unwrap() / 1024.0
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

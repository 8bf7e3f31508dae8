//! The core bank as a process of its own on a free loopback port, ended when the
//! run ends, however it ends.

use crate::arguments::OwnBankArguments;
use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the bank may take to answer what it accepted and stop.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// A running bank that we started.
pub struct BankProcess {
    child: Child,
    said: LastWords,
    data: PathBuf,
    planted: Planted,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// The tokens it wrote at its first start.
    pub tokens: PathBuf,
}

/// What the bank does wrong on purpose.
#[derive(Clone)]
struct Planted {
    slow: Vec<String>,
    plant: Option<String>,
}

/// What the bank's clock shows when it starts, and how fast it runs.
struct Clock<'a> {
    shows: &'a str,
    speed: f64,
}

impl BankProcess {
    /// Its process, whose memory may be watched.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Starts this same program as `bank serve` with its store in `data`, its
    /// clock at `clock` and at true speed, and waits until it listens.
    pub fn start(data: &Path, clock: &str, planted: &OwnBankArguments) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)
            .with_context(|| format!("cannot make the bank's folder {}", data.display()))?;
        let planted = Planted {
            slow: planted.slow.clone(),
            plant: planted.plant.clone(),
        };
        let clock = Clock {
            shows: clock,
            speed: 1.0,
        };
        let (child, said, url) = spawn(data, "127.0.0.1:0", &clock, &planted)?;
        Ok(Self {
            child,
            said,
            data: data.to_owned(),
            planted,
            url,
            tokens: data.join("tokens.json"),
        })
    }

    /// Kills it without warning and starts it again on the same data, port and business time.
    pub fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        let address = self.url.trim_start_matches("http://").to_owned();
        let (shown, speed) = business_clock(&address)?;
        let asked = Instant::now();
        self.child.kill().context("cannot kill the bank")?;
        self.child.wait().context("cannot wait for the bank")?;
        let passed = SignedDuration::try_from_secs_f64(asked.elapsed().as_secs_f64() * speed)?;
        let clock = Clock {
            shows: &shown.checked_add(passed)?.to_string(),
            speed,
        };
        let (child, said, url) = spawn(&self.data, &address, &clock, &self.planted)?;
        (self.child, self.said, self.url) = (child, said, url);
        Ok(())
    }

    /// The last lines that the bank logged, for whoever is told that it failed.
    pub fn last_words(&self) -> String {
        self.said.told()
    }

    /// Asks it to stop and waits until it has answered what it accepted.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if let Some(status) = self.child.try_wait().context("cannot wait for the bank")? {
                if status.success() {
                    return Ok(());
                }
                bail!("the bank ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the bank did not stop within {} s", STOP_LIMIT.as_secs())
    }
}

impl Drop for BankProcess {
    fn drop(&mut self) {
        // Already gone after `stop`; otherwise nobody needs its answers any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the process and waits until it listens.
fn spawn(
    data: &Path,
    address: &str,
    clock: &Clock,
    planted: &Planted,
) -> anyhow::Result<(Child, LastWords, String)> {
    let program = std::env::current_exe().context("cannot find this program to start the bank")?;
    let mut command = Command::new(program);
    command
        .args(["bank", "serve", "--addr", address, "--data"])
        .arg(data)
        .args(["--test", "--until-stdin-closes", "--clock", clock.shows])
        .args(["--clock-speed", &clock.speed.to_string()]);
    for slow in &planted.slow {
        command.args(["--slow", slow]);
    }
    if let Some(defect) = &planted.plant {
        command.args(["--plant", defect]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for us: we end the bank after what is in flight is settled.
        .process_group(0)
        .spawn()
        .context("cannot start the bank")?;
    let said = LastWords::of(&mut child, data.join("bank.log"));
    match listening_line(&mut child) {
        Ok(url) => Ok((child, said, url)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error.context(format!("the bank did not start; {}", said.told())))
        }
    }
}

/// What a bank's clock shows, and its speed, as `/readyz` says.
fn business_clock(address: &str) -> anyhow::Result<(Timestamp, f64)> {
    let mut stream = TcpStream::connect(address).context("cannot reach the bank")?;
    stream.set_read_timeout(Some(STOP_LIMIT))?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .context("the bank's /readyz is not understood")?;
    let ready: serde_json::Value = serde_json::from_str(body)?;
    let shown = ready["business_time"].as_str();
    let shown = shown.context("the bank does not tell its time")?.parse()?;
    Ok((shown, ready["clock_speed"].as_f64().unwrap_or(1.0)))
}

/// Lines of the log that are kept in memory.
const LINES_KEPT: usize = 5;

/// What the bank logs: written to a file while there is room for it, and the
/// last lines kept here, where a full disk cannot lose them.
struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    fn of(child: &mut Child, file: PathBuf) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let said = Arc::clone(&kept);
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                // A bank that is started again goes on with its log.
                let open = std::fs::File::options()
                    .create(true)
                    .append(true)
                    .open(file);
                let mut log = open.ok();
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    if let Some(open) = &mut log
                        && writeln!(open, "{line}").is_err()
                    {
                        log = None;
                    }
                    let mut kept = said.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.push_back(line);
                    if kept.len() > LINES_KEPT {
                        kept.pop_front();
                    }
                }
            });
        }
        Self(kept)
    }

    fn told(&self) -> String {
        // The bank may have said it a moment ago.
        std::thread::sleep(Duration::from_millis(100));
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return "it said nothing".to_owned();
        }
        let lines: Vec<&str> = kept.iter().map(String::as_str).collect();
        format!("it last said:\n{}", lines.join("\n"))
    }
}

/// The address in the bank's first line on stdout.
fn listening_line(child: &mut Child) -> anyhow::Result<String> {
    let stdout = child.stdout.take().context("the bank has no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .context("cannot read the bank's first line")?;
    line.trim()
        .strip_prefix("listening on ")
        .map(str::to_owned)
        .with_context(|| format!("its first line was {:?}", line.trim()))
}

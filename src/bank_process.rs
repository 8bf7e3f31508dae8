//! The core bank as a process of its own on a free loopback port, ended when the
//! run ends, however it ends.

use crate::arguments::OwnBankArguments;
use anyhow::{Context, bail};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
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
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// The tokens it wrote at its first start.
    pub tokens: PathBuf,
}

impl BankProcess {
    /// Its process, whose memory may be watched.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Starts this same program as `bank serve` with its store in `data`, its
    /// clock at `clock` and at true speed, and waits until it listens.
    pub fn start(data: &Path, clock: &str, planted: &OwnBankArguments) -> anyhow::Result<Self> {
        let program =
            std::env::current_exe().context("cannot find this program to start the bank")?;
        std::fs::create_dir_all(data)
            .with_context(|| format!("cannot make the bank's folder {}", data.display()))?;
        let mut command = Command::new(program);
        command
            .args(["bank", "serve", "--addr", "127.0.0.1:0", "--data"])
            .arg(data)
            .args([
                "--test",
                "--until-stdin-closes",
                "--clock",
                clock,
                "--clock-speed",
                "1",
            ]);
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
            Ok(url) => Ok(Self {
                child,
                said,
                url,
                tokens: data.join("tokens.json"),
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error.context(format!("the bank did not start; {}", said.told())))
            }
        }
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
                let mut log = std::fs::File::create(file).ok();
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

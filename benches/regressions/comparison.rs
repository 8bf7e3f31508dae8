//! One comparison: the command as its users run it, and what it found.

use crate::server::Server;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A load of 0.4 s with 200 ms between two, 1,000 requests a second.
const PROFILE: &str = r#"name = "tiny"
seed = 1
timeout = "5s"
drain = "2s"
[model]
kind = "capped_open"
connections = 4
[[traffic]]
shape = "constant"
rate = 1000
for = "400ms"
[[flows]]
steps = ["ask"]
[gates]
time = "p50(latency) <= 10s"
"#;
const TARGET: &str = "name = \"tiny\"\n[operations.ask]\npath = \"/\"\n";

/// The folder in which the commands run.
pub struct Experiment<'a>(&'a Path);

/// What a comparison came to.
pub struct Comparison {
    /// `pass`, `fail`, `undecided`, `invalid`.
    pub verdict: String,
    /// Pairs that it took.
    pub pairs: u64,
    /// Pairs that were played again.
    pub repeated: u64,
    /// Figures that alarmed.
    pub alarms: Vec<String>,
    /// Figures of each pair: the baseline's and the target's.
    pub runs: Vec<(Value, Value)>,
}

impl<'a> Experiment<'a> {
    /// Writes the profile and the target file.
    pub fn new(folder: &'a Path) -> Self {
        for (name, text) in [("p.toml", PROFILE), ("t.toml", TARGET)] {
            std::fs::write(folder.join(name), text).expect("the folder is ours");
        }
        Self(folder)
    }

    fn command(&self, words: &[&str]) -> Value {
        let out: PathBuf = self.0.join("run");
        let _ = std::fs::remove_dir_all(&out);
        let output = Command::new(env!("CARGO_BIN_EXE_branchlab"))
            .current_dir(self.0)
            .args(["load", "p.toml", "--target-file", "t.toml", "--quiet"])
            .args(["--out", "run"])
            .args(words)
            .output()
            .expect("the command starts");
        let text = std::fs::read_to_string(out.join("summary.json"))
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// Plays pairs of them until they decide.
    pub fn compare(&self, baseline: &Server, target: &Server, seed: u64) -> Comparison {
        let summary = self.command(&[
            "--baseline",
            &baseline.url,
            "--target",
            &target.url,
            "--seed",
            &seed.to_string(),
        ]);
        let found = &summary["regression"];
        let list = |of: &str| found[of].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let figures = list("figures");
        let alarms = figures.iter().filter(|it| it["verdict"] == "fail");
        let verdict = if summary["verdict"] == "invalid" {
            &summary["verdict"]
        } else {
            &found["verdict"]
        };
        Comparison {
            verdict: text(verdict),
            pairs: found["pairs"].as_u64().unwrap_or_default(),
            repeated: found["repeated"].as_u64().unwrap_or_default(),
            alarms: alarms.map(|it| text(&it["figure"])).collect(),
            runs: list("runs")
                .into_iter()
                .map(|pair| (pair["baseline"].clone(), pair["target"].clone()))
                .collect(),
        }
    }

    /// How many rounds more make a request so much dearer in processor time: measured, as
    /// the median of five loads of a server with the rounds and of one with twice as many.
    pub fn rounds_for(&self, rounds: u64, by: f64) -> u64 {
        let cost = |rounds: u64| {
            let server = Server::start(rounds);
            let mut costs: Vec<f64> = (0..5)
                .map(|_| {
                    let summary = self.command(&["--target", &server.url]);
                    let rows = summary["figures"].as_array().cloned().unwrap_or_default();
                    let row = rows
                        .into_iter()
                        .find(|row| row["figure"] == "cpu_per_operation");
                    let row = row.expect("the processor time of a server of ours is seen");
                    row["mean"].as_f64().expect("it is a number")
                })
                .collect();
            costs.sort_by(f64::total_cmp);
            costs[2]
        };
        let (once, twice) = (cost(rounds), cost(2 * rounds));
        println!(
            "a request costs {:.1} µs of processor, with twice the rounds {:.1} µs",
            once * 1e6,
            twice * 1e6
        );
        let of_a_round = (twice - once) / rounds as f64;
        (by * once / of_a_round).round() as u64
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} after {} pairs, {} played again",
            self.verdict, self.pairs, self.repeated
        )?;
        if self.alarms.is_empty() {
            Ok(())
        } else {
            write!(formatter, " ({})", self.alarms.join(", "))
        }
    }
}

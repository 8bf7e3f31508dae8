//! How often `load --baseline` cries wolf, and how often it sees one: comparisons of two
//! identical builds, and of one that spends so much more processor time for a request.
//! Real processes, real loads; the table goes into docs/ci.md.
//!
//! ```text
//! cargo bench --bench regressions -- --equal 200 --worse 50 --seed 1
//! ```
//!
//! Every comparison has two fresh server processes, so that what differs between two starts
//! of the same program (where its memory lies, for one) is part of what must not alarm.

mod comparison;
mod server;
mod table;

use comparison::{Comparison, Experiment};
use server::Server;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So much the work for a request is, in rounds of the server's loop.
const ROUNDS: u64 = 20_000;

/// What is asked for.
struct Options {
    /// Comparisons of identical builds.
    equal: usize,
    /// Comparisons with a worse one.
    worse: usize,
    /// By how much it is worse.
    by: f64,
    seed: u64,
    /// No comparison begins later than this.
    limit: Duration,
    /// Where each run's figures go.
    csv: Option<PathBuf>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "serve") {
        let rounds = words.get(1).and_then(|word| word.parse().ok());
        server::serve(rounds.unwrap_or(ROUNDS));
        return;
    }
    let options = read(&words);
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let experiment = Experiment::new(folder.path());
    let began = Instant::now();
    let more = experiment.rounds_for(ROUNDS, options.by);
    println!(
        "seed {} · a request is {ROUNDS} rounds, {:.0}% more processor time are {more} more",
        options.seed,
        100.0 * options.by
    );
    let mut found: Vec<(&str, Comparison)> = Vec::new();
    let kinds = [
        ("identical", options.equal, ROUNDS),
        ("worse", options.worse, ROUNDS + more),
    ];
    for (kind, count, rounds) in kinds {
        for number in 0..count {
            if began.elapsed() > options.limit {
                println!("the time is over after {number} comparisons of {count} ({kind})");
                break;
            }
            let seed = options
                .seed
                .wrapping_mul(1_000_003)
                .wrapping_add(number as u64);
            let (baseline, target) = (Server::start(ROUNDS), Server::start(rounds));
            let comparison = experiment.compare(&baseline, &target, seed);
            println!("{kind:>9} {number:>3}: {comparison}");
            found.push((kind, comparison));
        }
    }
    if let Some(path) = &options.csv {
        std::fs::write(path, table::runs(&found)).expect("the file can be written");
    }
    println!("\n{}", table::table(&found));
    println!("{:.0} s in all", began.elapsed().as_secs_f64());
}

fn read(words: &[String]) -> Options {
    let value = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).cloned()
    };
    let number = |name: &str, usual: f64| -> f64 {
        value(name).map_or(usual, |text| text.parse().expect("a number"))
    };
    // `cargo test --all-targets` runs benches, too, without this word: there it is enough
    // that the experiment works.
    let measuring = words.iter().any(|word| word == "--bench");
    let (equal, worse) = if measuring { (200.0, 50.0) } else { (1.0, 0.0) };
    Options {
        equal: number("--equal", equal) as usize,
        worse: number("--worse", worse) as usize,
        by: number("--by", 0.1),
        seed: number("--seed", 1.0) as u64,
        limit: Duration::from_secs_f64(60.0 * number("--minutes", 90.0)),
        csv: value("--csv").map(PathBuf::from),
    }
}

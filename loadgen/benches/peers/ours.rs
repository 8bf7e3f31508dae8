//! Our generator as anybody uses it: a profile and a target file, with all of its accounting (journal,
//! histograms, interval log).

use loadgen::fate::Outcome;
use loadgen::{
    Endpoint, LoadOptions, LoadOutcome, NoProgress, OwnPlan, Profile, Reach, StopFlag, TargetFile,
    Trust, Version, play_on_own_system,
};
use scenarios::figure::{Figure, Population};
use std::sync::Arc;
use std::time::Duration;

const TARGET: &str = r#"
[operations.hello]
path = "/hello"
"#;

/// Arguments: address, connections, requests. Each user asks again when the answer is there.
pub fn closed(words: &[String]) {
    let (users, requests) = (&words[1], &words[2]);
    let model = format!(
        "[model]\nkind = \"closed\"\nusers = {users}\nfor = \"10min\"\nsessions = {requests}\n"
    );
    let outcome = play(&words[0], &model);
    let tally = outcome.tally();
    let succeeded = tally.of(Outcome::Succeeded);
    assert_eq!(succeeded.to_string(), *requests, "{:?}", outcome.failures());
}

/// Arguments: address, connections, rate, seconds. Prints what the round came to.
pub fn open(words: &[String]) {
    let model = format!(
        "[model]\nkind = \"capped_open\"\nconnections = {}\n",
        words[1]
    );
    let traffic = format!(
        "[[traffic]]\nshape = \"constant\"\nrate = {}\nfor = \"{}s\"\n",
        words[2], words[3]
    );
    let outcome = play(&words[0], &format!("{model}{traffic}"));
    let tally = outcome.tally();
    let micros = |figure, q| quantile(&outcome, figure, q) * 1e6;
    println!(
        "{} {} {} {} {} {}",
        micros(Figure::GeneratorLag, 0.5),
        micros(Figure::GeneratorLag, 0.99),
        micros(Figure::Latency, 0.5),
        micros(Figure::Latency, 0.99),
        tally.planned() - tally.of(Outcome::Succeeded),
        most_memory_kib(),
    );
}

/// A server that freezes, at 2,000 a second for 20 s.
pub fn freeze(address: &str) -> LoadOutcome {
    play(
        address,
        "[model]\nkind = \"capped_open\"\nconnections = 100\n[[traffic]]\nshape = \"constant\"\nrate = 2000\nfor = \"20s\"\n",
    )
}

/// A quantile of a figure of all operations, in seconds.
pub fn quantile(outcome: &LoadOutcome, figure: Figure, q: f64) -> f64 {
    let rows = outcome.figures();
    let all = Population::default();
    let mut rows = rows.iter();
    let row = rows.find(|row| row.figure == figure && row.population == all);
    let mut quantiles = row.unwrap().quantiles.iter();
    let found = quantiles.find(|value| (value.q - q).abs() < 1e-9);
    found.unwrap().value.unwrap()
}

fn play(address: &str, traffic: &str) -> LoadOutcome {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let profile = format!("quantiles = [0.999]\n{traffic}[[flows]]\nsteps = [\"hello\"]\n");
    std::fs::write(file("profile.toml"), profile).unwrap();
    std::fs::write(file("target.toml"), TARGET).unwrap();
    let profile = Profile::read(&file("profile.toml")).unwrap();
    let target = TargetFile::read(&file("target.toml")).unwrap();
    let base = format!("http://{address}");
    let endpoint = Endpoint::new(&base, Version::Http1, &Trust::System, &Reach::Loopback).unwrap();
    let mut options = LoadOptions::new("peers", file("journal.csv"));
    options.interval_log = Some(file("latency.hlog"));
    options.model = profile.crowd.model;
    options.connections = profile.crowd.connections;
    options.until = Duration::from_micros(profile.crowd.lasts.0);
    options.quantiles.clone_from(&profile.quantiles);
    let plan = OwnPlan::Profile(Arc::new(profile));
    let nobody = StopFlag::new();
    play_on_own_system(&plan, &target, &endpoint, &options, &NoProgress, &nobody).unwrap()
}

/// The most memory that this process ever held.
fn most_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.unwrap().trim();
    words.split(' ').next().unwrap().parse().unwrap()
}

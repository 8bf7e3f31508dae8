//! Memory does not grow with the length of a run: histograms, not samples; a plan that is
//! pulled, not held; a journal that is written, not kept.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod little_service;

use little_service::{LittleService, Speaks};
use loadgen::{
    LoadOptions, LoadProgress, LoadSnapshot, OwnPlan, Profile, Reach, StopFlag, TargetFile,
    play_on_own_system,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Resident memory of this process, bytes.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: f64 = line
        .unwrap()
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .unwrap();
    kilobytes * 1024.0
}

/// Reads the memory each second.
#[derive(Default)]
struct Watch(Mutex<Vec<f64>>);

impl LoadProgress for Watch {
    fn setup(&self, _done: u64, _of: u64) {}

    fn second(&self, _snapshot: &LoadSnapshot) {
        self.0.lock().unwrap().push(memory());
    }
}

/// 24 hours with 60,000 sessions, in 30 s of real time.
const DAY: &str = "speed = 2880\nbegins = \"00:00\"\n[[traffic]]\nshape = \"day\"\nper_day = 60000\n[[flows]]\nsteps = [\"look\"]\n";

#[test]
fn a_day_compressed_into_half_a_minute_keeps_memory_flat() {
    let service = LittleService::start(Speaks::Http1, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let (profile, target) = (folder.path().join("p.toml"), folder.path().join("t.toml"));
    std::fs::write(&profile, DAY).unwrap();
    std::fs::write(&target, "[operations.look]\npath = \"/plain\"\n").unwrap();
    let profile = Profile::read(&profile).unwrap();
    let file = TargetFile::read(&target).unwrap();
    let endpoint = file
        .endpoint(Some(&service.base), None, &Reach::Loopback)
        .unwrap();
    let mut options = LoadOptions::new("day", folder.path().join("operations.csv"));
    options.interval_log = Some(folder.path().join("latency.hlog"));
    options.speed = profile.speed;
    let watch = Watch::default();
    let outcome = play_on_own_system(
        &OwnPlan::Profile(Arc::new(profile)),
        &file,
        &endpoint,
        &options,
        &watch,
        &StopFlag::new(),
    )
    .unwrap();
    assert_eq!(outcome.tally().planned(), 60_000);
    assert_eq!(service.count(), 60_000);
    let readings = watch.0.into_inner().unwrap();
    // The first seconds fill buffers and open connections; the day's peak comes late, in
    // the hours of the evening.
    let early = readings[8];
    let late = readings.iter().skip(8).copied().fold(0.0, f64::max);
    let grown = late - early;
    // Samples alone, at 16 bytes each, and rows of the journal would be far beyond this.
    assert!(
        grown < 3e6,
        "memory grew by {:.1} MB over the day: {readings:?}",
        grown / 1e6
    );
    // Service and generator share this process.
    assert!(late < 50e6, "{:.1} MB", late / 1e6);
    let rows = std::fs::read_to_string(&options.journal).unwrap();
    assert_eq!(rows.lines().count(), 60_001);
}

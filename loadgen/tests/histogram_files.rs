//! What others' tools read of the latencies is all of them, and the same.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use loadgen::{NoProgress, StopFlag, run};
use pretended_bank::{PretendedBank, identity_checks, options, well};
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn the_interval_log_added_up_is_the_whole_run() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    let log = folder.path().join("latency.hlog");
    options.interval_log = Some(log.clone());
    options.warm_up = Duration::from_millis(500);
    let plan = identity_checks(1500, Duration::from_millis(2));
    let target = bank.target();
    let outcome = run(&plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap();

    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("#[StartTime: "), "{text}");
    let mut sums: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    let (mut lines, mut end) = (0, Duration::ZERO);
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else {
            continue;
        };
        lines += 1;
        assert!(interval.start_timestamp() >= end, "seconds overlap");
        end = interval.start_timestamp() + interval.duration();
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(interval.encoded_histogram())
            .unwrap();
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
        let tag = interval.tag().unwrap().as_str().to_owned();
        let sum = sums
            .entry(tag)
            .or_insert_with(|| Histogram::new(3).unwrap());
        sum.add(histogram).unwrap();
    }
    assert!(lines >= 3, "a line a second for three seconds: {lines}");
    assert_eq!(sums.keys().collect::<Vec<_>>(), ["identity_check.kiosk"]);
    // 500 a second: half a second of warm-up are 250 of the 1,500.
    let sum = &sums["identity_check.kiosk"];
    assert_eq!(sum.len(), 1250);
    let measured: u64 = outcome.latency_counts()[0].1.iter().map(|(_, n)| n).sum();
    assert_eq!(sum.len(), measured);
}

#[test]
fn a_table_of_percentiles_ends_with_everybody_and_is_in_order() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let plan = identity_checks(200, Duration::from_millis(1));
    let (target, options) = (bank.target(), options(&folder));
    let outcome = run(&plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap();
    let tables = outcome.percentile_tables();
    let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["all", "identity_check"]);
    assert_eq!(tables[0].1, tables[1].1);
    let rows: Vec<Vec<f64>> = tables[0]
        .1
        .lines()
        .skip(2)
        .take_while(|line| !line.starts_with('#'))
        .map(|line| {
            line.split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect()
        })
        .collect();
    assert!(
        rows.windows(2)
            .all(|pair| pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1])
    );
    let last = rows.last().unwrap();
    assert_eq!(last[1..], [1.0, 200.0], "{last:?}");
    assert!(tables[0].1.contains("Total count    =          200]"));
}

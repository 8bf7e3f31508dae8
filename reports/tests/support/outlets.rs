//! The outlets of a sample region, ranked, with what would keep their promise.

use super::whole_run;
use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::summary::{Fix, Headcount, MissPart, OutletPromise, OutletRecord, Outlets};

/// What was tried in an outlet.
fn fix(resource: Option<&str>, more: u32, verdict: Verdict, share: f64) -> Fix {
    Fix {
        resource: resource.map(str::to_owned),
        more,
        verdict,
        share: Some(share),
        low: Some(share - 0.01),
        high: Some(share + 0.01),
        cost_per_day: resource.map(|_| 72.0 * f64::from(more)),
    }
}

/// An outlet of five terminals and three counters.
fn record(
    branch: &str,
    verdict: Verdict,
    share: f64,
    missed: [u64; 5],
    fix: Option<Fix>,
) -> OutletRecord {
    let all: u64 = missed.iter().sum();
    let parts = ["service", "wait", "review", "system", "fallback"];
    OutletRecord {
        branch: branch.to_owned(),
        verdict,
        arrivals: 900.0 * share,
        share: Some(share),
        low: Some(share - 0.012),
        high: Some(share + 0.012),
        customers: 10_000,
        missed: all,
        by_part: parts
            .iter()
            .zip(missed)
            .map(|(part, missed)| MissPart {
                part: (*part).to_owned(),
                missed,
                share: missed as f64 / all.max(1) as f64,
                mean_seconds: 120.0,
            })
            .collect(),
        servers: [("kiosk".to_owned(), 5), ("cash".to_owned(), 3)].into(),
        fix,
    }
}

/// Four outlets that miss the promise, each in its own way, and four others.
fn outlets() -> Outlets {
    let ranking = vec![
        record(
            "north",
            Verdict::Fail,
            0.512,
            [1400, 3000, 200, 0, 280],
            Some(fix(Some("kiosk"), 1, Verdict::Pass, 0.842)),
        ),
        record(
            "harbour",
            Verdict::Fail,
            0.561,
            [1000, 3100, 150, 0, 140],
            Some(fix(Some("kiosk"), 3, Verdict::Fail, 0.701)),
        ),
        record(
            "village",
            Verdict::Fail,
            0.633,
            [3300, 140, 100, 30, 100],
            Some(fix(None, 0, Verdict::Fail, 0.634)),
        ),
        record(
            "market",
            Verdict::Fail,
            0.742,
            [900, 100, 80, 0, 1500],
            None,
        ),
        record(
            "station",
            Verdict::Undecided,
            0.801,
            [900, 800, 290, 0, 0],
            None,
        ),
        record(
            "old-town",
            Verdict::Pass,
            0.853,
            [900, 300, 270, 0, 0],
            None,
        ),
        record("west", Verdict::Pass, 0.871, [900, 200, 190, 0, 0], None),
        OutletRecord {
            share: None,
            low: None,
            high: None,
            ..record("empty", Verdict::Invalid, 0.0, [0; 5], None)
        },
    ];
    Outlets {
        branches: 8,
        headcount: vec![
            Headcount {
                resource: "kiosk".to_owned(),
                servers: 40,
                hours_per_day: 320.0,
                cost_per_day: Some(2880.0),
                shared: false,
            },
            Headcount {
                resource: "centre".to_owned(),
                servers: 6,
                hours_per_day: 48.0,
                cost_per_day: None,
                shared: true,
            },
        ],
        promise: Some(OutletPromise {
            promise: "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%".to_owned(),
            threshold_seconds: 300.0,
            bound: 0.8,
            kept: 2,
            missed: 4,
            undecided: 1,
            without_customers: 1,
            ranking,
        }),
    }
}

/// A run of a region that breaks its promise.
pub fn region_run() -> RunData {
    let mut run = whole_run(false);
    run.summary.outlets = Some(outlets());
    run
}

//! Both loops give the same outcome to the last figure: on random branches, on the
//! shipped scenarios and on those of the benches.

use super::Routes;
use crate::engine::whatever::generated;
use crate::operations::operations_in;
use crate::plan::Plan;
use crate::records::records_in;
use crate::region::RegionPlan;
use crate::simulate::{Loop, simulate_in};
use crate::{OperationLatencies, Options, to_csv};
use proptest::prelude::{ProptestConfig, TestCaseError, proptest};
use proptest::{prop_assert, prop_assume};
use scenarios::model::{Mode, Scenario};
use scenarios::operation::Operation;
use scenarios::time::{SimTime, Span};
use std::path::Path;

fn options(scenario: &Scenario, replications: u32) -> Options {
    let counts = [(1_234_567, 3), (89, 1), (0, 1)];
    Options {
        replications,
        latencies: OperationLatencies::from_counts(Operation::IdentityCheck, &counts),
        ..Options::of(scenario)
    }
}

fn takes(scenario: &Scenario) -> bool {
    let plan = Plan::new(scenario, &options(scenario, 1).latencies).expect("it is sound");
    scenario.region.is_none() && Routes::of(&plan).is_some()
}

/// Everything that a run in a loop tells, as text.
fn told(scenario: &Scenario, replications: u32, which: Loop) -> String {
    let options = options(scenario, replications);
    let outcome = simulate_in(which, scenario, &options, &()).expect("it is sound");
    let records = records_in(which, scenario, &options, 1).expect("it is sound");
    let day = (SimTime(0), SimTime(u64::MAX));
    let operations = operations_in(which, scenario, 1, options.seed, day).expect("it is sound");
    let days = to_csv(&outcome.days.rows());
    format!("{days}{outcome:#?}{records:#?}{operations:#?}")
}

/// The first line in which both loops differ.
fn difference(scenario: &Scenario, replications: u32) -> Option<String> {
    let express = told(scenario, replications, Loop::Fitting);
    let general = told(scenario, replications, Loop::General);
    let mut lines = express.lines().zip(general.lines());
    let differing = lines.find(|(express, general)| express != general);
    let same = express == general;
    (!same).then(|| format!("express and general: {differing:?}"))
}

fn agrees(scenario: &Scenario, text: &str) -> Result<(), TestCaseError> {
    let difference = difference(scenario, 4);
    prop_assert!(difference.is_none(), "{difference:?}\n{text}");
    Ok(())
}

fn cases(usual: u32) -> u32 {
    let asked = std::env::var("BRANCHLAB_CASES").ok();
    asked.and_then(|it| it.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(200), failure_persistence: None, rng_seed: generated::seed(), ..ProptestConfig::default()
    })]

    #[test]
    fn plain_branches_go_the_same_way_in_both_loops(text in generated::plain::plain_branch(true)) {
        let scenario = generated::sound(&text);
        prop_assert!(takes(&scenario), "the express loop does not take\n{}", text);
        agrees(&scenario, &text)?;
    }

    #[test]
    fn branches_without_end_go_the_same_way_in_both_loops(text in generated::plain::plain_branch(false), warm_up in 0_u64..2) {
        let mut scenario = generated::sound(&text);
        prop_assume!(scenario.arrivals.pieces.iter().any(|piece| piece.expected > 0.0));
        // As from midnight: nobody comes before nine.
        scenario.run.mode = Mode::SteadyState {
            warm_up: Span(warm_up * 34_000_000_000),
            length: Span(38_000_000_000),
        };
        scenario.run.until = None;
        agrees(&scenario, &text)?;
    }
}

#[test]
fn shipped_scenarios_go_the_same_way_in_both_loops() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("../scenarios"), root.join("benches/models")];
    let files = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        entries.map(|entry| entry.expect("it is readable").path())
    });
    let mut taken = 0;
    for file in files.filter(|file| file.extension().is_some_and(|it| it == "toml")) {
        let Ok(mut scenario) = scenarios::file::read(&file, &[]) else {
            // A part of another.
            continue;
        };
        if !scenario.has_a_branch() {
            // It plays recorded operations and simulates nothing.
            continue;
        }
        scenario.mobile = None;
        scenario.run.until = None;
        if let Mode::SteadyState { warm_up, length } = &mut scenario.run.mode {
            length.0 = length.0.min(warm_up.0 + 40 * 3_600_000_000);
        }
        if takes(&scenario) {
            taken += 1;
            assert_eq!(difference(&scenario, 10), None, "{}", file.display());
        }
    }
    assert!(taken >= 4, "{taken} scenarios");
}

#[test]
fn regions_of_plain_branches_go_the_same_way_in_both_loops() {
    let branch = "[run]\nreplications = 1\n[resources.kiosk]\ncapacity = 2\n[resources.window]\ncapacity = 1\n\
        [journeys.card]\nchannel = \"kiosk\"\nholds = [\"kiosk\"]\nsteps = [{ name = \"a\", duration = \"1min\" }, \
        { name = \"b\", operation = \"identity_check\" }]\n\
        [journeys.cash]\ntime = { law = \"lognormal\", mean = \"5min\", cv = 0.7 }\nholds = [\"window\"]\n\
        [services.card]\n[services.cash]\n\
        [segments.all]\nshare = 100\nservices = { card = 60, cash = 40 }\n\
        patience = { law = \"exponential\", mean = \"9min\" }\n[arrivals]\nper_day = 200\n\
        [gates]\npromise = \"share_within(time_in_branch{channel=kiosk}, 5min) >= 80%\"\n";
    let regions = [
        "[region]\nbranches = [{ name = \"east\" }, { name = \"west\" }]\n",
        "[region]\nbranches = { count = 5, per_day = { mean = 150, cv = 0.5, low = 50, high = 500 }, grid_km = 6 }\n",
    ];
    for region in regions {
        let scenario = generated::sound(&format!("{branch}{region}"));
        let plan = RegionPlan::new(&scenario, &OperationLatencies::default(), 1);
        let plan = plan.expect("it is sound").expect("it is a region");
        assert!(plan.routes(Loop::Fitting).iter().all(Option::is_some));
        assert!(plan.routes(Loop::General).iter().all(Option::is_none));
        assert_eq!(difference(&scenario, 4), None);
    }
}

#[test]
fn rules_that_the_express_loop_does_not_know_are_left_to_the_general_one() {
    let plain = "[run]\nreplications = 1\n[resources.r]\ncapacity = 2\n[journeys.j]\ntime = \"1min\"\nholds = [\"r\"]\n\
                 [segments.s]\nshare = 100\n[arrivals]\nper_day = 100\n";
    assert!(takes(&generated::sound(plain)));
    for (from, to) in [
        ("capacity = 2", "capacity = 2\nqueue = \"lifo\""),
        (
            "capacity = 2",
            "capacity = 2\nqueue = { order = \"fifo\", room = 3 }",
        ),
        (
            "capacity = 2",
            "capacity = 2\nqueue = { preemption = \"resume\" }",
        ),
        (
            "capacity = 2",
            "capacity = 2\nbreakdowns = { up = \"2h\", down = \"9min\" }",
        ),
        ("capacity = 2", "capacity = { table = [[1, 50], [2, 50]] }"),
        (
            "per_day = 100",
            "per_day = 100\nbatches = [{ people = 2, share = 100 }]\none_ticket = true",
        ),
        (
            "share = 100",
            "share = 100\nbalking = { sees = \"waiting\", from = 2, always = 5 }",
        ),
        (
            "share = 100",
            "share = 100\npatience = \"5min\"\nretry = { probability = 0.5, after = \"9min\" }",
        ),
        (
            "[arrivals]",
            "[[incidents]]\nwhat = \"branch\"\nstopped = true\nfrom = \"10:00\"\nto = \"11:00\"\n[arrivals]",
        ),
        ("[arrivals]", "[day]\nclosing = \"send_home\"\n[arrivals]"),
        (
            "holds = [\"r\"]",
            "holds = [{ resource = \"r\", count = 2 }]",
        ),
    ] {
        let text = plain.replace(from, to);
        assert!(text != plain && !takes(&generated::sound(&text)), "{text}");
    }
}

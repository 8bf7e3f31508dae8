//! Every rule of queues, servers and arrivals in one file: read as written, and
//! read back from the scenario as run.

use scenarios::file::read;
use scenarios::model::{
    Affected, Choice, Effect, Interruption, Lines, Order, Scenario, Sees, ShiftEnd,
};
use scenarios::time::{SimTime, Span};
use std::path::Path;

const EVERYTHING: &str = r#"
name = "everything"
[day]
date = "2026-06-15"       # a Monday
open = "09:00"
close = "17:00"
[resources.window]
roster = [{ count = 2 }, { count = 1, from = "10:00", to = "12:00" }]
shift_end = "changeover"
queue = { order = "lifo", preemption = "restart", room = 20 }
[resources.line]
capacity = 3
queue = { lines = "shortest", jockeying = true }
[resources.desk]
choice = "most_specialised"
servers = [{ count = 2, skills = ["cash"] }, { skills = ["fx", "cash"], speed = 0.8 }]
breakdowns = { up = { law = "exponential", mean = "80h" }, down = "2h", service = "resample" }
[journeys.errand]
time = "3min"
holds = ["window"]
[journeys.exchange]
steps = [
  { name = "fill_in", duration = "4min", holds = ["line"], keeps = false },
  { name = "wait", duration = "1min", holds = ["window"], keeps = true },
  { name = "change", duration = "2min", holds = [{ resource = "desk", skill = "fx" }], repeats = { probability = 0.2, from = "fill_in" } },
]
[segments.one]
share = 0.5
services = "errand"
waiting_credit = "1.5min"
balking = { from = 2, always = 4 }
[segments.other]
share = 0.5
services = "exchange"
balking = { sees = "present", probability = [0, 0.5] }
retry = { probability = 0.5, after = { law = "exponential", mean = "30min" } }
[arrivals]
rates_per_hour = [20, 80, 20]
within = "linear"
day_of_week = [1.5, 1, 1, 1, 1, 1, 1]
day_of_month = { 15 = 2.0, 16 = 9.0 }
before_opening = { people = 89 }
batches = [{ people = 1, share = 70 }, { people = 2, share = 30 }]
customers = 500
[[incidents]]
what = "resources.window"
from = "10:00"
to = "11:00"
slower = 2.5
"#;

fn read_text(text: &str, folder: &Path) -> Scenario {
    let path = folder.join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error} {:?}", error.related()))
}

#[test]
fn every_rule_is_read_as_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = read_text(EVERYTHING, folder.path());
    let [window, line, desk] = scenario.resources.as_slice() else {
        panic!("there are three resources");
    };
    assert_eq!(window.shift_end, ShiftEnd::Changeover);
    assert_eq!(window.queue.order, Order::Lifo);
    assert_eq!(window.queue.preemption, Interruption::Restart);
    assert_eq!(window.queue.room, Some(20));
    assert!(!window.told_apart());
    assert_eq!(
        (line.queue.lines, line.queue.jockeying),
        (Lines::Shortest, true)
    );
    assert_eq!(desk.servers.choice, Choice::MostSpecialised);
    assert_eq!(desk.roster.most(), 3);
    assert_eq!(desk.servers.skills, ["cash", "fx"]);
    let skills: Vec<_> = desk
        .servers
        .each
        .iter()
        .map(|it| it.skills.clone())
        .collect();
    assert_eq!(skills, [vec![0], vec![0], vec![0, 1]]);
    let breakdowns = desk.servers.breakdowns.as_ref().expect("desks break down");
    assert_eq!(breakdowns.service, Interruption::Resample);
    let exchange = &scenario.journeys[1];
    assert!(!exchange.steps[0].keeps && exchange.steps[1].keeps);
    assert_eq!(exchange.steps[2].holds[0].skill, Some(1));
    assert_eq!(exchange.steps[2].repeat.expect("it repeats").from, 0);
    let [one, other] = scenario.segments.as_slice() else {
        panic!("there are two segments");
    };
    assert_eq!(one.conduct.waiting_credit, Span(90_000_000));
    let balking = one.conduct.balking.as_ref().expect("they balk");
    assert_eq!(balking.sees, Sees::Waiting);
    assert_eq!(balking.probability, [0.0, 0.0, 0.0, 0.5, 1.0]);
    assert!(other.conduct.retry.is_some());
    // Two pieces of four hours at 50 an hour, three times as many on this Monday the 15th.
    let arrivals = &scenario.arrivals;
    let pieces: Vec<_> = arrivals
        .pieces
        .iter()
        .map(|it| (it.expected, it.tilt))
        .collect();
    assert_eq!(pieces, [(600.0, 0.6), (600.0, -0.6)]);
    assert_eq!((arrivals.at_opening, arrivals.most), (89, Some(500)));
    assert_eq!(arrivals.batches, [(0.7, 1), (0.3, 2)]);
    let incident = scenario.incidents[0];
    assert_eq!(incident.what, Affected::Resource(0));
    assert_eq!(incident.effect, Effect::Slower(2.5));
}

#[test]
fn every_rule_reads_back_from_the_scenario_as_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = read_text(EVERYTHING, folder.path());
    let again = read_text(&first.as_run, folder.path());
    let json = |scenario: &Scenario| serde_json::to_string(scenario).expect("it serialises");
    assert_eq!(json(&first), json(&again));
    assert_eq!(first.hash, again.hash);
}

#[test]
fn a_recorded_log_is_folded_in_and_reads_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = "arrival;segment;service;patience\n09:10;cash;3min;\n60,5;fx;90;20min\n";
    std::fs::write(folder.path().join("log.csv"), log.replace(',', ".")).expect("writable");
    let text = "[resources.window]\ncapacity = 1\n[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]\n\
                [segments.cash]\nshare = 50\n[segments.fx]\nshare = 50\n[arrivals]\nreplay = \"log.csv\"\n";
    let first = read_text(text, folder.path());
    let recorded = first.arrivals.recorded.as_ref().expect("there is a log");
    let rows: Vec<_> = recorded
        .iter()
        .map(|it| (it.at, it.segment, it.service, it.patience))
        .collect();
    let nine = SimTime::from_clock(9, 0);
    assert_eq!(
        rows,
        [
            (
                nine.after(Span(60_500_000)),
                1,
                Some(Span(90_000_000)),
                Some(Span(1_200_000_000))
            ),
            (
                nine.after(Span(600_000_000)),
                0,
                Some(Span(180_000_000)),
                None
            ),
        ]
    );
    let again = read_text(&first.as_run, folder.path());
    assert_eq!(first.hash, again.hash);
    assert_eq!(
        format!("{:?}", first.arrivals),
        format!("{:?}", again.arrivals)
    );
}

//! Scenarios built in Rust for the tests.
#![allow(dead_code, reason = "each test file uses what it needs")]

use scenarios::model::{
    AbandonedCounts, ArrivalPiece, Arrivals, Closing, Conduct, Cost, Day, Failure, Hold, Journey,
    Label, Law, Mobile, Mode, Part, Queue, QueueBy, Random, ReportRequest, Resource, ResourceKind,
    Roster, Run, Scenario, Segment, Servers, Service, Sessions, ShiftEnd, Step, StepTime, WarmUp,
};
use scenarios::operation::{Channel, Operation};
use scenarios::time::{SimTime, Span};

pub const MINUTE: u64 = 60_000_000;
pub const SECOND: u64 = 1_000_000;

pub fn label(text: &str) -> Label {
    Label {
        en: text.to_owned(),
        zh: text.to_owned(),
    }
}

/// A branch open from 9:00 to 17:00 in which nothing is yet.
pub fn empty() -> Scenario {
    Scenario {
        name: "test".to_owned(),
        question: Label::same(""),
        branch: "main".to_owned(),
        branch_label: label("main"),
        day: Day {
            date: jiff::civil::date(2026, 6, 9),
            open: SimTime::from_clock(9, 0),
            close: SimTime::from_clock(17, 0),
            interval: Span(60 * MINUTE),
            closing: Closing::ServeAllInside,
            time_zone: "Asia/Shanghai".to_owned(),
            holiday: None,
        },
        run: Run {
            mode: Mode::Days,
            replications: 1,
            seed: 1,
            random: Random::Keyed,
            warm_up: WarmUp::Given,
            batches: None,
            until: None,
        },
        resources: Vec::new(),
        journeys: Vec::new(),
        services: Vec::new(),
        segments: Vec::new(),
        arrivals: Arrivals::default(),
        latencies: Vec::new(),
        appointments: None,
        incidents: Vec::new(),
        mobile: None,
        cost: Cost::default(),
        campaigns: Vec::new(),
        region: None,
        load: None,
        gates: Vec::new(),
        report: ReportRequest {
            thresholds: vec![Span(300 * SECOND)],
            quantiles: Vec::new(),
            abandoned: AbandonedCounts::default(),
            crossings: Vec::new(),
        },
        assumptions: Vec::new(),
        hash: String::new(),
        as_run: String::new(),
    }
}

pub fn resource(name: &str, steps: &[(SimTime, u32)]) -> Resource {
    Resource {
        name: name.to_owned(),
        label: label(name),
        kind: ResourceKind::Other,
        roster: Roster {
            steps: steps.to_vec(),
        },
        shift_end: ShiftEnd::Finish,
        queue: Queue::default(),
        servers: Servers::default(),
        drawn: Vec::new(),
        cost_per_hour: None,
        machine: None,
        shared: false,
    }
}

pub fn hold(resource: usize) -> Vec<Hold> {
    vec![Hold {
        resource,
        count: 1,
        skill: None,
    }]
}

pub fn step(name: &str, time: StepTime) -> Step {
    Step {
        name: name.to_owned(),
        time,
        ..Step::default()
    }
}

/// A journey of one step that holds one server.
pub fn simple_journey(name: &str, channel: Channel, resource: usize, law: Law) -> Journey {
    Journey {
        name: name.to_owned(),
        channel,
        time: None,
        holds: hold(resource),
        steps: vec![step("serve", StepTime::Law(law))],
    }
}

pub fn service(name: &str, journeys: &[usize]) -> Service {
    Service {
        name: name.to_owned(),
        label: label(name),
        journeys: journeys.to_vec(),
    }
}

pub fn segment(
    name: &str,
    share: f64,
    service: usize,
    journey: usize,
    patience: Option<Law>,
    priority: i32,
) -> Segment {
    Segment {
        name: name.to_owned(),
        label: label(name),
        share,
        services: vec![(service, journey, 1.0)],
        patience,
        priority,
        conduct: Conduct::default(),
    }
}

/// Lognormal by mean in minutes and coefficient of variation.
pub fn lognormal(mean_minutes: f64, cv: f64) -> Law {
    let variance = (1.0 + cv * cv).ln();
    Law::Lognormal {
        mu: (mean_minutes * 60.0).ln() - variance / 2.0,
        sigma: variance.sqrt(),
    }
}

/// The hours of the day's arrivals of the reference branches.
pub fn profile(per_day: f64) -> Arrivals {
    let shares = [14.0, 19.0, 16.0, 9.0, 8.0, 13.0, 13.0, 8.0];
    let pieces = shares
        .iter()
        .zip(9..)
        .map(|(share, hour)| ArrivalPiece {
            from: SimTime::from_clock(hour, 0),
            to: SimTime::from_clock(hour + 1, 0),
            expected: per_day * share / 100.0,
            tilt: 0.0,
        })
        .collect();
    Arrivals {
        pieces,
        ..Arrivals::default()
    }
}

fn lunch(name: &str, usual: u32, at_lunch: u32) -> Resource {
    let steps = [
        (SimTime::from_clock(9, 0), usual),
        (SimTime::from_clock(11, 30), at_lunch),
        (SimTime::from_clock(13, 30), usual),
    ];
    resource(name, &steps)
}

/// R1: the traditional branch.
pub fn traditional() -> Scenario {
    let mut scenario = empty();
    scenario.resources = vec![lunch("windows", 5, 4)];
    let patience = || Some(lognormal(70.0, 0.6));
    for (number, (name, share, mean, priority)) in [
        ("simple", 0.62, 4.0, 0),
        ("complex", 0.30, 11.0, 0),
        ("vip", 0.08, 8.0, 1),
    ]
    .into_iter()
    .enumerate()
    {
        scenario.journeys.push(simple_journey(
            name,
            Channel::Counter,
            0,
            lognormal(mean, 0.7),
        ));
        scenario.services.push(service(name, &[number]));
        scenario
            .segments
            .push(segment(name, share, number, number, patience(), priority));
    }
    scenario.arrivals = profile(340.0);
    scenario
}

/// R2: the smart branch, with kiosk service of this mean (minutes) and cv.
pub fn smart(kiosk_mean: f64, kiosk_cv: f64) -> Scenario {
    const KIOSK: usize = 0;
    const CASH: usize = 1;
    const VIP: usize = 2;
    const LOBBY: usize = 3;
    let open = SimTime::from_clock(9, 0);
    let mut scenario = empty();
    scenario.resources = vec![
        resource("kiosk", &[(open, 5)]),
        lunch("cash", 3, 2),
        resource("vip_desk", &[(open, 1)]),
        resource("lobby", &[(open, 2)]),
    ];
    let mut review = step("review", StepTime::Law(Law::Exponential { mean: 36.0 }));
    review.part = Part::Review;
    review.probability = 0.5;
    review.holds = hold(LOBBY);
    let mut finish = step("finish", StepTime::Fraction(0.4));
    finish.failure = Some(Failure {
        probability: 0.04,
        to: 1,
        queue_by: QueueBy::Ticket,
    });
    let mut enter = step("enter", StepTime::Fraction(0.6));
    enter.operation = Some(Operation::IdentityCheck);
    scenario.journeys = vec![
        Journey {
            name: "kiosk".to_owned(),
            channel: Channel::Kiosk,
            time: Some(lognormal(kiosk_mean, kiosk_cv)),
            holds: hold(KIOSK),
            steps: vec![enter, review, finish],
        },
        simple_journey("fallback", Channel::Counter, CASH, lognormal(6.0, 0.7)),
        simple_journey("cash", Channel::Counter, CASH, lognormal(4.5, 0.7)),
        simple_journey("vip", Channel::Counter, VIP, lognormal(12.0, 0.6)),
        simple_journey("corporate", Channel::Counter, CASH, lognormal(9.0, 0.7)),
    ];
    for (number, (name, share, journey, patience)) in [
        ("kiosk", 0.68, 0, 20.0),
        ("cash", 0.24, 2, 40.0),
        ("vip", 0.05, 3, 60.0),
        ("corporate", 0.03, 4, 60.0),
    ]
    .into_iter()
    .enumerate()
    {
        scenario.services.push(service(name, &[journey]));
        scenario.segments.push(segment(
            name,
            share,
            number,
            journey,
            Some(lognormal(patience, 0.6)),
            0,
        ));
    }
    scenario.arrivals = profile(300.0);
    scenario
}

/// One queue in steady state: arrivals a second, one service law, so many servers.
pub fn queue(rate: f64, law: Law, servers: u32, warm_up: u64, length: u64) -> Scenario {
    let mut scenario = empty();
    scenario.day.open = SimTime(0);
    scenario.day.close = SimTime(length * SECOND);
    scenario.run.mode = Mode::SteadyState {
        warm_up: Span(warm_up * SECOND),
        length: Span(length * SECOND),
    };
    scenario.resources = vec![resource("server", &[(SimTime(0), servers)])];
    scenario.journeys = vec![simple_journey("serve", Channel::Counter, 0, law)];
    scenario.services = vec![service("serve", &[0])];
    scenario.segments = vec![segment("all", 1.0, 0, 0, None, 0)];
    scenario.arrivals.pieces = vec![ArrivalPiece {
        from: SimTime(0),
        to: SimTime(length * SECOND),
        expected: rate * length as f64,
        tilt: 0.0,
    }];
    scenario
}

/// A mobile bank with the hours of a city, six requests a session, and this many actives.
pub fn mobile_bank(monthly_actives: u64) -> Mobile {
    Mobile {
        bank: Sessions {
            monthly_actives,
            log_ins_per_month: 17.5,
            hourly_weights: [
                12.0, 7.0, 4.0, 3.0, 4.0, 8.0, 20.0, 42.0, 62.0, 80.0, 86.0, 78.0, 80.0, 70.0,
                66.0, 68.0, 70.0, 66.0, 60.0, 62.0, 66.0, 60.0, 42.0, 24.0,
            ],
            requests_per_session: 6,
            think: Law::Exponential { mean: 14.0 },
            mix: vec![
                (Operation::BalanceQuery, 60.0),
                (Operation::TransferOwnBank, 40.0),
            ],
            mix_left_out: Vec::new(),
        },
        mall: None,
        messenger: None,
        retry: None,
        by_branch: Vec::new(),
        days: 1,
    }
}

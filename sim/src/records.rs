//! One replication customer by customer: for tests that compare row by row with
//! another simulator, and for whoever wants to look at a day closely.

use crate::engine::levels::Stretch;
use crate::engine::visitor::{Departure, Fate};
use crate::engine::{Engine, Observer};
use crate::error::SimError;
use crate::plan::Plan;
use crate::region::{RegionDay, RegionPlan};
use crate::simulate::{Day, Loop, Options, one_day};
use crate::streams::Streams;
use scenarios::model::{Random, Scenario, SegmentId};
use scenarios::time::{SimTime, Span};

/// What became of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerFate {
    /// Went through the whole journey.
    Served,
    /// Left while waiting for the first service.
    Abandoned,
    /// Left at the door.
    Balked,
    /// Was sent home because the branch closes.
    TurnedAway,
    /// Was still inside when nothing could happen any more.
    Unserved,
}

/// One customer of a replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Position of the branch it went to, in a region.
    pub branch: Option<usize>,
    /// Number among those who came there, from 0.
    pub index: u32,
    /// Position of its segment.
    pub segment: SegmentId,
    /// What became of it.
    pub fate: CustomerFate,
    /// When it came.
    pub arrived: SimTime,
    /// When it first began to be served, if it was.
    pub begun: Option<SimTime>,
    /// When it left.
    pub left: SimTime,
    /// Its wait; of one who left unserved, all the time it was there.
    pub wait: Span,
    /// The other four parts of its time in branch: 0 of one who left unserved.
    pub service: Span,
    /// Reviews, and queueing for them.
    pub review: Span,
    /// Answers of the bank.
    pub system: Span,
    /// Everything after the first failure.
    pub fallback: Span,
    /// Time not inside between coming and coming again.
    pub away: Span,
}

#[derive(Default)]
struct Recorder {
    records: Vec<CustomerRecord>,
    branch: Option<usize>,
}

impl Observer for Recorder {
    fn enters(&mut self, branch: usize) {
        self.branch = Some(branch);
    }

    fn departed(&mut self, departure: &Departure) {
        let fate = match departure.fate {
            Fate::Served => CustomerFate::Served,
            Fate::Abandoned => CustomerFate::Abandoned,
            Fate::Balked => CustomerFate::Balked,
            Fate::TurnedAway => CustomerFate::TurnedAway,
            Fate::Unserved => CustomerFate::Unserved,
        };
        self.records.push(CustomerRecord {
            branch: self.branch,
            index: departure.index,
            segment: usize::from(departure.segment),
            fate,
            arrived: SimTime(departure.arrived),
            begun: (fate == CustomerFate::Served).then_some(SimTime(departure.begun)),
            left: SimTime(departure.left),
            wait: Span(departure.wait),
            service: Span(departure.service),
            review: Span(departure.review),
            system: Span(departure.system),
            fallback: Span(departure.fallback),
            away: Span(departure.away),
        });
    }
}

/// The counted customers of one replication, in the order in which they came; in a
/// region, branch by branch.
///
/// # Errors
/// The scenario contradicts itself, or the branch overflows.
pub fn records(
    scenario: &Scenario,
    options: &Options,
    replication: u32,
) -> Result<Vec<CustomerRecord>, SimError> {
    records_in(Loop::Fitting, scenario, options, replication)
}

/// The same of a replication in a loop.
pub fn records_in(
    which: Loop,
    scenario: &Scenario,
    options: &Options,
    replication: u32,
) -> Result<Vec<CustomerRecord>, SimError> {
    let mut plan = Plan::new(scenario, &options.latencies)?;
    plan.seed = options.seed;
    let stretch = Stretch {
        from: plan.open.max(plan.counted_from),
        to: plan.close,
        interval: 0,
    };
    let mut recorder = Recorder::default();
    let stop = options.stop.as_deref();
    if let Some(region) = RegionPlan::new(scenario, &options.latencies, options.seed)? {
        let routes = region.routes(which);
        RegionDay::new(&region, &routes, stretch, None, 1).run(replication, stop, &mut recorder)?;
        recorder
            .records
            .sort_by_key(|record| (record.branch, record.index));
        return Ok(recorder.records);
    }
    match plan.random {
        Random::Keyed => one_day(which, &plan, stretch, replication, stop, &mut recorder)?,
        Random::Mrg32k3aStreams => {
            // Streams go on from day to day: the days before have to be gone through.
            let streams = Streams::new(plan.seed);
            let mut engine = Engine::with(&plan, &streams, stretch);
            for day in 0..=replication {
                recorder.records.clear();
                engine.run(day, stop, &mut recorder)?;
            }
        }
    }
    recorder.records.sort_unstable_by_key(|record| record.index);
    Ok(recorder.records)
}

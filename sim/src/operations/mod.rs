//! The stream of bank operations that a simulated day yields, with the bank
//! answering at once: those of customers in the branch, and the sessions of the
//! mobile bank beside it.
//!
//! A day is gone through once for the branches, whose customers' visits are kept in brief; the
//! mobile bank's sessions, of which there may be thousands of times as many, are drawn as they
//! are asked for. Both are merged in order of time, as often as anybody likes, and never held.

mod branch;
mod mobile;
mod money;
mod stream;

use crate::arrivals::ArrivalCurve;
use crate::keyed::{Key, Purpose};
use crate::mobile::Traffic;
use crate::plan::Plan;
use crate::region::RegionPlan;
use crate::simulate::Loop;
use crate::{OperationLatencies, SimError};
use branch::Visits;
use money::Payees;
use scenarios::model::{App, Arrivals, Mobile, Scenario};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::{SimTime, Span};
use std::sync::Arc;

/// One session before it is copied: its steps in order, one at least.
#[derive(Debug, Clone)]
struct Session {
    /// Place of its draws.
    key: Key,
    branch: String,
    customer: String,
    steps: Vec<SessionStep>,
}

impl Session {
    fn start(&self) -> u64 {
        self.steps.first().map_or(0, |first| first.at)
    }
}

#[derive(Debug, Clone)]
struct SessionStep {
    at: u64,
    channel: Channel,
    operation: Operation,
    /// An amount that the scenario gives; otherwise it is drawn where money moves.
    amount_fen: Option<i64>,
}

/// The operations of a window of one simulated day, ready to be gone through as often as
/// anybody likes. It holds the window's visits to branches in brief and the names of its
/// customers, not its operations.
#[derive(Debug)]
pub struct DayOperations {
    replication: u32,
    /// From when until when sessions start that are played.
    starts: (u64, u64),
    /// From when until when it is played.
    window: (SimTime, SimTime),
    volume: f64,
    mobile: Option<Mobile>,
    branches: Visits,
    traffic: Vec<Traffic>,
    enterprises: Vec<Session>,
    payees: Payees,
}

impl DayOperations {
    /// Of the sessions that start in `[from, to)`, each followed to its end. A branch customer's
    /// visit is one session. `load.volume` of the scenario plays each session so many
    /// times, by different customers; a fraction is a probability. The same
    /// arguments give the same operations.
    ///
    /// # Errors
    /// The scenario contradicts itself, or the branch overflows.
    pub fn new(
        scenario: &Scenario,
        replication: u32,
        seed: u64,
        from: SimTime,
        to: SimTime,
    ) -> Result<Arc<Self>, SimError> {
        let window = Some((from, to));
        Self::in_loop(Loop::Fitting, scenario, replication, seed, window)
    }

    /// Of all sessions of the day: those of the branches, whenever they start, and those of the
    /// mobile bank that start between midnight and midnight. Otherwise like [`Self::new`].
    ///
    /// # Errors
    /// The scenario contradicts itself, or the branch overflows.
    pub fn whole_day(
        scenario: &Scenario,
        replication: u32,
        seed: u64,
    ) -> Result<Arc<Self>, SimError> {
        Self::in_loop(Loop::Fitting, scenario, replication, seed, None)
    }

    fn in_loop(
        which: Loop,
        scenario: &Scenario,
        replication: u32,
        seed: u64,
        window: Option<(SimTime, SimTime)>,
    ) -> Result<Arc<Self>, SimError> {
        let starts = window.map_or((0, u64::MAX), |(from, to)| (from.0, to.0));
        // The bank that this stream is played on will take its own time.
        let at_once = Scenario {
            latencies: Vec::new(),
            ..scenario.clone()
        };
        let mut plan = Plan::new(&at_once, &OperationLatencies::default())?;
        plan.seed = seed;
        let branches = branch::visits(scenario, &plan, replication, starts, which)?;
        let enterprises = mobile::enterprises(scenario, seed, replication, starts);
        let nameless = Arc::new(Self {
            replication,
            starts,
            window: window.unwrap_or_else(|| whole(scenario, &branches)),
            volume: scenario.load.as_ref().map_or(1.0, |load| load.volume),
            mobile: scenario.mobile.clone(),
            branches,
            traffic: Traffic::of(scenario, seed)?,
            enterprises,
            payees: Payees::default(),
        });
        let key = Key::of_stream(seed, replication, u64::MAX);
        let payees = Payees::of(stream::Operations::new(&nameless), key);
        // Nobody else holds it any more.
        Ok(match Arc::try_unwrap(nameless) {
            Ok(day) => Arc::new(Self { payees, ..day }),
            Err(shared) => shared,
        })
    }

    /// From when until when sessions start that are played; of a whole day from the opening, or from
    /// midnight where there is a mobile bank, until both are over.
    pub fn window(&self) -> (SimTime, SimTime) {
        self.window
    }

    /// Its operations in order of time.
    pub fn operations(self: &Arc<Self>) -> impl Iterator<Item = PlannedOperation> + use<> {
        let day = Arc::clone(self);
        stream::Operations::new(self).map(move |mut planned| {
            day.payees.name(&mut planned);
            planned
        })
    }

    /// The same session by session, in the order of their starts.
    pub fn by_session(self: &Arc<Self>) -> impl Iterator<Item = PlannedOperation> + use<> {
        let day = Arc::clone(self);
        let mut sessions = stream::Operations::new(self);
        let sessions = std::iter::from_fn(move || sessions.start_next());
        sessions.flatten().map(move |mut planned| {
            day.payees.name(&mut planned);
            planned
        })
    }

    /// The applications that are played, with their positions.
    fn played(&self) -> impl Iterator<Item = (usize, &Traffic)> {
        let traffic = self.traffic.iter().enumerate();
        traffic.filter(|(_, it)| it.app == App::Bank || it.is_played)
    }
}

/// The operations of [`DayOperations`] as a list.
///
/// # Errors
/// The scenario contradicts itself, or the branch overflows.
pub fn operations(
    scenario: &Scenario,
    replication: u32,
    seed: u64,
    from: SimTime,
    to: SimTime,
) -> Result<Vec<PlannedOperation>, SimError> {
    operations_in(Loop::Fitting, scenario, replication, seed, (from, to))
}

/// The same of days gone through in a loop.
pub fn operations_in(
    which: Loop,
    scenario: &Scenario,
    replication: u32,
    seed: u64,
    (from, to): (SimTime, SimTime),
) -> Result<Vec<PlannedOperation>, SimError> {
    let day = DayOperations::in_loop(which, scenario, replication, seed, Some((from, to)))?;
    Ok(day.operations().collect())
}

/// The day from its opening, or from midnight where there is a mobile bank, until both are over and
/// nobody at a branch asks for anything any more.
fn whole(scenario: &Scenario, branches: &Visits) -> (SimTime, SimTime) {
    let (open, close) = (scenario.day.open, scenario.day.close);
    let (from, to) = if scenario.mobile.is_some() {
        (SimTime(0), close.max(SimTime::from_clock(24, 0)))
    } else {
        (open, close)
    };
    (from, to.max(SimTime(branches.last_step())))
}

/// How often a session is played: the whole part of the volume, and once more
/// with the probability of its fraction.
fn copies(session: &Session, volume: f64) -> u32 {
    let volume = if volume.is_finite() {
        volume.clamp(0.0, 1e6)
    } else {
        0.0
    };
    volume as u32 + u32::from(session.key.uniform(Purpose::Copy) < volume.fract())
}

/// The operations of one copy of a session, which has this number.
fn plan_session(
    session: &Session,
    copy: u32,
    number: u64,
    mobile: Option<&Mobile>,
) -> Vec<PlannedOperation> {
    // The first copy is the session itself; the others are other people.
    let (key, customer) = if copy == 0 {
        (session.key, session.customer.clone())
    } else {
        let key = session.key.under(Purpose::CopyOf { copy });
        let customer = match mobile {
            Some(mobile) if session.branch == mobile::BRANCH => {
                crate::mobile::customer(mobile, key)
            }
            _ => format!("{}-{copy}", session.customer),
        };
        (key, customer)
    };
    let mut before = None;
    let steps = session.steps.iter().zip(0_u32..);
    steps
        .map(|(step, place)| PlannedOperation {
            at: SimTime(step.at),
            branch: session.branch.clone(),
            channel: step.channel,
            customer: customer.clone(),
            session: number,
            step: place,
            think: before.replace(step.at).map(|before| Span(step.at - before)),
            operation: step.operation,
            amount_fen: step
                .amount_fen
                .or_else(|| money::amount_fen(step.operation, key, place)),
            payee: None,
            allow: money::allowed(step.operation),
            particulars: None,
        })
        .collect()
}

/// The stretch of this length within the opening hours, starting on the
/// reporting grid, with the most arrivals expected; the earliest of several. A
/// length beyond the opening hours gives the opening hours.
pub fn busiest_window(scenario: &Scenario, length: Span) -> (SimTime, SimTime) {
    let (open, close) = (scenario.day.open.0, scenario.day.close.0);
    if length.0 >= close.saturating_sub(open) {
        return (SimTime(open), SimTime(close));
    }
    let campaigns = scenario.campaigns.iter().filter(|it| it.branch);
    let curves: Vec<_> = volumes(scenario)
        .into_iter()
        .filter_map(|(arrivals, scale)| {
            let curve = ArrivalCurve::new(arrivals, open, false).ok()?;
            Some((curve.with_campaigns(campaigns.clone()), scale))
        })
        .collect();
    let expected = |from: u64| -> f64 {
        let counts = curves.iter().map(|(curve, scale)| {
            scale * (curve.expected_before(from + length.0) - curve.expected_before(from))
        });
        counts.sum()
    };
    let grid = scenario.day.interval.0.max(1);
    let starts = (0..)
        .map(|number| open + number * grid)
        .take_while(|from| from + length.0 <= close);
    let mut best = (open, expected(open));
    for from in starts {
        let count = expected(from);
        // Sums in another order differ in their last digits; that is no difference.
        if count > best.1 * (1.0 + 1e-9) {
            best = (from, count);
        }
    }
    (SimTime(best.0), SimTime(best.0 + length.0))
}

/// The arrivals of a branch, or of each kind of branches, and how many times as many
/// come to all of them together.
fn volumes(scenario: &Scenario) -> Vec<(&Arrivals, f64)> {
    let region = RegionPlan::new(scenario, &OperationLatencies::default(), 0);
    let (Some(of_region), Ok(Some(region))) = (scenario.region.as_deref(), region) else {
        return vec![(&scenario.arrivals, 1.0)];
    };
    let kinds = of_region.kinds.iter().enumerate();
    let volumes = kinds.map(|(number, kind)| {
        let outlets = region.outlets.iter().filter(|it| it.kind == number);
        (&kind.arrivals, outlets.map(|it| it.scale).sum())
    });
    volumes.collect()
}

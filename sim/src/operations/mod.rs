//! The stream of bank operations that a simulated day yields, with the bank
//! answering at once: those of customers in the branch, and the sessions of the
//! mobile bank beside it.

mod branch;
mod mobile;
mod money;

use crate::arrivals::ArrivalCurve;
use crate::keyed::{Key, Purpose};
use crate::plan::Plan;
use crate::region::RegionPlan;
use crate::simulate::Loop;
use crate::{OperationLatencies, SimError};
use scenarios::model::{Arrivals, Scenario};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::{SimTime, Span};

/// One session before it is copied: its steps in order.
struct Session {
    /// Place of its draws.
    key: Key,
    branch: String,
    customer: String,
    steps: Vec<SessionStep>,
}

struct SessionStep {
    at: u64,
    channel: Channel,
    operation: Operation,
    /// An amount that the scenario gives; otherwise it is drawn where money moves.
    amount_fen: Option<i64>,
}

/// The operations of one simulated day whose session starts in `[from, to)`,
/// each session followed to its end, in order of time. A branch customer's visit
/// is one session. `load.volume` of the scenario plays each session so many
/// times, by different customers; a fraction is a probability. The same
/// arguments give the same stream.
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
    // The bank that this stream is played on will take its own time.
    let at_once = Scenario {
        latencies: Vec::new(),
        ..scenario.clone()
    };
    let mut plan = Plan::new(&at_once, &OperationLatencies::default())?;
    plan.seed = seed;
    let mut sessions = branch::sessions(scenario, &plan, replication, (from.0, to.0), which)?;
    sessions.extend(mobile::sessions(scenario, seed, replication, from.0, to.0)?);
    sessions.sort_by(|a, b| (a.steps[0].at, &a.customer).cmp(&(b.steps[0].at, &b.customer)));
    let volume = scenario.load.as_ref().map_or(1.0, |load| load.volume);
    let mut planned = Vec::new();
    let mut number = 0;
    for session in &sessions {
        for copy in 0..copies(session, volume) {
            plan_session(session, copy, number, scenario, &mut planned);
            number += 1;
        }
    }
    planned.sort_by_key(|operation: &PlannedOperation| {
        (operation.at, operation.session, operation.step)
    });
    money::name_payees(&mut planned, Key::of_stream(seed, replication, u64::MAX));
    Ok(planned)
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

fn plan_session(
    session: &Session,
    copy: u32,
    number: u64,
    scenario: &Scenario,
    planned: &mut Vec<PlannedOperation>,
) {
    // The first copy is the session itself; the others are other people.
    let (key, customer) = if copy == 0 {
        (session.key, session.customer.clone())
    } else {
        let key = session.key.under(Purpose::CopyOf { copy });
        let customer = match &scenario.mobile {
            Some(mobile) if session.branch == mobile::BRANCH => {
                crate::mobile::customer(mobile, key)
            }
            _ => format!("{}-{copy}", session.customer),
        };
        (key, customer)
    };
    let mut before = None;
    for (step, place) in session.steps.iter().zip(0_u32..) {
        planned.push(PlannedOperation {
            at: SimTime(step.at),
            branch: session.branch.clone(),
            channel: step.channel,
            customer: customer.clone(),
            session: number,
            step: place,
            think: before.map(|before| Span(step.at - before)),
            operation: step.operation,
            amount_fen: step
                .amount_fen
                .or_else(|| money::amount_fen(step.operation, key, place)),
            payee: None,
            allow: money::allowed(step.operation),
            particulars: None,
        });
        before = Some(step.at);
    }
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

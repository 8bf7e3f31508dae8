//! Sessions of the mobile bank: open arrivals at a rate constant within each
//! hour, a log-in, then requests with pauses between them.

use super::{Session, SessionStep};
use crate::SimError;
use crate::arrivals::ArrivalCurve;
use crate::keyed::{Key, MOBILE_STREAM, Purpose};
use crate::law::Sampler;
use crate::source::Keyed;
use scenarios::model::{ArrivalPiece, Arrivals, Mobile};
use scenarios::operation::{Channel, Operation};
use scenarios::time::SimTime;

/// The branch name of traffic of no branch.
pub const BRANCH: &str = "mobile";

const DAYS_OF_A_MONTH: f64 = 30.0;

/// The sessions of one day that start in `[from, to)`.
pub fn sessions(
    mobile: &Mobile,
    seed: u64,
    replication: u32,
    from: u64,
    to: u64,
) -> Result<Vec<Session>, SimError> {
    let refuse = |problem: String| SimError::Scenario {
        place: "mobile".to_owned(),
        problem,
    };
    let think = Sampler::new(&mobile.think).map_err(refuse)?;
    let curve = ArrivalCurve::new(&day(mobile).map_err(refuse)?, 0, false).map_err(refuse)?;
    let mix = mix(mobile);
    let key = Key::of_stream(seed, replication, MOBILE_STREAM);
    let starts = curve
        .times(key, &Keyed)
        .skip_while(|(at, _)| *at < from)
        .take_while(|(at, _)| *at < to);
    Ok(starts
        .map(|(at, key)| Session {
            key,
            branch: BRANCH.to_owned(),
            customer: customer(mobile, key),
            steps: steps(mobile, &think, &mix, at, key),
        })
        .collect())
}

/// Which of the monthly actives a session is of.
pub fn customer(mobile: &Mobile, key: Key) -> String {
    let who =
        (u128::from(key.bits(Purpose::Who)) * u128::from(mobile.monthly_actives.max(1))) >> 64;
    format!("m{who}")
}

/// The day's sessions, hour by hour.
fn day(mobile: &Mobile) -> Result<Arrivals, String> {
    let weights: f64 = mobile.hourly_weights.iter().sum();
    let sessions = mobile.monthly_actives as f64 * mobile.log_ins_per_month / DAYS_OF_A_MONTH;
    if !(weights.is_finite() && weights > 0.0 && sessions.is_finite() && sessions >= 0.0) {
        return Err(
            "its hourly weights must sum to more than 0 and its log-ins be 0 or more".to_owned(),
        );
    }
    let pieces = mobile
        .hourly_weights
        .iter()
        .zip(0..)
        .map(|(weight, hour)| ArrivalPiece {
            from: SimTime::from_clock(hour, 0),
            to: SimTime::from_clock(hour + 1, 0),
            expected: sessions * weight / weights,
            tilt: 0.0,
        })
        .collect();
    Ok(Arrivals {
        pieces,
        ..Arrivals::default()
    })
}

/// What is offered, with cumulative shares of it.
fn mix(mobile: &Mobile) -> Vec<(f64, Operation)> {
    let offered = mobile.mix.iter().filter(|(operation, weight)| {
        *weight > 0.0
            && !mobile
                .mix_left_out
                .iter()
                .any(|(left_out, _)| left_out == operation)
    });
    let total: f64 = offered.clone().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    offered
        .map(|(operation, weight)| {
            sum += weight / total;
            (sum, *operation)
        })
        .collect()
}

fn steps(
    mobile: &Mobile,
    think: &Sampler,
    mix: &[(f64, Operation)],
    start: u64,
    key: Key,
) -> Vec<SessionStep> {
    let step = |at, operation| SessionStep {
        at,
        channel: Channel::Mobile,
        operation,
    };
    let mut steps = vec![step(start, Operation::LogIn)];
    let mut at = start;
    for place in 1..mobile.requests_per_session {
        let u = key.uniform(Purpose::Mix { place });
        let chosen = mix.partition_point(|(cumulative, _)| *cumulative < u);
        let Some((_, operation)) = mix.get(chosen).or(mix.last()) else {
            break;
        };
        at += think.micros(key.bits(Purpose::Think { place }));
        steps.push(step(at, *operation));
    }
    steps
}

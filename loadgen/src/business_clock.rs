//! Sets the clock of a bank under test, so that it shows the scenario's time while
//! the scenario is played.

use crate::clock::Moment;
use crate::connection::{Connection, Exchange, Message};
use crate::error::LoadError;
use crate::options::LoadOptions;
use crate::pacing::real_offset;
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use scenarios::time::SimTime;
use serde_json::{Value, json};
use std::time::Duration;

/// So long the bank may take; it answers between two commits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sets the clock so that it shows `business_start` in `lead` real nanoseconds from
/// now, and runs `speed` times as fast as the real one.
pub async fn set(
    target: &Target,
    business_start: &str,
    speed: f64,
    lead: u64,
) -> Result<(), LoadError> {
    let failed = |why: String| LoadError::Clock {
        target: target.base().to_owned(),
        business_time: business_start.to_owned(),
        why,
    };
    let moment = earlier(business_start, lead as f64 * speed)
        .ok_or_else(|| failed("it is no moment with an offset".to_owned()))?;
    let body = json!({"business_time": moment.to_string(), "speed": speed});
    let message = Message {
        method: Method::PUT,
        path: "/v1/test/clock".to_owned(),
        token: Some(target.tokens().operator.clone()),
        key: None,
        terminal_session: None,
        body: Bytes::from(body.to_string()),
    };
    let mut connection = Connection::new(target.endpoint(), PATIENCE);
    match connection.exchange(&message, |_| {}).await {
        Exchange::Answered { status: 200, .. } => Ok(()),
        Exchange::Answered { status, body } => {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or("no code");
            Err(failed(format!("it answers {status} {code}")))
        }
        Exchange::NotWritten(why) | Exchange::Broken(why) => Err(failed(why)),
        Exchange::TimedOut => Err(failed(format!("no answer in {} s", PATIENCE.as_secs()))),
    }
}

/// So long before a leap it is asked for.
const AHEAD: u64 = 20_000_000;

/// Leaps with the plan that begins to be played in `lead` real nanoseconds from now. Never ends by
/// itself unless a leap fails.
pub async fn follow(target: &Target, options: &LoadOptions, lead: u64) -> LoadError {
    let start = Moment::now().after(lead);
    for (played, landing) in options.leaps.landings() {
        let due = start.after(real_offset(played, options.window_start, options.speed));
        let now = Moment::now();
        tokio::time::sleep(Duration::from_nanos(due.since(now).saturating_sub(AHEAD))).await;
        let leapt = match landing_time(options, landing) {
            Some(moment) => {
                let lead = due.since(Moment::now());
                set(target, &moment.to_string(), options.speed, lead).await
            }
            None => Err(LoadError::Clock {
                target: target.base().to_owned(),
                business_time: landing.clock(),
                why: "it is beyond the calendar".to_owned(),
            }),
        };
        if let Err(error) = leapt {
            return error;
        }
    }
    std::future::pending().await
}

/// The business time of a moment of the plan.
fn landing_time(options: &LoadOptions, at: SimTime) -> Option<Timestamp> {
    let start: Timestamp = options.business_start.as_deref()?.parse().ok()?;
    let micros = i64::try_from(at.since(options.window_start).0).ok()?;
    start.checked_add(SignedDuration::from_micros(micros)).ok()
}

/// The moment so many business nanoseconds before `text`.
fn earlier(text: &str, nanos: f64) -> Option<Timestamp> {
    let lead = SignedDuration::from_nanos(nanos as i64);
    text.parse::<Timestamp>().ok()?.checked_sub(lead).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_counts_in_business_time() {
        // A tenth of a second at 36 times the speed are 3.6 s before ten o'clock.
        let moment = earlier("2026-06-09T10:00+08:00", 1e8 * 36.0).unwrap();
        assert_eq!(moment.to_string(), "2026-06-09T01:59:56.4Z");
    }
}

//! A door for tests: sets the business clock of a bank that was started with `--test`.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Shared,
    audit::operator,
    problem::Problem,
    request::{self, well_formed},
    write::json_body,
};
use crate::{
    clock::BusinessClock,
    options::ServeOptions,
    rules::{BusinessTime, Refusal, RefusalCode as Code, State as BankState},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    business_time: String,
    speed: f64,
}

pub async fn set(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let body: ClockBody = request::body(&parts.headers, body, request::BODY_BYTES_MAX).await?;
    let start = ServeOptions::parse_clock(&body.business_time).ok();
    let form = "a moment with an offset like 2026-06-09T10:00+08:00";
    let start = well_formed("business_time", form, start)?;
    let form = "a number above 0 and at most 100000";
    let possible = BusinessClock::can_run_at(body.speed).then_some(body.speed);
    let speed = well_formed("speed", form, possible)?;
    let clock = service.clock.clone();
    // On the writer's thread, between two groups: no record can be stamped between the look at the
    // last stamp and the change.
    let set = move |state: &BankState| {
        if BusinessTime::of(start) < state.at() {
            return Err(Refusal::from(Code::ClockBackwards));
        }
        clock.set(start, speed);
        Ok(clock.now())
    };
    let now = service.bank.read(set).await??;
    let document = json!({"business_time": now.to_string(), "speed": speed});
    Ok(json_body(&document).into_response())
}

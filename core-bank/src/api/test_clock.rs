//! A door for tests: sets the business clock of a bank that was started with `--test`.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    audit::operator,
    endpoint::{Endpoint, Rule},
    problem::Problem,
    request::{self, well_formed},
    schemas,
    write::json_body,
};
use crate::{
    clock::BusinessClock,
    options::ServeOptions,
    rules::{BusinessTime, Refusal, RefusalCode as Code, State as BankState},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::PUT, "/v1/test/clock", Rule::Operator, set)
            .named("test_clock", "Sets the business clock of a test's bank.")
            .takes::<ClockBody>()
            .answers::<ClockDocument>()
            .refuses(&[Code::ClockBackwards]),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    /// A moment with its offset.
    #[schema(example = "2026-06-09T10:00+08:00")]
    business_time: String,
    /// Business seconds a real second, above 0 and at most 100000.
    #[schema(exclusive_minimum = 0, maximum = 100_000)]
    speed: f64,
}

#[derive(Serialize, ToSchema)]
struct ClockDocument {
    #[schema(value_type = schemas::Moment)]
    business_time: String,
    speed: f64,
}

pub async fn set(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let body: ClockBody = request::body(&parts.headers, body, request::BODY_BYTES_MAX).await?;
    request::no_query(&parts.uri)?;
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
    let document = ClockDocument {
        business_time: now.to_string(),
        speed,
    };
    Ok(json_body(&document).into_response())
}

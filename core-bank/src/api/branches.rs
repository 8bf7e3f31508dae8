//! Branches: where they are, their free slots, and the appointments in them.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Shared,
    campaigns::moment,
    mall::label,
    problem::Problem,
    request::{caller, query, well_formed},
    write::{json_body, planted_slowness, write, write_without_body},
};
use crate::rules::{
    Action, AppointmentCommand, AppointmentId, BranchId, BusinessTime, Coordinates, Operation,
    Refusal, RefusalCode as Code, SlotPlan,
};

/// Branches that one answer may list.
const NEAREST_MAX: usize = 50;
/// The mean radius of the earth in metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BranchBody {
    name: String,
    latitude: String,
    longitude: String,
    slots: SlotPlan,
}

const DEGREES: &str = "degrees with at most six decimals, like \"36.4567\"";

pub async fn open(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::BranchSetting,
        |body: &BranchBody, _| {
            let at = Coordinates::parse(&body.latitude, &body.longitude);
            let form = "at least one whole slot within the day";
            well_formed("slots", form, body.slots.is_sound().then_some(()))?;
            Ok(Action::Appointment(AppointmentCommand::OpenBranch {
                name: label("name", &body.name)?,
                at: well_formed("latitude` and `longitude", DEGREES, at)?,
                slots: body.slots,
            }))
        },
    )
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NearestQuery {
    latitude: String,
    longitude: String,
    #[serde(default = "default_limit")]
    limit: usize,
}

fn default_limit() -> usize {
    5
}

/// Branches, the nearest first.
pub async fn nearest(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let operation = Operation::BranchQuery;
    let caller = caller(&service, &parts.headers, operation)?;
    let query: NearestQuery = query(&parts)?;
    let problem = |what: String| Problem::detailed(Code::InvalidQuery, what);
    if !(1..=NEAREST_MAX).contains(&query.limit) {
        return Err(problem("`limit` is from 1 to 50".to_owned()));
    }
    let here = Coordinates::parse(&query.latitude, &query.longitude);
    let here = here.ok_or_else(|| problem(format!("`latitude` and `longitude` are {DEGREES}")))?;
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let branches = service.bank.read(move |state| {
        state.reader(caller, operation, now)?;
        let mut found: Vec<_> = state
            .appointments()
            .branches()
            .map(|(id, branch)| (metres(here, branch.at), id, branch))
            .collect();
        found.sort_unstable_by_key(|(metres, id, _)| (*metres, *id));
        let nearest = found.into_iter().take(query.limit);
        let listed: Vec<Value> = nearest
            .map(|(metres, id, branch)| {
                json!({
                    "branch": id,
                    "name": branch.name,
                    "latitude": degrees(branch.at.latitude),
                    "longitude": degrees(branch.at.longitude),
                    "metres": metres,
                    "slots": branch.slots,
                })
            })
            .collect();
        Ok::<_, Refusal>(listed)
    });
    let branches = branches.await??;
    Ok(json_body(&json!({ "branches": branches })).into_response())
}

/// The distance on the great circle, by the haversine formula, in whole metres.
fn metres(from: Coordinates, to: Coordinates) -> u32 {
    let radians = |millionths: i32| (f64::from(millionths) / 1e6).to_radians();
    let (from_latitude, to_latitude) = (radians(from.latitude), radians(to.latitude));
    let half = |from: i32, to: i32| ((radians(to) - radians(from)) / 2.0).sin().powi(2);
    let chord = half(from.latitude, to.latitude)
        + from_latitude.cos() * to_latitude.cos() * half(from.longitude, to.longitude);
    (2.0 * EARTH_METRES * chord.sqrt().min(1.0).asin()).round() as u32
}

fn degrees(millionths: i32) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotsQuery {
    day: String,
}

/// The slots of a day, with how many customers may still be booked for each.
pub async fn slots(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let operation = Operation::BranchQuery;
    let caller = caller(&service, &parts.headers, operation)?;
    let query: SlotsQuery = query(&parts)?;
    let midnight = midnight(&query.day)
        .ok_or_else(|| Problem::detailed(Code::InvalidQuery, "`day` is no day like 2026-06-10"))?;
    let branch = path.ok().and_then(|Path(branch)| BranchId::parse(&branch));
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let slots = service.bank.read(move |state| {
        state.reader(caller, operation, now)?;
        let id = branch.ok_or(Code::BranchNotFound)?;
        let branch = state
            .appointments()
            .branch(id)
            .ok_or(Code::BranchNotFound)?;
        let plan = branch.slots;
        let begins = (plan.opens..plan.closes).step_by(usize::from(plan.minutes));
        let slots = begins
            .map(|minute| BusinessTime(midnight.0 + i64::from(minute) * 60_000_000))
            .filter(|slot| plan.has_slot(*slot) && *slot > now)
            .map(|slot| {
                let free = plan.bookable() - state.appointments().booked(id, slot);
                json!({"slot": slot.to_string(), "free": free})
            });
        Ok::<Vec<Value>, Refusal>(slots.collect())
    });
    let slots = slots.await??;
    Ok(json_body(&json!({ "slots": slots })).into_response())
}

/// The first moment of a day in Shanghai.
fn midnight(day: &str) -> Option<BusinessTime> {
    let date: Date = day.parse().ok()?;
    let moment: Timestamp = format!("{date}T00:00+08:00").parse().ok()?;
    Some(BusinessTime::of(moment))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppointmentBody {
    branch: String,
    slot: String,
}

pub async fn book(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::Appointment,
        |body: &AppointmentBody, _| {
            Ok(Action::Appointment(AppointmentCommand::Book {
                branch: BranchId::parse(&body.branch),
                slot: moment("slot", &body.slot)?,
            }))
        },
    )
    .await
}

/// The customer's appointments until a day after their slots.
pub async fn appointments(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let operation = Operation::AppointmentQuery;
    let caller = caller(&service, request.headers(), operation)?;
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let own = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let own = reader.customer().ok_or(Code::Forbidden)?;
        let own = state.appointments().of_customer(own);
        let listed = own.map(|(id, appointment)| {
            json!({
                "appointment": id,
                "branch": appointment.branch,
                "slot": appointment.slot.to_string(),
                "status": appointment.status,
            })
        });
        Ok::<Vec<Value>, Refusal>(listed.collect())
    });
    let own = own.await??;
    Ok(json_body(&json!({ "appointments": own })).into_response())
}

fn appointment_of(path: Result<Path<String>, PathRejection>) -> Option<AppointmentId> {
    path.ok()
        .and_then(|Path(appointment)| AppointmentId::parse(&appointment))
}

pub async fn cancel(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let appointment = appointment_of(path);
    let (parts, _) = request.into_parts();
    let operation = Operation::AppointmentCancellation;
    write_without_body(&service, &parts, operation, |_| {
        Ok(Action::Appointment(AppointmentCommand::Cancel {
            appointment,
        }))
    })
    .await
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeBody {
    kept: bool,
}

pub async fn conclude(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let appointment = appointment_of(path);
    write(
        &service,
        request,
        Operation::AppointmentOutcome,
        |body: &OutcomeBody, _| {
            Ok(Action::Appointment(AppointmentCommand::Conclude {
                appointment,
                kept: body.kept,
            }))
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: &str, longitude: &str) -> Coordinates {
        Coordinates::parse(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_the_great_circle() {
        // A quarter of a meridian of a sphere of this radius: π/2 times the radius.
        let quarter = metres(at("0", "0"), at("90", "0"));
        assert_eq!(quarter, 10_007_557);
        assert_eq!(metres(at("0", "0"), at("0", "180")), 20_015_114);
        assert_eq!(
            metres(at("36.4567", "115.9854"), at("36.4567", "115.9854")),
            0
        );
        // Beijing to Shanghai, about 1,067 km by published tables of city distances.
        let cities = metres(at("39.9042", "116.4074"), at("31.2304", "121.4737"));
        assert!((1_060_000..1_075_000).contains(&cities), "{cities}");
    }

    #[test]
    fn degrees_print_as_they_are_read() {
        for text in ["36.456700", "-0.500000", "180.000000"] {
            assert_eq!(degrees(at("0", text).longitude), text);
        }
    }
}

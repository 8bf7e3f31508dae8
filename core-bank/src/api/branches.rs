//! Branches: where they are, their free slots, and the appointments in them.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::Method;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    endpoint::{Asked, Endpoint, Rule},
    mall::label,
    problem::Problem,
    request::{MomentText, caller, caller_without_query, query, well_formed},
    schemas::{self, Latitude, Longitude},
    write::{json_body, planted_slowness, write_without_body},
};
use crate::rules::{
    Action, AppointmentCommand, AppointmentId, AppointmentStatus, BranchId, BusinessTime,
    Coordinates, Day, Label, Operation, Refusal, RefusalCode as Code, SlotPlan, is_bookable_at,
};

/// Branches that one answer may list.
const NEAREST_MAX: usize = 50;
/// The mean radius of the earth in metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;

pub fn endpoints() -> Vec<Endpoint> {
    let (branches, appointments_path) = ("/v1/branches", "/v1/appointments");
    let cancellation = Operation::AppointmentCancellation;
    vec![
        Endpoint::action(branches, Operation::BranchSetting, open)
            .applied(&["branch"])
            .refuses(&[Code::CatalogueFull]),
        Endpoint::read(branches, Operation::BranchQuery, nearest)
            .asks::<NearestQuery>()
            .answers::<BranchesDocument>(),
        Endpoint::read("/v1/branches/{branch}/slots", Operation::BranchQuery, slots)
            .named("slots", "Lists a branch's slots of a day.")
            .asks::<SlotsQuery>()
            .answers::<SlotsDocument>()
            .refuses(&[Code::BranchNotFound]),
        Endpoint::action(appointments_path, Operation::Appointment, book)
            .applied(&["appointment"])
            .refuses(&[
                Code::BranchNotFound,
                Code::SlotNotFound,
                Code::AppointmentExists,
                Code::SlotFull,
            ]),
        Endpoint::read(appointments_path, Operation::AppointmentQuery, appointments)
            .answers::<AppointmentsDocument>(),
        Endpoint::new(
            Method::DELETE,
            "/v1/appointments/{appointment}",
            Rule::Channels(cancellation),
            cancel,
        )
        .named(cancellation.name(), cancellation.summary())
        .keyed()
        .applied(&[])
        .refuses(&[Code::AppointmentNotFound]),
        Endpoint::action(
            "/v1/appointments/{appointment}/outcomes",
            Operation::AppointmentOutcome,
            conclude,
        )
        .applied(&[])
        .refuses(&[Code::AppointmentNotFound, Code::AppointmentNotDue]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BranchBody {
    #[schema(value_type = Label)]
    name: String,
    #[schema(value_type = Latitude)]
    latitude: String,
    #[schema(value_type = Longitude)]
    longitude: String,
    slots: SlotsBody,
}

/// When a branch takes appointments, and how many.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SlotsBody {
    /// The first slot's minute of the day in Shanghai.
    #[schema(maximum = 1440)]
    opens: u16,
    /// The minute by which the last slot has ended.
    #[schema(maximum = 1440)]
    closes: u16,
    /// The minutes of a slot.
    #[schema(minimum = 1, maximum = 1440)]
    minutes: u16,
    /// The customers that a slot has room for.
    #[schema(maximum = 65535)]
    places: u16,
    /// The customers that may be booked beyond them.
    #[schema(maximum = 65535)]
    overbooking: u16,
}

impl SlotsBody {
    fn plan(&self) -> SlotPlan {
        SlotPlan {
            opens: self.opens,
            closes: self.closes,
            minutes: self.minutes,
            places: self.places,
            overbooking: self.overbooking,
        }
    }

    fn of(plan: SlotPlan) -> Self {
        Self {
            opens: plan.opens,
            closes: plan.closes,
            minutes: plan.minutes,
            places: plan.places,
            overbooking: plan.overbooking,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct BranchesDocument {
    /// The nearest first.
    branches: Vec<BranchRow>,
}

#[derive(Serialize, ToSchema)]
struct BranchRow {
    branch: BranchId,
    name: Label,
    #[schema(value_type = Latitude)]
    latitude: String,
    #[schema(value_type = Longitude)]
    longitude: String,
    /// How far it is from the place that was asked for.
    metres: Option<u32>,
    slots: SlotsBody,
}

#[derive(Serialize, ToSchema)]
struct SlotsDocument {
    /// Those that have not begun.
    slots: Vec<SlotRow>,
}

#[derive(Serialize, ToSchema)]
struct SlotRow {
    #[schema(value_type = schemas::Moment)]
    slot: String,
    /// How many may still be booked.
    free: u32,
}

#[derive(Serialize, ToSchema)]
struct AppointmentsDocument {
    appointments: Vec<AppointmentRow>,
}

#[derive(Serialize, ToSchema)]
struct AppointmentRow {
    appointment: AppointmentId,
    branch: BranchId,
    #[schema(value_type = schemas::Moment)]
    slot: String,
    status: AppointmentStatus,
}

const DEGREES: &str = "degrees with at most six decimals, like \"36.4567\"";

fn open(body: &BranchBody, _: &Asked) -> Result<Action, Problem> {
    let at = Coordinates::parse(&body.latitude, &body.longitude);
    let form = "at least one whole slot within the day";
    let slots = body.slots.plan();
    let slots = well_formed("slots", form, slots.is_sound().then_some(slots))?;
    Ok(Action::Appointment(AppointmentCommand::OpenBranch {
        name: label("name", &body.name)?,
        at: well_formed("latitude` and `longitude", DEGREES, at)?,
        slots,
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NearestQuery {
    /// With a longitude: near there; without both, in the order of their numbers.
    #[param(value_type = Latitude, required = false, nullable = false)]
    latitude: Option<String>,
    #[param(value_type = Longitude, required = false, nullable = false)]
    longitude: Option<String>,
    /// How many branches.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 50)]
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
    let here = match (&query.latitude, &query.longitude) {
        (None, None) => None,
        (latitude, longitude) => {
            let place = latitude.as_deref().zip(longitude.as_deref());
            let read = place.and_then(|(north, east)| Coordinates::parse(north, east));
            let wrong = || problem(format!("`latitude` and `longitude` are {DEGREES}"));
            Some(read.ok_or_else(wrong)?)
        }
    };
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let branches = service.bank.read(move |state| {
        state.reader(caller, operation, now)?;
        let mut found: Vec<_> = state
            .appointments()
            .branches()
            .map(|(id, branch)| (here.map(|here| metres(here, branch.at)), id, branch))
            .collect();
        found.sort_unstable_by_key(|(metres, id, _)| (*metres, *id));
        let nearest = found.into_iter().take(query.limit);
        let listed = nearest.map(|(metres, id, branch)| BranchRow {
            branch: id,
            name: branch.name.clone(),
            latitude: degrees(branch.at.latitude),
            longitude: degrees(branch.at.longitude),
            metres,
            slots: SlotsBody::of(branch.slots),
        });
        Ok::<Vec<BranchRow>, Refusal>(listed.collect())
    });
    let branches = branches.await??;
    Ok(json_body(&BranchesDocument { branches }).into_response())
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct SlotsQuery {
    /// Today unless it is said.
    #[param(required = false, nullable = false, format = Date, example = "2026-06-10")]
    day: Option<String>,
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
    let midnight = match &query.day {
        None => Day::of(service.clock.now()).begins(),
        Some(day) => midnight(day).ok_or_else(|| {
            Problem::detailed(Code::InvalidQuery, "`day` is no day like 2026-06-10")
        })?,
    };
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
            .filter(|slot| plan.has_slot(*slot) && is_bookable_at(*slot, now))
            .map(|slot| SlotRow {
                slot: slot.to_string(),
                free: plan.bookable() - state.appointments().booked(id, slot),
            });
        Ok::<Vec<SlotRow>, Refusal>(slots.collect())
    });
    let slots = slots.await??;
    Ok(json_body(&SlotsDocument { slots }).into_response())
}

/// The first moment of a day in Shanghai.
fn midnight(day: &str) -> Option<BusinessTime> {
    let date: Date = day.parse().ok()?;
    let moment: Timestamp = format!("{date}T00:00+08:00").parse().ok()?;
    Some(BusinessTime::of(moment))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppointmentBody {
    #[schema(value_type = BranchId)]
    branch: String,
    #[schema(value_type = schemas::Moment)]
    slot: MomentText,
}

fn book(body: &AppointmentBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::Appointment(AppointmentCommand::Book {
        branch: BranchId::parse(&body.branch),
        slot: body.slot.moment("slot")?,
    }))
}

/// The customer's appointments until a day after their slots.
pub async fn appointments(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let operation = Operation::AppointmentQuery;
    let caller = caller_without_query(&service, &request, operation)?;
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let own = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let own = reader.customer().ok_or(Code::Forbidden)?;
        let own = state.appointments().of_customer(own);
        let listed = own.map(|(id, appointment)| AppointmentRow {
            appointment: id,
            branch: appointment.branch,
            slot: appointment.slot.to_string(),
            status: appointment.status,
        });
        Ok::<Vec<AppointmentRow>, Refusal>(listed.collect())
    });
    let appointments = own.await??;
    Ok(json_body(&AppointmentsDocument { appointments }).into_response())
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

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutcomeBody {
    kept: bool,
}

fn conclude(body: &OutcomeBody, asked: &Asked) -> Result<Action, Problem> {
    let appointment = asked.named(AppointmentId::parse);
    Ok(Action::Appointment(AppointmentCommand::Conclude {
        appointment,
        kept: body.kept,
    }))
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

//! A scenario in words that a planner follows, and what looks implausible in it:
//! one file for each section of what `branchlab check` says.

mod appointments;
mod bank;
mod calendar;
mod customers;
mod incidents;
mod journeys;
mod region;
mod resources;
mod targets;
mod warnings;
mod words;

pub use warnings::warnings;

use crate::model::Scenario;

/// What was understood, for `branchlab check`.
pub fn explain(scenario: &Scenario) -> String {
    let mut text = String::new();
    calendar::explain(&mut text, scenario);
    customers::explain(&mut text, scenario);
    appointments::explain(&mut text, scenario);
    resources::explain(&mut text, scenario);
    journeys::explain(&mut text, scenario);
    incidents::explain(&mut text, scenario);
    region::explain(&mut text, scenario);
    bank::explain(&mut text, scenario);
    targets::explain(&mut text, scenario);
    text
}

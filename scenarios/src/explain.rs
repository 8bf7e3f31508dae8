//! A scenario in words that a planner follows, English beside Chinese, and what looks
//! implausible in it: one file for each section of what `branchlab check` says.

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

use crate::language::Lang;
use crate::model::Scenario;
use words::Page;

/// What was understood, for `branchlab check`.
pub fn explain(scenario: &Scenario, lang: Lang) -> String {
    let mut page = Page::new(lang);
    calendar::explain(&mut page, scenario);
    if !scenario.has_a_branch() {
        bank::explain(&mut page, scenario);
        targets::explain(&mut page, scenario);
        return page.text;
    }
    customers::explain(&mut page, scenario);
    appointments::explain(&mut page, scenario);
    resources::explain(&mut page, scenario);
    journeys::explain(&mut page, scenario);
    incidents::explain(&mut page, scenario);
    region::explain(&mut page, scenario);
    bank::explain(&mut page, scenario);
    targets::explain(&mut page, scenario);
    page.text
}

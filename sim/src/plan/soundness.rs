//! What a scenario that no reader has checked may get wrong.

use super::{changes, problem};
use crate::error::SimError;
use scenarios::model::Scenario;

pub(super) fn check_indices(scenario: &Scenario) -> Result<(), SimError> {
    let (resources, journeys, services) = (
        scenario.resources.len(),
        scenario.journeys.len(),
        scenario.services.len(),
    );
    if resources == 0 || journeys == 0 || services == 0 || scenario.segments.is_empty() {
        return Err(problem(
            "the scenario",
            "it needs a resource, a journey, a service and a segment",
        ));
    }
    if services > usize::from(u16::MAX) || scenario.segments.len() > usize::from(u16::MAX) {
        return Err(problem(
            "the scenario",
            "it has more than 65535 services or segments",
        ));
    }
    for journey in &scenario.journeys {
        let holds = journey
            .holds
            .iter()
            .chain(journey.every_step().flat_map(|step| &step.holds));
        let failures = journey
            .every_step()
            .filter_map(|step| step.failure.as_ref());
        if holds.into_iter().any(|hold| hold.resource >= resources)
            || failures.into_iter().any(|f| f.to >= journeys)
        {
            return Err(problem(
                &journey.name,
                "it names a resource or a journey that is not there",
            ));
        }
    }
    let recorded = scenario.arrivals.recorded.iter().flatten();
    if recorded
        .into_iter()
        .any(|it| it.segment >= scenario.segments.len())
    {
        return Err(problem(
            "the recorded log",
            "it names a segment that is not there",
        ));
    }
    for (number, incident) in scenario.incidents.iter().enumerate() {
        if let Some(fault) = changes::fault_of(incident, resources) {
            return Err(problem(&format!("incident {}", number + 1), fault));
        }
    }
    let chosen = scenario
        .segments
        .iter()
        .flat_map(|segment| &segment.services);
    let offered = scenario
        .services
        .iter()
        .flat_map(|service| &service.journeys);
    let unknown = chosen
        .into_iter()
        .any(|(service, journey, _)| *service >= services || *journey >= journeys)
        || offered.into_iter().any(|journey| *journey >= journeys);
    if unknown
        || scenario
            .segments
            .iter()
            .any(|segment| segment.services.is_empty())
    {
        return Err(problem(
            "the segments",
            "each needs services and journeys that are there",
        ));
    }
    Ok(())
}

//! Whether a run of a scenario will have the row that a gate asks for: a gate on
//! what does not exist is an error, never a pass.

use super::{Gate, GateError, Statistic};
use crate::figure::{Figure, FigureKind, Population};
use crate::model::{Mobile, Mode, Recording, Scenario};
use crate::names::nearest;
use crate::operation::{Channel, Operation};
use crate::time::SimTime;
use std::collections::BTreeSet;

/// Checks that figure, statistic and population of `gate` will be reported.
pub fn check_against(gate: &Gate, scenario: &Scenario) -> Result<(), GateError> {
    if gate.figure.kind() != FigureKind::Load && !scenario.has_a_branch() {
        return Err(GateError::NoSuchRow(format!(
            "`{}` is simulated, and there is no branch in the scenario",
            gate.figure
        )));
    }
    names_exist(gate, scenario)?;
    row_is_reported(gate, scenario)?;
    let mean_only = matches!(gate.figure, Figure::Errors | Figure::Throughput);
    if mean_only && !matches!(gate.statistic, Statistic::Mean | Statistic::Count) {
        return Err(GateError::NoSuchRow(format!(
            "`{}` is one number of the whole load; write `{} <= …`",
            gate.figure, gate.figure
        )));
    }
    Ok(())
}

/// The operations that a run of this scenario asks of the bank.
fn operations(scenario: &Scenario, kind: FigureKind) -> BTreeSet<Operation> {
    if let (FigureKind::Load, Some(recording)) = (kind, recording(scenario)) {
        return recording.kinds.clone();
    }
    let journeys = scenario.journeys.iter();
    let steps = journeys.flat_map(crate::model::Journey::every_step);
    let mut operations: BTreeSet<_> = steps.filter_map(|step| step.operation).collect();
    if let Some(mobile) = &scenario.mobile {
        operations.insert(Operation::LogIn);
        for (_, sessions) in mobile.apps() {
            operations.extend(sessions.asked().iter().map(|(operation, _)| *operation));
        }
    }
    operations
}

/// The recorded operations that are played, if they are.
fn recording(scenario: &Scenario) -> Option<&Recording> {
    scenario.load.as_ref()?.recording()
}

fn channels(scenario: &Scenario, kind: FigureKind) -> BTreeSet<Channel> {
    if let (FigureKind::Load, Some(recording)) = (kind, recording(scenario)) {
        return recording.channels.clone();
    }
    let journeys = &scenario.journeys;
    let mut channels: BTreeSet<_> = match kind {
        FigureKind::Load => journeys.iter().map(|journey| journey.channel).collect(),
        FigureKind::Mobile => BTreeSet::new(),
        // Whom a journey only serves after a failure stays in the first channel.
        _ => scenario
            .segments
            .iter()
            .flat_map(|segment| &segment.services)
            .map(|(_, journey, _)| journeys[*journey].channel)
            .collect(),
    };
    if kind == FigureKind::Load && scenario.mobile.is_some() {
        channels.insert(Channel::Mobile);
    }
    channels
}

/// The intervals that a kind of figure is told by: hours, of the mobile bank.
fn intervals(scenario: &Scenario, kind: FigureKind) -> Vec<String> {
    if kind == FigureKind::Mobile {
        return (0..=24)
            .map(|hour| SimTime::from_clock(hour, 0).clock())
            .collect();
    }
    scenario.intervals()
}

fn names_exist(gate: &Gate, scenario: &Scenario) -> Result<(), GateError> {
    let intervals = intervals(scenario, gate.figure.kind());
    let branches = match &scenario.region {
        Some(region) => region.names(),
        None => vec![scenario.branch.clone()],
    };
    for (dimension, name) in gate.population.dimensions() {
        let Some(name) = name else { continue };
        let known: Vec<&str> = match dimension {
            "branch" => branches.iter().map(String::as_str).collect(),
            "channel" => channels(scenario, gate.figure.kind())
                .into_iter()
                .map(Channel::name)
                .collect(),
            "service" if gate.figure.kind() == FigureKind::Mobile => {
                let apps = scenario.mobile.iter().flat_map(Mobile::apps);
                apps.map(|(app, _)| app.name()).collect()
            }
            "service" => names(&scenario.services, |service| &service.name),
            "segment" => names(&scenario.segments, |segment| &segment.name),
            "resource" => names(&scenario.resources, |resource| &resource.name),
            "operation" => operations(scenario, gate.figure.kind())
                .into_iter()
                .map(Operation::name)
                .collect(),
            _ => intervals.iter().map(String::as_str).collect(),
        };
        if !known.contains(&name) {
            let offset = gate.text.find(&format!("={name}")).map(|at| at + 1);
            let near = nearest(name, known.iter().copied());
            return Err(GateError::Unknown {
                what: format!("{dimension} of this scenario"),
                offset: offset.or_else(|| gate.text.find(name)).unwrap_or(0),
                name: name.to_owned(),
                nearest: near.or(known.first().copied()).map(str::to_owned),
            });
        }
    }
    Ok(())
}

fn names<T>(items: &[T], name: impl Fn(&T) -> &String) -> Vec<&str> {
    items.iter().map(|item| name(item).as_str()).collect()
}

fn row_is_reported(gate: &Gate, scenario: &Scenario) -> Result<(), GateError> {
    let figure = gate.figure;
    let refuse = |why: String| Err(GateError::NoSuchRow(why));
    if figure.kind() == FigureKind::Load && scenario.load.is_none() {
        return refuse(format!(
            "`{figure}` is measured under load, and the scenario has no [load]"
        ));
    }
    mobile_is_told(figure, scenario)?;
    let closes = scenario.region.as_ref().is_some_and(|it| it.closes());
    if matches!(figure, Figure::Lost | Figure::ToMobile) {
        if !closes {
            return refuse(format!("`{figure}` needs a closed branch in [region]"));
        }
        if !asked(&gate.population).is_empty() {
            return refuse(format!("`{figure}` is of the region as a whole"));
        }
    }
    if let (Some(region), Some(_)) = (&scenario.region, &gate.population.branch) {
        let by_branch = scenario
            .mobile
            .as_ref()
            .is_some_and(|it| !it.by_branch.is_empty());
        let log_ins = gate.population.operation.as_deref() == Some(Operation::LogIn.name());
        if figure == Figure::MobileRequests && by_branch && log_ins {
            return Ok(());
        }
        return of_one_branch(gate, region.len() <= region.told as usize);
    }
    if figure == Figure::Cost && !scenario.has_costs() {
        return refuse(
            "`cost` needs a `cost_per_hour` or `cost` of some resource, or `waiting_per_hour` in [cost]"
                .into(),
        );
    }
    if let Some(why) = scenario.lacks_cause_of(figure) {
        return refuse(why.into());
    }
    if figure == Figure::PromiseKept {
        let promised = |gate: &Gate| {
            matches!(gate.statistic, Statistic::ShareWithin(_))
                && matches!(gate.figure, Figure::Wait | Figure::TimeInBranch)
        };
        let mut gates = scenario.gates.iter();
        if !gates.any(|it| it.name == "promise" && promised(&it.gate)) {
            return refuse(
                "`promise_kept` needs a gate named `promise` on a share_within of wait or time_in_branch"
                    .into(),
            );
        }
        if !asked(&gate.population).is_empty() {
            return refuse(
                "`promise_kept` is of whole days and of the promise's population".into(),
            );
        }
    }
    if scenario.run.mode != Mode::Days && figure == Figure::Overtime {
        return refuse("a steady state has no overtime".into());
    }
    let asked: Vec<&str> = asked(&gate.population);
    if reported_by(figure, scenario).contains(&asked.as_slice()) {
        return Ok(());
    }
    if figure.kind() != FigureKind::Customers {
        return refuse(format!(
            "`{figure}` is not reported by {}",
            asked.join(" and ")
        ));
    }
    let mut crossings = scenario.report.crossings.iter();
    if crossings.any(|crossing| crossing.dimensions() == asked) {
        return Ok(());
    }
    refuse(format!(
        "`{figure}` by {} needs `populations = [\"{}\"]` in [report]",
        asked.join(" and "),
        asked.join(",")
    ))
}

/// By which dimensions a figure is told.
fn reported_by(figure: Figure, scenario: &Scenario) -> &'static [&'static [&'static str]] {
    match figure.kind() {
        FigureKind::Customers => &[
            &[],
            &["channel"],
            &["service"],
            &["segment"],
            &["interval"],
            &["channel", "interval"],
        ],
        FigureKind::Resources if figure == Figure::Cost => {
            match scenario.cost.waiting_per_hour {
                // What a customer's waiting costs is told of everything customers are told by.
                Some(_) => &[&[], &["resource"], &["channel"], &["service"], &["segment"]],
                None => &[&[], &["resource"]],
            }
        }
        FigureKind::Resources if figure == Figure::QueueLength => {
            &[&[], &["resource"], &["interval"]]
        }
        FigureKind::Resources => &[&[], &["resource"]],
        FigureKind::Mobile if figure == Figure::MobileRequests => {
            let several = scenario
                .mobile
                .as_ref()
                .is_some_and(|it| it.apps().count() > 1);
            if several {
                &[&[], &["operation"], &["interval"], &["service"]]
            } else {
                &[&[], &["operation"], &["interval"]]
            }
        }
        FigureKind::Mobile if matches!(figure, Figure::MobileRetries | Figure::MobileGivenUp) => {
            &[&[]]
        }
        FigureKind::Branch | FigureKind::Mobile => &[&[], &["interval"]],
        FigureKind::Load => &[&[], &["operation"], &["channel"]],
    }
}

/// Whether the scenario's mobile bank has this figure.
fn mobile_is_told(figure: Figure, scenario: &Scenario) -> Result<(), GateError> {
    let days = scenario.mobile.as_ref().map_or(0, |mobile| mobile.days);
    if figure.kind() == FigureKind::Mobile && days == 0 {
        return Err(GateError::NoSuchRow(format!(
            "`{figure}` needs [mobile] with `days = 1`: so many days of it are simulated"
        )));
    }
    let retries = scenario
        .mobile
        .as_ref()
        .is_some_and(|it| it.retry.is_some());
    if matches!(figure, Figure::MobileRetries | Figure::MobileGivenUp) && !retries {
        return Err(GateError::NoSuchRow(format!(
            "`{figure}` needs a `retry` of [mobile]"
        )));
    }
    Ok(())
}

/// Of one branch of a region.
fn of_one_branch(gate: &Gate, told: bool) -> Result<(), GateError> {
    let refuse = |why: String| Err(GateError::NoSuchRow(why));
    let figure = gate.figure;
    let reported = [
        Figure::Arrivals,
        Figure::Served,
        Figure::Abandoned,
        Figure::Wait,
        Figure::TimeInBranch,
        Figure::QueueLength,
        Figure::Occupancy,
    ];
    if !told {
        return refuse(
            "the region has more branches than it tells one by one; raise `told`".into(),
        );
    }
    if !reported.contains(&figure) || !asked(&gate.population).is_empty() {
        return refuse(format!(
            "of one branch of a region there are {}, without further dimensions",
            reported.map(Figure::name).join(", ")
        ));
    }
    if matches!(gate.statistic, Statistic::Quantile(_)) {
        return refuse("quantiles are of the region as a whole".into());
    }
    Ok(())
}

/// The dimensions that a population names; the branch is always the one there is.
fn asked(population: &Population) -> Vec<&'static str> {
    population
        .dimensions()
        .into_iter()
        .filter(|(dimension, name)| name.is_some() && *dimension != "branch")
        .map(|(dimension, _)| dimension)
        .collect()
}

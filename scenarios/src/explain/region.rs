//! The branches of a region, and who of their customers goes where.

use super::words::{line, rounded};
use crate::model::{Branches, ChoiceOfBranch, Region, Scenario};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    let Some(region) = scenario.region.as_deref() else {
        return;
    };
    line(text, "\nThe region");
    line(text, format!("  {}", branches(region)));
    line(text, format!("  {}", choice(region)));
    for resource in scenario.resources.iter().filter(|it| it.shared) {
        line(
            text,
            format!("  One pool for all branches: {}.", resource.name),
        );
    }
    if let Branches::Listed(branches) = &region.branches {
        for branch in branches {
            for (from, to) in &branch.closed {
                let (name, from, to) = (&branch.name, from.clock(), to.clock());
                line(text, format!("  {name} is closed from {from} to {to}."));
            }
        }
    }
    if region.closes() {
        let rules = &region.closed;
        line(
            text,
            format!(
                "  Of a closed branch's customers {} are lost; of the others {} go to the nearest, {} of the rest to the mobile bank, and those who remain where way and wait are shortest.",
                share(1.0 - rules.stay),
                share(rules.to_nearest),
                share(rules.to_mobile)
            ),
        );
    }
}

fn branches(region: &Region) -> String {
    let (count, kinds) = (region.len(), region.kinds.len());
    match &region.branches {
        Branches::Listed(_) => format!("{count} branches of {kinds} kinds, as listed."),
        Branches::Drawn {
            per_day, grid_km, ..
        } => format!(
            "{count} branches drawn on a square of {} km, with {} to {} customers a day, {} on average before these bounds.",
            rounded(*grid_km),
            rounded(per_day.low),
            rounded(per_day.high),
            rounded(per_day.mean)
        ),
    }
}

fn choice(region: &Region) -> String {
    let travel = &region.travel;
    let looked = format!(
        "of the {} nearest to their own, at {} km/h on the straight line",
        travel.considers,
        rounded(travel.speed_kmh)
    );
    match region.choice {
        ChoiceOfBranch::Own => "Customers go to their own branch.".to_owned(),
        ChoiceOfBranch::Nearest => format!("Customers go to the nearest branch {looked}."),
        ChoiceOfBranch::LeastBusy => {
            format!("Customers go where the way and the wait that they see are shortest, {looked}.")
        }
    }
}

fn share(share: f64) -> String {
    format!("{}%", rounded(share * 100.0))
}

//! The days of the mobile bank beside those of the branches.

use super::Options;
use crate::error::SimError;
use crate::mobile::{self, MobileDay, Traffic};
use crate::statistics::table::quantiles;
use scenarios::figure::FigureRow;
use scenarios::model::{Mobile, Scenario};

/// The figures of the mobile bank's traffic on the first days, and the first of
/// them second by second; none if interrupted.
type MobileFigures = Option<(Vec<FigureRow>, Option<MobileDay>)>;

pub fn mobile_days(
    scenario: &Scenario,
    options: &Options,
    replications: u32,
) -> Result<MobileFigures, SimError> {
    let Some(mobile) = scenario.mobile.as_ref().filter(|mobile| mobile.days > 0) else {
        return Ok(Some((Vec::new(), None)));
    };
    let apps = Traffic::of(scenario, options.seed)?;
    let stop = options.stop.as_deref();
    let day = |replication: u32| {
        let counts = apps.iter();
        let mut counts = counts.map(|app| app.count(replication, options.threads, stop));
        let first = counts.next()??;
        counts.try_fold(first, |all, next| Some(all.join(&next?)))
    };
    let days: Option<Vec<_>> = (0..mobile.days.min(replications)).map(day).collect();
    Ok(days.map(|days| {
        let quantiles = quantiles(scenario);
        let operations = apps.iter().flat_map(|traffic| {
            let operations = traffic.operations().iter();
            operations.map(|operation| (traffic.app, *operation))
        });
        let told = mobile::Told {
            operations: operations.collect(),
            branches: branches_of_users(scenario, mobile),
            retries: mobile.retry.is_some(),
        };
        let rows = mobile::rows(&days, &told, &quantiles);
        (rows, days.first().map(MobileDay::of))
    }))
}

/// The branches whose active users are told one by one.
fn branches_of_users(scenario: &Scenario, mobile: &Mobile) -> Vec<String> {
    let region = scenario.region.as_ref();
    let told = region.filter(|it| !mobile.by_branch.is_empty() && it.len() <= it.told as usize);
    told.map_or_else(Vec::new, |region| region.names())
}

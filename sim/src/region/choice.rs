//! Which branch a customer goes to.

use super::outlets::RegionPlan;
use crate::engine::Engine;
use crate::keyed::{Key, Purpose};
use crate::normal;
use scenarios::model::ChoiceOfBranch;

const SECONDS_PER_HOUR: f64 = 3600.0;

/// Where a customer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To this branch.
    To(usize),
    /// To the mobile bank, because its branch is closed.
    Mobile,
    /// To nobody.
    Lost,
}

/// The branches that customers of each branch look at: those nearest to it, it first.
#[derive(Debug)]
pub struct Neighbours(Vec<Vec<u32>>);

impl Neighbours {
    pub fn of(plan: &RegionPlan<'_>) -> Self {
        let considers = plan.region.travel.considers as usize;
        let outlets = &plan.outlets;
        let near = |home: usize| {
            let from = &outlets[home];
            let mut all: Vec<(f64, u32)> = outlets
                .iter()
                .zip(0_u32..)
                .map(|(to, number)| {
                    let own = number as usize == home;
                    let (x, y) = (to.x_km - from.x_km, to.y_km - from.y_km);
                    (if own { -1.0 } else { x * x + y * y }, number)
                })
                .collect();
            let least = considers.min(all.len());
            let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            if least < all.len() {
                all.select_nth_unstable_by(least, order);
                all.truncate(least);
            }
            all.sort_unstable_by(order);
            all.into_iter().map(|(_, number)| number).collect()
        };
        Self((0..outlets.len()).map(near).collect())
    }

    /// Where a customer of this branch goes, who would come at this time.
    pub fn choose(
        &self,
        plan: &RegionPlan<'_>,
        engines: &[Engine<'_>],
        home: usize,
        time: u64,
        key: Key,
    ) -> Way {
        let is_open = |outlet: usize| {
            let mut closed = plan.outlets[outlet].closed.iter();
            !closed.any(|(from, to)| (*from..*to).contains(&time))
        };
        let choice = if is_open(home) {
            plan.region.choice
        } else {
            let rules = &plan.region.closed;
            if key.uniform(Purpose::Stays) >= rules.stay {
                return Way::Lost;
            }
            if key.uniform(Purpose::ToNearest) < rules.to_nearest {
                ChoiceOfBranch::Nearest
            } else if key.uniform(Purpose::ToMobile) < rules.to_mobile {
                return Way::Mobile;
            } else {
                ChoiceOfBranch::LeastBusy
            }
        };
        if choice == ChoiceOfBranch::Own {
            return Way::To(home);
        }
        let travel = &plan.region.travel;
        let from = &plan.outlets[home];
        let offset = |axis: u8| {
            if travel.scatter_km > 0.0 {
                travel.scatter_km * normal::quantile(key.uniform(Purpose::Scatter { axis }))
            } else {
                0.0
            }
        };
        let (x, y) = (from.x_km + offset(0), from.y_km + offset(1));
        let mut best: Option<(f64, usize)> = None;
        for outlet in self.0[home].iter().map(|it| *it as usize) {
            if !is_open(outlet) {
                continue;
            }
            let to = &plan.outlets[outlet];
            let distance = ((to.x_km - x).powi(2) + (to.y_km - y).powi(2)).sqrt();
            let mut seconds = distance / travel.speed_kmh * SECONDS_PER_HOUR;
            if choice == ChoiceOfBranch::LeastBusy {
                seconds += engines[outlet].wait_seen(key);
            }
            if best.is_none_or(|(least, _)| seconds < least) {
                best = Some((seconds, outlet));
            }
        }
        best.map_or(Way::Lost, |(_, outlet)| Way::To(outlet))
    }
}

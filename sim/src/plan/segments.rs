//! Segments made ready: shares cumulated, laws ready to be drawn from.

use super::sampler;
use crate::error::SimError;
use crate::law::Sampler;
use scenarios::model::{AbandonedCounts, Balking, ChannelChoice, PromotedWhen, Scenario};

#[derive(Debug)]
pub struct PlannedSegment {
    /// Share of all customers in this segment or an earlier one.
    pub cumulative: f64,
    /// `(cumulative share, service, journey)`.
    pub services: Vec<(f64, u16, u32)>,
    pub patience: Option<Sampler>,
    /// Sorts before lower priorities as an unsigned number.
    pub rank: u32,
    pub waiting_credit: u64,
    pub waiting_weight: f64,
    pub no_show: f64,
    /// The rank they get while they wait, and when.
    pub promotion: Option<(u32, PromotedWhen)>,
    pub balking: Option<Balking>,
    pub retry: Option<(f64, Sampler)>,
    /// Whether they try it on the phone instead of coming again.
    pub to_mobile: bool,
    /// Whether they go where fewer wait for each server.
    pub chooses_shorter: bool,
    pub abandoned: AbandonedCounts,
}

pub(super) fn plan_segments(scenario: &Scenario) -> Result<Vec<PlannedSegment>, SimError> {
    let mut sum = 0.0;
    scenario
        .segments
        .iter()
        .map(|segment| {
            sum += segment.share;
            let mut services_sum = 0.0;
            let services = segment
                .services
                .iter()
                .map(|&(service, journey, share)| {
                    services_sum += share;
                    (services_sum, service as u16, journey as u32)
                })
                .collect();
            Ok(PlannedSegment {
                cumulative: sum,
                services,
                patience: segment
                    .patience
                    .as_ref()
                    .map(|law| sampler(&segment.name, law))
                    .transpose()?,
                waiting_credit: segment.conduct.waiting_credit.0,
                waiting_weight: segment.conduct.waiting_weight.unwrap_or(1.0),
                no_show: segment.conduct.no_show,
                promotion: segment
                    .conduct
                    .promotion
                    .map(|it| (rank(it.priority), it.when)),
                to_mobile: segment.goes_mobile(),
                chooses_shorter: segment.conduct.channel_choice == ChannelChoice::Shorter,
                abandoned: segment
                    .conduct
                    .abandoned
                    .unwrap_or(scenario.report.abandoned),
                balking: segment.conduct.balking.clone(),
                retry: segment
                    .conduct
                    .retry
                    .as_ref()
                    .map(|retry| Ok((retry.probability, sampler(&segment.name, &retry.after)?)))
                    .transpose()?,
                rank: rank(segment.priority),
            })
        })
        .collect()
}

/// Where a priority stands: higher ones first, as an unsigned number.
pub(super) fn rank(priority: i32) -> u32 {
    !(i64::from(priority) - i64::from(i32::MIN)) as u32
}

//! Traffic of the mobile bank, and campaigns that make more of it.

use super::Law;
use crate::operation::Operation;
use crate::time::{SimTime, Span};
use serde::Serialize;

/// Log-ins are given for a month of so many days.
pub const DAYS_OF_A_MONTH: f64 = 30.0;

/// Traffic of the mobile bank beside the branch.
#[derive(Debug, Clone, Serialize)]
pub struct Mobile {
    /// Customers who use it at least once a month.
    pub monthly_actives: u64,
    /// Log-ins of an active in a month of 30 days.
    pub log_ins_per_month: f64,
    /// Weight of each hour of the day, 0 to 23; sum above 0.
    pub hourly_weights: [f64; 24],
    /// Requests of a session, its log-in among them; at least 1.
    pub requests_per_session: u32,
    /// Pause between an answer and the next request.
    pub think: Law,
    /// `(operation, weight)` of the requests after the log-in, as written; the
    /// operations that the bank does not offer yet are in `mix_left_out`.
    pub mix: Vec<(Operation, f64)>,
    /// Operations of the written mix left out, with their weights, because the
    /// bank does not offer them yet; the rest is renormalised and marked so.
    pub mix_left_out: Vec<(Operation, f64)>,
    /// So many days of it are simulated for its own figures; at most as many as
    /// there are replications.
    pub days: u32,
}

impl Mobile {
    /// Sessions expected on a day without campaigns.
    pub fn sessions_per_day(&self) -> f64 {
        self.monthly_actives as f64 * self.log_ins_per_month / DAYS_OF_A_MONTH
    }
}

/// A spike: at a moment so many times as many come as otherwise, and the excess dies away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Campaign {
    /// When it begins.
    pub at: SimTime,
    /// In its first minute so many times as many come as would otherwise; at least 1.
    pub factor: f64,
    /// After the first minute the excess halves in this time; above 0.
    pub half_life: Span,
    /// Whether it brings sessions of the mobile bank.
    pub mobile: bool,
    /// Whether it brings customers into the branch.
    pub branch: bool,
    /// Prizes of the lottery that sign-ins draw from; none if the campaign has no lottery.
    pub prizes: Option<u32>,
    /// Vouchers of 100 yuan that an enterprise issues to employees at its moment.
    pub welfare_vouchers: u32,
}

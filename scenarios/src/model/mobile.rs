//! Traffic of the mobile bank, and campaigns that make more of it.

use super::Law;
use crate::operation::{Channel, Operation};
use crate::time::{SimTime, Span};
use serde::Serialize;

/// Log-ins are given for a month of so many days.
pub const DAYS_OF_A_MONTH: f64 = 30.0;

/// Traffic of the mobile bank beside the branch.
#[derive(Debug, Clone, Serialize)]
pub struct Mobile {
    /// The mobile bank's own sessions.
    pub bank: Sessions,
    /// Sessions of the mall.
    pub mall: Option<Sessions>,
    /// Sessions of the messenger.
    pub messenger: Option<Sessions>,
    /// What users do whose request gets no answer during an incident of the bank;
    /// none where incidents do not touch the mobile bank.
    pub retry: Option<MobileRetry>,
    /// Active users of each branch of a region, in its order; none where they are
    /// not told by branch. Their sum is that of the mobile bank.
    pub by_branch: Vec<u64>,
    /// So many days of it are simulated for its own figures; at most as many as
    /// there are replications.
    pub days: u32,
}

/// Which application of the phone a session is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum App {
    /// The mobile bank.
    Bank,
    /// The mall.
    Mall,
    /// The messenger.
    Messenger,
}

impl App {
    /// As figures name it, under `service`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Mall => "mall",
            Self::Messenger => "messenger",
        }
    }

    /// Through which channel its requests reach the bank.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Bank | Self::Mall => Channel::Mobile,
            Self::Messenger => Channel::Messenger,
        }
    }
}

/// Sessions of one application.
#[derive(Debug, Clone, Serialize)]
pub struct Sessions {
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
    /// bank does not offer them yet; the rest is renormalised and marked so. Where
    /// nothing is left they are simulated all the same, and not played.
    pub mix_left_out: Vec<(Operation, f64)>,
}

/// What users do whose request gets no answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MobileRetry {
    /// How long until they ask again.
    pub after: Law,
    /// So often they ask again before they give up.
    pub tries: u32,
}

impl Sessions {
    /// Sessions expected on a day without campaigns.
    pub fn sessions_per_day(&self) -> f64 {
        self.monthly_actives as f64 * self.log_ins_per_month / DAYS_OF_A_MONTH
    }

    /// Whether anything of it beside the log-in can be played on the bank.
    pub fn is_played(&self) -> bool {
        self.mix.iter().any(|(_, weight)| *weight > 0.0)
    }

    /// What is asked for after the log-in, with weights.
    pub fn asked(&self) -> &[(Operation, f64)] {
        if self.is_played() {
            &self.mix
        } else {
            &self.mix_left_out
        }
    }
}

impl Mobile {
    /// Its applications and their sessions; the mobile bank first.
    pub fn apps(&self) -> impl Iterator<Item = (App, &Sessions)> {
        let others = [(App::Mall, &self.mall), (App::Messenger, &self.messenger)];
        let others = others
            .into_iter()
            .filter_map(|(app, sessions)| Some((app, sessions.as_ref()?)));
        std::iter::once((App::Bank, &self.bank)).chain(others)
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

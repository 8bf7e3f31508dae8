//! Sessions of the mobile bank, the mall and the messenger, as the load generator
//! plays them: as far as the bank offers what they ask for.

use super::money::VOUCHER_FEN;
use super::{Session, SessionStep};
use crate::arrivals::Reached;
use crate::keyed::Key;
use crate::mobile::Traffic;
use scenarios::model::Scenario;
use scenarios::operation::{Channel, Operation};
use std::collections::VecDeque;

/// The stream of the enterprises that issue vouchers.
const ENTERPRISES: u64 = u64::MAX - 1;

/// The branch name of traffic of no branch.
pub const BRANCH: &str = "mobile";

/// Starts of sessions that are drawn at once.
const DRAWN_AT_ONCE: usize = 16;

/// The sessions of a cell of an application's traffic that start in a window, drawn as they are
/// asked for.
pub struct MobileStarts {
    reached: Reached,
    /// Until when.
    to: u64,
    drawn: VecDeque<(u64, Key)>,
}

impl MobileStarts {
    /// Those that start in `[from, to)`.
    pub fn new(traffic: &Traffic, replication: u32, cell: usize, (from, to): (u64, u64)) -> Self {
        let mut starts = traffic.starts(replication, cell);
        let first = starts.find(|(at, _)| *at >= from);
        Self {
            reached: starts.into_reached(),
            to,
            drawn: first.into_iter().collect(),
        }
    }

    /// When the next one starts.
    pub fn peek(&mut self, traffic: &Traffic) -> Option<u64> {
        if self.drawn.is_empty() {
            let mut starts = traffic.later_starts(&self.reached);
            self.drawn.extend(starts.by_ref().take(DRAWN_AT_ONCE));
            self.reached = starts.into_reached();
        }
        let (start, _) = self.drawn.front()?;
        (*start < self.to).then_some(*start)
    }

    /// The next one.
    pub fn take(&mut self, traffic: &Traffic) -> Option<Session> {
        self.peek(traffic)?;
        let (start, key) = self.drawn.pop_front()?;
        Some(session(traffic, start, key))
    }
}

fn session(traffic: &Traffic, start: u64, key: Key) -> Session {
    let channel = traffic.app.channel();
    let mut at = start;
    let steps = (0_u32..).map_while(|place| {
        at += traffic.pause(key, place)?;
        Some(SessionStep {
            at,
            channel,
            operation: traffic.operations()[traffic.operation(key, place)],
            amount_fen: None,
        })
    });
    Session {
        key,
        branch: BRANCH.to_owned(),
        customer: traffic.customer(key),
        steps: steps.collect(),
    }
}

/// The issues of vouchers in `[from, to)`, in order of time.
pub fn enterprises(
    scenario: &Scenario,
    seed: u64,
    replication: u32,
    (from, to): (u64, u64),
) -> Vec<Session> {
    let enterprises = Key::of_stream(seed, replication, ENTERPRISES);
    let campaigns = (0_u64..).zip(&scenario.campaigns);
    let issues = campaigns.filter(|(_, campaign)| {
        campaign.welfare_vouchers > 0 && (from..to).contains(&campaign.at.0)
    });
    let sessions = issues.map(|(number, campaign)| Session {
        key: enterprises.nth(number),
        branch: BRANCH.to_owned(),
        customer: format!("enterprise-{}", number + 1),
        steps: vec![SessionStep {
            at: campaign.at.0,
            channel: Channel::Counter,
            operation: Operation::WelfareIssue,
            amount_fen: Some(i64::from(campaign.welfare_vouchers) * VOUCHER_FEN),
        }],
    });
    let mut sessions: Vec<Session> = sessions.collect();
    sessions.sort_by_key(Session::start);
    sessions
}

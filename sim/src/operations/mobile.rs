//! Sessions of the mobile bank, the mall and the messenger, as the load generator
//! plays them: as far as the bank offers what they ask for.

use super::money::VOUCHER_FEN;
use super::{Session, SessionStep};
use crate::SimError;
use crate::keyed::Key;
use crate::mobile::Traffic;
use scenarios::model::{App, Scenario};
use scenarios::operation::{Channel, Operation};

/// The stream of the enterprises that issue vouchers.
const ENTERPRISES: u64 = u64::MAX - 1;

/// The branch name of traffic of no branch.
pub const BRANCH: &str = "mobile";

/// The sessions of one day that start in `[from, to)`.
pub fn sessions(
    scenario: &Scenario,
    seed: u64,
    replication: u32,
    from: u64,
    to: u64,
) -> Result<Vec<Session>, SimError> {
    let mut sessions = Vec::new();
    for traffic in Traffic::of(scenario, seed)? {
        if traffic.app == App::Bank || traffic.is_played {
            of_app(&traffic, replication, (from, to), &mut sessions);
        }
    }
    let enterprises = Key::of_stream(seed, replication, ENTERPRISES);
    for (number, campaign) in (0_u64..).zip(&scenario.campaigns) {
        let at = campaign.at.0;
        if campaign.welfare_vouchers > 0 && (from..to).contains(&at) {
            sessions.push(Session {
                key: enterprises.nth(number),
                branch: BRANCH.to_owned(),
                customer: format!("enterprise-{}", number + 1),
                steps: vec![SessionStep {
                    at,
                    channel: Channel::Counter,
                    operation: Operation::WelfareIssue,
                    amount_fen: Some(i64::from(campaign.welfare_vouchers) * VOUCHER_FEN),
                }],
            });
        }
    }
    Ok(sessions)
}

fn of_app(traffic: &Traffic, replication: u32, (from, to): (u64, u64), all: &mut Vec<Session>) {
    let channel = traffic.app.channel();
    for cell in 0..traffic.cells() {
        let starts = traffic
            .starts(replication, cell)
            .skip_while(|(at, _)| *at < from)
            .take_while(|(at, _)| *at < to);
        all.extend(starts.map(|(start, key)| {
            let mut at = start;
            let places = (0_u32..).map_while(|place| {
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
                steps: places.collect(),
            }
        }));
    }
}

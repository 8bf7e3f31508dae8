//! What must hold of the bank's products whatever was asked of them, read from its books: one sign-in
//! a day, no prize and no voucher beyond the stock, no voucher spent twice, one alert for each event
//! of a subscriber.

use crate::audit::{Announced, Inbox, Record};
use std::collections::{BTreeMap, HashMap};

/// Who is told of what: a customer and a record.
type Told = (String, u64);

/// A promise that a record breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In words.
    pub what: String,
    /// The records that show it, this one last.
    pub records: Vec<u64>,
}

/// The books as far as products go.
#[derive(Debug, Default)]
pub struct Promises {
    /// Who signed in on which day, and the record that says so.
    signed_in: HashMap<(String, String), u64>,
    won: BTreeMap<(String, String), u64>,
    batches: BTreeMap<String, (u64, u64)>,
    /// Vouchers that were spent, and the record that says so.
    spent: HashMap<String, u64>,
    owners: HashMap<String, String>,
    subscribers: HashMap<String, u64>,
    /// How often each has to be told: of a log-in, or of each account that changed.
    due: BTreeMap<Told, u64>,
    vouchers: u64,
}

impl Promises {
    /// Takes an applied record: what it breaks, in words.
    pub fn record(&mut self, record: &Record) -> Vec<Broken> {
        let mut broken = Vec::new();
        let mut breaks = |what: String, earlier: Option<u64>| {
            let records = earlier.into_iter().chain([record.seq]).collect();
            broken.push(Broken { what, records });
        };
        let customer = record.customer.as_deref().unwrap_or_default();
        match record.operation.as_str() {
            "open_card" => {
                if let Some(account) = &record.account {
                    self.owners.insert(account.clone(), customer.to_owned());
                }
            }
            "alert_setting" => {
                // Whoever sets them anew has subscribed before.
                self.subscribers
                    .entry(customer.to_owned())
                    .or_insert(record.seq);
            }
            "check_in" => {
                let day = record.at.get(..10).unwrap_or_default().to_owned();
                let place = (customer.to_owned(), day.clone());
                if let Some(earlier) = self.signed_in.insert(place, record.seq) {
                    breaks(
                        format!("{customer} signed in twice on {day}"),
                        Some(earlier),
                    );
                }
            }
            "welfare_purchase" => {
                let batch = record.batch.clone().unwrap_or_default();
                self.batches.entry(batch).or_default().0 += record.vouchers.unwrap_or(0);
            }
            "welfare_issue" => {
                let batch = record.batch.clone().unwrap_or_default();
                let issued = record.vouchers.unwrap_or(0);
                self.vouchers += issued;
                let (bought, so_far) = self.batches.entry(batch.clone()).or_default();
                *so_far += issued;
                if so_far > bought {
                    let what =
                        format!("batch {batch} has {so_far} vouchers issued of {bought} bought");
                    breaks(what, None);
                }
            }
            _ => {}
        }
        if let (Some(campaign), Some(award)) = (&record.campaign, &record.award) {
            let won = self
                .won
                .entry((campaign.clone(), award.clone()))
                .or_default();
            *won += 1;
        }
        if let Some(voucher) = &record.voucher
            && let Some(earlier) = self.spent.insert(voucher.clone(), record.seq)
        {
            breaks(format!("voucher {voucher} is spent twice"), Some(earlier));
        }
        self.tell(record, customer);
        broken
    }

    /// Notes whom a record must be told to.
    fn tell(&mut self, record: &Record, customer: &str) {
        let owners = record
            .postings
            .iter()
            .filter_map(|posting| self.owners.get(&posting.account));
        let mut whom: Vec<&str> = owners.map(String::as_str).collect();
        if matches!(record.operation.as_str(), "log_in" | "terminal_log_in") {
            whom.push(customer);
        }
        for customer in whom {
            let since = self.subscribers.get(customer);
            if since.is_some_and(|since| *since < record.seq) {
                let due = self.due.entry((customer.to_owned(), record.seq));
                *due.or_default() += 1;
            }
        }
    }

    /// Whether the campaigns have to be looked at.
    pub fn has_awards(&self) -> bool {
        !self.won.is_empty()
    }

    /// Whether the inboxes have to be looked at.
    pub fn has_alerts(&self) -> bool {
        !self.subscribers.is_empty() || self.vouchers > 0
    }

    /// Compares with what the campaigns say is left.
    pub fn compare_awards(&self, announced: &[Announced]) -> Vec<String> {
        let mut broken = Vec::new();
        for campaign in announced {
            for prize in &campaign.prizes {
                let place = (campaign.id.clone(), prize.name.clone());
                let won = self.won.get(&place).copied().unwrap_or(0);
                if won > prize.stock || prize.stock - won != prize.left {
                    broken.push(format!(
                        "of {} of {} there were {}, {won} were won, and {} are said to be left",
                        prize.name, campaign.id, prize.stock, prize.left
                    ));
                }
            }
        }
        broken
    }

    /// Compares with what is in the inboxes.
    pub fn compare_alerts(&self, inbox: &[Inbox]) -> Vec<String> {
        let mut told: BTreeMap<Told, u64> = BTreeMap::new();
        let mut vouchers = 0;
        for alert in inbox {
            match alert.kind.as_str() {
                "balance_change" | "log_in" => {
                    *told.entry((alert.customer.clone(), alert.seq)).or_default() += 1;
                }
                "voucher" => vouchers += 1,
                _ => {}
            }
        }
        let mut broken = Vec::new();
        for ((customer, seq), due) in &self.due {
            match told.get(&(customer.clone(), *seq)) {
                Some(times) if times == due => {}
                Some(times) => {
                    broken.push(format!(
                        "{customer} was told of record {seq} {times} times in place of {due}"
                    ));
                }
                None => broken.push(format!("{customer} was not told of record {seq}")),
            }
        }
        for (customer, seq) in told.keys() {
            if !self.due.contains_key(&(customer.clone(), *seq)) {
                broken.push(format!("{customer} was told of record {seq} for nothing"));
            }
        }
        if vouchers != self.vouchers {
            broken.push(format!(
                "{} vouchers were issued, and {vouchers} of them told to somebody",
                self.vouchers
            ));
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::PrizeLeft;
    use serde_json::json;

    fn record(seq: u64, operation: &str, more: &serde_json::Value) -> Record {
        let mut whole = json!({"seq": seq, "at": "2026-06-09T20:00:00+08:00", "operation": operation,
            "key": null, "outcome": "applied", "account": null, "to": null, "amount": null,
            "customer": "C1"});
        let members = more.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(members);
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_second_sign_in_of_a_day_shows() {
        let mut promises = Promises::default();
        let nothing = json!({});
        assert!(promises.record(&record(1, "check_in", &nothing)).is_empty());
        let other = json!({"customer": "C2"});
        assert!(promises.record(&record(2, "check_in", &other)).is_empty());
        let tomorrow = json!({"at": "2026-06-10T00:00:00+08:00"});
        assert!(
            promises
                .record(&record(3, "check_in", &tomorrow))
                .is_empty()
        );
        assert_eq!(promises.record(&record(4, "check_in", &nothing)).len(), 1);
    }

    #[test]
    fn a_prize_too_many_and_one_that_is_not_counted_show() {
        let mut promises = Promises::default();
        let won = json!({"campaign": "P1", "award": "tea"});
        promises.record(&record(1, "check_in", &won));
        promises.record(&record(
            2,
            "check_in",
            &json!({"customer": "C2", "campaign": "P1", "award": "tea"}),
        ));
        let left = |stock, left| {
            let prize = PrizeLeft {
                name: "tea".into(),
                stock,
                left,
            };
            vec![Announced {
                id: "P1".into(),
                prizes: vec![prize],
            }]
        };
        assert!(promises.compare_awards(&left(5, 3)).is_empty());
        assert_eq!(promises.compare_awards(&left(5, 4)).len(), 1);
        assert_eq!(promises.compare_awards(&left(1, 0)).len(), 1);
    }

    #[test]
    fn vouchers_beyond_the_batch_and_those_spent_twice_show() {
        let mut promises = Promises::default();
        let batch = |vouchers: u64| json!({"batch": "W1", "vouchers": vouchers});
        promises.record(&record(1, "welfare_purchase", &batch(60)));
        assert!(
            promises
                .record(&record(2, "welfare_issue", &batch(50)))
                .is_empty()
        );
        assert!(
            promises
                .record(&record(3, "welfare_issue", &batch(10)))
                .is_empty()
        );
        assert_eq!(
            promises
                .record(&record(4, "welfare_issue", &batch(1)))
                .len(),
            1
        );
        let spent = json!({"voucher": "V1"});
        assert!(
            promises
                .record(&record(5, "welfare_redemption", &spent))
                .is_empty()
        );
        assert_eq!(
            promises
                .record(&record(6, "welfare_redemption", &spent))
                .len(),
            1
        );
    }

    #[test]
    fn an_alert_that_is_missing_doubled_or_for_nothing_shows() {
        let mut promises = Promises::default();
        promises.record(&record(1, "open_card", &json!({"account": "6200"})));
        let deposit =
            json!({"customer": null, "postings": [{"account": "6200", "amount": "1.00"}]});
        // Nobody is told of what came before the subscription.
        promises.record(&record(2, "deposit", &deposit));
        promises.record(&record(3, "alert_setting", &json!({})));
        promises.record(&record(4, "deposit", &deposit));
        promises.record(&record(5, "log_in", &json!({})));
        promises.record(&record(6, "log_in", &json!({"customer": "C2"})));
        let alert = |seq, kind: &str| Inbox {
            customer: "C1".into(),
            seq,
            kind: kind.into(),
        };
        let right = [
            alert(4, "balance_change"),
            alert(5, "log_in"),
            alert(9, "parcel"),
        ];
        assert!(promises.compare_alerts(&right).is_empty());
        assert_eq!(promises.compare_alerts(&right[..1]).len(), 1);
        let doubled = [right.as_slice(), &[alert(4, "balance_change")]].concat();
        assert_eq!(promises.compare_alerts(&doubled).len(), 1);
        let early = [right.as_slice(), &[alert(2, "balance_change")]].concat();
        assert_eq!(promises.compare_alerts(&early).len(), 1);
        let voucher = [right.as_slice(), &[alert(7, "voucher")]].concat();
        assert_eq!(promises.compare_alerts(&voucher).len(), 1);
        // Two accounts of one customer change: each is told of.
        promises.record(&record(10, "open_card", &json!({"account": "6201"})));
        let between = json!({"customer": null, "postings": [
            {"account": "6200", "amount": "-1.00"}, {"account": "6201", "amount": "1.00"}]});
        promises.record(&record(11, "transfer_own_bank", &between));
        let once = [right.as_slice(), &[alert(11, "balance_change")]].concat();
        assert_eq!(promises.compare_alerts(&once).len(), 1);
        let twice = [once.as_slice(), &[alert(11, "balance_change")]].concat();
        assert!(promises.compare_alerts(&twice).is_empty());
    }
}

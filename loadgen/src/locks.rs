//! Whether cards were ever used against their holders' locks, or refused by a lock that was not set:
//! read from the bank's books in their order and from the published hours and places, never from the
//! bank's own decisions. The records bear the time of Shanghai.

use crate::audit::Record;
use crate::money::{self, yuan};
use crate::promises::Broken;
use serde::Deserialize;
use std::collections::HashMap;

/// Where machines of this bank stand that do not say it.
const HOME: &str = "371500";

/// The locks of a card as its record sets them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SetLocks {
    overseas: bool,
    places: Option<Vec<String>>,
    night: bool,
    pos_daily: Option<String>,
    overseas_card_not_present: bool,
}

/// Bought at points of sale on the last day, and by which records.
#[derive(Debug, Default)]
struct Bought {
    day: String,
    today: i128,
    records: Vec<u64>,
}

/// What a card may be used for.
#[derive(Debug, Default)]
struct Card {
    locks: SetLocks,
    /// The record that set them.
    set: Option<u64>,
    bought: Bought,
}

/// How a card was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Machine,
    PointOfSale,
    Number,
}

/// The cards so far.
#[derive(Debug, Default)]
pub struct Locks {
    cards: HashMap<String, Card>,
    of_account: HashMap<String, String>,
}

impl Locks {
    /// Takes an applied record: the lock that it goes against, in words.
    pub fn applied(&mut self, record: &Record) -> Option<Broken> {
        if let (Some(card), Some(account)) = (&record.card, &record.account)
            && record.operation == "open_card"
        {
            self.of_account.insert(account.clone(), card.clone());
        }
        if let (Some(card), Some(locks)) = (&record.card, &record.locks) {
            let card = self.cards.entry(card.clone()).or_default();
            (card.locks, card.set) = (locks.clone(), Some(record.seq));
        }
        let (name, entry) = self.used(record)?;
        let amount = record.amount.as_deref().and_then(money::fen)?;
        let card = self.cards.entry(name.clone()).or_default();
        let stop = card.stop(entry, record, amount);
        if entry == Entry::PointOfSale {
            card.bought.add(record, amount);
        }
        let code = stop?;
        let mut records: Vec<u64> = card.set.into_iter().collect();
        if code == "lock_pos_limit" {
            records.extend(&card.bought.records);
        } else {
            records.push(record.seq);
        }
        let place = record.place.as_deref().unwrap_or(HOME);
        let what = format!(
            "card {name} was used against its lock ({code}): {} of {} in {place} at {}",
            record.operation,
            yuan(amount),
            record.at
        );
        Some(Broken { what, records })
    }

    /// Takes a refused record: why its reason does not hold, in words.
    pub fn refused(&self, record: &Record) -> Option<Broken> {
        let code = record
            .code
            .as_deref()
            .filter(|code| code.starts_with("lock_"))?;
        let (name, entry) = self.used(record)?;
        let amount = record.amount.as_deref().and_then(money::fen)?;
        let open = Card::default();
        let card = self.cards.get(&name).unwrap_or(&open);
        let stop = card.stop(entry, record, amount);
        if stop == Some(code) {
            return None;
        }
        let told = stop.map_or("no lock stands against it".to_owned(), |right| {
            format!("it should be {right}")
        });
        let what = format!(
            "{} of {} with card {name} at {} was refused as {code}; {told}",
            record.operation,
            yuan(amount),
            record.at
        );
        let records = card.set.into_iter().chain([record.seq]).collect();
        Some(Broken { what, records })
    }

    /// The card that a record uses where a lock may stand in the way, and how.
    fn used(&self, record: &Record) -> Option<(String, Entry)> {
        let entry = match record.operation.as_str() {
            // A teller knows the customer: locks guard machines.
            "withdrawal" if record.channel == "atm" => Entry::Machine,
            "card_withdrawal" => Entry::Machine,
            "pos_purchase" => Entry::PointOfSale,
            "card_not_present_purchase" => Entry::Number,
            _ => return None,
        };
        let of_account = || self.of_account.get(record.account.as_ref()?);
        let card = record.card.as_ref().or_else(of_account)?;
        Some((card.clone(), entry))
    }
}

impl Card {
    /// The first lock, in the published order, that stands against this use.
    fn stop(&self, entry: Entry, record: &Record, amount: i128) -> Option<&'static str> {
        let place = record.place.as_deref().unwrap_or(HOME);
        let abroad = !place.bytes().all(|byte| byte.is_ascii_digit());
        let locks = &self.locks;
        if entry == Entry::Number {
            return (locks.overseas_card_not_present && abroad)
                .then_some("lock_overseas_card_not_present");
        }
        if locks.overseas && abroad {
            return Some("lock_overseas");
        }
        let usual = |places: &Vec<String>| places.iter().any(|usual| covers(usual, place));
        if !locks.places.as_ref().is_none_or(usual) {
            return Some("lock_region");
        }
        let hour: u32 = record.at.get(11..13).and_then(|hour| hour.parse().ok())?;
        if locks.night && !abroad && !(5..23).contains(&hour) {
            return Some("lock_night");
        }
        let daily = locks.pos_daily.as_deref().and_then(money::fen)?;
        let sums = self.bought.on(record) + amount > daily;
        (entry == Entry::PointOfSale && sums).then_some("lock_pos_limit")
    }
}

impl Bought {
    fn on(&self, record: &Record) -> i128 {
        let same = record.at.get(..10) == Some(self.day.as_str());
        if same { self.today } else { 0 }
    }

    fn add(&mut self, record: &Record, amount: i128) {
        let day = record.at.get(..10).unwrap_or_default();
        if self.day != day {
            day.clone_into(&mut self.day);
            self.today = 0;
            self.records.clear();
        }
        self.today += amount;
        self.records.push(record.seq);
    }
}

/// Whether a division holds a place: a province ends in four zeros, a city in two.
fn covers(whole: &str, place: &str) -> bool {
    let digits = match whole {
        _ if whole.len() != 6 => whole.len(),
        _ if whole.ends_with("0000") => 2,
        _ if whole.ends_with("00") => 4,
        _ => 6,
    };
    place.len() == whole.len() && place.get(..digits) == whole.get(..digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(seq: u64, at: &str, operation: &str, more: &Value) -> Record {
        let mut row = json!({"seq": seq, "at": format!("{at}+08:00"), "operation": operation,
            "outcome": "applied", "card": "K1", "channel": "acquirer", "amount": "100.00",
            "key": "k", "account": null, "to": null});
        for (name, value) in more.as_object().expect("members") {
            row[name] = value.clone();
        }
        serde_json::from_value(row).expect("a record")
    }

    fn locked(name: &str, value: Value) -> Locks {
        let mut set = json!({"overseas": false, "places": null, "night": false, "pos_daily": null,
            "overseas_card_not_present": false});
        set[name] = value;
        let mut locks = Locks::default();
        let setting = json!({"locks": set, "amount": null});
        let setting = record(1, "2026-06-30T12:00:00", "lock_setting", &setting);
        assert!(locks.applied(&setting).is_none());
        locks
    }

    #[test]
    fn the_night_begins_at_23_and_ends_at_5_on_the_mainland() {
        for (at, place, stands) in [
            ("2026-06-30T22:59:59.999999", "371500", false),
            ("2026-06-30T23:00:00", "371500", true),
            ("2026-07-01T04:59:59.999999", "371500", true),
            ("2026-07-01T05:00:00", "371500", false),
            ("2026-07-01T00:00:00", "JP", false),
        ] {
            let mut locks = locked("night", json!(true));
            let at_night = record(2, at, "card_withdrawal", &json!({"place": place}));
            let found = locks.applied(&at_night);
            assert_eq!(found.is_some(), stands, "{at} {place}");
            assert!(found.is_none_or(|broken| broken.records == [1, 2]));
            let refused = json!({"place": place, "outcome": "refused", "code": "lock_night"});
            let refused = record(3, at, "pos_purchase", &refused);
            assert_eq!(locks.refused(&refused).is_some(), !stands, "{at} {place}");
        }
    }

    #[test]
    fn each_lock_is_held_against_the_uses_that_it_is_for() {
        for (name, value, operation, place, stands) in [
            ("overseas", json!(true), "pos_purchase", "JP", true),
            (
                "overseas",
                json!(true),
                "card_not_present_purchase",
                "JP",
                false,
            ),
            ("overseas", json!(true), "pos_purchase", "371500", false),
            (
                "places",
                json!(["370000"]),
                "card_withdrawal",
                "371502",
                false,
            ),
            (
                "places",
                json!(["371500"]),
                "card_withdrawal",
                "370102",
                true,
            ),
            (
                "places",
                json!(["371500"]),
                "card_not_present_purchase",
                "370102",
                false,
            ),
            (
                "overseas_card_not_present",
                json!(true),
                "card_not_present_purchase",
                "JP",
                true,
            ),
            (
                "overseas_card_not_present",
                json!(true),
                "pos_purchase",
                "JP",
                false,
            ),
            ("pos_daily", json!("99.99"), "pos_purchase", "371500", true),
            (
                "pos_daily",
                json!("100.00"),
                "pos_purchase",
                "371500",
                false,
            ),
            (
                "pos_daily",
                json!("1.00"),
                "card_withdrawal",
                "371500",
                false,
            ),
        ] {
            let mut locks = locked(name, value);
            let used = record(
                2,
                "2026-06-30T12:00:01",
                operation,
                &json!({"place": place}),
            );
            assert_eq!(
                locks.applied(&used).is_some(),
                stands,
                "{name} {operation} {place}"
            );
        }
    }

    #[test]
    fn a_days_purchases_may_sum_up_to_their_lock_and_the_next_day_starts_anew() {
        let mut locks = locked("pos_daily", json!("250.00"));
        let mut buys = |seq, at: &str, amount: &str| {
            locks.applied(&record(seq, at, "pos_purchase", &json!({"amount": amount})))
        };
        assert!(buys(2, "2026-06-30T12:00:00", "150.00").is_none());
        assert!(buys(3, "2026-06-30T23:59:59", "100.00").is_none());
        assert!(buys(4, "2026-07-01T00:00:00", "250.00").is_none());
        let above = buys(5, "2026-07-01T00:00:01", "0.01").expect("it is above");
        assert_eq!(above.records, [1, 4, 5]);
    }

    #[test]
    fn at_this_banks_own_machines_the_account_leads_to_the_card() {
        let mut locks = locked("overseas", json!(true));
        let opened = record(
            2,
            "2026-06-30T12:00:00",
            "open_card",
            &json!({"account": "62"}),
        );
        assert!(locks.applied(&opened).is_none());
        let machine = |channel: &str| {
            let more = json!({"card": null, "account": "62", "place": "JP", "channel": channel});
            record(3, "2026-06-30T12:00:01", "withdrawal", &more)
        };
        assert!(locks.applied(&machine("counter")).is_none());
        assert!(locks.applied(&machine("atm")).is_some());
    }
}

//! Whether customers ever authorised more than their media let through, read from the bank's books, the
//! published limits and those that the books say a customer set, never from the bank's own counters: all
//! limits are inclusive and count by the calendar of Shanghai, whose time the records bear.

use crate::audit::Record;
use crate::money::{self, yuan};
use crate::promises::Broken;
use serde::Deserialize;
use std::collections::HashMap;

/// What one scope lets through, in fen.
#[derive(Debug, Clone, Copy)]
struct Limit {
    per_transaction: i128,
    daily: i128,
    monthly: Option<i128>,
}

/// The limits of a scope, as the bank's documentation states them.
fn limit(scope: &str) -> Option<Limit> {
    let yuan = |per_transaction: i128, daily: i128, monthly: Option<i128>| Limit {
        per_transaction: per_transaction * 100,
        daily: daily * 100,
        monthly: monthly.map(|monthly| monthly * 100),
    };
    match scope {
        "sms" => Some(yuan(10_000, 10_000, Some(50_000))),
        "device_online" => Some(yuan(50_000, 50_000, None)),
        "device_mobile" => Some(yuan(200_000, 1_000_000, None)),
        "shield" => Some(yuan(1_000_000, 5_000_000, None)),
        _ => None,
    }
}

/// The limits of a scope as their record sets them, in yuan.
#[derive(Debug, Clone, Deserialize)]
pub struct SetLimits {
    scope: String,
    per_transaction: String,
    daily: String,
    monthly: Option<String>,
}

impl SetLimits {
    fn limit(&self) -> Option<Limit> {
        Some(Limit {
            per_transaction: money::fen(&self.per_transaction)?,
            daily: money::fen(&self.daily)?,
            monthly: match &self.monthly {
                Some(monthly) => Some(money::fen(monthly)?),
                None => None,
            },
        })
    }
}

/// What was paid on the last day and in its month, and by which records.
#[derive(Debug, Default)]
struct Used {
    /// The limits that its customer set last; the published ones until then.
    set: Option<Limit>,
    day: String,
    today: i128,
    this_month: i128,
    records: Vec<u64>,
}

impl Used {
    /// What was paid on the day of a record and in its month.
    fn on(&self, at: &str) -> (i128, i128) {
        let same = |length: usize| self.day.get(..length) == at.get(..length);
        let today = if same(10) { self.today } else { 0 };
        (today, if same(7) { self.this_month } else { 0 })
    }
}

impl Limit {
    /// The first limit, in the published order, that a payment breaks after what was paid before.
    fn broken(self, amount: i128, (today, this_month): (i128, i128)) -> Option<&'static str> {
        let above = |paid: i128, most: i128| paid + amount > most;
        match self {
            _ if above(0, self.per_transaction) => Some("limit_per_transaction"),
            _ if above(today, self.daily) => Some("limit_daily"),
            Self {
                monthly: Some(most),
                ..
            } if above(this_month, most) => Some("limit_monthly"),
            _ => None,
        }
    }
}

/// The payments so far, of each customer under each scope.
#[derive(Debug, Default)]
pub struct Limits(HashMap<(String, String), Used>);

impl Limits {
    /// Takes a refused record: why its reason does not hold, in words.
    pub fn refused(&self, record: &Record) -> Option<Broken> {
        let code = record
            .code
            .as_deref()
            .filter(|code| code.starts_with("limit_"))?;
        let (scope, customer) = (record.scope.as_deref()?, record.customer.as_deref()?);
        let amount = record.amount.as_deref().and_then(money::fen)?;
        let place = (customer.to_owned(), scope.to_owned());
        let used = self.0.get(&place);
        let paid = used.map_or((0, 0), |used| used.on(&record.at));
        let set = used.and_then(|used| used.set);
        let right = set.or_else(|| limit(scope))?.broken(amount, paid);
        if right == Some(code) {
            return None;
        }
        let told = right.map_or("it is within every limit".to_owned(), |right| {
            format!("it should be {right}")
        });
        let what = format!(
            "{} of {customer} by {scope} was refused as {code} after {} on the day and {} in the month; {told}",
            yuan(amount),
            yuan(paid.0),
            yuan(paid.1)
        );
        Some(Broken {
            what,
            records: vec![record.seq],
        })
    }

    /// Takes an applied record: the limit that it breaks, in words.
    pub fn record(&mut self, record: &Record) -> Option<Broken> {
        let customer = record.customer.as_deref()?;
        if let Some(set) = &record.limits {
            let place = (customer.to_owned(), set.scope.clone());
            self.0.entry(place).or_default().set = set.limit();
        }
        let scope = record.scope.as_deref()?;
        let amount = record.amount.as_deref().and_then(money::fen)?;
        let published = limit(scope)?;
        let day = record.at.get(..10).unwrap_or_default();
        let month = day.get(..7).unwrap_or_default();
        let place = (customer.to_owned(), scope.to_owned());
        let used = self.0.entry(place).or_default();
        let limit = used.set.unwrap_or(published);
        if used.day.get(..7) != Some(month) {
            used.this_month = 0;
        }
        if used.day != day {
            day.clone_into(&mut used.day);
            used.today = 0;
            used.records.clear();
        }
        used.today += amount;
        used.this_month += amount;
        used.records.push(record.seq);
        let broken = |what: String, records: &[u64]| Broken {
            what,
            records: records.to_vec(),
        };
        if amount > limit.per_transaction {
            let most = yuan(limit.per_transaction);
            let what = format!(
                "{customer} paid {} at once by {scope}; {most} may be",
                yuan(amount)
            );
            return Some(broken(what, &[record.seq]));
        }
        if used.today > limit.daily {
            let (paid, most) = (yuan(used.today), yuan(limit.daily));
            let what = format!("{customer} paid {paid} by {scope} on {day}; {most} may be");
            return Some(broken(what, &used.records));
        }
        let monthly = limit.monthly.filter(|most| used.this_month > *most)?;
        let (paid, most) = (yuan(used.this_month), yuan(monthly));
        let what = format!("{customer} paid {paid} by {scope} in {month}; {most} may be");
        Some(broken(what, &[record.seq]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paid(seq: u64, at: &str, scope: &str, amount: &str) -> Record {
        serde_json::from_value(json!({"seq": seq, "at": format!("{at}+08:00"), "key": "k",
            "operation": "transfer_own_bank", "outcome": "applied", "account": "6200", "to": "6201",
            "amount": amount, "customer": "C1", "scope": scope}))
        .expect("a record")
    }

    /// The records that break something when these are paid by SMS.
    fn breaking(payments: &[(&str, &str)]) -> Vec<Vec<u64>> {
        let mut limits = Limits::default();
        let numbered = (1..).zip(payments);
        numbered
            .filter_map(|(seq, (at, amount))| limits.record(&paid(seq, at, "sms", amount)))
            .map(|broken| broken.records)
            .collect()
    }

    #[test]
    fn a_payment_may_be_as_large_as_its_limit_and_not_a_fen_larger() {
        for (scope, most, above) in [
            ("sms", "10000.00", "10000.01"),
            ("device_online", "50000.00", "50000.01"),
            ("device_mobile", "200000.00", "200000.01"),
            ("shield", "1000000.00", "1000000.01"),
        ] {
            let mut limits = Limits::default();
            let at = "2026-06-30T23:59:59";
            assert!(
                limits.record(&paid(1, at, scope, most)).is_none(),
                "{scope}"
            );
            let next_day = "2026-07-01T00:00:00";
            assert!(
                limits.record(&paid(2, next_day, scope, above)).is_some(),
                "{scope}"
            );
        }
    }

    #[test]
    fn a_days_payments_may_sum_up_to_the_limit_and_the_next_day_starts_anew() {
        let day = "2026-06-30T23:59:59";
        let night = "2026-07-01T00:00:00";
        assert!(breaking(&[(day, "6000.00"), (day, "4000.00"), (night, "10000.00")]).is_empty());
        let above = breaking(&[(day, "6000.00"), (day, "4000.01")]);
        assert_eq!(above, [[1, 2]], "both records show it");
    }

    #[test]
    fn five_full_days_fill_a_month_and_the_next_month_starts_anew() {
        let days = ["26", "27", "28", "29", "30"].map(|day| format!("2026-06-{day}T10:00:00"));
        let mut payments: Vec<(&str, &str)> = days.iter().map(|at| (&**at, "10000.00")).collect();
        assert!(breaking(&payments).is_empty());
        payments.push(("2026-07-01T00:00:00", "10000.00"));
        assert!(breaking(&payments).is_empty());
        payments[5] = ("2026-06-30T23:59:59", "0.01");
        assert_eq!(breaking(&payments).len(), 1);
    }

    #[test]
    fn a_refusal_is_right_only_for_the_first_limit_that_the_payment_would_break() {
        let day = "2026-06-30T12:00:00";
        for (before, amount, code, right) in [
            ("0.01", "10000.01", "limit_per_transaction", true),
            ("0.01", "10000.01", "limit_daily", false),
            ("0.01", "10000.00", "limit_daily", true),
            ("0.01", "9999.99", "limit_daily", false),
            ("0.01", "10000.00", "limit_monthly", false),
        ] {
            let mut limits = Limits::default();
            assert!(limits.record(&paid(1, day, "sms", before)).is_none());
            let mut refused = paid(2, day, "sms", amount);
            refused.code = Some(code.to_owned());
            let told = limits.refused(&refused);
            assert_eq!(told.is_none(), right, "{before} {amount} {code}");
        }
        let mut limits = Limits::default();
        for (seq, day) in (1..).zip(["25", "26", "27", "28", "29"]) {
            let at = format!("2026-06-{day}T10:00:00");
            assert!(limits.record(&paid(seq, &at, "sms", "10000.00")).is_none());
        }
        for (day, code, right) in [
            ("2026-06-30", "limit_monthly", true),
            ("2026-06-30", "limit_daily", false),
            ("2026-07-01", "limit_monthly", false),
        ] {
            let mut refused = paid(6, &format!("{day}T00:00:00"), "sms", "0.01");
            refused.code = Some(code.to_owned());
            assert_eq!(limits.refused(&refused).is_none(), right, "{day} {code}");
        }
    }

    #[test]
    fn limits_that_a_customer_sets_hold_from_then_on_for_their_scope() {
        let mut limits = Limits::default();
        let day = "2026-06-29T12:00:00";
        let pays = |limits: &mut Limits, scope: &str, at: &str, amount: &str| {
            limits.record(&paid(9, at, scope, amount)).map(|it| it.what)
        };
        assert_eq!(pays(&mut limits, "shield", day, "1000000.00"), None);
        let mut setting = paid(2, day, "shield", "1.00");
        (setting.scope, setting.amount) = (None, None);
        let set = json!({"scope": "shield", "per_transaction": "600000.00",
            "daily": "2000000.00", "monthly": "1600000.00"});
        setting.limits = Some(serde_json::from_value(set).expect("limits"));
        assert!(limits.record(&setting).is_none());
        let refused = |limits: &Limits, amount: &str, code: &str| {
            let mut refused = paid(3, day, "shield", amount);
            refused.code = Some(code.to_owned());
            limits.refused(&refused).is_none()
        };
        assert!(refused(&limits, "600000.01", "limit_per_transaction"));
        assert!(!refused(&limits, "600000.00", "limit_monthly"));
        // Of another medium nothing was set.
        assert_eq!(pays(&mut limits, "device_mobile", day, "200000.00"), None);
        assert_eq!(pays(&mut limits, "shield", day, "600000.00"), None);
        assert!(refused(&limits, "0.01", "limit_monthly"));
        let told = pays(&mut limits, "shield", "2026-06-30T12:00:00", "0.01");
        let told = told.expect("a month is full");
        assert_eq!(
            told,
            "C1 paid 1600000.01 by shield in 2026-06; 1600000.00 may be"
        );
        let july = "2026-07-01T00:00:00";
        assert_eq!(pays(&mut limits, "shield", july, "600000.00"), None);
    }

    #[test]
    fn what_counts_under_no_limit_breaks_none() {
        let mut limits = Limits::default();
        let mut counter = paid(1, "2026-06-30T10:00:00", "sms", "99999999.00");
        counter.scope = None;
        assert!(limits.record(&counter).is_none());
    }
}

//! Numbers as people read them: the unit that fits the size, sensible digits,
//! and an interval in the unit of its estimate.

use crate::rows::Estimate;
use scenarios::language::Lang;

/// What kind of quantity a number is; decides unit and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Seconds, read as minutes.
    Duration,
    /// Seconds, read as milliseconds.
    Latency,
    /// 0 to 1, read as per cent.
    Share,
    /// Customers a day.
    PerDay,
    /// Customers in a stretch of a steady state.
    PerStretch,
    /// People at a moment.
    People,
    /// Yuan a day.
    Money,
    /// A second.
    Rate,
    /// Without a unit.
    Plain,
}

impl Kind {
    /// Of a figure by its name in the table.
    pub(crate) fn of_figure(figure: &str) -> Self {
        match figure {
            "wait" | "wait_from_arrival" | "service" | "review" | "system" | "fallback"
            | "time_in_branch" | "overtime" | "recovery" => Self::Duration,
            "latency" | "service_latency" | "generator_lag" | "cpu_per_operation" => Self::Latency,
            "occupancy" | "errors" | "promise_kept" | "latency_drift" | "memory_drift" => {
                Self::Share
            }
            "arrivals" | "served" | "abandoned" | "balked" | "turned_away" | "tried_mobile"
            | "lost" | "to_mobile" | "no_shows" | "fallback_customers" | "mobile_requests" => {
                Self::PerDay
            }
            "queue_length" | "people_in_branch" => Self::People,
            "cost" => Self::Money,
            "throughput" | "mobile_rate" => Self::Rate,
            _ => Self::Plain,
        }
    }
}

/// A unit and a number of decimals, chosen once and used for everything that is
/// compared with one another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    factor: f64,
    unit: &'static str,
    decimals: usize,
}

impl Scale {
    /// Fits a value of this size.
    pub(crate) fn fit(kind: Kind, value: f64, lang: Lang) -> Self {
        let size = value.abs();
        let (factor, unit) = match kind {
            Kind::Duration if size >= 0.6 || size == 0.0 => {
                (1.0 / 60.0, lang.pick(" min", " 分钟"))
            }
            Kind::Duration | Kind::Latency if size >= 1.0 => (1.0, lang.pick(" s", " 秒")),
            Kind::Duration | Kind::Latency => (1000.0, lang.pick(" ms", " 毫秒")),
            Kind::Share => (100.0, "%"),
            Kind::PerDay => (1.0, lang.pick(" a day", " 人/日")),
            Kind::PerStretch => (1.0, lang.pick(" each time", " 人/次")),
            Kind::People => (1.0, lang.pick(" people", " 人")),
            Kind::Money => (1.0, lang.pick(" yuan a day", " 元/日")),
            Kind::Rate => (1.0, lang.pick(" a second", " 次/秒")),
            Kind::Plain => (1.0, ""),
        };
        let decimals = match kind {
            Kind::Share => share_decimals(size * factor),
            _ => decimals(size * factor),
        };
        Self {
            factor,
            unit,
            decimals,
        }
    }

    /// The bare number.
    pub(crate) fn number(self, value: f64) -> String {
        grouped(value * self.factor, self.decimals)
    }

    /// The number with its unit.
    pub(crate) fn full(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        format!("{}{}", self.number(value), self.unit)
    }

    /// The number with its unit; nothing at all without decimals.
    pub(crate) fn plain(self, value: f64) -> String {
        if value == 0.0 {
            format!("0{}", self.unit)
        } else {
            self.full(value)
        }
    }

    /// The number with its sign and unit, for differences.
    pub(crate) fn signed(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        let text = self.full(value);
        if text.starts_with('-') || self.number(value) == grouped(0.0, self.decimals) {
            text.replacen('-', "−", 1)
        } else {
            format!("+{text}")
        }
    }

    /// `low–high`, without unit; `to` between signed numbers, where a dash misleads.
    pub(crate) fn range(self, low: f64, high: f64) -> String {
        let (low, high) = (self.number(low), self.number(high));
        if low.starts_with('-') || high.starts_with('-') {
            format!(
                "{} … {}",
                low.replacen('-', "−", 1),
                high.replacen('-', "−", 1)
            )
        } else {
            format!("{low}–{high}")
        }
    }
}

/// Digits so that about three are significant.
fn decimals(size: f64) -> usize {
    match size {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.095 => 2,
        size if size >= 0.0095 => 3,
        _ => 4,
    }
}

/// A per cent has one decimal; small ones, and those just below all, have more.
fn share_decimals(percent: f64) -> usize {
    match percent {
        percent if percent <= 0.0 || (percent - 100.0).abs() < 1e-9 => 0,
        percent if percent < 0.095 => 3,
        percent if percent < 0.95 || (percent > 99.9 && percent < 100.0) => 2,
        _ => 1,
    }
}

/// With a comma every three digits, and no minus before a zero.
fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let mut out = String::from(if negative { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// A count: `3,960`.
pub(crate) fn count(value: u64) -> String {
    let text = value.to_string();
    let mut out = String::new();
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A value with its unit; a dash for what is not there.
pub(crate) fn value(kind: Kind, value: Option<f64>, lang: Lang) -> String {
    match value.filter(|value| value.is_finite()) {
        Some(value) => Scale::fit(kind, value, lang).full(value),
        None => "–".to_owned(),
    }
}

/// A round number as people write it: `80%`, `5 min`.
pub(crate) fn round(kind: Kind, value: f64, lang: Lang) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let scale = Scale::fit(kind, value, lang);
    let mut number = grouped(value * scale.factor, scale.decimals.max(3));
    if number.contains('.') {
        number = number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned();
    }
    format!("{number}{}", scale.unit)
}

/// `87.1% (86.6–87.6)`: value with unit and 95% interval.
pub(crate) fn estimate(kind: Kind, estimate: Estimate, lang: Lang) -> String {
    let scale = Scale::fit(kind, estimate.value, lang);
    match (estimate.low, estimate.high) {
        // What never varied has no interval to tell.
        (Some(low), Some(high))
            if low.is_finite()
                && high.is_finite()
                && !(low.total_cmp(&high).is_eq() && low.total_cmp(&estimate.value).is_eq()) =>
        {
            format!(
                "{} ({})",
                scale.full(estimate.value),
                scale.range(low, high)
            )
        }
        _ => scale.full(estimate.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_unit_of_its_size() {
        assert_eq!(value(Kind::Duration, Some(228.0), Lang::En), "3.80 min");
        assert_eq!(value(Kind::Duration, Some(0.0042), Lang::En), "4.20 ms");
        assert_eq!(value(Kind::Duration, Some(3.6), Lang::Zh), "0.060 分钟");
        assert_eq!(value(Kind::Latency, Some(0.041), Lang::En), "41.0 ms");
        assert_eq!(value(Kind::Latency, None, Lang::En), "–");
        assert_eq!(value(Kind::Latency, Some(f64::NAN), Lang::En), "–");
    }

    #[test]
    fn an_interval_has_the_unit_and_digits_of_its_estimate() {
        let share = Estimate {
            value: 0.871,
            low: Some(0.866),
            high: Some(0.876),
        };
        assert_eq!(estimate(Kind::Share, share, Lang::En), "87.1% (86.6–87.6)");
        let never = Estimate {
            value: 0.0,
            low: Some(0.0),
            high: Some(0.0),
        };
        assert_eq!(estimate(Kind::Duration, never, Lang::En), "0 min");
        let scale = Scale::fit(Kind::Duration, -30.0, Lang::En);
        assert_eq!(scale.signed(-30.0), "−0.50 min");
        assert_eq!(scale.range(-36.0, -24.0), "−0.60 … −0.40");
    }

    #[test]
    fn a_share_just_below_all_is_not_called_all() {
        assert_eq!(value(Kind::Share, Some(0.9998), Lang::En), "99.98%");
        assert_eq!(value(Kind::Share, Some(1.0), Lang::En), "100%");
    }

    #[test]
    fn a_bound_is_written_as_round_as_it_is() {
        assert_eq!(round(Kind::Share, 0.8, Lang::En), "80%");
        assert_eq!(round(Kind::Duration, 300.0, Lang::Zh), "5 分钟");
        assert_eq!(round(Kind::Latency, 0.2, Lang::En), "200 ms");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(grouped(-0.001, 2), "0.00");
        assert_eq!(grouped(-1234.5, 1), "-1,234.5");
    }
}

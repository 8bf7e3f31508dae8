//! The limits of a medium that a customer sets, as the CSV's column `limits` writes them.

use crate::names::UnknownName;
use std::fmt;
use std::str::FromStr;

/// What shares one set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LimitScope {
    /// SMS on all channels together.
    #[default]
    Sms,
    /// The e-cipher device in the online bank.
    DeviceOnline,
    /// The e-cipher device in the mobile bank.
    DeviceMobile,
    /// The U-shield on both together.
    Shield,
}

impl LimitScope {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [
        Self::Sms,
        Self::DeviceOnline,
        Self::DeviceMobile,
        Self::Shield,
    ];

    /// As formats write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::DeviceOnline => "device_online",
            Self::DeviceMobile => "device_mobile",
            Self::Shield => "shield",
        }
    }
}

impl FromStr for LimitScope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| UnknownName::new("scope of limits", text, &Self::ALL.map(Self::name)))
    }
}

/// The limits of a scope as they are to be from now on, in fen, all inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentLimits {
    /// What they are of.
    pub scope: LimitScope,
    /// Of one payment.
    pub per_transaction_fen: i64,
    /// Of a calendar day.
    pub daily_fen: i64,
    /// Of a calendar month, if there is one.
    pub monthly_fen: Option<i64>,
}

impl Default for PaymentLimits {
    /// Those of SMS, which everybody has.
    fn default() -> Self {
        Self {
            scope: LimitScope::Sms,
            per_transaction_fen: 1_000_000,
            daily_fen: 1_000_000,
            monthly_fen: Some(5_000_000),
        }
    }
}

/// Where there is no limit of a month.
const NONE: &str = "-";

impl PaymentLimits {
    /// Reads `shield:1000000.00/5000000.00/-`: the scope; of one payment, of a day, of a month.
    ///
    /// # Errors
    /// What is wrong and would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let like = || {
            format!(
                "`{text}` are no limits; write them like shield:1000000.00/5000000.00/-, those of a payment, a day and a month"
            )
        };
        let (scope, amounts) = text.split_once(':').ok_or_else(like)?;
        let amounts: Vec<&str> = amounts.split('/').map(str::trim).collect();
        let [per_transaction, daily, monthly] = amounts[..] else {
            return Err(like());
        };
        let fen = |amount: &str| {
            let fen = super::stream::parse_yuan(amount);
            fen.ok_or_else(|| format!("`{amount}` is no amount above 0 in yuan"))
        };
        Ok(Self {
            scope: scope
                .trim()
                .parse()
                .map_err(|error: UnknownName| error.to_string())?,
            per_transaction_fen: fen(per_transaction)?,
            daily_fen: fen(daily)?,
            monthly_fen: match monthly {
                NONE => None,
                _ => Some(fen(monthly)?),
            },
        })
    }
}

impl fmt::Display for PaymentLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yuan = super::stream::yuan;
        let monthly = self.monthly_fen.map_or(NONE.to_owned(), yuan);
        let (per_transaction, daily) = (yuan(self.per_transaction_fen), yuan(self.daily_fen));
        let scope = self.scope.name();
        write!(formatter, "{scope}:{per_transaction}/{daily}/{monthly}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_they_are_read() {
        for text in [
            "sms:10000.00/10000.00/50000.00",
            "device_online:50000.00/50000.00/120000.01",
            "shield:1000000.00/5000000.00/-",
        ] {
            let limits = PaymentLimits::parse(text).expect("limits");
            assert_eq!(limits.to_string(), text);
        }
        let usual = PaymentLimits::default().to_string();
        assert_eq!(usual, "sms:10000.00/10000.00/50000.00");
    }

    #[test]
    fn what_are_no_limits_is_refused_with_what_would_be_right() {
        for (text, told) in [
            ("", "write them like"),
            ("shield:1.00/2.00", "write them like"),
            ("sheild:1.00/2.00/-", "did you mean `shield`"),
            ("sms:1.00/0/-", "`0` is no amount"),
            ("sms:-/1.00/-", "`-` is no amount"),
        ] {
            let why = PaymentLimits::parse(text).expect_err(text);
            assert!(why.contains(told), "{why}");
        }
    }
}

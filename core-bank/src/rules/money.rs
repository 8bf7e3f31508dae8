//! Money: whole fen in 64 bits, checked arithmetic, and a parser that accepts one spelling only.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digits::Digits;

/// A signed number of fen (hundredths of a yuan). On an account, positive is what the bank owes
/// (credit) and negative what it owns (debit).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` when it leaves the range of 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The same money on the other side, or `None` for the one number that has no opposite.
    pub fn checked_neg(self) -> Option<Self> {
        self.0.checked_neg().map(Self)
    }

    /// Yuan with two decimals, and a sign where it is negative.
    pub fn text(self) -> Digits {
        let fen = self.0.unsigned_abs();
        let decimals = Digits::new().decimal(fen % 100, 2);
        let digits = decimals.character(b'.').decimal(fen / 100, 1);
        if self.0 < 0 {
            digits.character(b'-')
        } else {
            digits
        }
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point between digits.
    #[error(
        "an amount is a string of digits with at most two decimals, like \"12.34\": no sign, exponent, separator, space or leading zero"
    )]
    Format,
    /// More than two decimals.
    #[error("an amount has at most two decimals, like \"12.34\"")]
    Scale,
    /// More than thirteen digits before the point.
    #[error("an amount is at most 9999999999999.99 yuan")]
    TooLarge,
    /// Zero.
    #[error("an amount is at least 0.01 yuan")]
    NotPositive,
}

/// An amount that a customer can ask for: from 1 fen to 9,999,999,999,999.99 yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Fen", into = "Fen")]
pub struct Amount(Fen);

/// The digits before the point that an amount may have.
const YUAN_DIGITS_MAX: usize = 13;

impl Amount {
    /// Reads `^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$`, greater than zero. Looser parsers accept
    /// exponents, underscores and signs, and round what they cannot hold.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let (yuan, decimals) = match text.split_once('.') {
            Some((yuan, decimals)) => (yuan, Some(decimals)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(yuan) || decimals.is_some_and(|d| !digits(d)) {
            return Err(AmountError::Format);
        }
        if yuan.len() > 1 && yuan.starts_with('0') {
            return Err(AmountError::Format);
        }
        if yuan.len() > YUAN_DIGITS_MAX {
            return Err(AmountError::TooLarge);
        }
        let decimals = decimals.unwrap_or("0");
        if decimals.len() > 2 {
            return Err(AmountError::Scale);
        }
        let number = |part: &str| part.parse::<i64>().map_err(|_| AmountError::Format);
        let tens = if decimals.len() == 1 { 10 } else { 1 };
        let fen = number(yuan)? * 100 + number(decimals)? * tens;
        Self::try_from(Fen(fen))
    }

    /// The amount in fen, always positive.
    pub fn fen(self) -> Fen {
        self.0
    }

    /// The amount leaving an account, always negative.
    pub fn outgoing(self) -> Fen {
        Fen(-self.0.0)
    }
}

impl TryFrom<Fen> for Amount {
    type Error = AmountError;

    fn try_from(fen: Fen) -> Result<Self, AmountError> {
        match fen.0 {
            i64::MIN..=0 => Err(AmountError::NotPositive),
            1..=999_999_999_999_999 => Ok(Self(fen)),
            _ => Err(AmountError::TooLarge),
        }
    }
}

impl From<Amount> for Fen {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// text, expected fen or the reason of refusal
    const TABLE: &[(&str, Result<i64, AmountError>)] = &[
        ("0.01", Ok(1)),
        ("0.1", Ok(10)),
        ("0.10", Ok(10)),
        ("1", Ok(100)),
        ("12.34", Ok(1_234)),
        ("12.3", Ok(1_230)),
        ("12.03", Ok(1_203)),
        ("9999999999999.99", Ok(999_999_999_999_999)),
        ("10000000000000", Err(AmountError::TooLarge)),
        ("10000000000000.00", Err(AmountError::TooLarge)),
        ("79228162514264337593543950336", Err(AmountError::TooLarge)),
        ("0", Err(AmountError::NotPositive)),
        ("0.0", Err(AmountError::NotPositive)),
        ("0.00", Err(AmountError::NotPositive)),
        ("0.001", Err(AmountError::Scale)),
        ("1.234", Err(AmountError::Scale)),
        ("1.000", Err(AmountError::Scale)),
        ("", Err(AmountError::Format)),
        (".", Err(AmountError::Format)),
        (".5", Err(AmountError::Format)),
        ("5.", Err(AmountError::Format)),
        ("-1", Err(AmountError::Format)),
        ("-0", Err(AmountError::Format)),
        ("+5", Err(AmountError::Format)),
        ("1e2", Err(AmountError::Format)),
        ("1E2", Err(AmountError::Format)),
        ("1_000", Err(AmountError::Format)),
        ("1,000", Err(AmountError::Format)),
        ("1.2.3", Err(AmountError::Format)),
        (" 5", Err(AmountError::Format)),
        ("5 ", Err(AmountError::Format)),
        ("00", Err(AmountError::Format)),
        ("00012.30", Err(AmountError::Format)),
        ("0x10", Err(AmountError::Format)),
        ("NaN", Err(AmountError::Format)),
        ("inf", Err(AmountError::Format)),
        ("\u{661}\u{662}", Err(AmountError::Format)),
        ("12\u{ff0e}34", Err(AmountError::Format)),
        ("1\0", Err(AmountError::Format)),
    ];

    #[test]
    fn an_amount_has_one_spelling_and_everything_else_is_refused() {
        for (text, expected) in TABLE {
            let got = Amount::parse(text).map(|amount| amount.fen().0);
            assert_eq!(got, *expected, "{text:?}");
        }
    }

    #[test]
    fn money_prints_its_sign_and_two_decimals() {
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(0).to_string(), "0.00");
        assert_eq!(Fen(123_456).to_string(), "1234.56");
        assert_eq!(Fen(i64::MIN).to_string(), "-92233720368547758.08");
    }
}

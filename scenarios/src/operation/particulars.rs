//! What few operations say beside who, how much and to whom: the medium of a payment, the place of a
//! card's use, the locks or the limits to be set. Each has a column of its own in the CSV.

use super::PaymentLimits;
use crate::names::UnknownName;
use std::fmt;
use std::str::FromStr;

/// What an operation says beside its amount and payee; most say nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Particulars {
    /// With what a payment out of a session is authorised; whatever suffices, if none is named.
    pub medium: Option<Medium>,
    /// Where a card is used: six digits of GB/T 2260, or two letters of ISO 3166-1.
    pub place: Option<String>,
    /// The locks that are set.
    pub locks: Option<Locks>,
    /// The limits that are set.
    pub limits: Option<PaymentLimits>,
}

impl Particulars {
    /// As operations carry it: nothing at all where there is nothing to say.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// With what customers authorise payments out of their own sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Medium {
    /// A code by SMS.
    #[default]
    Sms,
    /// An e-cipher device.
    Device,
    /// A U-shield.
    Shield,
}

impl Medium {
    /// Every medium, in order.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Device, Self::Shield];

    /// As formats write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Device => "device",
            Self::Shield => "shield",
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Medium {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        let names = Self::ALL.map(Self::name);
        found.ok_or_else(|| UnknownName::new("medium", text, &names))
    }
}

/// All five locks of a card, as they are to be from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locks {
    /// No cash machine and no point of sale abroad.
    pub overseas: bool,
    /// Cash machines and points of sale in these places only.
    pub places: Option<Vec<String>>,
    /// No cash machine and no point of sale at night.
    pub night: bool,
    /// So much at points of sale in a day, in fen.
    pub pos_daily_fen: Option<i64>,
    /// No use abroad without the card.
    pub overseas_card_not_present: bool,
}

/// How all locks open are written.
const OPEN: &str = "none";
/// Between locks.
const SEPARATOR: char = '|';
const PLACES: &str = "places:";
const POS_DAILY: &str = "pos_daily:";

impl Locks {
    /// Reads `none`, or locks parted by a vertical bar: `overseas`, `night`,
    /// `overseas_card_not_present`, `places:371500 JP`, `pos_daily:1000.00`.
    ///
    /// # Errors
    /// What is wrong and would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut locks = Self::default();
        if text == OPEN {
            return Ok(locks);
        }
        for part in text.split(SEPARATOR).map(str::trim) {
            if let Some(places) = part.strip_prefix(PLACES) {
                let places: Vec<String> = places.split_whitespace().map(str::to_owned).collect();
                if !places.iter().all(|place| is_place(place)) {
                    return Err(format!("`{part}` holds what is no place; {PLACE}"));
                }
                locks.places = Some(places);
            } else if let Some(amount) = part.strip_prefix(POS_DAILY) {
                let fen = super::stream::parse_yuan(amount);
                let fen = fen.ok_or_else(|| format!("`{amount}` is no amount above 0 in yuan"))?;
                locks.pos_daily_fen = Some(fen);
            } else {
                match part {
                    "overseas" => locks.overseas = true,
                    "night" => locks.night = true,
                    "overseas_card_not_present" => locks.overseas_card_not_present = true,
                    _ => {
                        return Err(format!(
                            "`{part}` is no lock; there are overseas, {PLACES}…, night, {POS_DAILY}…, overseas_card_not_present, or `{OPEN}` for all of them open"
                        ));
                    }
                }
            }
        }
        Ok(locks)
    }
}

impl fmt::Display for Locks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |is, name: &str| (is, name.to_owned());
        let places = self.places.as_ref().map(|places| places.join(" "));
        let daily = self.pos_daily_fen.map(super::stream::yuan);
        let parts = [
            named(self.overseas, "overseas"),
            (
                places.is_some(),
                format!("{PLACES}{}", places.unwrap_or_default()),
            ),
            named(self.night, "night"),
            (
                daily.is_some(),
                format!("{POS_DAILY}{}", daily.unwrap_or_default()),
            ),
            named(self.overseas_card_not_present, "overseas_card_not_present"),
        ];
        let set: Vec<String> = parts
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, it)| it)
            .collect();
        if set.is_empty() {
            return formatter.write_str(OPEN);
        }
        formatter.write_str(&set.join(&SEPARATOR.to_string()))
    }
}

/// What a place looks like.
pub(super) const PLACE: &str =
    "write it as six digits of GB/T 2260 like 371500, or two letters like JP";

/// Whether a text names a place in that grammar; the bank knows which there are.
pub(super) fn is_place(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        6 => bytes.iter().all(u8::is_ascii_digit),
        2 => bytes.iter().all(u8::is_ascii_uppercase),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_written_as_they_are_read() {
        for text in [
            "none",
            "overseas",
            "overseas|night",
            "places:371500 JP|pos_daily:1000.01|overseas_card_not_present",
        ] {
            assert_eq!(Locks::parse(text).expect("locks").to_string(), text);
        }
        assert_eq!(
            Locks::parse("places:").expect("nowhere").places,
            Some(vec![])
        );
    }

    #[test]
    fn what_is_no_lock_is_refused_with_what_there_is() {
        for (text, told) in [
            ("oversea", "there are overseas"),
            ("places:3715", "GB/T 2260"),
            ("pos_daily:0", "no amount"),
            ("", "is no lock"),
        ] {
            let why = Locks::parse(text).expect_err(text);
            assert!(why.contains(told), "{why}");
        }
    }
}

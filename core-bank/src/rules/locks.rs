//! The five locks that a holder puts on a card (C7 to C11), and the places they speak of.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    calendar::{Day, DayTotal, second_of_day},
    country::is_country,
    ids::CardId,
    money::{Amount, Fen},
    refusal::RefusalCode as Code,
    state::State,
    time::BusinessTime,
};

/// Where a card is used, or a set of such places: a division of the mainland by its six digits
/// (GB/T 2260; 370000 is a province, 371500 a city in it, 371502 a district of that), or a country or
/// region beyond the mainland by its two letters (ISO 3166-1; Hong Kong is `HK`). Cards are used in
/// the smallest division that the acquirer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// On the mainland: the six digits as a number.
    Mainland(u32),
    /// Beyond it.
    Overseas([u8; 2]),
}

impl Place {
    /// Where this bank's own machines stand unless they say otherwise: Liaocheng.
    pub const HOME: Self = Self::Mainland(371_500);

    /// Reads six digits from 110000 to 659999, or a country's or region's two letters other than `CN`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [first, second] if is_country([*first, *second]) => Self::overseas([*first, *second]),
            digits if digits.len() == 6 && digits.iter().all(u8::is_ascii_digit) => {
                Self::mainland(text.parse().ok()?)
            }
            _ => None,
        }
    }

    fn mainland(number: u32) -> Option<Self> {
        (110_000..=659_999)
            .contains(&number)
            .then_some(Self::Mainland(number))
    }

    /// Records may name what is no country (any more): any two letters.
    fn overseas(letters: [u8; 2]) -> Option<Self> {
        let plain = letters.iter().all(u8::is_ascii_uppercase);
        (plain && &letters != b"CN").then_some(Self::Overseas(letters))
    }

    /// Whether it lies beyond the mainland.
    pub fn is_overseas(self) -> bool {
        matches!(self, Self::Overseas(_))
    }

    /// Whether `place` is this place or lies within it.
    pub fn covers(self, place: Self) -> bool {
        match (self, place) {
            (Self::Mainland(whole), Self::Mainland(part)) => {
                let size = match whole {
                    _ if whole.is_multiple_of(10_000) => 10_000,
                    _ if whole.is_multiple_of(100) => 100,
                    _ => 1,
                };
                whole / size == part / size
            }
            _ => self == place,
        }
    }

    /// One number for the journal: the digits, or the letters far above them.
    fn number(self) -> u32 {
        match self {
            Self::Mainland(digits) => digits,
            Self::Overseas([first, second]) => {
                1_000_000 + u32::from(first) * 256 + u32::from(second)
            }
        }
    }

    fn of_number(number: u32) -> Option<Self> {
        match number.checked_sub(1_000_000) {
            None => Self::mainland(number),
            Some(letters) => {
                Self::overseas([u8::try_from(letters / 256).ok()?, (letters % 256) as u8])
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mainland(digits) => write!(f, "{digits:06}"),
            Self::Overseas(letters) => letters
                .iter()
                .try_for_each(|letter| write!(f, "{}", char::from(*letter))),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u32(self.number())
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = if deserializer.is_human_readable() {
            Self::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?)
        } else {
            Self::of_number(u32::deserialize(deserializer)?)
        };
        found.ok_or_else(|| {
            D::Error::custom(
                "not a place: six digits of GB/T 2260 like \"371502\", or two letters of ISO 3166-1 like \"JP\"",
            )
        })
    }
}

/// How a card is used where a lock may stand in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardEntry {
    /// In a cash machine.
    Atm,
    /// At a point of sale.
    Pos,
    /// By its number alone, as in a web shop.
    CardNotPresent,
}

/// The holder's locks on one card. Without any, a card may be used everywhere and at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardLocks {
    /// C7: no cash machine and no point of sale beyond the mainland.
    pub overseas: bool,
    /// C8: cash machines and points of sale in these places only.
    pub places: Option<Vec<Place>>,
    /// C9: no cash machine and no point of sale on the mainland from 23:00 to 05:00 Beijing time.
    pub night: bool,
    /// C10: so much at points of sale in a calendar day, at most.
    pub pos_daily: Option<Amount>,
    /// C11: no use without the card beyond the mainland.
    pub overseas_card_not_present: bool,
}

/// Places that a region lock may list.
pub const LOCK_PLACES_MAX: usize = 16;

const HOUR: i64 = 3_600;

impl CardLocks {
    /// Whether no lock is set.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The first lock, in the order of the story, that stands in the way of this use.
    fn stops(&self, entry: CardEntry, place: Place, at: BusinessTime) -> Option<Code> {
        if entry == CardEntry::CardNotPresent {
            let stopped = self.overseas_card_not_present && place.is_overseas();
            return stopped.then_some(Code::LockOverseasCardNotPresent);
        }
        if self.overseas && place.is_overseas() {
            return Some(Code::LockOverseas);
        }
        let usual = |places: &Vec<Place>| places.iter().any(|listed| listed.covers(place));
        if !self.places.as_ref().is_none_or(usual) {
            return Some(Code::LockRegion);
        }
        let night = !(5 * HOUR..23 * HOUR).contains(&second_of_day(at));
        (self.night && night && !place.is_overseas()).then_some(Code::LockNight)
    }
}

impl State {
    /// Whether the locks of a card let it be used so; a point of sale also asks for what the card
    /// bought there today.
    pub(super) fn locks_allow(
        &self,
        card: CardId,
        entry: CardEntry,
        place: Place,
        amount: Amount,
        at: BusinessTime,
    ) -> Result<(), Code> {
        let Some(locks) = self.locks.get(&card) else {
            return Ok(());
        };
        if let Some(code) = locks.stops(entry, place, at) {
            return Err(code);
        }
        let (CardEntry::Pos, Some(limit)) = (entry, locks.pos_daily) else {
            return Ok(());
        };
        match self.pos_today(card, at).checked_add(amount.fen()) {
            Some(total) if total <= limit.fen() => Ok(()),
            _ => Err(Code::LockPosLimit),
        }
    }

    /// What a card bought at points of sale on the calendar day of `at`.
    pub fn pos_today(&self, card: CardId, at: BusinessTime) -> Fen {
        let total = self.pos_totals.get(&card).copied().unwrap_or_default();
        total.on(Day::of(at))
    }

    /// The locks of a card; none when nobody set any.
    pub fn card_locks(&self, card: CardId) -> CardLocks {
        self.locks.get(&card).cloned().unwrap_or_default()
    }

    pub(super) fn set_locks(
        &mut self,
        card: CardId,
        locks: &CardLocks,
    ) -> Result<(), &'static str> {
        if !self.cards.contains(&card) {
            return Err("the card does not exist");
        }
        if locks.is_open() {
            self.locks.remove(&card);
        } else {
            self.locks.put(card, locks.clone());
        }
        Ok(())
    }

    pub(super) fn add_pos(&mut self, card: CardId, total: DayTotal) -> Result<(), &'static str> {
        let before = self.pos_totals.get(&card).copied().unwrap_or_default();
        if total.day < before.day || total.total <= before.on(total.day) {
            return Err("a day's purchases shrink");
        }
        self.pos_totals.put(card, total);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> BusinessTime {
        BusinessTime::of(text.parse().unwrap())
    }

    fn place(text: &str) -> Place {
        Place::parse(text).unwrap()
    }

    #[test]
    fn a_place_is_a_division_or_a_country_and_has_one_spelling() {
        for text in ["371502", "110000", "659999", "JP", "HK"] {
            let found = place(text);
            assert_eq!(found.to_string(), text);
            assert_eq!(Place::of_number(found.number()), Some(found));
        }
        for wrong in [
            "", "CN", "jp", "37150", "3715020", "099999", "660000", "+71502", "J1", "中", "ZZ",
            "XX",
        ] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
        for wrong in [
            0,
            99_999,
            700_000,
            1_000_000,
            1_000_000 + 67 * 256 + 78,
            u32::MAX,
        ] {
            assert_eq!(Place::of_number(wrong), None, "{wrong}");
        }
    }

    /// What was recorded before the list of countries was looked at, or before one was dissolved.
    #[test]
    fn a_record_of_two_letters_that_are_no_country_is_still_read() {
        let nowhere = Place::Overseas(*b"ZZ");
        let recorded = postcard::to_allocvec(&nowhere).unwrap();
        assert_eq!(postcard::from_bytes::<Place>(&recorded), Ok(nowhere));
        assert_eq!(serde_json::to_string(&nowhere).unwrap(), "\"ZZ\"");
        assert!(serde_json::from_str::<Place>("\"ZZ\"").is_err());
        assert!(serde_json::from_str::<Place>("\"TW\"").is_ok());
    }

    #[test]
    fn a_province_covers_its_cities_and_these_their_districts() {
        for (whole, part, covered) in [
            ("370000", "371502", true),
            ("371500", "371502", true),
            ("371502", "371502", true),
            ("371502", "371500", false),
            ("371500", "370102", false),
            ("370000", "410102", false),
            ("HK", "HK", true),
            ("HK", "MO", false),
            ("370000", "JP", false),
        ] {
            assert_eq!(place(whole).covers(place(part)), covered, "{whole} {part}");
        }
    }

    #[test]
    fn the_night_lock_holds_from_23_to_5_in_beijing_and_on_the_mainland_only() {
        let locks = CardLocks {
            night: true,
            ..CardLocks::default()
        };
        for (time, stopped) in [
            ("2026-06-09T22:59:59+08:00", false),
            ("2026-06-09T22:59:59.999999+08:00", false),
            ("2026-06-09T23:00:00+08:00", true),
            ("2026-06-10T00:00:00+08:00", true),
            ("2026-06-10T04:59:59+08:00", true),
            ("2026-06-10T04:59:59.999999+08:00", true),
            ("2026-06-10T05:00:00+08:00", false),
            ("2026-06-09T15:00:00Z", true),
        ] {
            for entry in [CardEntry::Atm, CardEntry::Pos] {
                let stop = locks.stops(entry, Place::HOME, at(time));
                assert_eq!(stop, stopped.then_some(Code::LockNight), "{time} {entry:?}");
                assert_eq!(locks.stops(entry, place("JP"), at(time)), None);
            }
            assert_eq!(
                locks.stops(CardEntry::CardNotPresent, Place::HOME, at(time)),
                None
            );
        }
    }

    #[test]
    fn each_lock_stops_its_own_uses_and_no_other() {
        let noon = at("2026-06-09T12:00:00+08:00");
        let uses = [
            (CardEntry::Atm, "371502"),
            (CardEntry::Pos, "371502"),
            (CardEntry::CardNotPresent, "371502"),
            (CardEntry::Atm, "JP"),
            (CardEntry::Pos, "JP"),
            (CardEntry::CardNotPresent, "JP"),
        ];
        let stopped = |locks: &CardLocks| {
            uses.map(|(entry, text)| locks.stops(entry, place(text), noon).map(Code::code))
        };
        let none = CardLocks::default();
        assert_eq!(stopped(&none), [None; 6]);
        let overseas = Some("lock_overseas");
        let locks = CardLocks {
            overseas: true,
            ..none.clone()
        };
        assert_eq!(
            stopped(&locks),
            [None, None, None, overseas, overseas, None]
        );
        let locks = CardLocks {
            overseas_card_not_present: true,
            ..none.clone()
        };
        let shop = Some("lock_overseas_card_not_present");
        assert_eq!(stopped(&locks), [None, None, None, None, None, shop]);
        let region = Some("lock_region");
        let locks = CardLocks {
            places: Some(vec![place("371500")]),
            ..none.clone()
        };
        assert_eq!(stopped(&locks), [None, None, None, region, region, None]);
        let locks = CardLocks {
            places: Some(vec![place("JP")]),
            ..none
        };
        assert_eq!(stopped(&locks), [region, region, None, None, None, None]);
    }
}

//! What identifies a person: the 18-digit resident id, a name, a phone number.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A citizen's identification number of GB 11643-1999: seventeen digits and a check character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResidentId([u8; 18]);

impl ResidentId {
    /// Reads eighteen characters and checks the last against ISO 7064 MOD 11-2, as GB 11643 asks.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 18] = text.as_bytes().try_into().ok()?;
        let (body, check) = bytes.split_at(17);
        if !body.iter().all(u8::is_ascii_digit) {
            return None;
        }
        (check[0] == check_character(body)).then_some(Self(bytes))
    }

    /// Seventeen digits with their check character.
    pub fn complete(body: &str) -> String {
        format!("{body}{}", char::from(check_character(body.as_bytes())))
    }

    /// The number with its birthday hidden, for people to recognise.
    pub fn masked(&self) -> String {
        let text = String::from(*self);
        format!("{}********{}", &text[..6], &text[14..])
    }
}

/// The check character of seventeen digits: their sum weighted by powers of two modulo 11.
fn check_character(body: &[u8]) -> u8 {
    let sum = body.iter().fold(0_u32, |sum, digit| {
        (sum + u32::from(digit.wrapping_sub(b'0'))) * 2 % 11
    });
    b"10X98765432"[sum as usize]
}

impl From<ResidentId> for String {
    fn from(id: ResidentId) -> Self {
        id.0.iter().map(|byte| char::from(*byte)).collect()
    }
}

impl TryFrom<String> for ResidentId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a resident id")
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentId({})", self.masked())
    }
}

/// A person's name: 1 to 64 characters without control characters, not only spaces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        let right = (1..=64).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && !text.trim().is_empty();
        right.then(|| Self(text.to_owned()))
    }
}

/// A phone number: an optional `+` and 5 to 15 digits (ITU-T E.164). Every customer has one in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone([u8; PHONE_MAX]);

/// A plus and fifteen digits.
const PHONE_MAX: usize = 16;

impl Phone {
    /// Reads a phone number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let right = (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let mut padded = [0; PHONE_MAX];
        let place = padded.get_mut(..text.len()).filter(|_| right)?;
        place.copy_from_slice(text.as_bytes());
        Some(Self(padded))
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

/// As it was read.
impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        let text = phone.0.into_iter().take_while(|byte| *byte != 0);
        text.map(char::from).collect()
    }
}

macro_rules! personal_text {
    ($name:ident, $problem:literal) => {
        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or($problem)
            }
        }

        // Personal data does not reach a log by way of `{:?}`.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

personal_text!(PersonName, "not a name");
personal_text!(Phone, "not a phone number");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_examples_pass_and_a_wrong_check_character_does_not() {
        // The two worked examples of GB 11643-1999, annex A.
        assert!(ResidentId::parse("11010519491231002X").is_some());
        assert!(ResidentId::parse("440524188001010014").is_some());
        for wrong in [
            "110105194912310021",
            "11010519491231002x",
            "1101051949123100",
            "11010519491231002XX",
            "",
            "1101051949123100-X",
        ] {
            assert_eq!(ResidentId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn personal_data_does_not_print() {
        let id = ResidentId::parse("11010519491231002X").unwrap();
        assert_eq!(format!("{id:?}"), "ResidentId(110105********002X)");
        assert_eq!(
            format!("{:?}", Phone::parse("13800000000")),
            "Some(Phone(…))"
        );
    }
}

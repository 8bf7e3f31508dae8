//! Short texts that people read: names of goods, prizes and branches, and where a parcel goes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that everybody may see: 1 to 64 characters without control characters, not only spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        is_line(text, 64).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a parcel goes: 1 to 120 characters of one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Option<Self> {
        is_line(text, 120).then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Personal data does not reach a log by way of `{:?}`.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

fn is_line(text: &str, characters_max: usize) -> bool {
    (1..=characters_max).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !text.trim().is_empty()
}

macro_rules! from_and_to_string {
    ($($name:ident $problem:literal;)+) => {$(
        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or($problem)
            }
        }
    )+};
}

from_and_to_string! {
    Label "not a name of 1 to 64 characters";
    Address "not an address of 1 to 120 characters";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_with_something_on_it() {
        assert!(Label::parse("茶叶 500 g").is_some());
        assert!(Label::parse(&"字".repeat(64)).is_some());
        for wrong in ["", "  ", "a\nb", "a\0", &"字".repeat(65)] {
            assert_eq!(Label::parse(wrong), None, "{wrong:?}");
        }
        assert!(Address::parse(&"a".repeat(120)).is_some());
        assert_eq!(Address::parse(&"a".repeat(121)), None);
    }

    #[test]
    fn an_address_does_not_print() {
        let address = Address::parse("聊城市东昌府区1号").unwrap();
        assert_eq!(format!("{address:?}"), "Address(…)");
    }
}

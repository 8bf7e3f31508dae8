//! Short texts that people read: names of goods, prizes and branches, and where a parcel goes.

use std::fmt::{self, Write as _};

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

/// Characters that nobody sees, and that make a text look like another: control characters, format characters
/// (of Unicode 16 the general category Cf but for its visible marks before numbers), separators of lines and
/// paragraphs, and the fillers that may be left out when a text is shown (`Default_Ignorable_Code_Point`).
/// Variation selectors stay out of it: they choose among the forms of the character before them, which names
/// need.
const UNSEEN: &[(char, char)] = &[
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e00ff}'),
    ('\u{e01f0}', '\u{e0fff}'),
];

/// The first character of a text that nobody sees, and its place among them, counted from 1. Requests may hold
/// none; texts of older records may.
pub fn unseen(text: &str) -> Option<(usize, char)> {
    let is_unseen = |character: &char| {
        let mut ranges = UNSEEN.iter();
        ranges.any(|(first, last)| (first..=last).contains(&character))
    };
    let mut characters = (1..).zip(text.chars());
    characters.find(|(_, character)| is_unseen(character))
}

/// A class of a regular expression (ECMA-262) of all other characters.
pub fn seen_pattern() -> String {
    let mut class = "[^".to_owned();
    for (first, last) in UNSEEN {
        for (character, after) in [(first, "-"), (last, "")] {
            match u16::try_from(u32::from(*character)) {
                // A string takes whatever is written.
                Ok(unit) => drop(write!(class, "\\u{unit:04x}")),
                Err(_) => class.push(*character),
            }
            class += after;
        }
    }
    class + "]"
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
    fn what_nobody_sees_is_found_where_it_stands() {
        // Of UAX 9, the formatting characters of bidirectional text.
        for hidden in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
            .chars()
        {
            assert_eq!(unseen(&format!("李{hidden}明")), Some((2, hidden)));
        }
        let others =
            "\u{ad}\u{200b}\u{200d}\u{2028}\u{2029}\u{2060}\u{3164}\u{feff}\u{e0041}\n\u{85}";
        for hidden in others.chars() {
            assert_eq!(unseen(&format!("{hidden}")), Some((1, hidden)));
        }
        // A glyph of its own for a name (an ideographic variation sequence), and visible marks.
        for right in [
            "李明",
            "葛\u{e0100}城",
            "Ünal O’Brien-Şahin",
            "شركة ٣",
            "茶叶 500 g ☕\u{fe0f}",
        ] {
            assert_eq!(unseen(right), None, "{right}");
        }
    }

    #[test]
    fn an_address_does_not_print() {
        let address = Address::parse("聊城市东昌府区1号").unwrap();
        assert_eq!(format!("{address:?}"), "Address(…)");
    }
}

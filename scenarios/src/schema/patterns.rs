//! How texts are written, as regular expressions of JSON Schema (ECMA-262).

use std::fmt::Write;

/// What figures, gates and CSV files can carry.
pub(super) const NAME: &str = "^[A-Za-z0-9_-]{1,64}$";
/// A law, which is named like no duration.
pub(super) const LAW_NAME: &str = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$";
pub(super) const SCENARIO_NAME: &str = "^[a-z0-9-]{1,64}$";
/// Hours to 23, minutes and seconds to 59, each of one digit or two.
pub(super) const CLOCK: &str = r"^\s*([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9])?\s*$";
/// The calendar itself is known to the reader alone.
pub(super) const DATE: &str = "^[0-9]{4}-?[0-9]{2}-?[0-9]{2}";
pub(super) const DAY_OF_MONTH: &str = "^([1-9]|[12][0-9]|3[01])$";
pub(super) const AFFECTED: &str = r"^(branch|bank|resources\.[A-Za-z0-9_-]{1,64})$";
pub(super) const ONE_BRANCH: &str = r"^branches\.[A-Za-z0-9_-]{1,64}$";

/// Numbers with their units, one after the other: `1h30min`.
const PARTS: &str = r"(([0-9]+\.?[0-9]*|\.[0-9]+)\s*(h|min|s|ms|us)\s*)+$";

pub(super) fn duration() -> String {
    format!(r"^\s*{PARTS}")
}

/// With a digit in it that is not zero.
pub(super) fn positive_duration() -> String {
    format!(r"^(?=.*[1-9])\s*{PARTS}")
}

/// With a minus before it or not.
pub(super) fn offset() -> String {
    format!(r"^\s*-?\s*{PARTS}")
}

/// One of these in small letters, large ones, or both.
pub(super) fn any_case(names: &[&str]) -> String {
    let mut pattern = String::from("^(");
    for (position, name) in names.iter().enumerate() {
        if position > 0 {
            pattern.push('|');
        }
        for letter in name.chars() {
            let (small, large) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
            let _ = write!(pattern, "[{small}{large}]");
        }
    }
    pattern + ")$"
}

/// Two or more of these with commas between.
pub(super) fn several(names: &[&str]) -> String {
    let one = names.join("|");
    format!(r"^\s*({one})(\s*[,×]\s*({one}))+\s*$")
}

//! The countries and regions of the world by their two letters (ISO 3166-1 alpha-2).
//!
//! The list is of 2026 (compared with `iso3166.tab` of the time zone database). It is part of what
//! requests may say, not of what records may hold: a country that is dissolved stays in the journal of
//! those days.

/// For each first letter from `A` on the second letters of the codes that begin with it.
const SECOND_LETTERS: [&str; 26] = [
    "DEFGILMOQRSTUWXZ",
    "ABDEFGHIJLMNOQRSTVWYZ",
    "ACDFGHIKLMNORUVWXYZ",
    "EJKMOZ",
    "CEGHRST",
    "IJKMOR",
    "ABDEFGHILMNPQRSTUWY",
    "KMNRTU",
    "DELMNOQRST",
    "EMOP",
    "EGHIMNPRWYZ",
    "ABCIKRSTUVY",
    "ACDEFGHKLMNOPQRSTUVWXYZ",
    "ACEFGILOPRUZ",
    "M",
    "AEFGHKLMNRSTWY",
    "A",
    "EOSUW",
    "ABCDEGHIJKLMNORSTVXYZ",
    "CDFGHJKLMNORTVWZ",
    "AGMSYZ",
    "ACEGINU",
    "FS",
    "",
    "ET",
    "AMW",
];

/// Whether these letters are the code of a country or region today.
pub fn is_country([first, second]: [u8; 2]) -> bool {
    let letter = first.checked_sub(b'A').map(usize::from);
    let seconds = letter.and_then(|letter| SECOND_LETTERS.get(letter));
    seconds.is_some_and(|seconds| seconds.as_bytes().contains(&second))
}

/// The codes beyond the mainland as a regular expression.
pub fn overseas_pattern() -> String {
    let mut choices = Vec::new();
    for (first, seconds) in (b'A'..=b'Z').zip(SECOND_LETTERS) {
        let beyond = |second: &char| first != b'C' || *second != 'N';
        let seconds: String = seconds.chars().filter(beyond).collect();
        if !seconds.is_empty() {
            choices.push(format!("{}[{seconds}]", char::from(first)));
        }
    }
    choices.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ISO 3166-1 has 249 codes; users' own (`AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`), withdrawn ones and
    /// those that are only kept free are none of them.
    #[test]
    fn the_codes_of_the_standard_and_no_others_are_countries() {
        assert_eq!(SECOND_LETTERS.concat().len(), 249);
        for code in ["CN", "HK", "MO", "TW", "JP", "GB", "US", "AX", "SS", "ZW"] {
            assert!(is_country(code.as_bytes().try_into().unwrap()), "{code}");
        }
        for code in [
            "ZZ", "XX", "XK", "AA", "QM", "UK", "EU", "SU", "YU", "AN", "jp", "J\u{0}", "\u{0}P",
        ] {
            assert!(!is_country(code.as_bytes().try_into().unwrap()), "{code:?}");
        }
    }
}

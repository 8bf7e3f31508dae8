//! The nearest right name for a wrong one.

/// The candidate that a slip of the pen most likely meant; none if all are too
/// far (Damerau–Levenshtein distance beyond a third of the length, at least 2).
pub fn nearest<'c>(wrong: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if wrong.len() > 100 {
        return None;
    }
    let folded = wrong.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase().replace('-', "_");
            (strsim::damerau_levenshtein(&folded, &other), candidate)
        })
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(2))
        .filter(|(distance, candidate)| *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A name that is none of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {kind}{}", .nearest.map(|right| format!("; did you mean `{right}`?")).unwrap_or_default())]
pub struct UnknownName {
    /// Of what it is none: `figure`, `operation`, `channel`.
    pub kind: &'static str,
    /// As written.
    pub name: String,
    /// The nearest right one, if any is near.
    pub nearest: Option<&'static str>,
}

impl UnknownName {
    pub(crate) fn new(kind: &'static str, name: &str, known: &[&'static str]) -> Self {
        Self {
            kind,
            name: name.chars().take(60).collect(),
            nearest: nearest(name, known.iter().copied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_transposed_letter_is_found_and_a_stranger_is_not() {
        assert_eq!(nearest("kisok", ["teller", "kiosk"]), Some("kiosk"));
        assert_eq!(nearest("Kiosk", ["teller", "kiosk"]), Some("kiosk"));
        assert_eq!(nearest("helicopter", ["teller", "kiosk"]), None);
        assert_eq!(nearest("ab", ["xy"]), None);
    }
}

//! What the format already has a place for and this version does not do: it is
//! refused by name, never ignored, so that no planner trusts a figure that left
//! out what the file said. `docs/scenario.md` describes each.

/// `(room, key, what it will mean)`.
const KEYS: &[(&str, &str, &str)] = &[("", "targets", "write targets as [gates]")];

/// What a key of this room will mean, if a later version knows it.
pub(super) fn key(room: &str, key: &str) -> Option<&'static str> {
    KEYS.iter()
        .find(|(r, k, _)| *r == room && *k == key)
        .map(|(_, _, what)| *what)
}

/// Every key refused by name, as `(room, key)`.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().map(|(room, key, _)| (*room, *key))
}

#[cfg(test)]
mod tests {
    /// Every key refused by name is described in the reference, and marked.
    #[test]
    fn the_reference_describes_every_key_that_is_not_yet_supported() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenario.md");
        let reference = std::fs::read_to_string(path).expect("docs/scenario.md exists");
        for (room, key) in super::keys() {
            assert!(
                reference.contains(key),
                "`{key}` of `{room}` is not in docs/scenario.md"
            );
        }
    }
}

//! Work for threads that give way again and again.

/// Things that are sorted at once: about a fifth of a millisecond.
const AT_ONCE: usize = 4_096;

/// Sorts by a key without equals, and calls `pause` again and again.
pub fn sort<T, K: Ord>(things: &mut [T], key: &impl Fn(&T) -> K, pause: &mut impl FnMut()) {
    if things.len() <= AT_ONCE {
        things.sort_unstable_by_key(key);
        return pause();
    }
    let (lower, _, upper) = things.select_nth_unstable_by_key(things.len() / 2, key);
    pause();
    sort(lower, key, pause);
    sort(upper, key, pause);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_sorted_whatever_their_number() {
        let mut walk = 1_u64;
        for count in [0, 1, 100, AT_ONCE, AT_ONCE + 1, 50_000] {
            let next = |place| {
                walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (walk >> 50, place)
            };
            let mut things: Vec<(u64, usize)> = (0..count).map(next).collect();
            let mut expected = things.clone();
            expected.sort_unstable();
            let mut pauses = 0;
            sort(&mut things, &|thing| *thing, &mut || pauses += 1);
            assert_eq!(things, expected);
            assert!(pauses > count.saturating_sub(1) / AT_ONCE);
        }
    }
}

//! Which keys memory has forgotten. Most requests come under a new key, and nobody should have to look
//! for it beyond memory: here stands whether it may be there, in two bytes a key, or surely is not.
//!
//! These are Bloom filters whose keys keep to a line of the processor's memory each (Putze, Sanders
//! and Singler, Cache-, Hash- and Space-Efficient Bloom Filters, 2007). Each full one sends about
//! one new key in seven hundred looking in vain. A filter is dropped when its newest key is a day old; when there
//! would be more of them than may be, the oldest goes before its time, and until that day is over
//! every new key is looked for. So it is after a start, until somebody has noted what was forgotten
//! before it and the filters here take that over.

use std::collections::VecDeque;

use super::{
    keys::{IDEMPOTENCY_MICROS, KeyDigest},
    time::BusinessTime,
};

/// A line of the processor's memory.
type Line = [u64; 8];

const LINE_BITS: usize = 512;
/// Bits for each key, and how many of them it sets.
const BITS_PER_KEY: usize = 16;
const BITS_SET: u32 = 6;

/// Keys of one filter: 8 MiB.
const KEYS_PER_FILTER: usize = 1 << 22;
/// Filters there may be: for 64 million requests a day.
const FILTERS_MAX: usize = 16;

#[derive(Clone, Debug)]
struct Filter {
    lines: Vec<Line>,
    /// Keys for which it is made.
    room: usize,
    /// Keys in it.
    count: usize,
    /// When the newest of them was decided.
    newest: BusinessTime,
}

impl Filter {
    fn new(keys: usize) -> Self {
        Self {
            lines: vec![[0; 8]; (keys * BITS_PER_KEY).div_ceil(LINE_BITS).max(1)],
            room: keys,
            count: 0,
            newest: BusinessTime(i64::MIN),
        }
    }

    /// The number of a key's line, and its bits there. A digest is as good as random.
    fn place(&self, digest: KeyDigest) -> (usize, impl Iterator<Item = usize> + use<>) {
        let (first, second) = digest.halves();
        let line = (u128::from(first) * self.lines.len() as u128) >> 64;
        let bit = move |number: u32| (second >> (9 * number)) as usize % LINE_BITS;
        (line as usize, (0..BITS_SET).map(bit))
    }

    fn add(&mut self, digest: KeyDigest, at: BusinessTime) {
        let (line, bits) = self.place(digest);
        if let Some(line) = self.lines.get_mut(line) {
            bits.for_each(|bit| line[bit / 64] |= 1 << (bit % 64));
        }
        self.count += 1;
        self.newest = self.newest.max(at);
    }

    fn may_hold(&self, digest: KeyDigest) -> bool {
        let (line, mut bits) = self.place(digest);
        let line = self.lines.get(line);
        line.is_some_and(|line| bits.all(|bit| line[bit / 64] & 1 << (bit % 64) != 0))
    }
}

/// The keys that memory has forgotten though they may still live.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// From the oldest to the newest, which is the only one that takes more keys.
    filters: VecDeque<Filter>,
    keys_per_filter: usize,
    filters_max: usize,
    /// Keys decided until then may be in none, since their filter went before its time.
    dropped_until: Option<BusinessTime>,
    /// Nor may those decided until then: they were forgotten before anybody took note.
    unnoted_until: Option<BusinessTime>,
}

impl Default for Forgotten {
    fn default() -> Self {
        Self::sized(KEYS_PER_FILTER, FILTERS_MAX)
    }
}

impl Forgotten {
    fn sized(keys_per_filter: usize, filters_max: usize) -> Self {
        Self {
            filters: VecDeque::new(),
            keys_per_filter,
            filters_max,
            dropped_until: None,
            unnoted_until: None,
        }
    }

    /// To note keys, about so many.
    pub fn for_keys(count: u64) -> Self {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Self::sized(count.clamp(1, KEYS_PER_FILTER), FILTERS_MAX)
    }

    /// Keys that were decided until `at` were forgotten before anybody took note.
    pub(super) fn begin_after(&mut self, at: BusinessTime) {
        self.unnoted_until = self.unnoted_until.max(Some(at));
    }

    /// Takes over what was noted meanwhile of those keys, all that still live. They are older than all
    /// that are here.
    pub(super) fn take_over(&mut self, earlier: Self) {
        self.unnoted_until = None;
        self.dropped_until = self.dropped_until.max(earlier.dropped_until);
        for filter in earlier.filters.into_iter().rev() {
            self.filters.push_front(filter);
        }
        while self.filters.len() > self.filters_max {
            self.drop_oldest();
        }
    }

    /// Drops the oldest filter before its time.
    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.filters.pop_front() {
            self.dropped_until = self.dropped_until.max(Some(oldest.newest));
        }
    }

    /// Memory forgets a key that was decided at `at`.
    pub fn add(&mut self, digest: KeyDigest, at: BusinessTime) {
        if self.filters.back().is_none_or(|it| it.count >= it.room) {
            let dead = at.before(IDEMPOTENCY_MICROS);
            while self.filters.front().is_some_and(|it| it.newest <= dead) {
                self.filters.pop_front();
            }
            if self.filters.len() >= self.filters_max {
                self.drop_oldest();
            }
            self.filters.push_back(Filter::new(self.keys_per_filter));
        }
        if let Some(newest) = self.filters.back_mut() {
            newest.add(digest, at);
        }
    }

    /// Whether a key may have been noted.
    pub(super) fn has(&self, digest: KeyDigest) -> bool {
        self.filters.iter().any(|it| it.may_hold(digest))
    }

    /// Whether a key may have been forgotten that still lives.
    pub(super) fn may_hold(&self, digest: KeyDigest, now: BusinessTime) -> bool {
        let dead = now.before(IDEMPOTENCY_MICROS);
        self.dropped_until.max(self.unnoted_until) > Some(dead) || self.has(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Channel, IdempotencyKey, Party};

    fn digest(number: u64) -> KeyDigest {
        let key = IdempotencyKey::parse(&format!("key-{number}")).unwrap();
        KeyDigest::of(Party::Terminal(Channel::Atm), &key)
    }

    fn hours(count: u64) -> BusinessTime {
        BusinessTime(i64::try_from(count).unwrap() * IDEMPOTENCY_MICROS / 24)
    }

    #[test]
    fn no_forgotten_key_is_taken_for_a_new_one_and_few_new_ones_for_forgotten() {
        let mut forgotten = Forgotten::sized(20_000, 16);
        (0..100_000).for_each(|number| forgotten.add(digest(number), hours(1)));
        assert_eq!(forgotten.filters.len(), 5);
        assert!((0..100_000).all(|number| forgotten.may_hold(digest(number), hours(2))));
        let new = 100_000..200_000;
        let in_vain = new.filter(|number| forgotten.may_hold(digest(*number), hours(2)));
        let in_vain = in_vain.count();
        // Five full filters, each wrong for about one in seven hundred.
        assert!((200..2_000).contains(&in_vain), "{in_vain} of 100,000");
    }

    #[test]
    fn a_filter_goes_when_its_newest_key_is_a_day_old() {
        let mut forgotten = Forgotten::sized(10, 16);
        for number in 0..200 {
            // Ten an hour.
            forgotten.add(digest(number), hours(number / 10));
        }
        assert_eq!(forgotten.filters.len(), 16, "no more than there may be");
        assert!(
            forgotten.may_hold(digest(1_000), hours(20)),
            "four went too early"
        );
        for number in 200..600 {
            forgotten.add(digest(number), hours(30 + number / 10));
        }
        assert!(forgotten.filters.len() <= 16);
        let mut slow = Forgotten::sized(10, 16);
        (0..600).for_each(|number| slow.add(digest(number), hours(number)));
        assert!(slow.filters.len() <= 4, "{}", slow.filters.len());
        assert!((590..600).all(|number| slow.may_hold(digest(number), hours(600))));
        assert!(!slow.may_hold(digest(0), hours(600)));
    }

    #[test]
    fn where_keys_were_forgotten_unnoticed_every_key_is_looked_for_until_they_are_a_day_old() {
        let mut forgotten = Forgotten::default();
        assert!(!forgotten.may_hold(digest(1), hours(1)));
        forgotten.begin_after(hours(5));
        assert!(forgotten.may_hold(digest(1), hours(28)));
        assert!(!forgotten.may_hold(digest(1), hours(29)));
    }

    #[test]
    fn what_was_noted_meanwhile_ends_the_looking_and_no_key_is_lost_between_the_two() {
        let mut forgotten = Forgotten::sized(1_000, 16);
        forgotten.begin_after(hours(5));
        // Keys go on being forgotten while the earlier ones are noted.
        (3_000..5_000).for_each(|number| forgotten.add(digest(number), hours(6)));
        let mut earlier = Forgotten::for_keys(3_000);
        (0..3_000).for_each(|number| earlier.add(digest(number), hours(5)));
        assert!((10_000..11_000).all(|number| forgotten.may_hold(digest(number), hours(7))));
        forgotten.take_over(earlier);
        (5_000..6_000).for_each(|number| forgotten.add(digest(number), hours(7)));
        assert!((0..6_000).all(|number| forgotten.may_hold(digest(number), hours(7))));
        let new = 10_000..20_000;
        let in_vain = new.filter(|number| forgotten.may_hold(digest(*number), hours(7)));
        let in_vain = in_vain.count();
        // Four full filters: about 57.
        assert!((10..200).contains(&in_vain), "{in_vain} of 10,000");
    }

    #[test]
    fn a_filter_that_is_taken_over_takes_no_more_keys_than_it_is_made_for() {
        let mut earlier = Forgotten::for_keys(10);
        (0..10).for_each(|number| earlier.add(digest(number), hours(1)));
        let mut forgotten = Forgotten::sized(1_000, 16);
        forgotten.begin_after(hours(1));
        forgotten.take_over(earlier);
        (10..800).for_each(|number| forgotten.add(digest(number), hours(2)));
        assert_eq!(forgotten.filters.len(), 2);
        let new = 1_000..2_000;
        let in_vain = new.filter(|number| forgotten.may_hold(digest(*number), hours(3)));
        assert!(in_vain.count() < 20);
    }

    #[test]
    fn what_is_more_than_there_may_be_goes_before_its_time_and_its_keys_are_looked_for() {
        let mut earlier = Forgotten::sized(10, 16);
        // Sixteen hours, and the first of them is dropped by the seventeenth.
        (0..170).for_each(|number| earlier.add(digest(number), hours(number / 10)));
        let mut forgotten = Forgotten::sized(10, 16);
        forgotten.begin_after(hours(17));
        (170..190).for_each(|number| forgotten.add(digest(number), hours(number / 10)));
        forgotten.take_over(earlier);
        assert_eq!(forgotten.filters.len(), 16);
        // Those of hours 0 to 2 are in no filter.
        assert!(forgotten.may_hold(digest(1_000), hours(25)));
        assert!(!forgotten.may_hold(digest(1_000), hours(26)));
        assert!((30..190).all(|number| forgotten.may_hold(digest(number), hours(26))));
    }
}

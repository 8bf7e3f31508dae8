//! Where rows stand, found by a hash: what registers, shelves and keys have in common.
//!
//! A hash table that is full, be it of traces of what was taken away, is made anew in one go. With a
//! million places that takes a twentieth of a second, in which everybody waits who wants something of the
//! bank. So there are many small tables, which become full one by one. Nothing iterates over them, so no
//! order of a hash shows anywhere.

use hashbrown::{HashTable, hash_table::Entry};

/// How many tables there are. Of a million places each has four thousand, and is made anew in less time
/// than a sync takes.
const TABLES: usize = 256;

/// The places of many rows, by their hashes.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// None before the first place.
    tables: Vec<HashTable<u32>>,
    len: usize,
}

/// A hash of a number. Neighbours land far from each other: the multiplier of Fibonacci hashing, whose high
/// bits, which a hash table compares first, depend on all bits of the number.
pub fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

/// Which table a hash belongs to. Within a table its lowest and its highest bits count, so these are others.
fn table_of(hash: u64) -> usize {
    (hash >> 48) as usize % TABLES
}

impl Places {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The place under this hash of which this is true.
    pub fn find(&self, hash: u64, is_it: impl FnMut(&u32) -> bool) -> Option<u32> {
        let table = self.tables.get(table_of(hash))?;
        table.find(hash, is_it).copied()
    }

    /// Looks at what stands at the places under these hashes, so that each is near when its turn comes:
    /// first for all places, without asking the rows whether they are meant, and then at all rows. So none
    /// waits for another.
    pub fn draw_near(&self, hashes: impl Iterator<Item = u64>, look: impl Fn(u32) -> i64) {
        let places: Vec<Option<u32>> = hashes.map(|hash| self.find(hash, |_| true)).collect();
        let places = places.into_iter().flatten();
        // The looking is what was wanted: without this it would be left out.
        std::hint::black_box(places.fold(0, |sum, place| sum ^ look(place)));
    }

    /// Puts a place that is not there. Other places may be asked for their hashes.
    pub fn insert(&mut self, hash: u64, place: u32, hash_at: impl Fn(&u32) -> u64) {
        self.table_for(hash).insert_unique(hash, place, hash_at);
        self.len += 1;
    }

    /// Puts a place unless there is one of which `is_it` is true; whether it was put.
    pub fn insert_new(
        &mut self,
        hash: u64,
        place: u32,
        is_it: impl FnMut(&u32) -> bool,
        hash_at: impl Fn(&u32) -> u64,
    ) -> bool {
        match self.table_for(hash).entry(hash, is_it, hash_at) {
            Entry::Occupied(_) => return false,
            Entry::Vacant(vacant) => drop(vacant.insert(place)),
        }
        self.len += 1;
        true
    }

    /// Puts a place instead of the one of which `is_it` is true; that one.
    pub fn replace(
        &mut self,
        hash: u64,
        place: u32,
        is_it: impl FnMut(&u32) -> bool,
        hash_at: impl Fn(&u32) -> u64,
    ) -> Option<u32> {
        match self.table_for(hash).entry(hash, is_it, hash_at) {
            Entry::Occupied(mut held) => return Some(std::mem::replace(held.get_mut(), place)),
            Entry::Vacant(vacant) => drop(vacant.insert(place)),
        }
        self.len += 1;
        None
    }

    /// Takes a place away, if it is there.
    pub fn remove(&mut self, hash: u64, place: u32) {
        let table = self.tables.get_mut(table_of(hash));
        let found = table.map(|table| table.find_entry(hash, |held| *held == place));
        if let Some(Ok(entry)) = found {
            entry.remove();
            self.len -= 1;
        }
    }

    /// Makes room for so many more, before they come one by one. Not all tables get the same.
    pub fn reserve(&mut self, more: usize, hash_at: impl Fn(&u32) -> u64) {
        self.make_tables();
        let share = more / TABLES;
        for table in &mut self.tables {
            table.reserve(share + share / 16, &hash_at);
        }
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.tables.iter_mut().for_each(HashTable::clear);
        self.len = 0;
    }

    fn table_for(&mut self, hash: u64) -> &mut HashTable<u32> {
        self.make_tables();
        &mut self.tables[table_of(hash)]
    }

    fn make_tables(&mut self) {
        if self.tables.is_empty() {
            self.tables = vec![HashTable::new(); TABLES];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn hash_of(place: u32) -> u64 {
        mixed(u64::from(place))
    }

    #[test]
    fn places_are_found_by_their_hashes_whatever_is_done_to_them() {
        let (mut places, mut naive) = (Places::default(), BTreeSet::new());
        assert_eq!(places.find(7, |_| true), None);
        places.remove(7, 7);
        let hash_at = |place: &u32| hash_of(*place);
        let mut walk = 5_u64;
        for turn in 0..200_000 {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let place = (walk >> 50) as u32;
            let hash = hash_of(place);
            let is_it = |held: &u32| *held == place;
            assert_eq!(places.find(hash, is_it).is_some(), naive.contains(&place));
            match walk >> 40 & 3 {
                0 => {
                    places.remove(hash, place);
                    naive.remove(&place);
                }
                1 if !naive.contains(&place) => {
                    places.insert(hash, place, hash_at);
                    naive.insert(place);
                }
                2 => {
                    let put = places.insert_new(hash, place, is_it, hash_at);
                    assert_eq!(put, naive.insert(place));
                }
                _ => {
                    let former = places.replace(hash, place, is_it, hash_at);
                    assert_eq!(former.is_some(), !naive.insert(place));
                }
            }
            assert_eq!(places.len(), naive.len());
            if turn == 150_000 {
                places.clear();
                naive.clear();
                places.reserve(10_000, hash_at);
            }
        }
        assert!(naive.len() > 5_000);
    }

    #[test]
    fn of_a_million_places_only_some_thousand_are_made_anew_together() {
        let mut places = Places::default();
        let hash_at = |place: &u32| hash_of(*place);
        // Each that comes drives the oldest of a million out, as keys do.
        for place in 0..2_000_000_u32 {
            places.insert(hash_of(place), place, hash_at);
            if let Some(oldest) = place.checked_sub(1_000_000) {
                places.remove(hash_of(oldest), oldest);
            }
        }
        assert_eq!(places.len(), 1_000_000);
        let lengths = places.tables.iter().map(HashTable::len);
        assert!(lengths.clone().all(|length| length < 5_000));
        assert_eq!(lengths.sum::<usize>(), 1_000_000);
    }
}

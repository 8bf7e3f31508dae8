//! A table whose keys only grow, found at once: accounts, which are numbered in the order in which
//! they were opened.
//!
//! Rows stand in the order of their keys in one piece, and a hash leads from a key to its place. Nothing
//! iterates over the hashes, so no order of a hash shows anywhere. Compared with a
//! [`super::table::Table`] a row is found with two looks into memory instead of five or six; the price
//! is that a key below the last one is inserted by moving all rows after it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    places::{Places, mixed},
    undo::{Undo, Undoable},
};

/// A key that a register can find.
pub trait RegisterKey: Copy + Ord {
    /// Keys of equal numbers are equal.
    fn number(self) -> u64;
}

/// The hash of a key.
pub(super) fn hash_of(key: impl RegisterKey) -> u64 {
    mixed(key.number())
}

/// The rows by growing keys.
#[derive(Clone, Debug)]
pub struct Register<K, V> {
    rows: Vec<(K, V)>,
    places: Places,
    undo: Undo<K, V>,
}

impl<K, V> Default for Register<K, V> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            places: Places::default(),
            undo: Undo::default(),
        }
    }
}

/// Registers are equal when their rows are; a mark is no content.
impl<K: PartialEq, V: PartialEq> PartialEq for Register<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<K: Serialize, V: Serialize> Serialize for Register<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.rows)
    }
}

impl<'de, K: RegisterKey + Deserialize<'de>, V: Clone + Deserialize<'de>> Deserialize<'de>
    for Register<K, V>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut register = Self::default();
        for (key, value) in Vec::<(K, V)>::deserialize(deserializer)? {
            register.put(key, value);
        }
        Ok(register)
    }
}

impl<K, V> Register<K, V> {
    /// What it holds, in order.
    pub(super) fn into_rows(self) -> Vec<(K, V)> {
        self.rows
    }
}

impl<K: RegisterKey, V: Clone> Register<K, V> {
    fn place(&self, key: K) -> Option<usize> {
        let is_it = |place: &u32| self.rows[*place as usize].0 == key;
        let place = self.places.find(hash_of(key), is_it)?;
        Some(place as usize)
    }

    /// Looks at these rows, all together, so that each is near when its turn comes.
    pub fn draw_near(&self, keys: &[K], look: impl Fn(&V) -> i64) {
        let hashes = keys.iter().map(|key| hash_of(*key));
        self.places.draw_near(hashes, |place| {
            let row = self.rows.get(place as usize);
            row.map_or(0, |(key, row)| key.number().cast_signed() ^ look(row))
        });
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(*key).map(|place| &self.rows[place].1)
    }

    pub fn contains(&self, key: &K) -> bool {
        self.place(*key).is_some()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.after(None)
    }

    /// The rows whose key is greater than `key`, or all of them.
    pub fn after(&self, key: Option<K>) -> impl Iterator<Item = (&K, &V)> {
        let begin = key.map_or(0, |key| self.rows.partition_point(|(held, _)| *held <= key));
        self.rows[begin..].iter().map(|(key, value)| (key, value))
    }

    pub fn put(&mut self, key: K, value: V) {
        let old = if let Some(place) = self.place(key) {
            Some(std::mem::replace(&mut self.rows[place].1, value))
        } else {
            self.insert(key, value);
            None
        };
        self.undo.note(|| (key, old));
    }

    /// A row to change in place, or `None` when there is none.
    pub fn edit(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(*key)?;
        let row = &mut self.rows[place].1;
        self.undo.note(|| (*key, Some(row.clone())));
        Some(row)
    }

    fn insert(&mut self, key: K, value: V) {
        let place = self.rows.partition_point(|(held, _)| *held < key);
        self.rows.insert(place, (key, value));
        if place + 1 == self.rows.len() {
            let rows = &self.rows;
            let hash_at = |place: &u32| hash_of(rows[*place as usize].0);
            // Four billion rows are more than any machine's memory holds.
            self.places.insert(hash_of(key), place as u32, hash_at);
        } else {
            self.find_places();
        }
    }

    fn remove(&mut self, key: K) {
        let Some(place) = self.place(key) else { return };
        self.rows.remove(place);
        self.find_places();
    }

    fn find_places(&mut self) {
        self.places.clear();
        let rows = &self.rows;
        for (place, (key, _)) in rows.iter().enumerate() {
            let hash_at = |place: &u32| hash_of(rows[*place as usize].0);
            self.places.insert(hash_of(*key), place as u32, hash_at);
        }
    }
}

impl<K: RegisterKey, V: Clone> Undoable for Register<K, V> {
    type Key = K;
    type Row = V;

    fn undo(&mut self) -> &mut Undo<K, V> {
        &mut self.undo
    }

    fn restore(&mut self, key: K, former: Option<V>) {
        match former {
            Some(value) => self.put(key, value),
            None => self.remove(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::table::Table;

    impl RegisterKey for u64 {
        fn number(self) -> u64 {
            self
        }
    }

    fn rows(register: &Register<u64, u64>) -> Vec<(u64, u64)> {
        register.iter().map(|(key, row)| (*key, *row)).collect()
    }

    #[test]
    fn a_register_is_a_table_whatever_is_done_to_it() {
        let (mut register, mut table) = (Register::default(), Table::default());
        // A walk over keys that mostly grow and sometimes come again or come late.
        let mut walk = 12_345_u64;
        for turn in 0..5_000 {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = turn / 2 * 10 + (walk >> 60);
            match turn % 100 {
                20 | 60 => (register.mark(), table.mark()),
                40 => (register.keep(), table.keep()),
                80 => (register.drop_changes(), table.drop_changes()),
                _ => ((), ()),
            };
            if walk >> 40 & 1 == 0 {
                register.put(key, turn);
                table.put(key, turn);
            } else {
                let edited = (register.edit(&key), table.edit(&key));
                if let (Some(one), Some(other)) = edited {
                    (*one, *other) = (turn, turn);
                }
            }
            assert_eq!(register.get(&key), table.get(&key));
        }
        let expected: Vec<(u64, u64)> = table.iter().map(|(key, row)| (*key, *row)).collect();
        assert!(expected.len() > 1_000);
        assert_eq!(rows(&register), expected);
        for key in 0..26_000 {
            assert_eq!(register.get(&key), table.get(&key), "{key}");
            assert_eq!(register.contains(&key), table.contains(&key), "{key}");
        }
        let (later, after) = (expected[500..].len(), Some(expected[499].0));
        assert_eq!(register.after(after).count(), later);
    }

    #[test]
    fn a_register_is_written_and_read_in_order() {
        let mut register = Register::default();
        for key in [3, 1, 2] {
            register.put(key, key * 10);
        }
        let bytes = postcard::to_stdvec(&register).unwrap();
        let read: Register<u64, u64> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(rows(&read), [(1, 10), (2, 20), (3, 30)]);
        assert_eq!(read, register);
    }
}

//! A table whose keys come in any order and stay: rows in the order in which they came, found at once.
//!
//! A [`super::register::Register`] moves rows when a key comes late, and a [`super::table::Table`] is
//! a tree: for a row of some hundred bytes that each payment changes, that is five or six looks into
//! memory. Here it is two. The order of the rows is that of the records that made them, so it is the
//! same after every replay; the hash table that leads to them is never iterated.

use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq as _};

use super::{
    register::{RegisterKey, hash_of},
    ring::Ring,
    undo::{Undo, Undoable},
};

/// The rows in the order in which they came.
#[derive(Clone, Debug)]
pub struct Shelf<K, V> {
    rows: Ring<(K, V)>,
    places: HashTable<u32>,
    undo: Undo<K, V>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self {
            rows: Ring::default(),
            places: HashTable::new(),
            undo: Undo::default(),
        }
    }
}

/// Shelves are equal when their rows are, in the same order; a mark is no content.
impl<K: PartialEq, V: PartialEq> PartialEq for Shelf<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<K: Serialize, V: Serialize> Serialize for Shelf<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Formats want to know how many there are.
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows.iter() {
            rows.serialize_element(row)?;
        }
        rows.end()
    }
}

impl<'de, K: RegisterKey + Deserialize<'de>, V: Clone + Deserialize<'de>> Deserialize<'de>
    for Shelf<K, V>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut shelf = Self::default();
        for (key, value) in Vec::<(K, V)>::deserialize(deserializer)? {
            shelf.put(key, value);
        }
        Ok(shelf)
    }
}

impl<K: RegisterKey, V: Clone> Shelf<K, V> {
    fn place(&self, key: K) -> Option<usize> {
        let is_it = |place: &u32| self.key_at(*place) == Some(key);
        let place = self.places.find(hash_of(key), is_it)?;
        Some(*place as usize)
    }

    fn key_at(&self, place: u32) -> Option<K> {
        self.rows.get(place as usize).map(|(key, _)| *key)
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(*key)?;
        self.rows.get(place).map(|(_, row)| row)
    }

    pub fn contains(&self, key: &K) -> bool {
        self.place(*key).is_some()
    }

    pub fn put(&mut self, key: K, value: V) {
        if let Some(row) = self.edit(&key) {
            *row = value;
            return;
        }
        // Four billion rows are more than any machine's memory holds.
        let place = self.rows.len() as u32;
        let rows = &self.rows;
        let hash_at = |place: &u32| {
            rows.get(*place as usize)
                .map_or(0, |(key, _)| hash_of(*key))
        };
        self.places.insert_unique(hash_of(key), place, hash_at);
        self.rows.push_back((key, value));
        self.undo.note(|| (key, None));
    }

    /// A row to change in place, or `None` when there is none.
    pub fn edit(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(*key)?;
        let (_, row) = self.rows.get_mut(place)?;
        self.undo.note(|| (*key, Some(row.clone())));
        Some(row)
    }

    /// Takes the row away that came last.
    fn take_last(&mut self) {
        let Some((key, _)) = self.rows.pop_back() else {
            return;
        };
        let place = self.rows.len() as u32;
        let is_it = |held: &u32| *held == place;
        if let Ok(entry) = self.places.find_entry(hash_of(key), is_it) {
            entry.remove();
        }
    }
}

impl<K: RegisterKey, V: Clone> Undoable for Shelf<K, V> {
    type Key = K;
    type Row = V;

    fn undo(&mut self) -> &mut Undo<K, V> {
        &mut self.undo
    }

    fn restore(&mut self, key: K, former: Option<V>) {
        match former {
            Some(value) => self.put(key, value),
            // Changes are undone from the newest on.
            None => self.take_last(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::table::Table;

    #[test]
    fn a_shelf_is_a_table_whatever_is_done_to_it_but_for_its_order() {
        let (mut shelf, mut table) = (Shelf::default(), Table::default());
        let mut walk = 77_u64;
        for turn in 0..20_000_u64 {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = walk >> 52;
            match turn % 100 {
                20 | 60 => (shelf.mark(), table.mark()),
                40 => (shelf.keep(), table.keep()),
                80 => (shelf.drop_changes(), table.drop_changes()),
                _ => ((), ()),
            };
            if walk >> 40 & 1 == 0 {
                shelf.put(key, turn);
                table.put(key, turn);
            } else {
                let edited = (shelf.edit(&key), table.edit(&key));
                if let (Some(one), Some(other)) = edited {
                    (*one, *other) = (turn, turn);
                }
            }
            assert_eq!(shelf.get(&key), table.get(&key));
            assert_eq!(shelf.contains(&key), table.contains(&key));
        }
        let mut rows: Vec<(u64, u64)> = shelf.rows.iter().copied().collect();
        rows.sort_unstable();
        let expected: Vec<(u64, u64)> = table.iter().map(|(key, row)| (*key, *row)).collect();
        assert!(expected.len() > 1_000);
        assert_eq!(rows, expected);
        assert!((0..1 << 12).all(|key| shelf.get(&key) == table.get(&key)));
    }

    #[test]
    fn a_shelf_is_written_and_read_in_the_order_in_which_its_rows_came() {
        let mut shelf = Shelf::default();
        for key in [3_u64, 1, 2] {
            shelf.put(key, key * 10);
        }
        shelf.mark();
        shelf.put(0, 0);
        shelf.put(1, 11);
        shelf.drop_changes();
        let bytes = postcard::to_stdvec(&shelf).unwrap();
        let read: Shelf<u64, u64> = postcard::from_bytes(&bytes).unwrap();
        let rows: Vec<(u64, u64)> = read.rows.iter().copied().collect();
        assert_eq!(rows, [(3, 30), (1, 10), (2, 20)]);
        assert_eq!(read, shelf);
    }
}

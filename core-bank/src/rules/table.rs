//! A sorted map that can forget what a refused group did to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::undo::{Undo, Undoable};

/// A map in key order.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    rows: BTreeMap<K, V>,
    undo: Undo<K, V>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            undo: Undo::default(),
        }
    }
}

/// Tables are equal when their rows are; a mark is no content.
impl<K: PartialEq, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

/// A snapshot holds the rows in order, which makes them a table again without a search for each.
impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.rows)
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<(K, V)>::deserialize(deserializer)?;
        Ok(Self {
            rows: rows.into_iter().collect(),
            undo: Undo::default(),
        })
    }
}

impl<K, V> Table<K, V> {
    /// What it holds, in order.
    pub(super) fn into_rows(self) -> BTreeMap<K, V> {
        self.rows
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn first(&self) -> Option<(&K, &V)> {
        self.rows.first_key_value()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    /// The rows whose key is greater than `key`, or all of them.
    pub fn after(&self, key: Option<K>) -> impl Iterator<Item = (&K, &V)> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.rows
            .range((key.map_or(Unbounded, Excluded), Unbounded))
    }

    pub fn put(&mut self, key: K, value: V) {
        let old = self.rows.insert(key.clone(), value);
        self.undo.note(|| (key, old));
    }

    pub fn remove(&mut self, key: &K) {
        if let Some(old) = self.rows.remove(key) {
            self.undo.note(|| (key.clone(), Some(old)));
        }
    }

    /// A row to change in place, or `None` when there is none.
    pub fn edit(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        self.undo.note(|| (key.clone(), Some(row.clone())));
        Some(row)
    }
}

impl<K: Ord + Clone, V: Clone> Undoable for Table<K, V> {
    type Key = K;
    type Row = V;

    fn undo(&mut self) -> &mut Undo<K, V> {
        &mut self.undo
    }

    fn restore(&mut self, key: K, former: Option<V>) {
        match former {
            Some(value) => self.rows.insert(key, value),
            None => self.rows.remove(&key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_the_changes_brings_the_marked_content_back() {
        let mut table = Table::default();
        table.put(1, "one");
        table.put(2, "two");
        let before = table.clone();
        table.mark();
        table.put(1, "uno");
        table.put(3, "three");
        table.remove(&2);
        *table.edit(&1).unwrap() = "eins";
        table.put(2, "zwei");
        table.remove(&9);
        assert_ne!(table, before);
        table.drop_changes();
        assert_eq!(table, before);
    }
}

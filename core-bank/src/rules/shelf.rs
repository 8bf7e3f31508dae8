//! A table whose keys come in any order: rows in the order in which they came, found at once.
//!
//! A [`super::register::Register`] moves rows when a key comes late, and a [`super::table::Table`] is
//! a tree: for a row of some hundred bytes that each payment changes, that is five or six looks into
//! memory. Here it is two. The order of the rows is that of the records that made them, so it is the
//! same after every replay; the hashes that lead to them are never iterated.
//!
//! A row that is taken away leaves a gap. Gaps at the front go once no mark can bring their rows back,
//! and the others when there are more of them than rows.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq as _};

use super::{
    places::Places,
    register::{RegisterKey, hash_of},
    ring::Ring,
    undo::{Undo, Undoable},
};

/// Fewer gaps than this are not worth closing.
const GAPS_MIN: usize = 1_024;

/// The rows in the order in which they came.
#[derive(Clone, Debug)]
pub struct Shelf<K, V> {
    rows: Ring<Option<(K, V)>>,
    /// Where the row of a key stands, counted from the first row since gaps were closed, modulo 2³².
    places: Places,
    /// The place of the first of `rows`.
    first: u32,
    /// How many of `rows` are gaps before the first row.
    leading: usize,
    /// Former rows with their places.
    undo: Undo<K, (u32, V)>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self {
            rows: Ring::default(),
            places: Places::default(),
            first: 0,
            leading: 0,
            undo: Undo::default(),
        }
    }
}

/// Shelves are equal when their rows are, in the same order; a mark or a gap is no content.
impl<K: PartialEq, V: PartialEq> PartialEq for Shelf<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rows.iter().flatten().eq(other.rows.iter().flatten())
    }
}

impl<K: Serialize, V: Serialize> Serialize for Shelf<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Formats want to know how many there are.
        let mut rows = serializer.serialize_seq(Some(self.places.len()))?;
        for row in self.rows.iter().flatten() {
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

impl<K, V> Shelf<K, V> {
    /// What it holds, with its gaps, in the order in which it came.
    pub(super) fn into_rows(self) -> Ring<Option<(K, V)>> {
        self.rows
    }
}

impl<K: RegisterKey, V: Clone> Shelf<K, V> {
    fn place(&self, key: K) -> Option<u32> {
        let is_it = |place: &u32| self.row_at(*place).is_some_and(|(held, _)| *held == key);
        self.places.find(hash_of(key), is_it)
    }

    /// Looks at these rows, all together, so that each is near when its turn comes.
    pub fn draw_near(&self, keys: &[K], look: impl Fn(&V) -> i64) {
        let hashes = keys.iter().map(|key| hash_of(*key));
        self.places.draw_near(hashes, |place| {
            let row = self.row_at(place);
            row.map_or(0, |(key, row)| key.number().cast_signed() ^ look(row))
        });
    }

    fn row_at(&self, place: u32) -> Option<&(K, V)> {
        self.rows.get(self.index(place))?.as_ref()
    }

    /// Where among `rows` a place is.
    fn index(&self, place: u32) -> usize {
        place.wrapping_sub(self.first) as usize
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.row_at(self.place(*key)?).map(|(_, row)| row)
    }

    /// The row that came first.
    pub fn first(&self) -> Option<(&K, &V)> {
        let row = self.rows.get(self.leading)?.as_ref();
        row.map(|(key, row)| (key, row))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().flatten().map(|(key, row)| (key, row))
    }

    pub fn put(&mut self, key: K, value: V) {
        match self.edit(&key) {
            Some(row) => *row = value,
            None => {
                self.push(key, value);
            }
        }
    }

    /// Puts a row whose key is not there.
    fn push(&mut self, key: K, value: V) -> u32 {
        // Four billion rows are more than any machine's memory holds.
        let place = self.first.wrapping_add(self.rows.len() as u32);
        self.rows.push_back(Some((key, value)));
        self.lead_to(key, place);
        self.undo.note(|| (key, None));
        place
    }

    /// A row to change in place, or `None` when there is none.
    pub fn edit(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(*key)?;
        self.edit_at(key, place)
    }

    /// A row to change in place; when there is none, the new one, if any.
    pub fn edit_or(&mut self, key: &K, new: impl FnOnce() -> Option<V>) -> Option<&mut V> {
        let place = if let Some(place) = self.place(*key) {
            place
        } else {
            self.push(*key, new()?)
        };
        self.edit_at(key, place)
    }

    fn edit_at(&mut self, key: &K, place: u32) -> Option<&mut V> {
        let index = self.index(place);
        let (_, row) = self.rows.get_mut(index)?.as_mut()?;
        self.undo.note(|| (*key, Some((place, row.clone()))));
        Some(row)
    }

    /// The row that was there.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(*key)?;
        let index = self.index(place);
        let (key, row) = self.rows.get_mut(index)?.take()?;
        self.lead_no_more_to(key, place);
        while let Some(None) = self.rows.get(self.leading) {
            self.leading += 1;
        }
        self.undo.note(|| (key, Some((place, row.clone()))));
        if !self.undo.is_marked() {
            self.close_gaps();
        }
        Some(row)
    }

    fn lead_to(&mut self, key: K, place: u32) {
        let (rows, first) = (&self.rows, self.first);
        let hash_at = |place: &u32| {
            let row = rows.get(place.wrapping_sub(first) as usize);
            row.and_then(Option::as_ref)
                .map_or(0, |(key, _)| hash_of(*key))
        };
        self.places.insert(hash_of(key), place, hash_at);
    }

    fn lead_no_more_to(&mut self, key: K, place: u32) {
        self.places.remove(hash_of(key), place);
    }

    /// Makes the row of a place what it was, or fills the gap there.
    fn put_back(&mut self, key: K, place: u32, value: V) {
        let index = self.index(place);
        let Some(row) = self.rows.get_mut(index) else {
            return;
        };
        if row.replace((key, value)).is_none() {
            self.lead_to(key, place);
            self.leading = self.leading.min(index);
        }
    }

    /// Takes the row away that came last, and its place.
    fn take_last(&mut self) {
        if let Some(Some((key, _))) = self.rows.pop_back() {
            let place = self.first.wrapping_add(self.rows.len() as u32);
            self.lead_no_more_to(key, place);
        }
    }

    /// Closes gaps that no mark can fill again.
    fn close_gaps(&mut self) {
        for _ in 0..self.leading {
            self.rows.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        self.leading = 0;
        let gaps = self.rows.len() - self.places.len();
        if gaps >= GAPS_MIN && gaps > self.places.len() {
            let mut rows = std::mem::take(&mut self.rows);
            self.places.clear();
            self.first = 0;
            while let Some(row) = rows.pop_front() {
                if let Some((key, value)) = row {
                    let place = self.rows.len() as u32;
                    self.rows.push_back(Some((key, value)));
                    self.lead_to(key, place);
                }
            }
        }
    }
}

impl<K: RegisterKey, V: Clone> Undoable for Shelf<K, V> {
    type Key = K;
    type Row = (u32, V);

    fn undo(&mut self) -> &mut Undo<K, (u32, V)> {
        &mut self.undo
    }

    fn restore(&mut self, key: K, former: Option<(u32, V)>) {
        match former {
            Some((place, value)) => self.put_back(key, place, value),
            // Changes are undone from the newest on.
            None => self.take_last(),
        }
    }

    fn settle(&mut self) {
        self.close_gaps();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shelf as one would write it that need not be fast.
    #[derive(Default)]
    struct Naive {
        rows: Vec<(u64, u64)>,
        marked: Vec<(u64, u64)>,
    }

    impl Naive {
        fn place(&self, key: u64) -> Option<usize> {
            self.rows.iter().position(|(held, _)| *held == key)
        }

        fn put(&mut self, key: u64, value: u64) {
            match self.place(key) {
                Some(place) => self.rows[place].1 = value,
                None => self.rows.push((key, value)),
            }
        }

        fn remove(&mut self, key: u64) {
            if let Some(place) = self.place(key) {
                self.rows.remove(place);
            }
        }
    }

    fn rows(shelf: &Shelf<u64, u64>) -> Vec<(u64, u64)> {
        shelf.iter().map(|(key, row)| (*key, *row)).collect()
    }

    #[test]
    fn a_shelf_holds_what_a_list_would_whatever_is_done_to_it() {
        let (mut shelf, mut naive) = (Shelf::default(), Naive::default());
        let (mut walk, mut most) = (77_u64, 0);
        for turn in 0..40_000_u64 {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = walk >> 52;
            match turn % 100 {
                20 | 60 => {
                    shelf.mark();
                    naive.marked.clone_from(&naive.rows);
                }
                40 => shelf.keep(),
                80 => {
                    shelf.drop_changes();
                    naive.rows.clone_from(&naive.marked);
                }
                _ => {}
            }
            // It grows and it shrinks, by what came first or by whatever there is.
            let shrinking = turn / 8_000 % 2 == 1;
            match (walk >> 40 & 7, shrinking) {
                (0..5, false) | (0, true) => {
                    shelf.put(key, turn);
                    naive.put(key, turn);
                }
                (1..5, true) => {
                    let oldest = naive.rows.first().filter(|_| turn > 20_000);
                    let key = oldest.map_or(key, |(key, _)| *key);
                    shelf.remove(&key);
                    naive.remove(key);
                }
                (5, _) => {
                    shelf.remove(&key);
                    naive.remove(key);
                }
                _ => {
                    if let Some(row) = shelf.edit(&key) {
                        *row = turn;
                        naive.put(key, turn);
                    }
                }
            }
            let place = naive.place(key);
            assert_eq!(shelf.get(&key).copied(), place.map(|at| naive.rows[at].1));
            assert_eq!(shelf.get(&key).is_some(), place.is_some());
            let first = naive.rows.first().map(|(key, row)| (key, row));
            assert_eq!(shelf.first(), first);
            if turn % 100 == 80 || turn % 100 == 40 {
                assert_eq!(rows(&shelf), naive.rows);
                assert_eq!(shelf.places.len(), naive.rows.len());
            }
            if turn % 100 == 40 {
                let gaps = shelf.rows.len() - naive.rows.len();
                assert!(gaps < GAPS_MIN.max(naive.rows.len() + 1), "{gaps} gaps");
            }
            most = most.max(naive.rows.len());
        }
        assert!(most > 2_000, "{most} rows at most");
        assert!((0..1 << 12).all(|key| shelf.get(&key).is_some() == naive.place(key).is_some()));
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
        shelf.remove(&3);
        shelf.put(3, 31);
        shelf.drop_changes();
        let bytes = postcard::to_stdvec(&shelf).unwrap();
        let read: Shelf<u64, u64> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(rows(&read), [(3, 30), (1, 10), (2, 20)]);
        assert_eq!(read, shelf);
        shelf.remove(&1);
        shelf.put(1, 12);
        assert_eq!(rows(&shelf), [(3, 30), (2, 20), (1, 12)]);
        let bytes = postcard::to_stdvec(&shelf).unwrap();
        assert_eq!(
            postcard::from_bytes::<Shelf<u64, u64>>(&bytes).unwrap(),
            shelf
        );
    }
}

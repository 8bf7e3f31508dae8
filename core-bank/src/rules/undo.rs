//! How a table forgets what a refused group did to it. The price is one small clone a changed row
//! while a mark is set, and nothing otherwise.

/// The former values of the rows that have changed since the mark, in the order of the changes.
#[derive(Clone, Debug)]
pub struct Undo<K, V>(Option<Vec<(K, Option<V>)>>);

impl<K, V> Default for Undo<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V> Undo<K, V> {
    /// Notes what a row was before a change, when a mark is set; `None` when there was no row.
    pub fn note(&mut self, former: impl FnOnce() -> (K, Option<V>)) {
        if let Some(changes) = &mut self.0 {
            changes.push(former());
        }
    }

    /// Whether a mark is set.
    pub fn is_marked(&self) -> bool {
        self.0.is_some()
    }
}

/// A table whose changes since a mark can be dropped.
pub trait Undoable {
    /// Names a row.
    type Key;
    /// What stands in one.
    type Row;

    /// Where the table notes what it changes.
    fn undo(&mut self) -> &mut Undo<Self::Key, Self::Row>;

    /// Makes a row what it was before the newest change that was not undone yet.
    fn restore(&mut self, key: Self::Key, former: Option<Self::Row>);

    /// From here on changes can be undone.
    fn mark(&mut self) {
        self.undo().0 = Some(Vec::new());
    }

    /// The changes since the mark stay.
    fn keep(&mut self) {
        self.undo().0 = None;
        self.settle();
    }

    /// Called when the changes stay: what was held for the undoing may go.
    fn settle(&mut self) {}

    /// The changes since the mark never were.
    fn drop_changes(&mut self) {
        for (key, former) in self.undo().0.take().into_iter().flatten().rev() {
            self.restore(key, former);
        }
    }
}

//! How a table forgets what a refused group did to it. The price is one small clone a changed row
//! while a mark is set, and nothing otherwise.

/// The former values of the rows that have changed since the mark, in the order of the changes.
#[derive(Clone, Debug)]
pub struct Undo<K, V> {
    /// None unless a mark is set. The room for them is kept from group to group.
    changes: Vec<(K, Option<V>)>,
    marked: bool,
}

/// Changes for which room is kept: more than most groups make.
const ROOM_MAX: usize = 1_024;

impl<K, V> Default for Undo<K, V> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            marked: false,
        }
    }
}

impl<K, V> Undo<K, V> {
    /// Notes what a row was before a change, when a mark is set; `None` when there was no row.
    pub fn note(&mut self, former: impl FnOnce() -> (K, Option<V>)) {
        if self.marked {
            self.changes.push(former());
        }
    }

    /// Whether a mark is set.
    pub fn is_marked(&self) -> bool {
        self.marked
    }

    fn mark(&mut self) {
        self.changes.clear();
        self.marked = true;
    }

    fn keep(&mut self) {
        self.changes.clear();
        self.changes.shrink_to(ROOM_MAX);
        self.marked = false;
    }

    fn take(&mut self) -> Vec<(K, Option<V>)> {
        self.marked = false;
        std::mem::take(&mut self.changes)
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
        self.undo().mark();
    }

    /// The changes since the mark stay.
    fn keep(&mut self) {
        self.undo().keep();
        self.settle();
    }

    /// Called when the changes stay: what was held for the undoing may go.
    fn settle(&mut self) {}

    /// The changes since the mark never were.
    fn drop_changes(&mut self) {
        for (key, former) in self.undo().take().into_iter().rev() {
            self.restore(key, former);
        }
    }
}

//! Freeing a state some rows at a time. Beside a bank that serves, the second state that was there for
//! a snapshot is freed by a thread that nobody waits for, but all at once it keeps the processor and
//! the process's memory map for a fiftieth of a second.

use std::{collections::BTreeMap, mem::take};

use super::{register::Register, ring::Ring, shelf::Shelf, state::State, table::Table};

/// Rows that are freed together: a tenth of a millisecond.
const AT_ONCE: usize = 1_024;

impl State {
    /// Frees it, and calls `pause` again and again.
    pub fn dismantle(mut self, pause: &mut dyn FnMut()) {
        take(&mut self.customers).dismantle(pause);
        take(&mut self.accounts).dismantle(pause);
        take(&mut self.cards).dismantle(pause);
        take(&mut self.sessions).dismantle(pause);
        take(&mut self.media).dismantle(pause);
        take(&mut self.waiting).dismantle(pause);
        take(&mut self.residents).dismantle(pause);
        take(&mut self.locks).dismantle(pause);
        take(&mut self.holdings).dismantle(pause);
        take(&mut self.points).dismantle(pause);
        take(&mut self.pins).dismantle(pause);
        // Of the rest a city has few.
    }
}

impl<K, V> Register<K, V> {
    fn dismantle(self, pause: &mut dyn FnMut()) {
        let mut rows = self.into_rows();
        while !rows.is_empty() {
            rows.truncate(rows.len().saturating_sub(AT_ONCE));
            pause();
        }
    }
}

impl<K, V> Shelf<K, V> {
    fn dismantle(self, pause: &mut dyn FnMut()) {
        self.into_rows().dismantle(pause);
    }
}

impl<T> Ring<T> {
    fn dismantle(mut self, pause: &mut dyn FnMut()) {
        while self.drop_block() {
            pause();
        }
    }
}

impl<K: Ord, V> Table<K, V> {
    fn dismantle(self, pause: &mut dyn FnMut()) {
        let mut rows: BTreeMap<K, V> = self.into_rows();
        while !rows.is_empty() {
            for _ in 0..AT_ONCE {
                rows.pop_first();
            }
            pause();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn all_rows_are_freed_and_few_at_a_time() {
        let held = Rc::new(());
        let freed = |dismantle: &dyn Fn(&mut dyn FnMut())| {
            let (mut before, mut most) = (10_001, 0);
            dismantle(&mut || {
                let now = Rc::strong_count(&held);
                most = most.max(before - now);
                before = now;
            });
            assert_eq!(Rc::strong_count(&held), 1);
            assert!(most > 0 && most <= 4_096, "{most} at a time");
        };
        freed(&|pause| {
            let mut register = Register::default();
            (0..10_000_u64).for_each(|key| register.put(key, Rc::clone(&held)));
            register.dismantle(pause);
        });
        freed(&|pause| {
            let mut shelf = Shelf::default();
            (0..10_000_u64).for_each(|key| shelf.put(key, Rc::clone(&held)));
            shelf.dismantle(pause);
        });
        freed(&|pause| {
            let mut table = Table::default();
            (0..10_000_u64).for_each(|key| table.put(key, Rc::clone(&held)));
            table.dismantle(pause);
        });
    }
}

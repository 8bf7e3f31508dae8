//! Keys that say the same thing in ways that exclude each other. A variant or `--set` that says it
//! in one way takes out what the file below says in another, so that a shipped scenario's busiest
//! half hour can become its whole day without changing the file.

use super::tree::{Table, Value};

/// What the keys of a table take out of the same table below them.
const RIVALS: [(&str, &str, &[&str]); 5] = [
    (
        "load",
        "window",
        &[
            "window_length",
            "from",
            "to",
            "operations",
            "operations_hash",
        ],
    ),
    (
        "load",
        "window_length",
        &["window", "from", "to", "operations", "operations_hash"],
    ),
    ("load", "from", &["window", "window_length"]),
    ("load", "to", &["window", "window_length"]),
    (
        "load",
        "operations",
        &[
            "window",
            "window_length",
            "from",
            "to",
            "volume",
            "operations_hash",
        ],
    ),
];

impl Table {
    /// Takes out what the keys of a variant that will be laid over this file stand against.
    pub fn give_way_to(&mut self, variant: &Self) {
        for entry in variant.iter() {
            if let Value::Table(laid) = &entry.node.value {
                for key in laid.keys() {
                    self.give_way(&entry.key, key);
                }
            }
        }
    }

    /// Takes out what a key of one of this file's tables stands against.
    pub fn give_way(&mut self, room: &str, key: &str) {
        let rivals = RIVALS.iter().find(|(of, it, _)| (*of, *it) == (room, key));
        let Some((.., taken_out)) = rivals else {
            return;
        };
        if let Some(Value::Table(below)) = self.get_mut(room).map(|node| &mut node.value) {
            for key in *taken_out {
                below.remove(key);
            }
        }
    }
}

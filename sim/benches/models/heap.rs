//! A 4-ary heap of packed 16-byte keys, as one writes it for a single model.

/// Soonest first; a key holds the time in its upper half.
#[derive(Default)]
pub struct Heap {
    keys: Vec<u128>,
}

impl Heap {
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    pub fn peek(&self) -> Option<u128> {
        self.keys.first().copied()
    }

    pub fn push(&mut self, key: u128) {
        let mut at = self.keys.len();
        self.keys.push(key);
        while at > 0 {
            let above = (at - 1) / 4;
            if self.keys[above] <= key {
                break;
            }
            self.keys[at] = self.keys[above];
            at = above;
        }
        self.keys[at] = key;
    }

    /// Whether a key has this lower half.
    pub fn holds(&self, lower: u64) -> bool {
        self.keys.iter().any(|key| *key as u64 == lower)
    }

    /// Puts another key in the place of the first.
    pub fn replace_top(&mut self, key: u128) {
        let length = self.keys.len();
        let mut at = 0;
        loop {
            let children = at * 4 + 1;
            if children >= length {
                break;
            }
            let mut least = children;
            for child in children + 1..(children + 4).min(length) {
                if self.keys[child] < self.keys[least] {
                    least = child;
                }
            }
            if key <= self.keys[least] {
                break;
            }
            self.keys[at] = self.keys[least];
            at = least;
        }
        self.keys[at] = key;
    }

    pub fn pop(&mut self) {
        if let Some(last) = self.keys.pop()
            && !self.keys.is_empty()
        {
            self.replace_top(last);
        }
    }
}

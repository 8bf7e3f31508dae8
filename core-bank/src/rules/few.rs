//! A list of a few things that hardly changes: it takes the room of what is in it and no more. A city
//! has many customers with one account and one device each, and a growing list would keep room for four.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A short list. Every change of its length moves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Few<T>(Box<[T]>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> Few<T> {
    /// Adds one at the end.
    pub fn push(&mut self, thing: T) {
        let mut things = std::mem::take(&mut self.0).into_vec();
        things.reserve_exact(1);
        things.push(thing);
        self.0 = things.into_boxed_slice();
    }

    /// Keeps those that are wanted.
    pub fn retain(&mut self, wanted: impl FnMut(&T) -> bool) {
        let mut things = std::mem::take(&mut self.0).into_vec();
        things.retain(wanted);
        self.0 = things.into_boxed_slice();
    }
}

//! Everything that is said, in both languages.

pub(crate) mod counts;
pub(crate) mod gates;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod outlets;
pub(crate) mod regression;
pub(crate) mod texts;

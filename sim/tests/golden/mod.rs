//! The golden traces of the pages on mechanisms.

mod means;
pub mod page;
mod trace;

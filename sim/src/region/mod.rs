//! Many branches: who goes where, what they share, and what is told of each.

mod choice;
mod day;
mod figures;
mod outlets;
mod shared;

pub use day::RegionDay;
pub use figures::{Outlets, rows, to_csv};
pub use outlets::RegionPlan;

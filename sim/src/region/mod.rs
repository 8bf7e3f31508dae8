//! Many branches: who goes where, what they share, and what is told of each.

mod apart;
mod choice;
mod counts;
mod day;
mod figures;
mod fixes;
mod outlets;
mod ranking;
mod shared;

pub use day::RegionDay;
pub use figures::{Outlets, rows, to_csv};
pub use fixes::cheapest_fixes;
pub use outlets::RegionPlan;
pub use ranking::told;

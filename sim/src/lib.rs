//! The simulator of a bank branch's day.
//!
//! A newcomer finds here: the event loop (`engine`), the randomness that lets
//! variants of a scenario meet the same customers (`keyed`, `law`, `arrivals`),
//! the figures that come out ([`simulate()`], [`Outcome`]), the comparison of two
//! runs over the same days ([`compare()`]), and the stream of bank operations that
//! a day yields ([`operations()`]). What does *not* live here: reading scenario
//! files (`scenarios`), the bank, load, drawing, judging. Nothing here waits,
//! connects or looks at a clock.

mod arrivals;
mod compare;
mod days;
mod elementary;
mod engine;
mod error;
mod keyed;
mod latency;
mod law;
mod mobile;
mod mrg32k3a;
mod normal;
mod operations;
mod plan;
mod records;
mod region;
mod simulate;
mod source;
mod statistics;
mod steady;
mod streams;
mod until;

pub use compare::compare;
pub use days::{DayRow, Days, WITHIN, from_csv, to_csv};
pub use error::SimError;
pub use latency::OperationLatencies;
pub use mobile::{MobileDay, MobileSecond};
pub use operations::{DayOperations, busiest_window, operations};
pub use records::{CustomerFate, CustomerRecord, records};
pub use region::cheapest_fixes;
pub use simulate::{Options, Outcome, Progress, simulate};

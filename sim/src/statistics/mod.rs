//! From departures to figures: what is accumulated, and how the table of
//! figures is computed from it once, at the end.

pub mod booked;
mod crossing;
pub mod histogram;
pub mod kinds;
pub mod moments;
pub mod observed;
pub mod pooled;
pub mod population;
pub mod promise;
#[cfg(test)]
mod published;
pub mod quantile;
mod resampled;
pub mod table;
pub mod tally;
pub mod totals;

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The two-sided 95% quantile of Student's t for this many degrees of freedom.
pub fn t_quantile(degrees: f64) -> Option<f64> {
    let law = StudentsT::new(0.0, 1.0, degrees).ok()?;
    Some(law.inverse_cdf(0.975)).filter(|t| t.is_finite())
}

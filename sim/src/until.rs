//! When replications are enough: the half-width of a mean, looked at between rounds.

use crate::statistics::t_quantile;
use crate::statistics::tally::Frame;
use crate::statistics::totals::Totals;
use scenarios::figure::{Figure, Population};
use scenarios::model::{HalfWidth, Until};

/// Whether the mean asked for is known well enough.
pub fn is_enough(until: &Until, frame: &Frame<'_>, totals: &Totals) -> bool {
    let figure = match until.figure {
        Figure::Wait => 0,
        Figure::Service => 1,
        Figure::Review => 2,
        Figure::System => 3,
        Figure::Fallback => 4,
        _ => 5,
    };
    let number = match until.segment {
        Some(segment) => frame.populations.of_segment(segment),
        None => frame
            .populations
            .names
            .iter()
            .position(|it| *it == Population::default())
            .unwrap_or(0),
    };
    let t = (totals.days >= 2)
        .then(|| t_quantile(f64::from(totals.days - 1)))
        .flatten();
    let estimate = totals
        .cells
        .get(number)
        .and_then(|cell| cell.mean(figure).estimate(totals.days, t));
    let Some((value, (low, high))) = estimate.and_then(|it| Some((it.value, it.interval?))) else {
        return false;
    };
    let half = (high - low) / 2.0;
    match until.half_width {
        HalfWidth::Seconds(seconds) => half <= seconds * 1e6,
        HalfWidth::Relative(share) => half <= share * value,
    }
}

//! Times of a block of customers: how long their only steps take, how long they are
//! ready to wait. Where all laws are alike they are drawn in loops without a choice, of
//! which a processor works on several turns at a time.

use super::coming::BLOCK;
use crate::elementary::{EXP_WITHIN, exp, exp_within};
use crate::keyed::{Key, Place, uniform};
use crate::law::{Lognormal, Sampler, exponential, micros_of};

/// The laws by what customers come for, and where they are drawn.
#[derive(Debug)]
pub enum Draws<'plan> {
    /// None at all.
    None,
    /// All exponential, by their means.
    Exponential(Vec<(Place, f64)>),
    Lognormal(Vec<(Place, Lognormal)>),
    /// Any; none for some.
    Any(Vec<Law<'plan>>),
}

/// Where a time is drawn and by which law, if there is one.
pub type Law<'plan> = Option<(Place, &'plan Sampler)>;

impl<'plan> Draws<'plan> {
    /// Draws by these laws, by what customers come for.
    pub fn of(laws: impl Iterator<Item = Law<'plan>>) -> Self {
        let laws: Vec<Law<'plan>> = laws.collect();
        if laws.iter().all(Option::is_none) {
            return Self::None;
        }
        let exponential = laws.iter().map(|law| match law {
            Some((place, Sampler::Exponential { mean })) => Some((*place, *mean)),
            _ => None,
        });
        let lognormal = laws.iter().map(|law| match law {
            Some((place, Sampler::Lognormal(law))) => Some((*place, *law)),
            _ => None,
        });
        match (exponential.collect(), lognormal.collect()) {
            (Some(means), _) => Self::Exponential(means),
            (None, Some(laws)) => Self::Lognormal(laws),
            (None, None) => Self::Any(laws),
        }
    }

    /// Draws the times of customers with these keys who come for these aims, or at least
    /// of the first of them; what stands behind so many is not looked at.
    pub fn draw(
        &self,
        keys: &[Key; BLOCK],
        aims: &[u16; BLOCK],
        first: usize,
        takes: &mut [u64; BLOCK],
    ) {
        let each = keys.iter().zip(aims);
        match self {
            Self::None => {}
            Self::Exponential(means) => {
                let (mut bits, mut of_each) = ([0; BLOCK], [0.0; BLOCK]);
                for ((key, aim), (bits, mean)) in each.zip(bits.iter_mut().zip(&mut of_each)) {
                    let (place, law) = means[usize::from(*aim)];
                    (*bits, *mean) = (key.bits_at(place), law);
                }
                for ((takes, bits), mean) in takes.iter_mut().zip(bits).zip(of_each) {
                    *takes = micros_of(exponential(mean, uniform(bits)));
                }
            }
            Self::Lognormal(laws) => {
                let (mut logarithms, mut farthest) = ([0.0; BLOCK], 0.0);
                for ((key, aim), logarithm) in each.zip(&mut logarithms) {
                    let (place, law) = &laws[usize::from(*aim)];
                    *logarithm = law.logarithm(uniform(key.bits_at(*place)));
                    let distance = logarithm.abs();
                    farthest = if distance > farthest {
                        distance
                    } else {
                        farthest
                    };
                }
                if farthest < EXP_WITHIN {
                    for (takes, logarithm) in takes.iter_mut().zip(logarithms) {
                        *takes = micros_of(exp_within(logarithm));
                    }
                } else {
                    for (takes, logarithm) in takes.iter_mut().zip(logarithms) {
                        *takes = micros_of(exp(logarithm));
                    }
                }
            }
            Self::Any(laws) => {
                for ((key, aim), takes) in each.zip(takes).take(first) {
                    if let Some((place, law)) = laws[usize::from(*aim)] {
                        *takes = law.micros(key.bits_at(place));
                    }
                }
            }
        }
    }
}

//! How long the only steps of a block of customers take: where all laws are alike, drawn
//! in loops without a choice, of which a processor works on several turns at a time.

use super::coming::BLOCK;
use super::routes::Aim;
use crate::elementary::{EXP_WITHIN, exp, exp_within};
use crate::keyed::{Key, Place, uniform};
use crate::law::{Lognormal, Sampler, exponential, micros_of};

/// The laws by what customers come for, and where they are drawn.
#[derive(Debug)]
pub enum Durations<'plan> {
    /// All exponential, by their means.
    Exponential(Vec<(Place, f64)>),
    Lognormal(Vec<(Place, Lognormal)>),
    /// Any; none where there is more to a journey than one time.
    Any(Vec<Option<(Place, &'plan Sampler)>>),
}

impl<'plan> Durations<'plan> {
    pub fn of(aims: &[Aim<'plan>]) -> Self {
        let laws = aims.iter().map(|aim| {
            let direct = aim.direct.as_ref();
            direct.map(|direct| (direct.place, direct.law))
        });
        let exponential = laws.clone().map(|law| match law {
            Some((place, Sampler::Exponential { mean })) => Some((place, *mean)),
            _ => None,
        });
        let lognormal = laws.clone().map(|law| match law {
            Some((place, Sampler::Lognormal(law))) => Some((place, *law)),
            _ => None,
        });
        match (exponential.collect(), lognormal.collect()) {
            (Some(means), _) => Self::Exponential(means),
            (None, Some(laws)) => Self::Lognormal(laws),
            (None, None) => Self::Any(laws.collect()),
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
                    farthest = if distance > farthest { distance } else { farthest };
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

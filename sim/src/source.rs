//! Where the random numbers of a run come from. The engine asks for what it
//! needs by purpose; which source answers is known at compile time, so that the
//! usual one ([`Keyed`]) costs what a direct draw costs.

use crate::elementary;
use crate::keyed::{Key, Place, Purpose, uniform};
use crate::law::{Sampler, standard_gamma};

/// A source of random numbers. `key` says for whom (a customer, a server, a day),
/// `purpose` what for.
pub trait Source {
    /// 64 random bits.
    fn bits(&self, key: Key, purpose: Purpose) -> u64;

    /// A uniform number strictly between 0 and 1.
    fn uniform(&self, key: Key, purpose: Purpose) -> f64;

    /// A time by a law, in microseconds.
    fn micros(&self, law: &Sampler, key: Key, purpose: Purpose) -> u64;

    /// An exponential variable of mean 1.
    fn exponential(&self, key: Key, purpose: Purpose) -> f64;

    /// A gamma variable of scale 1.
    fn gamma(&self, shape: f64, key: Key, purpose: Purpose) -> f64;
}

/// Every draw has a place of its own, fixed by its key and its purpose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keyed;

impl Keyed {
    /// An exponential variable of mean 1 from the bits at a place.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "drawn for every arrival")]
    pub fn exponential_at(key: Key, place: Place) -> f64 {
        -elementary::ln(uniform(key.bits_at(place)))
    }
}

impl Source for Keyed {
    #[inline]
    fn bits(&self, key: Key, purpose: Purpose) -> u64 {
        key.bits(purpose)
    }

    #[inline]
    fn uniform(&self, key: Key, purpose: Purpose) -> f64 {
        key.uniform(purpose)
    }

    #[inline]
    fn micros(&self, law: &Sampler, key: Key, purpose: Purpose) -> u64 {
        law.micros(key.bits(purpose))
    }

    #[inline]
    fn exponential(&self, key: Key, purpose: Purpose) -> f64 {
        Self::exponential_at(key, purpose.stands_at())
    }

    #[inline]
    fn gamma(&self, shape: f64, key: Key, purpose: Purpose) -> f64 {
        standard_gamma(shape, key.bits(purpose))
    }
}

//! Drawing from the laws of a scenario: one keyed word of 64 bits gives one time.
//!
//! A law with a quantile function is inverted, so that neighbouring scenarios
//! stay synchronised; gamma and long Erlang laws seed a generator of their own
//! from the word. `exp` and `ln` give the same bits on every machine.

use crate::elementary::{self, EXP_WITHIN, exp, exp_within};
use crate::keyed::uniform;
use crate::normal::{self, Quantiles};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use scenarios::model::Law;
use scenarios::time::MICROS_PER_SECOND;

/// No drawn time is longer (about 30 years): sums of times cannot overflow.
const LONGEST_SECONDS: f64 = 1e9;
/// Up to so many phases an Erlang law is summed, beyond it drawn as a gamma law.
const SUMMED_PHASES: u32 = 16;

/// A law ready to be drawn from.
#[derive(Debug, Clone)]
pub enum Sampler {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Lognormal(Lognormal),
    Gamma {
        shape: f64,
        scale: f64,
    },
    Erlang {
        phases: u32,
        phase_mean: f64,
    },
    Weibull {
        inverse_shape: f64,
        scale: f64,
    },
    Uniform {
        low: f64,
        width: f64,
    },
    Triangular {
        low: f64,
        mode: f64,
        high: f64,
    },
    Empirical {
        bins: Box<[Bin]>,
    },
    /// `(cumulative probability, seconds)`
    Table {
        values: Box<[(f64, f64)]>,
    },
    Mixture {
        parts: Box<[(f64, Sampler)]>,
    },
}

/// A bin of a histogram: up to `cumulative` of the probability lies at or below `high`.
#[derive(Debug, Clone)]
pub struct Bin {
    cumulative: f64,
    low: f64,
    high: f64,
}

impl Sampler {
    /// Makes a law ready, or says what is impossible about it.
    pub fn new(law: &Law) -> Result<Self, String> {
        let at_least_zero = |name: &str, value: f64| {
            if value.is_finite() && value >= 0.0 {
                Ok(value)
            } else {
                Err(format!(
                    "{name} is {value}; it must be a number of at least 0"
                ))
            }
        };
        let above_zero = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(value)
            } else {
                Err(format!("{name} is {value}; it must be a number above 0"))
            }
        };
        Ok(match law {
            Law::Constant { seconds } => Self::Constant(at_least_zero("seconds", *seconds)?),
            Law::Exponential { mean } => Self::Exponential {
                mean: above_zero("mean", *mean)?,
            },
            Law::Lognormal { mu, sigma } => {
                if !mu.is_finite() {
                    return Err(format!("mu is {mu}; it must be a number"));
                }
                Self::Lognormal(Lognormal::new(*mu, at_least_zero("sigma", *sigma)?))
            }
            Law::Gamma { shape, scale } => Self::Gamma {
                shape: above_zero("shape", *shape)?,
                scale: above_zero("scale", *scale)?,
            },
            Law::Erlang { k, mean } => {
                if *k == 0 {
                    return Err("k is 0; an Erlang law has at least 1 phase".to_owned());
                }
                Self::Erlang {
                    phases: *k,
                    phase_mean: above_zero("mean", *mean)? / f64::from(*k),
                }
            }
            Law::Weibull { shape, scale } => Self::Weibull {
                inverse_shape: 1.0 / above_zero("shape", *shape)?,
                scale: above_zero("scale", *scale)?,
            },
            Law::Uniform { low, high } => Self::Uniform {
                low: at_least_zero("low", *low)?,
                width: at_least_zero("high - low", high - low)?,
            },
            Law::Triangular { low, mode, high } => {
                at_least_zero("low", *low)?;
                above_zero("high - low", high - low)?;
                at_least_zero("mode - low", mode - low)?;
                at_least_zero("high - mode", high - mode)?;
                Self::Triangular {
                    low: *low,
                    mode: *mode,
                    high: *high,
                }
            }
            Law::Empirical { bins } => Self::Empirical {
                bins: cumulate_bins(bins)?,
            },
            Law::Table { values } => Self::Table {
                values: cumulate_values(values)?,
            },
            Law::Mixture { parts } => Self::Mixture {
                parts: cumulate_parts(parts)?,
            },
        })
    }

    /// The time at these random bits, in whole microseconds.
    #[inline]
    pub fn micros(&self, bits: u64) -> u64 {
        // The usual laws without a call.
        let seconds = match self {
            Self::Exponential { mean } => exponential(*mean, uniform(bits)),
            Self::Lognormal(law) => {
                let logarithm = law.logarithm(uniform(bits));
                if logarithm.abs() >= EXP_WITHIN {
                    return self.micros_of_any(bits);
                }
                exp_within(logarithm)
            }
            other => return other.micros_of_any(bits),
        };
        micros_of(seconds)
    }

    #[inline(never)]
    fn micros_of_any(&self, bits: u64) -> u64 {
        micros_of(self.seconds(bits))
    }

    /// The time at these random bits, in seconds.
    pub fn seconds(&self, bits: u64) -> f64 {
        match self {
            Self::Constant(seconds) => *seconds,
            Self::Exponential { mean } => exponential(*mean, uniform(bits)),
            Self::Lognormal(law) => exp(law.logarithm(uniform(bits))),
            Self::Gamma { shape, scale } => scale * standard_gamma(*shape, bits),
            Self::Erlang {
                phases: 1,
                phase_mean,
            } => -phase_mean * elementary::ln(uniform(bits)),
            Self::Erlang { phases, phase_mean } if *phases <= SUMMED_PHASES => {
                let mut generator = Xoshiro256PlusPlus::seed_from_u64(bits);
                let sum: f64 = (0..*phases)
                    .map(|_| elementary::ln(uniform(generator.next_u64())))
                    .sum();
                -phase_mean * sum
            }
            Self::Erlang { phases, phase_mean } => {
                phase_mean * standard_gamma(f64::from(*phases), bits)
            }
            Self::Weibull {
                inverse_shape,
                scale,
            } => scale * libm::pow(-elementary::ln(uniform(bits)), *inverse_shape),
            Self::Uniform { low, width } => low + width * uniform(bits),
            Self::Triangular { low, mode, high } => triangular(*low, *mode, *high, uniform(bits)),
            Self::Empirical { bins } => empirical(bins, uniform(bits)),
            Self::Table { values } => valued(values, uniform(bits)),
            Self::Mixture { parts } => {
                let u = uniform(bits);
                let chosen = parts
                    .partition_point(|(cumulative, _)| *cumulative < u)
                    .min(parts.len() - 1);
                let below = if chosen == 0 {
                    0.0
                } else {
                    parts[chosen - 1].0
                };
                // What is left of the uniform, stretched again to the whole interval.
                let rest = ((u - below) / (parts[chosen].0 - below)).clamp(0.0, 1.0 - f64::EPSILON);
                parts[chosen].1.seconds((rest * 2f64.powi(64)) as u64)
            }
        }
    }
}

impl Sampler {
    /// The time by a sequence of uniform numbers, in whole microseconds.
    pub fn micros_from(&self, next: &mut impl FnMut() -> f64) -> u64 {
        micros_of(self.seconds_from(next))
    }

    /// The time by a sequence of uniform numbers, in seconds. Exponential, Erlang and
    /// Weibull laws invert the probability of being longer, `-ln(1 - u)`; an Erlang
    /// law is the sum of its phases; a mixture takes one number for which part.
    fn seconds_from(&self, next: &mut impl FnMut() -> f64) -> f64 {
        match self {
            Self::Constant(seconds) => *seconds,
            Self::Exponential { mean } => -mean * libm::log1p(-next()),
            Self::Lognormal(law) => exp(law.mu + law.sigma * normal::quantile(next())),
            Self::Gamma { shape, scale } => scale * gamma_from(*shape, next),
            Self::Erlang { phases, phase_mean } => (0..*phases)
                .map(|_| -phase_mean * libm::log1p(-next()))
                .sum(),
            Self::Weibull {
                inverse_shape,
                scale,
            } => scale * libm::pow(-libm::log1p(-next()), *inverse_shape),
            Self::Uniform { low, width } => low + width * next(),
            Self::Triangular { low, mode, high } => triangular(*low, *mode, *high, next()),
            Self::Empirical { bins } => empirical(bins, next()),
            Self::Table { values } => valued(values, next()),
            Self::Mixture { parts } => {
                let u = next();
                let chosen = parts.partition_point(|(cumulative, _)| *cumulative <= u);
                parts[chosen.min(parts.len() - 1)].1.seconds_from(next)
            }
        }
    }
}

/// A lognormal law.
#[derive(Debug, Clone, Copy)]
pub struct Lognormal {
    mu: f64,
    sigma: f64,
    quantiles: &'static Quantiles,
}

impl Lognormal {
    /// The law of what has a logarithm of this mean and this spread.
    pub fn new(mu: f64, sigma: f64) -> Self {
        Self {
            mu,
            sigma,
            quantiles: Quantiles::table(),
        }
    }

    /// The logarithm at a uniform number.
    #[inline]
    pub fn logarithm(&self, u: f64) -> f64 {
        self.mu + self.sigma * self.quantiles.of_uniform(u)
    }
}

/// The time at a uniform number.
#[inline]
pub fn exponential(mean: f64, u: f64) -> f64 {
    -mean * elementary::ln(u)
}

/// Added to a number below it leaves a whole one.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// Whole microseconds of a drawn time.
#[inline]
pub fn micros_of(seconds: f64) -> u64 {
    let seconds = if seconds > 0.0 { seconds } else { 0.0 };
    let seconds = if seconds < LONGEST_SECONDS {
        seconds
    } else {
        LONGEST_SECONDS
    };
    // As `rounded` does, in a way that goes for several numbers at a time: added to 2^52
    // a number is rounded to a whole one, perhaps up.
    let micros = seconds * MICROS_PER_SECOND as f64 + 0.5;
    let nearest = (micros + WHOLE) - WHOLE;
    let below = if nearest > micros {
        nearest - 1.0
    } else {
        nearest
    };
    (below + WHOLE).to_bits() - WHOLE.to_bits()
}

/// The nearest whole number of one that is not negative; a half goes up.
#[inline]
pub fn rounded(value: f64) -> u64 {
    (value + 0.5) as i64 as u64
}

fn cumulate_bins(bins: &[(f64, f64, f64)]) -> Result<Box<[Bin]>, String> {
    let total: f64 = bins.iter().map(|(_, _, weight)| weight).sum();
    let sound = bins.iter().all(|(low, high, weight)| {
        low.is_finite() && high.is_finite() && *low >= 0.0 && high >= low && *weight > 0.0
    });
    if !sound || !total.is_finite() || total <= 0.0 {
        return Err(
            "an empirical law needs bins with 0 <= low <= high and weights above 0".to_owned(),
        );
    }
    let mut sum = 0.0;
    Ok(bins
        .iter()
        .map(|&(low, high, weight)| {
            sum += weight / total;
            Bin {
                cumulative: sum,
                low,
                high,
            }
        })
        .collect())
}

fn cumulate_values(values: &[(f64, f64)]) -> Result<Box<[(f64, f64)]>, String> {
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let sound = values
        .iter()
        .all(|(value, weight)| value.is_finite() && *value >= 0.0 && *weight > 0.0);
    if !sound || !total.is_finite() || total <= 0.0 {
        return Err("a table needs values of at least 0 with weights above 0".to_owned());
    }
    let mut sum = 0.0;
    Ok(values
        .iter()
        .map(|&(value, weight)| {
            sum += weight / total;
            (sum, value)
        })
        .collect())
}

/// The value in whose share of the unit interval a number lies; the shares follow
/// each other in the order of the table.
fn valued(values: &[(f64, f64)], u: f64) -> f64 {
    let at = values.partition_point(|(cumulative, _)| *cumulative <= u);
    values[at.min(values.len() - 1)].1
}

fn cumulate_parts(parts: &[(f64, Law)]) -> Result<Box<[(f64, Sampler)]>, String> {
    let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
    if parts.iter().any(|(weight, _)| *weight <= 0.0) || !total.is_finite() || total <= 0.0 {
        return Err("a mixture needs parts with weights above 0".to_owned());
    }
    let mut sum = 0.0;
    parts
        .iter()
        .map(|(weight, law)| {
            sum += weight / total;
            Ok((sum, Sampler::new(law)?))
        })
        .collect()
}

fn triangular(low: f64, mode: f64, high: f64, u: f64) -> f64 {
    let width = high - low;
    let turn = (mode - low) / width;
    if u < turn {
        low + (u * width * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * width * (high - mode)).sqrt()
    }
}

fn empirical(bins: &[Bin], u: f64) -> f64 {
    let at = bins
        .partition_point(|bin| bin.cumulative < u)
        .min(bins.len() - 1);
    let below = if at == 0 {
        0.0
    } else {
        bins[at - 1].cumulative
    };
    let bin = &bins[at];
    let within = ((u - below) / (bin.cumulative - below)).clamp(0.0, 1.0);
    bin.low + (bin.high - bin.low) * within
}

/// A gamma variable of scale 1: Marsaglia & Tsang, "A simple method for
/// generating gamma variables", ACM TOMS 26 (2000); below shape 1 by their
/// boost `U^(1/shape)`.
pub fn standard_gamma(shape: f64, bits: u64) -> f64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(bits);
    gamma_from(shape, &mut || uniform(generator.next_u64()))
}

/// The same from a sequence of uniform numbers.
pub fn gamma_from(shape: f64, next: &mut impl FnMut() -> f64) -> f64 {
    let (boosted, boost) = if shape < 1.0 {
        (shape + 1.0, libm::pow(next(), 1.0 / shape))
    } else {
        (shape, 1.0)
    };
    let d = boosted - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal::quantile(next());
        let cube = 1.0 + c * x;
        if cube <= 0.0 {
            continue;
        }
        let v = cube * cube * cube;
        if elementary::ln(next()) < 0.5 * x * x + d - d * v + d * elementary::ln(v) {
            return boost * d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::finalise;

    const DRAWS: u64 = 100_000;

    fn draws(law: &Law) -> Vec<f64> {
        let sampler = Sampler::new(law).unwrap();
        let mut values: Vec<f64> = (0..DRAWS)
            .map(|n| sampler.seconds(finalise(n * 2 + 1)))
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Mean and shares below points, as z-tests at fixed bits; the spread within 3%.
    fn check(law: &Law, mean: f64, cv: f64, points: &[(f64, f64)]) {
        let values = draws(law);
        let n = values.len() as f64;
        let average = values.iter().sum::<f64>() / n;
        let deviation =
            (values.iter().map(|v| (v - average).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let z = (average - mean) / (deviation.max(1e-12) / n.sqrt());
        assert!(z.abs() < 3.3, "{law:?}: mean {average}, z = {z}");
        assert!(
            (deviation - cv * mean).abs() <= 0.03 * cv * mean + 1e-9,
            "{law:?}: deviation {deviation}"
        );
        for (point, share) in points {
            let below = values.partition_point(|value| value <= point) as f64 / n;
            let z = (below - share) / (share * (1.0 - share) / n).sqrt();
            assert!(z.abs() < 3.3, "{law:?}: {below} below {point}, z = {z}");
        }
    }

    #[test]
    fn inverted_laws_have_their_mean_spread_and_quantiles() {
        check(&Law::Constant { seconds: 7.0 }, 7.0, 0.0, &[]);
        let ln2 = std::f64::consts::LN_2;
        check(
            &Law::Exponential { mean: 10.0 },
            10.0,
            1.0,
            &[(10.0 * ln2, 0.5), (10.0 * 10_f64.ln(), 0.9)],
        );
        let sigma = (1.0 + 0.7_f64 * 0.7).ln().sqrt();
        let mu = 4_f64.ln() - sigma * sigma / 2.0;
        let p90 = (mu + 1.281_551_565_5 * sigma).exp();
        check(
            &Law::Lognormal { mu, sigma },
            4.0,
            0.7,
            &[(mu.exp(), 0.5), (p90, 0.9)],
        );
        // Weibull of shape 2: mean Γ(1.5) = √π / 2, variance 1 - π / 4.
        let mean = std::f64::consts::PI.sqrt() / 2.0;
        let cv = (1.0 - std::f64::consts::FRAC_PI_4).sqrt() / mean;
        check(
            &Law::Weibull {
                shape: 2.0,
                scale: 3.0,
            },
            3.0 * mean,
            cv,
            &[(3.0 * ln2.sqrt(), 0.5)],
        );
        check(
            &Law::Uniform {
                low: 2.0,
                high: 6.0,
            },
            4.0,
            (16.0_f64 / 12.0).sqrt() / 4.0,
            &[(3.0, 0.25)],
        );
        // Triangular on 0–1–4: mean 5/3, variance (16 + 1 - 4) / 18; a quarter lies below the mode.
        let cv = (13.0_f64 / 18.0).sqrt() / (5.0 / 3.0);
        check(
            &Law::Triangular {
                low: 0.0,
                mode: 1.0,
                high: 4.0,
            },
            5.0 / 3.0,
            cv,
            &[(1.0, 0.25), (2.0, 2.0 / 3.0)],
        );
    }

    #[test]
    fn gamma_and_erlang_laws_have_their_mean_spread_and_shares() {
        // Erlang-3 of phase mean 2: P(T <= 6) = 1 - e^-3 (1 + 3 + 4.5).
        let below = 1.0 - (-3_f64).exp() * 8.5;
        check(
            &Law::Erlang { k: 3, mean: 6.0 },
            6.0,
            1.0 / 3_f64.sqrt(),
            &[(6.0, below)],
        );
        check(
            &Law::Gamma {
                shape: 3.0,
                scale: 2.0,
            },
            6.0,
            1.0 / 3_f64.sqrt(),
            &[(6.0, below)],
        );
        // Shape 1/2, scale 2 is the square of a standard normal: 68.27% lie below 1.
        check(
            &Law::Gamma {
                shape: 0.5,
                scale: 2.0,
            },
            1.0,
            2_f64.sqrt(),
            &[(1.0, 0.682_689_492_1)],
        );
        check(
            &Law::Erlang { k: 50, mean: 10.0 },
            10.0,
            1.0 / 50_f64.sqrt(),
            &[],
        );
    }

    #[test]
    fn histograms_and_mixtures_give_each_part_its_weight() {
        let bins = vec![(0.0, 10.0, 3.0), (20.0, 30.0, 1.0)];
        let second = 0.75 * 100.0 / 3.0 + 0.25 * (625.0 + 100.0 / 12.0);
        let cv = (second - 100.0_f64).sqrt() / 10.0;
        check(
            &Law::Empirical { bins },
            10.0,
            cv,
            &[(5.0, 0.375), (15.0, 0.75), (25.0, 0.875)],
        );
        let parts = vec![
            (0.9, Law::Exponential { mean: 2.0 }),
            (
                0.1,
                Law::Gamma {
                    shape: 4.0,
                    scale: 10.0,
                },
            ),
        ];
        let (mean, second): (f64, f64) =
            (0.9 * 2.0 + 0.1 * 40.0, 0.9 * 8.0 + 0.1 * (400.0 + 1600.0));
        let cv = (second - mean * mean).sqrt() / mean;
        check(&Law::Mixture { parts }, mean, cv, &[]);
    }

    #[test]
    fn a_table_gives_each_value_its_share_in_the_order_written() {
        // The gaps of a published exercise: 0 to 5 minutes, mean 2.65, second moment 8.95.
        let values = [0.1, 0.15, 0.1, 0.35, 0.25, 0.05];
        let values = (0_u8..)
            .zip(values)
            .map(|(it, share)| (f64::from(it), share));
        let law = Law::Table {
            values: values.collect(),
        };
        let cv = (8.95_f64 - 2.65 * 2.65).sqrt() / 2.65;
        check(&law, 2.65, cv, &[(0.0, 0.1), (2.5, 0.35), (4.5, 0.95)]);
        let Ok(Sampler::Table { values }) = Sampler::new(&law) else {
            panic!("a table");
        };
        let at = |u: f64| valued(&values, u);
        assert!([0.0, 0.05].map(at).iter().all(|it| *it < 0.5));
        assert!((at(0.3) - 2.0).abs() < 1e-12 && (at(0.999_999) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_laws_are_refused_in_words() {
        for law in [
            Law::Exponential { mean: 0.0 },
            Law::Gamma {
                shape: f64::NAN,
                scale: 1.0,
            },
            Law::Erlang { k: 0, mean: 1.0 },
            Law::Uniform {
                low: 3.0,
                high: 2.0,
            },
            Law::Triangular {
                low: 1.0,
                mode: 9.0,
                high: 4.0,
            },
            Law::Empirical { bins: Vec::new() },
            Law::Mixture { parts: Vec::new() },
            Law::Table { values: Vec::new() },
        ] {
            assert!(Sampler::new(&law).is_err(), "{law:?}");
        }
    }

    #[test]
    fn drawn_times_are_whole_microseconds_and_a_half_goes_up() {
        let drawn = (0..100_000_u64).map(|number| 1e-7 * (number * number) as f64);
        for seconds in drawn.chain([0.0, -1.0, 5e-7, 15e-7, 25e-7, 999_999_999.999_999_5, 1e9]) {
            assert_eq!(
                micros_of(seconds),
                rounded(seconds.max(0.0) * 1e6),
                "{seconds}"
            );
        }
        assert_eq!(
            [f64::NAN, f64::INFINITY].map(micros_of),
            [0, 1_000_000_000_000_000]
        );
    }

    #[test]
    fn no_time_overflows() {
        let endless = Sampler::new(&Law::Lognormal {
            mu: 700.0,
            sigma: 10.0,
        })
        .unwrap();
        assert_eq!(endless.micros(u64::MAX), 1_000_000_000_000_000);
    }
}

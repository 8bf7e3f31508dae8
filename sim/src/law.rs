//! Drawing from the laws of a scenario: one keyed word of 64 bits gives one time.
//!
//! A law with a quantile function is inverted, so that neighbouring scenarios
//! stay synchronised; gamma and long Erlang laws seed a generator of their own
//! from the word. `exp` and `ln` come from the `libm` crate, which gives the
//! same bits on every machine.

use crate::keyed::uniform;
use crate::normal;
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
    Exponential { mean: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Gamma { shape: f64, scale: f64 },
    Erlang { phases: u32, phase_mean: f64 },
    Weibull { inverse_shape: f64, scale: f64 },
    Uniform { low: f64, width: f64 },
    Triangular { low: f64, mode: f64, high: f64 },
    Empirical { bins: Box<[Bin]> },
    Mixture { parts: Box<[(f64, Sampler)]> },
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
                Self::Lognormal {
                    mu: *mu,
                    sigma: at_least_zero("sigma", *sigma)?,
                }
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
            Law::Mixture { parts } => Self::Mixture {
                parts: cumulate_parts(parts)?,
            },
        })
    }

    /// The time at these random bits, in whole microseconds.
    pub fn micros(&self, bits: u64) -> u64 {
        let seconds = self.seconds(bits).clamp(0.0, LONGEST_SECONDS);
        (seconds * MICROS_PER_SECOND as f64).round() as u64
    }

    /// The time at these random bits, in seconds.
    pub fn seconds(&self, bits: u64) -> f64 {
        match self {
            Self::Constant(seconds) => *seconds,
            Self::Exponential { mean } => -mean * libm::log(uniform(bits)),
            Self::Lognormal { mu, sigma } => {
                libm::exp(mu + sigma * normal::quantile(uniform(bits)))
            }
            Self::Gamma { shape, scale } => scale * standard_gamma(*shape, bits),
            Self::Erlang {
                phases: 1,
                phase_mean,
            } => -phase_mean * libm::log(uniform(bits)),
            Self::Erlang { phases, phase_mean } if *phases <= SUMMED_PHASES => {
                let mut generator = Xoshiro256PlusPlus::seed_from_u64(bits);
                let sum: f64 = (0..*phases)
                    .map(|_| libm::log(uniform(generator.next_u64())))
                    .sum();
                -phase_mean * sum
            }
            Self::Erlang { phases, phase_mean } => {
                phase_mean * standard_gamma(f64::from(*phases), bits)
            }
            Self::Weibull {
                inverse_shape,
                scale,
            } => scale * libm::pow(-libm::log(uniform(bits)), *inverse_shape),
            Self::Uniform { low, width } => low + width * uniform(bits),
            Self::Triangular { low, mode, high } => triangular(*low, *mode, *high, uniform(bits)),
            Self::Empirical { bins } => empirical(bins, uniform(bits)),
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
    let mut next = || uniform(generator.next_u64());
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
        if libm::log(next()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return boost * d * v;
        }
    }
}

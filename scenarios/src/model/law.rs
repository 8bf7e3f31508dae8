//! Laws of random times.

use serde::Serialize;

/// A law of random times, all in seconds, in the parameters it is sampled by.
/// Whatever the file gave (mean and cv, median and p90) has been converted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "law")]
pub enum Law {
    /// Always the same.
    Constant {
        /// Seconds, at least 0.
        seconds: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean in seconds, above 0.
        mean: f64,
    },
    /// `exp(mu + sigma Z)`.
    Lognormal {
        /// Mean of the logarithm (of seconds).
        mu: f64,
        /// Standard deviation of the logarithm, at least 0.
        sigma: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale in seconds, above 0.
        scale: f64,
    },
    /// Sum of `k` exponentials.
    Erlang {
        /// Phases, at least 1.
        k: u32,
        /// Mean of the sum in seconds, above 0.
        mean: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape, above 0.
        shape: f64,
        /// Scale in seconds, above 0.
        scale: f64,
    },
    /// Uniform.
    Uniform {
        /// Least, at least 0.
        low: f64,
        /// Greatest, above `low`.
        high: f64,
    },
    /// Triangular.
    Triangular {
        /// Least, at least 0.
        low: f64,
        /// Most frequent, between.
        mode: f64,
        /// Greatest, above `low`.
        high: f64,
    },
    /// Histogram: uniform within each bin.
    Empirical {
        /// `(low, high, weight)`, seconds; weights above 0, normalised to sum 1.
        bins: Vec<(f64, f64, f64)>,
    },
    /// One of several values.
    Table {
        /// `(seconds, weight)` in the order of the file; seconds at least 0, weights
        /// above 0, normalised to sum 1.
        values: Vec<(f64, f64)>,
    },
    /// One of several laws.
    Mixture {
        /// `(weight, law)`, weights normalised to sum 1.
        parts: Vec<(f64, Law)>,
    },
}

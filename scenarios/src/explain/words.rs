//! Laws, times and shares in words.

use crate::model::{ArrivalPiece, Law};
use std::fmt::Write;

pub(super) fn line(text: &mut String, words: impl AsRef<str>) {
    let _ = writeln!(text, "{}", words.as_ref());
}

pub(super) fn law_words(law: &Law) -> String {
    let mean = minutes(law.mean());
    match law {
        Law::Constant { .. } => mean,
        Law::Exponential { .. } => format!("{mean} on average (exponential)"),
        Law::Lognormal { sigma, .. } => {
            let cv = (sigma * sigma).exp_m1().sqrt();
            format!("{mean} on average (lognormal, cv {})", rounded(cv))
        }
        Law::Gamma { shape, .. } => {
            format!(
                "{mean} on average (gamma, cv {})",
                rounded(1.0 / shape.sqrt())
            )
        }
        Law::Erlang { k, .. } => format!("{mean} on average (Erlang-{k})"),
        Law::Weibull { shape, .. } => format!("{mean} on average (Weibull, shape {shape})"),
        Law::Uniform { .. } => format!("{mean} on average (uniform)"),
        Law::Triangular { .. } => format!("{mean} on average (triangular)"),
        Law::Empirical { .. } => format!("{mean} on average (measured histogram)"),
        Law::Table { values } => format!("{mean} on average (one of {} values)", values.len()),
        Law::Mixture { parts } => format!("{mean} on average (mixture of {})", parts.len()),
    }
}

pub(super) fn minutes(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{} s", rounded(seconds))
    } else {
        format!("{} min", rounded(seconds / 60.0))
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", rounded(share * 100.0))
}

/// With two decimals at most.
pub(super) fn rounded(number: f64) -> String {
    format!("{}", (number * 100.0).round() / 100.0)
}

pub(super) fn per_hour(piece: &ArrivalPiece) -> f64 {
    let hours = piece.to.since(piece.from).seconds() / 3600.0;
    if hours > 0.0 {
        piece.expected / hours
    } else {
        0.0
    }
}

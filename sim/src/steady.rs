//! Steady state: how much of the start of a run to leave out, and whether the
//! batches of one long run are independent.

use crate::engine::levels::Stretch;
use crate::engine::visitor::Departure;
use crate::engine::{Engine, Observer};
use crate::error::SimError;
use crate::plan::Plan;
use crate::simulate::Options;
use crate::source::{Keyed, Source};
use crate::statistics::tally::BlockRecord;
use crate::streams::Streams;
use scenarios::model::{Label, Mode, Random, Scenario, WarmUp};
use scenarios::time::{MICROS_PER_SECOND, Span};

/// Replications of the pilot, at most.
const PILOTS: u32 = 10;
/// Observations of a batch: the 5 of MSER-5.
const BATCH: usize = 5;
/// Fewer batches than these say nothing.
const FEWEST_BATCHES: usize = 20;
/// The 95% quantile of the standard normal law.
const NORMAL_95: f64 = 1.644_853_626_951_472_2;

/// What of the start is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truncation {
    /// Until then nothing is counted.
    pub warm_up: Span,
    /// The least was at the end of what was searched: the run may be too short.
    pub too_short: bool,
}

/// Looks for the warm-up of a scenario that asks for it, by MSER-5 (White, "An
/// effective truncation heuristic for bias reduction in simulation output",
/// Simulation 69, 1997; in batches of five: White, Cobb & Spratt 2000) over the
/// waits of customers in the order of their coming, averaged over the first
/// replications (Hoad, Robinson & Davies, "Automating warm-up length estimation",
/// JORS 61, 2010).
pub fn truncation(scenario: &Scenario, options: &Options) -> Result<Option<Truncation>, SimError> {
    if scenario.run.warm_up != WarmUp::Mser5 {
        return Ok(None);
    }
    let mut plan = Plan::new(scenario, &options.latencies)?;
    plan.seed = options.seed;
    let pilots = options.replications.min(PILOTS);
    let (waits, arrivals) = match plan.random {
        Random::Keyed => pilot(&plan, &Keyed, pilots, options)?,
        Random::Mrg32k3aStreams => pilot(&plan, &Streams::new(plan.seed), pilots, options)?,
    };
    let batches = waits.len() / BATCH;
    if batches < FEWEST_BATCHES {
        return Err(SimError::Scenario {
            place: "run.warm_up".to_owned(),
            problem: format!(
                "{} customers in a run are too few to look for a warm-up; lengthen the run",
                waits.len()
            ),
        });
    }
    let (batches_out, too_short) = mser5(&waits);
    let warm_up = match batches_out {
        0 => 0.0,
        batches => arrivals[batches * BATCH],
    };
    let seconds = (warm_up / MICROS_PER_SECOND as f64).ceil();
    Ok(Some(Truncation {
        warm_up: Span::from_seconds(seconds),
        too_short,
    }))
}

/// The scenario with the warm-up that was found.
pub fn with_warm_up(scenario: &Scenario, found: Truncation) -> Scenario {
    let mut scenario = scenario.clone();
    if let Mode::SteadyState { length, .. } = scenario.run.mode {
        scenario.run.mode = Mode::SteadyState {
            warm_up: found.warm_up,
            length,
        };
    }
    scenario
}

/// What a reader should know of a truncation.
pub fn note(found: Truncation) -> Label {
    let warm_up = found.warm_up;
    if found.too_short {
        return Label::new(
            format!(
                "MSER-5 would leave out half of each run ({warm_up}) or more: the run is too short for its start to be told from its steady state. Lengthen it."
            ),
            format!(
                "MSER-5 将剔除每次运行的一半（{warm_up}）或更多：运行太短，无法区分初始阶段与稳态。请加长运行。"
            ),
        );
    }
    Label::new(
        format!("MSER-5 leaves the first {warm_up} of each run out as warm-up."),
        format!("按 MSER-5，每次运行最初的 {warm_up} 作为预热期不计入。"),
    )
}

/// Waits of the customers of one replication and when they came, by number.
#[derive(Default)]
struct Gatherer {
    waits: Vec<(u32, u64, u64)>,
}

impl Observer for Gatherer {
    fn departed(&mut self, departure: &Departure) {
        self.waits
            .push((departure.index, departure.wait, departure.arrived));
    }
}

/// Means over replications of the n-th customer's wait and coming, in microseconds,
/// for as many customers as every replication has.
fn pilot<S: Source>(
    plan: &Plan,
    source: &S,
    pilots: u32,
    options: &Options,
) -> Result<(Vec<f64>, Vec<f64>), SimError> {
    let stretch = Stretch {
        from: plan.open,
        to: plan.close,
        interval: 0,
    };
    let mut engine = Engine::with(plan, source, stretch);
    let (mut waits, mut arrivals): (Vec<f64>, Vec<f64>) = Default::default();
    for replication in 0..pilots {
        let mut gatherer = Gatherer::default();
        let ending = engine.run(replication, options.stop.as_deref(), &mut gatherer)?;
        if ending.interrupted {
            return Err(SimError::Interrupted);
        }
        gatherer.waits.sort_unstable();
        let count = gatherer.waits.len();
        if replication == 0 {
            waits = vec![0.0; count];
            arrivals = vec![0.0; count];
        }
        waits.truncate(count);
        arrivals.truncate(count);
        let each = gatherer
            .waits
            .iter()
            .zip(waits.iter_mut().zip(&mut arrivals));
        for ((_, wait, arrived), (wait_sum, arrival_sum)) in each {
            *wait_sum += *wait as f64 / f64::from(pilots);
            *arrival_sum += *arrived as f64 / f64::from(pilots);
        }
    }
    Ok((waits, arrivals))
}

/// How many batches of five to leave out: the number d, at most half of the n batches,
/// for which the sum of squares of the rest about its mean, over (n - d)², is least
/// (the first of equals); and whether that is the last d searched.
fn mser5(series: &[f64]) -> (usize, bool) {
    let means: Vec<f64> = series
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let last = means.len() / 2;
    let centre = means.iter().sum::<f64>() / means.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (out, mean) in means.iter().enumerate().rev() {
        let off = mean - centre;
        sum += off;
        squares += off * off;
        if out <= last {
            let rest = (means.len() - out) as f64;
            let statistic = (squares - sum * sum / rest).max(0.0) / (rest * rest);
            if statistic <= best.0 {
                best = (statistic, out);
            }
        }
    }
    (best.1, best.1 == last)
}

/// A warning where the means of neighbouring batches go together: their interval is
/// then too narrow. By the first autocorrelation of the mean waits, which for
/// independent batches is below 1.645/√n nineteen times of twenty.
pub fn dependence(batches: &[BlockRecord]) -> Option<Label> {
    let days = batches.iter().flat_map(|block| &block.days);
    let waits: Vec<f64> = days
        .filter_map(|(_, records)| {
            let total = records.first()?;
            (total.served > 0).then(|| total.sums[0] as f64 / total.served as f64)
        })
        .collect();
    let lag = first_autocorrelation(&waits)?;
    if lag <= NORMAL_95 / (waits.len() as f64).sqrt() {
        return None;
    }
    let (batches, lag) = (waits.len(), (lag * 100.0).round() / 100.0);
    Some(Label::new(
        format!(
            "the mean waits of neighbouring batches go together (autocorrelation {lag} over {batches} batches): intervals are too narrow. Lengthen the run or take fewer batches."
        ),
        format!(
            "相邻批次的平均等候时间相关（{batches} 批，自相关 {lag}）：区间偏窄。请加长运行或减少批数。"
        ),
    ))
}

fn first_autocorrelation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let products = values
        .windows(2)
        .map(|pair| (pair[0] - mean) * (pair[1] - mean));
    (squares > 0.0).then(|| products.sum::<f64>() / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{finalise, uniform};
    use crate::normal;

    /// An autoregressive series of correlation .8 in its stationary law from the start,
    /// with so much added to each of its first hundred observations.
    fn series(seed: u64, added: f64) -> Vec<f64> {
        let draw = |number: u64| normal::quantile(uniform(finalise(seed * 100_000 + number)));
        let mut value = draw(0);
        (1..=5_000)
            .map(|number| {
                value = 0.8 * value + 0.6 * draw(number);
                value + if number <= 100 { added } else { 0.0 }
            })
            .collect()
    }

    #[test]
    fn a_start_far_from_the_rest_is_left_out_whole() {
        for seed in 1..=20 {
            let (out, too_short) = mser5(&series(seed, 10.0));
            assert!((20..60).contains(&out) && !too_short, "{seed}: {out}");
        }
    }

    #[test]
    fn hardly_anything_is_left_out_of_a_series_that_starts_in_equilibrium() {
        let left_out = (1..=20).map(|seed| mser5(&series(seed, 0.0)).0);
        // Of 1,000 batches; chance may make any start look odd for a while.
        let mut left_out: Vec<usize> = left_out.collect();
        left_out.sort_unstable();
        assert!(left_out[10] <= 10, "{left_out:?}");
        assert_eq!(mser5(&[3.0; 500]), (0, false));
    }

    #[test]
    fn a_series_that_only_drifts_is_too_short() {
        let drift: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert_eq!(mser5(&drift), (100, true));
    }

    #[test]
    fn the_statistic_is_that_of_the_definition() {
        // Batches of means 9, 1, 2, 1: (d, sum of squares / (n - d)²) by hand:
        // d = 0: mean 3.25, 44.75 / 16 = 2.797; d = 1: mean 4/3, 2/3 / 9 = .0741;
        // d = 2: mean 1.5, .5 / 4 = .125. The least is at d = 1.
        let series: Vec<f64> = [9.0, 1.0, 2.0, 1.0]
            .into_iter()
            .flat_map(|mean| [mean; 5])
            .collect();
        assert_eq!(mser5(&series), (1, false));
    }

    #[test]
    fn the_first_autocorrelation_is_that_of_the_definition() {
        // 1, 2, 3, 4: deviations -1.5, -.5, .5, 1.5: (.75 - .25 + .75) / 5 = .25.
        let lag = first_autocorrelation(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((lag - 0.25).abs() < 1e-12);
        assert_eq!(first_autocorrelation(&[2.0, 2.0]), None);
    }
}

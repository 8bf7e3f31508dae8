//! Quantiles of pooled customers with their intervals by resampling, of all
//! populations without interval. Each figure of each population draws from a seed
//! of its own, so the work is shared by threads without a trace.

use super::observed::SETS;
use super::pooled::Pooled;
use super::quantile::{Blocks, Observations, Room, quantile};
use super::table::Sources;
use super::tally::CUSTOMER_FIGURES;
use crate::keyed::finalise;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A quantile and its interval, in microseconds.
pub type QuantileInterval = (Option<f64>, Option<(f64, f64)>);

/// Populations of the same customers: what they are sums of, and their numbers.
struct Alike {
    kinds: Vec<usize>,
    populations: Vec<usize>,
}

/// The quantiles of all populations without interval: `[population * figures + figure]`.
pub fn quantiles(sources: &Sources<'_>, quantiles: &[f64]) -> Vec<Vec<QuantileInterval>> {
    let alike = alike(sources);
    let jobs = alike.len() * CUSTOMER_FIGURES;
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut found, mut room) = (Vec::new(), Room::new());
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            let Some(alike) = alike.get(job / CUSTOMER_FIGURES) else {
                return found;
            };
            let figure = job % CUSTOMER_FIGURES;
            found.extend(of_alike(sources, alike, figure, quantiles, &mut room));
        }
    };
    let threads = sources.threads.clamp(1, jobs.max(1));
    let shares = if threads == 1 {
        vec![work()]
    } else {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = handles.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .map(|it| it.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    let mut all = vec![Vec::new(); sources.populations.plain() * CUSTOMER_FIGURES];
    for (place, found) in shares.into_iter().flatten() {
        all[place] = found;
    }
    all
}

/// Populations without interval, those of the same customers together.
fn alike(sources: &Sources<'_>) -> Vec<Alike> {
    let mut all: Vec<Alike> = Vec::new();
    for population in 0..sources.populations.plain() {
        let of = |kind: &usize| sources.populations.plain_of(*kind).contains(&population);
        let mut kinds: Vec<usize> = sources.totals.kinds.iter().map(|(kind, _)| *kind).collect();
        kinds.retain(of);
        kinds.sort_unstable();
        match all.iter_mut().find(|it| it.kinds == kinds) {
            Some(found) => found.populations.push(population),
            None => all.push(Alike {
                kinds,
                populations: vec![population],
            }),
        }
    }
    all
}

/// The quantiles of one figure of populations of the same customers, each with its place.
fn of_alike(
    sources: &Sources<'_>,
    alike: &Alike,
    figure: usize,
    quantiles: &[f64],
    room: &mut Room,
) -> Vec<(usize, Vec<QuantileInterval>)> {
    let mut pooled = Pooled::default();
    for (kind, figures) in &sources.totals.kinds {
        if alike.kinds.binary_search(kind).is_ok() {
            pooled.merge(&figures[figure]);
        }
    }
    let (set, column) = place_of(figure);
    let blocks: Blocks<'_> = sources
        .blocks
        .iter()
        .map(|block| {
            let kinds = block.kinds.iter();
            kinds
                .filter(|(kind, _)| alike.kinds.binary_search(kind).is_ok())
                .map(|(_, observed)| &observed[set])
                .collect()
        })
        .collect();
    let observations = Observations::new(&blocks, column, pooled.sorted(), room);
    let values = quantiles.iter().map(|q| quantile(observations.bins(), *q));
    let values: Vec<Option<f64>> = values.collect();
    let of_population = |population: &usize| {
        let place = population * CUSTOMER_FIGURES + figure;
        let seed = finalise(sources.seed ^ finalise(place as u64));
        let intervals = observations.intervals(quantiles, seed);
        (place, values.iter().copied().zip(intervals).collect())
    };
    alike.populations.iter().map(of_population).collect()
}

/// The set of a figure, and its column there.
fn place_of(figure: usize) -> (usize, usize) {
    let mut sets = SETS.iter().enumerate();
    sets.find_map(|(set, figures)| Some((set, figures.iter().position(|it| *it == figure)?)))
        .unwrap_or_default()
}

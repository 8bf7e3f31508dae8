//! The figures of a run, as rows of the table that every run reports.

use crate::kind::{Kind, Names};
use crate::measurement::{Measured, Times};
use crate::outcome::LoadOutcome;
use scenarios::figure::{Figure, FigureRow, Population, QuantileValue, ShareWithin};
use scenarios::operation::Channel;
use std::collections::BTreeSet;

/// Quantiles that every row has.
const STANDARD_QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// The operations that a row sums up.
#[derive(Debug, Clone, Copy)]
enum Group {
    All,
    On(Channel),
    Of(u16),
}

impl Group {
    fn holds(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::On(on) => kind.channel == Some(on),
            Self::Of(of) => kind.operation == of,
        }
    }

    fn population(self, names: &Names) -> Population {
        let mut population = Population::default();
        match self {
            Self::All => {}
            Self::On(channel) => population.channel = Some(channel.name().to_owned()),
            Self::Of(operation) => {
                population.operation = Some(names.operation(operation).to_owned());
            }
        }
        population
    }
}

impl LoadOutcome {
    /// Latency and service latency in total, by channel and by operation; the
    /// generator's lag in total; throughput and errors in total and by operation.
    /// One run gives point estimates: no row has intervals.
    pub fn figures(&self) -> Vec<FigureRow> {
        let kinds = || self.book.kinds();
        let channels: BTreeSet<Channel> = kinds().filter_map(|(kind, _)| kind.channel).collect();
        let operations: BTreeSet<u16> = kinds().map(|(kind, _)| kind.operation).collect();
        let by_operation = operations.into_iter().map(Group::Of);
        let groups: Vec<(Group, Measured)> = std::iter::once(Group::All)
            .chain(channels.into_iter().map(Group::On))
            .chain(by_operation)
            .filter_map(|group| {
                let merged = self.book.merged(|kind| group.holds(kind));
                merged.map(|measured| (group, measured))
            })
            .collect();
        let mut rows = Vec::new();
        for (group, measured) in &groups {
            rows.push(self.times(Figure::Latency, *group, &measured.latency));
        }
        for (group, measured) in &groups {
            rows.push(self.times(Figure::ServiceLatency, *group, &measured.service));
        }
        rows.push(self.times(Figure::GeneratorLag, Group::All, &self.book.lag));
        let counted: Vec<_> = groups
            .iter()
            .filter(|(group, _)| !matches!(group, Group::On(_)))
            .collect();
        for (group, measured) in &counted {
            let rate = measured.answered as f64 / self.answered_seconds();
            rows.push(self.value(
                Figure::Throughput,
                *group,
                "1/s",
                measured.answered,
                Some(rate),
            ));
        }
        for (group, measured) in &counted {
            let planned = measured.tally.planned();
            let share = (planned > 0).then(|| measured.tally.errors() as f64 / planned as f64);
            rows.push(self.value(Figure::Errors, *group, "share", planned, share));
        }
        let (latency_drift, memory_drift) = self.drifts();
        let recovery = self.recovery().map(crate::course::Recovery::seconds);
        let of_the_course = [
            (Figure::LatencyDrift, latency_drift),
            (Figure::MemoryDrift, memory_drift),
            (Figure::Recovery, recovery),
        ];
        for (figure, found) in of_the_course {
            if found.is_some() {
                rows.push(self.value(figure, Group::All, figure.unit(), 1, found));
            }
        }
        if let Some(each) = self.cpu_per_operation() {
            let (of, sent) = (Figure::CpuPerOperation, self.sent_in_all());
            rows.push(self.value(of, Group::All, of.unit(), sent, Some(each)));
        }
        rows
    }

    fn times(&self, figure: Figure, group: Group, times: &Times) -> FigureRow {
        let mut quantiles: Vec<f64> = STANDARD_QUANTILES.to_vec();
        quantiles.extend(&self.options.quantiles);
        quantiles.sort_by(f64::total_cmp);
        quantiles.dedup();
        let quantiles = quantiles.into_iter().map(|q| QuantileValue {
            q,
            value: times.quantile(q),
            low: None,
            high: None,
        });
        let shares = times.shares().map(|(threshold, share)| ShareWithin {
            threshold_seconds: threshold as f64 / 1e6,
            share,
            low: None,
            high: None,
        });
        FigureRow {
            sd: times.deviation(),
            min: times.least(),
            max: times.greatest(),
            quantiles: quantiles.collect(),
            shares: shares.collect(),
            ..self.value(figure, group, "s", times.count(), times.mean())
        }
    }

    fn value(
        &self,
        figure: Figure,
        group: Group,
        unit: &'static str,
        count: u64,
        mean: Option<f64>,
    ) -> FigureRow {
        FigureRow {
            figure,
            population: group.population(&self.names),
            unit,
            count,
            mean,
            mean_low: None,
            mean_high: None,
            sd: None,
            min: None,
            max: None,
            quantiles: Vec::new(),
            shares: Vec::new(),
        }
    }
}

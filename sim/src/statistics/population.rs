//! The populations that are reported, and to which of them a customer belongs.

use super::crossing::Crossed;
use crate::plan::Plan;
use scenarios::figure::Population;
use scenarios::model::Scenario;
use scenarios::operation::Channel;
use scenarios::time::SimTime;

/// The name of a channel in figures and files.
pub fn channel_name(channel: Channel) -> &'static str {
    channel.name()
}

/// All populations of customers, numbered: the total, each channel, service and
/// segment alone, what the scenario crosses of them; then by arrival interval the
/// total, each channel, and what the scenario crosses with it.
#[derive(Debug, Clone)]
pub struct Populations {
    channels: usize,
    /// The channels, ascending.
    made_on: Vec<Channel>,
    services: usize,
    segments: usize,
    pub intervals: usize,
    pub open: u64,
    pub interval: u64,
    crossed: Vec<Crossed>,
    crossed_by_interval: Vec<Crossed>,
    /// Whom each number stands for.
    pub names: Vec<Population>,
    pub branch: String,
    pub interval_labels: Vec<String>,
}

impl Populations {
    pub fn new(scenario: &Scenario, plan: &Plan) -> Self {
        let interval = if plan.steady_state {
            0
        } else {
            scenario.day.interval.0
        };
        let intervals = if interval == 0 {
            0
        } else {
            (plan.close - plan.open).div_ceil(interval) as usize
        };
        let mut populations = Self {
            channels: plan.channels.len(),
            made_on: plan.channels.clone(),
            services: scenario.services.len(),
            segments: scenario.segments.len(),
            intervals,
            open: plan.open,
            interval,
            crossed: Vec::new(),
            crossed_by_interval: Vec::new(),
            names: Vec::new(),
            branch: scenario.branch.clone(),
            interval_labels: (0..intervals)
                .map(|number| SimTime(plan.open + number as u64 * interval).clock())
                .collect(),
        };
        let (by_interval, all_day): (Vec<_>, Vec<_>) = scenario
            .report
            .crossings
            .iter()
            .map(|asked| (asked.interval, Crossed::new(*asked, scenario, &populations)))
            .partition(|(by_interval, _)| *by_interval);
        let crossed = |all: Vec<(bool, Crossed)>| all.into_iter().map(|(_, it)| it).collect();
        populations.crossed = crossed(all_day);
        populations.crossed_by_interval = crossed(by_interval);
        populations.name(scenario, plan);
        populations
    }

    fn name(&mut self, scenario: &Scenario, plan: &Plan) {
        let channels = plan.channels.iter().map(|channel| Population {
            channel: Some(channel_name(*channel).to_owned()),
            ..Population::default()
        });
        let services = scenario.services.iter().map(|service| Population {
            service: Some(service.name.clone()),
            ..Population::default()
        });
        let segments = scenario.segments.iter().map(|segment| Population {
            segment: Some(segment.name.clone()),
            ..Population::default()
        });
        let (channels, services, segments): (Vec<_>, Vec<_>, Vec<_>) =
            (channels.collect(), services.collect(), segments.collect());
        let at = |population: &Population, interval: &String| Population {
            interval: Some(interval.clone()),
            ..population.clone()
        };
        let total = Population::default();
        let labels = self.interval_labels.clone();
        let mut names = vec![total.clone()];
        names.extend(channels.iter().chain(&services).chain(&segments).cloned());
        let name = |parts: (usize, usize, usize)| {
            let (channel, service, segment) = parts;
            (
                channels[channel].channel.clone(),
                services[service].service.clone(),
                segments[segment].segment.clone(),
            )
        };
        for crossed in &self.crossed {
            names.extend(crossed.names(name));
        }
        names.extend(labels.iter().map(|label| at(&total, label)));
        let crossed = self.crossed_by_interval.iter();
        let crossed = crossed.flat_map(|crossed| crossed.names(name));
        for population in channels.iter().cloned().chain(crossed) {
            names.extend(labels.iter().map(|label| at(&population, label)));
        }
        self.names = names;
    }

    /// How many populations there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How many of them, the first ones, have no interval.
    pub fn plain(&self) -> usize {
        self.uncrossed() + self.crossed.iter().map(Crossed::len).sum::<usize>()
    }

    /// How many have at most one dimension, which is no interval.
    fn uncrossed(&self) -> usize {
        1 + self.channels + self.services + self.segments
    }

    /// The population of a segment alone.
    pub fn of_segment(&self, segment: usize) -> usize {
        self.uncrossed() - self.segments + segment
    }

    /// The number of a channel, if customers come to it.
    pub fn channel_of(&self, channel: Channel) -> Option<u16> {
        let found = self.made_on.binary_search(&channel);
        found.ok().map(|position| position as u16)
    }

    /// How many kinds of customers there are: each is of one channel, service and segment.
    pub fn kinds(&self) -> usize {
        self.channels * self.services * self.segments
    }

    /// The kind of a customer.
    pub fn kind(&self, channel: u16, service: u16, segment: u16) -> usize {
        let (channel, service) = (usize::from(channel), usize::from(service));
        (channel * self.services + service) * self.segments + usize::from(segment)
    }

    /// The populations without interval that a kind belongs to; the total comes first.
    pub fn plain_of(&self, kind: usize) -> Vec<usize> {
        let (channel, service, segment) = self.parts(kind);
        let services_from = 1 + self.channels;
        let segments_from = services_from + self.services;
        let mut found = vec![
            0,
            1 + channel,
            services_from + service,
            segments_from + segment,
        ];
        let mut from = self.uncrossed();
        for crossed in &self.crossed {
            found.extend(crossed.position(kind).map(|position| from + position));
            from += crossed.len();
        }
        found
    }

    /// The populations that a kind belongs to by interval, each by its first
    /// interval; the total comes first and is the sum over the channels, which
    /// come second.
    pub fn by_interval_of(&self, kind: usize) -> Vec<usize> {
        if self.intervals == 0 {
            return Vec::new();
        }
        let (channel, ..) = self.parts(kind);
        let mut from = self.plain() + self.intervals;
        let mut found = vec![self.plain(), from + channel * self.intervals];
        from += self.channels * self.intervals;
        for crossed in &self.crossed_by_interval {
            let position = crossed.position(kind);
            found.extend(position.map(|position| from + position * self.intervals));
            from += crossed.len() * self.intervals;
        }
        found
    }

    /// The populations of a channel each, without interval: the total is their sum.
    pub fn channels(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.channels
    }

    /// The total of an interval, and the channels that it is the sum of.
    pub fn total_of_interval(&self, interval: usize) -> (usize, impl Iterator<Item = usize>) {
        let total = self.plain() + interval;
        let channels = 1..=self.channels;
        (total, channels.map(move |it| total + it * self.intervals))
    }

    /// Channel, service and segment of a kind.
    pub fn parts(&self, kind: usize) -> (usize, usize, usize) {
        let channel = kind / self.segments / self.services;
        let service = kind / self.segments % self.services;
        (channel, service, kind % self.segments)
    }

    /// The interval in which somebody arrived; 0 where there are none.
    pub fn interval_of(&self, arrived: u64) -> usize {
        if self.intervals == 0 {
            return 0;
        }
        let interval = (arrived.saturating_sub(self.open) / self.interval) as usize;
        interval.min(self.intervals - 1)
    }
}

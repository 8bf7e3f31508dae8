//! The populations that are reported, and to which of them a customer belongs.

use crate::plan::Plan;
use scenarios::figure::Population;
use scenarios::model::Scenario;
use scenarios::operation::Channel;
use scenarios::time::SimTime;

/// The name of a channel in figures and files.
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Counter => "counter",
        Channel::Kiosk => "kiosk",
        Channel::Atm => "atm",
        Channel::Online => "online",
        Channel::Mobile => "mobile",
        Channel::Messenger => "messenger",
    }
}

/// All populations of customers, numbered: the total, each channel, service and
/// segment alone, then those by arrival interval.
#[derive(Debug, Clone)]
pub struct Populations {
    channels: usize,
    services: usize,
    segments: usize,
    pub intervals: usize,
    pub open: u64,
    pub interval: u64,
    service_by_interval: bool,
    segment_by_interval: bool,
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
            services: scenario.services.len(),
            segments: scenario.segments.len(),
            intervals,
            open: plan.open,
            interval,
            service_by_interval: scenario.report.service_by_interval,
            segment_by_interval: scenario.report.segment_by_interval,
            names: Vec::new(),
            branch: scenario.branch.clone(),
            interval_labels: (0..intervals)
                .map(|number| SimTime(plan.open + number as u64 * interval).clock())
                .collect(),
        };
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
        names.extend(labels.iter().map(|label| at(&total, label)));
        let by_interval = channels
            .iter()
            .chain(services.iter().filter(|_| self.service_by_interval))
            .chain(segments.iter().filter(|_| self.segment_by_interval));
        for population in by_interval {
            names.extend(labels.iter().map(|label| at(population, label)));
        }
        self.names = names;
    }

    /// How many populations there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How many of them, the first ones, have at most one dimension and no interval.
    pub fn plain(&self) -> usize {
        1 + self.channels + self.services + self.segments
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

    /// The populations without interval that a kind belongs to.
    pub fn plain_of(&self, kind: usize) -> [usize; 4] {
        let (channel, service, segment) = self.parts(kind);
        let services_from = 1 + self.channels;
        let segments_from = services_from + self.services;
        [
            0,
            1 + channel,
            services_from + service,
            segments_from + segment,
        ]
    }

    /// The populations that a kind belongs to by interval, each by its first
    /// interval; the total comes first and is the sum over the channels, which
    /// come second.
    pub fn by_interval_of(&self, kind: usize) -> Vec<usize> {
        if self.intervals == 0 {
            return Vec::new();
        }
        let (channel, service, segment) = self.parts(kind);
        let mut from = self.plain() + self.intervals;
        let mut found = vec![self.plain(), from + channel * self.intervals];
        from += self.channels * self.intervals;
        if self.service_by_interval {
            found.push(from + service * self.intervals);
            from += self.services * self.intervals;
        }
        if self.segment_by_interval {
            found.push(from + segment * self.intervals);
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

    fn parts(&self, kind: usize) -> (usize, usize, usize) {
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

//! Populations told apart by several dimensions at once, as `[report]` asks.

use super::population::Populations;
use scenarios::figure::Population;
use scenarios::model::{Crossing, Scenario};
use std::collections::BTreeMap;

/// The populations of one crossing: those that some customer can belong to.
#[derive(Debug, Clone)]
pub struct Crossed {
    asked: Crossing,
    /// A kind of each population, in order.
    members: Vec<(usize, usize, usize)>,
    /// `[kind]`: its population, none where no customer can be of that kind.
    position_of_kind: Vec<Option<usize>>,
}

impl Crossed {
    pub fn new(asked: Crossing, scenario: &Scenario, populations: &Populations) -> Self {
        let mut positions = BTreeMap::new();
        let possible = possible(scenario, populations);
        let key = |kind: usize| {
            let (channel, service, segment) = populations.parts(kind);
            (
                asked.channel.then_some(channel),
                asked.service.then_some(service),
                asked.segment.then_some(segment),
            )
        };
        for kind in &possible {
            positions.entry(key(*kind)).or_insert(*kind);
        }
        let members = positions.values().map(|kind| populations.parts(*kind));
        let members = members.collect();
        let keys: Vec<_> = positions.into_keys().collect();
        let mut position_of_kind = vec![None; populations.kinds()];
        for kind in possible {
            position_of_kind[kind] = keys.binary_search(&key(kind)).ok();
        }
        Self {
            asked,
            members,
            position_of_kind,
        }
    }

    /// How many populations there are, by no interval.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The population of a kind.
    pub fn position(&self, kind: usize) -> Option<usize> {
        self.position_of_kind[kind]
    }

    /// Whom each stands for; `name` tells channel, service and segment.
    pub fn names(
        &self,
        name: impl Fn((usize, usize, usize)) -> (Option<String>, Option<String>, Option<String>),
    ) -> Vec<Population> {
        let population = |member: &(usize, usize, usize)| {
            let (channel, service, segment) = name(*member);
            Population {
                channel: channel.filter(|_| self.asked.channel),
                service: service.filter(|_| self.asked.service),
                segment: segment.filter(|_| self.asked.segment),
                ..Population::default()
            }
        };
        self.members.iter().map(population).collect()
    }
}

/// The kinds that customers can be of: what a segment comes for, where its first
/// journey is made. People of a recorded log come for whatever the log says.
fn possible(scenario: &Scenario, populations: &Populations) -> Vec<usize> {
    let channel_of = |journey: usize| populations.channel_of(scenario.journeys[journey].channel);
    let mut kinds = Vec::new();
    for (number, segment) in scenario.segments.iter().enumerate() {
        let own = segment
            .services
            .iter()
            .map(|(service, journey, _)| (*service, *journey));
        let services = scenario.services.iter().enumerate();
        let any = services.flat_map(|(service, it)| it.journeys.iter().map(move |j| (service, *j)));
        let any = any.filter(|_| scenario.arrivals.recorded.is_some());
        for (service, journey) in own.chain(any) {
            let kind = channel_of(journey)
                .map(|channel| populations.kind(channel, service as u16, number as u16));
            kinds.extend(kind);
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

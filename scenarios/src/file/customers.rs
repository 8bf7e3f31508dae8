//! Services and the segments of customers who come for them.

use super::fields::{Reader, Section};
use super::journeys::CHANNELS;
use super::law::NamedLaws;
use super::rooms::customers::{SEGMENT, SERVICE};
use super::tree::{Node, Table, Value};
use crate::model::{Conduct, Journey, JourneyId, Label, Segment, Service, ServiceId};
use crate::operation::Channel;
use std::collections::BTreeSet;

impl Reader {
    /// `[services]`, or one service per journey that is not only a way on after
    /// a failure.
    pub fn services(&mut self, table: &Table, journeys: &[Journey]) -> Option<Vec<Service>> {
        let Some(node) = table.get("services") else {
            return Some(one_per_journey(journeys));
        };
        let section = self.section(node, "services")?;
        let mut services = Vec::new();
        for entry in section.table.iter() {
            let path = section.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            let service = self
                .section(&entry.node, &path)
                .and_then(|section| self.service(&section, &entry.key, journeys));
            services.push(service);
        }
        services.into_iter().collect()
    }

    fn service(
        &mut self,
        section: &Section<'_>,
        name: &str,
        journeys: &[Journey],
    ) -> Option<Service> {
        self.keys(section, &SERVICE);
        let label = self.label(section, name);
        let names: Vec<&str> = journeys.iter().map(|it| it.name.as_str()).collect();
        let path = section.at("journeys");
        let Some(node) = section.get("journeys") else {
            let journey = self.look_up(section.origin, &section.path, name, &names)?;
            return Some(Service {
                name: name.to_owned(),
                label,
                journeys: vec![journey],
            });
        };
        let mut chosen: Vec<JourneyId> = Vec::new();
        for item in self.list(node, &path)? {
            let journey = self.reference(item, &path, &names)?;
            let channel = journeys[journey].channel;
            if chosen.iter().any(|it| journeys[*it].channel == channel) {
                self.fault(
                    item.origin,
                    format!("`{path}` has a second journey on the channel {channel}"),
                    "a service has one journey per channel",
                );
                return None;
            }
            chosen.push(journey);
        }
        if chosen.is_empty() {
            self.fault(node.origin, format!("`{path}` has no journeys"), "");
            return None;
        }
        Some(Service {
            name: name.to_owned(),
            label,
            journeys: chosen,
        })
    }

    /// `[segments]`, or one of all customers.
    pub fn segments(
        &mut self,
        table: &Table,
        services: &[Service],
        journeys: &[Journey],
        laws: &NamedLaws,
    ) -> Option<Vec<Segment>> {
        let Some(node) = table.get("segments") else {
            return self.everyone(table, services, journeys);
        };
        let all = self.section(node, "segments")?;
        let mut segments = Vec::new();
        for entry in all.table.iter() {
            let path = all.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            let lone = all.table.iter().len() == 1;
            let segment = self.section(&entry.node, &path).and_then(|section| {
                self.segment(&section, &entry.key, lone, (services, journeys, laws))
            });
            segments.push(segment);
        }
        let mut segments = segments.into_iter().collect::<Option<Vec<Segment>>>()?;
        let written: Vec<f64> = segments.iter().map(|segment| segment.share).collect();
        let shares = self.shares(node.origin, "segments", &written)?;
        for (segment, share) in segments.iter_mut().zip(shares) {
            segment.share = share;
        }
        Some(segments)
    }

    fn everyone(
        &mut self,
        table: &Table,
        services: &[Service],
        journeys: &[Journey],
    ) -> Option<Vec<Segment>> {
        let [service] = services else {
            let origin = table.entry("services").or(table.entry("journeys"));
            if let Some(entry) = origin {
                self.fault(
                    entry.key_origin,
                    format!(
                        "there are {} services and no [segments] that say who comes for which",
                        services.len()
                    ),
                    "add [segments.all] with share = 1 and services = { … }",
                );
            }
            return None;
        };
        let journey = service.journeys[0];
        if service.journeys.len() > 1 {
            let origin = table.entry("services").or(table.entry("journeys"));
            if let Some(entry) = origin {
                self.fault(
                    entry.key_origin,
                    format!(
                        "`{}` can be had on several channels and no [segments] say on which",
                        service.name
                    ),
                    "add [segments.all] with share = 1 and a `channel`",
                );
            }
            return None;
        }
        debug_assert!(journey < journeys.len(), "services name existing journeys");
        Some(vec![Segment {
            name: "all".into(),
            label: Label {
                en: "all customers".into(),
                zh: "全部客户".into(),
            },
            share: 1.0,
            services: vec![(0, journey, 1.0)],
            patience: None,
            priority: 0,
            conduct: Conduct::default(),
        }])
    }

    fn segment(
        &mut self,
        section: &Section<'_>,
        name: &str,
        lone: bool,
        (services, journeys, laws): (&[Service], &[Journey], &NamedLaws),
    ) -> Option<Segment> {
        self.keys(section, &SEGMENT);
        let share = match section.get("share") {
            None if lone => Some(1.0),
            _ => {
                let node = self.required(section, "share", "0.68");
                node.and_then(|node| self.number(node, &section.at("share"), 0.0..=100.0))
            }
        };
        let mix = self.mix(section, services);
        let channels = self.segment_channels(section);
        let patience = section
            .get("patience")
            .map(|node| self.law(node, &section.at("patience"), laws));
        let priority = self.priority(section);
        let conduct = self.conduct(section, laws);
        let label = self.label(section, name);
        let (node, channels) = channels?;
        let node = node.or(section.get("services"));
        let mut chosen = Vec::new();
        for (service, share) in mix? {
            for (channel, part) in &channels {
                let journey = self.route(section, node, &services[service], *channel, journeys)?;
                chosen.push((service, journey, share * part));
            }
        }
        Some(Segment {
            name: name.to_owned(),
            label,
            share: share?,
            services: chosen,
            patience: match patience {
                Some(law) => Some(law?),
                None => None,
            },
            priority: priority?,
            conduct: conduct?,
        })
    }

    pub(super) fn priority(&mut self, section: &Section<'_>) -> Option<i32> {
        match section.get("priority") {
            None => Some(0),
            Some(node) => match &node.value {
                Value::Integer(number) if (-1000..=1000).contains(number) => Some(*number as i32),
                _ => {
                    self.wrong_kind(node, &section.at("priority"), "a whole number up to 1000");
                    None
                }
            },
        }
    }

    /// `channel = "kiosk"`, `channels = { kiosk = 0.7, counter = 0.3 }`, or none said:
    /// each with its share, and where it was said.
    #[expect(
        clippy::type_complexity,
        reason = "the channels and where they stand, unpacked at once"
    )]
    fn segment_channels<'t>(
        &mut self,
        section: &Section<'t>,
    ) -> Option<(Option<&'t Node>, Vec<(Option<Channel>, f64)>)> {
        let Some(node) = section.get("channels") else {
            let Some(node) = section.get("channel") else {
                return Some((None, vec![(None, 1.0)]));
            };
            let channel = self.branch_channel(node, &section.at("channel"))?;
            return Some((Some(node), vec![(Some(channel), 1.0)]));
        };
        if section.get("channel").is_some() {
            self.not_both(section, &["channels"], &["channel"]);
            return None;
        }
        let inner = self.section(node, &section.at("channels"))?;
        let (mut channels, mut shares) = (Vec::new(), Vec::new());
        for entry in inner.table.iter() {
            let path = inner.at(&entry.key);
            let names = CHANNELS.map(|(name, _)| name);
            let position = self.look_up(entry.key_origin, &path, &entry.key, &names)?;
            channels.push(CHANNELS[position].1);
            shares.push(self.number(&entry.node, &path, 0.0..=100.0)?);
        }
        let shares = self.shares(node.origin, &inner.path, &shares)?;
        let channels = channels.into_iter().map(Some).zip(shares).collect();
        Some((Some(node), channels))
    }

    /// `services = { query = 30, transfer = 25, … }`, a name, or nothing where
    /// there is but one.
    fn mix(
        &mut self,
        section: &Section<'_>,
        services: &[Service],
    ) -> Option<Vec<(ServiceId, f64)>> {
        let names: Vec<&str> = services.iter().map(|it| it.name.as_str()).collect();
        let path = section.at("services");
        let node = match (section.get("services"), services) {
            (Some(node), _) => node,
            (None, [_]) => return Some(vec![(0, 1.0)]),
            (None, _) => {
                self.required(section, "services", "{ query = 60, transfer = 40 }");
                return None;
            }
        };
        if let Value::Text(_) = node.value {
            return Some(vec![(self.reference(node, &path, &names)?, 1.0)]);
        }
        let mix = self.section(node, &path)?;
        let mut chosen = Vec::new();
        let mut weights = Vec::new();
        for entry in mix.table.iter() {
            let service = self.look_up(entry.key_origin, &path, &entry.key, &names);
            let weight = self.number(&entry.node, &mix.at(&entry.key), 0.0..=100.0);
            chosen.push(service);
            weights.push(weight);
        }
        let weights: Vec<f64> = weights.into_iter().collect::<Option<_>>()?;
        let shares = self.shares(node.origin, &path, &weights)?;
        let chosen: Vec<ServiceId> = chosen.into_iter().collect::<Option<_>>()?;
        Some(chosen.into_iter().zip(shares).collect())
    }

    /// The journey of a service on the segment's channel.
    fn route(
        &mut self,
        section: &Section<'_>,
        node: Option<&Node>,
        service: &Service,
        channel: Option<Channel>,
        journeys: &[Journey],
    ) -> Option<JourneyId> {
        let origin = node.map_or(section.origin, |node| node.origin);
        let offered: Vec<&str> = service
            .journeys
            .iter()
            .map(|it| journeys[*it].channel.name())
            .collect();
        let Some(channel) = channel else {
            if let [journey] = service.journeys.as_slice() {
                return Some(*journey);
            }
            self.fault(
                origin,
                format!(
                    "`{}` can be had on several channels; `{}` does not say on which",
                    service.name, section.path
                ),
                format!("write `channel = \"{}\"`", offered[0]),
            );
            return None;
        };
        let mut found = service.journeys.iter().copied();
        let journey = found.find(|it| journeys[*it].channel == channel);
        if journey.is_none() {
            self.fault(
                origin,
                format!("`{}` cannot be had on the channel {channel}", service.name),
                format!("it can be had on: {}", offered.join(", ")),
            );
        }
        journey
    }
}

fn one_per_journey(journeys: &[Journey]) -> Vec<Service> {
    let ways_on: BTreeSet<JourneyId> = journeys.iter().flat_map(Journey::goes_on_with).collect();
    let plain = |name: &str| name.replace(['_', '-'], " ");
    journeys
        .iter()
        .enumerate()
        .filter(|(position, _)| !ways_on.contains(position))
        .map(|(position, journey)| Service {
            name: journey.name.clone(),
            label: Label {
                en: plain(&journey.name),
                zh: plain(&journey.name),
            },
            journeys: vec![position],
        })
        .collect()
}

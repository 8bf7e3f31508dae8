//! Journeys: on which channel, what they hold, their steps.

mod parallel;
mod steps;

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::journeys as rooms;
use super::tree::{Node, Table, Value};
use crate::model::{Hold, Journey, Part, QueueBy, Resource};
use crate::operation::Channel;

pub(super) const CHANNELS: [(&str, Channel); 3] = [
    ("counter", Channel::Counter),
    ("kiosk", Channel::Kiosk),
    ("atm", Channel::Atm),
];
pub(super) const PARTS: [(&str, Part); 2] = [("service", Part::Service), ("review", Part::Review)];
pub(super) const QUEUE_BY: [(&str, QueueBy); 3] = [
    ("ticket", QueueBy::Ticket),
    ("joining", QueueBy::Joining),
    ("front", QueueBy::Front),
];

/// What the names in a journey may refer to.
pub(super) struct Names<'n> {
    pub laws: &'n NamedLaws,
    pub resources: Vec<&'n str>,
    /// Of each resource, the names of its servers' skills.
    pub skills: Vec<&'n [String]>,
    pub journeys: Vec<&'n str>,
}

impl Reader {
    /// A channel of the branch by its name in the file.
    pub fn branch_channel(&mut self, node: &Node, path: &str) -> Option<Channel> {
        self.choice(node, path, &CHANNELS)
    }

    /// Every journey, or none if one of them is wrong: positions must hold.
    pub fn journeys(
        &mut self,
        table: &Table,
        resources: &[Resource],
        laws: &NamedLaws,
    ) -> Option<Vec<Journey>> {
        let section = self.section(table.get("journeys")?, "journeys")?;
        let names = Names {
            laws,
            resources: resources.iter().map(|it| it.name.as_str()).collect(),
            skills: resources
                .iter()
                .map(|it| it.servers.skills.as_slice())
                .collect(),
            journeys: section.table.keys().collect(),
        };
        let mut journeys = Vec::new();
        for entry in section.table.iter() {
            let path = section.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            let journey = self
                .section(&entry.node, &path)
                .and_then(|section| self.journey(&section, &entry.key, &names));
            journeys.push(journey);
        }
        journeys.into_iter().collect()
    }

    fn journey(&mut self, section: &Section<'_>, name: &str, names: &Names<'_>) -> Option<Journey> {
        self.keys(section, &rooms::JOURNEY);
        let before = self.faults.len();
        let channel = match section.get("channel") {
            Some(node) => self.branch_channel(node, &section.at("channel")),
            None => Some(Channel::Counter),
        };
        let time = section
            .get("time")
            .and_then(|node| self.law(node, &section.at("time"), names.laws));
        let holds = self.holds(section, names);
        let drafts = self.steps(section, names);
        if self.faults.len() > before {
            return None;
        }
        let steps = self.weighted(section, drafts?, time.as_ref())?;
        Some(Journey {
            name: name.to_owned(),
            channel: channel?,
            time,
            holds: holds?,
            steps,
        })
    }

    /// `holds = ["kiosk", { resource = "cash_window", count = 2 }]`.
    fn holds(&mut self, section: &Section<'_>, names: &Names<'_>) -> Option<Vec<Hold>> {
        let Some(node) = section.get("holds") else {
            return Some(Vec::new());
        };
        let path = section.at("holds");
        let mut holds: Vec<Hold> = Vec::new();
        for item in self.list(node, &path)? {
            let hold = self.hold(item, &path, names)?;
            if holds.iter().any(|other| other.resource == hold.resource) {
                let written = self.written(item.origin);
                self.fault(
                    item.origin,
                    format!("`{path}` names {written} twice"),
                    "say how many: { resource = \"…\", count = 2 }",
                );
                return None;
            }
            holds.push(hold);
        }
        Some(holds)
    }

    fn hold(&mut self, item: &Node, path: &str, names: &Names<'_>) -> Option<Hold> {
        if let Value::Text(_) = item.value {
            let resource = self.reference(item, path, &names.resources)?;
            return Some(Hold {
                resource,
                count: 1,
                skill: None,
            });
        }
        let section = self.section(item, path)?;
        self.keys(&section, &rooms::HOLD);
        let node = self.required(&section, "resource", "\"kiosk\"")?;
        let resource = self.reference(node, &section.at("resource"), &names.resources)?;
        let count = match section.get("count") {
            Some(node) => self.whole(node, &section.at("count"), 1..=1000)?,
            None => 1,
        };
        let skill = match section.get("skill") {
            Some(node) => {
                let skills: Vec<&str> = names.skills[resource].iter().map(String::as_str).collect();
                Some(self.reference(node, &section.at("skill"), &skills)?)
            }
            None => None,
        };
        Some(Hold {
            resource,
            count: count as u32,
            skill,
        })
    }
}

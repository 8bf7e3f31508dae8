//! Resources: how many there are of each.

use super::fields::{Reader, Section};
use super::hours::Hours;
use super::law::NamedLaws;
use super::rooms::resources::RESOURCE;
use super::rooms::top::WORDS_OF_TWO;
use super::tree::{Table, Value};
use crate::model::{Day, Label, Mode, Resource, ResourceKind, Roster, Servers, ShiftEnd};
use crate::time::SimTime;

/// More of one kind than any branch has; keeps counting in range.
pub(super) const SERVERS_MAX: u64 = 100_000;

pub(super) const KINDS: [(&str, ResourceKind); 7] = [
    ("teller", ResourceKind::Teller),
    ("vip_window", ResourceKind::VipWindow),
    ("kiosk", ResourceKind::Kiosk),
    ("atm", ResourceKind::Atm),
    ("lobby_manager", ResourceKind::LobbyManager),
    ("remote_centre", ResourceKind::RemoteCentre),
    ("other", ResourceKind::Other),
];

pub(super) const SHIFT_ENDS: [(&str, ShiftEnd); 3] = [
    ("finish", ShiftEnd::Finish),
    ("changeover", ShiftEnd::Changeover),
    ("resume", ShiftEnd::Resume),
];

impl Reader {
    pub fn resources(
        &mut self,
        table: &Table,
        day: Option<&Day>,
        mode: Option<Mode>,
        laws: &NamedLaws,
    ) -> Vec<Resource> {
        let mut resources = Vec::new();
        let Some(node) = table.get("resources") else {
            return resources;
        };
        let Some(all) = self.section(node, "resources") else {
            return resources;
        };
        let names: Vec<&str> = all.table.keys().collect();
        for entry in all.table.iter() {
            let path = all.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            let roster = self
                .section(&entry.node, &path)
                .map(|section| self.resource(&section, &entry.key, &names, (day, mode), laws));
            resources.extend(roster);
        }
        resources
    }

    /// A resource; where its roster is wrong (which a fault says), an empty one
    /// stands in, so that its name is known to the rest of the file.
    fn resource(
        &mut self,
        section: &Section<'_>,
        name: &str,
        names: &[&str],
        (day, mode): (Option<&Day>, Option<Mode>),
        laws: &NamedLaws,
    ) -> Resource {
        self.keys(section, &RESOURCE);
        let kind = section
            .get("kind")
            .and_then(|node| self.choice(node, &section.at("kind"), &KINDS));
        let drawn = match section.get("capacity") {
            Some(node) if matches!(node.value, Value::Table(_)) => {
                self.drawn_capacity(node, &section.at("capacity"))
            }
            _ => None,
        };
        let shift_end = section
            .get("shift_end")
            .and_then(|node| self.choice(node, &section.at("shift_end"), &SHIFT_ENDS))
            .unwrap_or_default();
        let queue = self.queue(section);
        let mut servers = self.servers(section, day.zip(mode), laws);
        let steps = day.and_then(|day| {
            let there = self.on_duty(section, (day, mode), drawn.as_deref(), &servers)?;
            Some(there.steps(day, shift_end, !servers.each.is_empty()))
        });
        servers.jams = self
            .subsection(section, "jams")
            .and_then(|jams| self.jams(&jams, name, names, laws));
        self.told_apart(section, &queue, &servers, shift_end);
        Resource {
            name: name.to_owned(),
            label: self.label(section, name),
            kind: kind.unwrap_or(ResourceKind::Other),
            roster: Roster {
                steps: steps.unwrap_or_default(),
            },
            drawn: drawn.unwrap_or_default(),
            shift_end,
            queue,
            servers,
            cost_per_hour: self.optional_number(section, "cost_per_hour", 0.0..=1e6),
            machine: self.machine_cost(section, mode),
            shared: self.flag(section, "shared"),
        }
    }

    /// `label = { en = "…", zh = "…" }` or one text for both; else the name.
    pub fn label(&mut self, section: &Section<'_>, name: &str) -> Label {
        let plain = name.replace(['_', '-'], " ");
        let (en, zh) = self.words(section, "label");
        Label::new(en.unwrap_or_else(|| plain.clone()), zh.unwrap_or(plain))
    }

    /// A text in English and in Chinese: one for both, or `{ en = "…", zh = "…" }`.
    pub fn words(&mut self, section: &Section<'_>, key: &str) -> (Option<String>, Option<String>) {
        let Some(node) = section.get(key) else {
            return (None, None);
        };
        if let Value::Text(text) = &node.value {
            return (Some(text.clone()), Some(text.clone()));
        }
        let path = section.at(key);
        if !matches!(node.value, Value::Table(_)) {
            self.wrong_kind(node, &path, "text in quotes or { en = \"…\", zh = \"…\" }");
            return (None, None);
        }
        let Some(section) = self.section(node, &path) else {
            return (None, None);
        };
        self.keys(&section, &WORDS_OF_TWO);
        let en = self.optional_text(&section, "en").map(str::to_owned);
        let zh = self.optional_text(&section, "zh").map(str::to_owned);
        (en, zh)
    }

    fn on_duty(
        &mut self,
        section: &Section<'_>,
        (day, mode): (&Day, Option<Mode>),
        drawn: Option<&[(f64, u32)]>,
        servers: &Servers,
    ) -> Option<Hours> {
        let (capacity, roster) = (section.table.entry("capacity"), section.get("roster"));
        if let Some(listed) = section.get("servers") {
            if capacity.is_some() || roster.is_some() {
                self.fault(
                    listed.origin,
                    format!("`{}` says twice how many there are", section.path),
                    "servers listed one by one have hours of their own; take out `capacity` and `roster`",
                );
                return None;
            }
            self.server_count(listed, &section.at("servers"))?;
            return Some(Hours::of(servers, day));
        }
        match (capacity, roster) {
            (Some(capacity), None) => {
                if matches!(capacity.node.value, Value::Table(_)) {
                    let most = drawn?.iter().map(|(_, count)| *count).max();
                    return Some(Hours::always(most.unwrap_or(0), day));
                }
                let path = section.at("capacity");
                let count = self.whole(&capacity.node, &path, 0..=SERVERS_MAX)?;
                Some(Hours::always(count as u32, day))
            }
            (None, Some(roster)) => {
                self.has_a_clock(roster, &section.at("roster"), mode)?;
                self.roster(roster, &section.at("roster"), day)
            }
            (Some(capacity), Some(_)) => {
                self.fault(
                    capacity.key_origin,
                    format!("`{}` has both `capacity` and `roster`", section.path),
                    "capacity is the same all day, a roster changes; keep one",
                );
                None
            }
            (None, None) => {
                self.absence(
                    section.origin,
                    format!("`{}` says not how many there are", section.path),
                    "write `capacity = 5` or `roster = [{ count = 2 }, …]`",
                );
                None
            }
        }
    }

    /// A clock time that must lie in a stretch named by `what`.
    pub fn within(
        &mut self,
        section: &Section<'_>,
        key: &str,
        (low, high): (SimTime, SimTime),
        what: &str,
    ) -> Option<SimTime> {
        let time = self.optional_clock(section, key)?;
        if (low..=high).contains(&time) {
            return Some(time);
        }
        let origin = section.get(key).map_or(section.origin, |node| node.origin);
        self.fault(
            origin,
            format!(
                "`{}` is {}, outside {what} ({} to {})",
                section.at(key),
                time.clock(),
                low.clock(),
                high.clock()
            ),
            "",
        );
        None
    }

    /// From before to.
    pub fn in_order(
        &mut self,
        section: &Section<'_>,
        (from, to): (SimTime, SimTime),
    ) -> Option<()> {
        if from < to {
            return Some(());
        }
        self.fault(
            section.origin,
            format!(
                "`{}` ends at {}, not later than it begins ({})",
                section.path,
                to.clock(),
                from.clock()
            ),
            "",
        );
        None
    }
}

//! Resources and their rosters.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::tree::{Node, Table, Value};
use crate::model::{Day, Label, Mode, Resource, ResourceKind, Roster, ShiftEnd};
use crate::time::SimTime;

/// More of one kind than any branch has; keeps counting in range.
pub(super) const SERVERS_MAX: u64 = 100_000;

const KINDS: [(&str, ResourceKind); 7] = [
    ("teller", ResourceKind::Teller),
    ("vip_window", ResourceKind::VipWindow),
    ("kiosk", ResourceKind::Kiosk),
    ("atm", ResourceKind::Atm),
    ("lobby_manager", ResourceKind::LobbyManager),
    ("remote_centre", ResourceKind::RemoteCentre),
    ("other", ResourceKind::Other),
];

const SHIFT_ENDS: [(&str, ShiftEnd); 3] = [
    ("finish", ShiftEnd::Finish),
    ("changeover", ShiftEnd::Changeover),
    ("resume", ShiftEnd::Resume),
];

/// So many servers from one time to another.
struct Shift {
    count: i64,
    from: SimTime,
    to: SimTime,
}

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
        let known = [
            "kind",
            "capacity",
            "roster",
            "label",
            "cost_per_hour",
            "shift_end",
            "queue",
            "servers",
            "choice",
            "breakdowns",
            "shared",
            "jams",
        ];
        self.keys(section, "resources", &known);
        let kind = section
            .get("kind")
            .and_then(|node| self.choice(node, &section.at("kind"), &KINDS));
        let drawn = match section.get("capacity") {
            Some(node) if matches!(node.value, Value::Table(_)) => {
                self.drawn_capacity(node, &section.at("capacity"))
            }
            _ => None,
        };
        let steps = day.and_then(|day| self.on_duty(section, day, mode, drawn.as_deref()));
        let shift_end = section
            .get("shift_end")
            .and_then(|node| self.choice(node, &section.at("shift_end"), &SHIFT_ENDS));
        let queue = self.queue(section);
        let mut servers = self.servers(section, laws);
        servers.jams = self
            .subsection(section, "jams")
            .and_then(|jams| self.jams(&jams, name, names, laws));
        self.told_apart(section, &queue, &servers);
        Resource {
            name: name.to_owned(),
            label: self.label(section, name),
            kind: kind.unwrap_or(ResourceKind::Other),
            roster: Roster {
                steps: steps.unwrap_or_default(),
            },
            drawn: drawn.unwrap_or_default(),
            shift_end: shift_end.unwrap_or_default(),
            queue,
            servers,
            cost_per_hour: self.optional_number(section, "cost_per_hour", 0.0..=1e6),
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
        self.keys(&section, key, &["en", "zh"]);
        let en = self.optional_text(&section, "en").map(str::to_owned);
        let zh = self.optional_text(&section, "zh").map(str::to_owned);
        (en, zh)
    }

    fn on_duty(
        &mut self,
        section: &Section<'_>,
        day: &Day,
        mode: Option<Mode>,
        drawn: Option<&[(f64, u32)]>,
    ) -> Option<Vec<(SimTime, u32)>> {
        let (capacity, roster) = (section.table.entry("capacity"), section.get("roster"));
        if let Some(servers) = section.get("servers") {
            if capacity.is_some() || roster.is_some() {
                self.fault(
                    servers.origin,
                    format!("`{}` says twice how many there are", section.path),
                    "servers listed one by one are there all day; take out `capacity` and `roster`",
                );
                return None;
            }
            let count = self.server_count(servers, &section.at("servers"))?;
            return Some(vec![(day.open, count)]);
        }
        match (capacity, roster) {
            (Some(capacity), None) => {
                if matches!(capacity.node.value, Value::Table(_)) {
                    let most = drawn?.iter().map(|(_, count)| *count).max();
                    return Some(vec![(day.open, most.unwrap_or(0))]);
                }
                let path = section.at("capacity");
                let count = self.whole(&capacity.node, &path, 0..=SERVERS_MAX)?;
                Some(vec![(day.open, count as u32)])
            }
            (None, Some(roster)) => {
                if let Some(Mode::SteadyState { .. }) = mode {
                    self.fault(
                        roster.origin,
                        format!("`{}` means nothing in a steady state", section.at("roster")),
                        "a steady state has no clock; write `capacity = 3`",
                    );
                    return None;
                }
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

    fn roster(&mut self, node: &Node, path: &str, day: &Day) -> Option<Vec<(SimTime, u32)>> {
        let list = self.list(node, path)?;
        let mut shifts = Vec::new();
        let before = self.faults.len();
        for (position, item) in list.iter().enumerate() {
            let path = format!("{path}.{position}");
            if let Some(section) = self.section(item, &path) {
                self.shift(&section, day, &mut shifts);
            }
        }
        if self.faults.len() > before {
            return None;
        }
        if shifts.is_empty() {
            self.fault(
                node.origin,
                format!("`{path}` has no shifts"),
                "write `[{ count = 2 }]`",
            );
            return None;
        }
        Some(steps(&shifts, day))
    }

    /// `{ count = 1, from = "09:00", to = "15:00", break = { from, to } }`: adds
    /// the shift and, as a negative count, its break.
    fn shift(&mut self, section: &Section<'_>, day: &Day, shifts: &mut Vec<Shift>) -> Option<()> {
        self.keys(section, "roster", &["count", "from", "to", "break"]);
        let node = self.required(section, "count", "2")?;
        let count = self.whole(node, &section.at("count"), 0..=SERVERS_MAX)?;
        let count = count.cast_signed();
        let hours = (day.open, day.close);
        let from = self.within(section, "from", hours, "the opening hours");
        let to = self.within(section, "to", hours, "the opening hours");
        let shift = (from.unwrap_or(day.open), to.unwrap_or(day.close));
        self.in_order(section, shift)?;
        shifts.push(Shift {
            count,
            from: shift.0,
            to: shift.1,
        });
        let pause = self.subsection(section, "break")?;
        self.keys(&pause, "break", &["from", "to"]);
        self.required(&pause, "from", "\"11:30\"");
        self.required(&pause, "to", "\"13:30\"");
        let from = self.within(&pause, "from", shift, "its shift")?;
        let to = self.within(&pause, "to", shift, "its shift")?;
        self.in_order(&pause, (from, to))?;
        shifts.push(Shift {
            count: -count,
            from,
            to,
        });
        Some(())
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

/// The sum of the shifts as steps; what ends at closing stays for those inside.
fn steps(shifts: &[Shift], day: &Day) -> Vec<(SimTime, u32)> {
    let mut moments: Vec<SimTime> = shifts.iter().flat_map(|s| [s.from, s.to]).collect();
    moments.push(day.open);
    moments.retain(|moment| *moment < day.close);
    moments.sort_unstable();
    moments.dedup();
    let count = |at: SimTime| {
        let on = shifts.iter().filter(|s| s.from <= at && at < s.to);
        on.map(|s| s.count).sum::<i64>().max(0) as u32
    };
    let mut steps: Vec<_> = moments.into_iter().map(|at| (at, count(at))).collect();
    steps.dedup_by_key(|(_, count)| *count);
    steps
}

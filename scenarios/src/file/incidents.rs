//! `[[incidents]]`: what goes wrong for a while.

use super::fields::{Reader, Section};
use super::rooms::bank::{INCIDENT, INCIDENT_OF_A_BRANCH};
use super::tree::{Node, Table, Value};
use crate::model::{Affected, Branches, Day, Effect, Incident, Mode, Resource, Stretch};

/// Of these keys exactly one says what an incident does.
const EFFECTS: [&str; 5] = ["down", "stopped", "unanswered", "slower", "closed"];
/// How a branch of a region is named.
const BRANCHES: &str = "branches.";

impl Reader {
    pub fn incidents(
        &mut self,
        table: &Table,
        resources: &[Resource],
        day: Option<&Day>,
        mode: Option<Mode>,
    ) -> Option<Vec<Incident>> {
        let Some(entry) = table.entry("incidents") else {
            return Some(Vec::new());
        };
        if let Some(Mode::SteadyState { .. }) = mode {
            self.fault(
                entry.key_origin,
                "`incidents` mean nothing in a steady state",
                "a steady state has no clock; simulate days",
            );
            return None;
        }
        let list = self.list(&entry.node, "incidents")?;
        let mut incidents = Vec::new();
        for (position, item) in list.iter().enumerate() {
            if table.get("region").is_some() && is_of_a_branch(item) {
                continue;
            }
            let section = self.section(item, &format!("incidents.{position}"));
            let incident = section.and_then(|it| self.incident(&it, resources, day?));
            incidents.push(incident);
        }
        incidents.into_iter().collect()
    }

    fn incident(
        &mut self,
        section: &Section<'_>,
        resources: &[Resource],
        day: &Day,
    ) -> Option<Incident> {
        self.keys(section, &INCIDENT);
        let what = self.affected(section, resources);
        let stretch = self.stretch_of_incident(section, day);
        let effect = self.effect(section, what);
        let (from, to) = stretch?;
        Some(Incident {
            what: what?,
            from,
            to,
            effect: effect?,
        })
    }

    fn stretch_of_incident(&mut self, section: &Section<'_>, day: &Day) -> Option<Stretch> {
        self.required(section, "from", "\"10:00\"");
        self.required(section, "to", "\"12:00\"");
        let hours = (day.open, day.close);
        let from = self.within(section, "from", hours, "the opening hours");
        let to = self.within(section, "to", hours, "the opening hours");
        let stretch = (from?, to?);
        self.in_order(section, stretch)?;
        Some(stretch)
    }

    /// `what = "branches.NAME"` with `closed = true`: a branch of a region is closed
    /// for a while, as if its line in the list said so.
    pub fn close_branches(
        &mut self,
        document: &Table,
        branches: &mut Branches,
        day: &Day,
    ) -> Option<()> {
        let Some(node) = document.get("incidents") else {
            return Some(());
        };
        for (position, item) in self.list(node, "incidents")?.iter().enumerate() {
            if !is_of_a_branch(item) {
                continue;
            }
            let section = self.section(item, &format!("incidents.{position}"))?;
            self.keys(&section, &INCIDENT_OF_A_BRANCH);
            let what = self.required(&section, "what", "\"branches.harbour\"")?;
            let Branches::Listed(listed) = branches else {
                self.fault(
                    what.origin,
                    format!(
                        "`{}` names a branch, but they are drawn",
                        section.at("what")
                    ),
                    "list the branches to name one of them",
                );
                return None;
            };
            let names: Vec<String> = listed
                .iter()
                .map(|branch| format!("{BRANCHES}{}", branch.name))
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let branch = self.reference(what, &section.at("what"), &names)?;
            self.required(&section, "closed", "true")?;
            if !self.flag(&section, "closed") {
                self.fault(
                    section.origin,
                    format!("`{}` is not true", section.at("closed")),
                    "a branch of a region is closed for a while or not at all",
                );
                return None;
            }
            let stretch = self.stretch_of_incident(&section, day)?;
            listed[branch].closed.push(stretch);
        }
        Some(())
    }

    /// `"branch"`, `"bank"` or `"resources.NAME"`.
    fn affected(&mut self, section: &Section<'_>, resources: &[Resource]) -> Option<Affected> {
        let node = self.required(section, "what", "\"resources.kiosk\"")?;
        let names: Vec<String> = resources
            .iter()
            .map(|it| format!("resources.{}", it.name))
            .chain(["branch".to_owned(), "bank".to_owned()])
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let position = self.reference(node, &section.at("what"), &names)?;
        Some(match position.checked_sub(resources.len()) {
            None => Affected::Resource(position),
            Some(0) => Affected::Branch,
            Some(_) => Affected::Bank,
        })
    }

    fn effect(&mut self, section: &Section<'_>, what: Option<Affected>) -> Option<Effect> {
        let given: Vec<_> = EFFECTS
            .iter()
            .filter_map(|key| section.table.entry(key))
            .collect();
        let [entry] = given.as_slice() else {
            let origin = given.get(1).map_or(section.origin, |it| it.key_origin);
            self.fault(
                origin,
                format!("`{}` must say one thing that happens", section.path),
                "`down = 3`, `stopped = true`, `unanswered = true`, `closed = true` or `slower = 8`; write two incidents for two",
            );
            return None;
        };
        let path = section.at(&entry.key);
        match entry.key.as_str() {
            "down" => {
                let count = self.whole(&entry.node, &path, 1..=100_000)?;
                if matches!(what, Some(Affected::Branch | Affected::Bank)) {
                    self.fault(
                        entry.key_origin,
                        format!("`{path}` is of a resource, not of the bank or the branch"),
                        "write `what = \"resources.kiosk\"`, or `stopped = true`",
                    );
                    return None;
                }
                Some(Effect::Down(count as u32))
            }
            "closed" => {
                if !self.flag(section, "closed") || what.is_some_and(|it| it != Affected::Branch) {
                    self.fault(
                        entry.key_origin,
                        format!("`{path}` must be true, and of the branch"),
                        "write `what = \"branch\"` and `closed = true`, or `what = \"branches.NAME\"` of a region",
                    );
                    return None;
                }
                Some(Effect::Closed)
            }
            key @ ("stopped" | "unanswered") => {
                if !self.flag(section, key) {
                    self.fault(
                        entry.key_origin,
                        format!("`{path}` is not true"),
                        "take it out",
                    );
                    return None;
                }
                if key == "stopped" {
                    return Some(Effect::Stopped);
                }
                if matches!(what, Some(Affected::Branch | Affected::Resource(_))) {
                    self.fault(
                        entry.key_origin,
                        format!("`{path}` is of the bank, not of a resource or the branch"),
                        "write `what = \"bank\"`, or `stopped = true`",
                    );
                    return None;
                }
                Some(Effect::Unanswered)
            }
            _ => {
                let factor = self.number(&entry.node, &path, 0.01..=1000.0)?;
                Some(Effect::Slower(factor))
            }
        }
    }
}

/// Whether an incident is of one branch of a region.
pub(super) fn is_of_a_branch(incident: &Node) -> bool {
    let Value::Table(incident) = &incident.value else {
        return false;
    };
    let what = incident.get("what").map(|node| &node.value);
    matches!(what, Some(Value::Text(what)) if what.starts_with(BRANCHES))
}

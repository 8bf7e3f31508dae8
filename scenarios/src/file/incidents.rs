//! `[[incidents]]`: what goes wrong for a while.

use super::fields::{Reader, Section};
use super::tree::Table;
use crate::model::{Affected, Day, Effect, Incident, Mode, Resource};

/// Of these keys exactly one says what an incident does.
const EFFECTS: [&str; 4] = ["down", "stopped", "unanswered", "slower"];

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
        let known = [
            "what",
            "from",
            "to",
            "down",
            "stopped",
            "unanswered",
            "slower",
        ];
        self.keys(section, "incidents", &known);
        let what = self.affected(section, resources);
        self.required(section, "from", "\"10:00\"");
        self.required(section, "to", "\"12:00\"");
        let hours = (day.open, day.close);
        let from = self.within(section, "from", hours, "the opening hours");
        let to = self.within(section, "to", hours, "the opening hours");
        let effect = self.effect(section, what);
        let (from, to) = (from?, to?);
        self.in_order(section, (from, to))?;
        Some(Incident {
            what: what?,
            from,
            to,
            effect: effect?,
        })
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
                "`down = 3`, `stopped = true`, `unanswered = true` or `slower = 8`; write two incidents for two",
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

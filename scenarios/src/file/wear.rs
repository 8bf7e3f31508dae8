//! How servers break down and jam.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::queues::PREEMPTIONS;
use super::rooms::resources as rooms;
use crate::model::{Breakdowns, BreaksBy, Interruption, Jams, Law};

pub(super) const BREAKS_BY: [(&str, BreaksBy); 2] =
    [("clock", BreaksBy::Clock), ("running", BreaksBy::Running)];
/// How an interrupted service goes on.
pub(super) const INTERRUPTIONS: [(&str, Interruption); 3] =
    [PREEMPTIONS[1], PREEMPTIONS[2], PREEMPTIONS[3]];

impl Reader {
    /// `breakdowns = { up = LAW, down = LAW, by = "running", service = "resume" }`.
    pub(super) fn breakdowns(
        &mut self,
        section: &Section<'_>,
        laws: &NamedLaws,
    ) -> Option<Breakdowns> {
        self.keys(section, &rooms::BREAKDOWNS);
        let up = self.time_above_zero(
            section,
            "up",
            "{ law = \"exponential\", mean = \"80h\" }",
            laws,
        );
        let down = self.time_above_zero(
            section,
            "down",
            "{ law = \"exponential\", mean = \"2h\" }",
            laws,
        );
        let by = match section.get("by") {
            Some(node) => self.choice(node, &section.at("by"), &BREAKS_BY)?,
            None => BreaksBy::Clock,
        };
        let service = match section.get("service") {
            Some(node) => self.choice(node, &section.at("service"), &INTERRUPTIONS)?,
            None => Interruption::Resume,
        };
        Some(Breakdowns {
            up: up?,
            down: down?,
            by,
            service,
        })
    }

    /// `jams = { every = LAW, cleared_by = "lobby_manager", takes = LAW, priority = 5 }`.
    pub(super) fn jams(
        &mut self,
        section: &Section<'_>,
        name: &str,
        resources: &[&str],
        laws: &NamedLaws,
    ) -> Option<Jams> {
        self.keys(section, &rooms::JAMS);
        let every = self.time_above_zero(section, "every", "\"200min\"", laws);
        let takes = self.required(
            section,
            "takes",
            "{ law = \"exponential\", mean = \"2min\" }",
        );
        let takes = takes.and_then(|node| self.law(node, &section.at("takes"), laws));
        let node = self.required(section, "cleared_by", "\"lobby_manager\"")?;
        let cleared_by = self.reference(node, &section.at("cleared_by"), resources)?;
        if resources[cleared_by] == name {
            self.fault(
                node.origin,
                format!("`{name}` clears its own jams"),
                "name the resource whose people come to clear them",
            );
            return None;
        }
        let priority = match section.get("priority") {
            Some(node) => Some(self.number(node, &section.at("priority"), -1e6..=1e6)? as i32),
            None => None,
        };
        Some(Jams {
            every: every?,
            cleared_by,
            takes: takes?,
            priority,
        })
    }

    fn time_above_zero(
        &mut self,
        section: &Section<'_>,
        key: &str,
        example: &str,
        laws: &NamedLaws,
    ) -> Option<Law> {
        let node = self.required(section, key, example)?;
        let law = self.law(node, &section.at(key), laws)?;
        if law.mean() <= 0.0 {
            self.fault(
                node.origin,
                format!("`{}` has a time of zero", section.at(key)),
                "it must be above 0",
            );
            return None;
        }
        Some(law)
    }
}

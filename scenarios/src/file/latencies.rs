//! `[latencies]`: how long the bank is assumed to take, and `on_outage`: what a
//! customer does when it does not answer.

use super::fields::{Reader, Section};
use super::journeys::{Names, QUEUE_BY};
use super::law::NamedLaws;
use super::rooms::journeys::ON_OUTAGE;
use super::tree::{Table, Value};
use crate::model::{Law, OnOutage, QueueBy};
use crate::operation::Operation;

/// What a customer does who does nothing.
pub(super) const WAITS: [(&str, OnOutage); 1] = [("wait", OnOutage::Wait)];

impl Reader {
    /// `identity_check = "800ms"` or a law, by operation.
    pub fn latencies(&mut self, table: &Table, laws: &NamedLaws) -> Option<Vec<(Operation, Law)>> {
        let Some(node) = table.get("latencies") else {
            return Some(Vec::new());
        };
        let section = self.section(node, "latencies")?;
        let mut latencies = Vec::new();
        let names = Operation::names();
        for entry in section.table.iter() {
            let path = section.at(&entry.key);
            let Some(operation) = self.operation_named(&entry.key, entry.key_origin, &names) else {
                continue;
            };
            if let Some(law) = self.law(&entry.node, &path, laws) {
                latencies.push((operation, law));
            }
        }
        Some(latencies)
    }

    fn operation_named(
        &mut self,
        name: &str,
        origin: super::tree::Origin,
        names: &[&str],
    ) -> Option<Operation> {
        self.look_up(origin, "latencies", name, names)?;
        name.parse().ok()
    }

    /// `on_outage = "wait"`, `{ retry = 3, every = "20s" }` or
    /// `{ fall_back = "counter_help", after = "30s", queue_by = "ticket" }`.
    pub(super) fn on_outage(
        &mut self,
        section: &Section<'_>,
        names: &Names<'_>,
    ) -> Option<OnOutage> {
        let Some(node) = section.get("on_outage") else {
            return Some(OnOutage::Wait);
        };
        let path = section.at("on_outage");
        if section.get("operation").is_none() {
            self.fault(
                node.origin,
                format!("`{path}` is of a step that asks the bank for nothing"),
                "give the step its `operation`, or take `on_outage` out",
            );
            return None;
        }
        if let Value::Text(_) = node.value {
            return self.choice(node, &path, &WAITS);
        }
        let what = self.section(node, &path)?;
        self.keys(&what, &ON_OUTAGE);
        match (what.get("retry"), what.get("fall_back")) {
            (Some(times), None) => {
                let times = self.whole(times, &what.at("retry"), 1..=1000)?;
                let every = self.required(&what, "every", "\"20s\"")?;
                let every = self.positive_span(every, &what.at("every"))?;
                Some(OnOutage::Retry {
                    times: times as u32,
                    every,
                })
            }
            (None, Some(to)) => {
                let to = self.reference(to, &what.at("fall_back"), &names.journeys)?;
                let after = self.required(&what, "after", "\"30s\"")?;
                let after = self.span(after, &what.at("after"))?;
                let queue_by = match what.get("queue_by") {
                    Some(node) => self.choice(node, &what.at("queue_by"), &QUEUE_BY)?,
                    None => QueueBy::Ticket,
                };
                Some(OnOutage::FallBack {
                    to,
                    after,
                    queue_by,
                })
            }
            _ => {
                self.fault(
                    what.origin,
                    format!("`{path}` must say one thing that the customer does"),
                    "\"wait\", { retry = 3, every = \"20s\" } or { fall_back = \"counter_help\", after = \"30s\" }",
                );
                None
            }
        }
    }
}

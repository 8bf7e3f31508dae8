//! Steps of a journey: what each does, how long it takes, how it fails.

use super::{Names, PARTS, QUEUE_BY};
use crate::file::fields::{Reader, Section};
use crate::file::rooms::journeys as rooms;
use crate::file::tree::{Node, Origin};
use crate::model::{Failure, Law, Part, QueueBy, Repeat, Step, StepTime};
use crate::operation::Operation;
use std::collections::BTreeSet;

/// A step before the weights of its journey are known.
pub(super) struct Draft {
    step: Step,
    /// Probability and name of the step to go back to.
    repeat: Option<(f64, String, Origin)>,
    weight: Option<f64>,
    weight_origin: Origin,
}
impl Reader {
    pub(super) fn steps(&mut self, section: &Section<'_>, names: &Names<'_>) -> Option<Vec<Draft>> {
        let path = section.at("steps");
        let Some(node) = section.get("steps") else {
            return self.only_step(section);
        };
        if let Some(entry) = section.table.entry("operation") {
            self.fault(
                entry.key_origin,
                format!("`{}` stands beside steps", section.at("operation")),
                "give the operation to the step that performs it",
            );
        }
        let list = self.list(node, &path)?;
        if list.is_empty() {
            self.fault(node.origin, format!("`{path}` has no steps"), "");
        }
        let mut drafts: Vec<Option<Draft>> = Vec::new();
        let mut seen = BTreeSet::new();
        for (position, item) in list.iter().enumerate() {
            let Some(section) = self.section(item, &format!("{path}.{position}")) else {
                continue;
            };
            drafts.push(self.named_step(item, &section, names, &mut seen));
        }
        let mut drafts = drafts.into_iter().collect::<Option<Vec<_>>>()?;
        self.resolve_repeats(&mut drafts);
        Some(drafts)
    }

    /// A step whose name is new in its journey.
    pub(super) fn named_step(
        &mut self,
        item: &Node,
        section: &Section<'_>,
        names: &Names<'_>,
        seen: &mut BTreeSet<String>,
    ) -> Option<Draft> {
        let draft = self.step(section, names, seen);
        if let Some(draft) = &draft
            && !seen.insert(draft.step.name.clone())
        {
            let origin = section.get("name").map_or(item.origin, |it| it.origin);
            self.fault(
                origin,
                format!(
                    "a second step of the journey is named `{}`",
                    draft.step.name
                ),
                "the names of a journey's steps differ",
            );
        }
        draft
    }

    /// The steps of drafts without weights.
    pub(super) fn in_sequence(&mut self, mut drafts: Vec<Draft>) -> Vec<Step> {
        self.resolve_repeats(&mut drafts);
        drafts.into_iter().map(|draft| draft.step).collect()
    }

    /// `repeats = { probability = 0.2, from = "fill_in" }`; `from` is the step itself by default.
    fn repeat(&mut self, section: &Section<'_>) -> Option<(f64, String, Origin)> {
        let repeat = self.subsection(section, "repeats")?;
        self.keys(&repeat, &rooms::REPEATS);
        let node = self.required(&repeat, "probability", "0.2")?;
        let probability = self.number(node, &repeat.at("probability"), 0.0..=0.99)?;
        let from = match repeat.get("from") {
            Some(node) => self.text(node, &repeat.at("from"))?,
            None => self.text(section.get("name")?, &section.at("name"))?,
        };
        Some((probability, from.to_owned(), repeat.origin))
    }

    fn resolve_repeats(&mut self, drafts: &mut [Draft]) {
        for at in 0..drafts.len() {
            let Some((probability, from, origin)) = drafts[at].repeat.take() else {
                continue;
            };
            let before: Vec<&str> = drafts[..=at]
                .iter()
                .map(|it| it.step.name.as_str())
                .collect();
            let found = self.look_up(origin, "repeats.from", &from, &before);
            drafts[at].step.repeat = found.map(|from| Repeat { probability, from });
        }
    }

    /// A journey without steps is one step that takes its whole time.
    fn only_step(&mut self, section: &Section<'_>) -> Option<Vec<Draft>> {
        self.required(section, "time", "\"3min\"")?;
        let operation = match section.get("operation") {
            Some(node) => Some(self.operation(node, &section.at("operation"))?),
            None => None,
        };
        Some(vec![Draft {
            step: Step {
                name: "service".into(),
                operation,
                ..Step::default()
            },
            repeat: None,
            weight: Some(1.0),
            weight_origin: section.origin,
        }])
    }

    fn step(
        &mut self,
        section: &Section<'_>,
        names: &Names<'_>,
        seen: &mut BTreeSet<String>,
    ) -> Option<Draft> {
        self.keys(section, &rooms::STEP);
        let before = self.faults.len();
        let name_node = self.required(section, "name", "\"identity_check\"");
        let name = name_node.and_then(|node| self.text(node, &section.at("name")));
        if let (Some(node), Some(name)) = (name_node, name) {
            self.plain_name(node.origin, &section.at("name"), name);
        }
        let part = match section.get("part") {
            Some(node) => self.choice(node, &section.at("part"), &PARTS),
            None => Some(Part::Service),
        };
        let probability = self.optional_number(section, "probability", 0.0..=1.0);
        let weight = self.optional_number(section, "weight", 1e-9..=1e9);
        let law = section
            .get("duration")
            .and_then(|node| self.law(node, &section.at("duration"), names.laws));
        let operation = section
            .get("operation")
            .and_then(|node| self.operation(node, &section.at("operation")));
        let failure = self.failure(section, names);
        let repeat = self.repeat(section);
        let holds = self.holds(section, names);
        let keeps = self.flag(section, "keeps");
        let on_outage = self.on_outage(section, names);
        let retries = self.optional_whole(section, "retry", 1..=255);
        if let (Some(entry), None) = (section.table.entry("retry"), section.get("fails")) {
            self.fault(
                entry.key_origin,
                format!(
                    "`{}` tries a step again that cannot fail",
                    section.at("retry")
                ),
                "give the step `fails = { probability = 0.1, to = \"counter_help\" }`",
            );
        }
        let branches = self.branches(section, names, seen);
        if section.get("parallel").is_none() {
            self.lasts(section);
        }
        if self.faults.len() > before {
            return None;
        }
        Some(Draft {
            step: Step {
                name: name?.to_owned(),
                part: part?,
                probability: probability.unwrap_or(1.0),
                holds: holds?,
                keeps,
                time: law.map_or(StepTime::None, StepTime::Law),
                operation,
                failure,
                repeat: None,
                on_outage: on_outage?,
                retries: retries.unwrap_or(0) as u32,
                branches: branches?,
            },
            repeat,
            weight,
            weight_origin: section
                .table
                .entry("weight")
                .map_or(section.origin, |entry| entry.key_origin),
        })
    }

    /// A step takes time in one way, or performs an operation.
    fn lasts(&mut self, section: &Section<'_>) {
        let has = |key| section.get(key).is_some();
        if has("weight") && has("duration") {
            self.fault(
                section.origin,
                format!("`{}` has both `weight` and `duration`", section.path),
                "a weight is a share of the journey's time, a duration a time of its own; keep one",
            );
        }
        if !has("weight") && !has("duration") && !has("operation") {
            self.fault(
                section.origin,
                format!("`{}` takes no time and does nothing", section.path),
                "give it `weight`, `duration`, `operation` or `parallel`",
            );
        }
        if has("weight")
            && let Some(node) = section.get("probability")
        {
            self.fault(
                node.origin,
                format!("`{}` has both `weight` and `probability`", section.path),
                "weighted steps share out the whole journey's time; give this one a `duration`",
            );
        }
    }

    fn operation(&mut self, node: &Node, path: &str) -> Option<Operation> {
        let operation: Operation = self.named(node, path, &Operation::names())?;
        if operation.is_of_phones() {
            self.fault(
                node.origin,
                format!("`{path} = \"{operation}\"` is nothing that customers do at a branch"),
                "it belongs into `mobile.mix`",
            );
            return None;
        }
        if operation.is_of_card_network() {
            self.fault(
                node.origin,
                format!(
                    "`{path} = \"{operation}\"` comes through the card network, not from a branch"
                ),
                "play it from a recorded log (docs/operations.md)",
            );
            return None;
        }
        if operation.is_offered() {
            return Some(operation);
        }
        self.fault(
            node.origin,
            format!("`{path} = \"{operation}\"` is not yet supported (the bank does not offer it)"),
            "docs/operations.md lists what the bank offers",
        );
        None
    }

    fn failure(&mut self, section: &Section<'_>, names: &Names<'_>) -> Option<Failure> {
        let section = self.subsection(section, "fails")?;
        self.keys(&section, &rooms::FAILS);
        let node = self.required(&section, "probability", "0.04")?;
        let probability = self.number(node, &section.at("probability"), 0.0..=1.0)?;
        let node = self.required(&section, "to", "\"counter_help\"")?;
        let to = self.reference(node, &section.at("to"), &names.journeys)?;
        let queue_by = match section.get("queue_by") {
            Some(node) => self.choice(node, &section.at("queue_by"), &QUEUE_BY)?,
            None => QueueBy::Ticket,
        };
        Some(Failure {
            probability,
            to,
            queue_by,
        })
    }

    /// Turns weights into fractions of the journey's one time.
    pub(super) fn weighted(
        &mut self,
        section: &Section<'_>,
        drafts: Vec<Draft>,
        time: Option<&Law>,
    ) -> Option<Vec<Step>> {
        let total: f64 = drafts.iter().filter_map(|draft| draft.weight).sum();
        let first = drafts.iter().find(|draft| draft.weight.is_some());
        match (first, time) {
            (Some(draft), None) => {
                self.fault(
                    draft.weight_origin,
                    format!(
                        "step `{}` has a weight, but `{}` has no `time` to share out",
                        draft.step.name, section.path
                    ),
                    "give the journey `time = { law = \"lognormal\", mean = \"3min\", cv = 0.5 }`",
                );
                return None;
            }
            (None, Some(_)) => {
                let origin = section.table.entry("time").map(|entry| entry.key_origin);
                self.fault(
                    origin.unwrap_or(section.origin),
                    format!("no step of `{}` has a weight of its `time`", section.path),
                    "give the steps that share the time a `weight`",
                );
                return None;
            }
            _ => {}
        }
        let steps = drafts.into_iter().map(|draft| match draft.weight {
            Some(weight) => Step {
                time: StepTime::Fraction(weight / total),
                ..draft.step
            },
            None => draft.step,
        });
        Some(steps.collect())
    }
}

//! Steps gone through side by side: `parallel = [{ … }, [{ … }, { … }]]`.

use super::Names;
use super::steps::Draft;
use crate::file::fields::{Reader, Section};
use crate::file::rooms::journeys::BRANCHES_MAX;
use crate::file::tree::{Node, Value};
use crate::model::Step;
use std::collections::BTreeSet;

/// What a step with branches has not of its own.
const OF_BRANCHES: [&str; 7] = [
    "weight",
    "duration",
    "part",
    "holds",
    "operation",
    "keeps",
    "on_outage",
];
/// What a step of a branch cannot do, and what to do instead.
const NOT_INSIDE: [(&str, &str); 3] = [
    (
        "weight",
        "weights share one time out to steps one after another; give it a `duration`",
    ),
    (
        "fails",
        "give `fails` to the step that has `parallel`: it is drawn when all branches have ended",
    ),
    (
        "parallel",
        "branches have no branches; list them all in one `parallel`",
    ),
];

impl Reader {
    /// The branches of a step; none where it has no `parallel`.
    pub(super) fn branches(
        &mut self,
        section: &Section<'_>,
        names: &Names<'_>,
        seen: &mut BTreeSet<String>,
    ) -> Option<Vec<Vec<Step>>> {
        let Some(node) = section.get("parallel") else {
            return Some(Vec::new());
        };
        let path = section.at("parallel");
        for key in OF_BRANCHES {
            if let Some(entry) = section.table.entry(key) {
                self.fault(
                    entry.key_origin,
                    format!("`{}` has both `parallel` and `{key}`", section.path),
                    format!("what is done side by side has its own `{key}`, branch by branch"),
                );
            }
        }
        let list = self.list(node, &path)?;
        if list.len() < 2 || list.len() > BRANCHES_MAX {
            self.fault(
                node.origin,
                format!("`{path}` has {} branches", list.len()),
                format!("2 to {BRANCHES_MAX} go on side by side"),
            );
            return None;
        }
        let mut branches = Vec::new();
        for (position, item) in list.iter().enumerate() {
            let path = format!("{path}.{position}");
            branches.push(self.branch_steps(item, &path, names, seen));
        }
        branches.into_iter().collect()
    }

    /// One branch: a step, or a list of steps.
    fn branch_steps(
        &mut self,
        node: &Node,
        path: &str,
        names: &Names<'_>,
        seen: &mut BTreeSet<String>,
    ) -> Option<Vec<Step>> {
        let drafts = match &node.value {
            Value::Table(_) => {
                let section = self.section(node, path)?;
                self.belongs_inside(&section);
                vec![self.named_step(node, &section, names, seen)?]
            }
            Value::List(items) if !items.is_empty() => {
                let mut drafts = Vec::new();
                for (position, item) in items.iter().enumerate() {
                    let section = self.section(item, &format!("{path}.{position}"))?;
                    self.belongs_inside(&section);
                    drafts.push(self.named_step(item, &section, names, seen));
                }
                drafts.into_iter().collect::<Option<Vec<Draft>>>()?
            }
            _ => {
                self.wrong_kind(node, path, "a step or a list of steps");
                return None;
            }
        };
        Some(self.in_sequence(drafts))
    }

    fn belongs_inside(&mut self, section: &Section<'_>) {
        let on_outage = section.get("on_outage").map(|node| &node.value);
        if let Some(Value::Table(what)) = on_outage
            && let Some(entry) = what.entry("fall_back")
        {
            self.fault(
                entry.key_origin,
                format!("`{}` is a step of a branch and falls back", section.path),
                "a branch waits or asks again: `on_outage = \"wait\"` or `{ retry = 3, every = \"20s\" }`",
            );
        }
        for (key, help) in NOT_INSIDE {
            if let Some(entry) = section.table.entry(key) {
                self.fault(
                    entry.key_origin,
                    format!("`{}` is a step of a branch and has `{key}`", section.path),
                    help,
                );
            }
        }
    }
}

//! Gates, what they make the report count, and where the numbers come from.

use super::canonical;
use super::conduct::ABANDONED;
use super::fields::{Reader, Section};
use super::rooms::results::{ASSUMPTION, REPORT};
use super::tree::{Node, Origin, Table, Value};
use crate::gate::{self, GateError, Statistic};
use crate::model::{AbandonedCounts, Assumption, Mark, NamedGate, ReportRequest, Scenario};
use crate::names::nearest;
use crate::time::Span;

pub(super) const MARKS: [(&str, Mark); 3] = [
    ("sourced", Mark::Sourced),
    ("derived", Mark::Derived),
    ("assumed", Mark::Assumed),
];

/// Quantiles that every table has.
const STANDARD_QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

impl Reader {
    /// `[gates]`, each with the place of its text.
    pub fn gates(&mut self, table: &Table) -> Vec<(NamedGate, Origin)> {
        let mut gates = Vec::new();
        let Some(section) = table
            .get("gates")
            .and_then(|node| self.section(node, "gates"))
        else {
            return gates;
        };
        for entry in section.table.iter() {
            let path = section.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            let Some(text) = self.text(&entry.node, &path) else {
                continue;
            };
            match gate::parse(text) {
                Ok(gate) => gates.push((
                    NamedGate {
                        name: entry.key.clone(),
                        gate,
                    },
                    entry.node.origin,
                )),
                Err(error) => self.gate_fault(entry.node.origin, &path, text, &error),
            }
        }
        gates
    }

    /// Points into the gate's text where it stands verbatim in the file.
    fn gate_fault(&mut self, origin: Origin, path: &str, text: &str, error: &GateError) {
        let (offset, length) = error.span();
        let verbatim = self.sources.get(origin.source).and_then(|source| {
            let written = source.text.get(origin.start..origin.end)?;
            written.find(text)
        });
        let origin = match verbatim {
            Some(inside) if length > 0 => Origin {
                source: origin.source,
                start: origin.start + inside + offset.min(text.len()),
                end: origin.start + inside + (offset + length).min(text.len()),
            },
            _ => origin,
        };
        self.fault(origin, format!("`{path}`: {error}"), error.help());
    }

    /// Whether a run of the scenario will have what its gates ask for.
    pub fn gates_fit(&mut self, scenario: &Scenario, origins: &[Origin]) {
        for (named, origin) in scenario.gates.iter().zip(origins) {
            if let Err(error) = gate::check_against(&named.gate, scenario) {
                let path = format!("gates.{}", named.name);
                let text = named.gate.text.clone();
                self.gate_fault(*origin, &path, &text, &error);
            }
        }
    }

    /// `[report]` and what the gates need counted: five minutes unless either
    /// says otherwise.
    pub fn report(
        &mut self,
        table: &Table,
        gates: &[(NamedGate, Origin)],
    ) -> Option<ReportRequest> {
        let mut request = ReportRequest {
            thresholds: Vec::new(),
            quantiles: Vec::new(),
            abandoned: AbandonedCounts::default(),
            crossings: Vec::new(),
        };
        if let Some(node) = table.get("report") {
            let section = self.section(node, "report")?;
            self.keys(&section, &REPORT);
            if let Some(node) = section.get("abandoned") {
                let abandoned = self.choice(node, "report.abandoned", &ABANDONED);
                request.abandoned = abandoned.unwrap_or_default();
            }
            request.crossings = self.crossings(&section)?;
            if let Some(node) = section.get("thresholds") {
                for item in self.list(node, "report.thresholds")? {
                    let threshold = self.positive_span(item, "report.thresholds");
                    request.thresholds.extend(threshold);
                }
            }
        }
        for (named, _) in gates {
            match named.gate.statistic {
                Statistic::ShareWithin(seconds) => {
                    request.thresholds.push(Span::from_seconds(seconds));
                }
                Statistic::Quantile(q) if !STANDARD_QUANTILES.contains(&q) => {
                    request.quantiles.push(q);
                }
                _ => {}
            }
        }
        if request.thresholds.is_empty() {
            request.thresholds.push(Span::from_seconds(300.0));
        }
        request.thresholds.sort_unstable();
        request.thresholds.dedup();
        request.quantiles.sort_by(f64::total_cmp);
        request.quantiles.dedup();
        Some(request)
    }

    /// `[[assumptions]]`.
    pub fn assumptions(&mut self, table: &Table) -> Option<Vec<Assumption>> {
        let Some(node) = table.get("assumptions") else {
            return Some(Vec::new());
        };
        let mut assumptions = Vec::new();
        for (position, item) in self.list(node, "assumptions")?.iter().enumerate() {
            let path = format!("assumptions.{position}");
            if let Some(section) = self.section(item, &path) {
                assumptions.push(self.assumption(&section, table));
            }
        }
        assumptions.into_iter().collect()
    }

    fn assumption(&mut self, section: &Section<'_>, table: &Table) -> Option<Assumption> {
        self.keys(section, &ASSUMPTION);
        let node = self.required(section, "about", "\"resources.kiosk.capacity\"");
        let about = node.and_then(|node| self.text(node, &section.at("about")));
        let mark = self
            .required(section, "mark", "\"assumed\"")
            .and_then(|node| self.choice(node, &section.at("mark"), &MARKS));
        let because = self
            .required(section, "because", "\"…\"")
            .and_then(|node| self.text(node, &section.at("because")));
        let (node, about) = (node?, about?);
        let Some(value) = at_path(table, about) else {
            let help = match nearest(about, paths(table).iter().map(String::as_str)) {
                Some(right) => format!("did you mean `{right}`?"),
                None => "paths are like `resources.kiosk.capacity`".into(),
            };
            let message = format!(
                "`{}` names `{about}`, which is not in the file",
                section.at("about")
            );
            self.fault(node.origin, message, help);
            return None;
        };
        Some(Assumption {
            about: about.to_owned(),
            value: canonical::brief(value),
            mark: mark?,
            because: because?.to_owned(),
        })
    }
}

/// The value at a dotted path; into a list by position, or by the `name` of its
/// items.
fn at_path<'t>(table: &'t Table, path: &str) -> Option<&'t Node> {
    let mut parts = path.split('.');
    let mut node = table.get(parts.next()?)?;
    for part in parts {
        node = match &node.value {
            Value::Table(inner) => inner.get(part)?,
            Value::List(items) => match part.parse::<usize>() {
                Ok(position) => items.get(position)?,
                Err(_) => items.iter().find(|item| is_named(item, part))?,
            },
            _ => return None,
        };
    }
    Some(node)
}

pub(super) fn is_named(item: &Node, name: &str) -> bool {
    let Value::Table(table) = &item.value else {
        return false;
    };
    matches!(table.get("name"), Some(Node { value: Value::Text(text), .. }) if text == name)
}

/// Every path of tables in tables, at most a few thousand.
fn paths(table: &Table) -> Vec<String> {
    let mut paths = Vec::new();
    let mut open: Vec<(String, &Table)> = vec![(String::new(), table)];
    while let Some((prefix, table)) = open.pop() {
        for entry in table.iter() {
            let path = format!("{prefix}{}", entry.key);
            if let Value::Table(inner) = &entry.node.value {
                open.push((format!("{path}."), inner));
            }
            paths.push(path);
            if paths.len() > 5000 {
                return paths;
            }
        }
    }
    paths
}

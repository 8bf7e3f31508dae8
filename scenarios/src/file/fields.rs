//! Reading single values out of the tree: the right kind, in range, or a fault
//! that says what would be right.

use super::error::Fault;
use super::not_yet;
use super::rooms::Room;
use super::sources::Source;
use super::tree::{Node, Origin, Table, Value};
use crate::names::nearest;
use crate::time::{SimTime, Span, parse_clock, parse_span};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Ten years: no duration of a bank branch is longer.
pub(super) const SPAN_MAX: Span = Span(10 * 366 * 24 * 3600 * 1_000_000);

/// The reading of one scenario: its texts so far and what was found wrong.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub sources: Vec<Source>,
    pub faults: Vec<Fault>,
}

/// A table with its place in the file.
#[derive(Debug, Clone)]
pub(super) struct Section<'t> {
    pub table: &'t Table,
    pub origin: Origin,
    /// Dotted path, such as `resources.kiosk`; empty at the top.
    pub path: String,
}

impl<'t> Section<'t> {
    pub fn get(&self, key: &str) -> Option<&'t Node> {
        self.table.get(key)
    }

    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

impl Reader {
    pub fn fault(&mut self, origin: Origin, message: impl Into<String>, help: impl Into<String>) {
        let help = help.into();
        self.faults.push(Fault {
            origin,
            message: message.into(),
            help: (!help.is_empty()).then_some(help),
            is_absence: false,
        });
    }

    /// A fault that something is not there.
    pub fn absence(&mut self, origin: Origin, message: impl Into<String>, help: impl Into<String>) {
        self.fault(origin, message, help);
        if let Some(fault) = self.faults.last_mut() {
            fault.is_absence = true;
        }
    }

    /// What is written there, for a message.
    pub fn written(&self, origin: Origin) -> String {
        self.sources
            .get(origin.source)
            .map(|source| source.excerpt(origin))
            .unwrap_or_default()
    }

    /// Refuses keys that are not known: by name those of later versions, else
    /// with the nearest right one.
    pub fn keys(&mut self, section: &Section<'_>, room: &Room) {
        for entry in section.table.iter() {
            let key = entry.key.as_str();
            if room.names().any(|known| known == key) {
                continue;
            }
            let path = section.at(key);
            if let Some(what) = not_yet::key(room.name, key) {
                self.fault(
                    entry.key_origin,
                    format!("`{path}` is not yet supported ({what})"),
                    "docs/scenario.md describes what it will mean; take it out to run with this version",
                );
            } else {
                let known = || room.names().collect::<Vec<_>>().join(", ");
                let help = nearest(key, room.names()).map_or_else(
                    || format!("known here: {}", known()),
                    |right| format!("did you mean `{right}`?"),
                );
                self.fault(entry.key_origin, format!("unknown key `{path}`"), help);
            }
        }
    }

    pub fn section<'t>(&mut self, node: &'t Node, path: &str) -> Option<Section<'t>> {
        if let Value::Table(table) = &node.value {
            Some(Section {
                table,
                origin: node.origin,
                path: path.to_owned(),
            })
        } else {
            self.wrong_kind(node, path, "a table");
            None
        }
    }

    pub fn wrong_kind(&mut self, node: &Node, path: &str, right: &str) {
        let written = self.written(node.origin);
        self.fault(
            node.origin,
            format!("`{path}` must be {right}, not `{written}`"),
            "",
        );
    }

    pub fn subsection<'t>(&mut self, section: &Section<'t>, key: &str) -> Option<Section<'t>> {
        let node = section.get(key)?;
        self.section(node, &section.at(key))
    }

    pub fn required<'t>(
        &mut self,
        section: &Section<'t>,
        key: &str,
        example: &str,
    ) -> Option<&'t Node> {
        let node = section.get(key);
        if node.is_none() {
            self.absence(
                section.origin,
                format!("`{}` is missing", section.at(key)),
                format!("write, for example, `{key} = {example}`"),
            );
        }
        node
    }

    pub fn text<'t>(&mut self, node: &'t Node, path: &str) -> Option<&'t str> {
        match &node.value {
            Value::Text(text) | Value::Moment(text) => Some(text),
            _ => {
                self.wrong_kind(node, path, "text in quotes");
                None
            }
        }
    }

    pub fn optional_text<'t>(&mut self, section: &Section<'t>, key: &str) -> Option<&'t str> {
        let node = section.get(key)?;
        self.text(node, &section.at(key))
    }

    /// A number in a range; whole numbers count as numbers.
    pub fn number(&mut self, node: &Node, path: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match &node.value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            _ => {
                self.wrong_kind(node, path, "a number");
                return None;
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        let written = self.written(node.origin);
        let (low, high) = (range.start(), range.end());
        self.fault(
            node.origin,
            format!("`{path}` is `{written}`, which is impossible"),
            format!("it lies between {low} and {high}"),
        );
        None
    }

    pub fn optional_number(
        &mut self,
        section: &Section<'_>,
        key: &str,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let node = section.get(key)?;
        self.number(node, &section.at(key), range)
    }

    /// A whole number in a range.
    pub fn whole(&mut self, node: &Node, path: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let Value::Integer(number) = node.value else {
            self.wrong_kind(node, path, "a whole number");
            return None;
        };
        let inside = u64::try_from(number).ok().filter(|n| range.contains(n));
        if inside.is_none() {
            let (low, high) = (range.start(), range.end());
            self.fault(
                node.origin,
                format!("`{path}` is `{number}`, which is impossible"),
                format!("a whole number from {low} to {high}"),
            );
        }
        inside
    }

    pub fn optional_whole(
        &mut self,
        section: &Section<'_>,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let node = section.get(key)?;
        self.whole(node, &section.at(key), range)
    }

    pub fn flag(&mut self, section: &Section<'_>, key: &str) -> bool {
        match section.get(key) {
            None => false,
            Some(Node {
                value: Value::Boolean(flag),
                ..
            }) => *flag,
            Some(node) => {
                self.wrong_kind(node, &section.at(key), "true or false");
                false
            }
        }
    }

    /// A duration such as `"3min"`, at most ten years.
    pub fn span(&mut self, node: &Node, path: &str) -> Option<Span> {
        let Value::Text(text) = &node.value else {
            let written = self.written(node.origin);
            self.fault(
                node.origin,
                format!("`{path}` must be a duration in quotes, not `{written}`"),
                "say the unit, as in \"3min\", \"45s\", \"1h30min\" or \"3.6min\"",
            );
            return None;
        };
        match parse_span(text) {
            Ok(span) if span <= SPAN_MAX => Some(span),
            Ok(_) => {
                self.fault(
                    node.origin,
                    format!("`{path}` is `{text}`, longer than ten years"),
                    "durations are like \"3min\", \"45s\" or \"1h30min\"",
                );
                None
            }
            Err(error) => {
                self.fault(
                    node.origin,
                    format!("`{path}` is not a duration: {error}"),
                    "durations are like \"3min\", \"45s\" or \"1h30min\"",
                );
                None
            }
        }
    }

    pub fn optional_span(&mut self, section: &Section<'_>, key: &str) -> Option<Span> {
        let node = section.get(key)?;
        self.span(node, &section.at(key))
    }

    /// A duration above zero.
    pub fn positive_span(&mut self, node: &Node, path: &str) -> Option<Span> {
        let span = self.span(node, path)?;
        if span.0 == 0 {
            self.fault(
                node.origin,
                format!("`{path}` is zero"),
                "it must be above 0",
            );
            return None;
        }
        Some(span)
    }

    /// A clock time such as `"10:00"`.
    pub fn clock(&mut self, node: &Node, path: &str) -> Option<SimTime> {
        let text = self.text(node, path)?;
        match parse_clock(text) {
            Ok(time) => Some(time),
            Err(error) => {
                self.fault(
                    node.origin,
                    format!("`{path}` is not a time of day: {error}"),
                    "write it like \"10:00\" or \"10:00:30\"",
                );
                None
            }
        }
    }

    pub fn optional_clock(&mut self, section: &Section<'_>, key: &str) -> Option<SimTime> {
        let node = section.get(key)?;
        self.clock(node, &section.at(key))
    }

    /// One of a closed set of names.
    pub fn choice<T: Copy>(&mut self, node: &Node, path: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, path)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.unknown(node.origin, path, text, &names);
        None
    }

    /// A name of a closed set that parses itself.
    pub fn named<T: FromStr>(&mut self, node: &Node, path: &str, names: &[&str]) -> Option<T> {
        let text = self.text(node, path)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.unknown(node.origin, path, text, names);
        }
        parsed
    }

    /// Position of a name among those that the file defines.
    pub fn reference(&mut self, node: &Node, path: &str, names: &[&str]) -> Option<usize> {
        let text = self.text(node, path)?;
        self.look_up(node.origin, path, text, names)
    }

    pub fn look_up(
        &mut self,
        origin: Origin,
        path: &str,
        name: &str,
        names: &[&str],
    ) -> Option<usize> {
        let found = names.iter().position(|known| *known == name);
        if found.is_none() {
            self.unknown(origin, path, name, names);
        }
        found
    }

    fn unknown(&mut self, origin: Origin, path: &str, text: &str, names: &[&str]) {
        let help = match nearest(text, names.iter().copied()) {
            Some(right) => format!("did you mean `{right}`?"),
            None if names.is_empty() => "nothing of this kind is defined".into(),
            None => format!("known: {}", names.join(", ")),
        };
        self.fault(
            origin,
            format!("`{path}` names `{text}`, which nothing defines"),
            help,
        );
    }

    pub fn list<'t>(&mut self, node: &'t Node, path: &str) -> Option<&'t [Node]> {
        if let Value::List(list) = &node.value {
            Some(list)
        } else {
            self.wrong_kind(node, path, "a list in [ ]");
            None
        }
    }

    /// Numbers that sum to one or to a hundred, as shares that sum to one.
    pub fn shares(&mut self, origin: Origin, path: &str, numbers: &[f64]) -> Option<Vec<f64>> {
        let sum: f64 = numbers.iter().sum();
        for whole in [1.0, 100.0] {
            // Thirds written with three digits still sum to one.
            if (sum - whole).abs() <= 0.001_001 * whole {
                return Some(numbers.iter().map(|number| number / sum).collect());
            }
        }
        let sum = (sum * 1e6).round() / 1e6;
        self.fault(
            origin,
            format!("the shares of `{path}` sum to {sum}"),
            "they must sum to 1 or to 100",
        );
        None
    }

    /// A name that figures, gates and CSV files can carry.
    pub fn plain_name(&mut self, origin: Origin, path: &str, name: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            self.fault(
                origin,
                format!("`{path}` cannot be a name"),
                "names are of letters a-z, digits, `_` and `-`; what people read goes into `label`",
            );
        }
    }
}

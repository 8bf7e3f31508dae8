//! Discrete tables: a law of a few values, and servers drawn at random for each day.

use super::fields::{Reader, Section};
use super::pools::SERVERS_MAX;
use super::rooms::resources::CAPACITY;
use super::tree::{Node, Value};
use crate::model::Law;

impl Reader {
    /// `values = [["1min", 25], ["2min", 75]]`: one of a few times, by weight.
    pub(super) fn table_of_values(&mut self, section: &Section<'_>) -> Option<Law> {
        let example = "[[\"1min\", 25], [\"2min\", 75]]";
        let node = self.required(section, "values", example)?;
        let path = section.at("values");
        let values = self.weighted_rows(node, &path, "value", |reader, node, path| {
            reader.bound(node, path)
        })?;
        Some(Law::Table {
            values: values
                .into_iter()
                .map(|(weight, value)| (value, weight))
                .collect(),
        })
    }

    /// `capacity = { table = [[3, 80], [2, 15], [1, 5]] }`: `(probability, servers)`.
    pub(super) fn drawn_capacity(&mut self, node: &Node, path: &str) -> Option<Vec<(f64, u32)>> {
        let section = self.section(node, path)?;
        self.keys(&section, &CAPACITY);
        let table = self.required(&section, "table", "[[3, 80], [2, 20]]")?;
        let path = section.at("table");
        let servers = self.weighted_rows(table, &path, "servers", |reader, node, path| {
            reader.whole(node, path, 0..=SERVERS_MAX)
        })?;
        Some(
            servers
                .into_iter()
                .map(|(weight, count)| (weight, count as u32))
                .collect(),
        )
    }

    /// A list of `[value, weight]` as `(share, value)`, in the order written.
    fn weighted_rows<T>(
        &mut self,
        node: &Node,
        path: &str,
        name: &str,
        value: impl Fn(&mut Self, &Node, &str) -> Option<T>,
    ) -> Option<Vec<(f64, T)>> {
        let list = self.list(node, path)?;
        if list.is_empty() {
            let help = format!("each row is [{name}, weight]");
            self.fault(node.origin, format!("`{path}` is empty"), help);
            return None;
        }
        let mut rows = Vec::new();
        for item in list {
            let pair = match &item.value {
                Value::List(pair) => pair.as_slice(),
                _ => &[],
            };
            let [first, second] = pair else {
                self.wrong_kind(item, path, &format!("a list of [{name}, weight]"));
                return None;
            };
            let value = value(self, first, path);
            let weight = self.number(second, path, f64::MIN_POSITIVE..=1e12);
            rows.push((weight?, value?));
        }
        let total: f64 = rows.iter().map(|(weight, _)| weight).sum();
        for (weight, _) in &mut rows {
            *weight /= total;
        }
        Some(rows)
    }
}

//! Shifts and holidays in a CSV file: the roster of a pool, the servers of a resource
//! one by one, the calendar.

use super::super::fields::Reader;
use super::super::tree::{Node, Table, Value};
use super::{put, table_node, text_node};

/// Of a roster; only the first is needed.
const ROSTER: [&str; 5] = ["count", "from", "to", "break_from", "break_to"];
/// Of servers one by one; none is needed.
const SERVERS: [&str; 7] = [
    "count",
    "speed",
    "skills",
    "from",
    "to",
    "break_from",
    "break_to",
];

impl Reader {
    /// `roster = "roster.csv"`, `servers = "servers.csv"`.
    pub(super) fn fold_shifts(&mut self, resource: &mut Table) {
        if let Some(node) = resource.get_mut("roster") {
            self.fold_shifts_of(node, &ROSTER, 1);
        }
        if let Some(node) = resource.get_mut("servers") {
            self.fold_shifts_of(node, &SERVERS, 0);
        }
    }

    /// `holidays = "holidays.csv"`: columns `date,name,counts_as,factor`; only the first is
    /// needed.
    pub(super) fn fold_holidays(&mut self, node: &mut Node) {
        let columns = ["date", "name", "counts_as", "factor"];
        let Some(sheet) = self.sheet(node, &columns, 1) else {
            return;
        };
        let mut holidays = Vec::new();
        for row in &sheet.rows {
            let mut holiday = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                if text.is_empty() {
                    continue;
                }
                let cell = match column.as_str() {
                    "factor" => self.number_cell(&sheet, row, column, text, *origin),
                    _ => Some(text_node(text, *origin)),
                };
                if let Some(cell) = cell {
                    put(&mut holiday, column, cell);
                }
            }
            holidays.push(table_node(holiday, row.origin));
        }
        node.value = Value::List(holidays);
    }

    fn fold_shifts_of(&mut self, node: &mut Node, columns: &[&str], required: usize) {
        let Some(sheet) = self.sheet(node, columns, required) else {
            return;
        };
        let mut shifts = Vec::new();
        for row in &sheet.rows {
            let mut shift = Table::default();
            let mut pause = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                if text.is_empty() {
                    continue;
                }
                let cell = match column.as_str() {
                    "count" | "speed" => self.number_cell(&sheet, row, column, text, *origin),
                    // `cash fx`, or `cash + fx`.
                    "skills" => {
                        let parts = text.split(|it: char| it.is_whitespace() || it == '+');
                        let names = parts.filter(|name| !name.is_empty());
                        let names = names.map(|name| text_node(name, *origin)).collect();
                        Some(Node {
                            value: Value::List(names),
                            origin: *origin,
                        })
                    }
                    _ => Some(text_node(text, *origin)),
                };
                let Some(cell) = cell else { continue };
                match column.strip_prefix("break_") {
                    Some(end) => put(&mut pause, end, cell),
                    None => put(&mut shift, column, cell),
                }
            }
            if pause.iter().len() > 0 {
                put(&mut shift, "break", table_node(pause, row.origin));
            }
            shifts.push(table_node(shift, row.origin));
        }
        node.value = Value::List(shifts);
    }
}

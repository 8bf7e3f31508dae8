//! The scenario as run: one TOML text with everything folded in, always laid out
//! alike, so that reading it again gives the same text and the same hash.

use super::tree::{Node, Table, Value};
use std::fmt::Write;

/// Tables whose entries get a header of their own.
pub(super) const ROOMS: [&str; 5] = ["laws", "resources", "journeys", "services", "segments"];

/// A value as people read it: of a long one the beginning, and how much there is.
pub(super) fn brief(node: &Node) -> String {
    const MOST: usize = 160;
    let whole = shown(node);
    if whole.chars().count() <= MOST {
        return whole;
    }
    let begun: String = whole.chars().take(MOST).collect();
    match &node.value {
        Value::List(items) => format!("{begun} … (×{})", items.len()),
        _ => format!("{begun} …"),
    }
}

/// The whole document.
pub(super) fn document(table: &Table) -> String {
    let mut text = String::new();
    for entry in table.iter() {
        if !is_section(&entry.key, &entry.node) {
            let _ = writeln!(text, "{} = {}", key(&entry.key), value(&entry.node));
        }
    }
    for entry in table
        .iter()
        .filter(|entry| is_section(&entry.key, &entry.node))
    {
        match &entry.node.value {
            Value::Table(inner) if ROOMS.contains(&entry.key.as_str()) => {
                if inner.iter().len() == 0 {
                    let _ = writeln!(text, "\n[{}]", key(&entry.key));
                }
                room(&mut text, &entry.key, inner);
            }
            Value::Table(inner) => {
                let _ = writeln!(text, "\n[{}]", key(&entry.key));
                body(&mut text, inner);
            }
            Value::List(items) => {
                for item in items {
                    if let Value::Table(inner) = &item.value {
                        let _ = writeln!(text, "\n[[{}]]", key(&entry.key));
                        body(&mut text, inner);
                    }
                }
            }
            _ => {}
        }
    }
    text
}

/// Whether a top entry is written with headers; the question is a line at the top.
fn is_section(name: &str, node: &Node) -> bool {
    match &node.value {
        Value::Table(_) => name != "question",
        Value::List(items) => {
            ["assumptions", "incidents", "campaigns"].contains(&name)
                && !items.is_empty()
                && items
                    .iter()
                    .all(|item| matches!(item.value, Value::Table(_)))
        }
        _ => false,
    }
}

fn room(text: &mut String, name: &str, table: &Table) {
    for entry in table.iter() {
        if let Value::Table(inner) = &entry.node.value {
            let _ = writeln!(text, "\n[{}.{}]", key(name), key(&entry.key));
            body(text, inner);
        }
    }
}

fn body(text: &mut String, table: &Table) {
    for entry in table.iter() {
        let written = match (&entry.node.value, entry.key.as_str()) {
            (
                Value::List(items),
                "steps" | "roster" | "bins" | "values" | "parts" | "book" | "slots",
            ) if !items.is_empty() => {
                let lines: Vec<_> = items
                    .iter()
                    .map(|item| format!("  {},\n", value(item)))
                    .collect();
                format!("[\n{}]", lines.concat())
            }
            _ => value(&entry.node),
        };
        let _ = writeln!(text, "{} = {written}", key(&entry.key));
    }
}

fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn value(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) if number.is_nan() => "nan".into(),
        // `{:?}` is the shortest text that reads back as the same float.
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entries: Vec<_> = table
                .iter()
                .map(|entry| format!("{} = {}", key(&entry.key), value(&entry.node)))
                .collect();
            if entries.is_empty() {
                "{}".into()
            } else {
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// A basic string of one line.
fn quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for c in text.chars() {
        match c {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(result, "\\u{:04X}", u32::from(c));
            }
            c => result.push(c),
        }
    }
    result.push('"');
    result
}

/// A value as a reader of assumptions sees it: text without quotes.
pub(super) fn shown(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => text.clone(),
        _ => value(node),
    }
}

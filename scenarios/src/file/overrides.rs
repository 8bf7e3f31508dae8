//! `--set path=value`: one value changed from the shell.

use super::canonical;
use super::fields::Reader;
use super::sources::Source;
use super::targets::is_named;
use super::tree::{Entry, Node, Origin, Table, Value, parse_value};

impl Reader {
    /// Lays every `path=value` over the table, in order. A value is read as TOML
    /// (`4`, `0.5`, `"10min"`, `[1, 2]`), and as text where it is none (`10min`).
    pub fn override_with(&mut self, table: &mut Table, overrides: &[String]) {
        for written in overrides {
            let source = self.sources.len();
            let name = format!("--set {written}");
            self.sources.push(Source::command_line(name, written));
            let whole = Origin {
                source,
                start: 0,
                end: written.len(),
            };
            let Some((path, value)) = written.split_once('=') else {
                self.fault(
                    whole,
                    format!("`{written}` is not `path=value`"),
                    "write, for example, `--set resources.kiosk.capacity=4`",
                );
                continue;
            };
            let value_origin = Origin {
                start: path.len() + 1,
                ..whole
            };
            let mut node = parse_value(value.trim(), source).unwrap_or_else(|| Node {
                value: Value::Text(value.trim().to_owned()),
                origin: value_origin,
            });
            relocate(&mut node, value_origin);
            let parts: Vec<&str> = path.trim().split('.').map(str::trim).collect();
            if parts.len() > 32 || parts.iter().any(|part| part.is_empty()) {
                self.fault(
                    whole,
                    format!("`{path}` is not a path"),
                    "paths are like `resources.kiosk.capacity`",
                );
                continue;
            }
            let key_origin = Origin {
                end: path.len(),
                ..whole
            };
            if self.is_new_entry(table, &parts, key_origin) {
                continue;
            }
            if let [room, key] = parts[..] {
                table.give_way(room, key);
            }
            if let Err(stop) = set(table, &parts, node, key_origin) {
                self.fault(
                    key_origin,
                    format!("`{path}` leads through `{stop}`, which is no table"),
                    "paths are like `resources.kiosk.capacity`",
                );
            }
        }
    }

    /// A slip in `resources.kisok.capacity` must not make a second resource.
    fn is_new_entry(&mut self, table: &Table, path: &[&str], origin: Origin) -> bool {
        let [room, name, _, ..] = path else {
            return false;
        };
        let Some(Value::Table(entries)) = table.get(room).map(|node| &node.value) else {
            return false;
        };
        if !canonical::ROOMS.contains(room) || entries.get(name).is_some() {
            return false;
        }
        let names: Vec<&str> = entries.keys().collect();
        self.look_up(origin, room, name, &names).is_none()
    }
}

/// Lays the value of a path such as `resources.kiosk.capacity` over a table.
pub(super) fn lay(reader: &mut Reader, table: &mut Table, path: &str, value: Node, origin: Origin) {
    let parts: Vec<&str> = path.split('.').map(str::trim).collect();
    if parts.len() > 32 || parts.iter().any(|part| part.is_empty()) {
        reader.fault(
            origin,
            format!("`{path}` is not a path"),
            "paths are like `resources.kiosk.capacity`",
        );
        return;
    }
    if reader.is_new_entry(table, &parts, origin) {
        return;
    }
    if let Err(stop) = set(table, &parts, value, origin) {
        reader.fault(
            origin,
            format!("`{path}` leads through `{stop}`, which is no table"),
            "paths are like `resources.kiosk.capacity`",
        );
    }
}

/// Everything in the value is located at the value: there are no lines to tell.
fn relocate(node: &mut Node, origin: Origin) {
    node.origin = origin;
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                relocate(item, origin);
            }
        }
        Value::Table(table) => {
            let entries: Vec<Entry> = table.iter().cloned().collect();
            for mut entry in entries {
                entry.key_origin = origin;
                relocate(&mut entry.node, origin);
                table.put(entry);
            }
        }
        _ => {}
    }
}

/// Puts the value at the path, making tables on the way; otherwise the part of
/// the path where it stops.
fn set(table: &mut Table, path: &[&str], value: Node, key_origin: Origin) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        table.put(Entry {
            key: (*first).to_owned(),
            key_origin,
            node: value,
        });
        return Ok(());
    }
    if table.get(first).is_none() {
        table.put(Entry {
            key: (*first).to_owned(),
            key_origin,
            node: Node {
                value: Value::Table(Table::default()),
                origin: key_origin,
            },
        });
    }
    match table.get_mut(first) {
        Some(node) => set_in(node, first, rest, value, key_origin),
        None => Err((*first).to_owned()),
    }
}

fn set_in(
    node: &mut Node,
    name: &str,
    path: &[&str],
    value: Node,
    key_origin: Origin,
) -> Result<(), String> {
    match &mut node.value {
        Value::Table(inner) => set(inner, path, value, key_origin),
        Value::List(items) => {
            let Some((first, rest)) = path.split_first() else {
                return Err(name.to_owned());
            };
            let position = first
                .parse::<usize>()
                .ok()
                .or_else(|| items.iter().position(|item| is_named(item, first)));
            let item = position.and_then(|at| items.get_mut(at));
            let item = item.ok_or_else(|| format!("{name}.{first}"))?;
            if rest.is_empty() {
                *item = value;
                return Ok(());
            }
            set_in(item, first, rest, value, key_origin)
        }
        _ => Err(name.to_owned()),
    }
}

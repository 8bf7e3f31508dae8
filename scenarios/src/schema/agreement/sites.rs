//! Every value of a scenario file, and what may stand there.

use crate::file::rooms::laws::{LAWS, NAMED_PART, room};
use crate::file::rooms::top::SCENARIO;
use crate::file::rooms::{Form, Room, Takes};
use std::collections::BTreeSet;
use toml::Value;

/// A value in a file, and what may stand there.
pub(super) struct Site {
    /// The room and the key.
    pub name: String,
    pub path: Vec<String>,
    pub takes: &'static Takes,
    /// Whether the table that it is in means nothing without it.
    pub is_needed: bool,
}

/// Every value that stands behind a key, in a list or under a name.
pub(super) fn sites(file: &Value, found: &mut impl FnMut(Site)) {
    within_room(file, &SCENARIO, &[], found);
}

fn within_room(value: &Value, room: &'static Room, path: &[String], found: &mut impl FnMut(Site)) {
    let Value::Table(table) = value else { return };
    for key in room.keys {
        if let Some(value) = table.get(key.name) {
            let name = format!("{}.{}", room.name, key.name);
            let path = [path, &[key.name.to_owned()]].concat();
            found(Site {
                name: name.clone(),
                path: path.clone(),
                takes: &key.takes,
                is_needed: key.is_needed,
            });
            inside(value, &key.takes, (&name, &path), found);
        }
    }
}

fn inside(
    value: &Value,
    takes: &'static Takes,
    (name, path): (&str, &[String]),
    found: &mut impl FnMut(Site),
) {
    let mut further = |step: String, name: String, value: &Value, takes: &'static Takes| {
        let path = [path, &[step]].concat();
        found(Site {
            name: name.clone(),
            path: path.clone(),
            takes,
            is_needed: false,
        });
        inside(value, takes, (&name, &path), found);
    };
    match (takes, value) {
        (Takes::Any(several), _) => {
            if let Some(one) = several.iter().find(|one| fits(value, one)) {
                inside(value, one, (name, path), found);
            }
        }
        (Takes::Table(room), _) => within_room(value, room, path, found),
        (Takes::Map(_, takes), Value::Table(table)) => {
            for (key, value) in table {
                further(key.clone(), format!("{name}.*"), value, takes);
            }
        }
        (Takes::List(takes, ..), Value::Array(items)) => {
            for (position, value) in items.iter().enumerate() {
                further(position.to_string(), format!("{name}[]"), value, takes);
            }
        }
        (Takes::Row(cells), Value::Array(items)) => {
            for (position, (value, takes)) in items.iter().zip(*cells).enumerate() {
                let name = format!("{name}[{position}]");
                further(position.to_string(), name, value, takes);
            }
        }
        (Takes::Law | Takes::LawItself | Takes::Part, Value::Table(table)) => {
            let law = table.get("law").and_then(Value::as_str).and_then(room);
            match (law, takes) {
                (Some(law), _) => within_room(value, law, path, found),
                (None, Takes::Part) => within_room(value, &NAMED_PART, path, found),
                _ => {}
            }
        }
        _ => {}
    }
}

/// Whether a right value is meant by this one of several.
fn fits(value: &Value, takes: &'static Takes) -> bool {
    match (takes, value) {
        (Takes::Table(room), Value::Table(table)) => {
            table
                .keys()
                .all(|key| room.names().any(|known| known == key))
                && room.keys.iter().all(|key| match table.get(key.name) {
                    None => !key.is_needed,
                    Some(Value::String(text)) => match key.takes {
                        Takes::Text(Form::OneBranch) => text.starts_with("branches."),
                        Takes::Text(Form::Affected) => !text.starts_with("branches."),
                        _ => true,
                    },
                    Some(_) => true,
                })
        }
        (Takes::Law | Takes::LawItself, Value::Table(table)) => table.contains_key("law"),
        (Takes::List(takes, ..), Value::Array(items)) => {
            items.first().is_none_or(|first| fits(first, takes))
        }
        (Takes::Map(..), Value::Table(_))
        | (Takes::Flag, Value::Boolean(_))
        | (Takes::Whole(..), Value::Integer(_))
        | (Takes::Number(..), Value::Integer(_) | Value::Float(_))
        | (Takes::Text(_) | Takes::Choice(_) | Takes::Law, Value::String(_)) => true,
        (Takes::Any(several), _) => several.iter().any(|one| fits(value, one)),
        _ => false,
    }
}

/// Every room with every key, `room.key`.
pub(super) fn every_key() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut rooms = vec![&SCENARIO, &NAMED_PART];
    rooms.extend(&LAWS);
    while let Some(room) = rooms.pop() {
        for key in room.keys {
            if keys.insert(format!("{}.{}", room.name, key.name)) {
                rooms.extend(rooms_of(&key.takes));
            }
        }
    }
    keys
}

fn rooms_of(takes: &'static Takes) -> Vec<&'static Room> {
    match takes {
        Takes::Table(room) => vec![room],
        Takes::Map(_, takes) | Takes::List(takes, ..) => rooms_of(takes),
        Takes::Any(several) => several.iter().flat_map(rooms_of).collect(),
        _ => Vec::new(),
    }
}

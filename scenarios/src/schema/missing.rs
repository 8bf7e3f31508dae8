//! What a scenario file must have that extends no other.

use super::needed;
use crate::file::rooms::top::SCENARIO;
use crate::file::rooms::{Names, Room, Takes};
use serde_json::{Map, Value, json};

/// The rooms that a variant lays over those of the file it extends: those not in a list.
pub(super) fn merged_rooms() -> Vec<&'static str> {
    let mut rooms = Vec::new();
    collect(&SCENARIO, &mut rooms);
    rooms
}

fn collect(room: &'static Room, rooms: &mut Vec<&'static str>) {
    if rooms.contains(&room.name) {
        return;
    }
    rooms.push(room.name);
    for key in room.keys {
        for inner in tables(&key.takes) {
            collect(inner, rooms);
        }
    }
}

/// The rooms of the tables that may stand here, lists left out.
fn tables(takes: &'static Takes) -> Vec<&'static Room> {
    match takes {
        Takes::Table(room) => vec![room],
        Takes::Map(_, takes) => tables(takes),
        Takes::Any(several) => several.iter().flat_map(tables).collect(),
        _ => Vec::new(),
    }
}

/// What must be there, table in table; nothing else.
pub(super) fn of_a_whole_file() -> Value {
    let mut whole = skeleton(&SCENARIO).unwrap_or_default();
    whole.insert(
        "description".into(),
        "Any other file has all that a scenario needs.".into(),
    );
    Value::Object(whole)
}

/// What must be there where recorded operations are played and no branch is simulated.
pub(super) fn of_recorded_operations() -> Value {
    let of_a_branch = needed(&SCENARIO).into_iter();
    let of_a_branch = of_a_branch.map(|key| json!({ "required": [key] }));
    json!({
        "description": "Recorded operations are played, and there is no branch.",
        "required": ["load"],
        "properties": { "load": { "required": ["operations"] } },
        "not": { "anyOf": of_a_branch.collect::<Vec<_>>() },
    })
}

fn skeleton(room: &'static Room) -> Option<Map<String, Value>> {
    let needed = needed(room);
    let inner = room.keys.iter();
    let inner = inner.filter_map(|key| Some((key.name.to_owned(), within(&key.takes)?)));
    let inner: Map<String, Value> = inner.collect();
    let mut written = Map::new();
    if !needed.is_empty() {
        written.insert("required".into(), needed.into());
    }
    if !inner.is_empty() {
        written.insert("properties".into(), Value::Object(inner));
    }
    (!written.is_empty()).then_some(written)
}

/// What must be in the tables here. Templates may lie over those of another file.
fn within(takes: &'static Takes) -> Option<Value> {
    match takes {
        Takes::Table(room) => skeleton(room).map(Value::Object),
        Takes::Map(Names::Templates, _) => None,
        Takes::Map(_, takes) => within(takes).map(|each| json!({ "additionalProperties": each })),
        Takes::Any(several) => {
            let mut tables = several.iter().filter(|one| is_table(one));
            match (tables.next(), tables.next()) {
                (Some(only), None) => within(only),
                _ => None,
            }
        }
        Takes::Law | Takes::LawItself => Some(json!({ "required": ["law"] })),
        _ => None,
    }
}

fn is_table(takes: &Takes) -> bool {
    matches!(
        takes,
        Takes::Table(_) | Takes::Map(..) | Takes::Law | Takes::LawItself
    )
}

//! The JSON Schema of scenario files, so that editors complete and check them.
//!
//! It is written from the rooms that the reader refuses unknown keys by
//! (`file/rooms.rs`). What it refuses the reader refuses too; the reader knows more:
//! names that the file must define, shares that must sum, what does not go together.
//!
//! A file that `extends` another names only what differs, so nothing in it is
//! missing; except in lists, which replace those of the other file, and in laws.

mod laws;
mod missing;
mod patterns;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod corpus;

use crate::file::rooms::top::SCENARIO;
use crate::file::rooms::{Form, Key, Names, Room, Takes};
use serde_json::{Map, Value, json};

/// The dialect in which the schema is written.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a scenario file (JSON Schema, draft 2020-12).
pub fn schema() -> Value {
    let mut writer = Writer {
        merged: missing::merged_rooms(),
        definitions: Map::new(),
    };
    let properties = writer.properties(&SCENARIO);
    writer.define_laws();
    writer.define_template();
    writer.definitions.sort_keys();
    json!({
        "$schema": DIALECT,
        "title": "A scenario of Branchlab",
        "description": "A bank branch or a region of them, what its customers do, and what must hold; docs/scenario.md is the reference.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "anyOf": [
            { "description": "A variant names only what differs.", "required": ["extends"] },
            missing::of_a_whole_file(),
            missing::of_recorded_operations(),
        ],
        "$defs": writer.definitions,
    })
}

/// What tables may stand where a law is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Laws {
    Whole,
    /// Of the law that the file has which this one extends.
    OrWhatDiffers,
}

/// Writes rooms, each once.
struct Writer {
    /// Rooms that a variant lays over those of another file, key by key.
    merged: Vec<&'static str>,
    definitions: Map<String, Value>,
}

impl Writer {
    /// A table's keys and what each takes.
    fn properties(&mut self, room: &'static Room) -> Map<String, Value> {
        let keys = room.keys.iter();
        let laws = self.laws_of(room);
        keys.map(|key| (key.name.to_owned(), self.property(key, laws)))
            .collect()
    }

    /// A variant may say of a law what differs, but not in a list.
    fn laws_of(&self, room: &Room) -> Laws {
        if self.merged.contains(&room.name) {
            Laws::OrWhatDiffers
        } else {
            Laws::Whole
        }
    }

    fn property(&mut self, key: &'static Key, laws: Laws) -> Value {
        let mut written = Map::new();
        written.insert("description".into(), key.says.into());
        written.extend(self.takes(&key.takes, laws));
        Value::Object(written)
    }

    /// A table: no keys but these, and those without which it means nothing.
    fn table(&mut self, room: &'static Room) -> Map<String, Value> {
        let mut table = object(json!({
            "type": "object",
            "properties": self.properties(room),
            "additionalProperties": false,
        }));
        let needed = needed(room);
        if !needed.is_empty() && !self.merged.contains(&room.name) {
            table.insert("required".into(), needed.into());
        }
        table
    }

    /// The definition of a room, which is made when it is first asked for.
    fn reference(&mut self, room: &'static Room) -> Map<String, Value> {
        let name = room.name.replace(' ', "_");
        if !self.definitions.contains_key(&name) {
            // Holds the place: a step has steps in it.
            self.definitions.insert(name.clone(), Value::Null);
            let table = self.table(room);
            self.definitions.insert(name.clone(), Value::Object(table));
        }
        defined(&name)
    }

    fn takes(&mut self, takes: &'static Takes, laws: Laws) -> Map<String, Value> {
        object(match takes {
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Yes => json!({ "const": true }),
            Takes::Number(low, high) => number(*low, *high),
            Takes::Whole(low, high) => whole(*low, *high),
            Takes::Text(form) => text(*form),
            Takes::Choice(choices) => json!({ "type": "string", "enum": choices.names() }),
            Takes::AnyCase(choices) => json!({ "anyOf": [
                { "type": "string", "enum": choices.names() },
                { "type": "string", "pattern": patterns::any_case(&choices.names()) },
            ] }),
            Takes::Several(choices) => {
                json!({ "type": "string", "pattern": patterns::several(&choices.names()) })
            }
            Takes::List(item, least, most) => {
                let mut list =
                    object(json!({ "type": "array", "items": self.takes(item, Laws::Whole) }));
                if *least > 0 {
                    list.insert("minItems".into(), (*least).into());
                }
                if *most < usize::MAX {
                    list.insert("maxItems".into(), (*most).into());
                }
                Value::Object(list)
            }
            Takes::Row(cells) => json!({
                "type": "array",
                "prefixItems": cells.iter().map(|cell| self.takes(cell, Laws::Whole)).collect::<Vec<_>>(),
                "minItems": cells.len(),
                "maxItems": cells.len(),
            }),
            Takes::Table(room) => Value::Object(self.reference(room)),
            Takes::Map(names, takes) => self.map(names, takes, laws),
            Takes::Any(several) => {
                let several = several.iter().map(|one| self.takes(one, laws));
                json!({ "anyOf": several.collect::<Vec<_>>() })
            }
            Takes::Law if laws == Laws::Whole => Value::Object(defined(laws::LAW)),
            Takes::Law => Value::Object(defined(laws::LAW_LAID_OVER)),
            Takes::LawItself => Value::Object(defined(laws::LAW_ITSELF)),
            Takes::Part => Value::Object(defined(laws::PART)),
            Takes::Anything => json!({}),
        })
    }

    /// A table of names.
    fn map(&mut self, names: &'static Names, takes: &'static Takes, laws: Laws) -> Value {
        let each = match names {
            Names::Templates => defined("template"),
            _ => self.takes(takes, laws),
        };
        let pattern = match names {
            Names::Plain => patterns::NAME,
            Names::Laws => patterns::LAW_NAME,
            Names::DaysOfMonth => patterns::DAY_OF_MONTH,
            Names::Templates | Names::Paths => {
                return json!({ "type": "object", "additionalProperties": each });
            }
            Names::Of(choices) => {
                let names = choices.names().into_iter();
                let properties: Map<String, Value> = names
                    .map(|name| (name.to_owned(), Value::Object(each.clone())))
                    .collect();
                return json!({
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                });
            }
        };
        json!({
            "type": "object",
            "patternProperties": { pattern: each },
            "additionalProperties": false,
        })
    }

    /// A template has the keys of a file; nothing in it is missing, as it may lie over
    /// that of the file which this one extends.
    fn define_template(&mut self) {
        let keys = SCENARIO.names();
        let properties: Map<String, Value> = keys
            .map(|key| {
                (
                    key.to_owned(),
                    json!({ "$ref": format!("#/properties/{key}") }),
                )
            })
            .collect();
        let template = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        self.definitions.insert("template".into(), template);
    }
}

/// The keys that a room must have.
fn needed(room: &Room) -> Vec<&'static str> {
    let needed = room.keys.iter().filter(|key| key.is_needed);
    needed.map(|key| key.name).collect()
}

/// What stands in a definition of its own.
fn defined(name: &str) -> Map<String, Value> {
    object(json!({ "$ref": format!("#/$defs/{name}") }))
}

/// `json!` of an object, as one.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => Map::from_iter([("const".to_owned(), other)]),
    }
}

fn number(low: f64, high: f64) -> Value {
    let mut number = object(json!({ "type": "number" }));
    // As close to zero as a number comes: anything above it.
    if low <= f64::MIN_POSITIVE && low > 0.0 {
        number.insert("exclusiveMinimum".into(), 0.into());
    } else {
        number.insert("minimum".into(), plain(low));
    }
    number.insert("maximum".into(), plain(high));
    Value::Object(number)
}

/// `5`, not `5.0`.
fn plain(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        (number as i64).into()
    } else {
        number.into()
    }
}

fn whole(low: i64, high: i64) -> Value {
    let mut number = object(json!({ "type": "integer", "minimum": low }));
    if high < i64::MAX {
        number.insert("maximum".into(), high.into());
    }
    Value::Object(number)
}

fn text(form: Form) -> Value {
    let pattern = match form {
        Form::Free | Form::File => return json!({ "type": "string" }),
        Form::Gate => {
            return json!({
                "type": "string",
                "examples": [
                    "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%",
                    "p99(latency{operation=transfer_own_bank}) <= 200ms",
                    "errors <= 0.1%",
                ],
            });
        }
        Form::Scenario => patterns::SCENARIO_NAME.into(),
        Form::Name => patterns::NAME.into(),
        Form::Duration => patterns::duration(),
        Form::PositiveDuration => patterns::positive_duration(),
        Form::Offset => patterns::offset(),
        Form::Clock => patterns::CLOCK.into(),
        Form::Date => patterns::DATE.into(),
        Form::Affected => patterns::AFFECTED.into(),
        Form::OneBranch => patterns::ONE_BRANCH.into(),
    };
    let mut text = object(json!({ "type": "string", "pattern": pattern }));
    let examples: &[&str] = match form {
        Form::Duration | Form::PositiveDuration => &["3min", "45s", "1h30min", "200ms"],
        Form::Offset => &["-3min", "2min"],
        Form::Clock => &["10:00"],
        Form::Date => &["2026-06-09"],
        _ => &[],
    };
    if !examples.is_empty() {
        text.insert("examples".into(), examples.into());
    }
    Value::Object(text)
}

//! Laws of random times in the schema: one table for each, told apart by `law`.

use super::{Laws, Writer, defined, needed, patterns};
use crate::file::rooms::laws::{LAWS, NAMED_PART, NAMES, WEIGHT_OF_PART};
use crate::file::rooms::{Form, Key, Room};
use serde_json::{Map, Value, json};

/// A law, or the name of one.
pub(super) const LAW: &str = "law";
/// The same, or what differs from a law of another file.
pub(super) const LAW_LAID_OVER: &str = "law_laid_over";
/// A law without a name, or what differs from one.
pub(super) const LAW_ITSELF: &str = "law_itself";
pub(super) const PART: &str = "part_of_a_mixture";
const TABLE: &str = "law_table";
const DIFFERING: &str = "what_differs_of_a_law";

/// The weight, as a key of its own.
static WEIGHT: Key = WEIGHT_OF_PART;

impl Writer {
    pub(super) fn define_laws(&mut self) {
        let duration = super::text(Form::Duration);
        let name = json!({
            "description": "The name of a law in [laws].",
            "type": "string",
            "pattern": patterns::LAW_NAME,
        });
        let tables: Vec<Value> = LAWS.iter().map(|room| self.law_table(room)).collect();
        let parts = self.parts(&tables);
        for (definition, written) in [
            (LAW, json!({ "oneOf": [duration, name, defined(TABLE)] })),
            (
                LAW_LAID_OVER,
                json!({ "oneOf": [duration, name, defined(TABLE), defined(DIFFERING)] }),
            ),
            (
                LAW_ITSELF,
                json!({ "oneOf": [duration, defined(TABLE), defined(DIFFERING)] }),
            ),
            (TABLE, json!({ "type": "object", "oneOf": tables })),
            (PART, parts),
        ] {
            self.definitions.insert(definition.to_owned(), written);
        }
        let differing = self.differing();
        self.definitions.insert(DIFFERING.to_owned(), differing);
    }

    /// A law replaces what a variant lays it over, so it has all of its own.
    fn law_table(&mut self, room: &'static Room) -> Value {
        let mut properties = self.properties(room);
        if let Some(law) = properties.get_mut("law") {
            *law = json!({ "const": room.name });
        }
        json!({
            "title": room.name,
            "type": "object",
            "properties": properties,
            "required": needed(room),
            "additionalProperties": false,
        })
    }

    /// `{ weight = 2, law = "exponential", mean = "3min" }`, or `law = { … }`.
    fn parts(&mut self, tables: &[Value]) -> Value {
        let weight = self.property(&WEIGHT, Laws::Whole);
        let mut parts: Vec<Value> = tables
            .iter()
            .map(|table| {
                let mut table = table.clone();
                if let Some(properties) = table["properties"].as_object_mut() {
                    properties.insert("weight".into(), weight.clone());
                }
                if let Some(required) = table["required"].as_array_mut() {
                    required.push("weight".into());
                }
                table
            })
            .collect();
        let mut named = self.table(&NAMED_PART);
        if let Some(Value::Object(properties)) = named.get_mut("properties") {
            let written = json!({ "not": { "enum": NAMES }, "$ref": format!("#/$defs/{LAW}") });
            properties.insert("law".into(), written);
        }
        parts.push(Value::Object(named));
        json!({ "oneOf": parts })
    }

    /// Parameters that differ in a variant, of whatever law the other file has there.
    fn differing(&mut self) -> Value {
        let mut properties = Map::new();
        for key in LAWS.iter().flat_map(|room| room.keys) {
            if key.name == "law" {
                continue;
            }
            let written = self.property(key, Laws::Whole);
            match properties.get_mut(key.name) {
                None => {
                    properties.insert(key.name.to_owned(), json!({ "anyOf": [written] }));
                }
                Some(known) => {
                    let known: &mut Value = known;
                    if let Some(several) = known["anyOf"].as_array_mut()
                        && !several.contains(&written)
                    {
                        several.push(written);
                    }
                }
            }
        }
        json!({
            "title": "what differs",
            "description": "Of a variant: parameters of the law that the file has which it extends.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

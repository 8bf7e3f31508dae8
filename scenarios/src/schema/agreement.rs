//! Whether the reader and the schema say the same of scenario files: right ones, and
//! the same with one value changed, taken out or put in, at every key that there is.

mod changes;
mod sites;

use super::corpus::{Corpus, Example};
use crate::file::read;
use changes::{Change, at, changes};
use jsonschema::Validator;
use serde_json::Value as Json;
use sites::{Site, every_key, sites};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

#[test]
fn the_schema_is_a_schema_and_every_right_file_is_right_by_it() {
    let validator = validator();
    let corpus = Corpus::new();
    assert!(corpus.examples.len() > 150, "{}", corpus.examples.len());
    for example in &corpus.examples {
        let told = Verdict::of(&validator, example, &example.text).told;
        assert!(told.is_empty(), "{}: {told:#?}", example.at);
        let file = json(&parsed(example));
        let told = validator.iter_errors(&file);
        let told: Vec<_> = told
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(told.is_empty(), "{}: {told:#?}", example.at);
    }
}

#[test]
fn every_key_of_every_room_is_in_some_right_file() {
    let corpus = Corpus::new();
    let mut met = BTreeSet::new();
    for example in &corpus.examples {
        sites(&parsed(example), &mut |site| {
            met.insert(site.name);
        });
    }
    let missing: Vec<_> = every_key().difference(&met).cloned().collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn whatever_one_value_is_changed_to_reader_and_schema_agree() {
    let validator = validator();
    let corpus = Corpus::new();
    let mut done: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut disagreements = Vec::new();
    let (mut tried, mut out_of_order) = (0, 0);
    for example in &corpus.examples {
        let right = parsed(example);
        let written = toml::to_string(&right).expect("it is TOML");
        if !Verdict::of(&validator, example, &written).told.is_empty() {
            // A region's templates name everything in the order of the file, and what
            // is changed is written in that of the alphabet.
            out_of_order += 1;
            continue;
        }
        let mut all = Vec::new();
        sites(&right, &mut |site| all.push(site));
        for site in all {
            let written = at(&right, &site.path).map_or("", Value::type_str);
            let times = done.entry((site.name.clone(), written)).or_default();
            *times += 1;
            if *times > 1 {
                continue;
            }
            for change in changes(&site) {
                tried += 1;
                let wrong = change.on(&right, &site.path);
                let wrong = toml::to_string(&wrong).expect("it is TOML");
                let verdict = Verdict::of(&validator, example, &wrong);
                if let Some(why) = verdict.disagreement(&change, &site) {
                    let path = site.path.join(".");
                    let at = &example.at;
                    disagreements.push(format!(
                        "{at}: {path} ({}) {change:?}: {why}\n  {}",
                        site.name,
                        verdict.told.join("\n  ")
                    ));
                }
            }
        }
    }
    assert!(tried > 5000 && out_of_order < 5, "{tried}, {out_of_order}");
    assert!(
        disagreements.is_empty(),
        "{} of {tried}:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}

fn validator() -> Validator {
    let schema = super::schema();
    jsonschema::meta::validate(&schema).expect("it is a JSON Schema");
    jsonschema::validator_for(&schema).expect("it compiles")
}

fn parsed(example: &Example) -> Value {
    let table: Table = example.text.parse().expect("it is TOML");
    Value::Table(table)
}

/// As an editor sees it: dates and times are texts.
fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(moment) => moment.to_string().into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| (key.clone(), json(value)));
            Json::Object(entries.collect())
        }
    }
}

/// What both say of a file.
struct Verdict {
    schema_refuses: bool,
    /// What the reader says; nothing if the file is right.
    told: Vec<String>,
    is_variant: bool,
}

impl Verdict {
    fn of(validator: &Validator, example: &Example, text: &str) -> Self {
        let path = example.folder.join("changed.toml");
        std::fs::write(&path, text).expect("written");
        let file = Value::Table(text.parse().expect("it is TOML"));
        let told = match read(&path, &[]) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let others = error
                    .related()
                    .iter()
                    .map(|error| error.message().to_owned());
                std::iter::once(error.message().to_owned())
                    .chain(others)
                    .collect()
            }
        };
        Self {
            schema_refuses: !validator.is_valid(&json(&file)),
            told,
            is_variant: file.get("extends").is_some(),
        }
    }

    /// Whether the reader refuses the file for something of this kind.
    fn says(&self, kinds: &[&str]) -> bool {
        self.told
            .iter()
            .any(|told| kinds.iter().any(|kind| told.contains(kind)))
    }

    fn disagreement(&self, change: &Change, site: &Site) -> Option<&'static str> {
        const WRONG_KIND: [&str; 13] = [
            "must be a table",
            "must be a number",
            "must be a whole number",
            "must be text",
            "must be a list",
            "must be true or false",
            "must be a duration",
            "must be a law",
            "must be a rule",
            "must be a step",
            "must be yes, no or",
            "must be a file or",
            "unknown key",
        ];
        const IMPOSSIBLE: [&str; 5] = [
            "which is impossible",
            "is not a duration",
            "is not a time of day",
            "cannot be a name",
            "cannot be the scenario's name",
        ];
        const NOT_CHOSEN: [&str; 3] = [
            "which nothing defines",
            "not yet supported",
            "nothing that customers do",
        ];
        assert!(!self.says(&["not TOML"]), "{:?}", self.told);
        let refused = self.schema_refuses;
        if refused && self.told.is_empty() {
            return Some("the schema refuses it, the reader does not");
        }
        let is_path = site.name.starts_with("region branch.set");
        if !refused && !is_path && (self.says(&WRONG_KIND) || self.says(&IMPOSSIBLE)) {
            return Some("the reader refuses it, the schema does not");
        }
        match change {
            Change::Beyond(_) if !self.says(&IMPOSSIBLE) && !self.says(&WRONG_KIND) => {
                Some("the reader does not say that it is impossible")
            }
            Change::Chosen(_) if refused => Some("the schema refuses a right name"),
            Change::Chosen(_) if self.says(&NOT_CHOSEN) => Some("the reader refuses a right name"),
            Change::Unknown if !refused => Some("the schema does not refuse an unknown key"),
            Change::TakenOut
                if site.is_needed && !self.told.is_empty() && !refused && !self.is_variant =>
            {
                Some("the schema does not miss it")
            }
            _ => None,
        }
    }
}

//! Whether the reader and the schema say the same of scenario files: right ones, and
//! the same with one value changed, taken out or put in, at every key that there is.

use super::corpus::{Corpus, Example};
use crate::file::read;
use crate::file::rooms::laws::{LAWS, NAMED_PART, room};
use crate::file::rooms::top::SCENARIO;
use crate::file::rooms::{Form, Room, Takes};
use jsonschema::Validator;
use serde_json::Value as Json;
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

/// A value in a file, and what may stand there.
struct Site {
    /// The room and the key.
    name: String,
    path: Vec<String>,
    takes: &'static Takes,
    /// Whether the table that it is in means nothing without it.
    is_needed: bool,
}

/// Every value that stands behind a key, in a list or under a name.
fn sites(file: &Value, found: &mut impl FnMut(Site)) {
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
        (Takes::Map(..), Value::Table(_)) => true,
        (Takes::Law | Takes::LawItself, Value::Table(table)) => table.contains_key("law"),
        (Takes::List(takes, ..), Value::Array(items)) => {
            items.first().is_none_or(|first| fits(first, takes))
        }
        (Takes::Flag, Value::Boolean(_)) | (Takes::Whole(..), Value::Integer(_)) => true,
        (Takes::Number(..), Value::Integer(_) | Value::Float(_)) => true,
        (Takes::Text(_) | Takes::Choice(_) | Takes::Law, Value::String(_)) => true,
        (Takes::Any(several), _) => several.iter().any(|one| fits(value, one)),
        _ => false,
    }
}

/// Every room with every key, `room.key`.
fn every_key() -> BTreeSet<String> {
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

/// What is done to one value.
#[derive(Debug)]
enum Change {
    To(Value),
    /// To a number outside what may stand there.
    Beyond(Value),
    /// To one of the names that may stand there.
    Chosen(&'static str),
    TakenOut,
    /// A key that nobody knows is put into the table.
    Unknown,
}

impl Change {
    fn on(&self, right: &Value, path: &[String]) -> Value {
        let mut wrong = right.clone();
        let Some((last, before)) = path.split_last() else {
            return wrong;
        };
        let Some(parent) = before.iter().try_fold(&mut wrong, step) else {
            return wrong;
        };
        match self {
            Self::TakenOut => match parent {
                Value::Table(table) => {
                    table.remove(last);
                }
                Value::Array(items) => {
                    items.remove(last.parse().expect("a position"));
                }
                _ => {}
            },
            Self::Unknown => {
                if let Some(Value::Table(table)) = step(parent, last) {
                    table.insert("zzz".into(), 1.into());
                }
            }
            Self::To(value) | Self::Beyond(value) => {
                if let Some(place) = step(parent, last) {
                    *place = value.clone();
                }
            }
            Self::Chosen(name) => {
                if let Some(place) = step(parent, last) {
                    *place = (*name).into();
                }
            }
        }
        wrong
    }
}

fn step<'v>(value: &'v mut Value, step: &String) -> Option<&'v mut Value> {
    match value {
        Value::Table(table) => table.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn at<'v>(file: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(file, |value, step| match value {
        Value::Table(table) => table.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

fn changes(site: &Site) -> Vec<Change> {
    let texts = [
        "",
        "two words",
        "a-name",
        "zzz",
        "3min",
        "0s",
        "-3min",
        "3 fortnights",
        "1h 30min",
        "3",
        ".5s",
        "10:00",
        "9:5",
        "25:00",
        "10:60",
        "2026-06-09",
        "tomorrow",
        "lognormal",
    ];
    let mut changes: Vec<Change> = texts.map(|text| Change::To(text.into())).into();
    let table = |key: &str| Value::Table(Table::from_iter([(key.to_owned(), 1.into())]));
    changes.extend(
        [
            true.into(),
            false.into(),
            5.into(),
            (-5).into(),
            0.5.into(),
            Value::Array(Vec::new()),
            Value::Array(vec![5.into()]),
            Value::Array(vec!["a-name".into()]),
            Value::Array(vec![Value::Table(Table::new())]),
            Value::Table(Table::new()),
            table("zzz"),
            table("two words"),
            table("mean"),
        ]
        .map(Change::To),
    );
    numbers(site.takes, &mut changes);
    if !site.name.ends_with(".law") {
        // The parameters of one law mean nothing to another.
        names(site.takes, &mut changes);
    }
    changes.push(Change::TakenOut);
    if has_room(site.takes) {
        changes.push(Change::Unknown);
    }
    changes
}

/// The bounds of what may stand there, and just beyond them.
fn numbers(takes: &'static Takes, changes: &mut Vec<Change>) {
    match takes {
        Takes::Number(low, high) => {
            let near = |bound: f64| (bound.abs() * 1e-9).max(1e-12);
            changes.push(Change::To((*low).into()));
            changes.push(Change::To((*high).into()));
            changes.push(Change::Beyond((low - near(*low)).into()));
            changes.push(Change::Beyond((high + near(*high)).into()));
        }
        Takes::Whole(low, high) => {
            changes.push(Change::To((*low).into()));
            changes.push(Change::To((*high).into()));
            changes.push(Change::Beyond((low - 1).into()));
            if let Some(beyond) = high.checked_add(1) {
                changes.push(Change::Beyond(beyond.into()));
            }
        }
        Takes::Any(several) => {
            for one in *several {
                numbers(one, changes);
            }
        }
        _ => {}
    }
}

fn names(takes: &'static Takes, changes: &mut Vec<Change>) {
    match takes {
        Takes::Choice(choices) | Takes::AnyCase(choices) => {
            changes.extend(choices.names().into_iter().map(Change::Chosen));
        }
        Takes::Any(several) => {
            for one in *several {
                names(one, changes);
            }
        }
        _ => {}
    }
}

fn has_room(takes: &'static Takes) -> bool {
    match takes {
        Takes::Table(_) => true,
        Takes::Any(several) => several.iter().all(has_room),
        _ => false,
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

//! What is done to one value of a right file.

use super::sites::Site;
use crate::file::rooms::Takes;
use toml::{Table, Value};

/// What is done to one value.
#[derive(Debug)]
pub(super) enum Change {
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
    pub fn on(&self, right: &Value, path: &[String]) -> Value {
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

pub(super) fn at<'v>(file: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(file, |value, step| match value {
        Value::Table(table) => table.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

pub(super) fn changes(site: &Site) -> Vec<Change> {
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
    if site.path.last().is_none_or(|key| key != "law") {
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

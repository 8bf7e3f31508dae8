//! What each place of a scenario file holds: its keys, what each takes, and a
//! sentence for whoever writes one.
//!
//! The reader refuses every key that is not in its room ([`super::fields::Reader::keys`]),
//! and [`crate::schema`] is written from the same rooms, so a key is known to both or
//! to neither. Choices are the reader's own lists. Ranges, kinds and what is needed
//! stand here and in the reader: `schema/agreement.rs` changes every value of many
//! scenarios and sees whether both say the same of it.

pub(crate) mod appointments;
pub(crate) mod bank;
pub(crate) mod calendar;
pub(crate) mod customers;
pub(crate) mod journeys;
pub(crate) mod laws;
pub(crate) mod region;
pub(crate) mod resources;
pub(crate) mod results;
pub(crate) mod top;

use crate::figure::Figure;

/// A table of the file.
pub(crate) struct Room {
    /// Its name, which no other room has.
    pub name: &'static str,
    /// Every key that it may have.
    pub keys: &'static [Key],
}

/// A key of a table.
pub(crate) struct Key {
    pub name: &'static str,
    pub takes: Takes,
    /// What it means, with its unit and what holds without it.
    pub says: &'static str,
    /// Whether the table means nothing without it.
    pub is_needed: bool,
}

/// What may stand behind a key.
pub(crate) enum Takes {
    /// `true` or `false`.
    Flag,
    /// `true`: it is said or left out.
    Yes,
    /// A number from so much to so much.
    Number(f64, f64),
    /// A whole number from so much to so much.
    Whole(i64, i64),
    /// A text of a form.
    Text(Form),
    /// One of a few names.
    Choice(&'static (dyn Choices + Sync)),
    /// One of a few names, in small letters or large.
    AnyCase(&'static (dyn Choices + Sync)),
    /// Two or more of a few names in one text, with commas between.
    Several(&'static (dyn Choices + Sync)),
    /// A list of at least and at most so many.
    List(&'static Takes, usize, usize),
    /// A list of so many values, each of its kind.
    Row(&'static [Takes]),
    /// A table.
    Table(&'static Room),
    /// A table whose keys are names.
    Map(Names, &'static Takes),
    /// One of several.
    Any(&'static [Takes]),
    /// A law of random times, or the name of one.
    Law,
    /// A law with its parameters, or a duration, but no name of another.
    LawItself,
    /// A part of a mixture: a law with its weight beside its parameters.
    Part,
    /// Whatever there is at the path that is its key.
    Anything,
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// As people like.
    Free,
    /// The name of a file beside this one.
    File,
    /// The name of a scenario.
    Scenario,
    /// A name that figures, gates and CSV files can carry.
    Name,
    Duration,
    /// Above zero.
    PositiveDuration,
    /// A duration that may be below zero.
    Offset,
    /// A time of day.
    Clock,
    /// A date.
    Date,
    /// What an incident befalls: the branch, the bank or a resource.
    Affected,
    /// One branch of a region.
    OneBranch,
    /// A gate.
    Gate,
}

/// What the keys of a table of names are.
pub(crate) enum Names {
    /// Whatever the file defines.
    Plain,
    /// Laws: named like no duration.
    Laws,
    /// One of a few.
    Of(&'static (dyn Choices + Sync)),
    /// Days of a month, from 1 to 31.
    DaysOfMonth,
    /// Templates of branches, which are files or tables.
    Templates,
    /// Paths as `--set` takes them.
    Paths,
}

/// A closed set of names.
pub(crate) trait Choices {
    fn names(&self) -> Vec<&'static str>;
}

/// What the reader chooses by.
impl<T, const N: usize> Choices for [(&'static str, T); N] {
    fn names(&self) -> Vec<&'static str> {
        self.iter().map(|(name, _)| *name).collect()
    }
}

impl<const N: usize> Choices for [&'static str; N] {
    fn names(&self) -> Vec<&'static str> {
        self.to_vec()
    }
}

impl<const N: usize> Choices for [Figure; N] {
    fn names(&self) -> Vec<&'static str> {
        self.iter().map(|figure| figure.name()).collect()
    }
}

/// A name, as `plain_name` of the reader wants it.
const NAME: Takes = Takes::Text(Form::Name);
const TEXT: Takes = Takes::Text(Form::Free);
const FILE: Takes = Takes::Text(Form::File);
const DURATION: Takes = Takes::Text(Form::Duration);
const POSITIVE_DURATION: Takes = Takes::Text(Form::PositiveDuration);
const CLOCK: Takes = Takes::Text(Form::Clock);
const SHARE: Takes = Takes::Number(0.0, 1.0);
/// Of a hundred or of one.
const WEIGHT: Takes = Takes::Number(0.0, 100.0);
/// Above zero; weights are taken as shares of their sum.
const ANY_WEIGHT: Takes = Takes::Number(f64::MIN_POSITIVE, 1e12);
/// Any number of them, but at least one.
const MANY: usize = usize::MAX;

/// A key that a table may have.
const fn key(name: &'static str, takes: Takes, says: &'static str) -> Key {
    Key {
        name,
        takes,
        says,
        is_needed: false,
    }
}

/// A key that a table must have.
const fn needed(name: &'static str, takes: Takes, says: &'static str) -> Key {
    Key {
        is_needed: true,
        ..key(name, takes, says)
    }
}

impl Room {
    /// The names of its keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

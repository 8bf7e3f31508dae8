//! The file itself, and what labels are.

use super::appointments::APPOINTMENTS;
use super::bank::{CAMPAIGN, INCIDENT, INCIDENT_OF_A_BRANCH, LOAD, MOBILE, OPERATIONS};
use super::calendar::{DAY, RUN};
use super::customers::{ARRIVALS, SEGMENT, SERVICE};
use super::journeys::JOURNEY;
use super::region::REGION;
use super::resources::{COST, RESOURCE};
use super::results::{ASSUMPTION, REPORT};
use super::{FILE, Form, Key, MANY, NAME, Names, Room, TEXT, Takes, key, needed};

/// The whole file.
pub(crate) static SCENARIO: Room = Room {
    name: "",
    keys: &[
        key(
            "name",
            Takes::Text(Form::Scenario),
            "Name of the scenario: small letters, digits and -. The file's name without its ending unless given.",
        ),
        key(
            "question",
            WORDS,
            "What the planner wants to know, in a sentence: one text, or { en = \"…\", zh = \"…\" }.",
        ),
        key(
            "extends",
            FILE,
            "The scenario file beside this one of which this is a variant: it names only what differs. Tables merge, all else replaces, and so does a table that names its `law`.",
        ),
        key(
            "branch",
            Takes::Table(&BRANCH),
            "The branch: its name in figures and operations, and its label.",
        ),
        key(
            "day",
            Takes::Table(&DAY),
            "The day: date, opening hours, reporting interval, closing.",
        ),
        key(
            "run",
            Takes::Table(&RUN),
            "How often it is simulated, from which seed; days or a steady state.",
        ),
        key(
            "laws",
            Takes::Map(Names::Laws, &Takes::LawItself),
            "How long people take: laws by name, for use where a time is needed.",
        ),
        needed(
            "resources",
            Takes::Map(Names::Plain, &Takes::Table(&RESOURCE)),
            "Who and what serves, by name: windows, kiosks, lobby managers.",
        ),
        needed(
            "journeys",
            Takes::Map(Names::Plain, &Takes::Table(&JOURNEY)),
            "What is done, step by step, by name.",
        ),
        key(
            "services",
            Takes::Map(Names::Plain, &Takes::Table(&SERVICE)),
            "What customers come for, by name. Without it every journey is a service.",
        ),
        key(
            "segments",
            Takes::Map(Names::Plain, &Takes::Table(&SEGMENT)),
            "Kinds of customers, by name. Without it all are one segment, `all`.",
        ),
        needed("arrivals", Takes::Table(&ARRIVALS), "When customers come."),
        key(
            "latencies",
            Takes::Map(Names::Of(&OPERATIONS), &Takes::Law),
            "How long the bank is assumed to take, by operation; what a load test measured takes its place.",
        ),
        key(
            "appointments",
            Takes::Table(&APPOINTMENTS),
            "Customers who have booked.",
        ),
        key(
            "incidents",
            Takes::List(
                &Takes::Any(&[Takes::Table(&INCIDENT), Takes::Table(&INCIDENT_OF_A_BRANCH)]),
                0,
                MANY,
            ),
            "What goes wrong for a while.",
        ),
        key(
            "mobile",
            Takes::Table(&MOBILE),
            "The mobile bank on the same core bank.",
        ),
        key(
            "campaigns",
            Takes::List(&Takes::Table(&CAMPAIGN), 0, MANY),
            "Spikes of the mobile bank's traffic, or of the branch's.",
        ),
        key(
            "cost",
            Takes::Table(&COST),
            "What a day costs beyond its resources, in yuan.",
        ),
        key(
            "region",
            Takes::Table(&REGION),
            "Many branches on one core bank.",
        ),
        key(
            "load",
            Takes::Table(&LOAD),
            "What is played on the core bank, and how fast.",
        ),
        key(
            "gates",
            Takes::Map(Names::Plain, &Takes::Text(Form::Gate)),
            "What must hold, by name. The one named `promise` heads the report, and its misses are explained.",
        ),
        key(
            "report",
            Takes::Table(&REPORT),
            "What the report counts beyond the standard figures.",
        ),
        key(
            "assumptions",
            Takes::List(&Takes::Table(&ASSUMPTION), 0, MANY),
            "Where the numbers come from.",
        ),
    ],
};

/// `[branch]`.
pub(crate) static BRANCH: Room = Room {
    name: "branch",
    keys: &[
        key(
            "name",
            NAME,
            "Name in figures and operations; `branch` unless given.",
        ),
        LABEL,
    ],
};

/// `{ en = "…", zh = "…" }`.
pub(crate) static WORDS_OF_TWO: Room = Room {
    name: "words",
    keys: &[
        key("en", TEXT, "In English."),
        key("zh", TEXT, "In Chinese."),
    ],
};

/// One text for both languages, or one for each.
pub(super) const WORDS: Takes = Takes::Any(&[TEXT, Takes::Table(&WORDS_OF_TWO)]);

/// What people read.
pub(super) const LABEL: Key = key(
    "label",
    WORDS,
    "What people read: one text, or { en = \"…\", zh = \"…\" }. The name unless given.",
);

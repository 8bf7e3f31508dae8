//! Many branches.

use super::top::SCENARIO;
use super::{CLOCK, FILE, MANY, NAME, Names, Room, SHARE, TEXT, Takes, key, needed};
use crate::file::region::{CHOICES, MOST_BRANCHES};

const RATE: Takes = Takes::Number(0.0, 1e6);
const KM: Takes = Takes::Number(-20_000.0, 20_000.0);

/// `[region]`.
pub(crate) static REGION: Room = Room {
    name: "region",
    keys: &[
        needed(
            "branches",
            Takes::Any(&[
                FILE,
                Takes::List(&Takes::Table(&REGION_BRANCH), 1, MANY),
                Takes::Table(&DRAWN),
            ]),
            "The branches: a CSV file with the columns name,template,per_day,mobile_actives,x_km,y_km,closed and any path of what differs, a list of these, or { count, per_day, grid_km }, drawn from the seed.",
        ),
        key(
            "templates",
            Takes::Map(Names::Templates, &Takes::Table(&SCENARIO)),
            "Other kinds of branches, each a whole scenario with the same names in it.",
        ),
        key(
            "choice",
            Takes::Choice(&CHOICES),
            "To which branch customers go; \"own\" unless given.",
        ),
        key(
            "speed_kmh",
            Takes::Number(0.1, 1000.0),
            "How fast they travel, in km/h on the straight line; 20 unless given.",
        ),
        key(
            "scatter_km",
            Takes::Number(0.0, 1000.0),
            "How far from their branch customers are, in km; 0 unless given.",
        ),
        key(
            "considers",
            Takes::Whole(1, 1000),
            "So many nearest branches are looked at; 8 unless given.",
        ),
        key(
            "closed",
            Takes::Table(&CLOSED_RULES),
            "Where the customers of a closed branch go.",
        ),
        key(
            "told",
            Takes::Whole(0, MOST_BRANCHES.cast_signed()),
            "So many branches, at most, are told one by one; 500 unless given.",
        ),
    ],
};

/// `closed = { … }` of the region.
pub(crate) static CLOSED_RULES: Room = Room {
    name: "closed rules",
    keys: &[
        key(
            "stay",
            SHARE,
            "The share who go to another branch or the mobile bank, not lost; 0.72 unless given.",
        ),
        key(
            "to_nearest",
            SHARE,
            "Of these, the share who go to the nearest branch; 0.5 unless given.",
        ),
        key(
            "to_mobile",
            SHARE,
            "Of the rest, the share who take the mobile bank; 0.15 unless given.",
        ),
    ],
};

/// A branch of the list.
pub(crate) static REGION_BRANCH: Room = Room {
    name: "region branch",
    keys: &[
        needed("name", NAME, "Its name."),
        key(
            "template",
            TEXT,
            "What it is like: a scenario file, or one of [region.templates]; this file unless given.",
        ),
        key(
            "per_day",
            RATE,
            "Its customers in a day; as in its template unless given.",
        ),
        key(
            "mobile_actives",
            Takes::Whole(0, 100_000_000),
            "Users of the mobile bank in a month who are its.",
        ),
        key("x_km", KM, "Where it is, in km; 0 unless given."),
        key("y_km", KM, "Where it is, in km; 0 unless given."),
        key(
            "closed",
            Takes::Any(&[Takes::Flag, Takes::Table(&CLOSED)]),
            "Whether it is closed: all day, or { from, to }.",
        ),
        key(
            "set",
            Takes::Map(Names::Paths, &Takes::Anything),
            "What differs in it, by paths as --set takes them.",
        ),
    ],
};

/// `closed = { … }` of a branch.
pub(crate) static CLOSED: Room = Room {
    name: "closed",
    keys: &[
        key("from", CLOCK, "Since when; the opening unless given."),
        key("to", CLOCK, "Until when; the closing unless given."),
    ],
};

/// Branches drawn from the seed.
pub(crate) static DRAWN: Room = Room {
    name: "branches",
    keys: &[
        needed(
            "count",
            Takes::Whole(1, MOST_BRANCHES.cast_signed()),
            "How many.",
        ),
        needed(
            "per_day",
            Takes::Any(&[RATE, Takes::Table(&PER_DAY)]),
            "Customers of each in a day: a number, or drawn.",
        ),
        key(
            "grid_km",
            Takes::Number(0.0, 10_000.0),
            "The side of the square on which they lie, in km; 40 unless given.",
        ),
    ],
};

/// `per_day = { … }` of branches drawn.
pub(crate) static PER_DAY: Room = Room {
    name: "per_day",
    keys: &[
        needed(
            "mean",
            Takes::Number(0.001, 1e6),
            "On average, before the bounds.",
        ),
        key("cv", RATE, "Coefficient of variation; 0 unless given."),
        key("low", RATE, "At least; 0 unless given."),
        key("high", RATE, "At most; a million unless given."),
    ],
};

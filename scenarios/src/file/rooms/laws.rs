//! Laws of random times: one room for each.

use super::{
    ANY_WEIGHT, Choices, DURATION, FILE, Key, MANY, POSITIVE_DURATION, Room, Takes, key, needed,
};

/// A duration, or so many seconds.
const TIME: Takes = Takes::Any(&[DURATION, Takes::Number(0.0, SECONDS_MAX)]);
/// Ten years.
const SECONDS_MAX: f64 = 10.0 * 366.0 * 24.0 * 3600.0;

const LOW: Key = needed("low", DURATION, "The least.");
const HIGH: Key = needed("high", POSITIVE_DURATION, "The most; above `low`.");
const MEAN: Key = needed("mean", POSITIVE_DURATION, "The mean.");
const MEAN_UNLESS: Key = key("mean", POSITIVE_DURATION, "The mean.");
/// The law's own name, which says what the others mean.
const LAW: Key = needed("law", Takes::Choice(&NAMES), "The law by its name.");

/// Names of the laws in the order of [`LAWS`].
pub(crate) const NAMES: [&str; 11] = [
    "constant",
    "exponential",
    "lognormal",
    "gamma",
    "erlang",
    "weibull",
    "uniform",
    "triangular",
    "empirical",
    "table",
    "mixture",
];

/// The weight of a law in a mixture.
pub(crate) const WEIGHT_OF_PART: Key = needed(
    "weight",
    ANY_WEIGHT,
    "How many times go by this law; weights are taken as shares of their sum.",
);

/// The laws by name, each with its parameters; the name is the room's.
pub(crate) static LAWS: [Room; 11] = [
    Room {
        name: NAMES[0],
        keys: &[LAW, needed("value", DURATION, "Always the same.")],
    },
    Room {
        name: NAMES[1],
        keys: &[LAW, MEAN],
    },
    Room {
        name: NAMES[2],
        keys: &[
            LAW,
            MEAN_UNLESS,
            key(
                "cv",
                Takes::Number(0.0, 100.0),
                "Coefficient of variation: the standard deviation over the mean.",
            ),
            key("median", POSITIVE_DURATION, "Half take no longer."),
            key(
                "p90",
                POSITIVE_DURATION,
                "Nine of ten take no longer; at least the median.",
            ),
        ],
    },
    Room {
        name: NAMES[3],
        keys: &[
            LAW,
            MEAN,
            needed(
                "cv",
                Takes::Number(0.01, 100.0),
                "Coefficient of variation: the standard deviation over the mean.",
            ),
        ],
    },
    Room {
        name: NAMES[4],
        keys: &[
            LAW,
            needed("k", Takes::Whole(1, 1000), "Phases, each exponential."),
            MEAN,
        ],
    },
    Room {
        name: NAMES[5],
        keys: &[
            LAW,
            needed(
                "shape",
                Takes::Number(0.05, 100.0),
                "Above 1: the longer it has lasted, the sooner it ends.",
            ),
            MEAN_UNLESS,
            key(
                "scale",
                POSITIVE_DURATION,
                "The scale, instead of the mean.",
            ),
        ],
    },
    Room {
        name: NAMES[6],
        keys: &[LAW, LOW, HIGH],
    },
    Room {
        name: NAMES[7],
        keys: &[
            LAW,
            LOW,
            needed(
                "mode",
                DURATION,
                "The most likely, between `low` and `high`.",
            ),
            HIGH,
        ],
    },
    Room {
        name: NAMES[8],
        keys: &[
            LAW,
            key(
                "bins",
                Takes::List(&Takes::Row(&[TIME, TIME, ANY_WEIGHT]), 1, MANY),
                "A measured histogram: [low, high, weight] each, times as durations or in seconds.",
            ),
            key(
                "csv",
                FILE,
                "The bins in a CSV file with the columns low,high,weight.",
            ),
        ],
    },
    Room {
        name: NAMES[9],
        keys: &[
            LAW,
            key(
                "values",
                Takes::List(&Takes::Row(&[TIME, ANY_WEIGHT]), 1, MANY),
                "A few values: [value, weight] each, times as durations or in seconds.",
            ),
            key(
                "csv",
                FILE,
                "The values in a CSV file with the columns value,weight.",
            ),
        ],
    },
    Room {
        name: NAMES[10],
        keys: &[
            LAW,
            needed(
                "parts",
                Takes::List(&Takes::Part, 1, MANY),
                "Laws, each with its weight.",
            ),
        ],
    },
];

/// A part of a mixture whose law is a table or a name.
pub(crate) static NAMED_PART: Room = Room {
    name: "part",
    keys: &[
        WEIGHT_OF_PART,
        needed("law", Takes::Law, "A law, or the name of one in [laws]."),
    ],
};

/// The room of the law of this name.
pub(crate) fn room(law: &str) -> Option<&'static Room> {
    LAWS.iter().find(|room| room.name == law)
}

/// Whether a law has this name by itself.
pub(crate) fn is_a_law(name: &str) -> bool {
    NAMES.names().contains(&name)
}

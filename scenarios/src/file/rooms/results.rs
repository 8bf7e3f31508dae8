//! What the report counts, and where the numbers come from.

use super::customers::ABANDONED_KEY;
use super::{MANY, POSITIVE_DURATION, Room, TEXT, Takes, key, needed};
use crate::file::crossings::DIMENSIONS;
use crate::file::targets::MARKS;

/// `[report]`.
pub(crate) static REPORT: Room = Room {
    name: "report",
    keys: &[
        key(
            "thresholds",
            Takes::List(&POSITIVE_DURATION, 0, MANY),
            "Durations to count shares within; those of the gates always are.",
        ),
        ABANDONED_KEY,
        key(
            "populations",
            Takes::List(&Takes::Several(&DIMENSIONS), 0, MANY),
            "Customers told apart by two or more dimensions, as in \"service,channel\".",
        ),
        key(
            "service_by_interval",
            Takes::Flag,
            "The same as \"service,interval\" in populations.",
        ),
        key(
            "segment_by_interval",
            Takes::Flag,
            "The same as \"segment,interval\" in populations.",
        ),
    ],
};

/// `[[assumptions]]`.
pub(crate) static ASSUMPTION: Room = Room {
    name: "assumptions",
    keys: &[
        needed(
            "about",
            TEXT,
            "A path that is in the file, as in resources.kiosk.capacity.",
        ),
        needed(
            "mark",
            Takes::Choice(&MARKS),
            "Whether it is sourced, derived or assumed.",
        ),
        needed("because", TEXT, "The source, the derivation or the reason."),
    ],
};

//! Customers who have booked.

use super::{
    CLOCK, DURATION, FILE, Form, MANY, NAME, Names, POSITIVE_DURATION, Room, SHARE, Takes, key,
    needed,
};

/// The law of punctuality that is none of a time.
pub(crate) const NORMAL: [&str; 1] = ["normal"];

/// `[appointments]`.
pub(crate) static APPOINTMENTS: Room = Room {
    name: "appointments",
    keys: &[
        key(
            "book",
            Takes::Any(&[FILE, Takes::List(&Takes::Table(&BOOKING), 0, MANY)]),
            "The book: a CSV file with the columns at,segment,service, or a list of these.",
        ),
        key(
            "slots",
            Takes::Any(&[
                Takes::Table(&SLOTS),
                Takes::List(&Takes::Table(&SLOTS), 0, MANY),
            ]),
            "Slots to be filled, instead of a book.",
        ),
        key(
            "punctuality",
            Takes::Any(&[
                Takes::Text(Form::Offset),
                Takes::Table(&PUNCTUALITY),
                Takes::Law,
            ]),
            "How early (below 0) or late they come: \"-3min\", { law = \"normal\", mean = \"-3min\", sd = \"6min\" }, or a law of who is never early. On time unless given.",
        ),
        key(
            "no_show",
            SHARE,
            "The share who do not come; 0 unless given.",
        ),
        key(
            "cancelled",
            SHARE,
            "The share who cancel beforehand; 0 unless given.",
        ),
        key(
            "overbooking",
            Takes::Any(&[Takes::Number(0.0, 10.0), Takes::Table(&OVERBOOKING)]),
            "So many times as many are booked as there are places, or { extra = 1 } in each slot; 1 unless given.",
        ),
        key(
            "reserved",
            Takes::Map(Names::Plain, &Takes::Whole(1, 100_000)),
            "So many servers of a resource serve nobody without an appointment.",
        ),
    ],
};

/// A booking.
pub(crate) static BOOKING: Room = Room {
    name: "book",
    keys: &[
        needed("at", CLOCK, "When."),
        needed("segment", NAME, "The segment of those who book."),
        key("service", NAME, "What for; drawn unless given."),
    ],
};

/// Slots.
pub(crate) static SLOTS: Room = Room {
    name: "slots",
    keys: &[
        key("at", Takes::List(&CLOCK, 1, MANY), "When, one by one …"),
        key("from", CLOCK, "… or from the first …"),
        key("to", CLOCK, "… to the last …"),
        key(
            "every",
            POSITIVE_DURATION,
            "… every so long, at least a second.",
        ),
        key(
            "per_slot",
            Takes::Number(0.0, 10_000.0),
            "Appointments in each slot; a fraction comes out over several …",
        ),
        key(
            "share",
            SHARE,
            "… or over all slots this share of the customers …",
        ),
        key("of", NAME, "… of this segment, who then do not walk in."),
        needed(
            "segment",
            NAME,
            "The segment of those who book; its own `share` is 0.",
        ),
        key("service", NAME, "What for; drawn unless given."),
    ],
};

/// `overbooking = { … }`.
pub(crate) static OVERBOOKING: Room = Room {
    name: "overbooking",
    keys: &[needed(
        "extra",
        Takes::Whole(0, 1000),
        "So many more in each slot.",
    )],
};

/// `punctuality = { law = "normal", … }`.
pub(crate) static PUNCTUALITY: Room = Room {
    name: "punctuality",
    keys: &[
        key("law", Takes::Choice(&NORMAL), "The normal law."),
        needed(
            "mean",
            Takes::Text(Form::Offset),
            "Early (below 0) or late on average, as in \"-3min\"; at most a day.",
        ),
        needed("sd", DURATION, "The standard deviation."),
    ],
};

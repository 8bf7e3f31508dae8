//! The day, and how often it is run.

use super::{
    CLOCK, DURATION, FILE, Form, MANY, NAME, POSITIVE_DURATION, Room, TEXT, Takes, key, needed,
};
use crate::file::calendar::{MODES, UNTIL as UNTIL_FIGURES};
use crate::file::closing::RULES;
use crate::file::holidays::WEEKDAYS;
use crate::file::randomness::SOURCES;
use crate::file::steady::WARM_UPS;

/// `[day]`.
pub(crate) static DAY: Room = Room {
    name: "day",
    keys: &[
        key(
            "date",
            Takes::Text(Form::Date),
            "Calendar date, from which weekday and day of the month follow; \"2026-06-09\" unless given.",
        ),
        key(
            "open",
            CLOCK,
            "When the doors open; \"09:00\" unless given.",
        ),
        key(
            "close",
            CLOCK,
            "When the doors shut; \"17:00\" unless given.",
        ),
        key(
            "interval",
            POSITIVE_DURATION,
            "Interval of reporting, at least 1min; it divides the opening hours. \"30min\" unless given.",
        ),
        key(
            "closing",
            Takes::Any(&[Takes::Choice(&RULES), Takes::Table(&CLOSING)]),
            "What happens at closing. \"serve_all_inside\" unless given: doors shut, all inside are served, overtime counts.",
        ),
        key(
            "time_zone",
            TEXT,
            "IANA name; \"Asia/Shanghai\" unless given.",
        ),
        key(
            "holidays",
            Takes::Any(&[FILE, Takes::List(&Takes::Table(&HOLIDAY), 0, MANY)]),
            "Days that are not as their weekday says: a CSV file with the columns date,name,counts_as,factor, or a list of these.",
        ),
    ],
};

/// `closing = { … }`.
pub(crate) static CLOSING: Room = Room {
    name: "closing",
    keys: &[
        key(
            "grace",
            DURATION,
            "Who has not begun to be served so long after closing is turned away.",
        ),
        key(
            "tickets_until",
            CLOCK,
            "From then on the ticket machine gives no tickets.",
        ),
        key(
            "appointments_only",
            CLOCK,
            "From then on only those who have booked are let in.",
        ),
    ],
};

/// A line of the calendar of holidays.
pub(crate) static HOLIDAY: Room = Room {
    name: "holidays",
    keys: &[
        needed("date", Takes::Text(Form::Date), "The date."),
        key("name", TEXT, "Its name."),
        key(
            "counts_as",
            Takes::AnyCase(&WEEKDAYS),
            "The weekday as which it counts; \"sunday\" unless given.",
        ),
        key(
            "factor",
            Takes::Number(0.0, 1000.0),
            "So many times the arrivals of that weekday; 1 unless given.",
        ),
    ],
};

/// `[run]`.
pub(crate) static RUN: Room = Room {
    name: "run",
    keys: &[
        key(
            "mode",
            Takes::Choice(&MODES),
            "\"days\" (unless given): independent days. \"steady_state\": stretches without a clock.",
        ),
        key(
            "replications",
            Takes::Whole(1, 1_000_000),
            "Days or stretches, at most; 200 unless given.",
        ),
        key(
            "seed",
            Takes::Whole(0, i64::MAX),
            "Root of all randomness; 1 unless given.",
        ),
        key(
            "random",
            Takes::Choice(&SOURCES),
            "\"keyed\" (unless given): variants meet the same customers. \"mrg32k3a-streams\": streams as SSJ and its kin draw them.",
        ),
        key(
            "warm_up",
            Takes::Any(&[DURATION, Takes::Choice(&WARM_UPS)]),
            "Of a steady state: the start that is not counted, or \"mser5\", which finds it.",
        ),
        key(
            "length",
            POSITIVE_DURATION,
            "Of a steady state: the length of a stretch, its warm-up counted in.",
        ),
        key(
            "batches",
            Takes::Whole(2, 256),
            "Of a steady state: intervals from so many batches of one long run instead of from replications.",
        ),
        key(
            "until",
            Takes::Table(&UNTIL),
            "Replications go on, 64 at a time, until a mean is known so well.",
        ),
    ],
};

/// `until = { … }`.
pub(crate) static UNTIL: Room = Room {
    name: "until",
    keys: &[
        needed(
            "figure",
            Takes::Choice(&UNTIL_FIGURES),
            "Whose mean is to be known well.",
        ),
        key("segment", NAME, "Of which segment; of all unless given."),
        key(
            "half_width",
            POSITIVE_DURATION,
            "Half of the 95% interval, at most, as a duration.",
        ),
        key(
            "relative",
            Takes::Number(1e-6, 1.0),
            "Half of the 95% interval, at most, as a share of the mean.",
        ),
    ],
};

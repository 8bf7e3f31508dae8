//! What customers come for, who they are, and when they come.

use super::top::LABEL;
use super::{
    CLOCK, DURATION, FILE, Key, MANY, NAME, Names, POSITIVE_DURATION, Room, SHARE, Takes, WEIGHT,
    key, needed,
};
use crate::file::arrivals::{PER_DAY_MAX, WITHIN};
use crate::file::conduct::{ABANDONED, CHOICES, COUNTED_MAX, SEES, THROUGH};
use crate::file::journeys::CHANNELS;
use crate::file::recorded::GROUP_MAX;

const COUNTED: Takes = Takes::Whole(0, COUNTED_MAX.cast_signed());
const RATE: Takes = Takes::Number(0.0, PER_DAY_MAX);
pub(super) const ABANDONED_KEY: Key = key(
    "abandoned",
    Takes::Choice(&ABANDONED),
    "What an abandonment means for a promise; \"by_threshold\" unless given.",
);
const PRIORITY: Takes = Takes::Whole(-1000, 1000);

/// `[services.NAME]`.
pub(crate) static SERVICE: Room = Room {
    name: "service",
    keys: &[
        LABEL,
        key(
            "journeys",
            Takes::List(&NAME, 1, MANY),
            "Its journeys, one for each channel; the one of the same name unless given.",
        ),
    ],
};

/// `[segments.NAME]`.
pub(crate) static SEGMENT: Room = Room {
    name: "segment",
    keys: &[
        key(
            "share",
            WEIGHT,
            "Share of the customers; all shares sum to 1 or to 100.",
        ),
        key(
            "channel",
            Takes::Choice(&CHANNELS),
            "Where they go; needed where a service is had on several channels.",
        ),
        key(
            "channels",
            Takes::Map(Names::Of(&CHANNELS), &WEIGHT),
            "Shares of channels, instead of one channel; they sum to 1 or to 100.",
        ),
        key(
            "choice",
            Takes::Choice(&CHOICES),
            "By which of these channels: drawn by their shares, or where fewer wait for each server; \"drawn\" unless given.",
        ),
        ABANDONED_KEY,
        key(
            "services",
            Takes::Any(&[NAME, Takes::Map(Names::Plain, &WEIGHT)]),
            "What they come for: one service, or shares of several that sum to 1 or to 100.",
        ),
        key(
            "patience",
            Takes::Law,
            "How long they wait before they leave; for ever unless given.",
        ),
        key(
            "priority",
            PRIORITY,
            "Higher is served first; 0 unless given.",
        ),
        LABEL,
        key(
            "waiting_credit",
            DURATION,
            "They stand in line as if they had come so much earlier.",
        ),
        key(
            "waiting_weight",
            Takes::Number(1e-6, 1e6),
            "Where a queue is \"weighted\": their wait counts so many times.",
        ),
        key(
            "no_show",
            SHARE,
            "The share who take a ticket and leave without a word.",
        ),
        key(
            "promotion",
            Takes::Table(&PROMOTION),
            "While they wait, their priority rises.",
        ),
        key(
            "balking",
            Takes::Table(&BALKING),
            "Who sees too many leaves at once.",
        ),
        key(
            "retry",
            Takes::Table(&RETRY),
            "A share of those who leave unserved comes again.",
        ),
    ],
};

/// `promotion = { … }`.
pub(crate) static PROMOTION: Room = Room {
    name: "promotion",
    keys: &[
        key("after", POSITIVE_DURATION, "After so long a wait …"),
        key("when", Takes::Table(&WHEN), "… or when so many wait."),
        needed("priority", PRIORITY, "Their priority from then on."),
    ],
};

/// `when = { … }`.
pub(crate) static WHEN: Room = Room {
    name: "when",
    keys: &[needed(
        "waiting",
        Takes::Whole(1, COUNTED_MAX.cast_signed()),
        "So many people.",
    )],
};

/// `balking = { … }`.
pub(crate) static BALKING: Room = Room {
    name: "balking",
    keys: &[
        key(
            "sees",
            Takes::Choice(&SEES),
            "Whom they count: those waiting, those present (waiting and served), or tickets not yet called; \"waiting\" unless given.",
        ),
        key("from", COUNTED, "Up to so many nobody leaves …"),
        key(
            "always",
            COUNTED,
            "… and from so many on everybody does; between, evenly more.",
        ),
        key(
            "probability",
            Takes::List(&SHARE, 1, MANY),
            "Or the share who leave at 0, 1, 2 … people; beyond the list its last number holds.",
        ),
    ],
};

/// `retry = { … }` of a segment.
pub(crate) static RETRY: Room = Room {
    name: "retry",
    keys: &[
        key(
            "probability",
            SHARE,
            "The share who come again; 1 unless given.",
        ),
        needed("after", Takes::Law, "After how long."),
        key(
            "through",
            Takes::Choice(&THROUGH),
            "Here again, or on the phone; \"branch\" unless given.",
        ),
    ],
};

/// `[arrivals]`.
pub(crate) static ARRIVALS: Room = Room {
    name: "arrivals",
    keys: &[
        key("per_day", RATE, "Customers expected in a day."),
        key(
            "profile",
            Takes::Any(&[
                FILE,
                Takes::List(&RATE, 1, MANY),
                Takes::List(&Takes::Table(&PIECE), 1, MANY),
            ]),
            "How they come over the day: shares of equal pieces of the opening hours, a list of { from, share }, or a CSV file with these columns.",
        ),
        key("rate_per_hour", RATE, "Customers an hour, all day."),
        key(
            "rates_per_hour",
            Takes::List(&RATE, 1, MANY),
            "Customers an hour in equal pieces of the opening hours.",
        ),
        key(
            "busyness_cv",
            Takes::Number(0.0, 2.0),
            "Days differ by a gamma factor of mean 1 with this coefficient of variation; 0 unless given.",
        ),
        key(
            "within",
            Takes::Choice(&WITHIN),
            "Of rates_per_hour: \"linear\" takes them at the ends of the pieces, one more than pieces; \"constant\" unless given.",
        ),
        key(
            "gap",
            Takes::Law,
            "The time between two arrivals, instead of a rate.",
        ),
        key(
            "batches",
            Takes::List(&Takes::Table(&BATCH), 0, MANY),
            "They come in groups, of which the rate is.",
        ),
        key(
            "one_ticket",
            Takes::Flag,
            "A group takes one ticket and is one customer.",
        ),
        key(
            "customers",
            Takes::Whole(0, 10_000_000),
            "No more than these come in.",
        ),
        key(
            "before_opening",
            Takes::Table(&BEFORE_OPENING),
            "Who stands at the doors when they open.",
        ),
        key(
            "day_of_week",
            Takes::List(&RATE, 7, 7),
            "Factors of the weekdays, Monday first.",
        ),
        key(
            "day_of_month",
            Takes::Map(Names::DaysOfMonth, &Takes::Number(0.0, 1000.0)),
            "Factors of days of the month, as in { 15 = 1.5 }.",
        ),
        key(
            "replay",
            Takes::Any(&[FILE, Takes::List(&Takes::Table(&TICKET), 0, MANY)]),
            "A recorded log: a CSV file with the columns arrival,segment,service,patience, or a list of these.",
        ),
    ],
};

/// A piece of a profile by its start.
pub(crate) static PIECE: Room = Room {
    name: "profile",
    keys: &[
        needed("from", CLOCK, "Since when, until the next one."),
        needed("share", WEIGHT, "Its share; all sum to 1 or to 100."),
    ],
};

/// Groups of a size.
pub(crate) static BATCH: Room = Room {
    name: "batches",
    keys: &[
        needed(
            "people",
            Takes::Whole(1, GROUP_MAX.cast_signed()),
            "So many together.",
        ),
        needed(
            "share",
            WEIGHT,
            "The share of such groups; all sum to 1 or to 100.",
        ),
    ],
};

/// `before_opening = { … }`.
pub(crate) static BEFORE_OPENING: Room = Room {
    name: "before_opening",
    keys: &[
        key(
            "people",
            Takes::Whole(0, 100_000),
            "So many are there when the doors open …",
        ),
        key("from", CLOCK, "… or they come since then …"),
        key(
            "rate_per_hour",
            Takes::Number(0.0, 1e6),
            "… so many an hour.",
        ),
    ],
};

/// A customer of a recorded log.
pub(crate) static TICKET: Room = Room {
    name: "replay",
    keys: &[
        needed(
            "arrival",
            Takes::Any(&[CLOCK, DURATION]),
            "A time of day, or how long after the opening.",
        ),
        key(
            "segment",
            NAME,
            "The segment; needed where there are several.",
        ),
        key(
            "service",
            DURATION,
            "How long the first journey's one time was.",
        ),
        key("patience", DURATION, "How long the customer would wait."),
    ],
};

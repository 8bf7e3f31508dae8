//! What is done, step by step.

use super::bank::OPERATIONS_AT_A_BRANCH;
use super::{DURATION, Key, MANY, NAME, POSITIVE_DURATION, Room, SHARE, Takes, key, needed};
use crate::file::journeys::{CHANNELS, PARTS, QUEUE_BY};
use crate::file::latencies::WAITS;

/// What customers do at once, at most.
pub(crate) const BRANCHES_MAX: usize = 16;

const HOLDS: Takes = Takes::List(&Takes::Any(&[NAME, Takes::Table(&HOLD)]), 0, MANY);
const OPERATION: Key = key(
    "operation",
    Takes::Choice(&OPERATIONS_AT_A_BRANCH),
    "What it asks the bank for; the answering time comes on top.",
);
const QUEUE_BY_KEY: Key = key(
    "queue_by",
    Takes::Choice(&QUEUE_BY),
    "The place in that line: by the time of the ticket, by that of joining, or in front; \"ticket\" unless given.",
);

/// `[journeys.NAME]`.
pub(crate) static JOURNEY: Room = Room {
    name: "journey",
    keys: &[
        key(
            "channel",
            Takes::Choice(&CHANNELS),
            "Where it is done; \"counter\" unless given.",
        ),
        key(
            "time",
            Takes::Law,
            "One human time for the whole journey, of which weighted steps take fractions.",
        ),
        key(
            "holds",
            HOLDS,
            "What is held from the first step to the last: names, or { resource = \"…\", count = 2 }.",
        ),
        key(
            "steps",
            Takes::List(&Takes::Table(&STEP), 1, MANY),
            "The steps in order. Without it the journey is one step of its whole time.",
        ),
        OPERATION,
    ],
};

/// What a journey or a step holds.
pub(crate) static HOLD: Room = Room {
    name: "holds",
    keys: &[
        needed("resource", NAME, "The resource."),
        key(
            "count",
            Takes::Whole(1, 1000),
            "How many of it; 1 unless given.",
        ),
        key("skill", NAME, "What whoever serves must be able to do."),
    ],
};

/// A step of a journey.
pub(crate) static STEP: Room = Room {
    name: "step",
    keys: &[
        needed(
            "name",
            NAME,
            "Its name, which no other step of the journey has.",
        ),
        key(
            "weight",
            Takes::Number(1e-9, 1e9),
            "Its share of the journey's time; weights are taken as shares of their sum.",
        ),
        key("duration", Takes::Law, "A time of its own."),
        key(
            "part",
            Takes::Choice(&PARTS),
            "As what its time counts; \"service\" unless given.",
        ),
        key(
            "probability",
            SHARE,
            "The share of customers who go through it; 1 unless given.",
        ),
        key(
            "holds",
            HOLDS,
            "What it holds on top of the journey, all taken together or none.",
        ),
        OPERATION,
        key(
            "fails",
            Takes::Table(&FAILS),
            "At its end a share fails and goes on to another journey.",
        ),
        key(
            "repeats",
            Takes::Table(&REPEATS),
            "At its end a share goes back to a step.",
        ),
        key(
            "keeps",
            Takes::Flag,
            "What it holds is held until the next step has its servers.",
        ),
        key(
            "parallel",
            Takes::List(
                &Takes::Any(&[
                    Takes::Table(&STEP),
                    Takes::List(&Takes::Table(&STEP), 1, MANY),
                ]),
                2,
                BRANCHES_MAX,
            ),
            "Steps side by side, each branch a step or a list of steps; the journey goes on when all have ended.",
        ),
        key(
            "retry",
            Takes::Whole(1, 255),
            "A step that fails is gone through up to so many more times first.",
        ),
        key(
            "on_outage",
            Takes::Any(&[Takes::Choice(&WAITS), Takes::Table(&ON_OUTAGE)]),
            "What the customer does while the bank does not answer; \"wait\" unless given.",
        ),
    ],
};

/// `fails = { … }`.
pub(crate) static FAILS: Room = Room {
    name: "fails",
    keys: &[
        needed("probability", SHARE, "The share who fail."),
        needed("to", NAME, "The journey they go on to."),
        QUEUE_BY_KEY,
    ],
};

/// `repeats = { … }`.
pub(crate) static REPEATS: Room = Room {
    name: "repeats",
    keys: &[
        needed(
            "probability",
            Takes::Number(0.0, 0.99),
            "The share who are sent back, each time.",
        ),
        key(
            "from",
            NAME,
            "The step they go back to; this one unless given.",
        ),
    ],
};

/// `on_outage = { … }`.
pub(crate) static ON_OUTAGE: Room = Room {
    name: "on_outage",
    keys: &[
        key("retry", Takes::Whole(1, 1000), "Asks again so many times …"),
        key("every", POSITIVE_DURATION, "… after so long each time."),
        key("fall_back", NAME, "Or goes on to this journey …"),
        key("after", DURATION, "… after so long without an answer."),
        QUEUE_BY_KEY,
    ],
};

//! Who and what serves, and what it costs.

use super::top::LABEL;
use super::{ANY_WEIGHT, CLOCK, DURATION, FILE, Key, MANY, NAME, Room, Takes, key, needed};
use crate::file::cost::YUAN_MAX;
use crate::file::pools::{KINDS, SERVERS_MAX, SHIFT_ENDS};
use crate::file::queues::{CHOICES, LINES, ORDERS, PREEMPTIONS, TOLD_APART_MAX};
use crate::file::wear::{BREAKS_BY, INTERRUPTIONS};

const SERVERS: Takes = Takes::Whole(0, SERVERS_MAX.cast_signed());
const YUAN: Takes = Takes::Number(0.0, YUAN_MAX);

/// `[resources.NAME]`.
pub(crate) static RESOURCE: Room = Room {
    name: "resource",
    keys: &[
        key(
            "kind",
            Takes::Choice(&KINDS),
            "What it is; \"other\" unless given.",
        ),
        key(
            "capacity",
            Takes::Any(&[SERVERS, Takes::Table(&CAPACITY)]),
            "How many there are, the same all day; or { table = [[3, 80], [2, 20]] }, drawn for each day.",
        ),
        key(
            "roster",
            Takes::Any(&[FILE, Takes::List(&Takes::Table(&ROSTER), 1, MANY)]),
            "How many there are when: a list of shifts, or a CSV file with the columns count,from,to,break_from,break_to.",
        ),
        LABEL,
        key(
            "cost_per_hour",
            Takes::Number(0.0, 1e6),
            "Yuan for one of them for one rostered hour.",
        ),
        key(
            "cost",
            Takes::Table(&MACHINE_COST),
            "What a machine costs, used or not, in yuan.",
        ),
        key(
            "shift_end",
            Takes::Choice(&SHIFT_ENDS),
            "What happens when fewer are rostered than are at work; \"finish\" unless given: the current customer is served to the end.",
        ),
        key(
            "queue",
            Takes::Any(&[Takes::Choice(&ORDERS), Takes::Table(&QUEUE)]),
            "How customers wait; \"fifo\" unless given.",
        ),
        key(
            "servers",
            Takes::Any(&[FILE, Takes::List(&Takes::Table(&SERVER), 0, MANY)]),
            "Servers that differ, one by one, instead of capacity or roster: a list, or a CSV file with the columns count,speed,skills,from,to,break_from,break_to.",
        ),
        key(
            "choice",
            Takes::Choice(&CHOICES),
            "Which of several free servers serves; \"longest_idle\" unless given.",
        ),
        key(
            "breakdowns",
            Takes::Table(&BREAKDOWNS),
            "Each server breaks down and is repaired.",
        ),
        key(
            "shared",
            Takes::Flag,
            "One pool for all branches of a region.",
        ),
        key(
            "jams",
            Takes::Table(&JAMS),
            "Each server jams until somebody comes to clear it.",
        ),
    ],
};

/// `capacity = { table = … }`.
pub(crate) static CAPACITY: Room = Room {
    name: "capacity",
    keys: &[needed(
        "table",
        Takes::List(&Takes::Row(&[SERVERS, ANY_WEIGHT]), 1, MANY),
        "[servers, weight] each; one row is drawn for each day.",
    )],
};

const FROM: Key = key("from", CLOCK, "Since when; the opening unless given.");
const TO: Key = key("to", CLOCK, "Until when; the closing unless given.");
const PAUSES: Takes = Takes::Any(&[
    Takes::Table(&BREAK),
    Takes::List(&Takes::Table(&BREAK), 0, MANY),
]);
const PAUSE: Key = key(
    "break",
    PAUSES,
    "A break within the shift, or a list of breaks.",
);

/// A shift of a roster.
pub(crate) static ROSTER: Room = Room {
    name: "roster",
    keys: &[needed("count", SERVERS, "How many."), FROM, TO, PAUSE],
};

/// A break.
pub(crate) static BREAK: Room = Room {
    name: "break",
    keys: &[
        needed("from", CLOCK, "Since when."),
        needed("to", CLOCK, "Until when."),
    ],
};

/// A shift of one server.
pub(crate) static SHIFT: Room = Room {
    name: "shifts",
    keys: &[FROM, TO, PAUSE],
};

/// Servers that are alike, of those listed one by one.
pub(crate) static SERVER: Room = Room {
    name: "servers",
    keys: &[
        key(
            "count",
            Takes::Whole(1, TOLD_APART_MAX.cast_signed()),
            "How many are like this; 1 unless given.",
        ),
        key(
            "speed",
            Takes::Number(0.01, 100.0),
            "So many times as fast; 1 unless given.",
        ),
        key(
            "skills",
            Takes::List(&NAME, 0, MANY),
            "What it can do, by name.",
        ),
        FROM,
        TO,
        PAUSE,
        key(
            "shifts",
            Takes::List(&Takes::Table(&SHIFT), 0, MANY),
            "Several shifts, instead of from, to and break.",
        ),
    ],
};

/// `queue = { … }`.
pub(crate) static QUEUE: Room = Room {
    name: "queue",
    keys: &[
        key(
            "order",
            Takes::Choice(&ORDERS),
            "Who is served first among equals in priority; \"fifo\" unless given.",
        ),
        key(
            "preemption",
            Takes::Choice(&PREEMPTIONS),
            "Whether higher priority interrupts, and how the interrupted go on; \"none\" unless given.",
        ),
        key(
            "room",
            Takes::Whole(0, 10_000_000),
            "So many may wait; who finds more leaves.",
        ),
        key(
            "lines",
            Takes::Choice(&LINES),
            "One line, or one for each server and how customers choose theirs; \"one\" unless given.",
        ),
        key(
            "jockeying",
            Takes::Flag,
            "The last of a longer line comes over when a service ends.",
        ),
        key(
            "tickets",
            Takes::Table(&TICKETS),
            "Tickets are called whether their holder is still there or not.",
        ),
    ],
};

/// `tickets = { … }`.
pub(crate) static TICKETS: Room = Room {
    name: "tickets",
    keys: &[needed(
        "calling_time",
        DURATION,
        "What the call of a ticket takes whose holder has left.",
    )],
};

/// `breakdowns = { … }`.
pub(crate) static BREAKDOWNS: Room = Room {
    name: "breakdowns",
    keys: &[
        needed(
            "up",
            Takes::Law,
            "From a repair to the next breakdown (MTBF).",
        ),
        needed("down", Takes::Law, "From a breakdown to its repair (MTTR)."),
        key(
            "by",
            Takes::Choice(&BREAKS_BY),
            "Whether `up` is time of the clock or time at work; \"clock\" unless given.",
        ),
        key(
            "service",
            Takes::Choice(&INTERRUPTIONS),
            "How the interrupted service goes on; \"resume\" unless given.",
        ),
    ],
};

/// `jams = { … }`.
pub(crate) static JAMS: Room = Room {
    name: "jams",
    keys: &[
        needed("every", Takes::Law, "Time at work until it jams."),
        needed("cleared_by", NAME, "The resource whose people clear it."),
        needed("takes", Takes::Law, "How long clearing takes."),
        key(
            "priority",
            Takes::Number(-1e6, 1e6),
            "Its priority among those who wait for that resource; before everybody unless given.",
        ),
    ],
};

/// `cost = { … }` of a machine.
pub(crate) static MACHINE_COST: Room = Room {
    name: "machine cost",
    keys: &[
        needed("purchase", YUAN, "Its price in yuan."),
        needed("years", Takes::Number(0.1, 100.0), "Over so many years."),
        key(
            "service_per_year",
            YUAN,
            "Its upkeep in yuan a year; 0 unless given.",
        ),
        key(
            "days_per_year",
            Takes::Number(1.0, 366.0),
            "Days in a year on which the branch is open; 250 unless given.",
        ),
    ],
};

/// `[cost]`.
pub(crate) static COST: Room = Room {
    name: "cost",
    keys: &[
        key(
            "waiting_per_hour",
            YUAN,
            "What an hour of a customer's waiting costs, in yuan.",
        ),
        key(
            "usual",
            Takes::Flag,
            "What resources do not say of their cost is as usual for their kind.",
        ),
    ],
};

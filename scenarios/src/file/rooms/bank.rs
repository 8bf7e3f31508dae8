//! The mobile bank, its spikes, what goes wrong, and what is played on the core bank.

use super::{
    CLOCK, Choices, DURATION, FILE, Form, Key, MANY, Names, POSITIVE_DURATION, Room, SHARE, TEXT,
    Takes, WEIGHT, key, needed,
};
use crate::file::mobile::{ACTIVES_MAX, CAMPAIGN_CHANNELS};
use crate::file::traffic::{CONNECTIONS_MAX, MODELS, WINDOWS};
use crate::operation::Operation;

/// Every operation.
pub(crate) struct Operations;
pub(crate) static OPERATIONS: Operations = Operations;

impl Choices for Operations {
    fn names(&self) -> Vec<&'static str> {
        Operation::names()
    }
}

/// What customers do at a branch.
pub(crate) struct OperationsAtABranch;
pub(crate) static OPERATIONS_AT_A_BRANCH: OperationsAtABranch = OperationsAtABranch;

impl Choices for OperationsAtABranch {
    fn names(&self) -> Vec<&'static str> {
        let all = Operation::ALL.into_iter();
        let here = all.filter(|it| it.is_offered() && !it.is_of_phones());
        here.map(Operation::name).collect()
    }
}

const ACTIVES: Takes = Takes::Whole(0, ACTIVES_MAX.cast_signed());
const LOG_INS: Takes = Takes::Number(0.0, 10_000.0);
const WEIGHTS: Takes = Takes::List(&Takes::Number(0.0, 1e9), 24, 24);
const REQUESTS: Takes = Takes::Whole(1, 1000);
const MIX: Key = needed(
    "mix",
    Takes::Map(Names::Of(&OPERATIONS), &WEIGHT),
    "What the requests ask for: shares of operations that sum to 1 or to 100.",
);

/// `[mobile]`.
pub(crate) static MOBILE: Room = Room {
    name: "mobile",
    keys: &[
        key(
            "monthly_actives",
            ACTIVES,
            "Users in a month; left out where branches say their `mobile_actives`.",
        ),
        needed("log_ins_per_month", LOG_INS, "Log-ins of each in a month."),
        needed(
            "hourly_weights",
            WEIGHTS,
            "How log-ins come over the day: 24 numbers, for the hours from 0 to 23.",
        ),
        needed(
            "requests_per_session",
            REQUESTS,
            "Requests of a session, the log-in among them.",
        ),
        needed("think", Takes::Law, "From an answer to the next request."),
        MIX,
        key(
            "days",
            Takes::Whole(0, 366),
            "So many of the simulated days are gone through request by request; 0 unless given.",
        ),
        key(
            "mall",
            Takes::Table(&APPLICATION),
            "The mall; what it does not say is as in the mobile bank.",
        ),
        key(
            "messenger",
            Takes::Table(&APPLICATION),
            "The messenger; what it does not say is as in the mobile bank.",
        ),
        key(
            "retry",
            Takes::Table(&MOBILE_RETRY),
            "What users do while an incident stops the bank.",
        ),
    ],
};

/// `mall = { … }`, `messenger = { … }`.
pub(crate) static APPLICATION: Room = Room {
    name: "mobile application",
    keys: &[
        needed("monthly_actives", ACTIVES, "Users in a month."),
        key("log_ins_per_month", LOG_INS, "Log-ins of each in a month."),
        key(
            "hourly_weights",
            WEIGHTS,
            "How log-ins come over the day: 24 numbers, for the hours from 0 to 23.",
        ),
        key(
            "requests_per_session",
            REQUESTS,
            "Requests of a session, the log-in among them.",
        ),
        key("think", Takes::Law, "From an answer to the next request."),
        MIX,
    ],
};

/// `retry = { … }` of the mobile bank.
pub(crate) static MOBILE_RETRY: Room = Room {
    name: "mobile retry",
    keys: &[
        needed("after", Takes::Law, "Asks again after so long …"),
        key(
            "tries",
            Takes::Whole(1, 1000),
            "… so many times at most; 3 unless given.",
        ),
    ],
};

/// `[[campaigns]]`.
pub(crate) static CAMPAIGN: Room = Room {
    name: "campaigns",
    keys: &[
        needed("at", CLOCK, "When it begins."),
        needed(
            "factor",
            Takes::Number(1.0, 10_000.0),
            "In the first minute so many times as many as otherwise.",
        ),
        needed(
            "half_life",
            POSITIVE_DURATION,
            "Then the excess halves in this time, again and again.",
        ),
        key(
            "channels",
            Takes::List(&Takes::Choice(&CAMPAIGN_CHANNELS), 1, MANY),
            "Where; [\"mobile\"] unless given.",
        ),
        key(
            "prizes",
            Takes::Whole(0, 100_000_000),
            "Prizes of the lottery that sign-ins draw from when it is played; 10000 unless given.",
        ),
        key(
            "welfare_vouchers",
            Takes::Whole(0, 10_000),
            "An enterprise issues so many vouchers at this moment when it is played; 0 unless given.",
        ),
    ],
};

const SINCE: Key = needed("from", CLOCK, "Since when.");
const UNTIL: Key = needed("to", CLOCK, "Until when.");

/// `[[incidents]]`.
pub(crate) static INCIDENT: Room = Room {
    name: "incidents",
    keys: &[
        needed(
            "what",
            Takes::Text(Form::Affected),
            "\"resources.NAME\", \"bank\", \"branch\" or, of a region, \"branches.NAME\".",
        ),
        SINCE,
        UNTIL,
        key(
            "down",
            Takes::Whole(1, 100_000),
            "So many servers of the resource fewer.",
        ),
        key(
            "stopped",
            Takes::Yes,
            "No journey starts that holds it, or asks the bank, or at all.",
        ),
        key(
            "unanswered",
            Takes::Yes,
            "The bank says nothing until it is over.",
        ),
        key(
            "slower",
            Takes::Number(0.01, 1000.0),
            "What starts then takes so many times as long.",
        ),
        key("closed", Takes::Yes, "The doors of the branch are shut."),
    ],
};

/// `[[incidents]]` of one branch of a region.
pub(crate) static INCIDENT_OF_A_BRANCH: Room = Room {
    name: "incidents of a branch",
    keys: &[
        needed(
            "what",
            Takes::Text(Form::OneBranch),
            "\"branches.NAME\": one branch of a region.",
        ),
        SINCE,
        UNTIL,
        needed("closed", Takes::Yes, "Its doors are shut."),
    ],
};

/// `model = { users = … }` of `[load]`.
pub(crate) static CLOSED: Room = Room {
    name: "closed model",
    keys: &[
        needed(
            "users",
            Takes::Whole(1, CONNECTIONS_MAX.cast_signed()),
            "How many users; each has a connection and one session at a time.",
        ),
        key(
            "pause",
            DURATION,
            "Simulated time between two sessions of a user; none unless given.",
        ),
        key(
            "ramp",
            DURATION,
            "Simulated time over which the users begin; at once unless given.",
        ),
    ],
};

/// `[load]`.
pub(crate) static LOAD: Room = Room {
    name: "load",
    keys: &[
        key(
            "window",
            Takes::Choice(&WINDOWS),
            "\"busiest\" (unless given): the stretch of the day with most operations; \"day\": all of it.",
        ),
        key(
            "window_length",
            POSITIVE_DURATION,
            "How long the busiest stretch is; \"30min\" unless given.",
        ),
        key("from", CLOCK, "Or the stretch since then …"),
        key("to", CLOCK, "… until then."),
        key(
            "operations",
            FILE,
            "Or a CSV file of recorded operations beside this one; with `from` and `to`, its sessions must start between them.",
        ),
        key(
            "operations_hash",
            TEXT,
            "The BLAKE3 hash of that file, which must be so; a run writes it.",
        ),
        key(
            "skip_quiet",
            POSITIVE_DURATION,
            "Stretches in which nothing starts for longer are leapt over, and the bank's clock with them; never unless given.",
        ),
        key(
            "speed",
            Takes::Number(0.001, 1e6),
            "Simulated time passes so many times faster; 1 unless given.",
        ),
        key(
            "volume",
            Takes::Number(0.001, 1e6),
            "Every session so many times; 1 unless given.",
        ),
        key(
            "model",
            Takes::Any(&[Takes::Choice(&MODELS), Takes::Table(&CLOSED)]),
            "Who starts sessions: \"open\" and \"capped_open\" (unless given) the simulated day, over connections as they are needed or over a few; { users = 50 } so many users, one session after another.",
        ),
        key(
            "connections",
            Takes::Whole(1, CONNECTIONS_MAX.cast_signed()),
            "Connections to the bank, at most; 64 unless given, 20000 of an open model, one for each user of a closed one.",
        ),
        key(
            "retry",
            POSITIVE_DURATION,
            "What nobody answered is asked again under the same key for so long (real time); never unless given.",
        ),
        key(
            "repeat",
            SHARE,
            "This share of what the bank acknowledged is asked once more under its key, and must be the same; 0 unless given.",
        ),
        key(
            "timeout",
            POSITIVE_DURATION,
            "No answer in so long is a time-out; \"30s\" unless given.",
        ),
        key(
            "warm_up",
            DURATION,
            "Real time that is played but not judged; \"2s\" unless given.",
        ),
    ],
};

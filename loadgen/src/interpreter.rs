//! Between the plan and the wire: an interpreter says an operation to a target and
//! understands its answer. The bank's is `bank_player.rs`, that of a target file
//! `own_system.rs`; the player knows neither.

use crate::agenda::Call;
use crate::clock::Moment;
use crate::connection::Exchange;
use crate::fate::{Effect, Outcome};
use crate::journal::Phase;
use crate::kind::Kind;
use crate::line::Line;
use serde::Serialize;

/// Says operations to a target.
pub trait Interpreter: Sized + 'static {
    /// What is asked.
    type Step: 'static;
    /// What a session remembers from step to step.
    type Session: Default + 'static;
    /// What the journal says of an operation beside how it ended.
    type Note: Clone + Default + 'static;
    /// A row of the journal.
    type Row: Serialize;

    /// What it is counted as.
    fn kind(&self, step: &Self::Step) -> Kind;

    /// Whether it changes something, so that what became of it is unknown without an answer.
    fn changes(&self, step: &Self::Step) -> bool;

    /// Plays one operation from its first preparation to its answer. `written` hears when
    /// the operation itself is handed to the socket.
    fn perform(
        &self,
        call: &Call<Self::Step>,
        session: &mut Self::Session,
        line: &mut Line,
        written: &dyn Fn(Moment, &Self::Note),
    ) -> impl Future<Output = End<Self::Note>>;

    /// What the journal says of it.
    fn row(&self, call: &Call<Self::Step>, end: &End<Self::Note>, times: &RowTimes) -> Self::Row;
}

/// How one operation ended.
#[derive(Debug, Clone)]
pub struct End<N> {
    pub outcome: Outcome,
    pub effect: Effect,
    /// Code of the refusal, if it was one.
    pub code: Option<String>,
    /// Why it failed, if it did.
    pub what: Option<String>,
    /// A whole answer came.
    pub answered: bool,
    /// When it was handed to the socket.
    pub written: Option<Moment>,
    pub note: N,
}

/// When it was played, for the journal.
#[derive(Debug, Clone, Copy)]
pub struct RowTimes {
    pub phase: Phase,
    /// Microseconds from the start to the intended start.
    pub intended_micros: Option<u64>,
    pub latency_micros: Option<u64>,
    pub service_micros: Option<u64>,
}

impl<N: Default> End<N> {
    /// What an exchange without an answer came to; `Err` gives the answer back.
    pub fn without_answer(
        exchange: Exchange,
        changes: bool,
        written: Option<Moment>,
        note: N,
    ) -> Result<Self, (u16, bytes::Bytes, N)> {
        Ok(match exchange {
            Exchange::Answered { status, body } => return Err((status, body, note)),
            Exchange::NotWritten(why) => Self::unsent(why, note),
            Exchange::Broken(why) => Self {
                what: Some(why),
                ..Self::late(changes, Outcome::Failed, written, note)
            },
            Exchange::TimedOut => Self::late(changes, Outcome::TimedOut, written, note),
        })
    }

    /// Sent, and nothing usable came back.
    pub fn late(changes: bool, outcome: Outcome, written: Option<Moment>, note: N) -> Self {
        Self {
            effect: if changes {
                Effect::Unknown
            } else {
                Effect::None
            },
            what: (outcome == Outcome::TimedOut).then(|| "no answer in time".to_owned()),
            written,
            note,
            ..Self::not_sent(outcome)
        }
    }

    /// Not sent because it could not be.
    pub fn unsent(why: String, note: N) -> Self {
        Self {
            what: Some(why),
            note,
            ..Self::not_sent(Outcome::Failed)
        }
    }

    /// Due, and no connection came free for it.
    pub fn waiting(interrupted: bool) -> Self {
        if interrupted {
            return Self::not_sent(Outcome::NotSent);
        }
        Self {
            what: Some("no connection came free in time".to_owned()),
            ..Self::not_sent(Outcome::TimedOut)
        }
    }

    /// Of this class, with no effect, because nothing was sent.
    pub fn not_sent(outcome: Outcome) -> Self {
        Self {
            outcome,
            effect: Effect::None,
            code: None,
            what: None,
            answered: false,
            written: None,
            note: N::default(),
        }
    }
}

//! What the bank allows, written once: pure functions of (state, command, time) that either refuse
//! with a reason or yield the facts to record. There is no clock, no randomness, no floating point
//! and no input or output here; the state follows from the facts alone, so a replay of the journal
//! rebuilds it exactly.

mod admit;
mod answer;
mod authorise;
mod calendar;
mod card_use;
mod command;
mod decide;
mod fact;
mod ids;
mod keys;
mod ledger;
mod locks;
mod media;
mod money;
mod operation;
mod refusal;
mod resident;
mod session;
mod state;
mod table;
mod time;

pub use admit::{Caller, Envelope, Verdict, judge, judge_again};
pub use answer::Answer;
pub use authorise::time_step;
pub use calendar::{Day, DayTotal, Month};
pub use command::{Action, Command, MediumWish, Order, Party, Payee, Proof, Shown};
pub use decide::decide;
pub use fact::{Fact, Posting};
pub use ids::{
    AccountNumber, AuthorisationId, CardId, CustomerId, Fingerprint, IdempotencyKey,
    IdentityCheckId, SessionId, ShieldKey, TokenDigest, TokenNonce, TransferId,
};
pub use keys::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MICROS, KeyDigest, Looked, Remembered};
pub use ledger::{BookAccount, LedgerAccount, LedgerKind};
pub use locks::{CardEntry, CardLocks, LOCK_PLACES_MAX, Place};
pub use media::{Allowance, Limits, Media, Medium, MediumKey, Scope};
pub use money::{Amount, AmountError, Fen};
pub use operation::{Channel, Operation};
pub use refusal::{Effect, Refusal, RefusalCode, refusal_table};
pub use resident::{PersonName, Phone, ResidentId};
pub use session::{AlertWishes, PasswordHash, SESSION_MICROS_MAX, Session};
pub use state::{Account, Card, CardStatus, Customer, Misfit, State};
pub use time::BusinessTime;

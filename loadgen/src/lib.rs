//! Plays a planned stream of bank operations on a core bank and says honestly
//! how it went.
//!
//! A newcomer finds here: to whom we speak ([`target`]), what is played and how
//! fast ([`options`]), the customers and accounts opened beforehand, the pacing
//! by absolute deadlines, the connections, the classes an operation can end in
//! ([`fate`]), the histograms and figures ([`outcome`]), the journal of what was
//! sent ([`journal`]) and the reconciliation of it with the bank's own books
//! ([`reconciliation`]). What does *not* live here: the plan itself (whoever
//! simulates or records a day makes it), the bank, gates and reports. The bank
//! is reached over HTTP only; one file, `bank_api.rs`, knows how an operation is
//! said to it.

mod audit;
mod authorisation;
mod bank_api;
mod business_clock;
mod clock;
mod connection;
mod credentials;
mod error;
pub mod fate;
mod figures;
mod histogram_files;
mod http1;
pub mod journal;
mod measurement;
mod money;
mod needs;
mod offers;
pub mod options;
pub mod outcome;
mod pacing;
mod player;
mod promises;
pub mod reconciliation;
mod retry;
mod run;
mod script;
mod setup;
pub mod target;

pub use credentials::{idempotency_key, resident_id_check_digit};
pub use error::LoadError;
pub use journal::RunJournal;
pub use options::{LoadOptions, LoadProgress, LoadSnapshot, NoProgress, StopFlag};
pub use outcome::{LoadOutcome, PlayedWindow};
pub use reconciliation::{BankStart, reconcile};
pub use run::run;
pub use target::{Reach, Target, Tokens};

//! Plays a plan of operations on a target and says honestly how it went.
//!
//! A newcomer finds here: what is played ([`Plan`], [`Profile`]) and how ([`options`]);
//! to whom we speak ([`Endpoint`]), to a bank ([`target`]) or as a [`TargetFile`] says;
//! the agenda that pulls a plan as its time comes, the player that keeps the pace, the
//! interpreters between plan and wire; the classes an operation can end in ([`fate`]),
//! the histograms and figures ([`outcome`]), the journal of what was sent ([`journal`])
//! and the reconciliation of it with the bank's own books ([`reconciliation`]). What does
//! *not* live here: simulated days (whoever simulates or records one makes it), the bank,
//! gates and reports. Targets are reached over HTTP only; one file, `bank_api.rs`, knows
//! how an operation is said to the bank.

mod agenda;
mod audit;
mod authorisation;
mod bank_api;
mod bank_player;
mod business_clock;
mod clock;
mod connection;
mod course;
mod credentials;
mod endpoint;
mod error;
pub mod fate;
mod figures;
mod histogram_files;
mod http1;
mod http2;
mod interpreter;
pub mod journal;
mod kind;
mod leaps;
mod limits;
mod line;
mod locks;
mod measurement;
mod money;
mod needs;
mod offers;
pub mod options;
pub mod outcome;
mod own_system;
mod pacing;
mod patience;
mod placed;
mod plan;
mod player;
mod profile;
mod promises;
mod quality;
pub mod reconciliation;
mod recorder;
mod retry;
mod run;
mod script;
mod setup;
mod stage;
mod stream;
pub mod target;
mod target_file;
mod target_process;

pub use course::Spike;
pub use credentials::{idempotency_key, resident_id_check_digit};
pub use endpoint::{Endpoint, Reach, Trust, Version};
pub use error::LoadError;
pub use journal::RunJournal;
pub use leaps::Leaps;
pub use options::{LoadOptions, LoadProgress, LoadSnapshot, Model, NoProgress, StopFlag};
pub use outcome::{LoadOutcome, PlayedWindow};
pub use own_system::{OwnPlan, play_on_own_system};
pub use placed::Fault;
pub use plan::Plan;
pub use profile::{BankTraffic, Crowd, Profile, is_profile};
pub use quality::Quality;
pub use reconciliation::{BankStart, reconcile};
pub use run::{play, run};
pub use target::{Target, Tokens};
pub use target_file::TargetFile;
pub use target_process::process_listening_on;

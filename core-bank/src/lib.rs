//! The core bank: a small bank that is exact to the fen and durable before it answers.
//!
//! Here live the rules ([`rules`]: pure functions that decide), the journal ([`journal`]: what was
//! decided, durable and chained), the one writer between them, the projection for history, and the
//! HTTP service over all of it ([`serve`]). What does not live here: the command line that starts a
//! server, the load that is put on it, and the reconciliation that judges it from outside. A request
//! goes `api` → queue → `writer` → `rules::judge` → `journal` → answer; start reading at
//! [`rules::decide`].

mod access;
mod api;
mod authentication;
pub mod clock;
mod connection;
mod connections;
mod copy;
mod data_folder;
mod defect;
mod descriptors;
mod digits;
mod entries;
mod forgotten_keys;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handover;
mod heads;
mod histories_check;
mod history;
pub mod journal;
mod kept;
mod log;
pub mod metrics;
mod notices;
mod office;
mod older_keys;
mod options;
mod patience;
mod product_lists;
mod projection;
mod projector;
mod queue;
mod rates;
mod recovery;
mod repair;
mod room;
pub mod rules;
mod seed;
mod server;
mod snapshot;
mod statements;
mod tls;
mod tools;
mod unfinished;
mod verify;
pub mod writer;

pub use access::TerminalTokens;
pub use authentication::may_be_password;
pub use data_folder::DataFolderError;
pub use histories_check::FoundHistories;
pub use log::{LogInProgress, start_log};
pub use options::{Observability, OptionError, Plant, ServeOptions};
pub use projector::ProjectionError;
pub use recovery::{Recovered, RecoveryError, recover};
pub use repair::{RepairError, Repaired, repair_keeping_prefix, repair_postgres_keeping_prefix};
pub use rules::Operation;
pub use seed::{SEED_CUSTOMERS_MAX, SeedError, SeedOptions, SeededCustomer, SownBank, seed, sow};
pub use server::{ServeError, serve};
pub use tls::{TlsError, TlsFiles};
pub use tools::{ExportFormat, Head, JournalPlace, ToolError, backup, export, rebuild, restore};
pub use verify::{
    VerifyError, VerifyReport, find_noted, find_noted_in, verify, verify_bank, verify_journal,
};

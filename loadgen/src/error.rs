//! Everything that keeps a load from being played or reconciled at all. What
//! goes wrong with single operations is no error of the run but one of its
//! results; see [`crate::fate`].

use std::path::PathBuf;
use thiserror::Error;

/// Why a load could not be played or reconciled.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The target's address cannot be used.
    #[error(
        "the target `{target}` cannot be used: {why}; write it as http://127.0.0.1:8080 or https://127.0.0.1:8443, without a path"
    )]
    TargetAddress {
        /// As given.
        target: String,
        /// What is wrong with it.
        why: String,
    },
    /// The target is another machine and nobody said that it is theirs.
    #[error(
        "the target {host} is not this machine: load is only played on a system of your own; name its host as yours to go on"
    )]
    NotLoopback {
        /// The host as given.
        host: String,
    },
    /// There are no certificates to believe.
    #[error("no certificate can be taken from {from}: {why}")]
    Certificates {
        /// File or store.
        from: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody answers there, or not as a bank does.
    #[error(
        "the target {target} cannot be reached: {why}; check that the bank runs and listens there"
    )]
    Unreachable {
        /// Address.
        target: String,
        /// What happened.
        why: String,
    },
    /// The bank answers that it is not ready.
    #[error("the bank at {target} is not ready: {why}; wait until /readyz says so and try again")]
    NotReady {
        /// Address.
        target: String,
        /// What it said.
        why: String,
    },
    /// The file of tokens cannot be read.
    #[error(
        "the tokens in {} cannot be read: {why}; it must be the tokens.json of the bank's data folder, readable by you",
        path.display()
    )]
    TokensFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The bank does not know one of the tokens.
    #[error(
        "the bank at {target} refuses the {role} token ({answer}); give the tokens.json of this bank's data folder"
    )]
    TokenRefused {
        /// Address.
        target: String,
        /// `counter`, `kiosk`, `atm`, `operator`.
        role: String,
        /// Status and code.
        answer: String,
    },
    /// The bank did not let its clock be set.
    #[error(
        "the bank at {target} did not set its clock to {business_time}: {why}; start it with --test and with a clock that shows an earlier time"
    )]
    Clock {
        /// Address.
        target: String,
        /// What it was to show.
        business_time: String,
        /// What it said.
        why: String,
    },
    /// An option is out of its range.
    #[error("{option} cannot be {value}: {right}")]
    Option {
        /// Which.
        option: &'static str,
        /// As given.
        value: String,
        /// What would be right.
        right: &'static str,
    },
    /// An operation of the plan cannot be played on any bank.
    #[error("operation {number} of the plan ({operation} of customer `{customer}`) {why}")]
    Plan {
        /// Position from 1.
        number: usize,
        /// Name of the operation.
        operation: String,
        /// Customer.
        customer: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// The file of recorded operations cannot be read.
    #[error("{}: {why}", path.display())]
    Recorded {
        /// The file.
        path: PathBuf,
        /// What is wrong, with row and column.
        why: String,
    },
    /// The plan read the second time is not the one read the first time.
    #[error("the file of operations has changed while it was played")]
    Changed,
    /// A target file, a profile or a feeder is wrong.
    #[error("{0}")]
    File(#[from] crate::placed::Fault),
    /// A customer or account that the plan needs could not be opened.
    #[error(
        "the customers that the plan needs could not be opened: {operation} for customer `{customer}`: {why}"
    )]
    Setup {
        /// Name of the operation.
        operation: String,
        /// Customer.
        customer: String,
        /// What happened.
        why: String,
    },
    /// The journal of the run cannot be written or read.
    #[error("the journal of the load {} cannot be used: {why}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file of latencies cannot be written.
    #[error("the latencies cannot be written to {}: {why}", path.display())]
    Written {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        why: std::io::Error,
    },
    /// The bank's books cannot be read, so nothing can be said about them.
    #[error("the bank's books cannot be read at {what}: {why}")]
    Audit {
        /// The request.
        what: String,
        /// What happened.
        why: String,
    },
    /// The books kept changing while they were read.
    #[error(
        "the bank is still changing after {readings} readings of its books; reconcile again when nobody else uses it"
    )]
    StillMoving {
        /// How often they were read.
        readings: u32,
    },
    /// The operating system gave no timer, thread or socket.
    #[error("the operating system refused {what}: {why}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// Its answer.
        why: std::io::Error,
    },
}

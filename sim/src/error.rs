//! What can go wrong before or while a scenario is simulated.

use thiserror::Error;

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SimError {
    /// The scenario contradicts itself; the reader of scenario files refuses it.
    #[error("{place}: {problem}; read the scenario with `branchlab check` to see it in the file")]
    Scenario {
        /// What of the scenario.
        place: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// Nothing to simulate.
    #[error("0 replications were asked for; ask for at least 1")]
    NoReplications,
    /// Interrupted before the first replication was done.
    #[error("interrupted before the first replication was done; there are no figures")]
    Interrupted,
    /// The branch overflows.
    #[error(
        "more than {limit} customers are in the branch at once: arrivals exceed what the resources can serve; \
         shorten the run, lower the arrivals or add servers"
    )]
    Overcrowded {
        /// How many fit.
        limit: usize,
    },
    /// A file of days that cannot be read.
    #[error("line {line} of the days: {problem}")]
    Days {
        /// Line, from 1.
        line: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
}

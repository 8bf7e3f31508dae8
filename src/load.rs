//! `branchlab load`, and the load part of `branchlab run`: a plan of operations
//! played on a bank, and the bank's books read afterwards.

use crate::arguments::{LoadArguments, OwnBankArguments};
use crate::bank_process::BankProcess;
use crate::exit::{Ended, Failure};
use crate::interrupt::Interrupt;
use crate::judge::Measured;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::summarise::{self, Loaded, Results};
use anyhow::Context;
use scenarios::model::{Load, Scenario, Window};
use scenarios::operation::PlannedOperation;
use scenarios::time::SimTime;

/// What is played, and how.
pub struct Plan {
    operations: Vec<PlannedOperation>,
    from: SimTime,
    to: SimTime,
    load: Load,
    left_out: Vec<String>,
}

impl Plan {
    /// The operations of day 0 in the scenario's window, mobile traffic included.
    pub fn of_scenario(scenario: &Scenario, load: &Load) -> Self {
        let (from, to) = match load.window {
            Window::Busiest(length) => sim::busiest_window(scenario, length),
            Window::Between(from, to) => (from, to),
        };
        let left_out = scenario.mobile.as_ref().map_or_else(Vec::new, |mobile| {
            mobile
                .mix_left_out
                .iter()
                .map(|(operation, weight)| format!("{operation} ({weight}%)"))
                .collect()
        });
        Self {
            operations: sim::operations(scenario, 0, scenario.run.seed, from, to),
            from,
            to,
            load: load.clone(),
            left_out,
        }
    }
}

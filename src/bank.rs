//! `branchlab bank`: the core bank, served or verified.

use crate::arguments::{BankArguments, BankCommand, ServeArguments};
use crate::exit::{Ended, Failure, PASSED};
use anyhow::Context;
use std::io::Read;

/// Runs a subcommand of `branchlab bank`.
pub fn bank(arguments: BankArguments) -> Ended {
    match arguments.command {
        BankCommand::Serve(arguments) => serve(arguments),
        BankCommand::Verify { data } => verify(&data),
    }
}

//! The command `branchlab`: one file per subcommand, each thin. What a scenario
//! means lives in the crate `scenarios`, what a day does in `sim`, the bank in
//! `core-bank`, its load in `loadgen`, how results look in `reports`; here they
//! are only strung together, and every way a command can end gets its exit code.

mod answer;
mod arguments;
mod bank;
mod bank_process;
mod bank_tools;
mod check;
mod compare;
mod exit;
mod github;
mod interrupt;
mod judge;
mod kill_drill;
mod load;
mod machine;
mod new_file;
mod progress;
mod report;
mod run;
mod run_directory;
mod schema;
mod simulate;
mod summarise;

use arguments::{Cli, Command};
use clap::Parser;
use exit::Failure;
use std::process::ExitCode;

/// A bank's threads hand each other what they allocate, for which the C library's allocator keeps half as
/// much again as the bank needs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let ended = match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Load(arguments) => load::load(&arguments),
        Command::Bank(arguments) => bank::bank(arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Schema => schema::schema(),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::NotYet(name) => Err(not_yet(&name)),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Commands that the design names and this version lacks are refused by name.
fn not_yet(words: &[String]) -> Failure {
    const NAMED: [&str; 7] = [
        "plan", "capacity", "sweep", "fit", "serve", "merge", "submit",
    ];
    let name = words.first().map_or("", String::as_str);
    if NAMED.contains(&name) {
        Failure::usage(format!("`branchlab {name}` is not yet supported"))
    } else {
        Failure::usage(format!(
            "there is no command `{name}`; `branchlab --help` lists what there is"
        ))
    }
}

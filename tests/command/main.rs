//! The command, end to end, as its users run it.

mod bank_serving;
mod bank_tools;
mod comparing;
mod determinism;
mod interrupted;
mod main_job;
mod references;
mod region;
mod serving;
mod support;
mod theory;
mod wrong_input;

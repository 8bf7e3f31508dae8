//! The command, end to end, as its users run it.

#[path = "../../loadgen/tests/freezing_server/mod.rs"]
mod freezing_server;

mod bank_as_target;
mod bank_serving;
mod bank_tools;
mod comparing;
mod determinism;
mod hostile_traffic;
mod interrupted;
mod kill_drill;
mod limits_under_load;
mod load_models;
mod main_job;
mod own_system;
mod planted_defects;
mod references;
mod region;
mod regressions;
mod serving;
mod soak;
mod starved;
mod support;
mod terminal_sessions;
mod theory;
mod tools_that_fail;
mod two_banks;
mod whole_day;
mod words;
mod wrong_input;

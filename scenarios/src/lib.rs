//! The formats that every other crate shares, and nothing that runs them.
//!
//! A newcomer finds here: how a scenario file is read, checked and explained
//! ([`file`], [`explain`]), and its JSON Schema for editors ([`schema`]); what a checked scenario is ([`model`]); the
//! operations that a simulated day yields and a bank is loaded with
//! ([`operation`]); the table of figures that every run reports ([`figure`]);
//! the gates that judge those figures ([`gate`]); the judge of a target beside its
//! baseline ([`regression`]); and the summary that a run leaves behind
//! ([`summary`]). What does *not* live here: simulation, load, banks, drawing. This
//! crate knows none of the others.

pub mod explain;
pub mod figure;
pub mod file;
pub mod gate;
pub mod language;
pub mod model;
pub mod names;
pub mod operation;
pub mod regression;
pub mod schema;
pub mod summary;
pub mod time;

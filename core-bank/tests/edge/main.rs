//! The bank's edge: what the served description says, who may ask, what hostile clients get.
//!
//! Everything here goes over the served `OpenAPI` document, so an endpoint that was added without a
//! row of `endpoints.txt` or without hostile requests in `hostile.txt` fails.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../bank_process/mod.rs"]
mod bank_process;
mod description;
mod examples;
mod framing;
mod hostile;
mod logs;
mod rates;
mod rights;
mod strict;
mod table;
mod things;
mod tls;
mod world;

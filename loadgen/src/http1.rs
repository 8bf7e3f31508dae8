//! HTTP/1.1 as a load generator speaks it: a request is one buffer written at
//! once, an answer is read out of one buffer. `httparse` reads the heads. Nothing
//! here waits or connects; `connection.rs` does.
//!
//! Why not a whole client: at full speed a client's own tasks, channels and header
//! maps cost as much processor time as the exchange itself (`docs/performance.md`),
//! and that time is the generator's lag.

mod answer;
mod request;

pub use answer::AnswerReader;
pub use request::{NOT_SENDABLE, RequestHead, write_request};

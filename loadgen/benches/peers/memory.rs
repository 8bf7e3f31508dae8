//! Memory at a thousand connections, in a short run and in a longer one.

use crate::open::numbers;
use crate::process::{Server, run_part};
use crate::table::{self, Rounds};

/// At 2,000 a second.
pub fn measure(_rounds: usize) {
    let mut rows = [("10", Rounds::default()), ("60", Rounds::default())];
    for (seconds, figures) in &mut rows {
        let server = Server::start();
        let address = server.address.to_string();
        let ran = run_part("part:ours-open", &[&address, "1000", "2000", seconds]);
        assert!(ran.succeeded, "{}", ran.said);
        let kib = numbers(&ran.said)[5];
        figures.add(&[kib / 1024.0]);
    }
    table::print(
        "Memory of the generator, 1,000 connections, 2,000 a second",
        &["seconds", "most memory held, MiB"],
        &rows,
    );
}

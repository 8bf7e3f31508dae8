//! What must hold, and where the numbers come from.

use super::words::line;
use crate::model::{Mark, Scenario};

pub(super) fn explain(text: &mut String, scenario: &Scenario) {
    line(text, "\nWhat must hold");
    for named in &scenario.gates {
        line(text, format!("  {}: {}", named.name, named.gate.text));
    }
    if scenario.gates.is_empty() {
        line(text, "  nothing");
    }
    if !scenario.assumptions.is_empty() {
        line(text, "\nWhere the numbers come from");
    }
    for assumption in &scenario.assumptions {
        let mark = match assumption.mark {
            Mark::Sourced => "sourced",
            Mark::Derived => "derived",
            Mark::Assumed => "assumed",
        };
        line(
            text,
            format!(
                "  [{mark}] {} = {}\n    {}",
                assumption.about, assumption.value, assumption.because
            ),
        );
    }
}

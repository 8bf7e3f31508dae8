//! `junit.xml`: a test case per gate, so that CI shows what did not hold.
//! Whatever did not pass is a failure, never a skip: a skip reads as harmless.

use crate::run::RunData;
use crate::words::gates;
use crate::words::regression;
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::summary::{
    ComparedRecord, GateRecord, Reconciliation, RegressionRecord, Status, Summary,
};
use std::fmt::Write as _;

/// A test case: its name, and why it failed if it did.
struct Case {
    name: String,
    failure: Option<String>,
}

/// One test case for completeness, one per gate, and for a load one each for
/// the reconciliation and the generator where no gate judged them.
pub fn junit(run: &RunData) -> String {
    let summary = &run.summary;
    let cases = cases(summary);
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let suite = escape(&format!("branchlab.{}", summary.scenario.name));
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"",
        cases.len()
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>"
    );
    for case in &cases {
        let name = escape(&case.name);
        match &case.failure {
            None => {
                let _ = writeln!(out, "    <testcase classname=\"{suite}\" name=\"{name}\"/>");
            }
            Some(message) => {
                let message = escape(message);
                let _ = writeln!(
                    out,
                    "    <testcase classname=\"{suite}\" name=\"{name}\">\n      <failure message=\"{message}\">{message}</failure>\n    </testcase>"
                );
            }
        }
    }
    out + "  </testsuite>\n</testsuites>\n"
}

fn cases(summary: &Summary) -> Vec<Case> {
    let status = match summary.status {
        Status::Complete => None,
        Status::Partial => Some("the run was interrupted: results are partial"),
        Status::Invalid => Some("the run could not measure"),
    };
    let mut cases = vec![Case {
        name: "complete".to_owned(),
        failure: status.map(str::to_owned),
    }];
    cases.extend(summary.gates.iter().map(|gate| gate_case(gate, summary)));
    cases.extend(summary.regression.iter().flat_map(regression_cases));
    let judged = |name: &str| summary.gates.iter().any(|gate| gate.name == name);
    let loaded = summary.load.as_ref();
    // A system of somebody's own has no books that could be read.
    let has_books = loaded.is_some_and(|load| load.system.is_none());
    if has_books || summary.reconciliation.is_some() {
        cases.push(reconciliation_case(summary.reconciliation.as_ref()));
    }
    if let Some(load) = loaded.filter(|_| !judged("generator_kept_up")) {
        let failure = (load.not_sent > 0)
            .then(|| format!("{} planned operations were never sent", load.not_sent));
        cases.push(Case {
            name: "generator".to_owned(),
            failure,
        });
    }
    cases
}

/// A figure fails if it regressed, or kept a comparison undecided that is undecided.
fn regression_cases(found: &RegressionRecord) -> Vec<Case> {
    let case = |it: &ComparedRecord| {
        let open = found.verdict == Verdict::Undecided
            && it.verdict == Verdict::Undecided
            && it.waited_for;
        let failure = (it.verdict == Verdict::Fail || open).then(|| {
            let verdict = regression::verdict(it.verdict, Lang::En);
            let worse = regression::worse(it, Lang::En);
            format!(
                "{verdict}: worse by {worse} than {} after {} pairs of runs",
                found.baseline,
                found.runs.len()
            )
        });
        Case {
            name: format!("regression.{}", it.figure.name()),
            failure,
        }
    };
    found.figures.iter().map(case).collect()
}

fn gate_case(gate: &GateRecord, summary: &Summary) -> Case {
    let failure = (gate.verdict != Verdict::Pass).then(|| {
        let verdict = gates::verdict(gate.verdict, Lang::En);
        let found = gates::found(gate, summary, Lang::En);
        format!(
            "{verdict}: {} (gate {}, found {found})",
            gate.reason, gate.gate
        )
    });
    Case {
        name: gate.name.clone(),
        failure,
    }
}

fn reconciliation_case(found: Option<&Reconciliation>) -> Case {
    let failure = match found {
        None => Some("the load was not reconciled".to_owned()),
        Some(found) if found.reconciled => None,
        Some(found) => {
            let whats: Vec<String> = found
                .discrepancies
                .iter()
                .take(20)
                .map(|one| format!("{}: {}", one.kind, one.what))
                .collect();
            Some(format!("not reconciled: {}", whats.join("; ")))
        }
    };
    Case {
        name: "reconciliation".to_owned(),
        failure,
    }
}

/// A text in XML 1.0; characters that it cannot hold become a replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' | '\r' => out.push(' '),
            character if character.is_control() => out.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}

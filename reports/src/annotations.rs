//! Annotations of GitHub Actions: a line on the workflow's page for whatever did not pass.

use crate::run::RunData;
use crate::verdict::headline;
use crate::words::gates;
use crate::words::regression;
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use std::fmt::Write as _;

/// Workflow commands, one a line: an error for each gate and each compared figure that did
/// not pass; a notice when all did.
pub fn annotations(run: &RunData, lang: Lang) -> String {
    let summary = &run.summary;
    let name = &summary.scenario.name;
    let mut out = String::new();
    for gate in gates::failing_first(summary) {
        if gate.verdict == Verdict::Pass {
            continue;
        }
        let (gate_name, reason) = (gates::name(gate, lang), gates::reason(gate, summary, lang));
        let verdict = gates::verdict(gate.verdict, lang);
        line(
            &mut out,
            "error",
            &format!("{name}: {gate_name}: {verdict}"),
            &reason,
        );
    }
    let figures = summary.regression.iter().flat_map(|found| &found.figures);
    for it in figures.filter(|it| it.verdict == Verdict::Fail) {
        let figure = regression::figure(it.figure, lang);
        let verdict = regression::verdict(it.verdict, lang);
        let worse = regression::worse(it, lang);
        line(
            &mut out,
            "error",
            &format!("{name}: {figure}: {verdict}"),
            &worse,
        );
    }
    if out.is_empty() {
        line(&mut out, "notice", name, headline(run, lang).words);
    }
    out
}

fn line(out: &mut String, kind: &str, title: &str, message: &str) {
    let _ = writeln!(out, "::{kind} title={}::{}", property(title), data(message));
}

/// What a command's text may not hold is written as GitHub's runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support;

    #[test]
    fn whatever_did_not_pass_has_a_line_and_no_name_can_begin_another() {
        let mut run = support::whole_run(false);
        "a\n::error::b".clone_into(&mut run.summary.scenario.name);
        let failing = run.summary.gates.iter();
        let failing = failing.filter(|gate| gate.verdict != Verdict::Pass).count();
        let text = annotations(&run, Lang::En);
        assert!(failing > 0);
        assert_eq!(text.lines().count(), failing, "{text}");
        for line in text.lines() {
            assert!(
                line.starts_with("::error title=a%0A%3A%3Aerror%3A%3Ab%3A "),
                "{line}"
            );
        }
    }

    #[test]
    fn a_run_that_passed_says_so() {
        let mut run = support::passing_run();
        for gate in &mut run.summary.gates {
            gate.verdict = Verdict::Pass;
        }
        assert!(annotations(&run, Lang::Zh).starts_with("::notice title="));
    }
}

//! `JUnit`, Markdown, CSV, the terminal, and reading a run directory back.

mod support;

use reports::{
    Lang, ReportError, RunData, TerminalStyle, annotations, comparison_terminal, csv, html, junit,
    markdown, read_run, terminal,
};
use scenarios::gate::Verdict;
use scenarios::model::Label;
use scenarios::summary::{Discrepancy, Status};

#[test]
fn whatever_did_not_pass_is_a_failure_and_never_a_skip() {
    let run = support::whole_run(false);
    let report = junit(&run);
    support::well_formed::assert_well_formed(report.split_once("?>").unwrap().1);
    // The run, six gates and the reconciliation; the promise fails, one is undecided.
    assert!(
        report.contains("tests=\"8\" failures=\"2\" errors=\"0\" skipped=\"0\""),
        "{report}"
    );
    assert_eq!(report.matches("<failure ").count(), 2);
    assert!(!report.contains("<skipped"));
    let mut run = support::passing_run();
    run.summary.gates[0].verdict = Verdict::Invalid;
    run.summary.status = Status::Partial;
    assert_eq!(junit(&run).matches("<failure ").count(), 2);
}

#[test]
fn an_unreconciled_load_fails_in_junit_with_what_was_wrong() {
    let mut run = support::passing_run();
    let found = run.summary.reconciliation.as_mut().unwrap();
    found.reconciled = false;
    found.discrepancies.push(Discrepancy {
        kind: "missing".to_owned(),
        key: "k1".to_owned(),
        what: "deposit of 10.00 <lost> & gone \u{1}".to_owned(),
    });
    let report = junit(&run);
    support::well_formed::assert_well_formed(report.split_once("?>").unwrap().1);
    assert!(report.contains("missing: deposit of 10.00 &lt;lost&gt; &amp; gone"));
    run.summary.reconciliation = None;
    assert!(junit(&run).contains("the load was not reconciled"));
}

#[test]
fn a_load_without_its_gate_is_judged_by_what_was_never_sent() {
    let mut run = support::passing_run();
    run.summary.gates.clear();
    assert!(!junit(&run).contains("<failure "));
    run.summary.load.as_mut().unwrap().not_sent = 7;
    assert!(junit(&run).contains("7 planned operations were never sent"));
}

#[test]
fn markdown_says_the_verdict_first_and_escapes_names() {
    let mut run = support::whole_run(false);
    "a|b_<script>`".clone_into(&mut run.summary.scenario.name);
    let text = markdown(&run, Lang::En);
    assert!(
        text.starts_with("### a\\|b\\_&lt;script&gt;\\`\n\n**The service promise is broken**"),
        "{text}"
    );
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|'), "{line}");
    }
    assert!(text.contains("| service promise | ❌ fail | 74.8% (74.3–75.3) | at least 80% |"));
}

#[test]
fn the_terminal_ends_with_the_verdict_and_has_colour_only_when_asked() {
    let run = support::whole_run(false);
    let plain = terminal(&run, Lang::En, TerminalStyle::default());
    assert_eq!(
        plain.lines().last(),
        Some("The service promise is broken · exit code 3: a gate failed")
    );
    assert!(!plain.contains('\u{1b}'));
    let coloured = terminal(
        &run,
        Lang::En,
        TerminalStyle {
            width: None,
            colour: true,
        },
    );
    assert!(coloured.contains("\u{1b}[1;31mThe service promise is broken\u{1b}[0m"));
}

#[test]
fn the_short_table_shows_the_share_within_the_threshold_of_the_promise() {
    let mut run = support::whole_run(true);
    for row in &mut run.summary.figures {
        // Smaller than the promise's, and first in every row.
        row.insert("share_within_120s".to_owned(), 0.123.into());
        row.insert("share_within_600s".to_owned(), 0.999.into());
    }
    let head = |run: &RunData| {
        let text = terminal(run, Lang::En, TerminalStyle::default());
        assert!(!text.contains("12.3%"));
        text
    };
    assert!(head(&run).contains("within 5 min"));
    assert!(markdown(&run, Lang::En).contains("| within 5 min |"));
    // Without a promise the five minutes of the field; without those the first.
    run.summary.gates.clear();
    assert!(head(&run).contains("within 5 min"));
    for row in &mut run.summary.figures {
        for column in ["share_within_300s", "share_within_120s"] {
            row.remove(column);
        }
    }
    assert!(head(&run).contains("within 10 min"));
}

#[test]
fn the_worst_outlets_stand_in_the_short_tables() {
    let run = support::region_run();
    let text = terminal(&run, Lang::En, TerminalStyle::default());
    let tables = [text, markdown(&run, Lang::En)];
    for table in tables {
        assert!(table.contains("8 outlets: 4 miss the promise"), "{table}");
        let place = |words: &str| {
            table
                .find(words)
                .unwrap_or_else(|| panic!("{words}: {table}"))
        };
        assert!(place("north") < place("harbour") && place("harbour") < place("village"));
        assert!(table.contains("more servers do not help") && !table.contains("old-town"));
    }
    let chinese = terminal(&run, Lang::Zh, TerminalStyle::default());
    assert!(chinese.contains("8 家网点中，4 家未达标"), "{chinese}");
}

#[test]
fn the_gates_that_are_always_on_say_what_they_found_in_every_table() {
    let run = support::whole_run(true);
    let text = terminal(&run, Lang::En, TerminalStyle::default());
    assert!(text.contains("8,712 operations, once each") && text.contains("all, once each"));
    let text = markdown(&run, Lang::En);
    assert!(
        text.contains("| nothing lost | ✅ pass | 8,712 operations, once each | all, once each |"),
        "{text}"
    );
    assert!(
        text.contains("| generator kept up | ✅ pass | lag 0.2"),
        "{text}"
    );
}

#[test]
fn a_comparison_in_the_terminal_is_short_and_says_where_the_rest_is() {
    let run = support::passing_run();
    let effects = support::whole_run(true).summary.bank_effect;
    let text = comparison_terminal(&run, &run, &effects, Lang::En, TerminalStyle::default());
    assert!(text.contains("92 more differences"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
}

#[test]
fn a_table_keeps_to_the_width_of_the_terminal() {
    let run = support::whole_run(false);
    let text = terminal(
        &run,
        Lang::En,
        TerminalStyle {
            width: Some(80),
            colour: false,
        },
    );
    for line in text
        .lines()
        .filter(|line| line.starts_with(['│', '┌', '└']))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn names_cannot_command_the_terminal() {
    let mut run = support::whole_run(false);
    run.summary.scenario.question = Label::same("\u{1b}[31mred\u{7}");
    for gate in &mut run.summary.gates {
        gate.name.push_str("\u{1b}]0;title\u{7}");
    }
    for lang in [Lang::En, Lang::Zh] {
        let text = terminal(&run, lang, TerminalStyle::default())
            + &comparison_terminal(
                &run,
                &run,
                &support::differences(),
                lang,
                TerminalStyle::default(),
            );
        assert!(!text.contains(['\u{1b}', '\u{7}']));
    }
}

#[test]
fn a_comparison_says_better_worse_and_no_difference_by_the_interval() {
    let run = support::passing_run();
    let mut effects = vec![
        support::effect("wait", "mean", "*", [100.0, 50.0, -60.0, -40.0]),
        support::effect(
            "time_in_branch",
            "share_within_300s",
            "*",
            [0.9, 0.8, -0.12, -0.08],
        ),
        support::effect("overtime", "mean", "*", [300.0, 290.0, -30.0, 10.0]),
    ];
    let text = comparison_terminal(&run, &run, &effects, Lang::En, TerminalStyle::default());
    assert!(
        text.contains("All customers: mean waiting time improves from 1.67 min to 0.83 min."),
        "{text}"
    );
    assert!(text.contains("time in branch within 5 min worsens from 90.0% to 80.0%."));
    assert!(text.contains("no difference in mean overtime can be shown"));
    // Better for all, worse for some: both are said.
    effects[0] = support::effect("time_in_branch", "mean", "*", [100.0, 50.0, -60.0, -40.0]);
    let vip = [200.0, 400.0, 180.0, 220.0];
    effects.push(support::effect(
        "time_in_branch",
        "mean",
        "segment:vip",
        vip,
    ));
    let text = comparison_terminal(&run, &run, &effects, Lang::En, TerminalStyle::default());
    assert!(
        text.contains("VIP customer: mean time in branch worsens from 3.33 min to 6.67 min."),
        "{text}"
    );
    effects.clear();
    let text = comparison_terminal(&run, &run, &effects, Lang::En, TerminalStyle::default());
    assert!(text.contains("no figure in common"));
}

#[test]
fn the_csv_has_a_row_per_figure_and_reads_back() {
    let run = support::whole_run(true);
    let text = csv(&run);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    assert_eq!(&heads[0], "figure");
    let share = heads
        .iter()
        .position(|head| head == "share_within_300s_low")
        .unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), run.summary.figures.len());
    for (row, figure) in rows.iter().zip(&run.summary.figures) {
        assert_eq!(
            row[share].parse::<f64>().ok(),
            figure["share_within_300s_low"].as_f64()
        );
    }
}

#[test]
fn a_run_directory_is_read_back_and_a_wrong_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = support::whole_run(true);
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    assert!(matches!(
        read_run(folder.path()),
        Err(ReportError::Unreadable { .. })
    ));
    write("summary.json", serde_json::to_string(&run.summary).unwrap());
    write("run.json", serde_json::to_string(&run.run).unwrap());
    let read = read_run(folder.path()).unwrap();
    assert_eq!(read.run, run.run);
    assert_eq!(read.summary.scenario, run.summary.scenario);
    assert_eq!(read.summary.gates, run.summary.gates);
    assert_eq!(read.summary.figures.len(), run.summary.figures.len());
    write(
        "summary.json",
        "{\"schema\": \"branchlab/summary/9\"}".to_owned(),
    );
    let error = read_run(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("branchlab/summary/9") && error.contains("summary.json"),
        "{error}"
    );
    write("summary.json", "{".to_owned());
    assert!(matches!(
        read_run(folder.path()),
        Err(ReportError::Malformed { .. })
    ));
}

#[test]
fn a_language_is_named_by_its_code() {
    assert_eq!("zh".parse(), Ok(Lang::Zh));
    assert_eq!("en".parse(), Ok(Lang::En));
    assert!(
        "fr".parse::<Lang>()
            .unwrap_err()
            .to_string()
            .contains("`en` or `zh`")
    );
}

#[test]
fn a_regression_is_told_wherever_results_are_told() {
    let run = support::compared_run();
    let report = junit(&run);
    support::well_formed::assert_well_formed(report.split_once("?>").unwrap().1);
    let failed = "name=\"regression.cpu_per_operation\">";
    assert!(report.contains(failed), "{report}");
    assert!(report.contains("name=\"regression.p50\"/>"), "{report}");
    // What is only watched is no failure while it is open.
    assert!(report.contains("name=\"regression.p99\"/>"), "{report}");
    let style = TerminalStyle::default();
    for text in [
        terminal(&run, Lang::En, style),
        markdown(&run, Lang::En).replace('\\', ""),
        html(&run, Lang::En),
    ] {
        for words in [
            "http://127.0.0.1:3001",
            "+10.4% [+7.4%, +13.4%]",
            "inconclusive (not waited for)",
            "regression",
            "2 pairs were played again",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    let chinese = terminal(&run, Lang::Zh, style);
    for words in [
        "性能回退",
        "基线",
        "每次操作处理器用时",
        "仅供报警",
        "退出码 3",
    ] {
        assert!(chinese.contains(words), "{words}: {chinese}");
    }
    let annotations = annotations(&run, Lang::En);
    let cpu =
        "::error title=smart-branch%3A processor time for an operation%3A regression::+10.4%25";
    assert!(annotations.contains(cpu), "{annotations}");
}

#[test]
fn an_undecided_comparison_fails_in_junit_by_what_kept_it_open() {
    let mut run = support::compared_run();
    let found = run.summary.regression.as_mut().unwrap();
    found.verdict = Verdict::Undecided;
    found.figures[0].verdict = Verdict::Undecided;
    let report = junit(&run);
    assert!(report.contains("name=\"regression.cpu_per_operation\">"));
    assert!(report.contains("inconclusive: worse by"), "{report}");
    assert!(report.contains("name=\"regression.p99\"/>"), "{report}");
}

#[test]
fn a_system_without_books_does_not_fail_for_want_of_them() {
    let mut run = support::passing_run();
    run.summary.reconciliation = None;
    run.summary.gates.retain(|gate| gate.name != "nothing_lost");
    run.summary.load.as_mut().unwrap().system = Some("theirs".to_owned());
    assert!(!junit(&run).contains("<failure "), "{}", junit(&run));
}

//! `summary.md`: the verdict and the tables for a pull request or a job's summary.

use crate::rows::Rows;
use crate::run::RunData;
use crate::verdict::headline;
use crate::words::counts;
use crate::words::gates;
use crate::words::names;
use crate::words::numbers::{self, Kind};
use crate::words::outlets;
use crate::words::regression;
use crate::words::texts::{Text, fill};
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::summary::{LoadRecord, Reconciliation, Summary};
use std::fmt::Write as _;

/// The summary of a run as GitHub's Markdown, verdict first.
pub fn markdown(run: &RunData, lang: Lang) -> String {
    let summary = &run.summary;
    let head = headline(run, lang);
    let mut out = format!(
        "### {}\n\n**{}**",
        escape(&summary.scenario.name),
        head.words
    );
    let code = fill(
        Text::ExitCode.say(lang),
        &[("code", &summary.exit_code.to_string())],
    );
    let _ = write!(out, "\n\n{code}{}{}\n\n", lang.pick(": ", "："), head.exit);
    for sentence in &head.why {
        let _ = write!(out, "{}\n\n", escape(sentence));
    }
    let question = lang.of(&summary.scenario.question);
    if !question.is_empty() {
        let _ = write!(out, "> {}\n\n", escape(question));
    }
    out += &gates_table(summary, lang);
    out += &regression_table(summary, lang);
    out += &outlets_lines(summary, lang);
    out += &figures_table(summary, lang);
    out += &minutes_table(summary, lang);
    if let Some(load) = &summary.load {
        out += &load_lines(summary, load, lang);
    }
    for warning in &summary.warnings {
        let _ = writeln!(out, "- {}", escape(lang.of(warning)));
    }
    out
}

/// A text in which nothing is markup: neither Markdown's nor HTML's.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => {
                out.push('\\');
                out.push(character);
            }
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

fn table(title: &str, heads: &[String], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = format!("#### {title}\n\n| {} |\n|", heads.join(" | "));
    for index in 0..heads.len() {
        out += if index == 0 { " --- |" } else { " ---: |" };
    }
    out.push('\n');
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
    out
}

fn gates_table(summary: &Summary, lang: Lang) -> String {
    let heads = [Text::Gate, Text::Verdict, Text::Estimate, Text::Bound];
    let rows: Vec<Vec<String>> = gates::failing_first(summary)
        .into_iter()
        .map(|gate| {
            let sign = match gate.verdict {
                Verdict::Pass => "✅",
                Verdict::Fail => "❌",
                Verdict::Undecided => "⚠️",
                Verdict::Invalid => "🚫",
            };
            vec![
                escape(&gates::name(gate, lang)),
                format!("{sign} {}", gates::verdict(gate.verdict, lang)),
                gates::found(gate, summary, lang),
                gates::bound_words(gate, lang),
            ]
        })
        .collect();
    table(
        Text::Gates.say(lang),
        &heads.map(|head| head.say(lang).to_owned()),
        &rows,
    )
}

fn regression_table(summary: &Summary, lang: Lang) -> String {
    let Some(found) = &summary.regression else {
        return String::new();
    };
    let lines = regression::lines(found, lang);
    let lines: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| line.iter().map(|cell| escape(cell)).collect())
        .collect();
    let mut out = table(Text::Regression.say(lang), &regression::heads(lang), &lines);
    for sentence in regression::sentences(found, lang) {
        let _ = write!(out, "{}\n\n", escape(&sentence));
    }
    out
}

fn outlets_lines(summary: &Summary, lang: Lang) -> String {
    const MOST: usize = 20;
    let Some(told) = &summary.outlets else {
        return String::new();
    };
    let Some(promise) = &told.promise else {
        return String::new();
    };
    let rows: Vec<Vec<String>> = outlets::worst(summary, MOST, lang)
        .iter()
        .map(|line| line.iter().map(|cell| escape(cell)).collect())
        .collect();
    let said = escape(&outlets::standing(told, promise, lang));
    let heads = outlets::worst_heads(lang);
    format!(
        "{said}\n\n{}",
        table(Text::WorstOutlets.say(lang), &heads, &rows)
    )
}

fn figures_table(summary: &Summary, lang: Lang) -> String {
    let table_rows = Rows::new(&summary.figures);
    let figures = ["wait", "time_in_branch"];
    let mut heads = vec![names::dimension("channel", lang)];
    heads.extend(figures.map(|figure| names::figure(figure, lang)));
    let share = gates::threshold(summary);
    heads.extend(share.as_ref().map(|(_, seconds)| {
        let threshold = numbers::round(Kind::Duration, *seconds, lang);
        fill(Text::Within.say(lang), &[("threshold", &threshold)])
    }));
    let all = table_rows
        .total("time_in_branch")
        .map(|_| (Text::AllChannels.say(lang).to_owned(), Vec::new()));
    let channels = table_rows
        .of("time_in_branch", &["channel"])
        .into_iter()
        .filter_map(|row| {
            let name = row.name("channel")?.to_owned();
            let words = names::population(summary, "channel", &name, lang);
            Some((words, vec![("channel".to_owned(), name)]))
        });
    let rows: Vec<Vec<String>> = all
        .into_iter()
        .chain(channels)
        .map(|(words, population)| {
            let mut cells = vec![escape(&words)];
            let cell = |figure: &str, column: &str, kind: Kind| {
                let found = table_rows
                    .one(figure, &population)
                    .and_then(|row| row.estimate(column));
                found.map_or_else(
                    || "–".to_owned(),
                    |found| numbers::estimate(kind, found, lang),
                )
            };
            cells.extend(figures.map(|figure| cell(figure, "mean", Kind::Duration)));
            cells.extend(
                share
                    .as_ref()
                    .map(|(column, _)| cell("time_in_branch", column, Kind::Share)),
            );
            cells
        })
        .collect();
    table(Text::Figures.say(lang), &heads, &rows)
}

fn minutes_table(summary: &Summary, lang: Lang) -> String {
    let parts = ["wait", "service", "review", "system", "fallback"];
    let mut heads = vec![names::dimension("channel", lang)];
    heads.extend(parts.map(|part| names::part(part, lang)));
    heads.push(names::figure("time_in_branch", lang));
    let rows: Vec<Vec<String>> = summary
        .minutes
        .iter()
        .map(|row| {
            let name = match row.channel.as_str() {
                "*" => Text::AllChannels.say(lang).to_owned(),
                name => names::population(summary, "channel", name, lang),
            };
            let seconds = [
                row.wait,
                row.service,
                row.review,
                row.system,
                row.fallback,
                row.time_in_branch,
            ];
            let mut cells = vec![escape(&name)];
            cells.extend(seconds.map(|value| numbers::value(Kind::Duration, Some(value), lang)));
            cells
        })
        .collect();
    table(Text::Minutes.say(lang), &heads, &rows)
}

fn load_lines(summary: &Summary, load: &LoadRecord, lang: Lang) -> String {
    let heads = [
        Text::Planned,
        Text::Succeeded,
        Text::Refused,
        Text::Failed,
        Text::TimedOut,
        Text::NotSent,
        Text::Unknown,
    ];
    let counts = [
        load.planned,
        load.succeeded,
        load.refused,
        load.failed,
        load.timed_out,
        load.not_sent,
        load.unknown,
    ];
    let row = counts.map(numbers::count).to_vec();
    let mut out = table(
        Text::Load.say(lang),
        &heads.map(|head| head.say(lang).to_owned()),
        &[row],
    );
    let _ = write!(
        out,
        "{}\n\n{}\n\n",
        counts::count_line(load, lang),
        counts::model_line(load, lang)
    );
    let row = Rows::new(&summary.figures).total("latency");
    if let Some(p99) = row.and_then(|row| row.number("p99")) {
        let value = numbers::value(Kind::Latency, Some(p99), lang);
        let _ = write!(
            out,
            "{}{}{value}\n\n",
            Text::TileLatency.say(lang),
            lang.pick(": ", "：")
        );
    }
    if let Some(found) = &summary.reconciliation {
        let sentence = if found.reconciled {
            Text::Reconciled
        } else {
            Text::NotReconciled
        };
        let _ = write!(out, "{}\n\n", sentence.say(lang));
        out += &counterexample(found, lang);
    }
    out
}

/// The rows that prove that the books do not agree.
fn counterexample(found: &Reconciliation, lang: Lang) -> String {
    let Some(smallest) = &found.counterexample else {
        return String::new();
    };
    let mut out = format!(
        "{}{}{}\n\n",
        Text::SmallestCounterexample.say(lang),
        lang.pick(": ", "："),
        escape(&smallest.what)
    );
    let sides = [
        (Text::AsPlayed, &smallest.operations),
        (Text::InTheBooks, &smallest.records),
    ];
    for (side, rows) in sides {
        for row in rows {
            let colon = lang.pick(": ", "：");
            let _ = writeln!(out, "- {}{colon}{}", side.say(lang), escape(row));
        }
    }
    out.push('\n');
    out
}

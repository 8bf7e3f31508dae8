//! What a command prints: the verdict, the gates, and a short table.

use crate::html::{View, divided, effect_lines, leads_between_runs, sentences};
use crate::rows::{Row, Rows};
use crate::run::RunData;
use crate::verdict::{Tone, headline};
use crate::words::counts;
use crate::words::gates;
use crate::words::numbers::{self, Kind};
use crate::words::outlets;
use crate::words::regression;
use crate::words::texts::{Text, fill};
use crate::words::{names, numbers::estimate};
use comfy_table::{ContentArrangement, Table, presets};
use scenarios::language::Lang;
use scenarios::summary::{Effect, Summary};
use std::fmt::Write as _;

/// How the terminal's text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TerminalStyle {
    /// Columns that tables may take; as many as they need if none.
    pub width: Option<u16>,
    /// Whether verdicts are coloured by ANSI codes; off by default.
    pub colour: bool,
}

/// The short table and the verdicts that the command prints; the verdict last.
pub fn terminal(run: &RunData, lang: Lang, style: TerminalStyle) -> String {
    let summary = &run.summary;
    let question = match lang.of(&summary.scenario.question) {
        "" => String::new(),
        question => format!(" · {question}"),
    };
    let mut out = format!("{}{question}\n", summary.scenario.name);
    out += &figures_table(summary, lang, style);
    out += &latency_table(summary, lang, style);
    out += &outlets_table(summary, lang, style);
    out += &regression_table(summary, lang, style);
    out += &gates_table(summary, lang, style);
    out += &counterexample(summary, lang);
    for warning in &summary.warnings {
        let _ = writeln!(out, "! {}", lang.of(warning));
    }
    let mut out = plain(&out);
    let head = headline(run, lang);
    let code = fill(
        Text::ExitCode.say(lang),
        &[("code", &summary.exit_code.to_string())],
    );
    for sentence in &head.why {
        out += &plain(&format!("{sentence}\n"));
    }
    out += &coloured(head.tone, head.words, style);
    let _ = writeln!(out, " · {code}{}{}", lang.pick(": ", "："), head.exit);
    out
}

/// The differences of two runs, and both verdicts.
pub fn comparison_terminal(
    first: &RunData,
    second: &RunData,
    effects: &[Effect],
    lang: Lang,
    style: TerminalStyle,
) -> String {
    let names = [(Text::Before, first), (Text::After, second)].map(|(side, run)| {
        format!(
            "{}{}{}",
            side.say(lang),
            lang.pick(": ", "："),
            run.summary.scenario.name
        )
    });
    let view = View::new(second, lang);
    let mut out = String::new();
    if effects.is_empty() {
        out += Text::DifferencesNone.say(lang);
        out.push('\n');
    } else {
        let mut heads = vec![
            Text::Population.say(lang).to_owned(),
            Text::Figure.say(lang).to_owned(),
        ];
        heads.extend(names.clone());
        heads.extend(
            [Text::Difference, Text::IntervalHeading].map(|head| head.say(lang).to_owned()),
        );
        let (shown, folded) = divided(effects, leads_between_runs);
        out += &table(&heads, effect_lines(&view, &shown), style);
        if !folded.is_empty() {
            let count = numbers::count(folded.len() as u64);
            out += &fill(Text::MoreInPage.say(lang), &[("count", &count)]);
            out.push('\n');
        }
    }
    for sentence in sentences(&view, effects) {
        let _ = writeln!(out, "{sentence}");
    }
    let mut out = plain(&out);
    for (name, run) in names.iter().zip([first, second]) {
        let head = headline(run, lang);
        out += &plain(&format!("{name}{}", lang.pick(": ", "：")));
        out += &coloured(head.tone, head.words, style);
        out.push('\n');
    }
    out
}

/// The rows that prove that the bank's books do not agree with what was played.
fn counterexample(summary: &Summary, lang: Lang) -> String {
    let found = summary.reconciliation.as_ref();
    let Some(smallest) = found.and_then(|found| found.counterexample.as_ref()) else {
        return String::new();
    };
    let colon = lang.pick(": ", "：");
    let head = Text::SmallestCounterexample.say(lang);
    let mut out = format!("{head}{colon}{}\n", smallest.what);
    let sides = [
        (Text::AsPlayed, &smallest.operations),
        (Text::InTheBooks, &smallest.records),
    ];
    for (side, rows) in sides {
        for row in rows {
            let _ = writeln!(out, "  {}{colon}{row}", side.say(lang));
        }
    }
    out
}

/// Control characters of names would command the terminal; they are dropped.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|character| *character == '\n' || !character.is_control())
        .collect()
}

fn coloured(tone: Tone, text: &str, style: TerminalStyle) -> String {
    if !style.colour {
        return text.to_owned();
    }
    let code = match tone {
        Tone::Pass => 32,
        Tone::Fail => 31,
        Tone::Undecided => 33,
        Tone::Invalid => 35,
    };
    format!("\u{1b}[1;{code}m{text}\u{1b}[0m")
}

fn table(heads: &[String], rows: Vec<Vec<String>>, style: TerminalStyle) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    match style.width {
        Some(width) => {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(heads.iter().map(|head| plain(head)));
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    format!("{table}\n")
}

/// Served customers, waiting, time in branch and the promise, of all and each channel.
fn figures_table(summary: &Summary, lang: Lang, style: TerminalStyle) -> String {
    let rows = Rows::new(&summary.figures);
    let mut populations: Vec<(String, Vec<(String, String)>)> =
        vec![(Text::EveryCustomer.say(lang).to_owned(), Vec::new())];
    for row in rows.of("time_in_branch", &["channel"]) {
        let name = row.name("channel").unwrap_or_default();
        let population = vec![("channel".to_owned(), name.to_owned())];
        populations.push((
            names::population(summary, "channel", name, lang),
            population,
        ));
    }
    let share = gates::threshold(summary);
    let mut heads = vec![
        Text::Population.say(lang).to_owned(),
        names::figure("served", lang),
        names::figure("wait", lang),
        names::figure("time_in_branch", lang),
        "p90".to_owned(),
    ];
    if let Some((_, seconds)) = &share {
        let threshold = numbers::round(Kind::Duration, *seconds, lang);
        heads.push(fill(Text::Within.say(lang), &[("threshold", &threshold)]));
    }
    let mut lines = Vec::new();
    for (name, population) in populations {
        let cell = |figure: &str, column: &str, kind| {
            cell(rows.one(figure, &population), column, kind, lang)
        };
        let time = cell("time_in_branch", "mean", Kind::Duration);
        if time == "–" {
            continue;
        }
        let mut line = vec![
            name,
            cell("served", "mean", names::kind("served", summary)),
            cell("wait", "mean", Kind::Duration),
            time,
            cell("time_in_branch", "p90", Kind::Duration),
        ];
        line.extend(
            share
                .as_ref()
                .map(|(column, _)| cell("time_in_branch", column, Kind::Share)),
        );
        lines.push(line);
    }
    if lines.is_empty() {
        String::new()
    } else {
        table(&heads, lines, style)
    }
}

fn cell(row: Option<Row>, column: &str, kind: Kind, lang: Lang) -> String {
    row.and_then(|row| row.estimate(column))
        .map_or_else(|| "–".to_owned(), |found| estimate(kind, found, lang))
}

fn latency_table(summary: &Summary, lang: Lang, style: TerminalStyle) -> String {
    let rows = Rows::new(&summary.figures);
    let Some(total) = rows.total("latency").filter(|_| summary.load.is_some()) else {
        return String::new();
    };
    let mut lines = vec![(Text::EveryOperation.say(lang).to_owned(), total)];
    for row in rows.of("latency", &["operation"]) {
        let name = row.name("operation").unwrap_or_default();
        lines.push((names::population(summary, "operation", name, lang), row));
    }
    let heads = [
        Text::Operation.say(lang),
        Text::Count.say(lang),
        "p50",
        "p90",
        "p99",
        Text::Greatest.say(lang),
    ];
    let lines = lines.into_iter().map(|(name, row)| {
        let latency = |column: &str| numbers::value(Kind::Latency, row.number(column), lang);
        let count = row.number("count").unwrap_or(0.0).max(0.0) as u64;
        vec![
            name,
            numbers::count(count),
            latency("p50"),
            latency("p90"),
            latency("p99"),
            latency("max"),
        ]
    });
    let mut out = table(&heads.map(str::to_owned), lines.collect(), style);
    if let Some(load) = &summary.load {
        for line in [
            counts::count_line(load, lang),
            counts::model_line(load, lang),
        ] {
            out.push_str(line.as_str());
            out.push('\n');
        }
        if let Some(found) = &load.limit {
            out.push_str(&counts::limit_line(found, lang));
            out.push('\n');
        }
    }
    out
}

/// How many outlets of a region miss the promise, and the worst of them.
fn outlets_table(summary: &Summary, lang: Lang, style: TerminalStyle) -> String {
    const MOST: usize = 8;
    let Some(told) = &summary.outlets else {
        return String::new();
    };
    let Some(promise) = &told.promise else {
        return String::new();
    };
    let mut out = outlets::standing(told, promise, lang);
    out.push('\n');
    let lines = outlets::worst(summary, MOST, lang);
    if !lines.is_empty() {
        out += &table(&outlets::worst_heads(lang), lines, style);
    }
    out
}

/// The target beside its baseline, if it was compared with one.
fn regression_table(summary: &Summary, lang: Lang, style: TerminalStyle) -> String {
    let Some(found) = &summary.regression else {
        return String::new();
    };
    let mut out = String::new();
    for sentence in regression::sentences(found, lang) {
        let _ = writeln!(out, "{sentence}");
    }
    let lines = regression::lines(found, lang);
    if !lines.is_empty() {
        out += &table(&regression::heads(lang), lines, style);
    }
    out
}

fn gates_table(summary: &Summary, lang: Lang, style: TerminalStyle) -> String {
    let gates = gates::failing_first(summary);
    if gates.is_empty() {
        return String::new();
    }
    let heads = [Text::Verdict, Text::Gate, Text::Estimate, Text::Bound];
    let lines = gates.into_iter().map(|gate| {
        vec![
            gates::verdict(gate.verdict, lang).to_owned(),
            gates::name(gate, lang),
            gates::found(gate, summary, lang),
            gates::bound_words(gate, lang),
        ]
    });
    table(
        &heads.map(|head| head.say(lang).to_owned()),
        lines.collect(),
        style,
    )
}

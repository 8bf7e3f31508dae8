//! The load on the bank, and whether what it acknowledged is there.

mod limit;
mod rates;

use super::View;
use super::pieces::{Caption, card, chart, table};
use crate::chart::{Axis, Colour, Plot, Point, Series, Shape};
use crate::rows::Row;
use crate::words::counts::model_name;
use crate::words::gates;
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::gate::Verdict;
use scenarios::summary::{LoadRecord, LoadSecond, Reconciliation};

/// Everything about the load.
pub(super) fn load(view: &View) -> Markup {
    let Some(load) = &view.summary.load else {
        return html! {};
    };
    card(
        &title(view, load),
        &html! {
            p { (intro(view, load)) }
            p.read { (model(view, load)) }
            (accounts(view, load))
            @if let Some(found) = &load.limit {
                (limit::limit(view, found))
            }
            @if !load.left_out.is_empty() {
                div.note { p { (left_out(view, load)) } }
            }
            (latency_tables(view))
            (over_time(view, &load.over_time))
            (rates::over_time(view, &load.over_time))
            (lag(view))
            (validity(view))
            (failures(view, load))
        },
    )
}

fn title(view: &View, load: &LoadRecord) -> String {
    match &load.system {
        Some(system) => view.fill(Text::LoadOnSystem, &[("system", system)]),
        None => view.say(Text::Load).to_owned(),
    }
}

fn model(view: &View, load: &LoadRecord) -> String {
    let model = view.say(model_name(&load.model));
    view.fill(Text::LoadModel, &[("model", model), ("http", &load.http)])
}

fn intro(view: &View, load: &LoadRecord) -> String {
    let plain = |value: f64| numbers::round(Kind::Plain, value, view.lang);
    let rate = |value: f64| numbers::value(Kind::Rate, Some(value), view.lang);
    let text = match load.model.as_str() {
        "closed" => Text::LoadIntroClosed,
        _ => Text::LoadIntro,
    };
    view.fill(
        text,
        &[
            ("from", &load.from),
            ("to", &load.to),
            ("speed", &plain(load.speed)),
            ("volume", &plain(load.volume)),
            (
                "seconds",
                &numbers::value(Kind::Latency, Some(load.seconds), view.lang),
            ),
            ("connections", &numbers::count(u64::from(load.connections))),
            ("offered", &rate(load.offered_per_second)),
            ("achieved", &rate(load.achieved_per_second)),
            ("succeeded", &rate(load.succeeded_per_second)),
        ],
    )
}

/// planned = the sum of everything else.
fn accounts(view: &View, load: &LoadRecord) -> Markup {
    let parts = [
        (Text::Succeeded, load.succeeded),
        (Text::Refused, load.refused),
        (Text::Failed, load.failed),
        (Text::TimedOut, load.timed_out),
        (Text::NotSent, load.not_sent),
        (Text::Unknown, load.unknown),
    ];
    let sum = parts
        .iter()
        .fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
    let sentence = if sum == load.planned {
        Text::SumHolds
    } else {
        Text::SumBroken
    };
    let (planned, sum) = (numbers::count(load.planned), numbers::count(sum));
    html! {
        h3 { (view.say(Text::Accounts)) }
        div.counts {
            div { b { (planned) } span { (view.say(Text::Planned)) } }
            @for (name, count) in parts {
                div { b { (numbers::count(count)) } span { (view.say(name)) } }
            }
        }
        p.read { (view.fill(sentence, &[("planned", &planned), ("sum", &sum)])) }
    }
}

fn left_out(view: &View, load: &LoadRecord) -> String {
    let names: Vec<String> = load
        .left_out
        .iter()
        // Each with its weight behind it: `bill_payment (5)`.
        .map(|written| match written.split_once(' ') {
            Some((name, weight)) => format!("{} {weight}", view.name("operation", name)),
            None => view.name("operation", written),
        })
        .collect();
    view.fill(
        Text::LeftOut,
        &[("operations", &names.join(view.lang.pick(", ", "、")))],
    )
}

/// Latency percentiles of all operations and of each.
fn latency_tables(view: &View) -> Markup {
    let total = view
        .rows
        .total("latency")
        .map(|row| (view.say(Text::EveryOperation).to_owned(), row));
    let each = view
        .rows
        .of("latency", &["operation"])
        .into_iter()
        .filter_map(|row| Some((view.name("operation", row.name("operation")?), row)));
    let rows: Vec<Vec<String>> = total
        .into_iter()
        .chain(each)
        .map(|(name, row)| percentile_row(view, name, row))
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let errors = view
        .rows
        .total("errors")
        .and_then(|row| row.estimate("mean"));
    html! {
        h3 { (view.say(Text::LatencyTable)) }
        (table(&percentile_heads(view, Text::Operation), &rows))
        @if let Some(errors) = errors {
            p.read { (view.say(Text::Errors)) (view.lang.pick(": ", "：")) (numbers::estimate(Kind::Share, errors, view.lang)) }
        }
        p.read { (view.say(Text::LatencyRead)) }
    }
}

fn percentile_heads(view: &View, first: Text) -> Vec<String> {
    let mut heads = vec![view.say(first).to_owned(), view.say(Text::Count).to_owned()];
    heads.push(view.say(Text::Mean).to_owned());
    heads.extend(["p50", "p90", "p95", "p99"].map(str::to_owned));
    heads.push(view.say(Text::Greatest).to_owned());
    heads
}

fn percentile_row(view: &View, name: String, row: Row) -> Vec<String> {
    let count = row.number("count").unwrap_or(0.0).max(0.0) as u64;
    let mut cells = vec![name, numbers::count(count)];
    cells.push(numbers::value(Kind::Latency, row.number("mean"), view.lang));
    cells.extend(
        ["p50", "p90", "p95", "p99"].map(|column| match row.number(column) {
            Some(value) => numbers::value(Kind::Latency, Some(value), view.lang),
            None => view.fill(Text::NotEnough, &[("count", &numbers::count(count))]),
        }),
    );
    cells.push(numbers::value(Kind::Latency, row.number("max"), view.lang));
    cells
}

/// Latency of each second, on a logarithmic axis.
fn over_time(view: &View, seconds: &[LoadSecond]) -> Markup {
    let curve = |of: fn(&LoadSecond) -> Option<f64>| -> Vec<(f64, f64)> {
        let positive = |value: &f64| value.is_finite() && *value > 0.0;
        seconds
            .iter()
            .filter_map(|second| Some((f64::from(second.second), of(second).filter(positive)?)))
            .collect()
    };
    let curves = [
        (Text::Median, Colour::Series(0), curve(|second| second.p50)),
        (
            Text::Quantile99,
            Colour::Series(1),
            curve(|second| second.p99),
        ),
        (Text::Greatest, Colour::Soft, curve(|second| second.max)),
    ];
    let values = || curves.iter().flat_map(|(_, _, points)| points);
    let low = values().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = values().map(|point| point.1).fold(0.0, f64::max);
    let last = values().map(|point| point.0).fold(0.0, f64::max);
    if !low.is_finite() {
        return html! {};
    }
    let plot = Plot {
        x: Axis::linear(0.0, last.max(1.0), |value, _| format!("{value:.0}")),
        y: Axis::logarithmic(low, high, |value| {
            numbers::round(Kind::Latency, value, view.lang)
        }),
        y_title: view.say(Text::SecondsAxis).to_owned(),
        series: curves
            .iter()
            .map(|(_, colour, points)| Series {
                colour: *colour,
                shape: Shape::Line { gap: 1.5 },
                points: points
                    .iter()
                    .map(|(x, y)| Point {
                        x: *x,
                        y: y.log10(),
                        low: None,
                        high: None,
                        colour: None,
                    })
                    .collect(),
            })
            .rev()
            .collect(),
        bound: None,
    };
    let heads = [
        Text::Second,
        Text::Operations,
        Text::Median,
        Text::Quantile99,
        Text::Greatest,
    ];
    let rows = seconds.iter().map(|second| {
        let mut cells = vec![second.second.to_string(), numbers::count(second.operations)];
        cells.extend(
            [second.p50, second.p99, second.max]
                .map(|value| numbers::value(Kind::Latency, value, view.lang)),
        );
        cells
    });
    let caption = Caption {
        title: view.say(Text::LatencyOverTime),
        read: view.say(Text::LatencyOverTimeRead),
        legend: curves
            .iter()
            .map(|(name, colour, _)| (*colour, view.say(*name).to_owned()))
            .collect(),
        heads: heads.map(|head| view.say(head).to_owned()).to_vec(),
        rows: rows.collect(),
    };
    html! {
        h3 { (view.say(Text::LatencyOverTime)) }
        (chart(view, &plot, &caption))
    }
}

/// How late the generator itself was.
fn lag(view: &View) -> Markup {
    let Some(row) = view.rows.total("generator_lag") else {
        return html! {};
    };
    let name = view.say(Text::Lag).to_owned();
    html! {
        h3 { (view.say(Text::Lag)) }
        (table(&percentile_heads(view, Text::Figure), &[percentile_row(view, name, row)]))
        p.read { (view.say(Text::LagRead)) }
    }
}

/// Whether the generator's own gate lets the latencies stand.
fn validity(view: &View) -> Markup {
    let gates = &view.summary.gates;
    let Some(gate) = gates.iter().find(|gate| gate.name == "generator_kept_up") else {
        return html! {};
    };
    let (tone, sentence) = if gate.verdict == Verdict::Pass {
        ("pass", view.say(Text::ValidLoad).to_owned())
    } else {
        let reason = gates::reason(gate, view.summary, view.lang);
        let reason = reason.trim_end_matches(['.', '。']);
        let sentence = view.fill(Text::InvalidLoad, &[("reason", reason)]);
        ("invalid", sentence)
    };
    html! { div class={ "note tone-" (tone) } { p { (sentence) } } }
}

fn failures(view: &View, load: &LoadRecord) -> Markup {
    if load.failures.is_empty() {
        return html! {};
    }
    html! {
        h3 { (view.say(Text::Failures)) }
        div.scroll tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { (view.say(Text::What)) }
                    th.n scope="col" { (view.say(Text::HowOften)) }
                } }
                tbody {
                    @for failure in &load.failures {
                        // As the bank or the network said it.
                        tr { td.wide-text lang="en" { (failure.what) } td.n { (numbers::count(failure.count)) } }
                    }
                }
            }
        }
    }
}

/// Whether everything acknowledged is in the bank.
pub(super) fn reconciliation(view: &View) -> Markup {
    let content = match (&view.summary.reconciliation, &view.summary.load) {
        (Some(found), _) => reconciled(view, found),
        (None, Some(_)) => html! { p { (view.say(Text::ReconciliationAbsent)) } },
        (None, None) => return html! {},
    };
    card(view.say(Text::Reconciliation), &content)
}

fn reconciled(view: &View, found: &Reconciliation) -> Markup {
    let (tone, sentence) = if found.reconciled {
        ("pass", Text::Reconciled)
    } else {
        ("fail", Text::NotReconciled)
    };
    let counts = [
        (Text::Acknowledged, numbers::count(found.acknowledged)),
        (Text::FoundOnce, numbers::count(found.found_once)),
        (Text::UnknownFound, numbers::count(found.unknown_found)),
        (
            Text::LedgerSum,
            format!("{} {}", found.ledger_sum, view.say(Text::Yuan)),
        ),
    ];
    html! {
        div class={ "note tone-" (tone) } { p { (view.say(sentence)) } }
        div.counts {
            @for (name, value) in &counts { div { b { (value) } span { (view.say(*name)) } } }
        }
        @if let Some(smallest) = &found.counterexample {
            h3 { (view.say(Text::SmallestCounterexample)) }
            p lang="en" { (smallest.what) }
            dl {
                @for (head, rows) in [(Text::AsPlayed, &smallest.operations), (Text::InTheBooks, &smallest.records)] {
                    @if !rows.is_empty() {
                        dt { (view.say(head)) }
                        @for row in rows { dd lang="en" { code { (row) } } }
                    }
                }
            }
        }
        @if !found.discrepancies.is_empty() {
            div.scroll tabindex="0" {
                table {
                    thead { tr {
                        @for head in [Text::Kind, Text::What, Text::Key] { th scope="col" { (view.say(head)) } }
                    } }
                    tbody {
                        @for discrepancy in &found.discrepancies {
                            tr {
                                td { (kind_word(view, &discrepancy.kind)) }
                                td.wide-text lang="en" { (discrepancy.what) }
                                td { code { (discrepancy.key) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn kind_word<'a>(view: &View, kind: &'a str) -> &'a str {
    match kind {
        "missing" => view.say(Text::Missing),
        "doubled" => view.say(Text::Doubled),
        "different" => view.say(Text::Different),
        "unplanned" => view.say(Text::Unplanned),
        "ledger" => view.say(Text::Ledger),
        "accepted" => view.say(Text::Accepted),
        "limit" => view.say(Text::LimitExceeded),
        "lock" => view.say(Text::AgainstLock),
        "reason" => view.say(Text::WrongReason),
        "torn" => view.say(Text::Torn),
        "rounded" => view.say(Text::Rounded),
        "oversold" => view.say(Text::Oversold),
        "alert" => view.say(Text::AlertWrong),
        other => other,
    }
}

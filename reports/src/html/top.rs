//! Verdict, the few numbers everyone asks for, and the gates.

use super::View;
use super::pieces::{card, unbroken};
use crate::rows::Estimate;
use crate::verdict::{Tone, headline};
use crate::words::gates::{self, Asked};
use crate::words::names;
use crate::words::numbers::{self, Kind, Scale};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::summary::{GateRecord, Status};

/// The verdict in words, why, and the headline numbers.
pub(super) fn banner(view: &View) -> Markup {
    let head = headline(view.run, view.lang);
    let scenario = &view.summary.scenario;
    let question = view.lang.of(&scenario.question);
    let code = view.fill(
        Text::ExitCode,
        &[("code", &view.summary.exit_code.to_string())],
    );
    html! {
        header class={ "card banner tone-" (head.tone.class()) } {
            p.overline {
                b { (scenario.name) }
                @if let Some(outlets) = &view.summary.outlets {
                    " · " (view.fill(Text::OutletsCount, &[("branches", &numbers::count(u64::from(outlets.branches)))]))
                } @else if scenario.branch != "*" {
                    " · " (view.name("branch", &scenario.branch))
                }
                @for words in names::when(scenario, view.lang) { " · " span.unbroken { (words) } }
            }
            h1 { (head.words) }
            p.exit { (code) (view.lang.pick(": ", "：")) (head.exit) }
            @for sentence in &head.why { p.why { (unbroken(sentence)) } }
            @if !question.is_empty() { p.question { (question) } }
            (tiles(view))
        }
        @if !view.summary.warnings.is_empty() {
            section.card {
                h2 { (view.say(Text::Warnings)) }
                ul { @for warning in &view.summary.warnings { li { (view.lang.of(warning)) } } }
            }
        }
    }
}

/// One headline number.
struct Tile {
    kind: Kind,
    estimate: Estimate,
    label: String,
    whom: String,
}

fn tiles(view: &View) -> Markup {
    let asked = gates::promise(view.summary).and_then(|gate| Asked::read(&gate.gate));
    let population = asked
        .as_ref()
        .map(|asked| asked.population.clone())
        .unwrap_or_default();
    let mut whom = asked
        .as_ref()
        .map(|asked| asked.whom(view.summary, view.lang))
        .unwrap_or_default();
    if whom.is_empty() {
        view.say(Text::EveryCustomer).clone_into(&mut whom);
    }
    let mut tiles: Vec<Tile> = Vec::new();
    tiles.extend(
        asked
            .as_ref()
            .and_then(|asked| promise_tile(view, asked, &whom)),
    );
    for (figure, label) in [("time_in_branch", Text::TileTime), ("wait", Text::TileWait)] {
        let row = view.rows.one(figure, &population);
        tiles.extend(
            row.and_then(|row| row.estimate("mean"))
                .map(|estimate| Tile {
                    kind: Kind::Duration,
                    estimate,
                    label: view.say(label).to_owned(),
                    whom: whom.clone(),
                }),
        );
    }
    let latency = view
        .rows
        .total("latency")
        .and_then(|row| row.estimate("p99"));
    tiles.extend(latency.map(|estimate| Tile {
        kind: Kind::Latency,
        estimate,
        label: view.say(Text::TileLatency).to_owned(),
        whom: view.say(Text::EveryOperation).to_owned(),
    }));
    if latency.is_none() {
        let arrivals = view
            .rows
            .total("arrivals")
            .and_then(|row| row.estimate("mean"));
        let days = numbers::count(u64::from(view.summary.scenario.replications));
        let (label, replications) = match names::steady_hours(&view.summary.scenario) {
            Some(_) => (Text::TileCustomersEach, Text::TileRuns),
            None => (Text::TileCustomers, Text::TileDays),
        };
        tiles.extend(arrivals.map(|estimate| Tile {
            kind: Kind::Plain,
            estimate,
            label: view.say(label).to_owned(),
            whom: view.fill(replications, &[("days", &days)]),
        }));
    }
    html! {
        @if !tiles.is_empty() {
            div.tiles { @for tile in &tiles { (one_tile(view, tile)) } }
        }
    }
}

fn promise_tile(view: &View, asked: &Asked, whom: &str) -> Option<Tile> {
    let gate = gates::promise(view.summary)?;
    let threshold = asked.threshold_seconds?;
    let threshold = numbers::round(Kind::Duration, threshold, view.lang);
    Some(Tile {
        kind: asked.kind(),
        estimate: Estimate {
            value: gate.estimate?,
            low: gate.low,
            high: gate.high,
        },
        label: view.fill(Text::TileShare, &[("threshold", &threshold)]),
        whom: whom.to_owned(),
    })
}

fn one_tile(view: &View, tile: &Tile) -> Markup {
    let scale = Scale::fit(tile.kind, tile.estimate.value, view.lang);
    html! {
        div.tile {
            div.label { (tile.label) }
            strong { (scale.full(tile.estimate.value)) }
            @if let (Some(low), Some(high)) = (tile.estimate.low, tile.estimate.high) {
                div.range { "95%: " (scale.range(low, high)) }
            }
            div.whom { (tile.whom) }
        }
    }
}

/// Every gate, what did not pass first.
pub(super) fn gates(view: &View) -> Markup {
    let gates = gates::failing_first(view.summary);
    if gates.is_empty() {
        return html! {};
    }
    let heads = [
        Text::Gate,
        Text::Verdict,
        Text::Estimate,
        Text::Bound,
        Text::Reason,
    ];
    card(
        view.say(Text::Gates),
        &html! {
            p {
                (view.say(match view.summary.status {
                    Status::Partial => Text::GatesPartial,
                    _ => Text::GatesIntro,
                }))
            }
            div.scroll tabindex="0" {
                table.gates {
                    thead { tr { @for head in heads { th scope="col" { (view.say(head)) } } } }
                    tbody { @for gate in gates { (gate_row(view, gate)) } }
                }
            }
        },
    )
}

fn gate_row(view: &View, gate: &GateRecord) -> Markup {
    let tone = Tone::from(gate.verdict).class();
    html! {
        tr {
            th.wide-text scope="row" {
                (gates::name(gate, view.lang))
                @if let Some(asks) = gates::asks(gate, view.summary, view.lang) {
                    " " span.sub { (asks) }
                }
                @if gate.gate != gate.name && !gates::is_always_on(gate) { " " code.sub { (gate.gate) } }
            }
            td { span class={ "badge tone-" (tone) } { (gates::verdict(gate.verdict, view.lang)) } }
            td { (unbroken(&gates::found(gate, view.summary, view.lang))) }
            td.short { (gates::bound_words(gate, view.lang)) }
            td.wide-text { (gates::reason(gate, view.summary, view.lang)) }
        }
    }
}

//! What the figures rest on: assumptions, method, and the run itself.

use super::View;
use super::pieces::card;
use crate::words::names;
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::model::Mark;

/// The assumptions, each marked.
pub(super) fn assumptions(view: &View) -> Markup {
    let assumptions = &view.summary.scenario.assumptions;
    if assumptions.is_empty() {
        let content = html! { p { (view.say(Text::AssumptionsNone)) } };
        return card(view.say(Text::Assumptions), &content);
    }
    let marked = |mark: Mark| {
        assumptions
            .iter()
            .filter(|one| one.mark == mark)
            .count()
            .to_string()
    };
    let intro = view.fill(
        Text::AssumptionsIntro,
        &[
            ("sourced", &marked(Mark::Sourced)),
            ("derived", &marked(Mark::Derived)),
            ("assumed", &marked(Mark::Assumed)),
        ],
    );
    card(
        view.say(Text::Assumptions),
        &html! {
            p { (intro) }
            div.scroll tabindex="0" {
                table {
                    thead { tr {
                        @for head in [Text::Mark, Text::About, Text::Value, Text::Because] {
                            th scope="col" { (view.say(head)) }
                        }
                    } }
                    tbody {
                        @for one in assumptions {
                            tr {
                                td { (badge(view, one.mark)) }
                                td { code { (one.about) } }
                                td { code { (one.value) } }
                                td.wide-text { (one.because) }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn badge(view: &View, mark: Mark) -> Markup {
    let (tone, word) = match mark {
        Mark::Sourced => ("pass", Text::Sourced),
        Mark::Derived => ("invalid", Text::Derived),
        Mark::Assumed => ("undecided", Text::Assumed),
    };
    html! { span class={ "badge tone-" (tone) } { (view.say(word)) } }
}

/// The definitions in short.
pub(super) fn method(view: &View) -> Markup {
    let mut notes = vec![
        (Text::MethodWaitTerm, Text::MethodWait),
        (Text::MethodPartsTerm, Text::MethodParts),
        (Text::MethodPopulationTerm, Text::MethodPopulation),
        (Text::MethodInclusiveTerm, Text::MethodInclusive),
        (Text::MethodIntervalsTerm, Text::MethodIntervals),
        (Text::MethodConfidenceTerm, Text::MethodConfidence),
        (Text::MethodPercentilesTerm, Text::MethodPercentiles),
        (Text::MethodClosingTerm, Text::MethodClosing),
    ];
    if view.summary.load.is_some() {
        notes.push((Text::MethodLatencyTerm, Text::MethodLatency));
    }
    card(
        view.say(Text::Method),
        &html! {
            dl { @for (term, note) in notes { dt { (view.say(term)) } dd { (definition(view, note)) } } }
        },
    )
}

/// A definition, as the scenario has it where it is not the usual one.
fn definition(view: &View, note: Text) -> String {
    let own = |about: &str| {
        let label = view.summary.scenario.definitions.get(about)?;
        Some(view.lang.pick(&label.en, &label.zh).to_owned())
    };
    match note {
        Text::MethodClosing => own("closing"),
        Text::MethodPopulation => own("abandoned").map(|abandoned| {
            let fallback = view.say(Text::MethodFallback);
            format!("{fallback}{abandoned}")
        }),
        _ => None,
    }
    .unwrap_or_else(|| view.say(note).to_owned())
}

/// What was run, where, and how long it took.
pub(super) fn run(view: &View) -> Markup {
    let (scenario, run) = (&view.summary.scenario, &view.run.run);
    let command = match view.summary.command.as_str() {
        "run" => view.say(Text::CommandRun),
        "simulate" => view.say(Text::CommandSimulate),
        "load" => view.say(Text::CommandLoad),
        other => other,
    };
    let phases: Vec<String> = run
        .phases
        .iter()
        .map(|(name, seconds)| {
            let name = names::phase(name, view.lang);
            format!(
                "{name} {}",
                numbers::value(Kind::Latency, Some(*seconds), view.lang)
            )
        })
        .collect();
    let mut entries = vec![
        (Text::Scenario, scenario.name.clone()),
        (Text::Command, command.to_owned()),
        (Text::DateWord, names::when(scenario, view.lang).join(" · ")),
        (Text::Seed, scenario.seed.to_string()),
        (
            Text::Replications,
            numbers::count(u64::from(scenario.replications)),
        ),
        (Text::Hash, scenario.hash.clone()),
        (Text::Version, run.version.clone()),
        (Text::Started, run.started.clone()),
        (Text::Threads, run.threads.to_string()),
        (Text::Host, run.host.clone()),
        (Text::Phases, phases.join(view.lang.pick(", ", "、"))),
    ];
    entries.extend(run.bank_data.clone().map(|data| (Text::BankData, data)));
    entries.retain(|(_, value)| !value.is_empty());
    card(
        view.say(Text::Run),
        &html! {
            dl { @for (term, value) in &entries { dt { (view.say(*term)) } dd { (value) } } }
        },
    )
}

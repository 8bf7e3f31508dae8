//! Paired differences: what the bank's latency does to the customers, and what
//! changed between two runs. Few lead; the others wait behind a fold.

use super::View;
use super::pieces::{card, difference, table_with_texts};
use crate::words::numbers::{self, Kind, Scale};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::summary::Effect;

/// Differences that the measured latency makes.
pub(super) fn of_the_bank(view: &View) -> Markup {
    let effects = &view.summary.bank_effect;
    if effects.is_empty() {
        return html! {};
    }
    let assumed = assumed(view);
    let first = if assumed.is_empty() {
        Text::Without
    } else {
        Text::WithAssumed
    };
    let heads = [first, Text::With].map(|head| view.say(head));
    let intro = if assumed.is_empty() {
        view.say(Text::EffectIntro).to_owned()
    } else {
        view.fill(Text::EffectIntroAssumed, &[("operations", &assumed)])
    };
    card(
        view.say(Text::Effect),
        &html! {
            @if let Some(lead) = lead(view, effects) { p { (lead) } }
            p { (intro) }
            (folded_table(view, effects, heads, leads_for_the_bank))
            p.read {
                (view.say(Text::EffectRead))
                @if effects.iter().any(|effect| !effect.paired) { " " (view.say(Text::EffectUnpaired)) }
            }
        },
    )
}

/// The operations whose latency was assumed in the first simulation, in words.
fn assumed(view: &View) -> String {
    let names = view.summary.assumed_at_first.iter();
    let names: Vec<String> = names.map(|name| view.name("operation", name)).collect();
    names.join(view.lang.pick(", ", "、"))
}

/// What the bank adds to everyone's time in branch, in a sentence.
fn lead(view: &View, effects: &[Effect]) -> Option<String> {
    let effect = effects.iter().find(|effect| {
        effect.population == "*" && effect.figure == "time_in_branch" && effect.statistic == "mean"
    })?;
    let (value, range) = difference(
        view,
        Kind::Duration,
        effect.difference,
        effect.low,
        effect.high,
    );
    let second = numbers::value(Kind::Duration, Some(effect.second), view.lang);
    let values = [
        ("difference", value.as_str()),
        ("range", range.as_str()),
        ("second", second.as_str()),
    ];
    Some(view.fill(Text::EffectLead, &values))
}

/// Of the bank: what waiting, system time and the promise cost everyone and each
/// channel, and the time of each service.
fn leads_for_the_bank(effect: &Effect) -> bool {
    let figure = effect.figure.as_str();
    let mean = effect.statistic == "mean";
    let time = mean && matches!(figure, "time_in_branch" | "system");
    match dimension(effect) {
        "" | "channel" => time || mean && figure == "wait" || is_promised(effect),
        "service" => time,
        _ => false,
    }
}

/// Between two runs: the story of everyone, each channel and each segment.
pub(crate) fn leads_between_runs(effect: &Effect) -> bool {
    let story = matches!(effect.figure.as_str(), "time_in_branch" | "wait");
    matches!(dimension(effect), "" | "channel" | "segment")
        && (story && effect.statistic == "mean" || is_promised(effect))
}

/// The share of customers who are done in time.
fn is_promised(effect: &Effect) -> bool {
    effect.figure == "time_in_branch" && effect.statistic.starts_with("share_within")
}

/// `channel` of `channel:kiosk`; empty for everyone.
fn dimension(effect: &Effect) -> &str {
    effect.population.split_once(':').map_or(
        if effect.population == "*" {
            ""
        } else {
            "other"
        },
        |(dimension, _)| dimension,
    )
}

/// The differences that lead, and the others folded; all of them where none leads.
pub(crate) fn divided(
    effects: &[Effect],
    leads: impl Fn(&Effect) -> bool,
) -> (Vec<&Effect>, Vec<&Effect>) {
    let (first, others): (Vec<_>, Vec<_>) = effects.iter().partition(|effect| leads(effect));
    if first.is_empty() {
        (others, first)
    } else {
        (first, others)
    }
}

/// A row per paired difference, under these names for first and second.
pub(super) fn folded_table(
    view: &View,
    effects: &[Effect],
    heads: [&str; 2],
    leads: impl Fn(&Effect) -> bool,
) -> Markup {
    let [first, second] = heads;
    let heads = [
        view.say(Text::Population),
        view.say(Text::Figure),
        first,
        second,
        view.say(Text::Difference),
        view.say(Text::IntervalHeading),
    ]
    .map(str::to_owned);
    let (shown, folded) = divided(effects, leads);
    let count = numbers::count(folded.len() as u64);
    html! {
        div.effects { (table_with_texts(2, &heads, &effect_lines(view, &shown))) }
        @if !folded.is_empty() {
            details {
                summary { (view.fill(Text::MoreDifferences, &[("count", &count)])) }
                div.effects { (table_with_texts(2, &heads, &effect_lines(view, &folded))) }
            }
        }
    }
}

/// The cells of each difference: customers, figure, first, second, difference, interval.
pub(crate) fn effect_lines(view: &View, effects: &[&Effect]) -> Vec<Vec<String>> {
    let rows = effects.iter().map(|effect| {
        let kind = kind_of(effect);
        let (difference, range) =
            difference(view, kind, effect.difference, effect.low, effect.high);
        let scale = Scale::fit(kind, effect.first.abs().max(effect.second.abs()), view.lang);
        vec![
            population_of(view, effect),
            figure_of(view, effect),
            scale.plain(effect.first),
            scale.plain(effect.second),
            difference,
            range,
        ]
    });
    rows.collect()
}

/// The kind of number that an effect compares.
pub(super) fn kind_of(effect: &Effect) -> Kind {
    if effect.statistic.starts_with("share_within") {
        Kind::Share
    } else {
        Kind::of_figure(&effect.figure)
    }
}

/// `channel:kiosk` as people read it.
pub(super) fn population_of(view: &View, effect: &Effect) -> String {
    match effect.population.split_once(':') {
        Some((dimension, name)) => view.name(dimension, name),
        None if effect.population == "*" => view.say(Text::EveryCustomer).to_owned(),
        None => effect.population.clone(),
    }
}

/// Figure and statistic as people read them.
pub(super) fn figure_of(view: &View, effect: &Effect) -> String {
    let figure = view.figure(&effect.figure);
    let threshold = effect
        .statistic
        .strip_prefix("share_within_")
        .and_then(|rest| rest.strip_suffix('s'))
        .and_then(|seconds| seconds.parse::<f64>().ok());
    match (threshold, effect.statistic.as_str()) {
        (Some(seconds), _) => {
            let threshold = numbers::round(Kind::Duration, seconds, view.lang);
            view.fill(
                Text::ShareWithin,
                &[("figure", &figure), ("threshold", &threshold)],
            )
        }
        (None, "mean") if Kind::of_figure(&effect.figure) == Kind::PerDay => figure,
        (None, "mean") => view.fill(Text::MeanOf, &[("figure", &figure)]),
        (None, other) => format!("{figure} {other}"),
    }
}

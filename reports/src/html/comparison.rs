//! Two runs side by side: before and after.

use super::pieces::{DayChart, card, day_chart, unbroken};
use super::{View, document, effects, promise, record, top};
use crate::rows::DayCurve;
use crate::run::RunData;
use crate::verdict::headline;
use crate::words::numbers::{Kind, Scale};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::language::Lang;
use scenarios::summary::{Effect, Minutes};

/// The before-and-after page of two runs, with the differences computed for them.
pub fn comparison_html(
    first: &RunData,
    second: &RunData,
    effects: &[Effect],
    lang: Lang,
) -> String {
    let (before, after) = (View::new(first, lang), View::new(second, lang));
    let names = [title(&before, Text::Before), title(&after, Text::After)];
    let body = html! {
        (banner(&before, &after, effects))
        div.pair { (verdict(&before, &names[0])) (verdict(&after, &names[1])) }
        (differences(&after, effects))
        (minutes(&before, &after))
        (waiting(&before, &after, &names))
        @for view in [&before, &after] { (top::gates(view)) }
        (record::method(&after))
        @for view in [&before, &after] { (record::run(view)) }
    };
    let title = format!(
        "{} · {} · {}",
        first.summary.scenario.name,
        second.summary.scenario.name,
        Text::ComparisonTitle.say(lang)
    );
    document(&title, lang, &second.run.version, &body)
}

/// `before: traditional-branch`.
fn title(view: &View, side: Text) -> String {
    let name = &view.summary.scenario.name;
    view.lang.pick(
        format!("{}: {name}", view.say(side)),
        format!("{}：{name}", view.say(side)),
    )
}

fn banner(before: &View, after: &View, effects: &[Effect]) -> Markup {
    let head = after.fill(
        Text::ComparisonHead,
        &[
            ("first", &before.summary.scenario.name),
            ("second", &after.summary.scenario.name),
        ],
    );
    html! {
        header.card.banner.tone-invalid {
            p.overline { b { (after.say(Text::ComparisonTitle)) } }
            h1 { (head) }
            @for sentence in sentences(after, effects) { p.why { (sentence) } }
        }
    }
}

/// The story of all customers in words, at most four sentences: how long, within
/// the promise, how long waiting, how many gave up; without any, the first four.
/// And for whom it got worse although it did not for all.
pub(crate) fn sentences(view: &View, effects: &[Effect]) -> Vec<String> {
    let mut chosen: Vec<&Effect> = effects
        .iter()
        .filter(|effect| effect.population == "*")
        .collect();
    chosen.sort_by_key(
        |effect| match (effect.figure.as_str(), effect.statistic.as_str()) {
            ("time_in_branch", "mean") => 0,
            ("time_in_branch", _) => 1,
            ("wait", "mean") => 2,
            ("abandoned", _) => 3,
            _ => 4,
        },
    );
    if chosen.is_empty() {
        chosen.extend(effects);
    }
    chosen.truncate(4);
    // What is better for all may be worse for some, and that is news.
    let worse = effects.iter().filter(|effect| {
        let some =
            effect.population.starts_with("channel:") || effect.population.starts_with("segment:");
        some && effect.figure == "time_in_branch" && effect.statistic == "mean" && effect.low > 0.0
    });
    if chosen.first().is_some_and(|all| all.low <= 0.0) {
        let worse: Vec<&Effect> = worse.take(3).collect();
        chosen.extend(worse);
    }
    chosen
        .into_iter()
        .map(|effect| sentence(view, effect))
        .collect()
}

/// One difference in words.
fn sentence(view: &View, effect: &Effect) -> String {
    let kind = effects::kind_of(effect);
    let straddles = effect.low <= 0.0 && effect.high >= 0.0;
    // More customers within a threshold, or served, is better; less of all else.
    let more_is_better =
        kind == Kind::Share && effect.figure != "errors" && effect.figure != "occupancy"
            || matches!(effect.figure.as_str(), "served" | "throughput");
    let template = match (straddles, (effect.difference > 0.0) == more_is_better) {
        (true, _) => Text::NoChange,
        (false, true) => Text::Better,
        (false, false) => Text::Worse,
    };
    let scale = Scale::fit(kind, effect.first.abs().max(effect.second.abs()), view.lang);
    let figure = match effect.figure.as_str() {
        "abandoned" => view.say(Text::NumberAbandoned).to_owned(),
        _ => effects::figure_of(view, effect),
    };
    let text = view.fill(
        template,
        &[
            ("population", &effects::population_of(view, effect)),
            ("figure", &figure),
            ("first", &scale.full(effect.first)),
            ("second", &scale.full(effect.second)),
        ],
    );
    // Names of populations are written small; a sentence starts large.
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn verdict(view: &View, name: &str) -> Markup {
    let head = headline(view.run, view.lang);
    html! {
        section class={ "card banner tone-" (head.tone.class()) } {
            p.overline { (name) }
            h2 { (head.words) }
            @for sentence in &head.why { p { (unbroken(sentence)) } }
            p.read { (view.lang.of(&view.summary.scenario.question)) }
        }
    }
}

fn differences(view: &View, effects: &[Effect]) -> Markup {
    let content = if effects.is_empty() {
        html! { p { (view.say(Text::DifferencesNone)) } }
    } else {
        html! {
            (effects::folded_table(view, effects, [view.say(Text::Before), view.say(Text::After)], effects::leads_between_runs))
            p.read {
                (view.say(Text::DifferencesRead))
                @if effects.iter().any(|effect| !effect.paired) { " " (view.say(Text::EffectUnpaired)) }
            }
        }
    };
    card(view.say(Text::Differences), &content)
}

/// Each channel before and after, one under the other.
fn minutes(before: &View, after: &View) -> Markup {
    let sides = [(before, Text::Before), (after, Text::After)];
    let mut channels: Vec<&str> = Vec::new();
    for row in sides.iter().flat_map(|(view, _)| &view.summary.minutes) {
        if !channels.contains(&row.channel.as_str()) {
            channels.push(&row.channel);
        }
    }
    let mut rows: Vec<(String, &Minutes)> = Vec::new();
    for channel in channels {
        for (view, side) in sides {
            let of_channel = view
                .summary
                .minutes
                .iter()
                .filter(|row| row.channel == channel);
            rows.extend(of_channel.map(|row| {
                let name = promise::channel_name(view, row);
                (format!("{name} · {}", view.say(side)), row)
            }));
        }
    }
    if rows.is_empty() {
        return html! {};
    }
    card(
        after.say(Text::Minutes),
        &promise::minutes_chart(after, &rows),
    )
}

fn waiting(before: &View, after: &View, names: &[String; 2]) -> Markup {
    let curves: Vec<DayCurve> = [before, after]
        .iter()
        .zip(names)
        .flat_map(|(view, name)| {
            view.rows
                .over_the_day("wait", &[])
                .into_iter()
                .map(move |curve| DayCurve {
                    dimension: "run",
                    name: name.as_str(),
                    rows: curve.rows,
                })
        })
        .collect();
    let ask = DayChart {
        title: after.say(Text::TileWait),
        read: after.say(Text::WaitingRead),
        column: "mean",
        kind: Kind::Duration,
        bars: false,
        bound: None,
    };
    day_chart(after, &curves, &ask)
        .map_or_else(|| html! {}, |drawn| card(after.say(Text::Waiting), &drawn))
}

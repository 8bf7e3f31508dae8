//! The promise by interval, why customers missed it, and where minutes go.

use super::View;
use super::pieces::{Bound, Caption, DayChart, card, chart, day_chart, value_axis};
use crate::chart::{Axis, BarChart, BarRow, Colour, Segment};
use crate::rows::DayCurve;
use crate::words::gates::{self, Asked};
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use crate::words::{names, numbers::Scale};
use maud::{Markup, html};
use scenarios::summary::{Minutes, Misses};

const PARTS: [&str; 5] = ["wait", "service", "review", "system", "fallback"];

/// Share within the threshold by arrival interval, with the bound.
pub(super) fn by_interval(view: &View) -> Markup {
    let Some(gate) = gates::promise(view.summary) else {
        return html! {};
    };
    let Some((asked, threshold)) = Asked::read(&gate.gate)
        .filter(|asked| asked.statistic == "share_within")
        .and_then(|asked| asked.threshold_seconds.map(|threshold| (asked, threshold)))
    else {
        return html! {};
    };
    let mut whom = asked.whom(view.summary, view.lang);
    if whom.is_empty() {
        view.say(Text::EveryCustomer).clone_into(&mut whom);
    }
    let threshold_words = numbers::round(Kind::Duration, threshold, view.lang);
    let intro = view.fill(
        Text::PromiseIntro,
        &[
            ("whom", &whom),
            ("figure", &view.figure(&asked.figure)),
            ("threshold", &threshold_words),
        ],
    );
    let title = view.fill(Text::TileShare, &[("threshold", &threshold_words)]);
    let drawn = day_chart(
        view,
        &curve_of(view, &asked),
        &DayChart {
            title: &title,
            read: view.say(Text::PromiseRead),
            column: &format!("share_within_{threshold}s"),
            kind: Kind::Share,
            bars: false,
            bound: gate
                .bound
                .filter(|bound| (0.0..=1.0).contains(bound))
                .map(|at| Bound {
                    at,
                    at_least: !gate.gate.contains('<'),
                }),
        },
    );
    card(
        view.say(Text::Promise),
        &html! {
            p { (intro) }
            @match drawn {
                Some(drawn) => (drawn),
                None => p.read { (view.say(Text::PromiseAbsent)) },
            }
        },
    )
}

/// The curve of the promise's population, where it has rows by interval.
fn curve_of<'a>(view: &View<'a>, asked: &Asked) -> Vec<DayCurve<'a>> {
    let named: Vec<&(String, String)> = asked
        .population
        .iter()
        .filter(|(dimension, _)| dimension != "branch")
        .collect();
    let (dimension, name) = match named.as_slice() {
        [] => ("branch", ""),
        [(dimension, name)] => match dimension.as_str() {
            "channel" => ("channel", name.as_str()),
            "service" => ("service", name.as_str()),
            "segment" => ("segment", name.as_str()),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    if name.is_empty() {
        return view.rows.over_the_day(&asked.figure, &[]);
    }
    let mut curves = view.rows.over_the_day(&asked.figure, &[dimension]);
    curves.retain(|curve| curve.dimension == dimension && curve.name == name);
    curves
}

/// The misses, named by the part that broke the promise.
pub(super) fn misses(view: &View) -> Markup {
    let Some(misses) = &view.summary.misses else {
        return html! {};
    };
    if misses.missed == 0 {
        let content = html! { p { (view.say(Text::MissesNone)) } };
        return card(view.say(Text::Misses), &content);
    }
    let sentence = view.fill(
        Text::MissesCount,
        &[
            ("missed", &numbers::count(misses.missed)),
            ("customers", &numbers::count(misses.customers)),
        ],
    );
    card(
        view.say(Text::Misses),
        &html! {
            p { (sentence) (view.lang.pick(" ", "")) (view.lang.of(&misses.finding)) }
            (misses_chart(view, misses))
        },
    )
}

fn misses_chart(view: &View, misses: &Misses) -> Markup {
    let (axis, _) = value_axis(view, Kind::Share, 0.0, 1.0, "");
    let rows = misses.by_part.iter().map(|part| BarRow {
        name: names::part(&part.part, view.lang),
        value: format!(
            "{} · {}",
            numbers::count(part.missed),
            numbers::value(Kind::Share, Some(part.share), view.lang)
        ),
        segments: vec![Segment {
            colour: Colour::of_part(&part.part),
            length: finite(part.share),
        }],
        whisker: None,
    });
    let drawing = BarChart {
        axis,
        rows: rows.collect(),
    };
    let heads = [
        Text::Part,
        Text::Missed,
        Text::ShareOfMisses,
        Text::MeanOfMissed,
    ];
    let table = misses.by_part.iter().map(|part| {
        vec![
            names::part(&part.part, view.lang),
            numbers::count(part.missed),
            numbers::value(Kind::Share, Some(part.share), view.lang),
            numbers::value(Kind::Duration, Some(part.mean_seconds), view.lang),
        ]
    });
    chart(
        view,
        &drawing,
        &Caption {
            title: view.say(Text::Misses),
            read: view.say(Text::MissesRead),
            legend: Vec::new(),
            heads: heads.map(|head| view.say(head).to_owned()).to_vec(),
            rows: table.collect(),
        },
    )
}

/// What a chart can hold: not-a-number and beyond become nothing.
fn finite(value: f64) -> f64 {
    if value.is_finite() {
        value.clamp(0.0, 1e12)
    } else {
        0.0
    }
}

/// Parts of a row, in the order of the day.
fn parts(row: &Minutes) -> [f64; 5] {
    [row.wait, row.service, row.review, row.system, row.fallback]
}

/// A bar per channel, and one for all.
pub(super) fn minutes(view: &View) -> Markup {
    let named: Vec<(String, &Minutes)> = view
        .summary
        .minutes
        .iter()
        .map(|row| (channel_name(view, row), row))
        .collect();
    if named.is_empty() {
        return html! {};
    }
    card(view.say(Text::Minutes), &minutes_chart(view, &named))
}

/// The channel of a row as people read it.
pub(super) fn channel_name(view: &View, row: &Minutes) -> String {
    match row.channel.as_str() {
        "*" => view.say(Text::AllChannels).to_owned(),
        name => view.name("channel", name),
    }
}

/// Stacked bars of these rows, under these names.
pub(super) fn minutes_chart(view: &View, named: &[(String, &Minutes)]) -> Markup {
    let longest = named
        .iter()
        .map(|(_, row)| parts(row).map(finite).iter().sum::<f64>())
        .fold(0.0, f64::max);
    let mut axis = Axis::linear(0.0, longest / 60.0, |value, decimals| {
        format!("{value:.decimals$} {}", view.say(Text::MinuteUnit))
    });
    axis.stretch(60.0);
    let rows = named.iter().map(|(name, row)| BarRow {
        name: name.clone(),
        value: numbers::value(Kind::Duration, Some(row.time_in_branch), view.lang),
        segments: PARTS
            .iter()
            .zip(parts(row))
            .map(|(part, seconds)| Segment {
                colour: Colour::of_part(part),
                length: finite(seconds),
            })
            .collect(),
        whisker: None,
    });
    let drawing = BarChart {
        axis,
        rows: rows.collect(),
    };
    let mut heads = vec![
        names::dimension("channel", view.lang),
        view.say(Text::Customers).to_owned(),
    ];
    heads.extend(PARTS.map(|part| names::part(part, view.lang)));
    heads.push(view.figure("time_in_branch"));
    let minute = |seconds: f64| {
        let scale = Scale::fit(
            Kind::Duration,
            if seconds.is_finite() { seconds } else { 0.0 },
            view.lang,
        );
        scale.full(seconds)
    };
    let table = named.iter().map(|(name, row)| {
        let mut cells = vec![name.clone(), numbers::count(row.customers)];
        cells.extend(parts(row).map(minute));
        cells.push(minute(row.time_in_branch));
        cells
    });
    chart(
        view,
        &drawing,
        &Caption {
            title: view.say(Text::Minutes),
            read: view.say(Text::MinutesRead),
            legend: PARTS
                .map(|part| (Colour::of_part(part), names::part(part, view.lang)))
                .to_vec(),
            heads,
            rows: table.collect(),
        },
    )
}

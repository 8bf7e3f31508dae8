//! What the search for the highest rate found: latency against load.

use crate::chart::{Axis, Colour, Plot, Point, Series, Shape};
use crate::html::View;
use crate::html::pieces::{Caption, chart};
use crate::words::counts::limit_line;
use crate::words::gates::verdict;
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::summary::{LimitRecord, ProbeRecord};

/// The sentence, the curve, the table.
pub(super) fn limit(view: &View, found: &LimitRecord) -> Markup {
    html! {
        h3 { (view.say(Text::Limit)) }
        p { (limit_line(found, view.lang)) }
        (curve(view, &found.probes))
    }
}

fn curve(view: &View, probes: &[ProbeRecord]) -> Markup {
    let of = |latency: fn(&ProbeRecord) -> Option<f64>| -> Vec<(f64, f64)> {
        let positive = |value: &f64| value.is_finite() && *value > 0.0;
        probes
            .iter()
            .filter_map(|probe| Some((probe.offered_per_second, latency(probe).filter(positive)?)))
            .collect()
    };
    let curves = [
        (Text::Median, Colour::Series(0), of(|probe| probe.p50)),
        (Text::Quantile99, Colour::Series(1), of(|probe| probe.p99)),
    ];
    let points = || curves.iter().flat_map(|(_, _, points)| points);
    let low = points().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.1).fold(0.0, f64::max);
    let last = points().map(|point| point.0).fold(0.0, f64::max);
    if !low.is_finite() {
        return html! {};
    }
    let caption = Caption {
        title: view.say(Text::Limit),
        read: view.say(Text::LimitRead),
        legend: curves
            .iter()
            .map(|(name, colour, _)| (*colour, view.say(*name).to_owned()))
            .collect(),
        heads: [
            Text::Offered,
            Text::Achieved,
            Text::Median,
            Text::Quantile99,
            Text::Errors,
            Text::Verdict,
        ]
        .map(|head| view.say(head).to_owned())
        .to_vec(),
        rows: probes.iter().map(|probe| row(view, probe)).collect(),
    };
    let plot = Plot {
        x: Axis::linear(0.0, last.max(1.0) * 1.05, |value, _| format!("{value:.0}")),
        y: Axis::logarithmic(low, high, |value| {
            numbers::round(Kind::Latency, value, view.lang)
        }),
        y_title: view.say(Text::LimitAxis).to_owned(),
        series: curves
            .into_iter()
            .map(|(_, colour, points)| Series {
                colour,
                shape: Shape::Line { gap: f64::INFINITY },
                points: points
                    .into_iter()
                    .map(|(x, y)| Point {
                        x,
                        y: y.log10(),
                        low: None,
                        high: None,
                        colour: None,
                    })
                    .collect(),
            })
            .collect(),
        bound: None,
    };
    chart(view, &plot, &caption)
}

fn row(view: &View, probe: &ProbeRecord) -> Vec<String> {
    let rate = |value: f64| numbers::value(Kind::Rate, Some(value), view.lang);
    vec![
        rate(probe.offered_per_second),
        rate(probe.achieved_per_second),
        numbers::value(Kind::Latency, probe.p50, view.lang),
        numbers::value(Kind::Latency, probe.p99, view.lang),
        numbers::value(Kind::Share, probe.errors, view.lang),
        verdict(probe.verdict, view.lang).to_owned(),
    ]
}

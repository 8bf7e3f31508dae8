//! Rates of the load over time: offered, achieved, succeeded.

use crate::chart::{Axis, Colour, Plot, Point, Series, Shape};
use crate::html::View;
use crate::html::pieces::{Caption, chart};
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use maud::{Markup, html};
use scenarios::summary::LoadSecond;

/// Operations a second, slot by slot.
pub(super) fn over_time(view: &View, slots: &[LoadSecond]) -> Markup {
    let of = |count: fn(&LoadSecond) -> u64| -> Vec<Point> {
        let points = slots.iter().map(|slot| Point {
            x: f64::from(slot.second),
            y: rate(count(slot), slot),
            low: None,
            high: None,
            colour: None,
        });
        points.collect()
    };
    let curves = [
        (Text::Offered, Colour::Soft, of(|slot| slot.operations)),
        (Text::Achieved, Colour::Series(1), of(|slot| slot.answered)),
        (
            Text::Succeeded,
            Colour::Series(0),
            of(|slot| slot.succeeded),
        ),
    ];
    let points = || curves.iter().flat_map(|(_, _, points)| points);
    let high = points().map(|point| point.y).fold(0.0, f64::max);
    let last = points().map(|point| point.x).fold(0.0, f64::max);
    // What was recorded before there were such counts has no rates.
    if high <= 0.0 || slots.iter().all(|slot| slot.answered == 0) {
        return html! {};
    }
    let caption = Caption {
        title: view.say(Text::RateOverTime),
        read: view.say(Text::RateOverTimeRead),
        legend: curves
            .iter()
            .map(|(name, colour, _)| (*colour, view.say(*name).to_owned()))
            .collect(),
        heads: [Text::Second, Text::Offered, Text::Achieved, Text::Succeeded]
            .map(|head| view.say(head).to_owned())
            .to_vec(),
        rows: slots.iter().map(|slot| row(view, slot)).collect(),
    };
    let gap = 1.5 * slots.first().map_or(1.0, |slot| f64::from(slot.seconds));
    let plot = Plot {
        x: Axis::linear(0.0, last.max(1.0), |value, _| format!("{value:.0}")),
        y: Axis::linear(0.0, high * 1.05, |value, _| {
            numbers::round(Kind::Plain, value, view.lang)
        }),
        y_title: view.say(Text::RateAxis).to_owned(),
        series: curves
            .into_iter()
            .map(|(_, colour, points)| Series {
                colour,
                shape: Shape::Line { gap },
                points,
            })
            .collect(),
        bound: None,
    };
    html! {
        h3 { (view.say(Text::RateOverTime)) }
        (chart(view, &plot, &caption))
    }
}

fn rate(count: u64, slot: &LoadSecond) -> f64 {
    count as f64 / f64::from(slot.seconds.max(1))
}

fn row(view: &View, slot: &LoadSecond) -> Vec<String> {
    let counts = [slot.operations, slot.answered, slot.succeeded];
    let mut cells = vec![slot.second.to_string()];
    cells.extend(counts.map(|count| numbers::round(Kind::Plain, rate(count, slot), view.lang)));
    cells
}

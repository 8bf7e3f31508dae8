//! The day in the branch: waiting, people waiting, occupancy, arrivals.

use super::View;
use super::pieces::{Caption, DayChart, card, chart, day_chart, value_axis};
use crate::chart::{BarChart, BarRow, Colour, Segment};
use crate::rows::Row;
use crate::words::names;
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use maud::{Markup, html};

/// A card, where there is something in it.
fn card_of(title: &str, content: Vec<Markup>) -> Markup {
    if content.is_empty() {
        return html! {};
    }
    card(title, &html! { @for piece in content { (piece) } })
}

/// Mean waiting time by arrival interval.
pub(super) fn waiting(view: &View) -> Markup {
    let ask = DayChart {
        title: view.say(Text::TileWait),
        read: view.say(Text::WaitingRead),
        column: "mean",
        kind: Kind::Duration,
        bars: false,
        bound: None,
    };
    let curves = view.rows.over_the_day("wait", &["channel"]);
    let drawn = day_chart(view, &curves, &ask);
    card_of(view.say(Text::Waiting), drawn.into_iter().collect())
}

/// People waiting by clock interval, else over the day.
pub(super) fn queue(view: &View) -> Markup {
    let ask = DayChart {
        title: view.say(Text::MeanPeople),
        read: view.say(Text::QueueRead),
        column: "mean",
        kind: Kind::People,
        bars: true,
        bound: None,
    };
    let curves = view
        .rows
        .over_the_day("queue_length", &["resource", "channel"]);
    let drawn = day_chart(view, &curves, &ask)
        .or_else(|| resource_bars(view, "queue_length", Text::Queue, Text::QueueTotalRead));
    card_of(view.say(Text::Queue), drawn.into_iter().collect())
}

/// Occupancy of each resource, over the day and by interval.
pub(super) fn occupancy(view: &View) -> Markup {
    let ask = DayChart {
        title: view.say(Text::Occupancy),
        read: view.say(Text::OccupancyDayRead),
        column: "mean",
        kind: Kind::Share,
        bars: false,
        bound: None,
    };
    let curves = view.rows.over_the_day("occupancy", &["resource"]);
    let total = resource_bars(view, "occupancy", Text::Occupancy, Text::OccupancyRead);
    let by_interval = day_chart(view, &curves, &ask);
    card_of(
        view.say(Text::Occupancy),
        total.into_iter().chain(by_interval).collect(),
    )
}

/// A bar with its interval for each resource.
fn resource_bars(view: &View, figure: &str, title: Text, read: Text) -> Option<Markup> {
    let kind = Kind::of_figure(figure);
    let rows: Vec<(String, Row)> = view
        .rows
        .of(figure, &["resource"])
        .into_iter()
        .filter_map(|row| Some((view.name("resource", row.name("resource")?), row)))
        .filter(|(_, row)| row.number("mean").is_some())
        .collect();
    let highest = rows
        .iter()
        .filter_map(|(_, row)| row.number("mean_high").or(row.number("mean")))
        .reduce(f64::max)?;
    let high = if kind == Kind::Share {
        highest.max(1.0)
    } else {
        highest
    };
    let (axis, _) = value_axis(view, kind, 0.0, high, "");
    let bars = rows.iter().enumerate().filter_map(|(index, (name, row))| {
        let estimate = row.estimate("mean")?;
        Some(BarRow {
            name: name.clone(),
            value: numbers::estimate(kind, estimate, view.lang),
            segments: vec![Segment {
                colour: Colour::Series(index),
                length: estimate.value.max(0.0),
            }],
            whisker: estimate.low.zip(estimate.high),
        })
    });
    let drawing = BarChart {
        axis,
        rows: bars.collect(),
    };
    let table = rows.iter().filter_map(|(name, row)| {
        Some(vec![
            name.clone(),
            numbers::estimate(kind, row.estimate("mean")?, view.lang),
        ])
    });
    let caption = Caption {
        title: view.say(title),
        read: view.say(read),
        legend: Vec::new(),
        heads: vec![
            names::dimension("resource", view.lang),
            view.say(Text::Mean).to_owned(),
        ],
        rows: table.collect(),
    };
    Some(chart(view, &drawing, &caption))
}

/// Customers who arrive in each interval.
pub(super) fn arrivals(view: &View) -> Markup {
    let ask = DayChart {
        title: view.say(Text::PerInterval),
        read: view.say(Text::ArrivalsRead),
        column: "mean",
        kind: Kind::Plain,
        bars: true,
        bound: None,
    };
    let mut curves = view.rows.over_the_day("arrivals", &[]);
    if curves.is_empty() {
        curves = view.rows.over_the_day("arrivals", &["channel"]);
    }
    let drawn = day_chart(view, &curves, &ask);
    card_of(view.say(Text::Arrivals), drawn.into_iter().collect())
}

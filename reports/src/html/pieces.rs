//! The pieces that every section is made of: card, chart with its numbers, table.

use super::View;
use crate::chart::{Axis, Chart, Colour, Plot, Point, Series, Shape, Width};
use crate::rows::{DayCurve, Estimate};
use crate::words::numbers::{self, Kind, Scale};
use crate::words::texts::Text;
use maud::{Markup, PreEscaped, html};

/// A section with a heading.
pub(super) fn card(title: &str, content: &Markup) -> Markup {
    html! {
        section.card {
            h2 { (title) }
            (content)
        }
    }
}

/// A table in a container that scrolls by itself; the first column is a heading,
/// the others are numbers.
pub(super) fn table(heads: &[String], rows: &[Vec<String>]) -> Markup {
    table_with_texts(1, heads, rows)
}

/// The same, with so many columns of words before the numbers.
pub(super) fn table_with_texts(texts: usize, heads: &[String], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                thead { tr {
                    @for (index, head) in heads.iter().enumerate() {
                        th scope="col" class=[(index >= texts).then_some("n")] { (head) }
                    }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 { th scope="row" { (cell) } }
                                @else { td class=[(index >= texts).then_some("n")] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a chart shows, beside the drawing.
pub(super) struct Caption<'a> {
    pub(super) title: &'a str,
    pub(super) read: &'a str,
    pub(super) legend: Vec<(Colour, String)>,
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A chart at both widths, its legend, how to read it, and its numbers.
pub(super) fn chart(view: &View, chart: &dyn Chart, caption: &Caption) -> Markup {
    let description = view.fill(Text::ChartAlt, &[("title", caption.title)]);
    html! {
        figure {
            @if caption.legend.len() > 1 {
                ul.legend {
                    @for (colour, name) in &caption.legend {
                        li { i class={ "swatch-" (colour.variable()) } {} (name) }
                    }
                }
            }
            @for width in Width::BOTH {
                (PreEscaped(chart.draw(width, &description)))
            }
            figcaption {
                p.read { (caption.read) }
                details {
                    summary { (view.say(Text::NumbersOfChart)) }
                    (table(&caption.heads, &caption.rows))
                }
            }
        }
    }
}

/// What a chart over the day shows.
pub(super) struct DayChart<'a> {
    pub(super) title: &'a str,
    pub(super) read: &'a str,
    pub(super) column: &'a str,
    pub(super) kind: Kind,
    /// Bars from zero rather than joined dots, for a single curve.
    pub(super) bars: bool,
    /// A bound that colours each point by how its interval lies to it.
    pub(super) bound: Option<Bound>,
}

/// A height that points should lie above or below.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) at: f64,
    pub(super) at_least: bool,
}

impl Bound {
    fn colour(self, estimate: Estimate) -> Colour {
        let low = estimate.low.unwrap_or(estimate.value);
        let high = estimate.high.unwrap_or(estimate.value);
        match (low >= self.at, high <= self.at, self.at_least) {
            (true, _, true) | (_, true, false) => Colour::Pass,
            (_, true, true) | (true, _, false) => Colour::Fail,
            _ => Colour::Undecided,
        }
    }
}

/// A curve's value: minutes since midnight, and what was found.
type Value = (f64, Estimate);

/// A chart of a figure over the day, one curve per population; nothing if no row
/// has the column.
pub(super) fn day_chart(view: &View, curves: &[DayCurve], ask: &DayChart) -> Option<Markup> {
    let named: Vec<(String, Vec<Value>)> = curves
        .iter()
        .map(|curve| {
            let name = if curve.name.is_empty() {
                view.say(Text::TheBranch).to_owned()
            } else {
                view.name(curve.dimension, curve.name)
            };
            let values = curve
                .rows
                .iter()
                .filter_map(|row| Some((row.minute()?, row.estimate(ask.column)?)));
            (name, values.collect())
        })
        .filter(|(_, values): &(String, Vec<Value>)| !values.is_empty())
        .collect();
    let plot = day_plot(view, &named, ask)?;
    let legend = named
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (Colour::Series(index), name.clone()))
        .collect();
    let (heads, rows) = day_table(view, &named, ask.kind);
    let caption = Caption {
        title: ask.title,
        read: ask.read,
        legend,
        heads,
        rows,
    };
    Some(chart(view, &plot, &caption))
}

/// Minutes between the starts of two intervals.
fn step_of(minutes: &[f64]) -> f64 {
    let steps = minutes.windows(2).filter_map(|pair| match pair {
        [first, second] if second > first => Some(second - first),
        _ => None,
    });
    let step = steps.fold(f64::INFINITY, f64::min);
    if step.is_finite() { step } else { 30.0 }
}

fn day_plot(view: &View, named: &[(String, Vec<Value>)], ask: &DayChart) -> Option<Plot> {
    let mut minutes: Vec<f64> = named
        .iter()
        .flat_map(|(_, values)| values)
        .map(|value| value.0)
        .collect();
    minutes.sort_by(f64::total_cmp);
    minutes.dedup();
    let (first, last) = (*minutes.first()?, *minutes.last()?);
    let step = step_of(&minutes);
    // An interval may reach below what there can be; a drawing of it does not.
    let possible = |value: f64| {
        let most = if ask.kind == Kind::Share {
            1.0
        } else {
            f64::INFINITY
        };
        value.clamp(0.0, most)
    };
    let ends = named
        .iter()
        .flat_map(|(_, values)| values)
        .flat_map(|(_, estimate)| [Some(estimate.value), estimate.low, estimate.high])
        .flatten()
        .map(possible);
    let (low, high) = ends
        .chain(ask.bound.map(|bound| bound.at))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    // Everything starts at zero, but shares far above it; shares end at all.
    let low = if ask.kind == Kind::Share && !ask.bars {
        (low - 0.05).max(0.0)
    } else {
        0.0
    };
    let high = if ask.kind == Kind::Share {
        (high + 0.02).min(1.0)
    } else {
        high
    };
    let (y, y_title) = value_axis(view, ask.kind, low, high, ask.title);
    let count = named.len() as f64;
    let series = named.iter().enumerate().map(|(index, (_, values))| {
        // Curves stand beside one another, so that whiskers do not hide whiskers.
        let aside = (index as f64 - (count - 1.0) / 2.0) * (step / (count + 3.0));
        Series {
            colour: Colour::Series(index),
            shape: match (ask.bound, ask.bars && named.len() == 1) {
                (_, true) => Shape::Bars { width: step * 0.7 },
                (Some(_), _) => Shape::Dots,
                _ => Shape::JoinedDots,
            },
            points: values
                .iter()
                .map(|(minute, estimate)| Point {
                    x: minute + step / 2.0 + aside,
                    y: possible(estimate.value),
                    low: estimate.low.map(possible),
                    high: estimate.high.map(possible),
                    colour: ask.bound.map(|bound| bound.colour(*estimate)),
                })
                .collect(),
        }
    });
    Some(Plot {
        x: Axis::clock(first, last + step),
        y,
        y_title,
        series: series.collect(),
        bound: ask.bound.map(|bound| bound.at),
    })
}

/// An axis for values of a kind, with its title and unit.
pub(super) fn value_axis(
    view: &View,
    kind: Kind,
    low: f64,
    high: f64,
    title: &str,
) -> (Axis, String) {
    match kind {
        Kind::Share => {
            let axis = Axis::linear(low, high, |value, decimals| {
                format!("{:.1$}%", value * 100.0, decimals.saturating_sub(2))
            });
            (axis, title.to_owned())
        }
        Kind::Duration => {
            // Ticks at round minutes, positions in seconds.
            let mut axis = Axis::linear(low / 60.0, high / 60.0, |value, decimals| {
                format!("{value:.decimals$}")
            });
            axis.stretch(60.0);
            (axis, with_unit(view, title, view.say(Text::MinuteUnit)))
        }
        _ => (
            Axis::linear(low, high, |value, decimals| format!("{value:.decimals$}")),
            title.to_owned(),
        ),
    }
}

fn with_unit(view: &View, title: &str, unit: &str) -> String {
    view.lang
        .pick(format!("{title} ({unit})"), format!("{title}（{unit}）"))
}

fn day_table(
    view: &View,
    named: &[(String, Vec<Value>)],
    kind: Kind,
) -> (Vec<String>, Vec<Vec<String>>) {
    let mut heads = vec![view.say(Text::IntervalWord).to_owned()];
    heads.extend(named.iter().map(|(name, _)| name.clone()));
    let mut minutes: Vec<f64> = named
        .iter()
        .flat_map(|(_, values)| values)
        .map(|value| value.0)
        .collect();
    minutes.sort_by(f64::total_cmp);
    minutes.dedup();
    let rows = minutes.iter().map(|minute| {
        let mut row = vec![format!(
            "{:02}:{:02}",
            (minute / 60.0).floor(),
            (minute % 60.0).floor()
        )];
        row.extend(named.iter().map(|(_, values)| {
            let found = values.iter().find(|(at, _)| at.total_cmp(minute).is_eq());
            found.map_or_else(
                || "–".to_owned(),
                |(_, estimate)| numbers::estimate(kind, *estimate, view.lang),
            )
        }));
        row
    });
    (heads, rows.collect())
}

/// Differences of times below this, in seconds, are shown as none.
const IMPERCEPTIBLE: f64 = 0.000_05;
/// Differences of shares below this: half a thousandth of a point.
const IMPERCEPTIBLE_SHARE: f64 = 0.000_005;

/// A difference with its interval, in the unit that fits it.
pub(super) fn difference(
    view: &View,
    kind: Kind,
    value: f64,
    low: f64,
    high: f64,
) -> (String, String) {
    if ![value, low, high].iter().all(|number| number.is_finite()) {
        return ("–".to_owned(), "–".to_owned());
    }
    let ends = [value, low, high];
    let imperceptible = match kind {
        Kind::Duration | Kind::Latency => IMPERCEPTIBLE,
        Kind::Share => IMPERCEPTIBLE_SHARE,
        _ => 0.0,
    };
    if ends.iter().all(|end| end.abs() <= imperceptible) {
        let (none, below) = match kind {
            Kind::Duration | Kind::Latency => (view.say(Text::NoMilliseconds), Text::Imperceptible),
            Kind::Share => (view.say(Text::NoPoints), Text::ImperceptibleShare),
            _ => ("0", Text::Imperceptible),
        };
        let range = if ends.iter().all(|end| end.abs() < f64::MIN_POSITIVE) {
            "0"
        } else {
            view.say(below)
        };
        return (none.to_owned(), range.to_owned());
    }
    // Nobody feels a twentieth of a millisecond, and no simulation knows it.
    let value = if value.abs() <= imperceptible {
        0.0
    } else {
        value
    };
    if kind == Kind::Share {
        return points(view, value, low, high);
    }
    let scale = Scale::fit(kind, value.abs().max(low.abs()).max(high.abs()), view.lang);
    (scale.signed(value), scale.range(low, high))
}

/// A difference of shares in points, with more decimals for small ones.
fn points(view: &View, value: f64, low: f64, high: f64) -> (String, String) {
    let size = value.abs().max(low.abs()).max(high.abs()) * 100.0;
    let decimals = if size < 0.1 {
        3
    } else {
        usize::from(size < 1.0) + 1
    };
    let signed = |share: f64| {
        let text = format!("{:.decimals$}", (share * 100.0).abs());
        let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = match (zero, share < 0.0) {
            (true, _) => "",
            (false, true) => "−",
            (false, false) => "+",
        };
        format!("{sign}{text}")
    };
    let range = format!("{} … {}", signed(low), signed(high));
    (signed(value) + view.say(Text::Points), range)
}

/// A text whose intervals in brackets are not broken at the end of a line.
pub(super) fn unbroken(text: &str) -> Markup {
    let mut rest = text;
    let mut pieces = Vec::new();
    while let Some((before, after)) = rest.split_once(" (") {
        let Some((inside, behind)) = after.split_once(')') else {
            break;
        };
        let interval = !inside.contains(char::is_alphabetic);
        pieces.push(html! {
            (before) " "
            @if interval { span.unbroken { "(" (inside) ")" } } @else { "(" (inside) ")" }
        });
        rest = behind;
    }
    html! { @for piece in pieces { (piece) } (rest) }
}

//! The figures as tables: a table per dimension, a row per population and figure.

use super::View;
use super::pieces::card;
use crate::rows::Row;
use crate::words::numbers::{self, Kind};
use crate::words::texts::Text;
use crate::words::{gates, names};
use maud::{Markup, html};

/// Figures of customers, in the order of their day.
const CUSTOMER_FIGURES: [&str; 19] = [
    "arrivals",
    "served",
    "abandoned",
    "balked",
    "turned_away",
    "tried_mobile",
    "lost",
    "to_mobile",
    "no_shows",
    "fallback_customers",
    "wait",
    "wait_from_arrival",
    "service",
    "review",
    "system",
    "fallback",
    "time_in_branch",
    "people_in_branch",
    "overtime",
];

/// Figures of resources.
const RESOURCE_FIGURES: [&str; 3] = ["occupancy", "queue_length", "cost"];

/// Figures that a threshold can be about.
const PROMISED: [&str; 2] = ["wait", "time_in_branch"];

/// All tables.
pub(super) fn tables(view: &View) -> Markup {
    if view.summary.figures.is_empty() {
        let content = html! { p { (view.say(Text::FiguresNone)) } };
        return card(view.say(Text::Figures), &content);
    }
    let customers: Vec<&str> = CUSTOMER_FIGURES.to_vec();
    let mut everything = customers.clone();
    everything.extend(RESOURCE_FIGURES);
    let tables = [
        (Text::Total, None, everything),
        (Text::ByChannel, Some("channel"), customers.clone()),
        (Text::BySegment, Some("segment"), customers.clone()),
        (Text::ByService, Some("service"), customers),
        (
            Text::ByResource,
            Some("resource"),
            RESOURCE_FIGURES.to_vec(),
        ),
    ];
    let tables: Vec<Markup> = tables
        .iter()
        .filter_map(|(title, dimension, figures)| one(view, *title, *dimension, figures))
        .collect();
    if tables.is_empty() {
        return html! {};
    }
    card(
        view.say(Text::Figures),
        &html! {
            p { (view.say(Text::FiguresIntro)) }
            @for table in &tables { (table) }
        },
    )
}

/// A population with its rows.
type Group<'a> = (String, Vec<(&'a str, Row<'a>)>);

fn one(view: &View, title: Text, dimension: Option<&str>, figures: &[&str]) -> Option<Markup> {
    let groups = match dimension {
        Some(dimension) => groups(view, dimension, figures),
        None => vec![(
            String::new(),
            figures
                .iter()
                .filter_map(|figure| Some((*figure, view.rows.total(figure)?)))
                .collect(),
        )],
    };
    let rows = groups.iter().map(|(_, rows)| rows.len()).sum::<usize>();
    if rows == 0 {
        return None;
    }
    let threshold = threshold(view);
    let columns: Vec<&str> = ["p50", "p90", "p95", "p99"]
        .into_iter()
        .filter(|column| {
            groups
                .iter()
                .flat_map(|(_, rows)| rows)
                .any(|(_, row)| row.number(column).is_some())
        })
        .collect();
    let within = threshold.as_ref().filter(|(column, _)| {
        groups
            .iter()
            .flat_map(|(_, rows)| rows)
            .any(|(_, row)| row.number(column).is_some())
    });
    let folded = dimension.is_some() && rows > 12;
    let table = html! {
        div.scroll tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { (view.say(Text::Figure)) }
                    th.n scope="col" { (view.say(Text::Mean)) }
                    @for column in &columns { th.n scope="col" { (column) } }
                    @if let Some((_, words)) = within {
                        th.n scope="col" { (view.fill(Text::Within, &[("threshold", words)])) }
                    }
                } }
                @for (name, rows) in &groups {
                    tbody {
                        @if !name.is_empty() {
                            tr.group { th scope="rowgroup" colspan=(columns.len() + 3) { (name) } }
                        }
                        @for (figure, row) in rows {
                            (figure_row(view, figure, *row, &columns, within.map(|(column, _)| column.as_str())))
                        }
                    }
                }
            }
        }
    };
    Some(html! {
        @if folded {
            details.table { summary { h3 { (view.say(title)) } } (table) }
        } @else {
            h3 { (view.say(title)) }
            (table)
        }
    })
}

/// Rows of each name of a dimension, in the order of the summary.
fn groups<'a>(view: &View<'a>, dimension: &str, figures: &[&'a str]) -> Vec<Group<'a>> {
    let mut groups: Vec<(&str, Vec<(&'a str, Row<'a>)>)> = Vec::new();
    for figure in figures {
        for row in view.rows.of(figure, &[dimension]) {
            let name = row.name(dimension).unwrap_or_default();
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, rows)) => rows.push((figure, row)),
                None => groups.push((name, vec![(figure, row)])),
            }
        }
    }
    groups
        .into_iter()
        .map(|(name, rows)| (view.name(dimension, name), rows))
        .collect()
}

/// The column of the threshold that matters, with its words.
fn threshold(view: &View) -> Option<(String, String)> {
    let (column, seconds) = gates::threshold(view.summary)?;
    let words = numbers::round(Kind::Duration, seconds, view.lang);
    Some((column, words))
}

fn figure_row(
    view: &View,
    figure: &str,
    row: Row,
    columns: &[&str],
    within: Option<&str>,
) -> Markup {
    let kind = names::kind(figure, view.summary);
    let mean = row.estimate("mean").map_or_else(
        || "–".to_owned(),
        |mean| numbers::estimate(kind, mean, view.lang),
    );
    html! {
        tr {
            th scope="row" { (view.figure(figure)) }
            td.n { (mean) }
            @for column in columns { td.n { (numbers::value(kind, row.number(column), view.lang)) } }
            @if let Some(column) = within {
                td.n {
                    @match row.estimate(column).filter(|_| PROMISED.contains(&figure)) {
                        Some(share) => (numbers::estimate(Kind::Share, share, view.lang)),
                        None => "–",
                    }
                }
            }
        }
    }
}

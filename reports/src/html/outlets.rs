//! The outlets of a region: who misses the promise, by how much, why, and what would
//! keep it; and how many servers all of them have. Sorted by style alone: each row
//! knows its place in every order, and a choice says which order counts.

use super::View;
use super::pieces::{card, table};
use crate::chart::Colour;
use crate::verdict::Tone;
use crate::words::numbers::{self, Kind};
use crate::words::outlets::{fix_words, found_words, reason_words, standing};
use crate::words::texts::Text;
use crate::words::{gates, names};
use maud::{Markup, html};
use scenarios::gate::Verdict;
use scenarios::summary::{Headcount, OutletPromise, OutletRecord, Outlets};
use std::cmp::Reverse;

/// The orders that a reader can choose, the first of them at once.
const ORDERS: [Text; 5] = [
    Text::OrderRanking,
    Text::OrderMissed,
    Text::OrderCustomers,
    Text::OrderReason,
    Text::OrderName,
];

/// The outlets' section.
pub(super) fn outlets(view: &View) -> Markup {
    let Some(outlets) = &view.summary.outlets else {
        return html! {};
    };
    card(
        view.say(Text::Outlets),
        &html! {
            @if let Some(promise) = &outlets.promise {
                p { (standing(outlets, promise, view.lang)) }
                (ranking(view, promise))
            } @else {
                p { (view.say(Text::OutletsNoPromise)) }
            }
            (headcount(view, outlets))
        },
    )
}

fn ranking(view: &View, promise: &OutletPromise) -> Markup {
    let orders = orders(promise);
    let (least, most) = axis(promise);
    let scale = Axis {
        least,
        most,
        bound: promise.bound,
    };
    let heads = [
        Text::Outlet,
        Text::Verdict,
        Text::Kept,
        Text::OutletCustomers,
        Text::Reason,
        Text::Servers,
        Text::Fix,
    ];
    html! {
        div.sortable {
            span.sorted-by { (view.say(Text::SortedBy)) }
            @for (number, order) in ORDERS.iter().enumerate() {
                input type="radio" name="outlet-order" id={ "outlet-order-" (number) } checked[number == 0];
                label for={ "outlet-order-" (number) } { (view.say(*order)) }
            }
            div.scroll tabindex="0" {
                table.outlets role="table" {
                    thead role="rowgroup" { tr role="row" {
                        @for head in heads { th role="columnheader" scope="col" { (view.say(head)) } }
                    } }
                    tbody role="rowgroup" {
                        @for (record, places) in promise.ranking.iter().zip(&orders) {
                            (row(view, record, places, &scale))
                        }
                    }
                }
            }
        }
        p.read { (view.say(Text::OutletsRead)) }
    }
}

/// Each outlet's place in each order.
fn orders(promise: &OutletPromise) -> Vec<[usize; ORDERS.len()]> {
    let ranking = &promise.ranking;
    let mut places = vec![[0; ORDERS.len()]; ranking.len()];
    for (number, order) in ORDERS.iter().enumerate() {
        let mut sorted: Vec<usize> = (0..ranking.len()).collect();
        match order {
            Text::OrderMissed => sorted.sort_by_key(|at| Reverse(ranking[*at].missed)),
            Text::OrderCustomers => {
                sorted.sort_by(|a, b| ranking[*b].arrivals.total_cmp(&ranking[*a].arrivals));
            }
            Text::OrderReason => {
                sorted.sort_by_key(|at| ranking[*at].main_part().map_or("~", |it| &it.part));
            }
            Text::OrderName => sorted.sort_by_key(|at| &ranking[*at].branch),
            // They come ranked.
            _ => {}
        }
        for (place, at) in sorted.into_iter().enumerate() {
            places[at][number] = place;
        }
    }
    places
}

/// From where to where shares are drawn.
struct Axis {
    least: f64,
    most: f64,
    bound: f64,
}

fn axis(promise: &OutletPromise) -> (f64, f64) {
    let shares = promise
        .ranking
        .iter()
        .flat_map(|record| [record.share, record.low, record.high]);
    let ends = shares.flatten().chain([promise.bound]);
    let (least, most) = ends
        .filter(|share| share.is_finite())
        .fold((1.0_f64, 0.0_f64), |(least, most), share| {
            (least.min(share), most.max(share))
        });
    ((least - 0.02).max(0.0), (most + 0.02).min(1.0))
}

impl Axis {
    /// Where a share stands, in per cent of the width.
    fn at(&self, share: f64) -> f64 {
        let width = (self.most - self.least).max(1e-9);
        let at = (share - self.least) / width * 100.0;
        if at.is_finite() {
            at.clamp(0.0, 100.0)
        } else {
            0.0
        }
    }
}

fn row(view: &View, record: &OutletRecord, places: &[usize], axis: &Axis) -> Markup {
    let order = places
        .iter()
        .enumerate()
        .map(|(number, place)| format!("--o{number}:{place};"));
    let tone = Tone::from(record.verdict).class();
    let label = |text: Text| view.say(text).to_owned();
    html! {
        tr role="row" style=(order.collect::<String>()) {
            th role="rowheader" scope="row" { (record.branch) }
            td role="cell" {
                span class={ "badge tone-" (tone) } { (gates::verdict(record.verdict, view.lang)) }
            }
            td role="cell" data-label=(label(Text::Kept)) {
                (found_words(record, view.lang))
                (interval(record, axis, tone))
            }
            td.n role="cell" data-label=(label(Text::OutletCustomers)) {
                (numbers::value(Kind::Plain, Some(record.arrivals), view.lang))
            }
            td role="cell" data-label=(label(Text::Reason)) {
                (reason_words(record, view.lang))
                (reasons(record))
            }
            td role="cell" data-label=(label(Text::Servers)) { (servers(view, record)) }
            td role="cell" data-label=(label(Text::Fix)) {
                (fix_words(view.summary, record, view.lang))
            }
        }
    }
}

/// The interval of the share, with the bound.
fn interval(record: &OutletRecord, axis: &Axis, tone: &str) -> Markup {
    let Some(share) = record.share else {
        return html! {};
    };
    let (low, high) = (record.low.unwrap_or(share), record.high.unwrap_or(share));
    let (from, to) = (axis.at(low), axis.at(high));
    html! {
        span class={ "interval tone-" (tone) } aria-hidden="true" {
            i.bound style={ "left:" (percent(axis.at(axis.bound))) } {}
            i.line style={ "left:" (percent(from)) ";width:" (percent(to - from)) } {}
            i.dot style={ "left:" (percent(axis.at(share))) } {}
        }
    }
}

/// The misses by their parts, as one bar.
fn reasons(record: &OutletRecord) -> Markup {
    if record.missed == 0 || record.verdict == Verdict::Pass {
        return html! {};
    }
    html! {
        span.parts aria-hidden="true" {
            @for part in record.by_part.iter().filter(|part| part.missed > 0) {
                i class={ "swatch-" (Colour::of_part(&part.part).variable()) }
                  style={ "width:" (percent(part.share * 100.0)) } {}
            }
        }
    }
}

fn percent(value: f64) -> String {
    let value = if value.is_finite() {
        value.clamp(0.0, 100.0)
    } else {
        0.0
    };
    format!("{value:.2}%")
}

fn servers(view: &View, record: &OutletRecord) -> Markup {
    html! {
        @for (number, (resource, count)) in record.servers.iter().enumerate() {
            @if number > 0 { br; }
            (count) " " span.sub-inline { (view.name("resource", resource)) }
        }
    }
}

fn headcount(view: &View, outlets: &Outlets) -> Markup {
    let costs = outlets.headcount.iter().any(|it| it.cost_per_day.is_some());
    let mut heads = vec![
        names::dimension("resource", view.lang),
        view.say(Text::Servers).to_owned(),
        view.say(Text::HoursADay).to_owned(),
    ];
    if costs {
        heads.push(view.figure("cost"));
    }
    let rows: Vec<Vec<String>> = outlets
        .headcount
        .iter()
        .map(|it| headcount_row(view, it, costs))
        .collect();
    html! {
        h3 { (view.say(Text::Headcount)) }
        p { (view.fill(Text::HeadcountIntro, &[("branches", &numbers::count(u64::from(outlets.branches)))])) }
        (table(&heads, &rows))
    }
}

fn headcount_row(view: &View, it: &Headcount, costs: bool) -> Vec<String> {
    let mut name = view.name("resource", &it.resource);
    if it.shared {
        name += view.say(Text::SharedByAll);
    }
    let mut cells = vec![
        name,
        numbers::count(it.servers),
        numbers::value(Kind::Plain, Some(it.hours_per_day), view.lang),
    ];
    if costs {
        cells.push(numbers::value(Kind::Money, it.cost_per_day, view.lang));
    }
    cells
}

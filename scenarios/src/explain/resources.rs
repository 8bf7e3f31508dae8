//! Who and what serves.

use super::words::{
    Page, counted, duration, law_words, listed, measure, name, percent, rounded, say,
};
use crate::language::Lang;
use crate::model::{BreaksBy, Order, Queue, Resource, Scenario};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let lang = page.lang;
    page.heading("Who and what serves", "人员与设备");
    for resource in &scenario.resources {
        let there = listed(&there(resource, lang), lang);
        let (label, name) = (lang.of(&resource.label), &resource.name);
        let waiting = waiting(&resource.queue, lang);
        page.line(say!(
            lang,
            "  {label} ({name}): {there}{waiting}",
            "  {label}（{name}）：{there}{waiting}"
        ));
        servers(page, scenario, resource);
        cost(page, resource);
    }
    if let Some(cost) = scenario.cost.waiting_per_hour {
        let cost = rounded(cost);
        page.line(say!(
            lang,
            "  an hour of waiting costs {cost} yuan",
            "  客户每等候一小时的成本为 {cost} 元"
        ));
    }
}

/// How many there are when.
fn there(resource: &Resource, lang: Lang) -> Vec<String> {
    match resource.roster.steps.as_slice() {
        _ if !resource.drawn.is_empty() => {
            let drawn = resource.drawn.iter();
            drawn
                .map(|(share, count)| {
                    let share = percent(*share, lang);
                    let count = counted(*count, resource, lang);
                    say!(
                        lang,
                        "{count} on {share} of the days",
                        "{share} 的日子有 {count}"
                    )
                })
                .collect()
        }
        [(_, count)] => {
            let count = counted(*count, resource, lang);
            vec![say!(lang, "{count} all the time", "全天 {count}")]
        }
        steps => steps
            .iter()
            .map(|(from, count)| {
                let (from, count) = (from.clock(), counted(*count, resource, lang));
                say!(lang, "{count} from {from}", "{from} 起 {count}")
            })
            .collect(),
    }
}

/// How its servers stop by themselves.
fn servers(page: &mut Page, scenario: &Scenario, resource: &Resource) {
    let lang = page.lang;
    let each = each(resource, lang);
    if let Some(breakdowns) = &resource.servers.breakdowns {
        let by = match breakdowns.by {
            BreaksBy::Clock => "",
            BreaksBy::Running => lang.pick(" at work", "，按工作时间计"),
        };
        let (up, down) = (
            law_words(&breakdowns.up, lang),
            law_words(&breakdowns.down, lang),
        );
        page.line(say!(
            lang,
            "    {each} breaks down after {up}{by} and is repaired in {down}",
            "    {each}的故障间隔{up}{by}；修复时间{down}"
        ));
    }
    if let Some(jams) = &resource.servers.jams {
        let clears = name(&scenario.resources[jams.cleared_by], lang);
        let (every, takes) = (law_words(&jams.every, lang), law_words(&jams.takes, lang));
        page.line(say!(
            lang,
            "    {each} jams after {every} at work; {clears} clears it in {takes}",
            "    {each}的卡机间隔{every}，按工作时间计；由{clears}排除，用时{takes}"
        ));
    }
}

/// One of its servers, whichever.
fn each(resource: &Resource, lang: Lang) -> String {
    let measure = measure(resource);
    say!(lang, "each", "每{measure}")
}

/// What it costs, where that is said.
fn cost(page: &mut Page, resource: &Resource) {
    let lang = page.lang;
    if let Some(cost) = resource.cost_per_hour {
        let cost = rounded(cost);
        page.line(say!(
            lang,
            "    costs {cost} yuan an hour",
            "    每小时成本 {cost} 元"
        ));
    }
    if let Some(machine) = &resource.machine {
        let day = rounded(machine.per_day());
        let each = each(resource, lang);
        page.line(say!(
            lang,
            "    {each} costs {day} yuan a day, used or not",
            "    {each}每日成本 {day} 元，用与不用都一样"
        ));
    }
}

/// What is unusual in how people wait.
fn waiting(queue: &Queue, lang: Lang) -> String {
    let mut words = String::new();
    if queue.order == Order::Weighted {
        words += lang.pick(
            "; the longest weighted wait goes first",
            "；加权等候时间最长者优先",
        );
    }
    if let Some(tickets) = queue.tickets {
        let time = duration(tickets.calling_time, lang);
        words += &say!(
            lang,
            "; tickets are called, {time} for one whose holder has left",
            "；按号叫号，遇过号每次耗时 {time}"
        );
    }
    words
}

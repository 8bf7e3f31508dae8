//! Who has booked, and how appointments are kept.

use super::words::{Page, counted, law_words, listed, minutes, name, percent, say};
use crate::language::Lang;
use crate::model::{Appointments, Punctuality, Scenario};
use crate::time::SimTime;
use std::collections::BTreeMap;

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let Some(appointments) = &scenario.appointments else {
        return;
    };
    let lang = page.lang;
    let count = appointments.bookings.len();
    page.line(say!(
        lang,
        "  {count} appointments a day, beside those who walk in:",
        "  此外每日有 {count} 个预约："
    ));
    for (position, segment) in scenario.segments.iter().enumerate() {
        let mut slots: BTreeMap<SimTime, u32> = BTreeMap::new();
        for booking in &appointments.bookings {
            if booking.segment == position {
                *slots.entry(booking.at).or_default() += 1;
            }
        }
        if !slots.is_empty() {
            let words: Vec<String> = slots
                .iter()
                .map(|(at, count)| {
                    let at = at.clock();
                    say!(lang, "{count} at {at}", "{at}（{count} 个）")
                })
                .collect();
            let words = listed(&words, lang);
            let segment = lang.pick(segment.name.as_str(), lang.of(&segment.label));
            page.line(say!(
                lang,
                "    {segment}: {words}",
                "    {segment}：{words}"
            ));
        }
    }
    kept(page, scenario, appointments);
}

fn kept(page: &mut Page, scenario: &Scenario, appointments: &Appointments) {
    let lang = page.lang;
    let punctuality = punctuality(&appointments.punctuality, lang);
    let cancelled = percent(appointments.cancelled, lang);
    let no_show = percent(appointments.no_show, lang);
    page.line(say!(
        lang,
        "    They come {punctuality}; {cancelled} are cancelled, {no_show} are not kept.",
        "    预约客户{punctuality}；{cancelled} 取消预约，{no_show} 爽约。"
    ));
    for (resource, servers) in &appointments.reserved {
        let resource = &scenario.resources[*resource];
        let servers = counted(*servers, resource, lang);
        let name = name(resource, lang);
        page.line(say!(
            lang,
            "    {servers} of {name} serve nobody without an appointment.",
            "    {name}中有 {servers}只接待预约客户。"
        ));
    }
}

fn punctuality(punctuality: &Punctuality, lang: Lang) -> String {
    match punctuality {
        Punctuality::Normal { mean, sd } if *mean == 0.0 && *sd == 0.0 => {
            say!(lang, "on time", "准时到达")
        }
        Punctuality::Normal { mean, sd } => {
            let early = *mean < 0.0;
            let mean = minutes(mean.abs(), lang);
            let when = if early {
                say!(lang, "{mean} early", "提前 {mean}")
            } else {
                say!(lang, "{mean} late", "迟到 {mean}")
            };
            if *sd > 0.0 {
                let sd = minutes(*sd, lang);
                say!(
                    lang,
                    "{when} on average (normal, spread {sd})",
                    "平均{when}（正态分布，标准差 {sd}）"
                )
            } else {
                when
            }
        }
        Punctuality::Late(law) => {
            let law = law_words(law, lang);
            say!(lang, "{law} late", "晚于预约时间到达，晚到时间{law}")
        }
    }
}

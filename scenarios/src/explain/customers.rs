//! Who comes: arrivals and segments.

use super::words::{Page, duration, law_words, listed, per_hour, percent, rounded, say};
use crate::language::Lang;
use crate::model::{Arrivals, ChannelChoice, PromotedWhen, Scenario, Segment, Through};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let lang = page.lang;
    let arrivals = &scenario.arrivals;
    page.heading("Who comes", "到达的客户");
    if let Some(recorded) = &arrivals.recorded {
        let count = recorded.len();
        page.line(say!(
            lang,
            "  {count} customers of a recorded log.",
            "  按记录的日志，共 {count} 名。"
        ));
    } else {
        let total: f64 = arrivals.pieces.iter().map(|piece| piece.expected).sum();
        let total = rounded(total);
        page.line(say!(
            lang,
            "  {total} customers in all:",
            "  合计 {total} 名："
        ));
    }
    for piece in &arrivals.pieces {
        let early = if piece.to <= scenario.day.open {
            lang.pick(", who wait for the doors to open", "，在门外等候开门")
        } else {
            ""
        };
        let (from, to) = (piece.from.clock(), piece.to.clock());
        let (count, rate) = (rounded(piece.expected), rounded(per_hour(piece)));
        page.line(say!(
            lang,
            "    {from} to {to}: {count} ({rate} an hour){early}",
            "    {from} 至 {to}：{count} 名（每小时 {rate} 名）{early}"
        ));
    }
    further(page, arrivals);
    if arrivals.busyness_cv > 0.0 {
        let percent = percent(arrivals.busyness_cv, lang);
        page.line(say!(
            lang,
            "  Days differ in busyness by {percent}.",
            "  各日客流量的变异系数为 {percent}。"
        ));
    }
    for segment in &scenario.segments {
        segment_words(page, scenario, segment);
    }
}

/// What is said of arrivals beyond their rates.
fn further(page: &mut Page, arrivals: &Arrivals) {
    let lang = page.lang;
    if arrivals.at_opening > 0 {
        let people = arrivals.at_opening;
        page.line(say!(
            lang,
            "  {people} stand at the doors when they open.",
            "  开门时门外已有 {people} 人。"
        ));
    }
    if let Some(gap) = &arrivals.gap {
        let gap = law_words(gap, lang);
        page.line(say!(
            lang,
            "  One after the other, every {gap}.",
            "  逐个到达，间隔{gap}。"
        ));
    }
    if !arrivals.batches.is_empty() {
        let groups = arrivals.batches.iter();
        let words: Vec<String> = groups
            .map(|(share, people)| {
                let share = percent(*share, lang);
                say!(lang, "{share} of {people}", "{people} 人一批的占 {share}")
            })
            .collect();
        let words = listed(&words, lang);
        page.line(say!(
            lang,
            "  They come in groups: {words}.",
            "  成批到达：{words}。"
        ));
    }
    if let Some(most) = arrivals.most {
        page.line(say!(
            lang,
            "  No more than {most} come in.",
            "  进店总数不超过 {most} 名。"
        ));
    }
}

fn segment_words(page: &mut Page, scenario: &Scenario, segment: &Segment) {
    let lang = page.lang;
    let patience = match &segment.patience {
        None => say!(lang, "wait as long as it takes", "一直等候，不中途离开"),
        Some(law) => {
            let law = law_words(law, lang);
            say!(
                lang,
                "leave the queue after {law}",
                "等候超过耐心时间即离开，耐心时间{law}"
            )
        }
    };
    let priority = match segment.priority {
        0 => String::new(),
        priority => say!(lang, "; priority {priority}", "；优先级 {priority}"),
    };
    let rules = rules(segment, lang);
    let share = percent(segment.share, lang);
    let (label, name) = (lang.of(&segment.label), &segment.name);
    page.line(say!(
        lang,
        "  {share} {label} ({name}): {patience}{priority}{rules}.",
        "  {label}（{name}）占 {share}：{patience}{priority}{rules}。"
    ));
    for (service, journey, share) in &segment.services {
        let journey = &scenario.journeys[*journey];
        let share = percent(*share, lang);
        let service = lang.of(&scenario.services[*service].label);
        let channel = lang.pick(journey.channel.name(), journey.channel.words(lang));
        let journey = &journey.name;
        page.line(say!(
            lang,
            "    {share} {service} on channel {channel} by journey {journey}",
            "    {share} 办理“{service}”，渠道为{channel}，流程为 {journey}"
        ));
    }
}

/// What they do beyond waiting and leaving.
fn rules(segment: &Segment, lang: Lang) -> String {
    let conduct = &segment.conduct;
    let mut words = String::new();
    if conduct.no_show > 0.0 {
        let share = percent(conduct.no_show, lang);
        words += &say!(
            lang,
            "; {share} take a ticket and leave without a word",
            "；{share} 取号后不告而别"
        );
    }
    if let Some(weight) = conduct.waiting_weight {
        words += &say!(
            lang,
            "; their wait counts {weight} times",
            "；等候时间按 {weight} 倍计"
        );
    }
    if let Some(promotion) = conduct.promotion {
        let when = match promotion.when {
            PromotedWhen::After(span) => {
                let span = duration(span, lang);
                say!(lang, "after {span}", "等候 {span}后")
            }
            PromotedWhen::Waiting(count) => {
                say!(lang, "when {count} wait", "等候人数达到 {count} 时")
            }
        };
        let priority = promotion.priority;
        words += &say!(
            lang,
            "; priority {priority} {when}",
            "；{when}优先级升为 {priority}"
        );
    }
    if let Some(retry) = &conduct.retry {
        let share = percent(retry.probability, lang);
        let what = match retry.through {
            Through::Branch => lang.pick("come again", "再次到店"),
            Through::Mobile => lang.pick("try it on the phone", "改用手机银行办理"),
        };
        let after = law_words(&retry.after, lang);
        words += &say!(
            lang,
            "; {share} of those who leave unserved {what} after {after}",
            "；未办理就离开的客户中，{share} {what}，间隔{after}"
        );
    }
    if conduct.channel_choice == ChannelChoice::Shorter {
        words += lang.pick(
            "; they go where fewer wait for each server",
            "；选择平均每个服务台等候人数较少的渠道",
        );
    }
    words
}

//! What is said of the outlets of a region, on the page and in the short tables.

use super::names;
use super::numbers::{self, Kind};
use super::texts::{Text, fill};
use crate::rows::Estimate;
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::summary::{OutletPromise, OutletRecord, Outlets, Summary};

/// How many keep the promise.
pub(crate) fn standing(outlets: &Outlets, promise: &OutletPromise, lang: Lang) -> String {
    let count = |count: u32| numbers::count(u64::from(count));
    let mut said = fill(
        Text::OutletsStanding.say(lang),
        &[
            ("branches", &count(outlets.branches)),
            ("missed", &count(promise.missed)),
            ("undecided", &count(promise.undecided)),
            ("kept", &count(promise.kept)),
        ],
    );
    if promise.without_customers > 0 {
        let without = count(promise.without_customers);
        said += lang.pick(" ", "");
        said += &fill(Text::OutletsWithout.say(lang), &[("without", &without)]);
    }
    if promise.ranking.len() < outlets.branches as usize {
        let ranked = numbers::count(promise.ranking.len() as u64);
        said += lang.pick(" ", "");
        said += &fill(Text::OutletsRanked.say(lang), &[("ranked", &ranked)]);
    }
    said
}

/// The share within the threshold, with its interval.
pub(crate) fn found_words(record: &OutletRecord, lang: Lang) -> String {
    share(record.share, record.low, record.high, lang)
}

fn share(share: Option<f64>, low: Option<f64>, high: Option<f64>, lang: Lang) -> String {
    share.map_or_else(
        || "–".to_owned(),
        |value| numbers::estimate(Kind::Share, Estimate { value, low, high }, lang),
    )
}

/// Which part broke most promises of the outlet.
pub(crate) fn reason_words(record: &OutletRecord, lang: Lang) -> String {
    let Some(part) = record
        .main_part()
        .filter(|_| record.verdict != Verdict::Pass)
    else {
        return "–".to_owned();
    };
    fill(
        Text::ReasonPart.say(lang),
        &[
            ("part", &names::part(&part.part, lang)),
            (
                "share",
                &numbers::value(Kind::Share, Some(part.share), lang),
            ),
        ],
    )
}

/// What would keep the promise, as far as it was tried.
pub(crate) fn fix_words(summary: &Summary, record: &OutletRecord, lang: Lang) -> String {
    let Some(fix) = &record.fix else {
        let undecided = record.verdict == Verdict::Undecided;
        return if undecided {
            Text::FixMoreDays.say(lang)
        } else {
            "–"
        }
        .to_owned();
    };
    let Some(resource) = &fix.resource else {
        let part = record.main_part().map_or("", |part| part.part.as_str());
        let part = names::part(part, lang);
        return fill(Text::FixNone.say(lang), &[("part", &part)]);
    };
    let template = if fix.verdict == Verdict::Pass {
        Text::FixKeeps
    } else {
        Text::FixShort
    };
    let mut said = fill(
        template.say(lang),
        &[
            ("more", &fix.more.to_string()),
            (
                "resource",
                &names::population(summary, "resource", resource, lang),
            ),
            ("share", &share(fix.share, fix.low, fix.high, lang)),
        ],
    );
    let service = record.main_part().filter(|part| part.part == "service");
    if let Some(part) = service.filter(|_| fix.verdict == Verdict::Fail) {
        // Servers take the waiting away, and no more.
        let part = names::part(&part.part, lang);
        said += lang.pick(";", "");
        said += &fill(Text::FixShorter.say(lang), &[("part", &part)]);
    }
    if let Some(cost) = fix.cost_per_day {
        said += lang.pick("; ", "；");
        said += &numbers::value(Kind::Money, Some(cost), lang);
    }
    said
}

/// The worst outlets as lines of a short table: outlet, share, reason, fix.
pub(crate) fn worst(summary: &Summary, most: usize, lang: Lang) -> Vec<Vec<String>> {
    let promise = summary.outlets.as_ref().and_then(|it| it.promise.as_ref());
    let ranking = promise.map_or(&[][..], |promise| &promise.ranking[..]);
    let missing = ranking.iter().filter(|it| it.verdict == Verdict::Fail);
    missing
        .take(most)
        .map(|record| {
            vec![
                record.branch.clone(),
                found_words(record, lang),
                reason_words(record, lang),
                fix_words(summary, record, lang),
            ]
        })
        .collect()
}

/// The heads of these lines.
pub(crate) fn worst_heads(lang: Lang) -> [String; 4] {
    [Text::Outlet, Text::Kept, Text::Reason, Text::Fix].map(|head| head.say(lang).to_owned())
}

//! When: the day or the steady state, and how often.

use super::words::{Page, duration, say};
use crate::language::Lang;
use crate::model::{Closing, Day, Mode, Random, Run, Scenario, WarmUp};
use crate::time::Span;

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let Scenario { day, run, .. } = scenario;
    let lang = page.lang;
    let (name, branch) = (&scenario.name, lang.of(&scenario.branch_label));
    page.line(if scenario.has_a_branch() {
        say!(lang, "{name} ({branch})", "{name}（{branch}）")
    } else {
        name.clone()
    });
    let question = lang.of(&scenario.question);
    if !question.is_empty() {
        page.line(format!("  {question}"));
    }
    page.heading("When", "时间");
    if !scenario.has_a_branch() {
        recorded(page, day);
        return;
    }
    match run.mode {
        Mode::Days => days(page, day, run),
        Mode::SteadyState { warm_up, length } => steady(page, run, warm_up, length),
    }
    if run.random == Random::Mrg32k3aStreams {
        page.line(lang.pick(
            "  Random numbers are streams of MRG32k3a in the order of events, on one thread: variants do not meet the same customers.",
            "  随机数取自 MRG32k3a 随机数流，按事件先后抽取，单线程运行：各方案遇到的客户并不相同。",
        ));
    }
}

/// Of recorded operations alone the date matters, and no hours.
fn recorded(page: &mut Page, day: &Day) {
    let lang = page.lang;
    let (date, zone) = (date(day, lang), &day.time_zone);
    page.line(say!(
        lang,
        "  {date} ({zone}) is the date of the first midnight; no branch is simulated.",
        "  首个零点所在日期为 {date}（{zone}）；不模拟网点。"
    ));
}

fn date(day: &Day, lang: Lang) -> String {
    match lang {
        Lang::En => day.date.strftime("%A %-d %B %Y").to_string(),
        Lang::Zh => {
            let weekday = ["一", "二", "三", "四", "五", "六", "日"]
                [usize::from(day.date.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
            format!("{} 星期{weekday}", day.date.strftime("%Y 年 %-m 月 %-d 日"))
        }
    }
}

fn days(page: &mut Page, day: &Day, run: &Run) {
    let lang = page.lang;
    let date = date(day, lang);
    let (open, close, zone) = (day.open.clock(), day.close.clock(), &day.time_zone);
    let interval = duration(day.interval, lang);
    let closing = closing(day.closing, lang);
    page.line(say!(
        lang,
        "  {date}, open {open} to {close} ({zone}), reported by {interval}; {closing}.",
        "  {date}，营业时间 {open} 至 {close}（{zone}），每 {interval}统计一次；{closing}。"
    ));
    let days = match run.replications {
        1 => say!(lang, "One such day", "模拟一个这样的日子"),
        days => say!(lang, "{days} such days", "模拟 {days} 个这样的日子"),
    };
    let seed = run.seed;
    page.line(say!(
        lang,
        "  {days}, from seed {seed}.",
        "  {days}，随机种子 {seed}。"
    ));
}

fn steady(page: &mut Page, run: &Run, warm_up: Span, length: Span) {
    let lang = page.lang;
    let warm_up = duration(warm_up, lang);
    let warm_up = match run.warm_up {
        WarmUp::Given => say!(
            lang,
            "the first {warm_up} of each not counted",
            "每次的前 {warm_up}为预热期，不计入统计"
        ),
        WarmUp::Mser5 => say!(
            lang,
            "as much of the start of each left out as MSER-5 says",
            "每次的起始部分按 MSER-5 规则舍去"
        ),
    };
    let batches = run.batches.map_or(String::new(), |batches| {
        say!(
            lang,
            " Intervals are from {batches} batches of it.",
            "置信区间由其中的 {batches} 个批次得出。"
        )
    });
    let (runs, seed, length) = (run.replications, run.seed, duration(length, lang));
    page.line(say!(
        lang,
        "  A steady state: {runs} runs of {length}, {warm_up}, from seed {seed}.{batches}",
        "  稳态：运行 {runs} 次，每次 {length}，{warm_up}，随机种子 {seed}。{batches}"
    ));
}

fn closing(closing: Closing, lang: Lang) -> String {
    match closing {
        Closing::ServeAllInside => say!(
            lang,
            "who is inside at closing is served",
            "打烊时店内客户全部办完"
        ),
        Closing::SendHome { grace } if grace.0 == 0 => say!(
            lang,
            "who has not begun at closing is turned away",
            "打烊时尚未开始办理的客户不再办理"
        ),
        Closing::SendHome { grace } => {
            let grace = duration(grace, lang);
            say!(
                lang,
                "who has not begun {grace} after closing is turned away",
                "打烊后 {grace}仍未开始办理的客户不再办理"
            )
        }
        Closing::StopTickets { from } => {
            let from = from.clock();
            say!(
                lang,
                "no tickets without an appointment from {from} on, who is inside is served",
                "{from} 起不再向未预约的客户发号，店内客户全部办完"
            )
        }
        Closing::AppointmentsOnly { from, grace } => {
            let rest = match grace {
                None => say!(lang, "who is inside is served", "店内客户全部办完"),
                Some(grace) => {
                    let grace = duration(grace, lang);
                    say!(
                        lang,
                        "who has none and has not begun {grace} after that is turned away",
                        "此后 {grace}仍未开始办理的未预约客户不再办理"
                    )
                }
            };
            let from = from.clock();
            say!(
                lang,
                "only with an appointment from {from} on, {rest}",
                "{from} 起只接待预约客户，{rest}"
            )
        }
    }
}

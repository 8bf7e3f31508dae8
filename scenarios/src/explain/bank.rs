//! The mobile bank beside the branch, and what is played on the core bank.

use super::words::{Page, duration, law_words, listed, percent, rounded, say};
use crate::language::Lang;
use crate::model::{App, Campaign, Load, LoadModel, Played, Recording, Scenario, Sessions, Window};
use crate::operation::Operation;

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let lang = page.lang;
    if !scenario.latencies.is_empty() {
        page.heading(
            "How long the bank is assumed to take (measured latencies take their place)",
            "假定的核心系统时延（有实测值时以实测为准）",
        );
    }
    for (operation, law) in &scenario.latencies {
        let (operation, law) = (operation_words(*operation, lang), law_words(law, lang));
        page.line(say!(lang, "  {operation}: {law}", "  {operation}：{law}"));
    }
    if let Some(mobile) = &scenario.mobile {
        page.heading(
            "The mobile bank beside it",
            "手机银行（与网点共用核心系统）",
        );
        for (app, sessions) in mobile.apps() {
            explain_app(page, app, sessions);
        }
        if mobile.days > 0 {
            let days = match mobile.days {
                1 => say!(lang, "The first day of it is", "其中第一天"),
                days => say!(lang, "The first {days} days of it are", "其中前 {days} 天"),
            };
            page.line(say!(
                lang,
                "  {days} simulated request by request.",
                "  {days}逐个请求模拟。"
            ));
        }
        if let Some(retry) = &mobile.retry {
            let (after, tries) = (law_words(&retry.after, lang), retry.tries);
            page.line(say!(
                lang,
                "  Who gets no answer while the bank is stopped asks again after {after}, {tries} times at most.",
                "  核心系统停机期间，得不到应答的用户会重试，间隔{after}，最多 {tries} 次。"
            ));
        }
    }
    for campaign in &scenario.campaigns {
        explain_campaign(page, campaign);
    }
    if let Some(load) = &scenario.load {
        explain_load(page, load);
    }
}

fn explain_campaign(page: &mut Page, campaign: &Campaign) {
    let lang = page.lang;
    let what = match (campaign.mobile, campaign.branch) {
        (true, true) => lang.pick(
            "sessions of the mobile bank and customers of the branch",
            "手机银行会话与网点客户",
        ),
        (true, false) => lang.pick("sessions of the mobile bank", "手机银行会话"),
        (false, _) => lang.pick("customers of the branch", "网点客户"),
    };
    let (at, factor) = (campaign.at.clock(), rounded(campaign.factor));
    let half_life = duration(campaign.half_life, lang);
    page.line(say!(
        lang,
        "  A campaign at {at} brings {factor} times as many {what} for a minute; then the excess halves every {half_life}.",
        "  {at} 的营销活动使{what}在一分钟内达到平时的 {factor} 倍，此后超出的部分每 {half_life}减半。"
    ));
}

fn explain_load(page: &mut Page, load: &Load) {
    let lang = page.lang;
    page.heading("What is played on the core bank", "在核心系统上的压测");
    let (speed, volume) = (load.speed, load.volume);
    let (crowd, timeout) = (crowd(load, lang), duration(load.timeout, lang));
    page.line(match &load.played {
        Played::Day(window) => {
            let window = window_words(*window, lang);
            say!(
                lang,
                "  {window}, {speed} times faster, every session {volume} times, {crowd}; no answer in {timeout} is a time-out.",
                "  回放{window}的操作，速度 {speed} 倍，会话数量 {volume} 倍，{crowd}；{timeout}内无应答即为超时。"
            )
        }
        Played::Recorded(recording) => {
            let recorded = recording_words(recording, lang);
            say!(
                lang,
                "  {recorded}, {speed} times faster, {crowd}; no answer in {timeout} is a time-out.",
                "  回放{recorded}，速度 {speed} 倍，{crowd}；{timeout}内无应答即为超时。"
            )
        }
    });
    if let Some(longest) = load.skip_quiet {
        let longest = duration(longest, lang);
        page.line(say!(
            lang,
            "  Stretches in which nothing starts for longer than {longest} are leapt over, and the bank's clock with them.",
            "  超过 {longest}无操作开始的时段予以跳过，核心系统的时钟随之前移。"
        ));
    }
    if load.repeat > 0.0 {
        let share = percent(load.repeat, lang);
        page.line(say!(
            lang,
            "  {share} of what the bank acknowledged are asked once more under their keys.",
            "  核心系统已确认的操作中有 {share} 以原幂等键再次发送。"
        ));
    }
    if let Some(retry) = load.retry {
        let retry = duration(retry, lang);
        page.line(say!(
            lang,
            "  What nobody answered is asked again under the same key, for {retry}.",
            "  无人应答的操作以同一幂等键重发，最长 {retry}。"
        ));
    }
}

fn window_words(window: Window, lang: Lang) -> String {
    match window {
        Window::Busiest(length) => {
            let length = duration(length, lang);
            say!(lang, "the busiest {length}", "最繁忙的 {length}")
        }
        Window::Day => lang.pick("the whole day", "全天").to_owned(),
        Window::Between(from, to) => {
            let (from, to) = (from.clock(), to.clock());
            say!(lang, "{from} to {to}", " {from} 至 {to} ")
        }
    }
}

fn recording_words(recording: &Recording, lang: Lang) -> String {
    let (count, from, to) = (
        recording.operations,
        recording.from.clock(),
        recording.to.clock(),
    );
    let name = recording.path.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    say!(
        lang,
        "{count} operations recorded in {name}, from {from} to {to}",
        "{name} 中记录的 {count} 个操作（{from} 至 {to}）"
    )
}

/// Who starts sessions, and over which connections.
fn crowd(load: &Load, lang: Lang) -> String {
    let connections = load.connections;
    match load.model {
        LoadModel::Open => say!(
            lang,
            "over as many connections as are needed, at most {connections} (open)",
            "按需建立连接，最多 {connections} 个（开放模型）"
        ),
        LoadModel::CappedOpen => say!(
            lang,
            "over at most {connections} connections",
            "最多 {connections} 个连接"
        ),
        LoadModel::Closed { users, pause, ramp } => {
            let (pause, ramp) = (duration(pause, lang), duration(ramp, lang));
            say!(
                lang,
                "by {users} users who begin within {ramp} and take one session after another, {pause} apart (closed)",
                "由 {users} 个用户在 {ramp}内陆续开始，逐个进行会话，间隔{pause}（封闭模型）"
            )
        }
    }
}

/// As the file names it; in Chinese as people read it.
fn operation_words(operation: Operation, lang: Lang) -> &'static str {
    lang.pick(operation.name(), operation.words(lang))
}

/// How much traffic an application makes, and what of it is not played.
fn explain_app(page: &mut Page, app: App, sessions: &Sessions) {
    let lang = page.lang;
    let log_ins = sessions.sessions_per_day();
    let sum: f64 = sessions.hourly_weights.iter().sum();
    let weights = sessions.hourly_weights.iter();
    let busiest = weights.fold(0.0_f64, |a, b| a.max(*b));
    let peak = log_ins * busiest / sum / 3600.0;
    let of = match app {
        App::Bank => "",
        App::Mall => lang.pick("The mall: ", "商城："),
        App::Messenger => lang.pick("The messenger: ", "即时通讯："),
    };
    let (actives, requests) = (sessions.monthly_actives, sessions.requests_per_session);
    let peak = rounded(peak * f64::from(requests));
    let log_ins = rounded(log_ins);
    page.line(say!(
        lang,
        "  {of}{actives} active users, {log_ins} log-ins a day, {requests} requests each: {peak} requests a second in the busiest hour.",
        "  {of}月活跃用户 {actives} 名，每日登录 {log_ins} 次，每次 {requests} 个请求；最繁忙的一小时每秒 {peak} 个请求。"
    ));
    if sessions.mix_left_out.is_empty() {
        return;
    }
    let left_out = sessions.mix_left_out.iter();
    let names: Vec<String> = left_out
        .map(|(it, _)| operation_words(*it, lang).to_owned())
        .collect();
    let names = listed(&names, lang);
    if sessions.is_played() {
        page.line(say!(
            lang,
            "  Left out, because the bank does not offer them yet: {names}.",
            "  核心系统尚未提供，故不计入：{names}。"
        ));
    } else {
        page.line(say!(
            lang,
            "  Simulated, but not played, because the bank does not offer it yet: {names}.",
            "  核心系统尚未提供，故只作模拟、不作压测：{names}。"
        ));
    }
}

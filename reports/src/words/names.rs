//! Names of figures, dimensions and populations as people read them.

use super::numbers::{self, Kind};
use super::texts::{Text, fill};
use crate::rows::minute_of;
use scenarios::language::Lang;
use scenarios::operation::{Channel, Operation};
use scenarios::summary::{ScenarioRecord, Summary};

/// A name in English and in Chinese.
type Pair = (&'static str, &'static str);

/// A figure's name.
pub(crate) fn figure(name: &str, lang: Lang) -> String {
    let (en, zh): Pair = match name {
        "arrivals" => ("arrivals", "到达"),
        "served" => ("served", "已办理"),
        "abandoned" => ("abandoned", "中途离开"),
        "balked" => ("balked", "止步"),
        "tried_mobile" => ("went on to the mobile bank", "转至手机银行"),
        "turned_away" => ("turned away at closing", "打烊劝离"),
        "promise_kept" => ("days that keep the promise", "兑现承诺的天数占比"),
        "lost" => ("customers of closed branches lost", "关闭网点流失客户"),
        "to_mobile" => (
            "customers of closed branches now mobile",
            "关闭网点转手机银行客户",
        ),
        "no_shows" => ("no-shows", "过号"),
        "fallback_customers" => ("customers who fell back to the counter", "转人工客户"),
        "wait" => ("waiting time", "等候时间"),
        "wait_from_arrival" => ("waiting time from arrival", "自到店起等候时间"),
        "service" => ("service time", "办理时间"),
        "review" => ("on-site review", "现场审核"),
        "system" => ("system time", "系统时间"),
        "fallback" => ("fallback to counter", "转人工"),
        "time_in_branch" => ("time in branch", "逗留时间"),
        "queue_length" => ("people waiting", "等候人数"),
        "people_in_branch" => ("people in branch", "在店人数"),
        "occupancy" => ("occupancy", "占用率"),
        "overtime" => ("overtime", "加班时间"),
        "cost" => ("cost", "成本"),
        "mobile_requests" => ("requests of the mobile bank", "手机银行请求数"),
        "mobile_rate" => ("requests a second of the mobile bank", "手机银行每秒请求数"),
        "mobile_sessions" => ("mobile sessions in progress", "手机银行在线会话数"),
        "mobile_retries" => ("mobile requests made again", "手机银行重复请求数"),
        "mobile_given_up" => ("mobile sessions given up", "手机银行放弃会话数"),
        "latency" => ("latency", "时延"),
        "service_latency" => ("service latency", "服务端时延"),
        "generator_lag" => ("generator lag", "发压端滞后"),
        "latency_drift" => ("drift of the latency", "时延漂移"),
        "memory_drift" => ("drift of the memory", "内存漂移"),
        "recovery" => ("recovery after the spike", "尖峰后恢复时间"),
        "cpu_per_operation" => ("processor time for an operation", "每次操作处理器用时"),
        "throughput" => ("throughput", "业务处理量"),
        "errors" => ("error rate", "错误率"),
        other => return other.to_owned(),
    };
    lang.pick(en, zh).to_owned()
}

/// A dimension's name.
pub(crate) fn dimension(name: &str, lang: Lang) -> String {
    let (en, zh): Pair = match name {
        "branch" => ("branch", "网点"),
        "channel" => ("channel", "渠道"),
        "service" => ("service", "业务"),
        "segment" => ("customer segment", "客户群"),
        "resource" => ("resource", "资源"),
        "operation" => ("operation", "操作"),
        "interval" => ("interval", "时段"),
        other => return other.to_owned(),
    };
    lang.pick(en, zh).to_owned()
}

/// A population's name: the scenario's label, else the field's word, else as written.
pub(crate) fn population(summary: &Summary, dimension: &str, name: &str, lang: Lang) -> String {
    let key = format!("{dimension}:{name}");
    if let Some(label) = summary.scenario.labels.get(&key) {
        let text = lang.of(label);
        if !text.trim().is_empty() {
            return text.to_owned();
        }
    }
    let known = match dimension {
        "channel" => name.parse().ok().map(|it: Channel| it.words(lang)),
        "operation" => name.parse().ok().map(|it: Operation| it.words(lang)),
        _ => None,
    };
    known.unwrap_or(name).to_owned()
}

/// Hours of a stretch that goes beyond a day: it has no clock, so it is a steady state.
pub(crate) fn steady_hours(scenario: &ScenarioRecord) -> Option<f64> {
    let hours = minute_of(&scenario.close)? / 60.0;
    (hours > 24.0).then_some(hours)
}

/// What kind of number a figure is in this run: a steady state has no days.
pub(crate) fn kind(figure: &str, summary: &Summary) -> Kind {
    match Kind::of_figure(figure) {
        Kind::PerDay if steady_hours(&summary.scenario).is_some() => Kind::PerStretch,
        kind => kind,
    }
}

/// When it was: date and business hours, or that it is a steady state; empty for
/// recorded operations, which have neither.
pub(crate) fn when(scenario: &ScenarioRecord, lang: Lang) -> Vec<String> {
    if let Some(hours) = steady_hours(scenario) {
        let hours = numbers::round(Kind::Plain, hours, lang);
        return vec![fill(Text::SteadyState.say(lang), &[("hours", &hours)])];
    }
    let mut words = vec![scenario.date.clone()];
    if scenario.open != "*" {
        words.push(format!("{}–{}", scenario.open, scenario.close));
    }
    words
}

/// A part of the time in branch.
pub(crate) fn part(name: &str, lang: Lang) -> String {
    figure(name, lang)
}

/// A phase of a run, named as in `run.json`, as people read it.
pub fn phase(name: &str, lang: Lang) -> String {
    let zh = match name {
        "simulating with a bank that answers at once" => "假定核心系统即时应答的模拟",
        "simulating with the latencies that are assumed" => "代入假设时延的模拟",
        "starting the bank" => "启动核心系统",
        "loading the bank" => "核心系统压测",
        "loading the system" => "系统压测",
        "reading the bank's books" => "读取核心系统账目",
        "simulating with the measured latencies" => "代入实测时延的模拟",
        "simulating" => "模拟",
        "trying more servers where the promise is missed" => "在未达标网点试增人员与设备",
        other => return other.to_owned(),
    };
    lang.pick(name, zh).to_owned()
}

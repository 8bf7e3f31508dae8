//! What may be meant, but probably is not.

use super::words::{per_hour, percent};
use crate::language::Lang;
use crate::model::{
    Affected, App, ArrivalPiece, Effect, Incident, Journey, JourneyId, Label, Mobile, Resource,
    Roster, Scenario, Sessions, Step, StepTime,
};
use crate::time::SimTime;

/// What may be meant, but probably is not.
pub fn warnings(scenario: &Scenario) -> Vec<Label> {
    if !scenario.has_a_branch() {
        return Vec::new();
    }
    let mut warnings = overloaded(scenario);
    for (position, resource) in scenario.resources.iter().enumerate() {
        let used = scenario.journeys.iter().any(|journey| {
            let steps = journey.every_step().flat_map(|step| &step.holds);
            journey
                .holds
                .iter()
                .chain(steps)
                .any(|hold| hold.resource == position)
        });
        if !used {
            warnings.push(Label::new(
                format!("no journey uses `{}`", resource.name),
                format!("没有流程使用 `{}`", resource.name),
            ));
        } else if let Some((from, _)) = resource.roster.steps.iter().find(|(_, count)| *count == 0)
        {
            let (name, from) = (&resource.name, from.clock());
            warnings.push(Label::new(
                format!("nobody is on duty at `{name}` from {from}: who comes then waits"),
                format!("`{name}` 自 {from} 起无人在岗：此后到达的客户只能等候"),
            ));
        }
        let reserved = scenario
            .appointments
            .iter()
            .flat_map(|it| &it.reserved)
            .find(|(of, _)| *of == position);
        let steps = &resource.roster.steps;
        if let Some((_, reserved)) = reserved
            && let Some((from, _)) = steps.iter().find(|(_, count)| count <= reserved)
        {
            let (name, from) = (&resource.name, from.clock());
            warnings.push(Label::new(
                format!(
                    "all of `{name}` are reserved for appointments from {from}: who walks in then waits"
                ),
                format!("`{name}` 自 {from} 起全部留给预约客户：此后未预约的客户只能等候"),
            ));
        }
    }
    if scenario
        .arrivals
        .pieces
        .iter()
        .all(|piece| piece.expected <= 0.0)
    {
        warnings.push(Label::new("no customers come", "没有客户到达"));
    }
    if scenario.gates.is_empty() {
        warnings.push(Label::new(
            "there are no gates: nothing can fail",
            "未设判据：不会有任何未通过的结论",
        ));
    } else if !scenario.gates.iter().any(|named| named.name == "promise") {
        warnings.push(Label::new(
            "no gate is named `promise`: misses will not be explained",
            "没有名为 `promise` 的判据：将不分析未达标的原因",
        ));
    }
    for (app, sessions) in scenario.mobile.iter().flat_map(Mobile::apps) {
        warnings.extend(left_out(app, sessions));
    }
    let silent = |it: &Incident| {
        it.what == Affected::Bank && matches!(it.effect, Effect::Stopped | Effect::Unanswered)
    };
    if scenario
        .mobile
        .as_ref()
        .is_some_and(|it| it.retry.is_some())
        && !scenario.incidents.iter().any(silent)
    {
        warnings.push(Label::new(
            "`mobile.retry` is of incidents in which the bank is stopped or does not answer, and there is none",
            "`mobile.retry` 只在核心系统停机或无应答的事件中起作用，而情景中没有这样的事件",
        ));
    }
    warnings
}

/// What of an application's requests the bank does not offer.
fn left_out(app: App, sessions: &Sessions) -> Option<Label> {
    let left: f64 = sessions.mix_left_out.iter().map(|(_, weight)| weight).sum();
    if left <= 0.0 {
        return None;
    }
    let all: f64 = left + sessions.mix.iter().map(|(_, weight)| weight).sum::<f64>();
    let share = |lang| percent(left / all, lang);
    let (en, zh) = match app {
        App::Bank => ("mobile", "手机银行"),
        App::Mall => ("mall's", "商城"),
        App::Messenger => ("messenger's", "即时通讯"),
    };
    if !sessions.is_played() {
        return Some(Label::new(
            format!(
                "the bank does not offer anything of the {en} mix yet: its sessions are simulated, but not played"
            ),
            format!("核心系统尚未提供{zh}业务组合中的任何操作：其会话只作模拟，不作压测"),
        ));
    }
    Some(Label::new(
        format!(
            "{} of the {en} mix are operations that the bank does not offer yet; the rest takes their place",
            share(Lang::En)
        ),
        format!(
            "{zh}业务组合中有 {} 是核心系统尚未提供的操作，由其余操作按比例补足",
            share(Lang::Zh)
        ),
    ))
}

/// Pools to which more work comes, in some stretch of arrivals, than they can do.
fn overloaded(scenario: &Scenario) -> Vec<Label> {
    let mut warnings = Vec::new();
    for (position, resource) in scenario.resources.iter().enumerate() {
        let work: f64 = scenario
            .segments
            .iter()
            .flat_map(|segment| {
                let services = segment.services.iter();
                services.map(|(_, journey, share)| (segment.share * share, *journey))
            })
            .map(|(share, journey)| share * seconds_of(scenario, journey, position, 0))
            .sum();
        let mut worst: Option<(f64, &ArrivalPiece)> = None;
        for piece in &scenario.arrivals.pieces {
            let servers = mean_servers(&resource.roster, piece) * drawn_share(resource);
            let load = per_hour(piece) / 3600.0 * work / servers;
            if load > 1.0 && load.is_finite() && worst.is_none_or(|(most, _)| load > most) {
                worst = Some((load, piece));
            }
        }
        if let Some((load, piece)) = worst {
            let (from, to) = (piece.from.clock(), piece.to.clock());
            let name = &resource.name;
            let (en, zh) = (percent(load, Lang::En), percent(load, Lang::Zh));
            warnings.push(Label::new(
                format!(
                    "from {from} to {to} `{name}` is asked for {en} of what it can do: the queue grows"
                ),
                format!("{from} 至 {to}，`{name}` 的业务量达到其办理能力的 {zh}：队伍会越排越长"),
            ));
        }
    }
    warnings
}

/// Mean server-seconds of a pool that a customer of this journey takes, failures
/// included. Failures make no circle, so the depth is bounded.
fn seconds_of(scenario: &Scenario, journey: JourneyId, pool: usize, depth: usize) -> f64 {
    let journey = &scenario.journeys[journey];
    let whole: u32 = journey
        .holds
        .iter()
        .filter(|it| it.resource == pool)
        .map(|it| it.count)
        .sum();
    let mut seconds = 0.0;
    for step in &journey.steps {
        let (lasts, own) = lasts_and_takes(journey, step, pool);
        seconds += step.probability * (lasts * f64::from(whole) + own);
        if let Some(failure) = &step.failure
            && depth < scenario.journeys.len()
        {
            let further = seconds_of(scenario, failure.to, pool, depth + 1);
            seconds += step.probability * failure.probability * further;
        }
    }
    seconds
}

/// The mean of the servers drawn, as a share of the most.
fn drawn_share(resource: &Resource) -> f64 {
    if resource.drawn.is_empty() {
        return 1.0;
    }
    let drawn = resource.drawn.iter();
    let mean: f64 = drawn.map(|(share, count)| share * f64::from(*count)).sum();
    mean / f64::from(resource.roster.most())
}

/// Mean seconds that a step takes (of branches the one that takes longest on
/// average), and server-seconds of a pool that it holds itself meanwhile.
fn lasts_and_takes(journey: &Journey, step: &Step, pool: usize) -> (f64, f64) {
    let own = |step: &Step| -> u32 {
        let holds = step.holds.iter().filter(|it| it.resource == pool);
        holds.map(|it| it.count).sum()
    };
    let time = match (&step.time, &journey.time) {
        (StepTime::Fraction(fraction), Some(law)) => fraction * law.mean(),
        (StepTime::Law(law), _) => law.mean(),
        _ => 0.0,
    };
    let mut lasts = time;
    let mut takes = time * f64::from(own(step));
    for branch in &step.branches {
        let mut together = 0.0;
        for inside in branch {
            let (inside_lasts, inside_takes) = lasts_and_takes(journey, inside, pool);
            together += inside.probability * inside_lasts;
            takes += inside.probability * inside_takes;
        }
        lasts = lasts.max(together);
    }
    (lasts, takes)
}

/// Time-average of the servers on duty in a stretch.
fn mean_servers(roster: &Roster, piece: &ArrivalPiece) -> f64 {
    let mut moments: Vec<SimTime> = vec![piece.from];
    let inside = |at: &SimTime| piece.from < *at && *at < piece.to;
    moments.extend(roster.steps.iter().map(|(at, _)| *at).filter(inside));
    moments.push(piece.to);
    let total: f64 = moments
        .windows(2)
        .map(|pair| f64::from(roster.count_at(pair[0])) * pair[1].since(pair[0]).seconds())
        .sum();
    total / piece.to.since(piece.from).seconds()
}

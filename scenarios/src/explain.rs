//! A scenario in words that a planner follows, and what looks implausible in it.

use crate::model::{
    Affected, ArrivalPiece, Effect, Journey, JourneyId, Label, Law, Mark, Mode, Roster, Scenario,
    Segment, StepTime, Window,
};
use crate::time::SimTime;
use std::fmt::Write;

/// What was understood, for `branchlab check`.
pub fn explain(scenario: &Scenario) -> String {
    let mut text = String::new();
    calendar(&mut text, scenario);
    customers(&mut text, scenario);
    pools(&mut text, scenario);
    journeys(&mut text, scenario);
    incidents(&mut text, scenario);
    bank(&mut text, scenario);
    targets(&mut text, scenario);
    text
}

fn line(text: &mut String, words: impl AsRef<str>) {
    let _ = writeln!(text, "{}", words.as_ref());
}

fn calendar(text: &mut String, scenario: &Scenario) {
    let Scenario { day, run, .. } = scenario;
    line(
        text,
        format!("{} ({})", scenario.name, scenario.branch_label.en),
    );
    if !scenario.question.en.is_empty() {
        line(text, format!("  {}", scenario.question.en));
    }
    line(text, "\nWhen");
    match run.mode {
        Mode::Days => line(
            text,
            format!(
                "  {}, open {} to {} ({}), reported by {}; who is inside at closing is served.\n  {} such days, from seed {}.",
                day.date.strftime("%A %-d %B %Y"),
                day.open.clock(),
                day.close.clock(),
                day.time_zone,
                day.interval,
                run.replications,
                run.seed
            ),
        ),
        Mode::SteadyState { warm_up, length } => line(
            text,
            format!(
                "  A steady state: {} runs of {length}, the first {warm_up} of each not counted, from seed {}.",
                run.replications, run.seed
            ),
        ),
    }
}

fn customers(text: &mut String, scenario: &Scenario) {
    let total: f64 = scenario
        .arrivals
        .pieces
        .iter()
        .map(|piece| piece.expected)
        .sum();
    line(text, "\nWho comes");
    line(text, format!("  {} customers in all:", rounded(total)));
    for piece in &scenario.arrivals.pieces {
        line(
            text,
            format!(
                "    {} to {}: {} ({} an hour)",
                piece.from.clock(),
                piece.to.clock(),
                rounded(piece.expected),
                rounded(per_hour(piece))
            ),
        );
    }
    if scenario.arrivals.busyness_cv > 0.0 {
        let percent = scenario.arrivals.busyness_cv * 100.0;
        line(
            text,
            format!("  Days differ in busyness by {} %.", rounded(percent)),
        );
    }
    for segment in &scenario.segments {
        segment_words(text, scenario, segment);
    }
}

fn segment_words(text: &mut String, scenario: &Scenario, segment: &Segment) {
    let patience = match &segment.patience {
        None => "wait as long as it takes".to_owned(),
        Some(law) => format!("leave the queue after {}", law_words(law)),
    };
    let priority = match segment.priority {
        0 => String::new(),
        priority => format!("; priority {priority}"),
    };
    line(
        text,
        format!(
            "  {} {} ({}): {patience}{priority}.",
            percent(segment.share),
            segment.label.en,
            segment.name
        ),
    );
    for (service, journey, share) in &segment.services {
        let journey = &scenario.journeys[*journey];
        line(
            text,
            format!(
                "    {} {} on channel {} by journey {}",
                percent(*share),
                scenario.services[*service].label.en,
                journey.channel,
                journey.name
            ),
        );
    }
}

fn pools(text: &mut String, scenario: &Scenario) {
    line(text, "\nWho and what serves");
    for resource in &scenario.resources {
        let steps = &resource.roster.steps;
        let words: Vec<String> = match steps.as_slice() {
            [(_, count)] => vec![format!("{count} all the time")],
            steps => steps
                .iter()
                .map(|(from, count)| format!("{count} from {}", from.clock()))
                .collect(),
        };
        line(
            text,
            format!(
                "  {} ({}): {}",
                resource.label.en,
                resource.name,
                words.join(", ")
            ),
        );
    }
}

fn journeys(text: &mut String, scenario: &Scenario) {
    line(
        text,
        "\nWhat is done, step by step (an operation adds the bank's answering time)",
    );
    for journey in &scenario.journeys {
        journey_words(text, scenario, journey);
    }
}

fn journey_words(text: &mut String, scenario: &Scenario, journey: &Journey) {
    let held = |holds: &[crate::model::Hold]| -> String {
        let words: Vec<String> = holds
            .iter()
            .map(|hold| format!("{} {}", hold.count, scenario.resources[hold.resource].name))
            .collect();
        words.join(" and ")
    };
    let whole = journey.time.as_ref().map_or(String::new(), |law| {
        format!(", one time of {} shared out", law_words(law))
    });
    let holding = match journey.holds.as_slice() {
        [] => String::new(),
        holds => format!(", holding {}", held(holds)),
    };
    line(
        text,
        format!(
            "  {} (channel {}{holding}{whole}):",
            journey.name, journey.channel
        ),
    );
    for step in &journey.steps {
        let mut words = format!("    {}:", step.name);
        match (&step.time, &journey.time) {
            (StepTime::Fraction(fraction), Some(law)) => {
                let _ = write!(
                    words,
                    " {} ({})",
                    minutes(law.mean() * fraction),
                    percent(*fraction)
                );
            }
            (StepTime::Law(law), _) => {
                let _ = write!(words, " {}", law_words(law));
            }
            _ => words.push_str(" no time of its own"),
        }
        if step.probability < 1.0 {
            let _ = write!(words, ", for {} of customers", percent(step.probability));
        }
        if !step.holds.is_empty() {
            let _ = write!(words, ", with {}", held(&step.holds));
        }
        if let Some(operation) = step.operation {
            let _ = write!(words, ", bank operation {operation}");
        }
        if let Some(failure) = &step.failure {
            let to = &scenario.journeys[failure.to].name;
            let _ = write!(
                words,
                "; {} fail and go on to {to}",
                percent(failure.probability)
            );
        }
        line(text, words);
    }
}

fn incidents(text: &mut String, scenario: &Scenario) {
    if !scenario.incidents.is_empty() {
        line(text, "\nWhat goes wrong");
    }
    for incident in &scenario.incidents {
        let what = match incident.what {
            Affected::Branch => "every journey",
            Affected::Bank => "journeys that ask the bank",
            Affected::Resource(resource) => &scenario.resources[resource].name,
        };
        let effect = match incident.effect {
            Effect::Down(count) => format!("{count} down"),
            Effect::Stopped => "none starts".to_owned(),
            Effect::Slower(factor) => format!("{factor} times as long if started then"),
        };
        line(
            text,
            format!(
                "  {} to {}: {what}, {effect}",
                incident.from.clock(),
                incident.to.clock()
            ),
        );
    }
}

fn bank(text: &mut String, scenario: &Scenario) {
    if let Some(mobile) = &scenario.mobile {
        let log_ins = mobile.monthly_actives as f64 * mobile.log_ins_per_month / 30.0;
        let sum: f64 = mobile.hourly_weights.iter().sum();
        let busiest = mobile.hourly_weights.iter().fold(0.0_f64, |a, b| a.max(*b));
        let peak = log_ins * busiest / sum / 3600.0;
        line(text, "\nThe mobile bank beside it");
        line(
            text,
            format!(
                "  {} active users, {} log-ins a day, {} requests each: {} requests a second in the busiest hour.",
                mobile.monthly_actives,
                rounded(log_ins),
                mobile.requests_per_session,
                rounded(peak * f64::from(mobile.requests_per_session))
            ),
        );
        if !mobile.mix_left_out.is_empty() {
            let names: Vec<_> = mobile
                .mix_left_out
                .iter()
                .map(|(it, _)| it.name())
                .collect();
            line(
                text,
                format!(
                    "  Left out, because the bank does not offer them yet: {}.",
                    names.join(", ")
                ),
            );
        }
    }
    if let Some(load) = &scenario.load {
        let window = match load.window {
            Window::Busiest(length) => format!("the busiest {length}"),
            Window::Between(from, to) => format!("{} to {}", from.clock(), to.clock()),
        };
        line(text, "\nWhat is played on the core bank");
        line(
            text,
            format!(
                "  {window}, {} times faster, every session {} times, over at most {} connections; no answer in {} is a time-out.",
                load.speed, load.volume, load.connections, load.timeout
            ),
        );
    }
}

fn targets(text: &mut String, scenario: &Scenario) {
    line(text, "\nWhat must hold");
    for named in &scenario.gates {
        line(text, format!("  {}: {}", named.name, named.gate.text));
    }
    if scenario.gates.is_empty() {
        line(text, "  nothing");
    }
    if !scenario.assumptions.is_empty() {
        line(text, "\nWhere the numbers come from");
    }
    for assumption in &scenario.assumptions {
        let mark = match assumption.mark {
            Mark::Sourced => "sourced",
            Mark::Derived => "derived",
            Mark::Assumed => "assumed",
        };
        line(
            text,
            format!(
                "  [{mark}] {} = {}\n    {}",
                assumption.about, assumption.value, assumption.because
            ),
        );
    }
}

fn law_words(law: &Law) -> String {
    let mean = minutes(law.mean());
    match law {
        Law::Constant { .. } => mean,
        Law::Exponential { .. } => format!("{mean} on average (exponential)"),
        Law::Lognormal { sigma, .. } => {
            let cv = (sigma * sigma).exp_m1().sqrt();
            format!("{mean} on average (lognormal, cv {})", rounded(cv))
        }
        Law::Gamma { shape, .. } => {
            format!(
                "{mean} on average (gamma, cv {})",
                rounded(1.0 / shape.sqrt())
            )
        }
        Law::Erlang { k, .. } => format!("{mean} on average (Erlang-{k})"),
        Law::Weibull { shape, .. } => format!("{mean} on average (Weibull, shape {shape})"),
        Law::Uniform { .. } => format!("{mean} on average (uniform)"),
        Law::Triangular { .. } => format!("{mean} on average (triangular)"),
        Law::Empirical { .. } => format!("{mean} on average (measured histogram)"),
        Law::Mixture { parts } => format!("{mean} on average (mixture of {})", parts.len()),
    }
}

fn minutes(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{} s", rounded(seconds))
    } else {
        format!("{} min", rounded(seconds / 60.0))
    }
}

fn percent(share: f64) -> String {
    format!("{} %", rounded(share * 100.0))
}

/// With two decimals at most.
fn rounded(number: f64) -> String {
    format!("{}", (number * 100.0).round() / 100.0)
}

fn per_hour(piece: &ArrivalPiece) -> f64 {
    let hours = piece.to.since(piece.from).seconds() / 3600.0;
    if hours > 0.0 {
        piece.expected / hours
    } else {
        0.0
    }
}

/// What may be meant, but probably is not.
pub fn warnings(scenario: &Scenario) -> Vec<Label> {
    let mut warnings = overloaded(scenario);
    for (position, resource) in scenario.resources.iter().enumerate() {
        let used = scenario.journeys.iter().any(|journey| {
            let steps = journey.steps.iter().flat_map(|step| &step.holds);
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
    if let Some(mobile) = &scenario.mobile
        && !mobile.mix_left_out.is_empty()
    {
        let left: f64 = mobile.mix_left_out.iter().map(|(_, weight)| weight).sum();
        let all: f64 = left + mobile.mix.iter().map(|(_, weight)| weight).sum::<f64>();
        let share = percent(left / all);
        warnings.push(Label::new(
            format!(
                "{share} of the mobile mix are operations that the bank does not offer yet; the rest takes their place"
            ),
            format!("手机银行业务组合中有 {share} 是核心系统尚未提供的操作，由其余操作按比例补足"),
        ));
    }
    warnings
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
            let servers = mean_servers(&resource.roster, piece);
            let load = per_hour(piece) / 3600.0 * work / servers;
            if load > 1.0 && load.is_finite() && worst.is_none_or(|(most, _)| load > most) {
                worst = Some((load, piece));
            }
        }
        if let Some((load, piece)) = worst {
            let (from, to) = (piece.from.clock(), piece.to.clock());
            let (name, load) = (&resource.name, percent(load));
            warnings.push(Label::new(
                format!(
                    "from {from} to {to} `{name}` is asked for {load} of what it can do: the queue grows"
                ),
                format!("{from} 至 {to}，`{name}` 的业务量达到其办理能力的 {load}：队伍会越排越长"),
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
        let time = match (&step.time, &journey.time) {
            (StepTime::Fraction(fraction), Some(law)) => fraction * law.mean(),
            (StepTime::Law(law), _) => law.mean(),
            _ => 0.0,
        };
        let own: u32 = step
            .holds
            .iter()
            .filter(|it| it.resource == pool)
            .map(|it| it.count)
            .sum();
        seconds += step.probability * time * f64::from(whole + own);
        if let Some(failure) = &step.failure
            && depth < scenario.journeys.len()
        {
            let further = seconds_of(scenario, failure.to, pool, depth + 1);
            seconds += step.probability * failure.probability * further;
        }
    }
    seconds
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

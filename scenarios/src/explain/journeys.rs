//! What is done, step by step.

use super::words::{Page, counted, duration, law_words, minutes, name, percent, say};
use crate::language::Lang;
use crate::model::{Hold, Journey, OnOutage, Scenario, Step, StepTime};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    page.heading(
        "What is done, step by step (an operation adds the bank's answering time)",
        "办理流程（有核心系统操作的步骤，另加系统应答时间）",
    );
    for journey in &scenario.journeys {
        journey_words(page, scenario, journey);
    }
}

fn journey_words(page: &mut Page, scenario: &Scenario, journey: &Journey) {
    let lang = page.lang;
    let whole = journey.time.as_ref().map_or(String::new(), |law| {
        let law = law_words(law, lang);
        say!(
            lang,
            ", one time of {law} shared out",
            "，总时间{law}，由各步骤分摊"
        )
    });
    let holding = match journey.holds.as_slice() {
        [] => String::new(),
        holds => {
            let held = held(scenario, holds, lang);
            say!(lang, ", holding {held}", "，全程占用 {held}")
        }
    };
    let name = &journey.name;
    let channel = lang.pick(journey.channel.name(), journey.channel.words(lang));
    page.line(say!(
        lang,
        "  {name} (channel {channel}{holding}{whole}):",
        "  {name}（渠道为{channel}{holding}{whole}）："
    ));
    for step in &journey.steps {
        step_words(page, scenario, journey, step, "    ");
    }
}

fn held(scenario: &Scenario, holds: &[Hold], lang: Lang) -> String {
    let words: Vec<String> = holds
        .iter()
        .map(|hold| {
            let resource = &scenario.resources[hold.resource];
            let skill = hold
                .skill
                .and_then(|skill| resource.servers.skills.get(skill));
            let skill = skill.map_or(String::new(), |it| {
                say!(lang, " with skill {it}", "（须具备技能 {it}）")
            });
            let count = counted(hold.count, resource, lang);
            let name = name(resource, lang);
            say!(lang, "{count} {name}{skill}", "{count}{name}{skill}")
        })
        .collect();
    words.join(lang.pick(" and ", "和 "))
}

fn step_words(page: &mut Page, scenario: &Scenario, journey: &Journey, step: &Step, indent: &str) {
    let lang = page.lang;
    let name = &step.name;
    let mut words = say!(lang, "{indent}{name}: ", "{indent}{name}：");
    words += &time_words(journey, step, lang);
    if step.probability < 1.0 {
        let share = percent(step.probability, lang);
        words += &say!(lang, ", for {share} of customers", "，{share} 的客户需要");
    }
    if !step.holds.is_empty() {
        let held = held(scenario, &step.holds, lang);
        let kept = if step.keeps {
            lang.pick(
                " (kept until the next step begins)",
                "（保留到下一步骤开始）",
            )
        } else {
            ""
        };
        words += &say!(lang, ", with {held}{kept}", "，占用 {held}{kept}");
    }
    if let Some(operation) = step.operation {
        let operation = lang.pick(operation.name(), operation.words(lang));
        words += &say!(
            lang,
            ", bank operation {operation}",
            "，核心系统操作“{operation}”"
        );
    }
    words += &goes_on(scenario, step, lang);
    page.line(words);
    for (number, branch) in (1..).zip(&step.branches) {
        if branch.len() > 1 {
            page.line(say!(
                lang,
                "{indent}  branch {number}, one after another:",
                "{indent}  第 {number} 路，依次进行："
            ));
        }
        let deeper = if branch.len() > 1 { "    " } else { "  " };
        for inside in branch {
            step_words(
                page,
                scenario,
                journey,
                inside,
                &format!("{indent}{deeper}"),
            );
        }
    }
}

/// How long a step takes by itself.
fn time_words(journey: &Journey, step: &Step, lang: Lang) -> String {
    match (&step.time, &journey.time) {
        (StepTime::Fraction(fraction), Some(law)) => {
            let (mean, share) = (
                minutes(law.mean() * fraction, lang),
                percent(*fraction, lang),
            );
            say!(lang, "{mean} ({share})", "{mean}（{share}）")
        }
        (StepTime::Law(law), _) => law_words(law, lang),
        _ if !step.branches.is_empty() => {
            let branches = step.branches.len();
            say!(
                lang,
                "{branches} side by side, until all have ended",
                "{branches} 路并行，全部完成后继续"
            )
        }
        _ => say!(lang, "no time of its own", "本身不耗时"),
    }
}

/// What comes after a step but the next one.
fn goes_on(scenario: &Scenario, step: &Step, lang: Lang) -> String {
    let mut words = match step.on_outage {
        OnOutage::Wait => String::new(),
        OnOutage::Retry { times, every } => {
            let every = duration(every, lang);
            say!(
                lang,
                " (no answer: asks again {times} times, every {every})",
                "（无应答时每隔 {every}重试，共 {times} 次）"
            )
        }
        OnOutage::FallBack { to, after, .. } => {
            let (to, after) = (&scenario.journeys[to].name, duration(after, lang));
            say!(
                lang,
                " (no answer within {after}: goes on to {to})",
                "（{after}内无应答则转入流程 {to}）"
            )
        }
    };
    if let Some(repeat) = &step.repeat {
        let share = percent(repeat.probability, lang);
        words += &say!(lang, "; {share} are sent back", "；{share} 退回重做");
    }
    if let Some(failure) = &step.failure {
        let (to, share) = (
            &scenario.journeys[failure.to].name,
            percent(failure.probability, lang),
        );
        let tries = match step.retries {
            0 => String::new(),
            tries => say!(
                lang,
                " after {tries} further tries",
                "，此前最多再试 {tries} 次"
            ),
        };
        words += &say!(
            lang,
            "; {share} fail and go on to {to}{tries}",
            "；{share} 失败，转入流程 {to}{tries}"
        );
    }
    words
}

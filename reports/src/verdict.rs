//! The first thing a reader sees: what came out, in words, and why.

use crate::run::RunData;
use crate::words::gates::{self, Asked};
use crate::words::texts::{Text, fill};
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::summary::{GateRecord, Status, Summary};

/// What colour the headline has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Pass,
    Fail,
    Undecided,
    Invalid,
}

impl Tone {
    /// Its CSS class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
            Self::Invalid => "invalid",
        }
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Undecided => Self::Undecided,
            Verdict::Invalid => Self::Invalid,
        }
    }
}

/// The headline of a run.
#[derive(Debug, Clone)]
pub(crate) struct Headline {
    pub(crate) tone: Tone,
    /// A few words.
    pub(crate) words: &'static str,
    /// Sentences: why.
    pub(crate) why: Vec<String>,
    /// What the exit code means.
    pub(crate) exit: &'static str,
}

/// The headline of this run. A run that is incomplete or could not measure says
/// so before any verdict; lost operations come before a broken promise.
pub(crate) fn headline(run: &RunData, lang: Lang) -> Headline {
    let summary = &run.summary;
    let promise = gates::promise(summary);
    let lost = summary
        .reconciliation
        .as_ref()
        .is_some_and(|found| !found.reconciled);
    let (tone, words) = match (summary.status, summary.verdict) {
        (Status::Partial, _) => (Tone::Invalid, Text::HeadPartial),
        (Status::Complete, _) if lost || summary.exit_code == 5 => (Tone::Fail, Text::HeadLost),
        (Status::Complete, Verdict::Invalid) | (Status::Invalid, _) => {
            (Tone::Invalid, Text::HeadInvalid)
        }
        (Status::Complete, _) if summary.gates.is_empty() => (Tone::Invalid, Text::HeadNoGates),
        (Status::Complete, Verdict::Fail) => match promise.map(|gate| gate.verdict) {
            Some(Verdict::Fail) => (Tone::Fail, Text::HeadPromiseBroken),
            _ => (Tone::Fail, Text::HeadFail),
        },
        (Status::Complete, Verdict::Undecided) => (Tone::Undecided, Text::HeadUndecided),
        (Status::Complete, Verdict::Pass) if promise.is_some() => {
            (Tone::Pass, Text::HeadPromiseKept)
        }
        (Status::Complete, Verdict::Pass) => (Tone::Pass, Text::HeadPass),
    };
    let mut why = Vec::new();
    match words {
        Text::HeadPartial => why.push(Text::WhyPartial.say(lang).to_owned()),
        Text::HeadInvalid => {
            why.push(Text::WhyInvalid.say(lang).to_owned());
            why.extend(unjudged(summary, lang));
        }
        words => {
            if words == Text::HeadLost {
                why.extend(lost_sentence(summary, lang));
            }
            why.extend(promise.and_then(|gate| promise_sentence(run, gate, lang)));
            why.extend(other_gates(run, lang));
            if promise.is_some_and(|gate| gate.verdict != Verdict::Pass) {
                let finding = summary.misses.as_ref().map(|misses| &misses.finding);
                why.extend(finding.map(|finding| lang.of(finding).to_owned()));
            }
        }
    }
    Headline {
        tone,
        words: words.say(lang),
        why,
        exit: match words {
            Text::HeadNoGates if summary.exit_code == 0 => Text::Exit0NoGates.say(lang),
            _ => exit(summary.exit_code, lang),
        },
    }
}

/// Each gate that could not be judged, and why.
fn unjudged(summary: &Summary, lang: Lang) -> Vec<String> {
    let invalid = |gate: &&GateRecord| gate.verdict == Verdict::Invalid;
    let sentences = summary.gates.iter().filter(invalid).map(|gate| {
        let reason = gates::reason(gate, summary, lang);
        let reason = lang.pick(reason.trim_end_matches('.'), reason.as_str());
        let name = gates::name(gate, lang);
        fill(
            Text::WhyUnjudged.say(lang),
            &[("gate", &name), ("reason", reason)],
        )
    });
    sentences.collect()
}

/// How many of the acknowledged operations are there as they should be.
fn lost_sentence(summary: &Summary, lang: Lang) -> Option<String> {
    let gate = summary
        .gates
        .iter()
        .find(|gate| gate.name == "nothing_lost")?;
    let found = gates::found(gate, summary, lang);
    Some(fill(Text::WhyLost.say(lang), &[("found", &found)]))
}

/// What was promised, to whom, and what was found.
fn promise_sentence(run: &RunData, gate: &GateRecord, lang: Lang) -> Option<String> {
    gate.estimate?;
    let asks = gates::asks(gate, &run.summary, lang)?;
    let template = match Asked::read(&gate.gate)?.statistic.as_str() {
        "share_within" => Text::WhyShare,
        _ => Text::WhyOther,
    };
    Some(fill(
        template.say(lang),
        &[
            ("asks", &asks),
            ("found", &gates::found(gate, &run.summary, lang)),
        ],
    ))
}

/// The other gates that did not pass, by name.
fn other_gates(run: &RunData, lang: Lang) -> Option<String> {
    let names: Vec<String> = gates::failing_first(&run.summary)
        .into_iter()
        .filter(|gate| !["promise", "nothing_lost"].contains(&gate.name.as_str()))
        .filter(|gate| gate.verdict != Verdict::Pass)
        .map(|gate| {
            let (name, verdict) = (gates::name(gate, lang), gates::verdict(gate.verdict, lang));
            lang.pick(
                format!("{name} ({verdict})"),
                format!("{name}（{verdict}）"),
            )
        })
        .collect();
    let all = names.join(lang.pick(", ", "、"));
    (!names.is_empty()).then(|| fill(Text::WhyGates.say(lang), &[("gates", &all)]))
}

/// What an exit code means.
fn exit(code: u8, lang: Lang) -> &'static str {
    match code {
        0 => Text::Exit0,
        2 => Text::Exit2,
        3 => Text::Exit3,
        4 => Text::Exit4,
        5 => Text::Exit5,
        130 => Text::Exit130,
        _ => Text::Exit1,
    }
    .say(lang)
}

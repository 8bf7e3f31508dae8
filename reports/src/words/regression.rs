//! A comparison with a baseline in words, and its table: the same for terminal, page and
//! Markdown.

use super::names;
use super::numbers::{self, Kind};
use super::texts::{Text, fill};
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::regression::Compared;
use scenarios::summary::{ComparedRecord, RegressionRecord};

/// The verdict on a comparison in a word or two.
pub fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Pass => Text::RegressionNone,
        Verdict::Fail => Text::RegressionFound,
        Verdict::Undecided => Text::RegressionOpen,
        Verdict::Invalid => Text::Invalid,
    }
    .say(lang)
}

/// Why it is judged so.
pub(crate) fn reason(found: &RegressionRecord, lang: Lang) -> String {
    let text = match found.verdict {
        Verdict::Pass => Text::ReasonRegressionPass,
        Verdict::Fail => Text::ReasonRegressionFail,
        Verdict::Undecided if found.pairs == 0 => Text::ReasonRegressionFew,
        Verdict::Undecided => Text::ReasonRegressionUndecided,
        Verdict::Invalid => Text::ReasonRegressionInvalid,
    };
    let names: Vec<String> = found
        .figures
        .iter()
        .filter(|it| it.verdict == found.verdict)
        .filter(|it| it.waited_for || it.verdict == Verdict::Fail)
        .map(|it| figure(it.figure, lang))
        .collect();
    let pairs = match found.pairs {
        0 => found.runs.len() as u64,
        pairs => u64::from(pairs),
    };
    fill(
        text.say(lang),
        &[
            ("pairs", &numbers::count(pairs)),
            ("figures", &names.join(lang.pick(", ", "、"))),
        ],
    )
}

/// Who was compared with whom, and what a reader should know of it.
pub(crate) fn sentences(found: &RegressionRecord, lang: Lang) -> Vec<String> {
    let pairs = numbers::count(found.runs.len() as u64);
    let intro = fill(
        Text::RegressionIntro.say(lang),
        &[
            ("target", &found.target),
            ("baseline", &found.baseline),
            ("pairs", &pairs),
        ],
    );
    let mut sentences = vec![intro];
    if found.repeated > 0 {
        let count = numbers::count(u64::from(found.repeated));
        sentences.push(fill(
            Text::RegressionRepeated.say(lang),
            &[("count", &count)],
        ));
    }
    sentences.push(fill(
        Text::RegressionVerdict.say(lang),
        &[("verdict", verdict(found.verdict, lang))],
    ));
    sentences
}

/// Heads of the table.
pub(crate) fn heads(lang: Lang) -> Vec<String> {
    [
        Text::Figure,
        Text::Baseline,
        Text::TargetSide,
        Text::WorseBy,
        Text::Margin,
        Text::Verdict,
    ]
    .map(|head| head.say(lang).to_owned())
    .to_vec()
}

/// A line for each figure.
pub(crate) fn lines(found: &RegressionRecord, lang: Lang) -> Vec<Vec<String>> {
    let line = |it: &ComparedRecord| {
        let value = |of: Option<f64>| numbers::value(kind(it.figure), of, lang);
        vec![
            figure(it.figure, lang),
            value(it.baseline),
            value(it.target),
            worse(it, lang),
            unsigned(it.figure, it.margin, lang),
            outcome(it, lang),
        ]
    };
    found.figures.iter().map(line).collect()
}

/// A figure's name.
pub(crate) fn figure(figure: Compared, lang: Lang) -> String {
    let latency = names::figure("latency", lang);
    match figure {
        Compared::P50 => format!("{latency} p50"),
        Compared::P99 => format!("{latency} p99"),
        Compared::CpuPerOperation | Compared::Throughput | Compared::Errors => {
            names::figure(figure.name(), lang)
        }
    }
}

/// How much worse, with its interval.
pub(crate) fn worse(it: &ComparedRecord, lang: Lang) -> String {
    let signed = |value: f64| {
        let sign = if value < 0.0 { "\u{2212}" } else { "+" };
        format!("{sign}{}", unsigned(it.figure, value.abs(), lang))
    };
    match (it.worse, it.low, it.high) {
        (Some(worse), Some(low), Some(high)) => {
            format!("{} [{}, {}]", signed(worse), signed(low), signed(high))
        }
        _ => "–".to_owned(),
    }
}

fn unsigned(figure: Compared, value: f64, lang: Lang) -> String {
    if figure.is_a_share() {
        format!("{:.2}{}", 100.0 * value, Text::Points.say(lang))
    } else {
        format!("{:.1}%", 100.0 * value)
    }
}

fn outcome(it: &ComparedRecord, lang: Lang) -> String {
    let word = verdict(it.verdict, lang);
    if it.verdict == Verdict::Undecided && !it.waited_for {
        let watched = Text::RegressionWatched.say(lang);
        return lang.pick(
            format!("{word} ({watched})"),
            format!("{word}（{watched}）"),
        );
    }
    word.to_owned()
}

fn kind(figure: Compared) -> Kind {
    match figure {
        Compared::CpuPerOperation | Compared::P50 | Compared::P99 => Kind::Latency,
        Compared::Throughput => Kind::Rate,
        Compared::Errors => Kind::Share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(verdict: Verdict) -> ComparedRecord {
        ComparedRecord {
            figure: Compared::CpuPerOperation,
            verdict,
            waited_for: true,
            margin: 0.1,
            baseline: Some(1e-4),
            target: Some(1.1e-4),
            worse: Some(0.098),
            low: Some(-0.004),
            high: Some(0.2),
        }
    }

    #[test]
    fn a_difference_is_said_with_its_sign_and_interval() {
        let words = worse(&record(Verdict::Fail), Lang::En);
        assert_eq!(words, "+9.8% [\u{2212}0.4%, +20.0%]");
        let errors = ComparedRecord {
            figure: Compared::Errors,
            worse: Some(0.002),
            ..record(Verdict::Fail)
        };
        assert!(worse(&errors, Lang::En).starts_with("+0.20 points ["));
    }

    #[test]
    fn what_is_not_waited_for_says_so() {
        let open = ComparedRecord {
            waited_for: false,
            ..record(Verdict::Undecided)
        };
        assert_eq!(outcome(&open, Lang::En), "inconclusive (not waited for)");
        assert_eq!(outcome(&record(Verdict::Pass), Lang::Zh), "无性能回退");
    }
}

//! A gate in words: what it asks, what was found, and why it is judged so.
//!
//! The gate's own text stays beside the words; a text that is not of the form
//! `statistic(figure{dimension=name}, threshold) >= bound` is shown as it is.

use super::names;
use super::numbers::{self, Kind};
use super::texts::{Text, fill};
use crate::rows::{Estimate, Rows};
use scenarios::gate::Verdict;
use scenarios::language::Lang;
use scenarios::regression::NO_REGRESSION;
use scenarios::summary::{GateRecord, Summary};

/// A gate's text, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// `share_within`, `mean`, `p99` …; empty for the bare figure.
    pub(crate) statistic: String,
    pub(crate) figure: String,
    /// `(dimension, name)`.
    pub(crate) population: Vec<(String, String)>,
    /// `5min` in seconds, of a share within it.
    pub(crate) threshold_seconds: Option<f64>,
    comparison: &'static str,
}

impl Asked {
    /// Takes a gate's text apart; none if it is not of the known form.
    pub(crate) fn read(gate: &str) -> Option<Self> {
        let (at, comparison) = comparison_of(gate)?;
        let left = gate.get(..at)?.trim();
        let (statistic, inner) = match left.strip_suffix(')').and_then(|left| left.split_once('('))
        {
            Some((statistic, inner)) => (statistic.trim(), inner),
            None => ("", left),
        };
        let (figure, rest) = match inner.split_once('{') {
            Some((figure, rest)) => (figure, rest.split_once('}')?),
            None => match inner.split_once(',') {
                Some((figure, threshold)) => (figure, ("", threshold)),
                None => (inner, ("", "")),
            },
        };
        let figure = figure.trim();
        if figure.is_empty()
            || !figure
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            return None;
        }
        let population = rest
            .0
            .split(',')
            .filter(|pair| !pair.trim().is_empty())
            .map(|pair| {
                let (dimension, name) = pair.split_once('=')?;
                Some((
                    dimension.trim().to_owned(),
                    name.trim().trim_matches('"').to_owned(),
                ))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            statistic: statistic.to_owned(),
            figure: figure.to_owned(),
            population,
            threshold_seconds: seconds(rest.1.trim_start_matches([',', ' '])),
            comparison,
        })
    }

    /// What kind of number its estimate and bound are.
    pub(crate) fn kind(&self) -> Kind {
        match self.statistic.as_str() {
            "share_within" => Kind::Share,
            "count" => Kind::Plain,
            _ => Kind::of_figure(&self.figure),
        }
    }

    /// Names of the population, as people read them; empty for everyone.
    pub(crate) fn whom(&self, summary: &Summary, lang: Lang) -> String {
        let names: Vec<String> = self
            .population
            .iter()
            .map(|(dimension, name)| names::population(summary, dimension, name, lang))
            .collect();
        names.join(lang.pick(", ", "、"))
    }

    fn subject(&self, lang: Lang) -> String {
        let figure = names::figure(&self.figure, lang);
        let statistic = self.statistic.as_str();
        let template = match statistic {
            "share_within" => Text::GateShareWithin,
            "mean" => Text::GateMean,
            "sd" => Text::GateSd,
            "min" => Text::GateMin,
            "max" => Text::GateMax,
            "count" => Text::GateCount,
            "" => Text::GateBare,
            _ => Text::GateQuantile,
        };
        let threshold = self.threshold_seconds.map_or_else(String::new, |seconds| {
            numbers::round(Kind::Duration, seconds, lang)
        });
        let quantile = statistic.trim_start_matches('p');
        fill(
            template.say(lang),
            &[
                ("figure", &figure),
                ("threshold", &threshold),
                ("quantile", quantile),
            ],
        )
    }
}

/// Where the comparison stands, and which it is.
fn comparison_of(gate: &str) -> Option<(usize, &'static str)> {
    [">=", "<=", "==", ">", "<"]
        .into_iter()
        .find_map(|sign| gate.rfind(sign).map(|at| (at, sign)))
}

/// `5min`, `300s`, `200ms`, `1h` in seconds.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "h" => 3600.0,
        "min" => 60.0,
        "s" => 1.0,
        "ms" => 0.001,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// What kind of number a gate's estimate is.
pub(crate) fn kind(gate: &GateRecord) -> Kind {
    match Asked::read(&gate.gate) {
        Some(asked) => asked.kind(),
        None if gate.gate.contains("lag") => Kind::Latency,
        None => Kind::Plain,
    }
}

/// A gate's name: the words for those that are always there, else as written.
pub(crate) fn name(gate: &GateRecord, lang: Lang) -> String {
    match gate.name.as_str() {
        "promise" => Text::GatePromise.say(lang).to_owned(),
        "nothing_lost" => Text::GateNothingLost.say(lang).to_owned(),
        "generator_kept_up" => Text::GateGenerator.say(lang).to_owned(),
        "limit_found" => Text::GateLimit.say(lang).to_owned(),
        NO_REGRESSION => Text::GateRegression.say(lang).to_owned(),
        other => other.to_owned(),
    }
}

/// What a gate asks, in words; none where only its own text can say it.
pub(crate) fn asks(gate: &GateRecord, summary: &Summary, lang: Lang) -> Option<String> {
    match gate.name.as_str() {
        "nothing_lost" => return Some(Text::AsksNothingLost.say(lang).to_owned()),
        "generator_kept_up" => return Some(Text::AsksGenerator.say(lang).to_owned()),
        "limit_found" => return Some(Text::AsksLimit.say(lang).to_owned()),
        NO_REGRESSION => return Some(Text::AsksRegression.say(lang).to_owned()),
        _ => {}
    }
    let asked = Asked::read(&gate.gate)?;
    let whom = asked.whom(summary, lang);
    let whom = if whom.is_empty() {
        String::new()
    } else {
        lang.pick(format!(" ({whom})"), format!("（{whom}）"))
    };
    Some(format!(
        "{}{whom}{}{}",
        asked.subject(lang),
        lang.pick(": ", "："),
        bound(gate, &asked, lang)
    ))
}

/// `at least 80%`.
fn bound(gate: &GateRecord, asked: &Asked, lang: Lang) -> String {
    let comparison = match asked.comparison {
        ">=" => Text::AtLeast,
        ">" => Text::Above,
        "<=" => Text::AtMost,
        "<" => Text::Below,
        _ => Text::Exactly,
    };
    let number = gate.bound.map_or_else(
        || "–".to_owned(),
        |bound| numbers::round(asked.kind(), bound, lang),
    );
    fill(comparison.say(lang), &[("bound", &number)])
}

/// `at least 80%`, or the bare bound where the gate's text is of another form.
pub(crate) fn bound_words(gate: &GateRecord, lang: Lang) -> String {
    match gate.name.as_str() {
        "nothing_lost" => return Text::BoundNothingLost.say(lang).to_owned(),
        "generator_kept_up" => return Text::BoundGenerator.say(lang).to_owned(),
        _ => {}
    }
    match (Asked::read(&gate.gate), gate.bound) {
        (Some(asked), Some(_)) => bound(gate, &asked, lang),
        (None, Some(bound)) => numbers::round(kind(gate), bound, lang),
        (_, None) => "–".to_owned(),
    }
}

/// Whether it is one of the two that every load is judged by.
pub(crate) fn is_always_on(gate: &GateRecord) -> bool {
    matches!(gate.name.as_str(), "nothing_lost" | "generator_kept_up")
}

/// What an always-on gate found, in a few words.
fn found_always(gate: &GateRecord, summary: &Summary, lang: Lang) -> Option<String> {
    if gate.name == "generator_kept_up" {
        let row = Rows::new(&summary.figures).total("generator_lag")?;
        let (template, seconds) = match (row.number("p99"), row.number("max")) {
            (Some(p99), _) => (Text::FoundLag, p99),
            (None, Some(most)) => (Text::FoundLagAtMost, most),
            (None, None) => return None,
        };
        let words = numbers::value(Kind::Latency, Some(seconds), lang);
        return Some(fill(template.say(lang), &[("lag", &words)]));
    }
    let found = summary.reconciliation.as_ref()?;
    let template = if found.found_once == found.acknowledged {
        Text::FoundOnceEach
    } else {
        Text::FoundSomeOnce
    };
    Some(fill(
        template.say(lang),
        &[
            ("found", &numbers::count(found.found_once)),
            ("all", &numbers::count(found.acknowledged)),
        ],
    ))
}

/// The estimate with its interval, what an always-on gate counted; a dash where
/// there is neither.
pub(crate) fn found(gate: &GateRecord, summary: &Summary, lang: Lang) -> String {
    if let (NO_REGRESSION, Some(found)) = (gate.name.as_str(), &summary.regression) {
        return super::regression::verdict(found.verdict, lang).to_owned();
    }
    if is_always_on(gate)
        && let Some(words) = found_always(gate, summary, lang)
    {
        return words;
    }
    match gate.estimate.filter(|value| value.is_finite()) {
        Some(value) => numbers::estimate(
            kind(gate),
            Estimate {
                value,
                low: gate.low,
                high: gate.high,
            },
            lang,
        ),
        None => "–".to_owned(),
    }
}

/// The verdict in a word.
pub(crate) fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Pass => Text::Pass,
        Verdict::Fail => Text::Fail,
        Verdict::Undecided => Text::Undecided,
        Verdict::Invalid => Text::Invalid,
    }
    .say(lang)
}

/// Why it is judged so: said again from verdict, estimate and bound. What only the
/// record's own sentence knows, which is English, an English reader gets from it.
pub(crate) fn reason(gate: &GateRecord, summary: &Summary, lang: Lang) -> String {
    let always_on = is_always_on(gate);
    let limit = summary.load.as_ref().and_then(|load| load.limit.as_ref());
    if let ("limit_found", Some(found)) = (gate.name.as_str(), limit) {
        return super::counts::limit_line(found, lang);
    }
    if let (NO_REGRESSION, Some(found)) = (gate.name.as_str(), &summary.regression) {
        return super::regression::reason(found, lang);
    }
    if lang == Lang::En && (always_on || gate.estimate.is_none()) {
        return gate.reason.clone();
    }
    let template = match (
        gate.verdict,
        gate.name.as_str(),
        gate.low.is_some() && gate.high.is_some(),
    ) {
        (Verdict::Pass, "nothing_lost", _) => Text::ReasonNothingLost,
        (Verdict::Pass, "generator_kept_up", _) => Text::ReasonKeptUp,
        (Verdict::Fail, _, _) if always_on => Text::ReasonBroken,
        (Verdict::Invalid, "nothing_lost", _) => Text::ReasonNotReconciled,
        (Verdict::Invalid, "generator_kept_up", _) => Text::ReasonLagged,
        (Verdict::Pass, _, true) => Text::ReasonPassInterval,
        (Verdict::Pass, _, false) => Text::ReasonPassPoint,
        (Verdict::Fail, _, true) => Text::ReasonFailInterval,
        (Verdict::Fail, _, false) => Text::ReasonFailPoint,
        (Verdict::Undecided, ..) => Text::ReasonUndecided,
        (Verdict::Invalid, ..) => Text::ReasonInvalid,
    };
    fill(
        template.say(lang),
        &[
            ("estimate", &found(gate, summary, lang)),
            ("bound", &bound_words(gate, lang)),
        ],
    )
}

/// The gates in the order of a report: what did not pass first, the promise
/// before others of its verdict.
pub(crate) fn failing_first(summary: &Summary) -> Vec<&GateRecord> {
    let mut gates: Vec<&GateRecord> = summary.gates.iter().collect();
    gates.sort_by_key(|gate| {
        let rank = match gate.verdict {
            Verdict::Fail => 0,
            Verdict::Invalid => 1,
            Verdict::Undecided => 2,
            Verdict::Pass => 3,
        };
        (rank, gate.name != "promise")
    });
    gates
}

/// The threshold that a reader of this run thinks of: the promise's, else five
/// minutes, else the first that was counted; with its column in the table.
pub(crate) fn threshold(summary: &Summary) -> Option<(String, f64)> {
    let counted: Vec<(&String, f64)> = summary
        .figures
        .iter()
        .flat_map(serde_json::Map::keys)
        .filter_map(|column| {
            let seconds = column.strip_prefix("share_within_")?.strip_suffix('s')?;
            Some((
                column,
                seconds.parse().ok().filter(|it: &f64| it.is_finite())?,
            ))
        })
        .collect();
    let promised = promise(summary)
        .and_then(|gate| Asked::read(&gate.gate))
        .and_then(|asked| asked.threshold_seconds);
    let of = |wanted: f64| {
        let near = |it: &&(&String, f64)| (it.1 - wanted).abs() < 1e-6;
        counted.iter().find(near)
    };
    let chosen = promised.and_then(of).or_else(|| of(300.0));
    let (column, seconds) = chosen.or_else(|| counted.first())?;
    Some(((*column).clone(), *seconds))
}

/// The headline gate.
pub(crate) fn promise(summary: &Summary) -> Option<&GateRecord> {
    summary.gates.iter().find(|gate| gate.name == "promise")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_text_is_taken_apart() {
        let asked =
            Asked::read("share_within(time_in_branch{channel=kiosk}, 5min) >= 80%").unwrap();
        assert_eq!(asked.statistic, "share_within");
        assert_eq!(asked.figure, "time_in_branch");
        assert_eq!(
            asked.population,
            [("channel".to_owned(), "kiosk".to_owned())]
        );
        assert_eq!(asked.threshold_seconds, Some(300.0));
        assert_eq!(asked.kind(), Kind::Share);
        let bare = Asked::read("errors <= 0.1%").unwrap();
        assert_eq!((bare.figure.as_str(), bare.kind()), ("errors", Kind::Share));
        let all = Asked::read("share_within(wait, 90s) > 50%").unwrap();
        assert_eq!(
            (all.figure.as_str(), all.threshold_seconds),
            ("wait", Some(90.0))
        );
        let quantile = Asked::read("p99(latency{operation=log_in}) <= 200ms").unwrap();
        assert_eq!(
            (quantile.statistic.as_str(), quantile.kind()),
            ("p99", Kind::Latency)
        );
    }

    #[test]
    fn a_text_of_another_form_is_left_alone() {
        for text in [
            "",
            "nothing lost",
            "<script> >= 1",
            "p99(latency{operation) <= 1",
            "é>=1",
        ] {
            assert_eq!(Asked::read(text), None, "{text}");
        }
    }
}

//! Laws of random times: from what people know (mean and cv, median and p90) to
//! the parameters that are sampled.

use super::fields::{Reader, SPAN_MAX, Section};
use super::rooms::laws::{self as rooms, NAMES};
use super::tree::{Node, Origin, Table, Value};
use crate::model::Law;
use crate::names::nearest;
use std::collections::BTreeMap;

/// The 90% quantile of the standard normal law.
const NORMAL_P90: f64 = 1.281_551_565_544_600_4;

/// The laws of `[laws]` by name.
pub(super) type NamedLaws = BTreeMap<String, Law>;

impl Reader {
    /// Reads `[laws]`; a law there may not refer to another.
    pub fn named_laws(&mut self, table: &Table) -> NamedLaws {
        let mut laws = NamedLaws::new();
        let Some(section) = table
            .get("laws")
            .and_then(|node| self.section(node, "laws"))
        else {
            return laws;
        };
        for entry in section.table.iter() {
            let path = section.at(&entry.key);
            self.plain_name(entry.key_origin, &path, &entry.key);
            if !begins_like_a_name(&entry.key) {
                self.fault(
                    entry.key_origin,
                    format!("`{path}` is named like a duration"),
                    "give the law a name that begins with a letter",
                );
            }
            if let Some(law) = self.law(&entry.node, &path, &NamedLaws::new()) {
                laws.insert(entry.key.clone(), law);
            }
        }
        laws
    }

    /// A law: a duration (constant), the name of one in `[laws]`, or a table.
    pub fn law(&mut self, node: &Node, path: &str, laws: &NamedLaws) -> Option<Law> {
        match &node.value {
            Value::Text(text) => {
                if let Some(law) = laws.get(text.as_str()) {
                    return Some(law.clone());
                }
                if begins_like_a_name(text) {
                    let help = match nearest(text, laws.keys().map(String::as_str)) {
                        Some(right) => format!("did you mean `{right}`?"),
                        None => "a duration like \"3min\", or the name of a law in [laws]".into(),
                    };
                    self.fault(
                        node.origin,
                        format!("`{path}` names the law `{text}`, which nothing defines"),
                        help,
                    );
                    return None;
                }
                let seconds = self.span(node, path)?.seconds();
                Some(Law::Constant { seconds })
            }
            Value::Table(table) => {
                let section = Section {
                    table,
                    origin: node.origin,
                    path: path.to_owned(),
                };
                self.law_table(&section, laws)
            }
            _ => {
                let written = self.written(node.origin);
                self.fault(
                    node.origin,
                    format!("`{path}` must be a law, not `{written}`"),
                    "write \"3min\" or { law = \"lognormal\", mean = \"3min\", cv = 0.5 }",
                );
                None
            }
        }
    }

    fn law_table(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<Law> {
        let node = self.required(section, "law", "\"lognormal\"")?;
        let choices = NAMES.map(|name| (name, name));
        let law = self.choice(node, &section.at("law"), &choices)?;
        self.keys(section, rooms::room(law)?);
        match law {
            "constant" => {
                let node = self.required(section, "value", "\"3min\"")?;
                let seconds = self.span(node, &section.at("value"))?.seconds();
                Some(Law::Constant { seconds })
            }
            "exponential" => Some(Law::Exponential {
                mean: self.seconds(section, "mean")?,
            }),
            "lognormal" => self.lognormal(section),
            "gamma" => {
                let (mean, cv) = (self.seconds(section, "mean"), self.cv(section, 0.01));
                let (mean, cv) = (mean?, cv?);
                Some(Law::Gamma {
                    shape: 1.0 / (cv * cv),
                    scale: mean * cv * cv,
                })
            }
            "erlang" => {
                let mean = self.seconds(section, "mean");
                let node = self.required(section, "k", "2")?;
                let k = self.whole(node, &section.at("k"), 1..=1000)?;
                Some(Law::Erlang {
                    k: k as u32,
                    mean: mean?,
                })
            }
            "weibull" => self.weibull(section),
            "uniform" | "triangular" => self.bounded(section, law),
            "empirical" => self.empirical(section),
            "table" => self.table_of_values(section),
            _ => self.mixture(section, laws),
        }
    }

    /// A duration above zero, in seconds.
    fn seconds(&mut self, section: &Section<'_>, key: &str) -> Option<f64> {
        let node = self.required(section, key, "\"3min\"")?;
        Some(self.positive_span(node, &section.at(key))?.seconds())
    }

    fn cv(&mut self, section: &Section<'_>, least: f64) -> Option<f64> {
        let node = self.required(section, "cv", "0.5")?;
        self.number(node, &section.at("cv"), least..=100.0)
    }

    /// By mean m and cv c: sigma² = ln(1 + c²), mu = ln m − sigma²/2. By median
    /// and p90: mu = ln median, sigma = (ln p90 − mu) / z(0.9).
    fn lognormal(&mut self, section: &Section<'_>) -> Option<Law> {
        let by_median = section.get("median").is_some() || section.get("p90").is_some();
        if !by_median {
            let (mean, cv) = (self.seconds(section, "mean"), self.cv(section, 0.0));
            let (mean, cv) = (mean?, cv?);
            let variance = libm::log1p(cv * cv);
            return Some(Law::Lognormal {
                mu: libm::log(mean) - variance / 2.0,
                sigma: variance.sqrt(),
            });
        }
        self.not_both(section, &["median", "p90"], &["mean", "cv"]);
        let (median, p90) = (
            self.seconds(section, "median"),
            self.seconds(section, "p90"),
        );
        let (median, p90) = (median?, p90?);
        if p90 < median {
            self.out_of_order(section, "p90", "it must be at least the median");
            return None;
        }
        let mu = libm::log(median);
        Some(Law::Lognormal {
            mu,
            sigma: (libm::log(p90) - mu) / NORMAL_P90,
        })
    }

    fn weibull(&mut self, section: &Section<'_>) -> Option<Law> {
        let node = self.required(section, "shape", "1.5");
        let shape = node.and_then(|node| self.number(node, &section.at("shape"), 0.05..=100.0));
        if section.get("scale").is_some() {
            self.not_both(section, &["scale"], &["mean"]);
            let scale = self.seconds(section, "scale")?;
            return Some(Law::Weibull {
                shape: shape?,
                scale,
            });
        }
        let (mean, shape) = (self.seconds(section, "mean")?, shape?);
        Some(Law::Weibull {
            shape,
            scale: mean / libm::tgamma(1.0 + 1.0 / shape),
        })
    }

    fn bounded(&mut self, section: &Section<'_>, law: &str) -> Option<Law> {
        let low_node = self.required(section, "low", "\"1min\"");
        let low = low_node.and_then(|node| self.span(node, &section.at("low")));
        let high = self.seconds(section, "high");
        let mode = match law {
            "triangular" => {
                let node = self.required(section, "mode", "\"2min\"");
                node.and_then(|node| self.span(node, &section.at("mode")))
            }
            _ => low,
        };
        let (low, high, mode) = (low?.seconds(), high?, mode?.seconds());
        if high <= low {
            self.out_of_order(section, "high", "it must be above `low`");
            return None;
        }
        if law == "uniform" {
            return Some(Law::Uniform { low, high });
        }
        if !(low..=high).contains(&mode) {
            self.out_of_order(section, "mode", "it must lie between `low` and `high`");
            return None;
        }
        Some(Law::Triangular { low, mode, high })
    }

    fn empirical(&mut self, section: &Section<'_>) -> Option<Law> {
        let node = self.required(
            section,
            "bins",
            "[[\"0s\", \"60s\", 12], [\"60s\", \"120s\", 5]]",
        )?;
        let path = section.at("bins");
        let list = self.list(node, &path)?;
        let mut bins = Vec::new();
        for item in list {
            bins.push(self.bin(item, &path));
        }
        let bins: Vec<_> = bins.into_iter().collect::<Option<_>>()?;
        let total: f64 = bins.iter().map(|(_, _, weight)| weight).sum();
        if bins.is_empty() || !total.is_finite() {
            self.fault(node.origin, format!("`{path}` has no bins"), "");
            return None;
        }
        Some(Law::Empirical {
            bins: bins
                .into_iter()
                .map(|(low, high, weight)| (low, high, weight / total))
                .collect(),
        })
    }

    /// `[low, high, weight]`; bounds are durations, or numbers of seconds.
    fn bin(&mut self, item: &Node, path: &str) -> Option<(f64, f64, f64)> {
        let Value::List(parts) = &item.value else {
            self.wrong_kind(item, path, "a list of [low, high, weight]");
            return None;
        };
        let [low, high, weight] = parts.as_slice() else {
            self.wrong_kind(item, path, "a list of [low, high, weight]");
            return None;
        };
        let (low_seconds, high_seconds) = (self.bound(low, path)?, self.bound(high, path)?);
        if high_seconds <= low_seconds {
            let written = self.written(item.origin);
            self.fault(
                high.origin,
                format!("a bin of `{path}` ends before it begins: `{written}`"),
                "each bin is [low, high, weight] with high above low",
            );
            return None;
        }
        let weight = self.number(weight, path, f64::MIN_POSITIVE..=1e12)?;
        Some((low_seconds, high_seconds, weight))
    }

    pub(super) fn bound(&mut self, node: &Node, path: &str) -> Option<f64> {
        match node.value {
            Value::Integer(_) | Value::Float(_) => {
                self.number(node, path, 0.0..=SPAN_MAX.seconds())
            }
            _ => Some(self.span(node, path)?.seconds()),
        }
    }

    fn mixture(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<Law> {
        let example = "[{ weight = 1, law = \"exponential\", mean = \"3min\" }]";
        let node = self.required(section, "parts", example)?;
        let path = section.at("parts");
        let list = self.list(node, &path)?;
        let mut parts = Vec::new();
        for (position, item) in list.iter().enumerate() {
            let path = format!("{path}.{position}");
            let Some(part) = self.section(item, &path) else {
                continue;
            };
            let weight = self
                .required(&part, "weight", "1")
                .and_then(|node| self.number(node, &part.at("weight"), f64::MIN_POSITIVE..=1e12));
            let law = self.mixture_part(&part, laws);
            parts.push((weight?, law?));
        }
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        if parts.is_empty() {
            self.fault(node.origin, format!("`{path}` has no parts"), "");
            return None;
        }
        for (weight, _) in &mut parts {
            *weight /= total;
        }
        Some(Law::Mixture { parts })
    }

    /// `{ weight = 2, law = "exponential", mean = "3min" }`, or `law = { … }`, or
    /// the name of a law in `[laws]`.
    fn mixture_part(&mut self, part: &Section<'_>, laws: &NamedLaws) -> Option<Law> {
        let law = self.required(part, "law", "\"exponential\"")?;
        if let Value::Text(text) = &law.value
            && rooms::is_a_law(text)
        {
            let mut own = part.table.clone();
            own.remove("weight");
            let section = Section {
                table: &own,
                origin: part.origin,
                path: part.path.clone(),
            };
            return self.law_table(&section, laws);
        }
        self.keys(part, &rooms::NAMED_PART);
        self.law(law, &part.at("law"), laws)
    }

    /// Refuses keys that say otherwise what others have said.
    pub fn not_both(&mut self, section: &Section<'_>, kept: &[&str], refused: &[&str]) {
        for key in refused {
            if let Some(entry) = section.table.entry(key) {
                self.fault(
                    entry.key_origin,
                    format!(
                        "`{}` stands beside `{}`, which says the same otherwise",
                        section.at(key),
                        kept.join("` and `")
                    ),
                    format!("keep `{}` or `{}`", kept.join("`, `"), refused.join("`, `")),
                );
                return;
            }
        }
    }

    fn out_of_order(&mut self, section: &Section<'_>, key: &str, help: &str) {
        let origin: Origin = section.get(key).map_or(section.origin, |node| node.origin);
        let written = self.written(origin);
        self.fault(origin, format!("`{}` is {written}", section.at(key)), help);
    }
}

/// Where a duration or a name may stand, a name begins with a letter.
fn begins_like_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

impl Law {
    /// Mean in seconds.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant { seconds } => *seconds,
            Self::Exponential { mean } | Self::Erlang { mean, .. } => *mean,
            Self::Lognormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Weibull { shape, scale } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Self::Uniform { low, high } => f64::midpoint(*low, *high),
            Self::Triangular { low, mode, high } => (low + mode + high) / 3.0,
            Self::Empirical { bins } => bins
                .iter()
                .map(|(low, high, weight)| weight * f64::midpoint(*low, *high))
                .sum(),
            Self::Table { values } => values.iter().map(|(value, weight)| weight * value).sum(),
            Self::Mixture { parts } => parts.iter().map(|(weight, law)| weight * law.mean()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tree::parse_document;

    /// The law of `t = …` in a file.
    fn law(written: &str) -> Option<Law> {
        let table = parse_document(&format!("t = {written}"), 0).ok()?;
        let mut reader = Reader::default();
        let law = reader.law(table.get("t")?, "t", &NamedLaws::new());
        law.filter(|_| reader.faults.is_empty())
    }

    #[test]
    fn what_people_know_becomes_the_parameters_of_the_law() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} {b}");
        // Mean 200 s and cv 0.75: sigma^2 = ln(1 + 9/16) = ln(25/16).
        let Some(Law::Lognormal { mu, sigma }) =
            law("{ law = \"lognormal\", mean = \"200s\", cv = 0.75 }")
        else {
            panic!("a lognormal law");
        };
        close(sigma * sigma, (25.0_f64 / 16.0).ln());
        close(mu, (200.0_f64 / 1.25).ln());
        // The 90% quantile of exp(mu + sigma Z) is where Z is 1.2815515655446004.
        let Some(Law::Lognormal { mu, sigma }) =
            law("{ law = \"lognormal\", median = \"3min\", p90 = \"5min\" }")
        else {
            panic!("a lognormal law");
        };
        close(mu.exp(), 180.0);
        close((mu + 1.281_551_565_544_6 * sigma).exp(), 300.0);
        let gamma = law("{ law = \"gamma\", mean = \"4min\", cv = 0.5 }");
        assert_eq!(
            gamma,
            Some(Law::Gamma {
                shape: 4.0,
                scale: 60.0
            })
        );
        // Shape 1 is exponential; shape 2 has mean scale * sqrt(pi) / 2.
        let Some(Law::Weibull { scale, .. }) =
            law("{ law = \"weibull\", shape = 2, mean = \"100s\" }")
        else {
            panic!("a Weibull law");
        };
        close(scale, 200.0 / std::f64::consts::PI.sqrt());
        assert_eq!(law("\"3min\""), Some(Law::Constant { seconds: 180.0 }));
    }

    #[test]
    fn the_mean_of_every_law_is_that_of_its_parameters() {
        for (written, mean) in [
            ("\"3min\"", 180.0),
            ("{ law = \"exponential\", mean = \"4min\" }", 240.0),
            ("{ law = \"lognormal\", mean = \"4min\", cv = 0.7 }", 240.0),
            ("{ law = \"gamma\", mean = \"4min\", cv = 0.7 }", 240.0),
            ("{ law = \"erlang\", k = 3, mean = \"4min\" }", 240.0),
            ("{ law = \"weibull\", shape = 1.5, mean = \"4min\" }", 240.0),
            (
                "{ law = \"uniform\", low = \"1min\", high = \"3min\" }",
                120.0,
            ),
            (
                "{ law = \"triangular\", low = \"1min\", mode = \"2min\", high = \"6min\" }",
                180.0,
            ),
            (
                "{ law = \"empirical\", bins = [[0, 60, 1], [60, 180, 3]] }",
                97.5,
            ),
            (
                "{ law = \"table\", values = [[\"0s\", 25], [\"2min\", 50], [240, 25]] }",
                120.0,
            ),
            (
                "{ law = \"mixture\", parts = [{ weight = 3, law = \"constant\", value = \"1min\" }, { weight = 1, law = \"exponential\", mean = \"5min\" }] }",
                120.0,
            ),
        ] {
            let law = law(written).unwrap_or_else(|| panic!("{written}"));
            assert!(
                (law.mean() - mean).abs() < 1e-9,
                "{written}: {}",
                law.mean()
            );
        }
    }

    #[test]
    fn laws_that_cannot_be_are_refused() {
        for written in [
            "{ law = \"gamma\", mean = \"4min\", cv = 0 }",
            "{ law = \"exponential\", mean = \"0s\" }",
            "{ law = \"exponential\", mean = \"4min\", cv = 1 }",
            "{ law = \"lognormal\", median = \"5min\", p90 = \"3min\" }",
            "{ law = \"lognormal\", median = \"5min\", p90 = \"9min\", cv = 1 }",
            "{ law = \"uniform\", low = \"3min\", high = \"1min\" }",
            "{ law = \"triangular\", low = \"1min\", mode = \"9min\", high = \"3min\" }",
            "{ law = \"empirical\", bins = [] }",
            "{ law = \"empirical\", bins = [[60, 0, 1]] }",
            "{ law = \"mixture\", parts = [] }",
            "{ law = \"table\", values = [] }",
            "{ law = \"table\", values = [[\"1min\"]] }",
            "{ law = \"table\", values = [[\"1min\", 0]] }",
            "{ law = \"erlang\", k = 0, mean = \"1min\" }",
            "{ law = \"lognormal\", mean = \"3min\", cv = nan }",
            "{ law = \"exponential\", mean = 3 }",
            "3",
        ] {
            assert_eq!(law(written), None, "{written}");
        }
    }
}

//! The grammar of gates:
//!
//! ```text
//! gate       = statistic comparison bound
//! statistic  = figure | NAME "(" figure ")" | "share_within" "(" figure "," duration ")"
//! NAME       = "mean" | "sd" | "min" | "max" | "count" | "p" digits
//! figure     = NAME [ "{" dimension "=" name { "," dimension "=" name } "}" ]
//! comparison = ">=" | ">" | "<=" | "<" | "=="
//! bound      = number [ "%" | "us" | "ms" | "s" | "min" | "h" | "/s" ]
//! ```

use super::{Comparison, Gate, Statistic};
use crate::figure::{Figure, Population};
use crate::names::{UnknownName, nearest};
use crate::time::parse_span;

/// Names of statistics for the nearest right one.
const STATISTICS: [&str; 10] = [
    "mean",
    "sd",
    "min",
    "max",
    "count",
    "share_within",
    "p50",
    "p90",
    "p95",
    "p99",
];

/// The dimensions of a population, in the order of the table's columns.
const DIMENSIONS: [&str; 7] = [
    "branch",
    "channel",
    "service",
    "segment",
    "resource",
    "operation",
    "interval",
];

/// Why a text is no gate, or no gate of this scenario. Offsets are bytes of the
/// gate's text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateError {
    /// Something else should stand here.
    #[error("expected {expected} at offset {offset}, found `{found}`")]
    Expected {
        /// What should stand there.
        expected: &'static str,
        /// Where.
        offset: usize,
        /// What stands there.
        found: String,
    },
    /// A name that nothing defines.
    #[error("{what} at offset {offset} does not exist: `{name}`{}", suggestion(.nearest.as_deref()))]
    Unknown {
        /// `figure`, `statistic`, `dimension`, `channel` …
        what: String,
        /// Where.
        offset: usize,
        /// As written.
        name: String,
        /// The nearest right name.
        nearest: Option<String>,
    },
    /// A number or unit that cannot be.
    #[error("{problem} at offset {offset}: `{found}`")]
    Impossible {
        /// What is wrong and would be right.
        problem: String,
        /// Where.
        offset: usize,
        /// As written.
        found: String,
    },
    /// The run will have no such row.
    #[error("no row to judge by: {0}")]
    NoSuchRow(String),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |right| format!("; did you mean `{right}`?"))
}

impl GateError {
    /// Bytes of the gate's text that are wrong, as `(offset, length)`.
    pub fn span(&self) -> (usize, usize) {
        match self {
            Self::Expected { offset, found, .. } | Self::Impossible { offset, found, .. } => {
                (*offset, found.len().max(1))
            }
            Self::Unknown { offset, name, .. } => (*offset, name.len().max(1)),
            Self::NoSuchRow(_) => (0, 0),
        }
    }

    /// What would be right.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown {
                nearest: Some(right),
                ..
            } => format!("did you mean `{right}`?"),
            _ => "gates are like `share_within(time_in_branch{channel=kiosk}, 5min) >= 80%`".into(),
        }
    }
}

/// Reads a gate such as `p99(latency{operation=transfer_own_bank}) <= 200ms`.
pub fn parse(text: &str) -> Result<Gate, GateError> {
    let mut cursor = Cursor { text, at: 0 };
    let (statistic, (figure, population)) = cursor.statistic()?;
    let comparison = cursor.comparison()?;
    let bound = cursor.bound(statistic, figure)?;
    cursor.end()?;
    Ok(Gate {
        text: text.trim().to_owned(),
        statistic,
        figure,
        population,
        comparison,
        bound,
    })
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The longest run of characters that `take` accepts, and its offset.
    fn run(&mut self, take: impl Fn(char) -> bool) -> (usize, &'t str) {
        self.skip_space();
        let start = self.at;
        let rest = self.rest();
        let length = rest.find(|c| !take(c)).unwrap_or(rest.len());
        self.at += length;
        (start, &rest[..length])
    }

    fn word(&mut self) -> (usize, &'t str) {
        self.run(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    }

    fn take(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn expected(&self, expected: &'static str) -> GateError {
        let rest = self.rest();
        let found = match rest.chars().next() {
            None => String::new(),
            Some(_) => rest
                .split_whitespace()
                .next()
                .unwrap_or("")
                .chars()
                .take(20)
                .collect(),
        };
        GateError::Expected {
            expected,
            offset: self.at,
            found,
        }
    }

    fn need(&mut self, symbol: &'static str, expected: &'static str) -> Result<(), GateError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(self.expected(expected))
        }
    }

    fn end(&mut self) -> Result<(), GateError> {
        self.skip_space();
        if self.rest().is_empty() {
            Ok(())
        } else {
            Err(self.expected("the end of the gate"))
        }
    }

    fn statistic(&mut self) -> Result<(Statistic, (Figure, Population)), GateError> {
        let (offset, word) = self.word();
        if word.is_empty() {
            return Err(self.expected("a figure or a statistic such as `mean(`"));
        }
        self.skip_space();
        if !self.rest().starts_with('(') {
            let figure = figure(offset, word)?;
            return Ok((Statistic::Mean, (figure, self.population()?)));
        }
        let plain = statistic(offset, word)?;
        self.need("(", "`(`")?;
        let (figure_offset, name) = self.word();
        if name.is_empty() {
            return Err(self.expected("the name of a figure"));
        }
        let figure = figure(figure_offset, name)?;
        let population = self.population()?;
        let statistic = match plain {
            Some(statistic) => statistic,
            None => self.threshold(figure)?,
        };
        self.need(")", "`)`")?;
        Ok((statistic, (figure, population)))
    }

    /// `, 5min` of `share_within(figure, 5min)`.
    fn threshold(&mut self, figure: Figure) -> Result<Statistic, GateError> {
        self.need(",", "`,` and a duration such as `5min`")?;
        let (offset, text) = self.word();
        let impossible = |problem: String| GateError::Impossible {
            problem,
            offset,
            found: text.to_owned(),
        };
        if figure.unit() != "s" {
            return Err(impossible(format!(
                "`{figure}` is no time, so no share of it lies within a threshold"
            )));
        }
        let span = parse_span(text).map_err(|error| impossible(error.to_string()))?;
        Ok(Statistic::ShareWithin(span.seconds()))
    }

    fn population(&mut self) -> Result<Population, GateError> {
        let mut population = Population::default();
        if !self.take("{") {
            return Ok(population);
        }
        loop {
            let (offset, dimension) = self.word();
            let unknown = || GateError::Unknown {
                what: "dimension".into(),
                offset,
                name: dimension.to_owned(),
                nearest: nearest(dimension, DIMENSIONS).map(str::to_owned),
            };
            let slot = population.dimension_mut(dimension).ok_or_else(unknown)?;
            self.need("=", "`=`")?;
            let (value_offset, value) =
                self.run(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '*'));
            if value.is_empty() {
                return Err(self.expected("a name"));
            }
            if slot.is_some() {
                return Err(GateError::Impossible {
                    problem: format!("`{dimension}` is given twice"),
                    offset: value_offset,
                    found: value.to_owned(),
                });
            }
            *slot = (value != "*").then(|| value.to_owned());
            if !self.take(",") {
                break;
            }
        }
        self.need("}", "`,` or `}`")?;
        Ok(population)
    }

    fn comparison(&mut self) -> Result<Comparison, GateError> {
        let all = [
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            ("==", Comparison::Equal),
            (">", Comparison::Above),
            ("<", Comparison::Below),
        ];
        for (symbol, comparison) in all {
            if self.take(symbol) {
                return Ok(comparison);
            }
        }
        Err(self.expected("`>=`, `>`, `<=`, `<` or `==`"))
    }

    /// The bound in the row's unit: seconds, shares as 0 to 1, counts.
    fn bound(&mut self, statistic: Statistic, figure: Figure) -> Result<f64, GateError> {
        let (offset, digits) = self.run(|c| c.is_ascii_digit() || c == '.' || c == '-');
        let Ok(number) = digits.parse::<f64>() else {
            self.at = offset;
            return Err(self.expected("a number"));
        };
        let (_, unit) = self.run(|c| !c.is_whitespace());
        let impossible = |problem: &str| GateError::Impossible {
            problem: problem.to_owned(),
            offset,
            found: self.text[offset..self.at].to_owned(),
        };
        let measured = match statistic {
            Statistic::ShareWithin(_) => "share",
            Statistic::Count => "",
            _ => figure.unit(),
        };
        let seconds = |scale: f64| (measured == "s").then_some(number * scale);
        let bound = match unit {
            "%" if measured == "share" => Some(number / 100.0),
            "" if measured == "s" => {
                return Err(impossible("a time needs a unit (ms, s, min, h)"));
            }
            "" => Some(number),
            "/s" if measured == "1/s" => Some(number),
            "us" => seconds(1e-6),
            "ms" => seconds(1e-3),
            "s" => seconds(1.0),
            "min" => seconds(60.0),
            "h" => seconds(3600.0),
            "%" | "/s" => None,
            _ => {
                return Err(impossible(
                    "unknown unit (use %, ms, s, min, h, /s or none)",
                ));
            }
        };
        let bound = bound
            .ok_or_else(|| impossible(&format!("a unit that does not measure `{figure}` here")))?;
        if bound < 0.0 {
            return Err(impossible("no figure is negative"));
        }
        if measured == "share" && bound > 1.0 {
            return Err(impossible("a share lies between 0% and 100%"));
        }
        Ok(bound)
    }
}

fn figure(offset: usize, word: &str) -> Result<Figure, GateError> {
    word.parse()
        .map_err(|error: UnknownName| GateError::Unknown {
            what: "figure".into(),
            offset,
            name: word.to_owned(),
            nearest: error.nearest.map(str::to_owned),
        })
}

/// A statistic by name; none for `share_within`, which has a threshold to come.
fn statistic(offset: usize, word: &str) -> Result<Option<Statistic>, GateError> {
    Ok(Some(match word {
        "mean" => Statistic::Mean,
        "sd" => Statistic::Sd,
        "min" => Statistic::Min,
        "max" => Statistic::Max,
        "count" => Statistic::Count,
        "share_within" => return Ok(None),
        _ => {
            let percent = word.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
            match percent {
                // Rounded, because 99.9 / 100 is not the float nearest to 0.999.
                Some(p) if p > 0.0 && p < 100.0 => Statistic::Quantile((p * 1e10).round() / 1e12),
                Some(_) => {
                    return Err(GateError::Impossible {
                        problem: "a percentile lies between p0 and p100".into(),
                        offset,
                        found: word.to_owned(),
                    });
                }
                None => {
                    return Err(GateError::Unknown {
                        what: "statistic".into(),
                        offset,
                        name: word.to_owned(),
                        nearest: nearest(word, STATISTICS).map(str::to_owned),
                    });
                }
            }
        }
    }))
}

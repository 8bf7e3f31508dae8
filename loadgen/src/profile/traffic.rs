//! The shapes of a profile's traffic as the file writes them, read into a curve.

use super::curve::{Curve, Piece};
use crate::placed::{Document, Fault};
use serde::Deserialize;
use toml::Spanned;

/// Shapes and the keys that each has.
const SHAPES: [(&str, &[&str]); 6] = [
    ("constant", &["rate", "for"]),
    ("ramp", &["from", "to", "for"]),
    ("steps", &["rates", "each"]),
    ("spike", &["base", "peak", "before", "lasts", "after"]),
    ("day", &["per_day", "hours"]),
    ("campaign", &["base", "times", "first", "half_life", "for"]),
];

/// A rate: a number is a second's; else such as `1200/min`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Rate {
    Number(f64),
    Text(String),
}

/// One `[[traffic]]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    shape: Spanned<String>,
    #[serde(rename = "for")]
    lasts_for: Option<Spanned<String>>,
    rate: Option<Spanned<Rate>>,
    from: Option<Spanned<Rate>>,
    to: Option<Spanned<Rate>>,
    rates: Option<Spanned<Vec<Rate>>>,
    each: Option<Spanned<String>>,
    base: Option<Spanned<Rate>>,
    peak: Option<Spanned<Rate>>,
    before: Option<Spanned<String>>,
    lasts: Option<Spanned<String>>,
    after: Option<Spanned<String>>,
    per_day: Option<Spanned<f64>>,
    hours: Option<Spanned<Vec<f64>>>,
    times: Option<Spanned<f64>>,
    first: Option<Spanned<String>>,
    half_life: Option<Spanned<String>>,
}

/// The day that a bank's mobile customers make where `hours` says nothing: shares of
/// each hour in percent; little at night, a morning and an evening peak.
const HOURS: [f64; 24] = [
    1.0, 0.6, 0.4, 0.3, 0.4, 0.8, 2.0, 4.0, 6.0, 7.5, 7.5, 6.5, 6.0, 5.5, 5.5, 5.5, 5.5, 6.0, 6.5,
    7.0, 6.5, 4.5, 2.5, 2.0,
];

/// Reads the tables into one curve.
pub fn curve(document: &Document, tables: &[Spanned<Table>]) -> Result<Curve, Fault> {
    let mut curve = Curve::default();
    for table in tables {
        let reader = Reader { document, table };
        reader.known_keys()?;
        curve.extend(reader.pieces()?);
    }
    Ok(curve)
}

/// The first spike of the tables: its begin and its end, seconds; and whether the traffic
/// is the same all the time.
pub fn course(
    document: &Document,
    tables: &[Spanned<Table>],
) -> Result<(Option<(f64, f64)>, bool), Fault> {
    let mut spike = None;
    let mut seconds = 0.0;
    for table in tables {
        let pieces = Reader { document, table }.pieces()?;
        let shape = table.get_ref().shape.get_ref();
        if let ("spike", None, [before, peak, _]) = (shape.as_str(), spike, pieces.as_slice()) {
            let begins = seconds + before.seconds();
            spike = Some((begins, begins + peak.seconds()));
        }
        seconds += pieces.iter().map(|piece| piece.seconds()).sum::<f64>();
    }
    let steady = matches!(tables, [only] if only.get_ref().shape.get_ref() == "constant");
    Ok((spike, steady))
}

struct Reader<'a> {
    document: &'a Document,
    table: &'a Spanned<Table>,
}

impl Reader<'_> {
    fn table(&self) -> &Table {
        self.table.get_ref()
    }

    fn known_keys(&self) -> Result<(), Fault> {
        let table = self.table();
        let shape = table.shape.get_ref().as_str();
        let Some((_, allowed)) = SHAPES.iter().find(|(name, _)| *name == shape) else {
            let known = SHAPES.map(|(name, _)| name).join("`, `");
            let why = format!("there is no shape `{shape}`; there is `{known}`");
            return Err(self.document.at(&table.shape, why));
        };
        let written = [
            ("for", table.lasts_for.as_ref().map(Spanned::span)),
            ("rate", table.rate.as_ref().map(Spanned::span)),
            ("from", table.from.as_ref().map(Spanned::span)),
            ("to", table.to.as_ref().map(Spanned::span)),
            ("rates", table.rates.as_ref().map(Spanned::span)),
            ("each", table.each.as_ref().map(Spanned::span)),
            ("base", table.base.as_ref().map(Spanned::span)),
            ("peak", table.peak.as_ref().map(Spanned::span)),
            ("before", table.before.as_ref().map(Spanned::span)),
            ("lasts", table.lasts.as_ref().map(Spanned::span)),
            ("after", table.after.as_ref().map(Spanned::span)),
            ("per_day", table.per_day.as_ref().map(Spanned::span)),
            ("hours", table.hours.as_ref().map(Spanned::span)),
            ("times", table.times.as_ref().map(Spanned::span)),
            ("first", table.first.as_ref().map(Spanned::span)),
            ("half_life", table.half_life.as_ref().map(Spanned::span)),
        ];
        for (key, place) in written {
            if let Some(place) = place
                && !allowed.contains(&key)
            {
                let allowed = allowed.join("`, `");
                let why = format!("a `{shape}` has no `{key}`; it has `{allowed}`");
                return Err(self.document.fault(place, why));
            }
        }
        Ok(())
    }

    fn pieces(&self) -> Result<Vec<Piece>, Fault> {
        let table = self.table();
        let linear = |from, to, seconds| Piece::Linear { from, to, seconds };
        Ok(match table.shape.get_ref().as_str() {
            "constant" => {
                let rate = self.rate(table.rate.as_ref(), "rate")?;
                vec![linear(
                    rate,
                    rate,
                    self.seconds(table.lasts_for.as_ref(), "for")?,
                )]
            }
            "ramp" => vec![linear(
                self.rate(table.from.as_ref(), "from")?,
                self.rate(table.to.as_ref(), "to")?,
                self.seconds(table.lasts_for.as_ref(), "for")?,
            )],
            "steps" => {
                let each = self.seconds(table.each.as_ref(), "each")?;
                let rates = self.have(table.rates.as_ref(), "rates")?;
                let values = rates.get_ref().iter().map(|rate| {
                    let rate = self.per_second(rate, rates.span())?;
                    Ok(linear(rate, rate, each))
                });
                let pieces: Vec<Piece> = values.collect::<Result<_, Fault>>()?;
                if pieces.is_empty() {
                    return Err(self.document.at(rates, "there is no rate in it"));
                }
                pieces
            }
            "spike" => {
                let base = self.rate(table.base.as_ref(), "base")?;
                let peak = self.rate(table.peak.as_ref(), "peak")?;
                vec![
                    linear(base, base, self.seconds(table.before.as_ref(), "before")?),
                    linear(peak, peak, self.seconds(table.lasts.as_ref(), "lasts")?),
                    linear(base, base, self.seconds(table.after.as_ref(), "after")?),
                ]
            }
            "day" => self.day()?,
            _ => self.campaign()?,
        })
    }

    fn day(&self) -> Result<Vec<Piece>, Fault> {
        let table = self.table();
        let per_day = self.have(table.per_day.as_ref(), "per_day")?;
        let amount = self.positive(*per_day.get_ref(), per_day.span())?;
        let hours = match &table.hours {
            None => HOURS.to_vec(),
            Some(hours) => {
                let listed = hours.get_ref();
                let good = listed
                    .iter()
                    .all(|share| share.is_finite() && *share >= 0.0);
                if listed.len() != 24 || !good {
                    let why = "it must be 24 shares, one an hour from 00:00, none negative";
                    return Err(self.document.at(hours, why));
                }
                listed.clone()
            }
        };
        let sum: f64 = hours.iter().sum();
        if sum <= 0.0 {
            return Err(self.document.at(self.table, "all hours are 0"));
        }
        let rates = hours.iter().map(|share| amount * share / sum / 3600.0);
        Ok(rates
            .map(|rate| Piece::Linear {
                from: rate,
                to: rate,
                seconds: 3600.0,
            })
            .collect())
    }

    /// The base rate, `times` as much in the first minute, then less and less.
    fn campaign(&self) -> Result<Vec<Piece>, Fault> {
        let table = self.table();
        let base = self.rate(table.base.as_ref(), "base")?;
        let times = match &table.times {
            None => 10.0,
            Some(times) => self.positive(*times.get_ref(), times.span())?,
        };
        let or_minute = |given: Option<&Spanned<String>>, key| match given {
            None => Ok(60.0),
            given => self.seconds(given, key),
        };
        let first = or_minute(table.first.as_ref(), "first")?;
        let half_life = or_minute(table.half_life.as_ref(), "half_life")?;
        let whole = self.seconds(table.lasts_for.as_ref(), "for")?;
        let mut pieces = vec![Piece::Linear {
            from: base * times,
            to: base * times,
            seconds: first.min(whole),
        }];
        if whole > first {
            pieces.push(Piece::Decay {
                base,
                extra: base * (times - 1.0),
                half_life,
                seconds: whole - first,
            });
        }
        Ok(pieces)
    }

    fn have<'a, T>(
        &self,
        value: Option<&'a Spanned<T>>,
        key: &str,
    ) -> Result<&'a Spanned<T>, Fault> {
        value.ok_or_else(|| {
            let shape = self.table().shape.get_ref();
            let why = format!("a `{shape}` needs `{key}`");
            self.document.at(&self.table().shape, why)
        })
    }

    fn seconds(&self, value: Option<&Spanned<String>>, key: &str) -> Result<f64, Fault> {
        let value = self.have(value, key)?;
        let span = self.document.span(value)?;
        self.positive(span.seconds(), value.span())
    }

    fn rate(&self, value: Option<&Spanned<Rate>>, key: &str) -> Result<f64, Fault> {
        let value = self.have(value, key)?;
        self.per_second(value.get_ref(), value.span())
    }

    fn positive(&self, value: f64, place: std::ops::Range<usize>) -> Result<f64, Fault> {
        if value.is_finite() && value > 0.0 {
            return Ok(value);
        }
        Err(self.document.fault(place, "it must be above 0"))
    }

    fn per_second(&self, rate: &Rate, place: std::ops::Range<usize>) -> Result<f64, Fault> {
        let bad = |why: &str| Err(self.document.fault(place.clone(), why));
        let rate = match rate {
            Rate::Number(rate) => *rate,
            Rate::Text(text) => {
                let parts = text
                    .split_once('/')
                    .map(|(count, unit)| (count.trim(), unit.trim()));
                let (count, seconds) = match parts {
                    Some((count, "s")) => (count, 1.0),
                    Some((count, "min")) => (count, 60.0),
                    Some((count, "h")) => (count, 3600.0),
                    _ => {
                        return bad("it is no rate; write 20, \"20/s\", \"1200/min\" or \"500/h\"");
                    }
                };
                match count.parse::<f64>() {
                    Ok(count) => count / seconds,
                    Err(_) => return bad("it is no rate; write 20 or \"1200/min\""),
                }
            }
        };
        if rate.is_finite() && (0.0..=1e7).contains(&rate) {
            Ok(rate)
        } else {
            bad("a rate lies between 0 and 10000000 a second")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[derive(Debug, Deserialize)]
    struct File {
        traffic: Vec<Spanned<Table>>,
    }

    fn read(text: &str) -> Result<Curve, Fault> {
        let document = Document::new(Path::new("p.toml"), text.to_owned());
        let file: File = document.parse()?;
        curve(&document, &file.traffic)
    }

    fn total(text: &str) -> f64 {
        read(&format!("[[traffic]]\n{text}")).unwrap().total()
    }

    #[test]
    fn each_shape_brings_what_its_figures_say() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}");
        near(
            total("shape = \"constant\"\nrate = \"120/min\"\nfor = \"10s\""),
            20.0,
        );
        near(
            total("shape = \"ramp\"\nfrom = 0\nto = 10\nfor = \"10s\""),
            50.0,
        );
        near(
            total("shape = \"steps\"\nrates = [1, 2, 3]\neach = \"10s\""),
            60.0,
        );
        near(
            total(
                "shape = \"spike\"\nbase = 1\npeak = 10\nbefore = \"10s\"\nlasts = \"2s\"\nafter = \"5s\"",
            ),
            35.0,
        );
        near(total("shape = \"day\"\nper_day = 86400"), 86400.0);
        // Ten times 2 a second for a minute; then 2 a second, and 18 that halve each minute.
        let decaying = 18.0 * 60.0 / std::f64::consts::LN_2 * 0.5;
        near(
            total("shape = \"campaign\"\nbase = 2\nfor = \"2min\""),
            1200.0 + 120.0 + decaying,
        );
    }

    #[test]
    fn one_after_another_they_add_up_and_the_day_has_its_peak() {
        let text = "[[traffic]]\nshape = \"constant\"\nrate = 1\nfor = \"5s\"\n[[traffic]]\nshape = \"day\"\nper_day = 100\nhours = [0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0]";
        let curve = read(text).unwrap();
        assert!((curve.total() - 105.0).abs() < 1e-9);
        assert!((curve.peak() - 1.0).abs() < 1e-12);
        assert!((curve.seconds() - 86_405.0).abs() < 1e-9);
    }

    #[test]
    fn the_spike_is_found_where_it_stands() {
        let text = "[[traffic]]\nshape = \"constant\"\nrate = 1\nfor = \"5s\"\n[[traffic]]\nshape = \"spike\"\nbase = 1\npeak = 9\nbefore = \"10s\"\nlasts = \"2s\"\nafter = \"5s\"\n";
        let document = Document::new(Path::new("p.toml"), text.to_owned());
        let file: File = document.parse().unwrap();
        let found = course(&document, &file.traffic).unwrap();
        assert_eq!(found, (Some((15.0, 17.0)), false));
        let found = course(&document, &file.traffic[..1]).unwrap();
        assert_eq!(found, (None, true));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            ("shape = \"wave\"", "p.toml:2: there is no shape `wave`"),
            (
                "shape = \"constant\"\nfor = \"5s\"",
                "p.toml:2: a `constant` needs `rate`",
            ),
            (
                "shape = \"constant\"\nrate = -1\nfor = \"5s\"",
                "p.toml:3: a rate lies",
            ),
            (
                "shape = \"constant\"\nrate = 1\nfor = \"5\"",
                "p.toml:4: `5` has no unit",
            ),
            (
                "shape = \"constant\"\nrate = 1\nfor = \"5s\"\npeak = 3",
                "p.toml:5: a `constant` has no `peak`",
            ),
        ];
        for (text, expected) in cases {
            let said = read(&format!("[[traffic]]\n{text}"))
                .unwrap_err()
                .to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}

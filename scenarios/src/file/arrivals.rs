//! When customers come.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::customers::{ARRIVALS, PIECE};
use super::tree::{Entry, Node, Table, Value};
use crate::model::{ArrivalPiece, Arrivals, Day, Mode};
use crate::time::{MICROS_PER_SECOND, SimTime};

/// A million customers a day: beyond any branch.
pub(super) const PER_DAY_MAX: f64 = 1e6;

/// The keys of which exactly one says how many come.
const LEVELS: [&str; 5] = [
    "per_day",
    "rate_per_hour",
    "rates_per_hour",
    "gap",
    "replay",
];

/// Whether a rate runs straight from corner to corner within a piece.
pub(super) const WITHIN: [(&str, bool); 2] = [("constant", false), ("linear", true)];

impl Reader {
    pub fn arrivals(
        &mut self,
        table: &Table,
        day: Option<&Day>,
        mode: Option<Mode>,
        laws: &NamedLaws,
    ) -> Option<Arrivals> {
        let section = self.section(table.get("arrivals")?, "arrivals")?;
        self.keys(&section, &ARRIVALS);
        let busyness_cv = self
            .optional_number(&section, "busyness_cv", 0.0..=2.0)
            .unwrap_or(0.0);
        let steady = matches!(mode, Some(Mode::SteadyState { .. }));
        let level = self.arrival_level(&section, steady)?;
        let extras = self.arrival_extras(&section, steady, day)?;
        let factor = self.day_factor(&section, day?)?;
        let day = day?;
        let mut gap = None;
        let pieces = match level.key.as_str() {
            "replay" => Vec::new(),
            "gap" => {
                let law = self.law(&level.node, "arrivals.gap", laws)?;
                if law.mean() <= 0.0 {
                    self.fault(
                        level.node.origin,
                        "`arrivals.gap` is zero",
                        "it must be above 0",
                    );
                    return None;
                }
                let rate = 3600.0 / law.mean();
                gap = Some(law);
                vec![piece(day.open, day.close, rate)]
            }
            "per_day" => self.by_profile(&section, &level.node, day)?,
            "rate_per_hour" => {
                let rate = self.number(&level.node, "arrivals.rate_per_hour", 0.0..=PER_DAY_MAX)?;
                vec![piece(day.open, day.close, rate)]
            }
            _ => self.by_rates(&section, &level.node, day)?,
        };
        let pieces = extras
            .pieces
            .iter()
            .chain(&pieces)
            .map(|piece| ArrivalPiece {
                expected: piece.expected * factor,
                ..*piece
            });
        Some(Arrivals {
            pieces: pieces.collect(),
            busyness_cv,
            gap,
            ..extras
        })
    }

    /// Which key says how many come; refuses those that do not go with it.
    fn arrival_level<'t>(&mut self, section: &Section<'t>, steady: bool) -> Option<&'t Entry> {
        let given: Vec<_> = LEVELS
            .iter()
            .filter_map(|key| section.table.entry(key))
            .collect();
        let level = match given.as_slice() {
            [] => {
                self.required(section, "per_day", "300");
                return None;
            }
            [level] => *level,
            [_, second, ..] => {
                self.fault(
                    second.key_origin,
                    format!(
                        "`arrivals` says twice how many come, by `{}` and `{}`",
                        given[0].key, second.key
                    ),
                    "keep one of per_day, rate_per_hour, rates_per_hour, gap and replay",
                );
                return None;
            }
        };
        if steady && !["rate_per_hour", "gap"].contains(&level.key.as_str()) {
            self.fault(
                level.key_origin,
                format!("`arrivals.{}` means nothing in a steady state", level.key),
                "write `rate_per_hour = 60` or `gap = { law = … }`",
            );
            return None;
        }
        let strangers: &[&str] = match level.key.as_str() {
            "per_day" => &["within"],
            "rates_per_hour" => &["profile"],
            "gap" => &[
                "profile",
                "within",
                "busyness_cv",
                "day_of_week",
                "day_of_month",
            ],
            "replay" => &[
                "profile",
                "within",
                "busyness_cv",
                "day_of_week",
                "day_of_month",
                "batches",
                "one_ticket",
                "before_opening",
                "customers",
            ],
            _ => &["profile", "within"],
        };
        for key in strangers {
            if let Some(entry) = section.table.entry(key) {
                let help = if *key == "profile" {
                    "a profile shares out `per_day`"
                } else {
                    "it means nothing there; take it out"
                };
                self.fault(
                    entry.key_origin,
                    format!("`arrivals.{key}` stands beside `{}`", level.key),
                    help,
                );
                return None;
            }
        }
        Some(level)
    }

    fn by_profile(
        &mut self,
        section: &Section<'_>,
        level: &Node,
        day: &Day,
    ) -> Option<Vec<ArrivalPiece>> {
        let per_day = self.number(level, "arrivals.per_day", 0.0..=PER_DAY_MAX)?;
        let Some(node) = section.get("profile") else {
            return Some(vec![ArrivalPiece {
                from: day.open,
                to: day.close,
                expected: per_day,
                tilt: 0.0,
            }]);
        };
        let path = "arrivals.profile";
        let list = self.list(node, path)?;
        let by_start = matches!(list.first().map(|item| &item.value), Some(Value::Table(_)));
        let (stretches, written): (Vec<_>, Vec<f64>) = if by_start {
            self.by_start(list, day)?
        } else {
            let numbers = self.numbers(list, path)?;
            (self.equal_pieces(node, path, numbers.len(), day)?, numbers)
        };
        let shares = self.shares(node.origin, path, &written)?;
        let pieces = stretches.into_iter().zip(shares);
        Some(
            pieces
                .map(|((from, to), share)| ArrivalPiece {
                    from,
                    to,
                    expected: per_day * share,
                    tilt: 0.0,
                })
                .collect(),
        )
    }

    fn by_rates(
        &mut self,
        section: &Section<'_>,
        node: &Node,
        day: &Day,
    ) -> Option<Vec<ArrivalPiece>> {
        let path = "arrivals.rates_per_hour";
        let list = self.list(node, path)?;
        let rates = self.numbers(list, path)?;
        if let Some(within) = section.get("within")
            && self.choice(within, "arrivals.within", &WITHIN)?
        {
            return self.by_corners(node, &rates, day);
        }
        let stretches = self.equal_pieces(node, path, rates.len(), day)?;
        let pieces = stretches.into_iter().zip(rates);
        Some(
            pieces
                .map(|((from, to), rate)| piece(from, to, rate))
                .collect(),
        )
    }

    /// `within = "linear"`: the rates at the ends of equal pieces, straight between them.
    fn by_corners(&mut self, node: &Node, rates: &[f64], day: &Day) -> Option<Vec<ArrivalPiece>> {
        let path = "arrivals.rates_per_hour";
        let count = rates.len().saturating_sub(1);
        let stretches = self.equal_pieces(node, path, count, day)?;
        let pieces = stretches.into_iter().zip(rates.windows(2));
        Some(
            pieces
                .map(|((from, to), ends)| {
                    let sum = ends[0] + ends[1];
                    ArrivalPiece {
                        tilt: if sum > 0.0 {
                            (ends[1] - ends[0]) / sum
                        } else {
                            0.0
                        },
                        ..piece(from, to, sum / 2.0)
                    }
                })
                .collect(),
        )
    }

    pub fn numbers(&mut self, list: &[Node], path: &str) -> Option<Vec<f64>> {
        let numbers: Vec<_> = list
            .iter()
            .map(|item| self.number(item, path, 0.0..=PER_DAY_MAX))
            .collect();
        numbers.into_iter().collect()
    }

    /// The opening hours in so many equal pieces of whole seconds.
    fn equal_pieces(
        &mut self,
        node: &Node,
        path: &str,
        count: usize,
        day: &Day,
    ) -> Option<Vec<(SimTime, SimTime)>> {
        let hours = day.close.since(day.open);
        let fits = count > 0 && (hours.0 / MICROS_PER_SECOND).is_multiple_of(count as u64);
        if !fits {
            self.fault(
                node.origin,
                format!("`{path}` has {count} numbers, which do not divide the {hours} of opening"),
                "one number per hour, half hour … of the opening hours",
            );
            return None;
        }
        let length = hours.0 / count as u64;
        let start = |position: usize| SimTime(day.open.0 + position as u64 * length);
        Some((0..count).map(|at| (start(at), start(at + 1))).collect())
    }

    /// `[{ from = "09:00", share = 14 }, …]`: each until the next, the last until
    /// closing.
    #[expect(
        clippy::type_complexity,
        reason = "stretches beside their shares, unpacked at once"
    )]
    fn by_start(
        &mut self,
        list: &[Node],
        day: &Day,
    ) -> Option<(Vec<(SimTime, SimTime)>, Vec<f64>)> {
        let mut starts: Vec<SimTime> = Vec::new();
        let mut shares = Vec::new();
        for (position, item) in list.iter().enumerate() {
            let section = self.section(item, &format!("arrivals.profile.{position}"))?;
            self.keys(&section, &PIECE);
            let node = self.required(&section, "from", "\"09:00\"")?;
            let from = self.clock(node, &section.at("from"))?;
            let after_last = starts.last().is_none_or(|last| *last < from);
            if !(day.open..day.close).contains(&from) || !after_last {
                self.fault(
                    node.origin,
                    format!("`{}` is {}, out of place", section.at("from"), from.clock()),
                    format!(
                        "times ascend within the opening hours, {} to {}",
                        day.open.clock(),
                        day.close.clock()
                    ),
                );
                return None;
            }
            starts.push(from);
            let node = self.required(&section, "share", "14")?;
            shares.push(self.number(node, &section.at("share"), 0.0..=100.0)?);
        }
        let ends = starts.iter().skip(1).copied().chain([day.close]);
        Some((starts.iter().copied().zip(ends).collect(), shares))
    }
}

pub(super) fn piece(from: SimTime, to: SimTime, rate_per_hour: f64) -> ArrivalPiece {
    ArrivalPiece {
        from,
        to,
        expected: rate_per_hour * to.since(from).seconds() / 3600.0,
        tilt: 0.0,
    }
}

//! What does not agree, by kind, with the few rows that show it.

use scenarios::summary::Discrepancy;
use std::collections::BTreeMap;

/// So many examples of each kind are told.
const EXAMPLES: usize = 20;

/// The kinds of discrepancy, in the order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What had to be refused was accepted.
    Accepted,
    /// More was paid than a limit lets through.
    Limit,
    /// A card was used against a lock of its holder.
    Lock,
    /// Acknowledged, and not there.
    Missing,
    /// There more than once.
    Doubled,
    /// A movement of money of which a side is missing.
    Torn,
    /// A movement of money that is a few fen short or over.
    Rounded,
    /// There otherwise than it was asked for.
    Different,
    /// An effect of nothing that was asked.
    Unplanned,
    /// A limit or a lock refused what it lets through.
    Reason,
    /// Accounts or the ledger that do not balance.
    Ledger,
    /// A prize or a voucher that was not there any more.
    Oversold,
    /// An event that was not told once.
    Alert,
}

impl Kind {
    /// As the summary writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Limit => "limit",
            Self::Lock => "lock",
            Self::Missing => "missing",
            Self::Doubled => "doubled",
            Self::Torn => "torn",
            Self::Rounded => "rounded",
            Self::Different => "different",
            Self::Unplanned => "unplanned",
            Self::Reason => "reason",
            Self::Ledger => "ledger",
            Self::Oversold => "oversold",
            Self::Alert => "alert",
        }
    }
}

/// The rows that a finding rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Position of the operation in the journal of the run, from 0.
    pub operation: Option<u64>,
    /// Numbers of the bank's records.
    pub records: Vec<u64>,
}

impl Evidence {
    /// Of these records alone.
    pub fn records(records: impl Into<Vec<u64>>) -> Self {
        Self {
            operation: None,
            records: records.into(),
        }
    }

    fn rows(&self) -> usize {
        usize::from(self.operation.is_some()) + self.records.len()
    }
}

/// One thing that does not agree.
#[derive(Debug, Clone)]
pub struct Finding {
    pub kind: Kind,
    /// Idempotency key, or empty.
    pub key: String,
    /// In a sentence.
    pub what: String,
    pub evidence: Evidence,
}

/// The first examples of each kind, and how many there are.
#[derive(Default)]
pub struct Findings(BTreeMap<Kind, (u64, Vec<Finding>)>);

impl Findings {
    /// One more.
    pub fn add(&mut self, kind: Kind, key: &str, what: String, evidence: Evidence) {
        let (count, examples) = self.0.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(Finding {
                kind,
                key: key.to_owned(),
                what,
                evidence,
            });
        }
    }

    /// The one that the fewest rows show, the graver kind first where several do. What
    /// no row shows, such as the sum of the ledger, comes last.
    pub fn smallest(&self) -> Option<&Finding> {
        let all = self.0.values().flat_map(|(_, examples)| examples);
        all.min_by_key(|finding| match finding.evidence.rows() {
            0 => usize::MAX,
            rows => rows,
        })
    }

    /// The last example of a long kind gives way to the number of the rest.
    pub fn told(self) -> Vec<Discrepancy> {
        let mut told = Vec::new();
        for (kind, (count, mut examples)) in self.0 {
            let more = (count > EXAMPLES as u64).then(|| {
                examples.truncate(EXAMPLES - 1);
                Discrepancy {
                    kind: kind.name().to_owned(),
                    key: String::new(),
                    what: format!("{} more of this kind", count - (EXAMPLES as u64 - 1)),
                }
            });
            told.extend(examples.into_iter().map(|finding| Discrepancy {
                kind: kind.name().to_owned(),
                key: finding.key,
                what: finding.what,
            }));
            told.extend(more);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(operation: Option<u64>, records: &[u64]) -> Evidence {
        Evidence {
            operation,
            records: records.to_vec(),
        }
    }

    #[test]
    fn the_finding_with_the_fewest_rows_is_the_smallest() {
        let mut findings = Findings::default();
        let mut add = |kind, what: &str, evidence| findings.add(kind, "", what.into(), evidence);
        add(Kind::Ledger, "no row shows it", evidence(None, &[]));
        add(Kind::Doubled, "three rows", evidence(Some(4), &[7, 9]));
        add(Kind::Torn, "two rows", evidence(Some(5), &[8]));
        add(
            Kind::Different,
            "two rows, less grave",
            evidence(Some(1), &[2]),
        );
        let smallest = findings.smallest().map(|finding| finding.what.as_str());
        assert_eq!(smallest, Some("two rows"));
    }

    #[test]
    fn what_no_row_shows_is_told_when_there_is_nothing_else() {
        let mut findings = Findings::default();
        assert!(findings.smallest().is_none());
        findings.add(Kind::Ledger, "", "off".into(), Evidence::default());
        assert_eq!(
            findings.smallest().map(|finding| finding.kind),
            Some(Kind::Ledger)
        );
    }
}

//! The smallest proof that the books do not agree: the operation as it was played and
//! the bank's records about it, row by row.

use super::expected::describe;
use super::findings::Finding;
use crate::audit::{Audit, Record};
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::journal::{JournalRow, Phase, RunJournal};
use crate::money::{self, yuan};
use crate::script::operation_name;
use scenarios::summary::Counterexample;

/// Fetches the rows that a finding rests on.
pub async fn of(
    finding: &Finding,
    journal: &RunJournal,
    audit: &mut Audit<'_>,
) -> Result<Counterexample, LoadError> {
    let row = match finding.evidence.operation {
        Some(place) => journal.rows()?.nth(place as usize).transpose()?,
        None => None,
    };
    let mut records = Vec::new();
    for seq in &finding.evidence.records {
        // A record that is gone meanwhile is another finding, told by name already.
        if let Some(record) = audit.record(*seq).await? {
            records.push(of_record(&record)?);
        }
    }
    Ok(Counterexample {
        kind: finding.kind.name().to_owned(),
        what: finding.what.clone(),
        operations: row.iter().map(of_row).collect(),
        records,
    })
}

fn of_row(row: &JournalRow) -> String {
    let phase = match row.phase {
        Phase::Setup => "of the setup",
        Phase::WarmUp => "of the warm-up",
        Phase::Measured => "of the plan",
    };
    let fate = match row.outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Refused => "was refused",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "timed out",
        Outcome::NotSent => "was not sent",
        Outcome::Unknown => "was in flight when the run was interrupted",
    };
    let record = match (row.effect, row.seq) {
        (Effect::Applied, Some(seq)) => format!(", acknowledged as record {seq}"),
        (Effect::Applied, None) => ", acknowledged".to_owned(),
        (Effect::Unknown, _) => ", its effect unknown".to_owned(),
        (Effect::None, _) => String::new(),
    };
    let words = describe(
        &operation_name(row.operation),
        row.amount.as_deref().and_then(money::fen),
        row.account.as_deref(),
        row.to.as_deref(),
    );
    let why = row
        .why
        .as_ref()
        .map_or(String::new(), |why| format!(" ({why})"));
    format!(
        "operation {} {phase}, key {}: {words} {fate}{why}{record}",
        row.sequence, row.key
    )
}

fn of_record(record: &Record) -> Result<String, LoadError> {
    let postings: Vec<String> = record
        .postings()?
        .into_iter()
        .map(|(account, fen)| format!("{} on {account}", yuan(fen)))
        .collect();
    let postings = match postings.as_slice() {
        [] => "no postings".to_owned(),
        some => some.join(", "),
    };
    Ok(format!(
        "record {}, key {}: {}, {}: {postings}",
        record.seq,
        record.key.as_deref().unwrap_or("none"),
        record.words(),
        record.outcome,
    ))
}

//! Verification of a data folder: every record read, its hash followed, its facts folded, its
//! decision taken again, and the books balanced.

use std::path::Path;

use rust_decimal::Decimal;

use crate::{
    histories_check::{FoundHistories, HistoriesCheck},
    journal::{ChainHash, JournalError, JournalReader, Record, find, walk},
    rules::{Misfit, State, decide},
    tools::JournalPlace,
};

/// What a sound journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records, all of them whole and chained.
    pub records: u64,
    /// The chain's last hash: note it elsewhere, and a cut tail shows.
    pub head: ChainHash,
    /// Records that moved money.
    pub movements: u64,
    /// Customers' accounts.
    pub accounts: u64,
    /// What customers' accounts hold together, in fen.
    pub deposits: i128,
    /// The sum of the whole ledger, in fen; zero in a sound bank.
    pub ledger_sum: i128,
    /// The first record that today's rules decide otherwise, if there is one.
    pub decided_otherwise: Option<u64>,
}

impl VerifyReport {
    /// What customers' accounts hold together, in yuan.
    pub fn deposits_yuan(&self) -> Option<Decimal> {
        yuan(self.deposits)
    }

    /// The sum of the whole ledger, in yuan.
    pub fn ledger_sum_yuan(&self) -> Option<Decimal> {
        yuan(self.ledger_sum)
    }
}

/// Fen as yuan; none beyond what a decimal holds, about 8 × 10²⁶ yuan.
fn yuan(fen: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(fen, 2).ok()
}

/// Why a data folder did not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The records contradict each other.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// Reads the whole journal of a data folder and checks it. A server may be running meanwhile.
pub fn verify(data: &Path) -> Result<VerifyReport, VerifyError> {
    verify_journal(&JournalPlace::Folder(data.to_owned()))
}

/// The same for a journal wherever it is.
pub fn verify_journal(journal: &JournalPlace) -> Result<VerifyReport, VerifyError> {
    verify_with(journal.open_examined()?.as_mut(), &mut |_| {})
}

/// The same for a whole bank: also whether the histories in its data folder are sound and say what the journal
/// says.
pub fn verify_bank(
    data: &Path,
    journal: &JournalPlace,
) -> Result<(VerifyReport, FoundHistories), VerifyError> {
    let mut reader = journal.open_examined()?;
    let path = data.join("projection.sqlite");
    let mut histories = HistoriesCheck::begin(&path, reader.as_mut())?;
    let report = verify_with(reader.as_mut(), &mut |record| histories.visit(record))?;
    Ok((report, histories.end()))
}

fn verify_with(
    reader: &mut dyn JournalReader,
    visit: &mut dyn FnMut(&Record),
) -> Result<VerifyReport, VerifyError> {
    let mut audit = Audit::default();
    let mut misfit = None;
    let walked = walk(reader, &mut |record| {
        visit(&record);
        audit.visit(&record).map_err(|found| {
            let damaged = JournalError::Damaged {
                seq: record.seq,
                what: found.what.clone(),
            };
            misfit = Some(found);
            damaged
        })
    });
    if let Some(misfit) = misfit {
        return Err(misfit.into());
    }
    let (records, head) = walked?;
    Ok(VerifyReport {
        records,
        head,
        movements: audit.movements,
        accounts: audit.state.accounts_after(None).count() as u64,
        deposits: audit.state.deposits(),
        ledger_sum: audit.state.ledger_sum(),
        decided_otherwise: audit.decided_otherwise,
    })
}

/// The number of the record whose chain hash was `noted` somewhere else, or `None` when the journal
/// does not hold it: its tail was cut, or it is another journal.
pub fn find_noted(data: &Path, noted: ChainHash) -> Result<Option<u64>, VerifyError> {
    find_noted_in(&JournalPlace::Folder(data.to_owned()), noted)
}

/// The same for a journal wherever it is.
pub fn find_noted_in(journal: &JournalPlace, noted: ChainHash) -> Result<Option<u64>, VerifyError> {
    Ok(find(journal.open_examined()?.as_mut(), noted)?)
}

#[derive(Default)]
struct Audit {
    state: State,
    movements: u64,
    decided_otherwise: Option<u64>,
}

impl Audit {
    fn visit(&mut self, record: &Record) -> Result<(), Misfit> {
        let again = decide(&self.state, &record.command, record.at);
        if again != record.outcome && self.decided_otherwise.is_none() {
            self.decided_otherwise = Some(record.seq);
        }
        self.movements += u64::from(record.moves_money());
        record.fold_into(&mut self.state).map(drop)
    }
}

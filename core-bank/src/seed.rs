//! A bank with a city's customers, made in seconds: each identified, with an account, a card, money and
//! a phone that may log in. The same seed makes the same people.
//!
//! Nothing here goes around the rules: every record is decided and folded as one that came over HTTP.

use std::{fs, io, path::Path};

use crate::{
    access::{Access, TokenKind, digest},
    authentication::{hash_password, may_be_password},
    data_folder::{DataFolder, DataFolderError},
    journal::{Journal, JournalError, RECORD_VERSION, Record, SqliteJournal},
    rules::{
        AccountNumber, Action, Amount, Answer, BusinessTime, CardId, Channel, Command, CustomerId,
        Fingerprint, IdempotencyKey, IdentityCheckId, Misfit, Party, PersonName, Phone, Refusal,
        ResidentId, State, TokenNonce, decide,
    },
    unfinished::{KeepError, UnfinishedJournal},
};

/// Customers that one bank can be seeded with.
pub const SEED_CUSTOMERS_MAX: u32 = 10_000_000;

/// Records of one commit.
const GROUP: usize = 1_024;

/// Who is to be there.
#[derive(Clone, Debug)]
pub struct SeedOptions {
    /// How many customers.
    pub customers: u32,
    /// What tells one city from another.
    pub seed: u64,
    /// What each has on the account.
    pub balance: Amount,
    /// Business time of all of it: a test's clock must start later.
    pub at: jiff::Timestamp,
    /// A password that all share; none means that they log in by their phones only.
    pub password: Option<String>,
}

/// One seeded customer, as whoever plays the customer needs it.
pub struct SeededCustomer {
    /// The customer.
    pub customer: CustomerId,
    /// The name on the document.
    pub name: String,
    /// The number of the document.
    pub id_number: String,
    /// Where codes are sent.
    pub phone: String,
    /// The account.
    pub account: AccountNumber,
    /// Its card.
    pub card: CardId,
    /// What the customer's phone logs in with.
    pub device_token: String,
}

/// Why a bank could not be seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// There are records already.
    #[error("{0} holds a bank already: name a folder without one")]
    NotEmpty(String),
    /// Too many.
    #[error("a bank is seeded with 1 to {SEED_CUSTOMERS_MAX} customers")]
    Customers,
    /// A password that the API would not take.
    #[error("a password has 8 to 64 characters")]
    Password,
    /// The data folder cannot be used.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Tokens cannot be made, or the list cannot be written.
    #[error("the data folder or the list of customers cannot be written: {0}")]
    Io(#[from] io::Error),
    /// A defect of this program.
    #[error("the rules refuse a seeded record: {0}")]
    Refused(#[from] Refusal),
    /// A defect of this program.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A defect of this program.
    #[error("a seeded {0} is not well-formed")]
    Malformed(&'static str),
}

/// Makes the customers in a data folder without records and hands each to `listed` meanwhile. Returns the
/// number of records.
pub fn seed(
    data: &Path,
    options: &SeedOptions,
    listed: &mut dyn FnMut(SeededCustomer) -> io::Result<()>,
) -> Result<u64, SeedError> {
    sow(data, options, listed)?.keep()
}

/// A bank with all its customers that has no name yet: it goes with this value, unless it is kept.
pub struct SownBank {
    // Its lock is given back last.
    journal: SqliteJournal,
    unfinished: UnfinishedJournal,
    records: u64,
    _folder: DataFolder,
}

impl SownBank {
    /// Makes it the bank of its data folder, durably. Returns the number of records.
    pub fn keep(self) -> Result<u64, SeedError> {
        let kept = self.unfinished.keep(self.journal);
        kept.map_err(|error| match error {
            KeepError::Journal(error) => SeedError::Journal(error),
            KeepError::Io(error) => SeedError::Io(error),
        })?;
        Ok(self.records)
    }
}

/// The same as [`seed`], for whoever has something else to end before the bank is there.
pub fn sow(
    data: &Path,
    options: &SeedOptions,
    listed: &mut dyn FnMut(SeededCustomer) -> io::Result<()>,
) -> Result<SownBank, SeedError> {
    if !(1..=SEED_CUSTOMERS_MAX).contains(&options.customers) {
        return Err(SeedError::Customers);
    }
    if !options.password.as_deref().is_none_or(may_be_password) {
        return Err(SeedError::Password);
    }
    let folder = DataFolder::open(data)?;
    if holds_records(&folder)? {
        return Err(SeedError::NotEmpty(data.display().to_string()));
    }
    let access = Access::open(folder.path())?;
    UnfinishedJournal::clear(folder.path())?;
    let unfinished = UnfinishedJournal::make(folder.path())?;
    let mut journal = unfinished.open()?;
    let password = options.password.as_deref();
    let password = password.map(|text| (text, salt(options.seed)));
    let password = password
        .map(|(text, salt)| hash_password(text, salt).ok_or(SeedError::Malformed("password")));
    let password = password.transpose()?;
    let mut sower = Sower {
        state: State::default(),
        at: BusinessTime::of(options.at),
        group: Vec::with_capacity(GROUP),
        journal: &mut journal,
    };
    for number in 0..options.customers {
        let person = Person::of(options.seed, number)?;
        let nonce = TokenNonce(drawn(options.seed, number, b"device"));
        let device_token = access.token(TokenKind::Device, nonce);
        let check = sower.sow(Action::IdentityCheck {
            name: person.name,
            resident: Some(person.resident),
        })?;
        let Answer::IdentityVerified(check) = check else {
            return Err(SeedError::Malformed("identity check"));
        };
        let customer = sower.sow(Action::RegisterCustomer {
            check: Some(check),
            phone: person.phone,
        })?;
        let Answer::CustomerRegistered(customer) = customer else {
            return Err(SeedError::Malformed("customer"));
        };
        let (card, account) = sower.open_card(customer, check)?;
        sower.sow(Action::Deposit {
            account: Some(account),
            amount: options.balance,
        })?;
        sower.sow(Action::EbankingSignup {
            customer: Some(customer),
            check: Some(check),
            token: digest(&device_token),
            nonce,
        })?;
        if let Some(hash) = password {
            sower.sow(Action::SetPassword {
                customer: Some(customer),
                check: Some(check),
                hash,
            })?;
        }
        listed(SeededCustomer {
            customer,
            name: person.texts.0,
            id_number: person.texts.1,
            phone: person.texts.2,
            account,
            card,
            device_token,
        })?;
    }
    sower.reap()?;
    let records = sower.state.seq();
    Ok(SownBank {
        journal,
        unfinished,
        records,
        _folder: folder,
    })
}

/// Whether there are records in the journal of a folder, which may have none yet.
fn holds_records(folder: &DataFolder) -> Result<bool, SeedError> {
    let path = folder.journal();
    if fs::metadata(&path)?.len() == 0 {
        return Ok(false);
    }
    SqliteJournal::examine(&path)?;
    Ok(SqliteJournal::open_reader(&path)?.last()? > 0)
}

/// Decides, folds and records what is sown.
struct Sower<'a> {
    state: State,
    at: BusinessTime,
    group: Vec<Record>,
    journal: &'a mut dyn Journal,
}

impl Sower<'_> {
    fn sow(&mut self, action: Action) -> Result<Answer, SeedError> {
        let command = Command {
            by: Party::Terminal(Channel::Counter),
            action,
        };
        let seq = self.state.next_seq();
        let outcome = decide(&self.state, &command, self.at);
        let key = IdempotencyKey::parse(&format!("seed-{seq}"));
        let record = Record {
            v: RECORD_VERSION,
            seq,
            at: self.at,
            key: key.ok_or(SeedError::Malformed("key"))?,
            fingerprint: Fingerprint([0; 16]),
            command,
            outcome,
        };
        let answer = record.fold_into(&mut self.state)??;
        self.group.push(record);
        if self.group.len() == GROUP {
            self.reap()?;
        }
        Ok(answer)
    }

    fn open_card(
        &mut self,
        customer: CustomerId,
        check: IdentityCheckId,
    ) -> Result<(CardId, AccountNumber), SeedError> {
        let opened = self.sow(Action::OpenCard {
            customer: Some(customer),
            check: Some(check),
        })?;
        match opened {
            Answer::CardOpened(card, account) => Ok((card, account)),
            _ => Err(SeedError::Malformed("card")),
        }
    }

    /// Makes durable what was sown.
    fn reap(&mut self) -> Result<(), SeedError> {
        if !self.group.is_empty() {
            let before = self.state.seq() - self.group.len() as u64;
            self.journal.append(before, &self.group)?;
            self.journal.tidy()?;
            self.group.clear();
        }
        Ok(())
    }
}

/// Sixteen bytes that the seed, the customer's number and the purpose determine.
fn drawn(seed: u64, number: u32, purpose: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(purpose).update(&seed.to_le_bytes());
    hasher.update(&number.to_le_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes
}

fn salt(seed: u64) -> [u8; 16] {
    drawn(seed, 0, b"salt")
}

const FAMILY_NAMES: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
];
const GIVEN_NAMES: [&str; 16] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
];

struct Person {
    name: PersonName,
    resident: ResidentId,
    phone: Phone,
    texts: (String, String, String),
}

impl Person {
    fn of(seed: u64, number: u32) -> Result<Self, SeedError> {
        let drawn = drawn(seed, number, b"person");
        let given = |byte: u8| GIVEN_NAMES[usize::from(byte % 16)];
        let name = format!(
            "{}{}{}",
            FAMILY_NAMES[usize::from(drawn[0] % 16)],
            given(drawn[1]),
            given(drawn[2])
        );
        let id_number = resident_text(number);
        let phone = format!("139{number:08}");
        Ok(Self {
            name: PersonName::parse(&name).ok_or(SeedError::Malformed("name"))?,
            resident: ResidentId::parse(&id_number).ok_or(SeedError::Malformed("document"))?,
            phone: Phone::parse(&phone).ok_or(SeedError::Malformed("phone"))?,
            texts: (name, id_number, phone),
        })
    }
}

/// The document of the `number`-th person: a thousand people share a birthday, which are the 28 first
/// days of each month from 1940 on.
fn resident_text(number: u32) -> String {
    let (day, order) = (number / 1_000, number % 1_000);
    let (year, month, day) = (1940 + day / 336 % 70, day / 28 % 12 + 1, day % 28 + 1);
    ResidentId::complete(&format!("310101{year:04}{month:02}{day:02}{order:03}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn people_of_a_city_have_documents_of_their_own() {
        let documents: BTreeSet<String> = (0..400_000).map(resident_text).collect();
        assert_eq!(documents.len(), 400_000);
        assert!(Person::of(1, SEED_CUSTOMERS_MAX - 1).is_ok());
        assert_eq!(resident_text(0), resident_text(0));
    }
}

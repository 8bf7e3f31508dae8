//! The projector over a journal in memory, whose writer the test is.

use super::*;
use crate::{
    history::Held,
    journal::{Group, Journal as _, JournalError, MemoryJournal, RECORD_VERSION},
    rules::{
        Action, BusinessTime, Channel, Command, Fingerprint, IdempotencyKey, Party, RefusalCode,
    },
};

fn record() -> Record {
    Record {
        v: RECORD_VERSION,
        seq: 1,
        at: BusinessTime(1),
        key: IdempotencyKey::parse("key").unwrap(),
        fingerprint: Fingerprint([0; 16]),
        command: Command {
            by: Party::Terminal(Channel::Atm),
            action: Action::ReportLoss { card: None },
        },
        outcome: Err(RefusalCode::CardNotFound.into()),
    }
}

/// A projector over the journal that `reader` opens: where its writer says what is durable, the
/// histories, and how it ends.
fn follow(
    path: &Path,
    reader: impl Fn() -> Result<Box<dyn JournalReader>, JournalError> + Send + Sync + 'static,
    handover: Arc<Handover>,
) -> (
    watch::Sender<u64>,
    History,
    oneshot::Receiver<Result<(), ProjectionError>>,
) {
    let (writer, durable) = watch::channel(0);
    let (history, end) = start_projector(ProjectorParts {
        path,
        journal: Arc::new(JournalReaders::new(reader)),
        handover,
        durable,
        metrics: Arc::default(),
        keys_in_memory: IDEMPOTENCY_KEYS_MAX,
        clock: BusinessClock::real(),
    })
    .unwrap();
    (writer, history, end)
}

#[tokio::test]
async fn entries_are_shown_while_the_file_takes_nothing_and_lists_once_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection.sqlite");
    let mut journal = MemoryJournal::default();
    let read = journal.clone();
    let (writer, history, _end) = follow(&path, move || read.reader(), Arc::default());
    // Whoever writes holds it up as a full disk would.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.append(0, &[record()]).unwrap();
    writer.send_replace(1);
    let patience = Duration::from_secs(20);
    assert!(history.reached(Held::Entries, 1, patience).await);
    assert!(
        !history
            .reached(Held::Lists, 1, Duration::from_millis(200))
            .await
    );
    other.execute_batch("COMMIT").unwrap();
    assert!(history.reached(Held::Lists, 1, patience).await);
}

#[tokio::test]
async fn damage_that_shows_as_the_projector_goes_on_has_the_file_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection.sqlite");
    let mut journal = MemoryJournal::default();
    let read = journal.clone();
    let (writer, history, _end) = follow(&path, move || read.reader(), Arc::default());
    let told = || {
        history.with_connection(|file| {
            let select = "SELECT seq FROM projection";
            Ok(file.query_row(select, [], |row| row.get::<_, u64>(0))?)
        })
    };
    // This reader keeps the old file open.
    assert_eq!(told().unwrap(), 0);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("DROP TABLE projection").unwrap();
    drop(other);
    journal.append(0, &[record()]).unwrap();
    writer.send_replace(1);
    let patience = Duration::from_secs(20);
    assert!(history.reached(Held::Lists, 1, patience).await);
    assert_eq!(told().unwrap(), 1);
}

/// A reader with a defect that nobody foresaw.
struct FallsOver(Box<dyn JournalReader>);

impl JournalReader for FallsOver {
    fn groups(&mut self, _: u64, _: usize) -> Result<Vec<Group>, JournalError> {
        panic!("planted");
    }

    fn last(&mut self) -> Result<u64, JournalError> {
        self.0.last()
    }
}

#[tokio::test]
async fn a_projector_that_falls_over_ends_though_the_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = MemoryJournal::default();
    let reader = move || Ok(Box::new(FallsOver(journal.reader()?)) as Box<dyn JournalReader>);
    let path = folder.path().join("projection.sqlite");
    let (writer, _history, end) = follow(&path, reader, Arc::default());
    writer.send_replace(1);
    let end = tokio::time::timeout(Duration::from_secs(20), end).await;
    let end = end.expect("nobody is told");
    assert!(!matches!(end, Ok(Ok(()))), "as if it had been told to");
}

#[tokio::test]
async fn what_the_writer_hands_over_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = MemoryJournal::default();
    let unreadable = journal.clone();
    let reader = move || Ok(Box::new(FallsOver(unreadable.reader()?)) as Box<dyn JournalReader>);
    let path = folder.path().join("projection.sqlite");
    let handover = Arc::new(Handover::default());
    let (writer, history, _end) = follow(&path, reader, Arc::clone(&handover));
    journal.append(0, &[record()]).unwrap();
    let (_, hash) = journal.head();
    handover.give(Meaning::of(vec![record()], Vec::new(), hash).unwrap());
    writer.send_replace(1);
    let patience = Duration::from_secs(20);
    assert!(history.reached(Held::Lists, 1, patience).await);
    let hash_in_file = history.with_connection(|file| {
        let select = "SELECT hash FROM projection";
        Ok(file.query_row(select, [], |row| row.get::<_, [u8; 32]>(0))?)
    });
    assert_eq!(&hash_in_file.unwrap(), hash.bytes());
}

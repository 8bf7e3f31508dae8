//! The writer over a journal whose medium fails: what clients are told, and what is true afterwards.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use core_bank::{
    clock::BusinessClock,
    journal::{Fault, Journal as _, MemoryJournal},
    metrics::Metrics,
    rules::{
        Action, Answer, Caller, Channel, Envelope, Fingerprint, IdempotencyKey, IdentityCheckId,
        Looked, PersonName, RefusalCode, ResidentId, State,
    },
    writer::{Bank, WriterError, WriterParts, start_writer},
};
use tokio::sync::{oneshot, watch};

type End = oneshot::Receiver<Result<(), WriterError>>;

fn start(journal: &MemoryJournal) -> (Bank, End) {
    let mut journal = journal.clone();
    let mut state = State::default();
    journal
        .replay(&mut |record| {
            record.fold_into(&mut state).unwrap().ok();
            Ok(())
        })
        .unwrap();
    start_writer(WriterParts {
        durable: watch::channel(state.seq()).0,
        state,
        forgotten: std::sync::mpsc::channel().1,
        journal: Box::new(journal),
        clock: BusinessClock::real(),
        plant: None,
        metrics: Arc::new(Metrics::default()),
        handover: Arc::default(),
    })
    .unwrap()
}

fn identity_check(key: &str) -> Envelope {
    Envelope {
        caller: Caller::Terminal(Channel::Kiosk),
        key: IdempotencyKey::parse(key).unwrap(),
        fingerprint: Fingerprint([1; 16]),
        action: Action::IdentityCheck {
            name: PersonName::parse("Ann").unwrap(),
            resident: ResidentId::parse("11010519491231002X"),
        },
        from: None,
        looked: Looked::default(),
    }
}

fn applied(seq: u64) -> (u64, Answer) {
    (seq, Answer::IdentityVerified(IdentityCheckId::of_seq(seq)))
}

#[tokio::test]
async fn a_full_disk_refuses_writes_without_effect_answers_reads_and_recovers() {
    let journal = MemoryJournal::default();
    let (bank, _end) = start(&journal);
    assert_eq!(
        bank.write(identity_check("a")).await.outcome,
        Ok(applied(1))
    );
    let before = bank.read(State::clone).await.unwrap();
    journal.inject(Some(Fault::Full));
    for key in ["b", "c"] {
        let refused = bank.write(identity_check(key)).await.outcome;
        assert_eq!(refused, Err(RefusalCode::StorageFull.into()));
    }
    // Not a trace: the whole state is what it was, and what was durable is answered still.
    assert_eq!(bank.read(State::clone).await.unwrap(), before);
    let first = bank.write(identity_check("a")).await;
    assert_eq!((first.outcome, first.replayed), (Ok(applied(1)), true));
    journal.inject(None);
    let reply = bank.write(identity_check("b")).await;
    assert_eq!((reply.outcome, reply.replayed), (Ok(applied(2)), false));
}

#[tokio::test]
async fn a_group_that_is_refused_answers_each_of_its_requests_as_if_it_had_never_been() {
    let journal = MemoryJournal::default();
    let (bank, _end) = start(&journal);
    let first = bank.write(identity_check("a")).await;
    assert_eq!(first.outcome, Ok(applied(1)));
    let before = bank.read(State::clone).await.unwrap();
    let other_body = || Envelope {
        fingerprint: Fingerprint([2; 16]),
        ..identity_check("b")
    };
    let seen = async || bank.read(State::clone).await.unwrap();

    journal.inject(Some(Fault::Full));
    // All of these are asked before the writer is woken: they are one group.
    let (early, new, again, other, durable, late) = tokio::join!(
        seen(),
        bank.write(identity_check("b")),
        bank.write(identity_check("b")),
        bank.write(other_body()),
        bank.write(identity_check("a")),
        seen(),
    );
    for refused in [new, again, other] {
        assert_eq!(refused.outcome, Err(RefusalCode::StorageFull.into()));
        assert!(!refused.replayed);
    }
    assert_eq!((durable.outcome, durable.replayed), (Ok(applied(1)), true));
    assert!(early == before && late == before);

    journal.inject(None);
    let (new, again, other, another, after) = tokio::join!(
        bank.write(identity_check("b")),
        bank.write(identity_check("b")),
        bank.write(other_body()),
        bank.write(identity_check("c")),
        seen(),
    );
    assert_eq!((new.outcome, new.replayed), (Ok(applied(2)), false));
    assert_eq!((again.outcome, again.replayed), (Ok(applied(2)), true));
    let reused = RefusalCode::IdempotencyKeyReused;
    assert_eq!(other.outcome, Err(reused.into()));
    assert_eq!(another.outcome, Ok(applied(3)));
    let mut groups = Vec::new();
    journal.corrupt(|held| groups = held.iter().map(|(first, _)| *first).collect());
    assert_eq!(groups, [1, 2], "the second time they were not one group");
    // Whoever starts from the journal knows what the bank knows.
    let (again, _end) = start(&journal);
    assert!(again.read(State::clone).await.unwrap() == after);
}

#[tokio::test]
async fn a_sync_of_unknown_outcome_ends_the_bank_and_the_key_tells_what_happened() {
    for (fault, happened) in [
        (Fault::SyncFailsWritten, true),
        (Fault::SyncFailsLost, false),
    ] {
        let journal = MemoryJournal::default();
        let (bank, end) = start(&journal);
        assert_eq!(
            bank.write(identity_check("a")).await.outcome,
            Ok(applied(1))
        );
        journal.inject(Some(fault));
        let unknown = bank.write(identity_check("b")).await.outcome;
        assert_eq!(unknown, Err(RefusalCode::OutcomeUnknown.into()));
        assert!(matches!(end.await.unwrap(), Err(WriterError::Journal(_))));
        // Nothing is tried again by the bank that failed.
        let late = bank.write(identity_check("c")).await.outcome;
        assert_eq!(late, Err(RefusalCode::ShuttingDown.into()));

        let (bank, _end) = start(&journal);
        let reply = bank.write(identity_check("b")).await;
        assert_eq!(
            (reply.outcome, reply.replayed),
            (Ok(applied(2)), happened),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_writer_that_another_overtook_ends() {
    let journal = MemoryJournal::default();
    let (bank, end) = start(&journal);
    journal.inject(Some(Fault::Fenced));
    let reply = bank.write(identity_check("a")).await.outcome;
    assert_eq!(reply, Err(RefusalCode::OutcomeUnknown.into()));
    assert!(
        end.await
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("another writer")
    );
}

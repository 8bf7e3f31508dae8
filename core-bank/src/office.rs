//! The social-security office: a service outside of the bank, which may be slow. The bank waits for
//! it only so long, and asks it only so many questions at a time, so that a slow office is nobody
//! else's trouble.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::rules::{Fen, RefusalCode, ResidentId};

/// How long the office may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// Questions that may wait for it at a time.
const QUESTIONS_MAX: usize = 64;

/// Stands in for the office: it knows a balance for everybody, derived from the resident id, and is as
/// slow as a test plants it.
pub struct Office {
    slowness: Duration,
    patience: Duration,
    questions: Semaphore,
}

impl Office {
    /// An office that takes so long for an answer.
    pub fn new(slowness: Duration) -> Self {
        Self {
            slowness,
            patience: ANSWER_TIME_MAX,
            questions: Semaphore::new(QUESTIONS_MAX),
        }
    }

    /// The balance of a person's account with the office.
    pub async fn balance(&self, resident: ResidentId) -> Result<Fen, RefusalCode> {
        let _place = self
            .questions
            .try_acquire()
            .map_err(|_| RefusalCode::OfficeBusy)?;
        let asking = async {
            tokio::time::sleep(self.slowness).await;
            stand_in(resident)
        };
        tokio::time::timeout(self.patience, asking)
            .await
            .map_err(|_| RefusalCode::OfficeTimeout)
    }
}

/// From 0.00 to 199,999.99 yuan.
fn stand_in(resident: ResidentId) -> Fen {
    let digest = blake3::hash(String::from(resident).as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest.as_bytes()[..8]);
    Fen((u64::from_le_bytes(number) % 20_000_000).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident() -> ResidentId {
        ResidentId::parse("11010519491231002X").unwrap()
    }

    #[tokio::test]
    async fn a_slow_office_is_given_up_in_time() {
        let office = Office::new(Duration::from_millis(1));
        let told = office.balance(resident()).await;
        assert!(told.is_ok_and(|fen| (0..20_000_000).contains(&fen.0)));
        let patience = Duration::from_millis(50);
        let office = Office {
            patience,
            ..Office::new(Duration::from_mins(1))
        };
        let asked = std::time::Instant::now();
        assert_eq!(
            office.balance(resident()).await,
            Err(RefusalCode::OfficeTimeout)
        );
        assert!(asked.elapsed() >= patience);
    }

    #[tokio::test]
    async fn no_more_than_64_questions_wait() {
        let office = std::sync::Arc::new(Office::new(Duration::from_millis(200)));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..65 {
            let office = std::sync::Arc::clone(&office);
            waiting.spawn(async move { office.balance(resident()).await });
        }
        let answers = waiting.join_all().await;
        let busy = |answer: &&Result<Fen, _>| **answer == Err(RefusalCode::OfficeBusy);
        assert_eq!(answers.iter().filter(busy).count(), 1);
    }
}

//! Whether an operation is asked again, under the same key, when nobody can tell what became of it:
//! the connection broke, no answer came in time, or the answer says that it does not know.
//!
//! The idempotency key makes that safe: a bank that has done it already gives its first answer again.
//! A refusal met on a later attempt speaks of that attempt only, so what an earlier one may have done
//! stays unknown until the operation itself is acknowledged.

use crate::clock::Moment;
use crate::fate::Effect;
use std::time::Duration;

/// The pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The attempts at one operation.
#[derive(Debug)]
pub struct Tries {
    /// From the first attempt whose end is unknown, no attempt begins later than this.
    within: Duration,
    began: Option<Moment>,
    pause: Duration,
    unsettled: bool,
}

impl Tries {
    /// Attempts within this time of the first failure; with none, a single one.
    pub fn new(within: Option<Duration>) -> Self {
        Self {
            within: within.unwrap_or_default(),
            began: None,
            pause: FIRST_PAUSE,
            unsettled: false,
        }
    }

    /// Notes how an attempt ended, and waits until the next one is due; false if there is none.
    pub async fn again(&mut self, answered: bool, effect: Effect) -> bool {
        let Some(pause) = self.pause_before_next(answered, effect, Moment::now()) else {
            return false;
        };
        tokio::time::sleep(pause).await;
        true
    }

    /// What is known of the operation's effect when the last attempt tells this of its own.
    pub fn effect(&self, last: Effect) -> Effect {
        match last {
            Effect::None if self.unsettled => Effect::Unknown,
            known => known,
        }
    }

    fn pause_before_next(
        &mut self,
        answered: bool,
        effect: Effect,
        now: Moment,
    ) -> Option<Duration> {
        self.unsettled |= effect == Effect::Unknown;
        if answered && effect != Effect::Unknown {
            return None;
        }
        let began = *self.began.get_or_insert(now);
        let pause = self.pause;
        let next = now.since(began) + u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        if u128::from(next) > self.within.as_nanos() {
            return None;
        }
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses of an operation that is never answered, each attempt taking no time.
    fn pauses(within: Option<Duration>) -> Vec<u128> {
        let mut tries = Tries::new(within);
        let mut now = Moment::default();
        let mut pauses = Vec::new();
        while let Some(pause) = tries.pause_before_next(false, Effect::Unknown, now) {
            now = now.after(pause.as_nanos() as u64);
            pauses.push(pause.as_millis());
        }
        pauses
    }

    #[test]
    fn attempts_come_at_doubling_pauses_until_time_is_up() {
        assert!(pauses(None).is_empty());
        assert_eq!(pauses(Some(Duration::from_millis(140))), [20, 40, 80]);
        let pauses = pauses(Some(Duration::from_secs(10)));
        assert_eq!(pauses[..7], [20, 40, 80, 160, 320, 640, 1000]);
        assert!(pauses[7..].iter().all(|pause| *pause == 1000), "{pauses:?}");
        let all: u128 = pauses.iter().sum();
        assert!((9_000..=10_000).contains(&all), "{all}");
    }

    #[test]
    fn an_answer_that_knows_ends_it() {
        let mut tries = Tries::new(Some(Duration::from_secs(1)));
        let now = Moment::default();
        assert!(
            tries
                .pause_before_next(true, Effect::Applied, now)
                .is_none()
        );
        assert!(tries.pause_before_next(true, Effect::None, now).is_none());
        assert!(
            tries
                .pause_before_next(true, Effect::Unknown, now)
                .is_some()
        );
        // Not sent at all: nothing is unknown, and it is tried again.
        assert!(tries.pause_before_next(false, Effect::None, now).is_some());
    }

    #[test]
    fn a_refusal_after_an_attempt_of_unknown_end_settles_nothing() {
        let mut tries = Tries::new(Some(Duration::from_secs(1)));
        assert_eq!(tries.effect(Effect::None), Effect::None);
        tries.pause_before_next(false, Effect::Unknown, Moment::default());
        assert_eq!(tries.effect(Effect::None), Effect::Unknown);
        assert_eq!(tries.effect(Effect::Applied), Effect::Applied);
    }
}

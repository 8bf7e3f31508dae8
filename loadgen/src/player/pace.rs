//! The pace: starts what is due and lets places go on, in this order. Whatever can wait (an
//! answer that has arrived, a row of the journal) waits until everything that is due by now
//! was written to its connection.

use super::places::Places;
use super::{Job, Player};
use crate::clock::{Alarm, Moment};
use crate::interpreter::Interpreter;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Niceness of the thread that keeps the pace, where the system allows it.
const URGENT: i32 = -10;
/// So many places go on before the event loop is asked for more events.
const PLACES_AT_ONCE: usize = 32;

/// Keeps the pace of a player.
pub struct Pace<I: Interpreter> {
    player: Rc<Player<I>>,
    places: Places,
    alarm: Alarm,
}

impl<I: Interpreter> Pace<I> {
    /// Of this player; within a tokio runtime with I/O.
    pub fn new(player: &Rc<Player<I>>) -> io::Result<Self> {
        // On a busy machine a late wake-up is the generator's fault; where the system
        // allows it (Linux: root or CAP_SYS_NICE), this thread goes first.
        let _ = rustix::process::setpriority_process(None, URGENT);
        let mut pace = Self {
            player: Rc::clone(player),
            places: Places::default(),
            alarm: Alarm::new()?,
        };
        if !player.grows {
            for _ in 0..player.capacity {
                pace.open_place();
            }
        }
        Ok(pace)
    }

    /// Plays; never ends by itself but when there is no clock.
    pub async fn keep(mut self) -> io::Error {
        // Many connections may be ready at once, and all of them go on here: a budget meant
        // for one task would make them wait for each other.
        tokio::task::unconstrained(poll_fn(|context| match self.go_on(context) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(error),
        }))
        .await
    }

    /// Does what can be done now.
    fn go_on(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.places.tell(context.waker());
        for _ in 0..PLACES_AT_ONCE {
            self.start_due();
            if self.player.record_ended() || self.places.poll_woken() {
                continue;
            }
            let next = self.player.agenda.borrow_mut().next();
            return match next {
                Some(next) => self.alarm.wake_at(next, context),
                None => Ok(()),
            };
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    /// Starts everything that is due, as far as places are free.
    fn start_due(&mut self) {
        let player = Rc::clone(&self.player);
        loop {
            let dispatched = Moment::now();
            let Some(due) = player.agenda.borrow_mut().take_due(dispatched) else {
                return;
            };
            player.is_handed_out(due.intended);
            let place = player.idle.borrow_mut().pop_front();
            let job = |free| Job {
                due,
                dispatched,
                free,
            };
            if let Some(place) = place {
                player.trays.borrow_mut()[place] = Some(job(true));
                self.places.poll(place);
                continue;
            }
            player.queue.borrow_mut().push_back(job(false));
            if player.grows && player.trays.borrow().len() < player.capacity {
                self.open_place();
            }
        }
    }

    /// One more place, with a line of its own, that takes what waits.
    fn open_place(&mut self) {
        let place = self.player.add_place();
        let player = Rc::clone(&self.player);
        let number = self.places.add(async move { player.work(place).await });
        debug_assert_eq!(place, number, "places are numbered alike");
        self.places.poll(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::{Agenda, Call};
    use crate::endpoint::{Endpoint, Reach, Trust, Version};
    use crate::fate::{Effect, Outcome};
    use crate::interpreter::{End, RowTimes};
    use crate::kind::{Kind, Names};
    use crate::line::{Line, Lines};
    use crate::options::LoadOptions;
    use crate::recorder::Recorder;
    use std::cell::RefCell;
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::sync::Notify;

    /// A target whose answers all come when the test says so, and what was done in which order.
    struct Target {
        answer: Rc<Notify>,
        done: Rc<RefCell<Vec<String>>>,
    }

    impl Interpreter for Target {
        type Step = ();
        type Session = ();
        type Note = ();
        type Row = u64;

        fn kind(&self, _step: &()) -> Kind {
            Kind {
                channel: None,
                operation: 0,
            }
        }

        fn changes(&self, _step: &()) -> bool {
            false
        }

        async fn perform(
            &self,
            call: &Call<()>,
            _session: &mut (),
            _line: &mut Line,
            written: &dyn Fn(Moment, &()),
        ) -> End<()> {
            written(Moment::now(), &());
            self.done
                .borrow_mut()
                .push(format!("start {}", call.number));
            self.answer.notified().await;
            self.done.borrow_mut().push(format!("read {}", call.number));
            End {
                outcome: Outcome::Succeeded,
                effect: Effect::None,
                code: None,
                what: None,
                answered: true,
                written: None,
                note: (),
            }
        }

        fn row(&self, call: &Call<()>, _end: &End<()>, _times: &RowTimes) -> u64 {
            self.done
                .borrow_mut()
                .push(format!("record {}", call.number));
            call.number
        }
    }

    fn call(number: u64, at: Duration) -> Call<()> {
        let at = crate::pacing::nanos(at);
        Call {
            number,
            session: number,
            at,
            known_at: at,
            think: 0,
            last: true,
            step: (),
        }
    }

    #[test]
    fn what_is_due_starts_before_answers_are_read_and_before_they_are_recorded() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let _inside = runtime.enter();
        let reach = Reach::Loopback;
        let endpoint = Endpoint::new("http://127.0.0.1:9", Version::Http1, &Trust::System, &reach);
        let endpoint = endpoint.expect("an address of this machine");
        let (answer, done) = (Rc::new(Notify::new()), Rc::default());
        let target = Target {
            answer: Rc::clone(&answer),
            done: Rc::clone(&done),
        };
        let later = Duration::from_millis(20);
        let calls = [
            call(0, Duration::ZERO),
            call(1, Duration::ZERO),
            call(2, later),
        ];
        let start = Moment::now();
        let source = Box::new(calls.into_iter().map(Ok));
        let (notes, _received) = mpsc::channel();
        let player = Rc::new(Player::new(
            (target, Names::new(vec!["ask".to_owned()])),
            LoadOptions::new("order", "/nowhere"),
            (Lines::new(&endpoint, 3, later), 3, false),
            (Agenda::new(start, source, None), Some(3)),
            start,
            Recorder::new(notes),
        ));
        let mut pace = Pace::new(&player).expect("a timer");
        let mut context = Context::from_waker(std::task::Waker::noop());
        pace.go_on(&mut context).expect("a timer");
        assert_eq!(*done.borrow(), ["start 0", "start 1"]);
        // Both answers arrive while the third operation falls due.
        answer.notify_waiters();
        std::thread::sleep(later);
        pace.go_on(&mut context).expect("a timer");
        let order = ["start 2", "read 0", "record 0", "read 1", "record 1"];
        assert_eq!(done.borrow()[2..], order);
        assert!(!player.is_over());
        answer.notify_waiters();
        pace.go_on(&mut context).expect("a timer");
        assert_eq!(done.borrow()[7..], ["read 2", "record 2"]);
        assert!(player.is_over());
    }
}

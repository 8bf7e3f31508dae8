//! What is to be done next: the plan, pulled from its source only when its time
//! comes, and the later steps of sessions in progress. Memory holds those sessions,
//! never the plan.
//!
//! Every deadline is absolute, computed from the start or from an answer and never
//! from the previous wake-up, so lateness does not add up.

use crate::clock::Moment;
use crate::error::LoadError;
use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::iter::Peekable;
use std::rc::Rc;

/// One operation of a plan. Times are real nanoseconds; moments count from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<S> {
    /// Position in the plan, from 0.
    pub number: u64,
    /// Unique within the plan.
    pub session: u64,
    /// When it starts by the plan; of a later step, if every answer came at once.
    pub at: u64,
    /// When the source may be asked for it: not later than `at`, ascending in the source.
    pub known_at: u64,
    /// Pause after the previous answer of its session; in a closed model the pause
    /// before a session, of its first step.
    pub think: u64,
    /// The session's last.
    pub last: bool,
    /// What is asked.
    pub step: S,
}

/// Where a plan comes from: calls with ascending `known_at`, those of one session in order.
pub type Source<S> = Box<dyn Iterator<Item = Result<Call<S>, LoadError>>>;

/// The same, each call where it stays until it has ended.
type Ready<S> = Box<dyn Iterator<Item = Result<Rc<Call<S>>, LoadError>>>;

/// Users who begin a session when their last one is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Users {
    /// How many.
    pub count: u32,
    /// Nanoseconds over which the first of them begin.
    pub ramp: u64,
    /// Nanoseconds after which none begins a session any more.
    pub until: u64,
}

/// A call whose time has come.
pub struct Due<S> {
    /// When it was to start.
    pub intended: Moment,
    pub call: Rc<Call<S>>,
}

impl<S> Clone for Due<S> {
    fn clone(&self) -> Self {
        Self {
            intended: self.intended,
            call: Rc::clone(&self.call),
        }
    }
}

impl<S> PartialEq for Due<S> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl<S> Eq for Due<S> {}

impl<S> PartialOrd for Due<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> Ord for Due<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<S> Due<S> {
    /// Earlier first; at one moment by the plan's order.
    fn rank(&self) -> (Moment, u64) {
        (self.intended, self.call.number)
    }
}

/// A session in progress.
struct Sitting<S, T> {
    remembered: T,
    /// Known steps after the one that is due or in hand.
    waiting: VecDeque<Rc<Call<S>>>,
    stands: Stands,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Nothing of it has been asked.
    Before,
    /// A step is due or in hand.
    Busy,
    /// Its last answer came then, and the next step is not known yet.
    Idle(Moment),
}

/// The agenda; `T` is what a session remembers.
pub struct Agenda<S: 'static, T> {
    start: Moment,
    /// Calls are made ready before they are due.
    source: Peekable<Ready<S>>,
    sittings: HashMap<u64, Sitting<S, T>>,
    due: BinaryHeap<Reverse<Due<S>>>,
    /// In a closed model.
    users: Option<Users>,
    taken: u64,
    last_planned: u64,
    failed: Option<LoadError>,
}

impl<S, T: Default> Agenda<S, T> {
    /// Calls come when they are due by the plan or, with `users`, when one of them is free.
    pub fn new(start: Moment, source: Source<S>, users: Option<Users>) -> Self {
        let mut agenda = Self {
            start,
            source: (Box::new(source.map(|call| call.map(Rc::new))) as Ready<S>).peekable(),
            sittings: HashMap::new(),
            due: BinaryHeap::new(),
            users,
            taken: 0,
            last_planned: 0,
            failed: None,
        };
        if let Some(users) = users {
            for user in 0..users.count {
                let share = u128::from(users.ramp) * u128::from(user) / u128::from(users.count);
                agenda.begin_session(start.after(share as u64));
            }
        }
        agenda
    }

    /// The next deadline.
    pub fn next(&mut self) -> Option<Moment> {
        let due = self.due.peek().map(|Reverse(due)| due.intended);
        let known = self.next_known();
        match (due, known) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes the earliest call that is due at `now`; of one moment, a first step of the plan
    /// before a later step.
    pub fn take_due(&mut self, now: Moment) -> Option<Due<S>> {
        loop {
            let top = self.due.peek().map(|Reverse(due)| due.intended);
            let known = self.next_known().filter(|known| *known <= now);
            let known = known.filter(|known| top.is_none_or(|top| *known <= top));
            if known.is_none() {
                top.filter(|top| *top <= now)?;
                return self.due.pop().map(|Reverse(due)| due);
            }
            let Some(call) = self.take_call() else {
                continue;
            };
            let intended = self.start.after(call.at);
            if let Some(due) = self.place(call, intended) {
                // Mostly it starts right now, and need not be put away.
                if due.intended <= now {
                    return Some(due);
                }
                self.due.push(Reverse(due));
            }
        }
    }

    /// What the session of a call that starts remembers; it is given back at its end.
    pub fn remembered(&mut self, session: u64) -> T {
        let sitting = self.sittings.get_mut(&session);
        sitting.map_or_else(T::default, |it| std::mem::take(&mut it.remembered))
    }

    /// A call has ended: lets its session go on.
    pub fn ended(&mut self, call: &Call<S>, done: Moment, remembered: T) {
        if call.last {
            self.sittings.remove(&call.session);
            if self.users.is_some() {
                self.begin_session(done);
            }
        } else if let Some(sitting) = self.sittings.get_mut(&call.session) {
            sitting.remembered = remembered;
            match sitting.waiting.pop_front() {
                Some(call) => {
                    let intended = done.after(call.think);
                    self.due.push(Reverse(Due { intended, call }));
                }
                None => sitting.stands = Stands::Idle(done),
            }
        }
    }

    /// Calls taken from the source so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Nothing more will come from the source.
    pub fn is_exhausted(&mut self) -> bool {
        match self.users {
            None => self.source.peek().is_none(),
            Some(users) => {
                self.sittings.is_empty()
                    && (self.source.peek().is_none()
                        || Moment::now().since(self.start) >= users.until)
            }
        }
    }

    /// Nanoseconds from the start to the last planned start that is known.
    pub fn last_planned(&self) -> u64 {
        self.users.map_or(self.last_planned, |users| {
            users.until.max(self.last_planned)
        })
    }

    /// The source broke.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Why the source gives no more, if it broke.
    pub fn take_failure(&mut self) -> Option<LoadError> {
        self.failed.take()
    }

    /// The next call that was never due, known already or not; `None` when there is none left.
    pub fn take_rest(&mut self) -> Option<Rc<Call<S>>> {
        if let Some(Reverse(due)) = self.due.pop() {
            return Some(due.call);
        }
        let busy = self.sittings.iter().find(|(_, it)| !it.waiting.is_empty());
        if let Some(session) = busy.map(|(session, _)| *session) {
            return self.sittings.get_mut(&session)?.waiting.pop_front();
        }
        self.sittings.clear();
        if self.users.is_some() {
            return None;
        }
        self.take_call()
    }

    /// When the source may be asked again.
    fn next_known(&mut self) -> Option<Moment> {
        if self.users.is_some() {
            return None;
        }
        let start = self.start;
        self.source.peek().map(|next| match next {
            Ok(call) => start.after(call.known_at),
            // The failure is taken at once.
            Err(_) => start,
        })
    }

    fn take_call(&mut self) -> Option<Rc<Call<S>>> {
        match self.source.next()? {
            Ok(call) => {
                self.taken += 1;
                self.last_planned = self.last_planned.max(call.at);
                Some(call)
            }
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    /// Adds a call to its session, where it waits for those before it unless it can start;
    /// `intended` is when it starts if it is the first.
    fn place(&mut self, call: Rc<Call<S>>, intended: Moment) -> Option<Due<S>> {
        let sitting = match self.sittings.entry(call.session) {
            // A session of one step remembers nothing.
            Entry::Vacant(_) if call.last => return Some(Due { intended, call }),
            Entry::Vacant(entry) => entry.insert(Sitting {
                remembered: T::default(),
                waiting: VecDeque::new(),
                stands: Stands::Before,
            }),
            Entry::Occupied(entry) => entry.into_mut(),
        };
        let intended = match sitting.stands {
            Stands::Before => intended,
            Stands::Idle(done) => done.after(call.think),
            Stands::Busy => {
                sitting.waiting.push_back(call);
                return None;
            }
        };
        sitting.stands = Stands::Busy;
        Some(Due { intended, call })
    }

    /// A user is free since `free`: takes the next session for them.
    fn begin_session(&mut self, free: Moment) {
        let until = self.users.map_or(0, |users| users.until);
        let Some(Ok(first)) = self.source.peek() else {
            self.take_call();
            return;
        };
        let (session, intended) = (first.session, free.after(first.think));
        if intended.since(self.start) >= until {
            return;
        }
        while let Some(Ok(next)) = self.source.peek()
            && next.session == session
        {
            let Some(call) = self.take_call() else { return };
            let due = self.place(call, intended);
            self.due.extend(due.map(Reverse));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(session, at, think, last)`, numbered in order, known when they are due.
    fn source(calls: &[(u64, u64, u64, bool)]) -> Source<()> {
        let calls: Vec<_> = calls
            .iter()
            .zip(0..)
            .map(|(&(session, at, think, last), number)| {
                Ok(Call {
                    number,
                    session,
                    at,
                    known_at: at,
                    think,
                    last,
                    step: (),
                })
            })
            .collect();
        Box::new(calls.into_iter())
    }

    fn taken(agenda: &mut Agenda<(), ()>, now: Moment) -> Vec<u64> {
        std::iter::from_fn(|| agenda.take_due(now).map(|due| due.call.number)).collect()
    }

    #[test]
    fn a_plan_is_pulled_no_further_than_it_is_due() {
        let start = Moment::default();
        let calls: Vec<_> = (0..100).map(|n| (n, n * 10, 0, true)).collect();
        let mut agenda: Agenda<(), ()> = Agenda::new(start, source(&calls), None);
        assert_eq!(taken(&mut agenda, start.after(25)), [0, 1, 2]);
        assert_eq!(agenda.taken(), 3);
        assert_eq!(agenda.next(), Some(start.after(30)));
    }

    #[test]
    fn a_later_step_waits_for_the_answer_whether_it_is_known_before_or_after() {
        let start = Moment::default();
        let calls = [
            (7, 0, 0, false),
            (8, 5, 0, true),
            (7, 20, 20, false),
            (7, 90, 70, true),
        ];
        let mut agenda: Agenda<(), ()> = Agenda::new(start, source(&calls), None);
        let first = agenda.take_due(start).unwrap();
        agenda.ended(&first.call, start.after(3), ());
        // The second step is not known yet, though it will be due 20 after the answer.
        assert_eq!(agenda.next(), Some(start.after(5)));
        assert_eq!(taken(&mut agenda, start.after(22)), [1]);
        assert_eq!(agenda.next(), Some(start.after(23)));
        let second = agenda.take_due(start.after(23)).unwrap();
        // Late by far: the third step becomes known meanwhile.
        assert_eq!(taken(&mut agenda, start.after(95)), [0; 0]);
        agenda.ended(&second.call, start.after(100), ());
        assert_eq!(agenda.next(), Some(start.after(170)));
        let third = agenda.take_due(start.after(170)).unwrap();
        agenda.ended(&third.call, start.after(171), ());
        assert!(agenda.is_exhausted());
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn what_lies_in_one_moment_comes_in_the_order_of_the_plan() {
        let start = Moment::default();
        let calls = [(1, 0, 0, true), (2, 0, 0, true), (3, 0, 0, true)];
        let mut agenda: Agenda<(), ()> = Agenda::new(start, source(&calls), None);
        assert_eq!(taken(&mut agenda, start), [0, 1, 2]);
    }

    #[test]
    fn users_begin_a_session_when_their_last_is_over_and_none_after_the_end() {
        let start = Moment::now();
        let calls: Vec<_> = (0..100).map(|n| (n, 0, 10, true)).collect();
        let users = Users {
            count: 2,
            ramp: 100,
            until: 1000,
        };
        let mut agenda: Agenda<(), ()> = Agenda::new(start, source(&calls), Some(users));
        assert_eq!(agenda.taken(), 2);
        let first = agenda.take_due(start.after(10)).unwrap();
        assert_eq!(agenda.next(), Some(start.after(60)));
        agenda.ended(&first.call, start.after(30), ());
        assert_eq!(agenda.next(), Some(start.after(40)));
        assert_eq!(taken(&mut agenda, start.after(60)), [2, 1]);
        let last = Call {
            number: 2,
            session: 2,
            at: 0,
            known_at: 0,
            think: 10,
            last: true,
            step: (),
        };
        agenda.ended(&last, start.after(995), ());
        assert_eq!(agenda.next(), None);
        assert_eq!(agenda.taken(), 3);
    }

    #[test]
    fn what_was_never_due_is_found_wherever_it_is() {
        let start = Moment::default();
        let calls = [
            (1, 0, 0, false),
            (1, 0, 9, true),
            (2, 0, 0, true),
            (3, 50, 0, true),
        ];
        let mut agenda: Agenda<(), ()> = Agenda::new(start, source(&calls), None);
        assert_eq!(agenda.take_due(start).map(|due| due.call.number), Some(0));
        let rest: Vec<u64> =
            std::iter::from_fn(|| agenda.take_rest().map(|call| call.number)).collect();
        assert_eq!(rest, [1, 2, 3]);
    }
}

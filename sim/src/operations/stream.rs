//! The stream itself: sessions of many sources merged in order of time, each followed to its end.
//! It holds the sessions that are in progress, never the day.

use super::mobile::MobileStarts;
use super::{DayOperations, Session, plan_session};
use scenarios::operation::PlannedOperation;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

/// The operations of a window of one day, in order of time, without payees.
pub(super) struct Operations {
    day: Arc<DayOperations>,
    sources: Vec<Source>,
    /// When the next session of each source starts.
    next: BinaryHeap<Reverse<(u64, usize)>>,
    /// Sessions that start at one moment, in order.
    together: VecDeque<Session>,
    /// What is left of the sessions that have started, by moment, session and step.
    started: BTreeMap<(u64, u64, u32), PlannedOperation>,
    /// The next session's number.
    number: u64,
}

/// Sessions in order of their starts.
enum Source {
    /// Of the branches, by position.
    Branches(usize),
    /// Of a part of an application's traffic.
    Mobile(usize, Box<MobileStarts>),
    /// Of the enterprises that issue vouchers, by position.
    Enterprises(usize),
}

impl Operations {
    pub fn new(day: &Arc<DayOperations>) -> Self {
        let mut sources = vec![Source::Branches(0)];
        for (number, traffic) in day.played() {
            let starts = (0..traffic.cells())
                .map(|cell| MobileStarts::new(traffic, day.replication, cell, day.starts));
            sources.extend(starts.map(|starts| Source::Mobile(number, Box::new(starts))));
        }
        sources.push(Source::Enterprises(0));
        let mut operations = Self {
            day: Arc::clone(day),
            sources,
            next: BinaryHeap::new(),
            together: VecDeque::new(),
            started: BTreeMap::new(),
            number: 0,
        };
        for source in 0..operations.sources.len() {
            operations.wait_for(source);
        }
        operations
    }

    /// Notes when the source's next session starts, if there is one.
    fn wait_for(&mut self, source: usize) {
        let start = match &mut self.sources[source] {
            Source::Branches(at) => self.day.branches.start(*at),
            Source::Mobile(number, starts) => starts.peek(&self.day.traffic[*number]),
            Source::Enterprises(at) => self.day.enterprises.get(*at).map(Session::start),
        };
        self.next
            .extend(start.map(|start| Reverse((start, source))));
    }

    fn take(&mut self, source: usize) -> Option<Session> {
        match &mut self.sources[source] {
            Source::Branches(at) => {
                *at += 1;
                self.day.branches.session(*at - 1)
            }
            Source::Mobile(number, starts) => starts.take(&self.day.traffic[*number]),
            Source::Enterprises(at) => {
                *at += 1;
                self.day.enterprises.get(*at - 1).cloned()
            }
        }
    }

    /// When the next session starts.
    fn next_start(&self) -> Option<u64> {
        let waiting = self.together.front().map(Session::start);
        waiting.or_else(|| self.next.peek().map(|Reverse((start, _))| *start))
    }

    /// The next session. Of those that start at one moment the customers' names decide, then the
    /// order of the sources.
    fn next_session(&mut self) -> Option<Session> {
        if self.together.is_empty() {
            let Reverse((start, _)) = *self.next.peek()?;
            while let Some(Reverse((at, source))) = self.next.peek().copied()
                && at == start
            {
                self.next.pop();
                let session = self.take(source);
                self.together.extend(session);
                self.wait_for(source);
            }
            let together = self.together.make_contiguous();
            together.sort_by(|a, b| a.customer.cmp(&b.customer));
        }
        self.together.pop_front()
    }

    /// The operations of the next session and its copies, one after another.
    pub fn start_next(&mut self) -> Option<Vec<PlannedOperation>> {
        let session = self.next_session()?;
        let mut all = Vec::new();
        for copy in 0..super::copies(&session, self.day.volume) {
            let mobile = self.day.mobile.as_ref();
            all.extend(plan_session(&session, copy, self.number, mobile));
            self.number += 1;
        }
        Some(all)
    }
}

impl Iterator for Operations {
    type Item = PlannedOperation;

    fn next(&mut self) -> Option<PlannedOperation> {
        loop {
            let first = self.started.first_key_value().map(|(key, _)| key.0);
            match (first, self.next_start()) {
                // Sessions that start later have greater numbers.
                (Some(first), Some(start)) if first <= start => break,
                (Some(_), None) => break,
                (_, Some(_)) => {
                    let started = self.start_next().into_iter().flatten();
                    self.started
                        .extend(started.map(|it| ((it.at.0, it.session, it.step), it)));
                }
                (None, None) => return None,
            }
        }
        self.started.pop_first().map(|(_, planned)| planned)
    }
}

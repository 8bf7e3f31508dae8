//! The operations of a bank's day, one after another: from a list in memory, from a
//! recorded CSV file, from a profile, or from whoever draws them. A plan is gone through twice, once for what
//! must be there beforehand and once to be played, and never held as a whole.

use crate::error::LoadError;
use crate::profile::{BankTraffic, Session};
use scenarios::operation::{OperationReader, PlannedOperation};
use scenarios::time::SimTime;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where operations come from.
#[derive(Debug, Clone)]
pub enum Plan {
    /// A list, in the order of time.
    Listed(Arc<[PlannedOperation]>),
    /// A CSV file (`docs/operations.md`).
    Recorded(PathBuf),
    /// A plain profile on the bank's operations.
    Profile(Arc<BankTraffic>),
    /// Drawn as they are asked for, in the order of time.
    Drawn(Draw),
}

/// Draws the same operations each time.
#[derive(Clone)]
pub struct Draw(Arc<dyn Fn() -> Drawn + Send + Sync>);

type Drawn = Box<dyn Iterator<Item = PlannedOperation>>;

impl fmt::Debug for Draw {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Draw")
    }
}

/// The operations of a plan.
pub enum Operations {
    /// From a list.
    Listed(Arc<[PlannedOperation]>, usize),
    /// From a file.
    Recorded(PathBuf, Box<OperationReader<BufReader<File>>>),
    /// From a profile: its sessions, and what is left of the latest.
    Profile {
        traffic: Arc<BankTraffic>,
        sessions: Box<dyn Iterator<Item = Result<Session, LoadError>>>,
        known_at: SimTime,
        waiting: VecDeque<PlannedOperation>,
    },
    /// As they are drawn.
    Drawn(Drawn),
}

impl Plan {
    /// A list, in the order of time.
    pub fn listed(operations: impl Into<Arc<[PlannedOperation]>>) -> Self {
        Self::Listed(operations.into())
    }

    /// Of whoever draws them, in the order of time and always the same, from the first at each call.
    pub fn drawn<I>(draw: impl Fn() -> I + Send + Sync + 'static) -> Self
    where
        I: Iterator<Item = PlannedOperation> + 'static,
    {
        Self::Drawn(Draw(Arc::new(move || Box::new(draw()))))
    }

    /// Its operations from the first.
    ///
    /// # Errors
    /// [`LoadError::Recorded`] when the file cannot be read.
    pub fn operations(&self) -> Result<Operations, LoadError> {
        Ok(match self {
            Self::Listed(list) => Operations::Listed(Arc::clone(list), 0),
            Self::Recorded(path) => {
                let file = File::open(path).map_err(|why| unreadable(path, &why))?;
                let reader = OperationReader::new(BufReader::new(file));
                let reader = reader.map_err(|why| unreadable(path, &why))?;
                Operations::Recorded(path.clone(), Box::new(reader))
            }
            Self::Drawn(draw) => Operations::Drawn(draw.0()),
            Self::Profile(traffic) => Operations::Profile {
                sessions: Box::new(traffic.profile().sessions()?),
                traffic: Arc::clone(traffic),
                known_at: SimTime(0),
                waiting: VecDeque::new(),
            },
        })
    }

    /// First and last planned start, and how many operations there are; none in an empty plan.
    ///
    /// # Errors
    /// See [`Self::operations`].
    pub fn extent(&self) -> Result<Option<(SimTime, SimTime, u64)>, LoadError> {
        let mut operations = self.operations()?;
        let mut extent: Option<(SimTime, SimTime, u64)> = None;
        while let Some(at) = operations.next_with(|_, operation| operation.at) {
            let at = at?;
            let (first, last, count) = extent.unwrap_or((at, at, 0));
            extent = Some((first.min(at), last.max(at), count + 1));
        }
        Ok(extent)
    }
}

/// Finds, while a plan is gone through, which operation is the last of its session.
#[derive(Debug, Default)]
pub struct LastSteps {
    by_session: HashMap<u64, u64>,
    count: u64,
}

impl LastSteps {
    /// The next operation belongs to this session.
    pub fn next(&mut self, session: u64) {
        self.by_session.insert(session, self.count);
        self.count += 1;
    }

    /// Marks the last ones.
    pub fn marks(self) -> Marks {
        let mut marks = Marks(vec![0; self.count.div_ceil(64) as usize]);
        for number in self.by_session.into_values() {
            if let Some(word) = marks.0.get_mut((number / 64) as usize) {
                *word |= 1 << (number % 64);
            }
        }
        marks
    }
}

/// A mark for each operation of a plan, a bit each.
#[derive(Debug)]
pub struct Marks(Vec<u64>);

impl Marks {
    /// Whether the operation of this number is marked.
    pub fn has(&self, number: u64) -> bool {
        let word = self.0.get((number / 64) as usize);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

fn unreadable(path: &Path, why: &impl ToString) -> LoadError {
    LoadError::Recorded {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

impl Operations {
    /// What `read` makes of the next operation and of the moment from which it is known.
    pub fn next_with<T>(
        &mut self,
        read: impl FnOnce(SimTime, &PlannedOperation) -> T,
    ) -> Option<Result<T, LoadError>> {
        match self {
            Self::Listed(list, next) => {
                let operation = list.get(*next)?;
                *next += 1;
                Some(Ok(read(operation.at, operation)))
            }
            Self::Drawn(operations) => {
                let operation = operations.next()?;
                Some(Ok(read(operation.at, &operation)))
            }
            Self::Recorded(path, reader) => Some(match reader.next()? {
                Ok(operation) => Ok(read(operation.at, &operation)),
                Err(why) => Err(unreadable(path, &why)),
            }),
            Self::Profile {
                traffic,
                sessions,
                known_at,
                waiting,
            } => {
                while waiting.is_empty() {
                    match sessions.next()? {
                        Err(error) => return Some(Err(error)),
                        Ok(session) => {
                            *known_at = session.starts();
                            waiting.extend(traffic.operations(&session));
                        }
                    }
                }
                let operation = waiting.pop_front()?;
                Some(Ok(read(*known_at, &operation)))
            }
        }
    }
}

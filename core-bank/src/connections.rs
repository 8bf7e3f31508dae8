//! All connections at a time, and who has to go when there are too many.
//!
//! Connections that only wait must not keep out those that ask. When all places are taken and one more
//! comes, some that keep the bank waiting are ended: first those of the address that holds the most, of
//! these the ones that never asked anything, and of these the ones that have waited longest. So whoever
//! opens thousands pushes out his own, and a terminal keeps its connection. One that is being answered
//! is never ended.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{connection::ConnectionWatch, rates::subscriber};

/// The most that are ended at once: each time all are looked at.
const DISMISSED_MAX: usize = 16;

/// How often it is looked again while none could go.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often the log tells that connections were ended.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// The connections of a server.
pub struct Connections {
    most: u32,
    places: Arc<Semaphore>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    open: HashMap<u64, (IpAddr, ConnectionWatch)>,
    /// How many each address holds.
    held: HashMap<IpAddr, u32>,
    told: Option<Instant>,
}

/// The place of one connection, given back when it is dropped.
pub struct Place {
    connections: Arc<Connections>,
    number: u64,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// So many at a time.
    pub fn new(most: u64) -> Arc<Self> {
        let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        Arc::new(Self {
            most,
            places: Arc::new(Semaphore::new(most as usize)),
            table: Mutex::default(),
        })
    }

    /// A place for one that was just accepted, as soon as there is one.
    pub async fn place(self: &Arc<Self>, address: IpAddr, watch: ConnectionWatch) -> Place {
        let permit = self.permit().await;
        let address = subscriber(address);
        let mut table = self.table();
        table.last += 1;
        let number = table.last;
        table.open.insert(number, (address, watch));
        *table.held.entry(address).or_default() += 1;
        drop(table);
        Place {
            connections: Arc::clone(self),
            number,
            address,
            _permit: permit,
        }
    }

    async fn permit(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
                return permit;
            }
            self.dismiss_some();
            let acquiring = Arc::clone(&self.places).acquire_owned();
            // The places are never closed.
            if let Ok(Ok(permit)) = tokio::time::timeout(LOOK_AGAIN, acquiring).await {
                return permit;
            }
        }
    }

    fn dismiss_some(&self) {
        let mut table = self.table();
        let mut waiting: Vec<_> = table
            .open
            .values()
            .filter_map(|(address, watch)| {
                let waiting = watch.waiting()?;
                let held = table.held.get(address).copied().unwrap_or_default();
                Some((Reverse(held), waiting.asked, waiting.since, watch))
            })
            .collect();
        let few = (self.most as usize / 64).clamp(1, DISMISSED_MAX);
        waiting.sort_unstable_by_key(|(held, asked, since, _)| (*held, *asked, *since));
        waiting.truncate(few);
        for (.., watch) in &waiting {
            watch.dismiss();
        }
        if !waiting.is_empty() && table.told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
            table.told = Some(Instant::now());
            let most = self.most;
            tracing::warn!("all {most} connections are taken: those that only wait are ended");
        }
    }

    /// Returns when all have ended.
    pub async fn ended(&self) {
        // The places are never closed.
        let _ = self.places.acquire_many(self.most).await;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        table.open.remove(&self.number);
        if let Some(held) = table.held.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                table.held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection whose task ends when it is dismissed.
    async fn open(connections: &Arc<Connections>, address: &str, asked: bool) -> ConnectionWatch {
        let watch = ConnectionWatch::new();
        if asked {
            ask(&watch);
            watch.answered();
        }
        let place = connections
            .place(address.parse().unwrap(), watch.clone())
            .await;
        let ending = watch.clone();
        tokio::spawn(async move {
            ending.dismissed().await;
            drop(place);
        });
        watch
    }

    fn ask(watch: &ConnectionWatch) {
        watch.bytes_arrived(b"GET / HTTP/1.1\r\n\r\n");
        watch.head_arrived(Some(0));
    }

    fn dismissed(watch: &ConnectionWatch) -> bool {
        watch.waiting().is_none()
    }

    #[tokio::test]
    async fn whoever_holds_most_goes_first_and_of_those_the_silent_and_the_old() {
        let connections = Connections::new(6);
        let terminal = open(&connections, "10.0.0.1", true).await;
        let quiet = open(&connections, "10.0.0.2", false).await;
        let mut flood = Vec::new();
        for asked in [true, false, false, true] {
            flood.push(open(&connections, "10.0.0.3", asked).await);
        }
        for (newcomer, gone) in [
            ("10.0.1.1", [false, true, false, false]),
            ("10.0.1.2", [false, true, true, false]),
            ("10.0.1.3", [true, true, true, false]),
        ] {
            open(&connections, newcomer, true).await;
            assert_eq!([0, 1, 2, 3].map(|at| dismissed(&flood[at])), gone);
        }
        assert!(!dismissed(&terminal) && !dismissed(&quiet));
        // Once all hold one each the silent go first.
        open(&connections, "10.0.1.4", true).await;
        assert!(!dismissed(&terminal) && dismissed(&quiet));
    }

    #[tokio::test]
    async fn one_that_is_being_answered_is_never_ended_and_newcomers_wait() {
        let connections = Connections::new(1);
        let watch = open(&connections, "10.0.0.1", false).await;
        ask(&watch);
        let newcomer = open(&connections, "10.0.0.2", false);
        tokio::pin!(newcomer);
        let early = tokio::time::timeout(Duration::from_millis(300), newcomer.as_mut()).await;
        assert!(early.is_err());
        watch.answered();
        let late = tokio::time::timeout(Duration::from_secs(5), newcomer).await;
        assert!(late.is_ok() && dismissed(&watch));
    }
}

//! What one operation at a time is said on: a connection of its own, or one of the many
//! streams of a connection in HTTP/2.

use crate::clock::Moment;
use crate::connection::{Connection, Exchange, Message, Said};
use crate::endpoint::{Endpoint, Version};
use crate::http2::Multiplexer;
use std::rc::Rc;
use std::time::Duration;

/// Exchanges that one connection in HTTP/2 carries at a time.
pub const STREAMS: u32 = 100;

/// A line to the target.
pub enum Line {
    /// A connection in HTTP/1.1.
    Own(Box<Connection>),
    /// A place on a connection in HTTP/2.
    Shared(Rc<Multiplexer>),
}

impl Line {
    /// Sends a message of the bank's kind and waits for the whole answer.
    pub async fn exchange(&mut self, message: &Message, written: impl FnMut(Moment)) -> Exchange {
        let bearer = message.bearer();
        let (headers, count) = message.headers(bearer.as_deref());
        self.say(&message.said(&headers[..count]), written).await
    }

    /// Sends a request and waits for the whole answer. `written` hears when it is handed
    /// to the socket.
    pub async fn say(&mut self, said: &Said<'_>, written: impl FnMut(Moment)) -> Exchange {
        match self {
            Self::Own(connection) => connection.say(said, written).await,
            Self::Shared(connection) => connection.say(said, written).await,
        }
    }
}

/// The lines of a run.
pub struct Lines {
    endpoint: Endpoint,
    limit: Duration,
    shared: Vec<Rc<Multiplexer>>,
}

impl Lines {
    /// Over at most so many connections.
    pub fn new(endpoint: &Endpoint, connections: u32, limit: Duration) -> Self {
        let shared = match endpoint.version() {
            Version::Http1 => 0,
            Version::Http2 => connections,
        };
        Self {
            endpoint: endpoint.clone(),
            limit,
            shared: (0..shared)
                .map(|_| Rc::new(Multiplexer::new(endpoint, limit)))
                .collect(),
        }
    }

    /// The line of a place; the streams of one connection are filled before the next.
    pub fn line(&self, place: usize) -> Line {
        match self.shared.len() {
            0 => Line::Own(Box::new(Connection::new(&self.endpoint, self.limit))),
            count => {
                let connection = place / STREAMS as usize % count;
                Line::Shared(Rc::clone(&self.shared[connection]))
            }
        }
    }
}

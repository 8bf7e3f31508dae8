//! The load of the mobile bank: customers whose phones have logged in, and each transfer authorised by the
//! code of a message (SMS).
//!
//! Logging in, asking for the authorisation and reading the message come before the row, since a person
//! does them minutes apart. What is measured is the transfer: the session, the code, the limits of the
//! day, the key, the ledger, the journal, figures, request id and a line of log.

use std::{
    cell::Cell,
    fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    client::{Beside, Load, Played, connect, exchange, fresh_key, post},
    replay::City,
    server::Server,
};

/// Connections of what comes before the row.
const PREPARING: usize = 32;

/// Authorisations of one customer that may wait at a time.
const WAITING_MAX: usize = 4;

/// A prime, so that payers come in another order than that of their accounts and none twice before
/// all others.
const STRIDE: usize = 7_368_787;

/// A seeded customer.
pub struct Person {
    pub customer: String,
    pub account: String,
    pub phone: String,
    pub device_token: String,
}

/// A bank and the customers whose phones have logged in.
pub struct Mobile<'a> {
    load: Load<'a>,
    log: Option<&'a Path>,
    people: &'a [Person],
    /// Of each of them.
    sessions: Vec<String>,
}

/// A transfer with its code, by the places of payer and payee.
struct Authorised {
    from: usize,
    to: usize,
    id: String,
    code: String,
}

impl<'a> Mobile<'a> {
    /// Has all of them log in. The server writes its log to this file, if anywhere.
    pub fn log_in(server: &'a Server, city: &'a City, log: Option<&'a Path>) -> Self {
        let people = &city.people;
        let load = Load {
            server,
            accounts: &city.texts,
        };
        let sessions = by_many(load.server, people.len(), &|stream, place| {
            let body = json!({
                "customer": people[place].customer,
                "device_token": people[place].device_token,
                "channel": "mobile",
            });
            let answer = write(stream, "/v1/sessions", "", &body);
            text(&answer, "session")
        });
        Self {
            load,
            log,
            people,
            sessions,
        }
    }

    /// Pays as fast as the answers come, at most so many times: that many authorisations are asked for
    /// first, as far as customers may have them waiting, and are good for five minutes.
    pub fn pay(&self, connections: u32, time: Duration, at_most: usize) -> Beside {
        let count = at_most.min(self.people.len() * WAITING_MAX);
        let authorised = by_many(self.load.server, count, &|stream, number| {
            self.authorise(stream, number)
        });
        self.load.server.rest();
        let paying = || self.pay_by(&authorised, connections, time);
        self.load.beside_parse(connections, time, paying)
    }

    fn pay_by(&self, authorised: &[Authorised], connections: u32, time: Duration) -> Played {
        let logged = self.lines();
        let next = Cell::new(0);
        let played = self.load.closed_with(connections, time, &|| {
            let number = next.replace(next.get() + 1);
            authorised.get(number).map(|found| self.transfer(found))
        });
        let (requests, records) = played.decided();
        assert_eq!(requests, records, "a transfer is a record");
        // Longer than a line of log waits.
        self.load.server.rest();
        let logged = self.lines() - logged;
        assert!(
            self.log.is_none() || logged as u64 >= requests,
            "{logged} lines of log"
        );
        played
    }

    /// The server's memory in MiB: now and at most.
    pub fn memory(&self) -> (f64, f64) {
        self.load.server.resident_mib()
    }

    /// Lines of the log so far.
    fn lines(&self) -> usize {
        self.log.map_or(0, |log| {
            let log = fs::File::open(log).unwrap();
            BufReader::new(log).lines().count()
        })
    }

    fn authorise(&self, stream: &mut BufReader<TcpStream>, number: usize) -> Authorised {
        let all = self.people.len();
        let from = number * STRIDE % all;
        let to = (from + 1 + number * 31 % (all - 1)) % all;
        let payer = &self.people[from];
        let body = json!({
            "medium": "sms",
            "from": payer.account,
            "to": self.people[to].account,
            "amount": "0.01",
            "phone": payer.phone,
            "account_tail": payer.account[payer.account.len() - 6..],
        });
        let asked = write(stream, "/v1/authorisations", &self.sessions[from], &body);
        let id = text(&asked, "authorisation");
        let head = format!(
            "GET /v1/test/outbox/{id} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {}\r\n\r\n",
            self.load.server.tokens.operator
        );
        let message = read(&exchange(stream, &head));
        let code = text(&message, "code");
        Authorised { from, to, id, code }
    }

    fn transfer(&self, authorised: &Authorised) -> String {
        let Authorised { from, to, id, code } = authorised;
        let body = format!(
            "{{\"from\":\"{}\",\"to\":\"{}\",\"amount\":\"0.01\",\"authorisation\":{{\"id\":\"{id}\",\"code\":\"{code}\"}}}}",
            self.people[*from].account, self.people[*to].account
        );
        let session = &self.sessions[*from];
        post("/v1/transfers", session, fresh_key(), &body)
    }
}

/// Asks `count` times over several connections; the answers in their order.
fn by_many<T: Send>(
    server: &Server,
    count: usize,
    ask: &(dyn Fn(&mut BufReader<TcpStream>, usize) -> T + Sync),
) -> Vec<T> {
    let part = count.div_ceil(PREPARING).max(1);
    thread::scope(|scope| {
        let asking: Vec<_> = (0..count)
            .step_by(part)
            .map(|begin| {
                scope.spawn(move || {
                    let mut stream = connect(server);
                    let places = begin..count.min(begin + part);
                    let answers = places.map(|place| ask(&mut stream, place));
                    answers.collect::<Vec<_>>()
                })
            })
            .collect();
        let answers = asking.into_iter().map(|thread| thread.join().unwrap());
        answers.flatten().collect()
    })
}

fn write(stream: &mut BufReader<TcpStream>, path: &str, token: &str, body: &Value) -> Value {
    let request = post(path, token, fresh_key(), &body.to_string());
    read(&exchange(stream, &request))
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn text(document: &Value, member: &str) -> String {
    document[member].as_str().unwrap().to_owned()
}

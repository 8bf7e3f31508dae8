//! The matrix of rights: every endpoint of the description with every kind of token.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    bank_process::{BankProcess, Response, post_bytes},
    table::{Row, rows},
    things::Town,
    world::{
        LOG_IN_CHANNELS, Names, Resident, TERMINALS, described, filled, names_of, operations, send,
        token_of,
    },
};

const CHANNELS: [&str; 9] = [
    "counter",
    "kiosk",
    "atm",
    "acquirer",
    "operator",
    "reviewer",
    "mobile",
    "online",
    "messenger",
];

#[test]
fn every_endpoint_has_its_row_in_the_table_of_rights_and_says_the_same_in_its_description() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let description = described(&bank);
    let mut described: BTreeSet<String> = BTreeSet::new();
    let rows = rows();
    for (method, path, operation) in operations(&description) {
        let address = format!("{method} {path}");
        let row = rows
            .iter()
            .find(|row| (&row.method, &row.path) == (&method, &path))
            .unwrap_or_else(|| {
                panic!("{address}: who may ask? Add its row to tests/edge/endpoints.txt")
            });
        let channels = operation["x-channels"].as_array().unwrap().iter();
        let channels: BTreeSet<String> = channels
            .map(|channel| channel.as_str().unwrap().to_owned())
            .collect();
        let tokens: BTreeSet<String> = row
            .who
            .iter()
            .filter(|who| CHANNELS.contains(&who.as_str()))
            .cloned()
            .collect();
        assert_eq!(channels, tokens, "{address}");
        described.insert(address);
    }
    for row in &rows {
        let address = format!("{} {}", row.method, row.path);
        assert!(described.contains(&address), "{address} is not described");
    }
}

#[test]
fn every_endpoint_lets_in_whom_its_row_names_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let town = Town::found(&bank);
    let mut number = 0;
    let shut = shut_channels(&bank, &settle_next(&bank, &mut number));
    let other = settle_next(&bank, &mut number);
    // Sits at terminals all the time; of sessions beyond a customer's sixteen the oldest end.
    let sitter = settle_next(&bank, &mut number);
    for row in &rows() {
        let resident = settle_next(&bank, &mut number);
        let names = names_of(&bank, &town, (&resident, &other), &row.text());
        let asked = Asked {
            bank: &bank,
            town: &town,
            row,
            names: &names,
        };
        asked.without_a_token();
        asked.with_tokens_that_open_nothing(&resident);
        asked.where_the_channel_was_closed(&shut);
        asked.by_whom_the_row_does_not_name(&resident);
        asked.with_somebody_elses_session(&other);
        asked.at_a_terminal_where_somebody_else_sits(&sitter);
        asked.by_whom_the_row_names(&other, &mut number);
    }
}

/// Sessions whose channel their holder closed, by channel.
type Shut = Vec<(&'static str, String)>;

fn shut_channels(bank: &BankProcess, resident: &Resident) -> Shut {
    let path = format!("/v1/customers/{}/channels", resident.person.customer);
    let sessions = ["online", "messenger", "kiosk", "atm"].map(|channel| {
        let session = match channel {
            "kiosk" | "atm" => resident.sit_down(bank, channel),
            _ => resident.sessions[channel].clone(),
        };
        (channel, session)
    });
    for (channel, _) in &sessions {
        let wish = json!({"channel": channel, "open": false});
        let mobile = &resident.sessions["mobile"];
        bank.client().post(mobile, &path, &wish).expect(201);
    }
    sessions.into()
}

/// One endpoint's request, to be sent with many a token.
#[derive(Clone, Copy)]
struct Asked<'a> {
    bank: &'a BankProcess,
    town: &'a Town,
    row: &'a Row,
    names: &'a Names,
}

impl Asked<'_> {
    fn with(&self, token: Option<&str>) -> Response {
        let path = filled(&self.row.path, self.names);
        let body = self.row.body.as_ref().map(|body| filled(body, self.names));
        send(self.bank, token, &self.row.method, &path, body.as_deref())
    }

    fn address(&self) -> String {
        format!("{} {}", self.row.method, self.row.path)
    }

    fn wants_token(&self) -> bool {
        !self.row.who.contains("visitor") && !self.row.who.contains("anyone")
    }

    fn is(&self, answer: &Response, status: u16, code: &str, who: &str) {
        let found = (answer.status, answer.code());
        assert_eq!(found, (status, code), "{} {who}", self.address());
    }

    fn without_a_token(&self) {
        let answer = self.with(None);
        if self.wants_token() {
            self.is(&answer, 401, "unauthenticated", "without a token");
        } else {
            assert!(answer.status < 400, "{}: {answer:?}", self.address());
        }
    }

    /// Sessions of channels that were closed, wherever the channel may ask at all.
    fn where_the_channel_was_closed(&self, shut: &Shut) {
        for (channel, token) in shut.iter().filter(|it| self.row.who.contains(it.0)) {
            let who = format!("out of a closed channel, {channel}");
            self.is(&self.with(Some(token)), 401, "unauthenticated", &who);
        }
    }

    /// Tokens of nobody, of a session that its holder ended, of one that was ended from afar, and a
    /// device's, which only logs in.
    fn with_tokens_that_open_nothing(&self, resident: &Resident) {
        if !self.wants_token() {
            return;
        }
        let (bank, mut client) = (self.bank, self.bank.client());
        let left = resident.log_in(bank, "mobile");
        client.delete(
            &left,
            &crate::bank_process::fresh_key(),
            "/v1/sessions/current",
        );
        let ended = resident.log_in(bank, "mobile");
        let id = resident.session_ids(bank).last().unwrap().clone();
        let wish = json!({"session": id});
        let mobile = &resident.sessions["mobile"];
        client
            .post(mobile, "/v1/sessions/terminations", &wish)
            .expect(201);
        let unknown = "0".repeat(64);
        let tokens = [
            ("of nobody", unknown.as_str()),
            ("that is empty", ""),
            ("of a session that was left", &left),
            ("of a session that was ended from afar", &ended),
            ("of a device", &resident.device_token),
        ];
        for (who, token) in tokens {
            // A log-out of an ended session under a new key is none, either.
            self.is(&self.with(Some(token)), 401, "unauthenticated", who);
        }
    }

    fn by_whom_the_row_does_not_name(&self, resident: &Resident) {
        if !self.wants_token() {
            return;
        }
        for channel in CHANNELS.iter().filter(|c| !self.row.who.contains(**c)) {
            let answer = self.with(Some(&token_of(self.bank, resident, channel)));
            self.is(&answer, 403, "forbidden", channel);
        }
    }

    fn with_somebody_elses_session(&self, other: &Resident) {
        let Some((status, code)) = &self.row.others else {
            return;
        };
        for channel in LOG_IN_CHANNELS
            .iter()
            .filter(|c| self.row.who.contains(**c))
        {
            let answer = self.with(Some(&other.sessions[channel]));
            self.is(&answer, *status, code, "somebody else's session");
        }
    }

    /// A terminal acts for whoever sits at it and nobody else; for nobody when they have left, and not
    /// for who sits at another.
    fn at_a_terminal_where_somebody_else_sits(&self, sitter: &Resident) {
        for terminal in TERMINALS.iter().filter(|it| self.row.who.contains(**it)) {
            let here = sitter.sit_down(self.bank, terminal);
            if let Some((status, code)) = &self.row.others {
                self.is(
                    &self.with(Some(&here)),
                    *status,
                    code,
                    "where somebody else sits",
                );
            }
            let (token, session) = here.split_once(": ").unwrap();
            let other = TERMINALS.iter().find(|it| *it != terminal).unwrap();
            let swapped = token.replace(
                &token_of(self.bank, sitter, terminal),
                &token_of(self.bank, sitter, other),
            );
            let swapped = self.with(Some(&format!("{swapped}: {session}")));
            let shut = ["unauthenticated", "forbidden"];
            assert!(
                shut.contains(&swapped.code()),
                "{}: {swapped:?}",
                self.address()
            );
            let left = self.bank.client().delete(
                &here,
                &crate::bank_process::fresh_key(),
                "/v1/terminal-sessions/current",
            );
            left.expect(200);
            let gone = self.with(Some(&here));
            self.is(&gone, 401, "unauthenticated", "where somebody sat");
        }
    }

    /// Whoever is named passes the door; what the bank then decides is another test's affair. Each
    /// asks for a person of its own, since some requests end sessions.
    fn by_whom_the_row_names(&self, other: &Resident, number: &mut u32) {
        for channel in &self.row.who {
            let resident = settle_next(self.bank, number);
            let asked = Asked {
                names: &names_of(self.bank, self.town, (&resident, other), &self.row.text()),
                ..*self
            };
            let answer = asked.with(Some(&token_of(self.bank, &resident, channel)));
            let shut = [
                "unauthenticated",
                "forbidden",
                "not_found",
                "method_not_allowed",
            ];
            assert!(
                answer.status < 500 && !shut.contains(&answer.code()),
                "{} as {channel}: {answer:?}",
                self.address()
            );
            // What others do not find is there: a refusal of others proves something.
            if let Some((_, hidden)) = &self.row.others {
                assert_ne!(answer.code(), hidden, "{} as {channel}", self.address());
            }
        }
    }
}

fn settle_next(bank: &BankProcess, number: &mut u32) -> Resident {
    *number += 1;
    Resident::settle(bank, *number)
}

/// The one route that is no endpoint: it reads a body, for the benchmarks, and knows nobody.
#[test]
fn the_route_that_only_reads_is_there_for_tests_alone_and_writes_nothing() {
    let order = br#"{"from":"6200001000000000033","to":"6200001000000000041","amount":"1.00"}"#;
    for (options, status) in [("", 201), ("honest", 404)] {
        let data = tempfile::tempdir().unwrap();
        let bank = BankProcess::start(data.path(), options);
        for _ in 0..2 {
            let request = post_bytes("", "parse", "/v1/test/parse", order);
            let answer = bank.client().exchange(&request).unwrap();
            assert_eq!(answer.status, status, "{options}: {answer:?}");
        }
        let worse = br#"{"from":"6200001000000000033","to":"6200001000000000041","amount":"-1"}"#;
        let request = post_bytes("", "parse", "/v1/test/parse", worse);
        let answer = bank.client().exchange(&request).unwrap();
        let refused = if status == 404 { 404 } else { 422 };
        assert_eq!(answer.status, refused, "{options}: {answer:?}");
        let ready = bank.client().get("", "/readyz").expect(200);
        assert_eq!(ready.body["seq"], 0);
    }
}

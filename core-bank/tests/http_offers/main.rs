//! The mall, welfare, campaigns, appointments and social security over HTTP, under load where a
//! promise has to hold under load.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod appointments;
#[path = "../bank_process/mod.rs"]
mod bank_process;
mod campaigns;
mod mall;
mod sessions;
mod social_security;
mod welfare;

use serde_json::{Value, json};

use crate::bank_process::{BankProcess, Client, Response};

const CLOCK: &str = "clock=2026-06-09T10:00+08:00";

fn start(options: &str) -> (tempfile::TempDir, BankProcess) {
    let folder = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(folder.path(), &format!("{CLOCK} {options}"));
    (folder, bank)
}

fn operator(bank: &BankProcess, path: &str, body: &Value) -> Response {
    bank.client().post(&bank.tokens.operator, path, body)
}

fn list_goods(bank: &BankProcess, price: &str, stock: u32) -> String {
    let goods = json!({"name": "阿胶", "price": price, "stock": stock});
    operator(bank, "/v1/mall/goods", &goods)
        .expect(201)
        .text("goods")
}

/// Asks for the authorisation of a payment by SMS: the payment with its proof.
fn authorised(client: &mut Client, bank: &BankProcess, session: &str, payment: &Value) -> Value {
    let from = payment["from"].as_str().unwrap();
    let mut wish = payment.clone();
    wish["medium"] = json!("sms");
    wish["phone"] = json!("13800000000");
    wish["account_tail"] = json!(from[from.len() - 6..]);
    let asked = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201);
    let id = asked.text("authorisation");
    let sent = client.get(&bank.tokens.operator, &format!("/v1/test/outbox/{id}"));
    let mut payment = payment.clone();
    payment["authorisation"] = json!({"id": id, "code": sent.expect(200).text("code")});
    payment
}

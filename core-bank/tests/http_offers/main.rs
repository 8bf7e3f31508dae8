//! The mall, welfare, campaigns, appointments and social security over HTTP, under load where a
//! promise has to hold under load.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod appointments;
#[path = "../bank_process/mod.rs"]
mod bank_process;
mod campaigns;
mod cancellations;
mod mall;
mod sessions;
mod social_security;
mod welfare;

use serde_json::{Value, json};

use crate::bank_process::{BankProcess, Response};

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

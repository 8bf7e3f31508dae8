//! The one text of a payment that codes are computed over and U-shields sign.

use crate::rules::{AuthorisationId, Order, Payee};

/// Five lines after the head: the authorisation, the payer's account, the payee's bank (empty for
/// this one), the payee's account, the amount with two decimals; each ends with a line feed. Every
/// line has a grammar without line feeds, so two payments never share a text.
pub fn transfer_text(id: AuthorisationId, order: &Order) -> String {
    let none = String::new;
    let from = order.from.map_or_else(none, |from| from.to_string());
    let (bank, to) = match &order.payee {
        Payee::Here(to) => ("", to.map_or_else(none, |to| to.to_string())),
        Payee::Elsewhere { account, bank } => (bank.as_str(), account.clone()),
    };
    let amount = order.amount;
    format!("branchlab-transfer-1\n{id}\n{from}\n{bank}\n{to}\n{amount}\n")
}

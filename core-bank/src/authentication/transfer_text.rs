//! The one text of a payment that codes are computed over and U-shields sign.

use crate::rules::{Amount, AuthorisationId, Bill, Order, Payee, VoucherKind};

/// Of a transfer five lines after the head: the authorisation, the payer's account, the payee's bank
/// (empty for this one), the payee's account, the amount with two decimals. Of a bill payment six: its
/// kind, the biller and the reference stand in place of the payee. Of orders and batches five, with a
/// word in small letters for a bank, which no bank's code is, and what is bought for an account. Each
/// line ends with a line feed and has a grammar without line feeds, so two payments never share a text.
pub fn transfer_text(id: AuthorisationId, order: &Order) -> String {
    let none = String::new;
    let from = order.from.map_or_else(none, |from| from.to_string());
    let (bank, to) = match &order.payee {
        Payee::Here(to) => ("", to.map_or_else(none, |to| to.to_string())),
        Payee::Elsewhere { account, bank } => (bank.as_str(), account.clone()),
        Payee::Biller(bill) => return bill_text(id, &from, bill, order.amount),
        Payee::Mall(wish) => {
            let goods = wish.goods.map_or_else(none, |goods| goods.to_string());
            let (quantity, points) = (wish.quantity, wish.points);
            let address = wish.address.as_str();
            ("mall", format!("{goods} {quantity} {points} {address}"))
        }
        Payee::Welfare(wish) => {
            let kind = match wish.kind {
                VoucherKind::Card => "card",
                VoucherKind::Voucher => "voucher",
            };
            (
                "welfare",
                format!("{kind} {} {}", wish.count, wish.face_value),
            )
        }
    };
    let amount = order.amount;
    format!("branchlab-transfer-1\n{id}\n{from}\n{bank}\n{to}\n{amount}\n")
}

fn bill_text(id: AuthorisationId, from: &str, bill: &Bill, amount: Amount) -> String {
    let (kind, biller, reference) = (bill.kind.name(), &bill.biller, &bill.reference);
    format!("branchlab-bill-1\n{id}\n{from}\n{kind}\n{biller}\n{reference}\n{amount}\n")
}

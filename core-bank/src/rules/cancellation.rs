//! Taking back an order of the mall that was not sent: the money, the points, the voucher and the goods
//! go where they came from in one decision, or nothing of it happens.
//!
//! The state knows of an order that it waits to be sent and whose it is, and no more. What it moved
//! stands in its record, which never changes, so the command carries what the record tells, as a return
//! does.

use serde::{Deserialize, Serialize};

use super::{
    decide::{Decision, Desk},
    fact::Fact,
    ids::{CustomerId, GoodsId, OrderId, VoucherId},
    ledger::BookAccount,
    mall::MallFact,
    money::Fen,
    points::{PointsReason, moved},
    refusal::RefusalCode as Code,
    state::State,
    welfare::WelfareFact,
};

/// An order as its record tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which goods.
    pub goods: GoodsId,
    /// How many.
    pub quantity: u32,
    /// What it posted.
    pub lines: Vec<(BookAccount, Fen)>,
    /// Points that paid a part of it.
    pub spent: i64,
    /// Points that came in with it.
    pub earned: i64,
    /// The voucher that paid for it.
    pub voucher: Option<VoucherId>,
}

impl Placed {
    /// The order that these facts of a record made, when they made one.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Self> {
        let mut placed = None;
        let (mut lines, mut spent, mut earned, mut voucher) = (Vec::new(), 0, 0, None);
        for fact in facts {
            match fact {
                Fact::Mall(MallFact::Ordered {
                    order,
                    customer,
                    goods,
                    quantity,
                    ..
                }) => placed = Some((*order, *customer, *goods, *quantity)),
                Fact::Welfare(WelfareFact::Redeemed { voucher: by, .. }) => voucher = Some(*by),
                Fact::MoneyMoved { postings, .. } => {
                    lines.extend(postings.iter().map(|line| (line.account, line.amount)));
                }
                Fact::PointsMoved { change, .. } if *change < 0 => spent = change.saturating_neg(),
                Fact::PointsMoved { change, .. } => earned = *change,
                _ => {}
            }
        }
        let (order, customer, goods, quantity) = placed?;
        Some(Self {
            order,
            customer,
            goods,
            quantity,
            lines,
            spent,
            earned,
            voucher,
        })
    }
}

impl Desk<'_> {
    /// Its customer takes back an order, or the operator one that cannot be sent.
    pub(super) fn cancel_order(&self, placed: Option<&Placed>) -> Decision {
        let own = |placed: &&Placed| self.by.sees(placed.customer);
        let placed = placed.filter(own).ok_or(Code::OrderNotFound)?;
        if self.state.mall.customer_of_open(placed.order) != Some(placed.customer) {
            return Err(Code::OrderClosed.into());
        }
        let mut back = Vec::with_capacity(placed.lines.len());
        for &(account, amount) in &placed.lines {
            if let BookAccount::Customer(number) = account {
                self.any_account(Some(number))?;
            }
            back.push((account, Fen(amount.0.saturating_neg())));
        }
        let (customer, order) = (placed.customer, placed.order);
        let mut facts = vec![Fact::Mall(MallFact::Cancelled {
            order,
            customer,
            goods: placed.goods,
            quantity: placed.quantity,
        })];
        if let Some(voucher) = placed.voucher {
            facts.push(Fact::Welfare(WelfareFact::Restored { voucher, order }));
        }
        self.movement(None, &back, &mut facts)?;
        let held = self.state.points(customer);
        let refunded = held.checked_add(placed.spent);
        let refunded = refunded.ok_or(Code::BalanceOverflow)?;
        // Nobody has fewer points than none. Who spent what an order earned and then cancels it would
        // keep the points; whose order the bank cannot send is not made to wait for the money.
        let taken = match self.by.customer() {
            Some(_) if refunded < placed.earned => return Err(Code::PointsSpent.into()),
            Some(_) => placed.earned,
            None => placed.earned.min(refunded),
        };
        let changes = [placed.spent, taken.saturating_neg()];
        let mut held = held;
        for change in changes.into_iter().filter(|change| *change != 0) {
            let told = moved(customer, PointsReason::OrderCancelled, (held, change));
            let (after, fact) = told.ok_or(Code::BalanceOverflow)?;
            held = after;
            facts.push(fact);
        }
        Ok(facts)
    }
}

type Folded = Result<(), &'static str>;

impl State {
    /// The goods are there again, and the order waits no longer.
    pub(super) fn cancel(
        &mut self,
        (order, customer): (OrderId, CustomerId),
        (goods, quantity): (GoodsId, u32),
    ) -> Folded {
        if self.mall.customer_of_open(order) != Some(customer) {
            return Err("the order is not open");
        }
        self.mall.close(order);
        self.mall.put_back(goods, quantity)
    }
}

//! The mall: a catalogue, orders that are paid in money and points at once, parcels.
//!
//! An order is one decision: the stock shrinks, the money leaves the account, the points leave their
//! holder and what the order earns comes in, or nothing of it happens.

use serde::{Deserialize, Serialize};

use super::{
    cancellation::Placed,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CustomerId, GoodsId, OrderId},
    ledger::{BookAccount, LedgerAccount},
    money::{Amount, Fen},
    operation::Operation,
    payment::Order,
    points::{PointsReason, PointsTerms, moved},
    refusal::{Refusal, RefusalCode as Code},
    state::{State, Step},
    table::Table,
    text::{Address, Label},
};

/// Goods that may be for sale at a time. What is sold out stays in the catalogue and counts no longer.
const GOODS_MAX: usize = 1_000;

/// What the operator of the mall wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MallCommand {
    /// Order without a medium, which is refused: out of a session nothing is paid without one.
    Order {
        /// The payment, whose payee is the mall.
        order: Order,
    },
    /// Take goods into the catalogue.
    ListGoods {
        /// What they are called.
        name: Label,
        /// What one costs.
        price: Amount,
        /// How many there are.
        stock: u32,
    },
    /// Send what was ordered.
    Dispatch {
        /// The order.
        order: Option<OrderId>,
        /// The carrier's name for the parcel.
        parcel: Label,
    },
    /// Take back an order that was not sent.
    Cancel {
        /// The order as its record tells it; `None` when there is none.
        placed: Option<Box<Placed>>,
    },
}

impl MallCommand {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Order { .. } => Operation::Mall,
            Self::ListGoods { .. } => Operation::GoodsListing,
            Self::Dispatch { .. } => Operation::OrderDispatch,
            Self::Cancel { .. } => Operation::OrderCancellation,
        }
    }
}

/// What a customer wants from the mall; the price in money is the amount of the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MallWish {
    /// Which goods.
    pub goods: Option<GoodsId>,
    /// How many, at least one.
    pub quantity: u32,
    /// How much of the price points are to pay.
    pub points: u32,
    /// Where the parcel goes.
    pub address: Address,
}

/// What happened in the mall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MallFact {
    /// Goods came into the catalogue.
    GoodsListed {
        /// Which.
        goods: GoodsId,
        /// What they are called.
        name: Label,
        /// What one costs.
        price: Amount,
        /// How many there are.
        stock: u32,
    },
    /// Goods were ordered.
    Ordered {
        /// The order.
        order: OrderId,
        /// Whose it is.
        customer: CustomerId,
        /// Which goods.
        goods: GoodsId,
        /// How many.
        quantity: u32,
        /// What was paid in money.
        paid: Fen,
        /// What was paid in points.
        points: u32,
        /// Where the parcel goes.
        address: Address,
    },
    /// A parcel is on its way.
    Dispatched {
        /// The order in it.
        order: OrderId,
        /// Who waits for it.
        customer: CustomerId,
        /// The carrier's name for it.
        parcel: Label,
    },
    /// An order was taken back.
    Cancelled {
        /// The order.
        order: OrderId,
        /// Whose it was.
        customer: CustomerId,
        /// The goods that are there again.
        goods: GoodsId,
        /// How many.
        quantity: u32,
    },
}

/// Goods of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goods {
    /// What they are called.
    pub name: Label,
    /// What one costs.
    pub price: Amount,
}

/// The mall as it stands. Orders are here until they are sent or cancelled; the projection lists them
/// all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mall {
    goods: Table<GoodsId, Goods>,
    /// Apart from the goods, because every order changes it.
    stock: Table<GoodsId, u32>,
    open: Table<OrderId, CustomerId>,
}

impl Mall {
    pub(super) fn each_table(&mut self, step: Step) {
        step.take(&mut self.goods);
        step.take(&mut self.stock);
        step.take(&mut self.open);
    }

    /// Goods by id.
    pub fn goods(&self, id: GoodsId) -> Option<&Goods> {
        self.goods.get(&id)
    }

    /// How many there are of them.
    pub fn stock(&self, id: GoodsId) -> u32 {
        self.stock.get(&id).copied().unwrap_or(0)
    }

    /// Whose an order is that waits to be sent.
    pub(super) fn customer_of_open(&self, order: OrderId) -> Option<CustomerId> {
        self.open.get(&order).copied()
    }

    /// An order waits no longer.
    pub(super) fn close(&mut self, order: OrderId) {
        self.open.remove(&order);
    }

    /// So many goods are there again.
    pub(super) fn put_back(&mut self, goods: GoodsId, quantity: u32) -> Result<(), &'static str> {
        let stock = self.stock.edit(&goods).ok_or("the goods do not exist")?;
        *stock = stock.checked_add(quantity).ok_or("the stock overflows")?;
        Ok(())
    }

    /// The catalogue in order of id, those after `last` or all of them.
    pub fn catalogue_after(
        &self,
        last: Option<GoodsId>,
    ) -> impl Iterator<Item = (GoodsId, &Goods, u32)> {
        let goods = self.goods.after(last);
        goods.map(|(id, goods)| (*id, goods, self.stock(*id)))
    }
}

/// What an order costs, and what of it points pay.
struct Bill {
    goods: GoodsId,
    price: Fen,
    by_points: Fen,
}

impl Desk<'_> {
    pub(super) fn run_mall(&self, command: &MallCommand) -> Decision {
        match command {
            MallCommand::Order { order } => self.plain_payment(order),
            MallCommand::ListGoods { name, price, stock } => {
                let for_sale = self.state.mall.stock.iter().filter(|(_, left)| **left > 0);
                if for_sale.count() >= GOODS_MAX {
                    return Err(Code::CatalogueFull.into());
                }
                Ok(vec![Fact::Mall(MallFact::GoodsListed {
                    goods: GoodsId::of_seq(self.state.next_seq()),
                    name: name.clone(),
                    price: *price,
                    stock: *stock,
                })])
            }
            MallCommand::Dispatch { order, parcel } => {
                let order = order.ok_or(Code::OrderNotFound)?;
                let customer = self.state.mall.customer_of_open(order);
                Ok(vec![Fact::Mall(MallFact::Dispatched {
                    order,
                    customer: customer.ok_or(Code::OrderNotFound)?,
                    parcel: parcel.clone(),
                })])
            }
            MallCommand::Cancel { placed } => self.cancel_order(placed.as_deref()),
        }
    }

    /// The goods and their price, when there are so many.
    pub(super) fn in_stock(
        &self,
        goods: Option<GoodsId>,
        quantity: u32,
    ) -> Result<(GoodsId, Fen), Refusal> {
        let id = goods.ok_or(Code::GoodsNotFound)?;
        let goods = self.state.mall.goods(id).ok_or(Code::GoodsNotFound)?;
        if self.state.mall.stock(id) < quantity {
            return Err(Code::GoodsSoldOut.into());
        }
        let price = goods.price.fen().0.checked_mul(i64::from(quantity));
        Ok((id, Fen(price.ok_or(Code::AmountTooLarge)?)))
    }

    /// Whether goods, price and points are as the customer says.
    fn bill(&self, wish: &MallWish, amount: Amount, owner: CustomerId) -> Result<Bill, Refusal> {
        let (goods, price) = self.in_stock(wish.goods, wish.quantity)?;
        let by_points = PointsTerms::worth(wish.points).ok_or(Code::PointsShare)?;
        if PointsTerms::share_of(price).is_none_or(|most| by_points > most) {
            return Err(Code::PointsShare.into());
        }
        if amount.fen().checked_add(by_points) != Some(price) {
            return Err(Code::PriceDiffers.into());
        }
        if self.state.points(owner) < i64::from(wish.points) {
            return Err(Code::PointsInsufficient.into());
        }
        Ok(Bill {
            goods,
            price,
            by_points,
        })
    }

    pub(super) fn orderable(
        &self,
        wish: &MallWish,
        amount: Amount,
        owner: CustomerId,
    ) -> Result<(), Refusal> {
        self.bill(wish, amount, owner).map(drop)
    }

    /// The order itself: stock, money and points together.
    pub(super) fn order_facts(
        &self,
        (payer, owner): (AccountNumber, CustomerId),
        wish: &MallWish,
        amount: Amount,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Refusal> {
        let bill = self.bill(wish, amount, owner)?;
        facts.push(Fact::Mall(MallFact::Ordered {
            order: OrderId::of_seq(self.state.next_seq()),
            customer: owner,
            goods: bill.goods,
            quantity: wish.quantity,
            paid: amount.fen(),
            points: wish.points,
            address: wish.address.clone(),
        }));
        let merchants = BookAccount::Ledger(LedgerAccount::MallMerchants);
        let expense = BookAccount::Ledger(LedgerAccount::PointsExpense);
        let cost = Fen(-bill.by_points.0);
        let lines = [
            (BookAccount::Customer(payer), amount.outgoing()),
            (merchants, bill.price),
            (expense, cost),
        ];
        let lines = if cost == Fen::ZERO {
            &lines[..2]
        } else {
            &lines[..]
        };
        self.movement(None, lines, facts)?;
        let mut held = self.state.points(owner);
        let earned = PointsTerms::earned(amount.fen()).ok_or(Code::BalanceOverflow)?;
        for (reason, change) in [
            (PointsReason::MallOffset, -i64::from(wish.points)),
            (PointsReason::MallEarned, earned),
        ] {
            if change != 0 {
                let (after, fact) =
                    moved(owner, reason, (held, change)).ok_or(Code::BalanceOverflow)?;
                held = after;
                facts.push(fact);
            }
        }
        Ok(())
    }
}

impl State {
    /// The mall.
    pub fn mall(&self) -> &Mall {
        &self.mall
    }

    pub(super) fn fold_mall(&mut self, fact: &MallFact) -> Result<(), &'static str> {
        match fact {
            MallFact::GoodsListed {
                goods,
                name,
                price,
                stock,
            } => {
                let name = name.clone();
                self.mall.goods.put(
                    *goods,
                    Goods {
                        name,
                        price: *price,
                    },
                );
                self.mall.stock.put(*goods, *stock);
            }
            MallFact::Ordered {
                order,
                customer,
                goods,
                quantity,
                ..
            } => {
                let stock = self.mall.stock.edit(goods);
                let stock = stock.ok_or("the goods do not exist")?;
                *stock = stock
                    .checked_sub(*quantity)
                    .ok_or("the stock is oversold")?;
                self.mall.open.put(*order, *customer);
            }
            MallFact::Dispatched { order, .. } => {
                if !self.mall.open.contains(order) {
                    return Err("the order is not open");
                }
                self.mall.close(*order);
            }
            MallFact::Cancelled {
                order,
                customer,
                goods,
                quantity,
            } => self.cancel((*order, *customer), (*goods, *quantity))?,
        }
        Ok(())
    }
}

//! The mall: its catalogue, orders, parcels, and everybody's points.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    accounts::OF_PROJECTIONS,
    authorisations::ShownBody,
    endpoint::{Asked, Endpoint, OF_PAYMENTS},
    loans::NothingMore,
    money::{PaymentBody, present},
    paging::{PageQuery, own_page},
    problem::Problem,
    reading::{may_ask, record_of},
    request::{AmountText, caller, query, seen, well_formed},
    schemas::{self, Account, AddressLine, Yuan},
    write::{json_body, planted_slowness, read},
};
use crate::{
    product_lists,
    rules::{
        AccountNumber, Action, Address, GoodsId, Label, MallCommand, MallWish, Operation, Order,
        OrderId, Payee, Placed, RefusalCode as Code,
    },
};

/// How an order may refuse beside the reasons that every payment has.
pub const OF_ORDERS: &[Code] = &[
    Code::GoodsNotFound,
    Code::GoodsSoldOut,
    Code::PointsShare,
    Code::PriceDiffers,
    Code::PointsInsufficient,
];

pub fn endpoints() -> Vec<Endpoint> {
    let (goods, orders_path) = ("/v1/mall/goods", "/v1/mall/orders");
    vec![
        Endpoint::action(goods, Operation::GoodsListing, list_goods)
            .applied(&["goods"])
            .refuses(&[Code::CatalogueFull]),
        Endpoint::read(goods, Operation::CatalogueQuery, catalogue)
            .asks::<CatalogueQuery>()
            .answers::<CataloguePage>(),
        Endpoint::payment::<OrderBody>(orders_path, Operation::Mall)
            .applied(&["order", "balance"])
            .applied_perhaps(&["points"])
            .refuses(OF_PAYMENTS)
            .refuses(OF_ORDERS)
            .refuses(&[Code::AccountNotFound, Code::AccountClosed]),
        Endpoint::read(orders_path, Operation::OrderQuery, orders)
            .asks::<PageQuery>()
            .answers::<OrdersPage>()
            .refuses(OF_PROJECTIONS),
        Endpoint::action(
            "/v1/mall/orders/{order}/dispatches",
            Operation::OrderDispatch,
            dispatch,
        )
        .applied(&[])
        .refuses(&[Code::OrderNotFound]),
        Endpoint::write(
            "/v1/mall/orders/{order}/cancellations",
            Operation::OrderCancellation,
            cancel,
        )
        .takes::<NothingMore>()
        .applied(&["order"])
        .applied_perhaps(&["balance", "points"])
        .refuses(&[
            Code::OrderNotFound,
            Code::OrderClosed,
            Code::AccountNotFound,
            Code::AccountClosed,
            Code::PointsSpent,
            Code::BalanceOverflow,
        ]),
        Endpoint::read("/v1/points", Operation::PointsQuery, points)
            .asks::<PageQuery>()
            .answers::<PointsPage>()
            .refuses(OF_PROJECTIONS),
    ]
}

#[derive(Serialize, ToSchema)]
struct CataloguePage {
    goods: Vec<GoodsRow>,
    /// Where the next page starts.
    next: Option<GoodsId>,
}

#[derive(Serialize, ToSchema)]
struct GoodsRow {
    goods: GoodsId,
    name: Label,
    price: Yuan,
    /// How many there are.
    stock: u32,
}

#[derive(Serialize, ToSchema)]
struct OrdersPage {
    /// Newest first.
    orders: Vec<OrderRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct OrderRow {
    #[schema(value_type = OrderId)]
    order: String,
    #[schema(value_type = schemas::Moment)]
    at: String,
    #[schema(value_type = GoodsId)]
    goods: String,
    quantity: u32,
    /// What was paid in money.
    paid: Yuan,
    /// What was paid in points.
    points: u32,
    /// `waiting` to be sent, `sent` or `cancelled`.
    status: &'static str,
    /// The parcel, once it is on its way.
    parcel: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PointsPage {
    /// What the customer has now.
    points: i64,
    /// How they changed, newest first.
    entries: Vec<PointsRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PointsRow {
    #[schema(value_type = schemas::Moment)]
    at: String,
    reason: String,
    change: i64,
    balance_after: i64,
}

/// Goods that one page of the catalogue may hold.
const PAGE_MAX: usize = 100;
/// Pieces that one order may have.
const QUANTITY_MAX: u32 = 1_000;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GoodsBody {
    #[schema(value_type = Label)]
    name: String,
    price: AmountText,
    stock: u32,
}

/// A name that people read, or which member is none.
pub fn label(member: &str, text: &str) -> Result<Label, Problem> {
    let text = seen(member, text)?;
    well_formed(member, "a name of 1 to 64 characters", Label::parse(text))
}

/// Where a parcel goes.
pub fn address(text: &str) -> Result<Address, Problem> {
    let form = "an address of 1 to 120 characters on one line";
    well_formed("address", form, Address::parse(seen("address", text)?))
}

fn list_goods(body: &GoodsBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::Mall(MallCommand::ListGoods {
        name: label("name", &body.name)?,
        price: body.price.amount()?,
        stock: body.stock,
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct CatalogueQuery {
    /// Goods a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100)]
    limit: usize,
    /// `next` of the page before.
    #[param(value_type = GoodsId, required = false, nullable = false)]
    cursor: Option<String>,
}

fn default_limit() -> usize {
    20
}

pub async fn catalogue(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = caller(&service, &parts.headers, Operation::CatalogueQuery)?;
    let query: CatalogueQuery = query(&parts)?;
    let problem = |what: &str| Problem::detailed(Code::InvalidQuery, what);
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem("`limit` is from 1 to 100"));
    }
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(GoodsId::parse(text).ok_or_else(|| problem("`cursor` is no goods"))?),
    };
    planted_slowness(&service, Operation::CatalogueQuery).await;
    let now = service.clock.now();
    let limit = query.limit;
    let page = service.bank.read(move |state| {
        state.reader(caller, Operation::CatalogueQuery, now)?;
        let goods = state.mall().catalogue_after(after).take(limit + 1);
        let goods = goods.map(|(id, goods, stock)| GoodsRow {
            goods: id,
            name: goods.name.clone(),
            price: goods.price.into(),
            stock,
        });
        Ok::<Vec<GoodsRow>, crate::rules::Refusal>(goods.collect())
    });
    let mut goods = page.await??;
    let more = goods.len() > limit;
    goods.truncate(limit);
    let last = goods.last().map(|row| row.goods);
    let next = more.then_some(last).flatten();
    Ok(json_body(&CataloguePage { goods, next }).into_response())
}

/// What an order asks, in the members of its body.
pub fn wish(goods: &str, quantity: u32, points: u32, to: &str) -> Result<Payee, Problem> {
    let right = (1..=QUANTITY_MAX).contains(&quantity);
    let quantity = well_formed("quantity", "from 1 to 1000", right.then_some(quantity))?;
    Ok(Payee::Mall(MallWish {
        goods: GoodsId::parse(goods),
        quantity,
        points,
        address: address(to)?,
    }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    #[schema(value_type = Account)]
    from: String,
    #[schema(value_type = GoodsId)]
    goods: String,
    #[schema(minimum = 1, maximum = 1000)]
    quantity: u32,
    /// What points pay of the price; the amount is the rest.
    points: u32,
    amount: AmountText,
    #[schema(value_type = AddressLine)]
    address: String,
    /// What authorises it: without it nothing is ordered.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    authorisation: Option<ShownBody>,
}

impl PaymentBody for OrderBody {
    fn payment(self) -> Result<(Order, Option<ShownBody>), Problem> {
        let order = Order {
            from: AccountNumber::parse(&self.from),
            payee: wish(&self.goods, self.quantity, self.points, &self.address)?,
            amount: self.amount.amount()?,
        };
        Ok((order, self.authorisation))
    }
}

pub async fn orders(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::OrderQuery;
    let page = own_page(&service, request, operation, product_lists::orders, |row| {
        row.place
    });
    let page = page.await?;
    let rows = page.rows.into_iter();
    let orders = rows
        .map(|row| OrderRow {
            order: row.id,
            at: row.at.to_string(),
            goods: row.goods,
            quantity: row.quantity,
            paid: row.paid.into(),
            points: row.points,
            status: match row.parcel {
                _ if row.cancelled => "cancelled",
                Some(_) => "sent",
                None => "waiting",
            },
            parcel: row.parcel,
        })
        .collect();
    let next = page.next;
    Ok(json_body(&OrdersPage { orders, next }).into_response())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParcelBody {
    #[schema(value_type = Label)]
    parcel: String,
}

fn dispatch(body: &ParcelBody, asked: &Asked) -> Result<Action, Problem> {
    let order = asked.named(OrderId::parse);
    let parcel = label("parcel", &body.parcel)?;
    Ok(Action::Mall(MallCommand::Dispatch { order, parcel }))
}

/// Takes back an order, with what its record says of it.
pub async fn cancel(
    State(service): State<Shared>,
    named: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let operation = Operation::OrderCancellation;
    let reading = read::<NothingMore>(&service, request, operation).await?;
    may_ask(&service, reading.caller, operation).await?;
    let order = named.ok().and_then(|Path(named)| OrderId::parse(&named));
    let record = match order {
        Some(order) => record_of(&service, order.seq()).await?,
        None => None,
    };
    let placed = record.and_then(|record| Placed::of(record.outcome.iter().flatten()));
    let placed = placed.filter(|placed| Some(placed.order) == order);
    let action = Action::Mall(MallCommand::Cancel {
        placed: placed.map(Box::new),
    });
    reading.submit(&service, action).await
}

pub async fn points(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::PointsQuery;
    let page = own_page(&service, request, operation, product_lists::points, |row| {
        row.place
    });
    let page = page.await?;
    let customer = page.customer;
    let held = service
        .bank
        .read(move |state| state.points(customer))
        .await?;
    let rows = page.rows.into_iter();
    let entries = rows
        .map(|row| PointsRow {
            at: row.at.to_string(),
            reason: row.reason,
            change: row.change,
            balance_after: row.balance_after,
        })
        .collect();
    let document = PointsPage {
        points: held,
        entries,
        next: page.next,
    };
    Ok(json_body(&document).into_response())
}

//! Wealth products: what there is and what a customer holds, subscribing and redeeming; launching and
//! valuing for the operator.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::{Asked, Endpoint},
    mall::label,
    problem::Problem,
    reading::{NamedCustomer, read_of_customer},
    request::{AmountText, caller_without_query, well_formed},
    schemas::{Account, Units, Yuan},
    write::{json_body, planted_slowness},
};
use crate::rules::{
    AccountNumber, Action, CustomerId, Fen, Label, NetAssetValue, Operation, ProductCode, Refusal,
    RefusalCode as Code, State as BankState, WealthAction,
};

pub fn endpoints() -> Vec<Endpoint> {
    let own = [
        Code::AccountNotFound,
        Code::AccountClosed,
        Code::ProductNotFound,
        Code::BelowMinimum,
        Code::BalanceOverflow,
    ];
    vec![
        Endpoint::read("/v1/wealth/products", Operation::WealthView, products)
            .answers::<Products>(),
        Endpoint::read(
            "/v1/customers/{customer}/wealth",
            Operation::WealthView,
            holdings,
        )
        .named(
            "wealth_holdings",
            "Lists what a customer holds of wealth products.",
        )
        .answers::<Holdings>()
        .refuses(&[Code::CustomerNotFound]),
        Endpoint::action(
            "/v1/wealth/subscriptions",
            Operation::WealthSubscription,
            subscribe,
        )
        .applied(&["units", "balance"])
        .refuses(&own)
        .refuses(&[Code::QuotaExhausted, Code::InsufficientFunds]),
        Endpoint::action(
            "/v1/wealth/redemptions",
            Operation::WealthRedemption,
            redeem,
        )
        .applied(&["amount", "balance"])
        .refuses(&own)
        .refuses(&[Code::UnitsInsufficient]),
        Endpoint::action("/v1/wealth/products", Operation::WealthLaunch, launch)
            .applied(&[])
            .refuses(&[Code::ProductExists]),
        Endpoint::action(
            "/v1/wealth/products/{product}/values",
            Operation::WealthValuation,
            value,
        )
        .applied(&[])
        .refuses(&[Code::ProductNotFound, Code::BalanceOverflow]),
    ]
}

#[derive(Serialize, ToSchema)]
struct Products {
    products: Vec<ProductRow>,
}

#[derive(Serialize, ToSchema)]
struct ProductRow {
    product: ProductCode,
    name: String,
    #[schema(value_type = NetAssetValue)]
    net_asset_value: String,
    minimum: Yuan,
    quota: Yuan,
    subscribed: Yuan,
}

#[derive(Serialize, ToSchema)]
struct Holdings {
    holdings: Vec<HoldingRow>,
}

#[derive(Serialize, ToSchema)]
struct HoldingRow {
    product: ProductCode,
    name: String,
    #[schema(value_type = Units)]
    units: String,
    #[schema(value_type = NetAssetValue)]
    net_asset_value: String,
    worth: Option<Yuan>,
}

pub async fn products(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller_without_query(&service, &request, Operation::WealthView)?;
    planted_slowness(&service, Operation::WealthView).await;
    let now = service.clock.now();
    let products = service
        .bank
        .read(move |state| {
            state.reader(caller, Operation::WealthView, now)?;
            Ok::<_, Refusal>(list_products(state))
        })
        .await??;
    Ok(json_body(&Products { products }).into_response())
}

fn list_products(state: &BankState) -> Vec<ProductRow> {
    let products = state.products().map(|(code, product)| ProductRow {
        product: code.clone(),
        name: product.name.clone(),
        net_asset_value: product.value.to_string(),
        minimum: product.minimum.into(),
        quota: product.quota.into(),
        subscribed: product.subscribed.into(),
    });
    products.collect()
}

pub async fn holdings(
    State(service): State<Shared>,
    named: NamedCustomer,
    request: Request,
) -> Result<Response, Problem> {
    let tell = |state: &BankState, customer, _| list_holdings(state, customer);
    let holdings = read_of_customer(&service, named, request, Operation::WealthView, tell).await?;
    Ok(json_body(&Holdings { holdings }).into_response())
}

fn list_holdings(state: &BankState, customer: CustomerId) -> Vec<HoldingRow> {
    let products: std::collections::BTreeMap<_, _> = state.products().collect();
    let holdings = state.holdings_of(customer).filter_map(|(code, units)| {
        let product = products.get(code)?;
        Some(HoldingRow {
            product: code.clone(),
            name: product.name.clone(),
            units: Fen(units).to_string(),
            net_asset_value: product.value.to_string(),
            worth: product.value.worth_of(units).map(Yuan::from),
        })
    });
    holdings.collect()
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionBody {
    #[schema(value_type = Account)]
    account: String,
    #[schema(value_type = ProductCode)]
    product: String,
    amount: AmountText,
}

fn subscribe(body: &SubscriptionBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::Wealth(WealthAction::Subscribe {
        account: AccountNumber::parse(&body.account),
        code: ProductCode::parse(&body.product),
        amount: body.amount.amount()?,
    }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedemptionBody {
    #[schema(value_type = Account)]
    account: String,
    #[schema(value_type = ProductCode)]
    product: String,
    /// Units with at most two decimals: spelled like an amount.
    units: AmountText,
}

fn redeem(body: &RedemptionBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::Wealth(WealthAction::Redeem {
        account: AccountNumber::parse(&body.account),
        code: ProductCode::parse(&body.product),
        units: body.units.amount()?,
    }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LaunchBody {
    #[schema(value_type = ProductCode)]
    product: String,
    #[schema(value_type = Label)]
    name: String,
    minimum: AmountText,
    quota: AmountText,
}

fn launch(body: &LaunchBody, _: &Asked) -> Result<Action, Problem> {
    let form = "a code of 2 to 12 capital letters or digits";
    let code = well_formed("product", form, ProductCode::parse(&body.product))?;
    let name = label("name", &body.name)?;
    Ok(Action::Wealth(WealthAction::Launch {
        code,
        name: name.as_str().to_owned(),
        minimum: body.minimum.amount()?,
        quota: body.quota.amount()?,
    }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ValuationBody {
    /// From 0.0100 to 9999.9999.
    #[schema(value_type = NetAssetValue)]
    net_asset_value: String,
}

fn value(body: &ValuationBody, asked: &Asked) -> Result<Action, Problem> {
    let form = "a value from 0.0100 to 9999.9999 with at most four decimals";
    let value = NetAssetValue::parse(&body.net_asset_value);
    Ok(Action::Wealth(WealthAction::Value {
        code: asked.named(ProductCode::parse),
        value: well_formed("net_asset_value", form, value)?,
    }))
}

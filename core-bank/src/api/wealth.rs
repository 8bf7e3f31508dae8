//! Wealth products: what there is and what a customer holds, subscribing and redeeming; launching and
//! valuing for the operator.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::Endpoint,
    mall::label,
    media::customer_of,
    problem::Problem,
    request::{AmountText, caller, well_formed},
    schemas::{Account, Units, Yuan},
    write::{json_body, planted_slowness, write},
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
        Endpoint::write(
            "/v1/wealth/subscriptions",
            Operation::WealthSubscription,
            subscribe,
        )
        .takes::<SubscriptionBody>()
        .applied(&["units", "balance"])
        .refuses(&own)
        .refuses(&[Code::QuotaExhausted, Code::InsufficientFunds]),
        Endpoint::write(
            "/v1/wealth/redemptions",
            Operation::WealthRedemption,
            redeem,
        )
        .takes::<RedemptionBody>()
        .applied(&["amount", "balance"])
        .refuses(&own)
        .refuses(&[Code::UnitsInsufficient]),
        Endpoint::write("/v1/wealth/products", Operation::WealthLaunch, launch)
            .takes::<LaunchBody>()
            .applied(&[])
            .refuses(&[Code::ProductExists]),
        Endpoint::write(
            "/v1/wealth/products/{product}/values",
            Operation::WealthValuation,
            value,
        )
        .takes::<ValuationBody>()
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
    let caller = caller(&service, request.headers(), Operation::WealthView)?;
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
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller(&service, request.headers(), Operation::WealthView)?;
    let customer = customer_of(path);
    planted_slowness(&service, Operation::WealthView).await;
    let now = service.clock.now();
    let holdings = service
        .bank
        .read(move |state| {
            let reader = state.reader(caller, Operation::WealthView, now)?;
            let customer = customer.ok_or(Code::CustomerNotFound)?;
            if !reader.sees(customer) || state.customer(customer).is_none() {
                return Err(Refusal::from(Code::CustomerNotFound));
            }
            Ok(list_holdings(state, customer))
        })
        .await??;
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

pub async fn subscribe(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::WealthSubscription,
        |body: &SubscriptionBody, _| {
            Ok(Action::Wealth(WealthAction::Subscribe {
                account: AccountNumber::parse(&body.account),
                code: ProductCode::parse(&body.product),
                amount: body.amount.amount()?,
            }))
        },
    )
    .await
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

pub async fn redeem(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::WealthRedemption,
        |body: &RedemptionBody, _| {
            Ok(Action::Wealth(WealthAction::Redeem {
                account: AccountNumber::parse(&body.account),
                code: ProductCode::parse(&body.product),
                units: body.units.amount()?,
            }))
        },
    )
    .await
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

pub async fn launch(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::WealthLaunch,
        |body: &LaunchBody, _| {
            let form = "a code of 2 to 12 capital letters or digits";
            let code = well_formed("product", form, ProductCode::parse(&body.product))?;
            let name = label("name", &body.name)?;
            Ok(Action::Wealth(WealthAction::Launch {
                code,
                name: name.as_str().to_owned(),
                minimum: body.minimum.amount()?,
                quota: body.quota.amount()?,
            }))
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ValuationBody {
    /// From 0.0100 to 9999.9999.
    #[schema(value_type = NetAssetValue)]
    net_asset_value: String,
}

pub async fn value(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::WealthValuation,
        |body: &ValuationBody, _| {
            let form = "a value from 0.0100 to 9999.9999 with at most four decimals";
            let value = NetAssetValue::parse(&body.net_asset_value);
            Ok(Action::Wealth(WealthAction::Value {
                code: path.ok().and_then(|Path(code)| ProductCode::parse(&code)),
                value: well_formed("net_asset_value", form, value)?,
            }))
        },
    )
    .await
}

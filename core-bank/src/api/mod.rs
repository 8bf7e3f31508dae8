//! The HTTP edge: routes, strict parsing, and answers. Nothing is decided here.
//!
//! A file per domain; each hands an action to [`write::write`] or a reading to the bank.

mod accounts;
mod audit;
mod authorisations;
mod branches;
mod campaigns;
mod card_network;
mod cards;
mod customers;
mod health;
mod locks;
mod mall;
mod media;
mod money;
mod notices;
mod observe;
mod outbox;
mod paging;
mod problem;
mod request;
mod sessions;
mod social_security;
mod test_clock;
mod welfare;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use axum::{
    Router, middleware,
    routing::{delete, get, post, put},
};
use tokio::sync::watch;

use crate::{
    access::Access,
    authentication::ProofPool,
    clock::BusinessClock,
    history::History,
    journal::JournalReaders,
    metrics::Metrics,
    office::Office,
    rules::{Operation, RefusalCode},
    writer::Bank,
};

use problem::Problem;

/// Everything that a request may need.
pub(crate) struct Service {
    pub bank: Bank,
    pub access: Access,
    pub proofs: ProofPool,
    pub office: Office,
    pub history: Arc<History>,
    pub journal: Arc<JournalReaders>,
    pub metrics: Arc<Metrics>,
    pub clock: BusinessClock,
    pub test: bool,
    pub slow: Vec<(Operation, Duration)>,
    pub durable: watch::Receiver<u64>,
    pub stopping: AtomicBool,
    pub requests: AtomicU64,
    pub request_prefix: u32,
}

type Shared = Arc<Service>;

/// The whole API.
pub(crate) fn router(service: Shared) -> Router {
    let mut v1 = Router::new()
        .route("/identity-checks", post(customers::check_identity))
        .route("/customers", post(customers::register))
        .route("/customers/{customer}/accounts", get(accounts::of_customer))
        .route("/ebanking", post(customers::sign_up_ebanking))
        .route("/cards", post(cards::open))
        .route("/cards/{card}/loss-reports", post(cards::report_loss))
        .route("/cards/{card}/loss-lifts", post(cards::lift_loss))
        .route("/cards/{card}/locks", get(locks::show).post(locks::set))
        .route("/card-withdrawals", post(card_network::withdraw))
        .route("/card-purchases", post(card_network::purchase))
        .route("/accounts/{account}/entries", get(accounts::entries))
        .route("/authorisations", post(authorisations::ask))
        .route("/media/devices", post(media::issue_device))
        .route("/media/shields", post(media::register_shield))
        .route("/media/unlocks", post(media::unlock))
        .route(
            "/customers/{customer}/limits",
            get(media::show_limits).post(media::set_limits),
        )
        .route("/deposits", post(money::deposit))
        .route("/withdrawals", post(money::withdraw))
        .route("/transfers", post(money::transfer))
        .route("/sessions", get(sessions::list).post(sessions::log_in))
        .route("/sessions/terminations", post(sessions::terminate))
        .route(
            "/customers/{customer}/channels",
            post(sessions::set_channel),
        )
        .route("/passwords", post(sessions::set_password))
        .route("/alerts", get(notices::alerts))
        .route("/alerts/wishes", post(notices::set_wishes))
        .route("/suspicious-events", get(notices::suspicious))
        .route("/sessions/current", delete(sessions::log_out))
        .route("/mall/goods", get(mall::catalogue).post(mall::list_goods))
        .route("/mall/orders", get(mall::orders).post(mall::order))
        .route("/mall/orders/{order}/dispatches", post(mall::dispatch))
        .route("/points", get(mall::points))
        .route("/welfare/batches", post(welfare::buy))
        .route("/welfare/batches/{batch}/issues", post(welfare::issue))
        .route("/welfare/vouchers", get(welfare::vouchers))
        .route(
            "/welfare/vouchers/{voucher}/redemptions",
            post(welfare::redeem),
        )
        .route("/campaigns", get(campaigns::list).post(campaigns::announce))
        .route("/campaigns/{campaign}/claims", post(campaigns::claim))
        .route("/check-ins", post(campaigns::check_in))
        .route("/awards", get(campaigns::awards))
        .route("/branches", get(branches::nearest).post(branches::open))
        .route("/branches/{branch}/slots", get(branches::slots))
        .route(
            "/appointments",
            get(branches::appointments).post(branches::book),
        )
        .route("/appointments/{appointment}", delete(branches::cancel))
        .route(
            "/appointments/{appointment}/outcomes",
            post(branches::conclude),
        )
        .route("/social-security/cards", post(social_security::issue_card))
        .route("/social-security/balance", get(social_security::balance))
        .route("/audit/records", get(audit::records))
        .route("/audit/trial-balance", get(audit::trial_balance))
        .route("/audit/accounts", get(audit::accounts));
    if service.test {
        v1 = v1
            .route("/test/clock", put(test_clock::set))
            .route("/test/outbox/{authorisation}", get(outbox::message));
    }
    let measured = Router::new()
        .nest("/v1", v1)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::from(RefusalCode::NotFound))
        .method_not_allowed_fallback(async || Problem::from(RefusalCode::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&service),
            observe::observe,
        ));
    // Beside the layer, as bare as a route can be.
    let bare = if service.test {
        Router::new().route("/v1/test/parse", post(money::parse_only))
    } else {
        Router::new()
    };
    measured.merge(bare).with_state(service)
}

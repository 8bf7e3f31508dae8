//! The HTTP edge: routes, strict parsing, and answers. Nothing is decided here.
//!
//! A file per room; each says its [`Endpoint`]s and hands an action to [`write::write`] or a reading
//! to the bank.
#![expect(
    clippy::unnecessary_wraps,
    reason = "what a body means has one signature, whether or not it can mean nothing"
)]

mod accounts;
mod audit;
mod authorisations;
mod authorised;
mod bills;
mod books;
mod branches;
mod campaigns;
mod card_network;
mod cards;
mod closing;
mod customers;
mod description;
mod endpoint;
mod health;
mod host;
mod loans;
mod locks;
mod mall;
mod media;
mod money;
mod notices;
mod observe;
mod openapi;
mod outbox;
mod page;
mod paging;
mod problem;
mod reading;
mod request;
mod returns;
mod schemas;
mod sessions;
mod social_security;
mod statements;
mod terminals;
mod test_clock;
mod wealth;
mod welfare;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use axum::{Router, routing::post};
use tokio::sync::watch;

use crate::{
    access::Access,
    authentication::ProofPool,
    clock::BusinessClock,
    history::History,
    journal::JournalReaders,
    metrics::Metrics,
    office::Office,
    options::Observability,
    rates::Rates,
    rules::{Operation, RefusalCode},
    writer::Bank,
};

pub(crate) use audit::audited;
pub(crate) use description::Description;
use endpoint::Endpoint;
pub(crate) use observe::Peer;
use problem::Problem;

/// Everything that a request may need.
pub(crate) struct Service {
    /// Before the bank, whose end the projector's follows, so that its files are closed by then.
    pub history: Arc<History>,
    pub bank: Bank,
    pub access: Access,
    pub proofs: ProofPool,
    pub office: Office,
    pub journal: Arc<JournalReaders>,
    pub metrics: Arc<Metrics>,
    pub clock: BusinessClock,
    pub test: bool,
    pub observability: Observability,
    pub slow: Vec<(Operation, Duration)>,
    pub durable: watch::Receiver<u64>,
    pub stopping: AtomicBool,
    pub requests: AtomicU64,
    pub request_prefix: u32,
    pub description: Description,
    pub rates: Rates,
}

type Shared = Arc<Service>;

/// Every endpoint, in the order of the documentation. A room's endpoints are in its own file; this is
/// the one list that the router and the API's description are made of.
fn endpoints(test: bool) -> Vec<Endpoint> {
    let rooms = [
        customers::endpoints(),
        cards::endpoints(),
        accounts::endpoints(),
        money::endpoints(),
        authorisations::endpoints(),
        media::endpoints(),
        sessions::endpoints(),
        notices::endpoints(),
        locks::endpoints(),
        card_network::endpoints(),
        bills::endpoints(),
        statements::endpoints(),
        closing::endpoints(),
        wealth::endpoints(),
        loans::endpoints(),
        returns::endpoints(),
        books::endpoints(),
        mall::endpoints(),
        welfare::endpoints(),
        campaigns::endpoints(),
        branches::endpoints(),
        social_security::endpoints(),
        terminals::endpoints(),
        audit::endpoints(),
        health::endpoints(),
        description::endpoints(),
    ];
    let doors = if test {
        [test_clock::endpoints(), outbox::endpoints()]
    } else {
        [Vec::new(), Vec::new()]
    };
    rooms.into_iter().chain(doors).flatten().collect()
}

/// The whole API.
pub(crate) fn router(service: Shared) -> Router {
    let mut routes = Router::new();
    for endpoint in endpoints(service.test) {
        let (path, handler) = endpoint.route();
        routes = routes.route(path, handler);
    }
    let measured = routes
        .fallback(async || Problem::from(RefusalCode::NotFound))
        .method_not_allowed_fallback(async || Problem::from(RefusalCode::MethodNotAllowed))
        .layer(observe::Observe(Arc::clone(&service)));
    // Beside the layer, as bare as a route can be.
    let bare = if service.test {
        Router::new().route("/v1/test/parse", post(money::parse_only))
    } else {
        Router::new()
    };
    measured.merge(bare).with_state(service)
}

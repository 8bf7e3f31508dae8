//! Pages of a customer's own lists in the projection: newest first, with a cursor.

use std::sync::Arc;

use axum::extract::Request;
use rusqlite::Connection;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Shared,
    accounts::projected,
    problem::Problem,
    reading::read_file,
    request::{Seq, caller, query},
    write::planted_slowness,
};
use crate::{
    history::Held,
    product_lists::Part,
    rules::{CustomerId, Operation, Refusal, RefusalCode as Code},
};

/// Rows that one page may hold.
const PAGE_MAX: usize = 100;

/// The parameters of a page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Rows a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100)]
    limit: usize,
    /// `next` of the page before.
    #[param(value_type = i64, required = false, minimum = 0)]
    cursor: Option<Seq>,
    /// The record that the answer must include.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    min_seq: Seq,
}

fn default_limit() -> usize {
    20
}

/// One page of a list.
pub struct Page<T> {
    /// Whose list it is.
    pub customer: CustomerId,
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// One page of the asking customer's own list. `select` reads a part of it from the projection,
/// `place` tells a row's place in it.
pub async fn own_page<T: Send + 'static>(
    service: &Shared,
    request: Request,
    operation: Operation,
    select: impl FnOnce(&Connection, Part) -> Result<Vec<T>, rusqlite::Error> + Send + 'static,
    place: impl Fn(&T) -> u64,
) -> Result<Page<T>, Problem> {
    let (parts, _) = request.into_parts();
    let caller = caller(service, &parts.headers, operation)?;
    let query: PageQuery = query(&parts)?;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(Problem::detailed(
            Code::InvalidQuery,
            "`limit` is from 1 to 100",
        ));
    }
    planted_slowness(service, operation).await;
    let now = service.clock.now();
    let own = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        reader.customer().ok_or(Refusal::from(Code::Forbidden))
    });
    let customer = own.await??;
    projected(service, Held::Lists, query.min_seq.0).await?;
    let reading = Arc::clone(service);
    let part = Part {
        customer,
        before: query.cursor.map(|seq| seq.0),
        // One more than the page shows whether there is a next one.
        limit: query.limit + 1,
    };
    let read = move || {
        let history = &reading.history;
        history.with_connection(|connection| Ok(select(connection, part)?))
    };
    let mut rows = read_file("the projection", read).await?;
    let more = rows.len() > query.limit;
    rows.truncate(query.limit);
    let last = rows.last().map(|row| place(row).to_string());
    Ok(Page {
        customer,
        rows,
        next: more.then_some(last).flatten(),
    })
}

//! The one way of reading what a customer owns: who asks, whose it is, then the durable state. And
//! that of reading files, once it is known that the caller may ask.

use std::{fmt::Display, sync::Arc};

use axum::extract::{Path, Request, rejection::PathRejection};

use super::{
    Service, Shared, audit::read_record, problem::Problem, request::caller_without_query,
    write::planted_slowness,
};
use crate::{
    journal::Record,
    rules::{
        BusinessTime, Caller, CustomerId, Operation, Refusal, RefusalCode as Code,
        State as BankState,
    },
};

/// The customer whom an address names; a path that does not even decode names nobody.
pub type NamedCustomer = Result<Path<String>, PathRejection>;

/// What `tell` tells of the customer in the address, when there is one and the caller may see it.
pub async fn read_of_customer<T: Send + 'static>(
    service: &Service,
    named: NamedCustomer,
    request: Request,
    operation: Operation,
    tell: impl FnOnce(&BankState, CustomerId, BusinessTime) -> T + Send + 'static,
) -> Result<T, Problem> {
    let caller = caller_without_query(service, &request, operation)?;
    let named = named.ok().and_then(|Path(named)| CustomerId::parse(&named));
    planted_slowness(service, operation).await;
    let now = service.clock.now();
    let reading = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let customer = named.ok_or(Code::CustomerNotFound)?;
        if !reader.sees(customer) || state.customer(customer).is_none() {
            return Err(Refusal::from(Code::CustomerNotFound));
        }
        if !state.serves(reader, customer) {
            return Err(Code::ChannelClosed.into());
        }
        Ok(tell(state, customer, now))
    });
    Ok(reading.await??)
}

/// Refuses whoever may not ask this, before anything is read for him.
pub async fn may_ask(
    service: &Service,
    caller: Caller,
    operation: Operation,
) -> Result<(), Problem> {
    let now = service.clock.now();
    let asking = service
        .bank
        .read(move |state| state.reader(caller, operation, now).map(drop));
    Ok(asking.await??)
}

/// Reads a file where blocking is allowed.
pub async fn read_file<T: Send + 'static, E: Display + Send + 'static>(
    what: &'static str,
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Problem::failed(format!("{what} cannot be read: {error}"))),
        Err(_) => Err(Problem::failed(format!(
            "{what} cannot be read: the reader fell over"
        ))),
    }
}

/// A durable record by its number.
pub async fn record_of(service: &Shared, seq: u64) -> Result<Option<Record>, Problem> {
    let reading = Arc::clone(service);
    read_file("the journal", move || read_record(&reading, seq)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_fails_or_falls_over_is_a_500_whose_cause_only_the_log_tells() {
        let failed = read_file("it", || Err::<(), _>("odd")).await.unwrap_err();
        let fallen = read_file("it", || -> Result<(), &str> { panic!("planted") }).await;
        for problem in [failed, fallen.unwrap_err()] {
            let response = problem.into_document(Some("0-1"));
            assert_eq!(response.status(), 500);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await;
            let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
            assert!(!body.contains("odd") && !body.contains("read"), "{body}");
        }
    }
}

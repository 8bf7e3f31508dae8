//! The one way of reading what a customer owns: who asks, whose it is, then the durable state.

use axum::extract::{Path, Request, rejection::PathRejection};

use super::{Service, problem::Problem, request::caller_without_query, write::planted_slowness};
use crate::rules::{
    BusinessTime, CustomerId, Operation, Refusal, RefusalCode as Code, State as BankState,
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

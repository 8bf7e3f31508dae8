//! An endpoint, said once: its address, who may ask, what goes in and out, and how it refuses.
//!
//! The router and the `OpenAPI` document are both made of these, so an address without documentation
//! cannot be. Tests go over the served document and demand a row of the table of rights and good and
//! hostile requests for each.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    handler::Handler,
    routing::{MethodFilter, MethodRouter},
};
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, path::ParameterIn, schema::Schema},
};

use super::{
    Shared,
    authorised::AuthorisedFirst,
    money::{PaymentBody, pay},
    problem::Problem,
    write::{Applied, write},
};
use crate::{
    access::Access,
    rules::{Action, Channel, Operation, RefusalCode as Code},
};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Whoever the operation's channels allow; whose things they are is decided by the bank.
    Channels(Operation),
    /// Whoever wants to log in.
    Visitors(Operation),
    /// The operator.
    Operator,
    /// Everybody, without a token.
    Anyone,
}

impl Rule {
    /// The channels whose tokens pass.
    pub fn channels(self) -> Vec<Channel> {
        match self {
            Self::Channels(operation) => {
                let allowed = |channel: &Channel| operation.allows(*channel);
                Channel::ALL.iter().copied().filter(allowed).collect()
            }
            Self::Operator => vec![Channel::Operator],
            Self::Visitors(_) | Self::Anyone => Vec::new(),
        }
    }

    /// What the holders of sessions may ask for.
    fn operation(self) -> Option<Operation> {
        match self {
            Self::Channels(operation) => Some(operation),
            Self::Visitors(_) | Self::Operator | Self::Anyone => None,
        }
    }

    /// Whether a bearer token is asked for.
    pub fn wants_token(self) -> bool {
        matches!(self, Self::Channels(_) | Self::Operator)
    }
}

/// A body that goes in or comes out.
pub struct Document {
    /// Its media type.
    pub kind: &'static str,
    /// Its schema.
    pub schema: Value,
}

/// The schemas that documents refer to, by name.
pub type NamedSchemas = Vec<(String, RefOr<Schema>)>;

/// One endpoint.
pub struct Endpoint {
    /// The HTTP method.
    pub method: Method,
    /// The address, with `{…}` where an id stands.
    pub path: &'static str,
    /// The name that generated clients give it.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Who may ask.
    pub rule: Rule,
    /// The query's parameters.
    pub query: Vec<Value>,
    /// The body that it takes.
    pub body: Option<Document>,
    /// The status when it did what was asked.
    pub status: u16,
    /// The body that it answers.
    pub answer: Document,
    /// Whether it needs an `Idempotency-Key`.
    pub keyed: bool,
    /// How it may refuse.
    pub refusals: BTreeSet<Code>,
    /// What its documents refer to.
    pub schemas: NamedSchemas,
    handler: MethodRouter<Shared>,
}

/// What a body asks for.
pub type Meaning<B> = fn(&B, &Asked) -> Result<Action, Problem>;

/// What is known of a write beside its body.
pub struct Asked<'a> {
    named: Option<String>,
    /// Where tokens are issued.
    pub access: &'a Access,
}

impl Asked<'_> {
    /// What the address names; a path that does not even decode names nothing.
    pub fn named<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        parse(self.named.as_deref()?)
    }
}

/// How every endpoint that asks the bank may refuse.
const OF_THE_BANK: &[Code] = &[
    Code::InvalidQuery,
    Code::RateLimited,
    Code::Overloaded,
    Code::ShuttingDown,
    Code::Internal,
];
/// How a write may refuse.
const OF_WRITES: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::StorageFull,
    Code::OutcomeUnknown,
    Code::AnswerTimeout,
];
/// How an endpoint with a body may refuse.
const OF_BODIES: &[Code] = &[
    Code::UnsupportedMediaType,
    Code::BodyTooLarge,
    Code::RequestTimeout,
    Code::MalformedJson,
    Code::InvalidBody,
];
/// How an endpoint that takes an amount may refuse.
const OF_AMOUNTS: &[Code] = &[
    Code::AmountFormat,
    Code::AmountScale,
    Code::AmountTooLarge,
    Code::AmountNotPositive,
];
/// How a payment out of a session may refuse, once it was authorised.
pub const OF_PAYMENTS: &[Code] = &[
    Code::AuthorisationRequired,
    Code::MediumNotFound,
    Code::MediumInsufficient,
    Code::AuthorisationNotFound,
    Code::MediumLocked,
    Code::AuthorisationMismatch,
    Code::CodeWrong,
    Code::CodeReplayed,
    Code::LimitPerTransaction,
    Code::LimitDaily,
    Code::LimitMonthly,
    Code::InsufficientFunds,
    Code::BalanceOverflow,
];

impl Endpoint {
    /// A `POST` that has an operation decided.
    pub fn write<H, T>(path: &'static str, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, Shared, Future: Unpin>,
        T: 'static,
    {
        let rule = match operation {
            Operation::LogIn => Rule::Visitors(operation),
            _ => Rule::Channels(operation),
        };
        Self::new(Method::POST, path, rule, handler)
            .named(operation.name(), operation.summary())
            .keyed()
            .answering(201)
    }

    /// A `POST` whose body says one action, which the bank decides under the request's key. Most
    /// writes are that and no more: they say what a body means, and the rest is here.
    pub fn action<B>(path: &'static str, operation: Operation, action: Meaning<B>) -> Self
    where
        B: Serialize + DeserializeOwned + ToSchema + Send + 'static,
    {
        let handler = move |State(service): State<Shared>,
                            named: Result<Path<String>, PathRejection>,
                            request: Request| async move {
            let named = named.ok().map(|Path(named)| named);
            write(&service, request, operation, |body: &B| {
                let access = &service.access;
                action(body, &Asked { named, access })
            })
            .await
        };
        Self::write(path, operation, handler).takes::<B>()
    }

    /// A `POST` whose body orders a payment.
    pub fn payment<B>(path: &'static str, operation: Operation) -> Self
    where
        B: PaymentBody + ToSchema + Send + 'static,
    {
        let handler = move |State(service): State<Shared>, request: Request| {
            pay::<B>(service, request, operation)
        };
        Self::write(path, operation, handler).takes::<B>()
    }

    /// A `GET` that has an operation read.
    pub fn read<H, T>(path: &'static str, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, Shared, Future: Unpin>,
        T: 'static,
    {
        Self::new(Method::GET, path, Rule::Channels(operation), handler)
            .named(operation.name(), operation.summary())
    }

    /// An endpoint of any kind; it wants a name.
    pub fn new<H, T>(method: Method, path: &'static str, rule: Rule, handler: H) -> Self
    where
        H: Handler<T, Shared, Future: Unpin>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let handler = AuthorisedFirst {
            handler,
            operation: rule.operation(),
        };
        let mut endpoint = Self {
            method,
            path,
            name: "",
            summary: "",
            rule,
            query: Vec::new(),
            body: None,
            status: 200,
            answer: Document {
                kind: "application/json",
                schema: json!({}),
            },
            keyed: false,
            refusals: BTreeSet::new(),
            schemas: Vec::new(),
            handler: MethodRouter::new().on(filter, handler),
        }
        .refuses(&[Code::HostInvalid]);
        if rule != Rule::Anyone {
            endpoint = endpoint.refuses(OF_THE_BANK);
        }
        if rule.wants_token() {
            endpoint = endpoint.refuses(&[Code::Unauthenticated, Code::Forbidden]);
        }
        let terminals = [Channel::Kiosk, Channel::Atm];
        if rule.channels().iter().any(|it| terminals.contains(it)) {
            // The customer may have closed them.
            endpoint = endpoint.refuses(&[Code::ChannelClosed]);
        }
        if path.contains('{') {
            // An id with a slash in it is another address.
            endpoint = endpoint.refuses(&[Code::NotFound]);
        }
        endpoint
    }

    /// Names it and says what it does.
    pub fn named(mut self, name: &'static str, summary: &'static str) -> Self {
        self.name = name;
        self.summary = summary;
        self
    }

    /// Makes it a write, which needs a key.
    pub fn keyed(mut self) -> Self {
        self.keyed = true;
        self.refuses(OF_WRITES)
    }

    /// The status when it did what was asked.
    pub fn answering(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// It takes a body of this type.
    pub fn takes<T: ToSchema>(mut self) -> Self {
        let schema = value_of(&T::schema());
        let amounts = schema.to_string().contains("/Amount\"");
        self.body = Some(Document {
            kind: "application/json",
            schema: self.reference::<T>(),
        });
        let refusals = if amounts { OF_AMOUNTS } else { &[] };
        self.refuses(OF_BODIES).refuses(refusals)
    }

    /// It takes the parameters of this query.
    pub fn asks<T: IntoParams>(mut self) -> Self {
        let parameters = T::into_params(|| Some(ParameterIn::Query));
        self.query
            .extend(parameters.iter().map(|parameter| value_of(&parameter)));
        self
    }

    /// It answers a document of this type.
    pub fn answers<T: ToSchema>(mut self) -> Self {
        self.answer.schema = self.reference::<T>();
        self
    }

    /// It answers in another media type.
    pub fn answers_in(mut self, kind: &'static str, schema: Value) -> Self {
        self.answer = Document { kind, schema };
        self
    }

    /// It answers `seq` and these members of what writes answer.
    pub fn applied(mut self, members: &[&str]) -> Self {
        let whole = value_of(&Applied::schema());
        let chosen = ["seq"].iter().chain(members);
        let properties: serde_json::Map<String, Value> = chosen
            .map(|name| ((*name).to_owned(), present(&whole["properties"][*name])))
            .collect();
        let required: Vec<&String> = properties.keys().collect();
        self.answer.schema = json!({
            "type": "object",
            "required": required,
            "properties": properties,
            "additionalProperties": false,
        });
        Applied::schemas(&mut self.schemas);
        self
    }

    /// It may answer these members, too.
    pub fn applied_perhaps(mut self, members: &[&str]) -> Self {
        let whole = value_of(&Applied::schema());
        for name in members {
            self.answer.schema["properties"][*name] = present(&whole["properties"][*name]);
        }
        self
    }

    /// It may refuse for these reasons, too.
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.refusals.extend(codes);
        self
    }

    /// The address and its handler.
    pub fn route(self) -> (&'static str, MethodRouter<Shared>) {
        (self.path, self.handler)
    }

    fn reference<T: ToSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

/// A schema of a member that may be missing, as it is where the member is there.
fn present(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kinds) = schema["type"].as_array() {
        let kind = kinds.iter().find(|kind| **kind != "null").cloned();
        schema["type"] = kind.unwrap_or(Value::Null);
    }
    let one_of = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let other = one_of.into_iter().find(|other| other["type"] != "null");
    other.unwrap_or(schema)
}

/// As JSON; these documents have text for keys, so they can always be written.
fn value_of<T: serde::Serialize>(document: &T) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}

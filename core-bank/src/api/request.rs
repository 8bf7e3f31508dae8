//! Strict reading of requests: the token, the idempotency key, the body, the query.

use std::time::Duration;

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header, header::AsHeaderName, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{Service, problem::Problem};
use crate::{
    access,
    rules::{
        Amount, AmountError, BusinessTime, Caller, Channel, Fingerprint, IdempotencyKey, Operation,
        RefusalCode as Code, TokenDigest, unseen,
    },
};

/// The largest body in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// The largest body that names everybody of a batch.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// The header in which a terminal shows the session of the customer at it.
pub const TERMINAL_SESSION: &str = "terminal-session";
/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(5);

/// Who asks. A terminal's rights are known here; a session's are looked up by the writer.
pub fn caller(
    service: &Service,
    headers: &HeaderMap,
    operation: Operation,
) -> Result<Caller, Problem> {
    let caller = bearer(service, headers)?;
    match caller {
        Caller::Terminal(channel) | Caller::AtTerminal(channel, _)
            if !operation.allows(channel) =>
        {
            Err(Code::Forbidden.into())
        }
        _ => Ok(caller),
    }
}

/// Who asks where the query may hold nothing.
pub fn caller_without_query(
    service: &Service,
    request: &Request,
    operation: Operation,
) -> Result<Caller, Problem> {
    let caller = caller(service, request.headers(), operation)?;
    no_query(request.uri())?;
    Ok(caller)
}

/// A parameter that nobody reads may be one that somebody counts on, so it is refused.
pub fn no_query(uri: &Uri) -> Result<(), Problem> {
    if uri.query().unwrap_or_default().is_empty() {
        return Ok(());
    }
    let detail = "this endpoint takes no parameters in the query";
    Err(Problem::detailed(Code::InvalidQuery, detail))
}

/// A header that may stand once. Whoever stands before the bank and the bank itself could take two for
/// different ones.
fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&HeaderValue>, Twice> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Twice),
        (value, None) => Ok(value),
    }
}

/// A header that should stand once stands more often.
struct Twice;

/// Who holds the bearer token.
pub fn bearer(service: &Service, headers: &HeaderMap) -> Result<Caller, Problem> {
    let unauthenticated = |_| Code::Unauthenticated;
    let token = single(headers, header::AUTHORIZATION)
        .map_err(unauthenticated)?
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .ok_or(Code::Unauthenticated)?;
    let caller = service.access.caller(token);
    let session = single(headers, TERMINAL_SESSION).map_err(unauthenticated)?;
    let Some(session) = session else {
        return Ok(caller);
    };
    match caller {
        Caller::Terminal(channel @ (Channel::Counter | Channel::Kiosk | Channel::Atm)) => {
            let session = access::digest(session.to_str().unwrap_or_default());
            Ok(Caller::AtTerminal(channel, session))
        }
        // There is no customer at anything else.
        _ => Err(Code::Unauthenticated.into()),
    }
}

/// How a session is refused that may not ask this at all: whether it stands is said first.
pub async fn shut_out(service: &Service, token: TokenDigest) -> Problem {
    let now = service.clock.now();
    let stands = service
        .bank
        .read(move |state| state.session(token).is_some_and(|s| s.stands(now)));
    match stands.await {
        Ok(true) => Code::Forbidden.into(),
        Ok(false) => Code::Unauthenticated.into(),
        Err(refusal) => refusal.into(),
    }
}

/// The client's name for the request.
pub fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let value = single(headers, "idempotency-key").unwrap_or_default();
    let key = value.and_then(|value| value.to_str().ok());
    let key = key.and_then(IdempotencyKey::parse);
    key.ok_or_else(|| Code::IdempotencyKeyMissing.into())
}

/// The largest body that an operation takes.
pub fn body_bytes_max(operation: Operation) -> usize {
    match operation {
        Operation::WelfareIssue => BATCH_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

/// The body as the one JSON object that the route takes.
pub async fn body<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<T, Problem> {
    let kind = single(headers, header::CONTENT_TYPE).map_err(|_| Code::UnsupportedMediaType)?;
    if let Some(kind) = kind
        && !is_json(kind.to_str().unwrap_or_default())
    {
        return Err(Code::UnsupportedMediaType.into());
    }
    // What is packed would be read as what it is not.
    let plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Err(Code::UnsupportedMediaType.into());
    }
    let arriving = Limited::new(body, bytes_max).collect();
    let bytes: Bytes = match tokio::time::timeout(BODY_TIME_MAX, arriving).await {
        Err(_) => return Err(Code::RequestTimeout.into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Code::BodyTooLarge.into()),
        Ok(Err(_)) => return Err(Code::MalformedJson.into()),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    // A struct would also read from an array; the contract is an object.
    let value: serde_json::Value = match bytes.trim_ascii_start().first() {
        Some(b'{') => return parse(&bytes),
        _ => parse(&bytes)?,
    };
    let detail = format!("the body is {}, and should be an object", kind_of(&value));
    Err(Problem::detailed(Code::InvalidBody, detail))
}

/// Whether a content type is JSON in UTF-8, the only character set that JSON has.
fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        // A list in place of a choice, too deep a nesting or too great a number count as syntax errors
        // where they are met, so whether it is JSON is asked of the whole.
        let is_json = || {
            let text = std::str::from_utf8(bytes).ok();
            text.is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
        };
        let code = if error.is_data() || is_json() {
            Code::InvalidBody
        } else {
            Code::MalformedJson
        };
        Problem::detailed(code, error.to_string())
    })
}

fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

/// What the request says, in short: its route and its body in one canonical spelling.
pub fn fingerprint<T: Serialize>(parts: &Parts, body: &T) -> Result<Fingerprint, Problem> {
    // In one piece, which is hashed faster than three.
    let mut said = Vec::with_capacity(256);
    said.extend_from_slice(parts.method.as_str().as_bytes());
    said.push(b' ');
    said.extend_from_slice(parts.uri.path().as_bytes());
    said.push(b'\n');
    serde_json::to_writer(&mut said, body).map_err(|_| Code::Internal)?;
    let mut short = Fingerprint([0; 16]);
    short
        .0
        .copy_from_slice(&blake3::hash(&said).as_bytes()[..16]);
    Ok(short)
}

/// A text that must have a form of its own, or the name of the member that has not.
pub fn well_formed<T>(member: &str, form: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::detailed(Code::InvalidBody, format!("`{member}` is not {form}")))
}

/// A text that people read, without characters that nobody sees: they would make it look like another.
pub fn seen<'a>(member: &str, text: &'a str) -> Result<&'a str, Problem> {
    let Some((at, character)) = unseen(text) else {
        return Ok(text);
    };
    let code = u32::from(character);
    let detail =
        format!("`{member}` holds U+{code:04X} as character {at}, which nobody sees: leave it out");
    Err(Problem::detailed(Code::InvalidBody, detail))
}

/// An amount in a body: read whatever it is, so that a number gets its own refusal.
pub struct AmountText(Result<Amount, AmountError>);

impl AmountText {
    /// The amount, or why it is none.
    pub fn amount(&self) -> Result<Amount, Problem> {
        self.0.map_err(Problem::from)
    }
}

impl From<Amount> for AmountText {
    fn from(amount: Amount) -> Self {
        Self(Ok(amount))
    }
}

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(
            value
                .as_str()
                .map_or(Err(AmountError::Format), Amount::parse),
        ))
    }
}

/// The canonical spelling, for fingerprints.
impl Serialize for AmountText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Ok(amount) => serializer.serialize_str(amount.fen().text().as_str()),
            Err(_) => serializer.serialize_none(),
        }
    }
}

/// A moment with its offset in a body. In a fingerprint the same moment has one spelling, that of Shanghai.
pub struct MomentText(Result<BusinessTime, String>);

impl MomentText {
    /// The moment.
    pub fn moment(&self, member: &str) -> Result<BusinessTime, Problem> {
        let form = "a moment like 2026-06-09T20:00+08:00";
        well_formed(member, form, self.0.as_ref().ok().copied())
    }
}

impl<'de> Deserialize<'de> for MomentText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read: Result<Timestamp, _> = text.parse();
        Ok(Self(read.map(BusinessTime::of).map_err(|_| text)))
    }
}

/// The canonical spelling, for fingerprints.
impl Serialize for MomentText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(moment) => serializer.collect_str(moment),
            Err(text) => serializer.serialize_str(text),
        }
    }
}

/// A secret in a body: never written again, so it is no part of a fingerprint by itself.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// The number of a record in a query. None is beyond 63 bits.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "i64")]
pub struct Seq(pub u64);

impl TryFrom<i64> for Seq {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        let problem = "a record's number is not negative";
        u64::try_from(number).map(Self).map_err(|_| problem)
    }
}

/// The query as the parameters that the route takes.
pub fn query<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    axum::extract::Query::try_from_uri(&parts.uri)
        .map(|axum::extract::Query(query)| query)
        .map_err(|error| Problem::detailed(Code::InvalidQuery, error.body_text()))
}

//! Refusals on the wire: problem documents of RFC 9457.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::rules::{AmountError, Refusal, RefusalCode};

/// A refusal on its way out. The document is written by the outermost layer, which knows the
/// request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    refusal: Refusal,
    detail: Option<String>,
    replayed: bool,
    /// Whether parts of a long request were done before this one was refused.
    partial: bool,
    /// Whole seconds until a request may pass, where that is known.
    wait_s: Option<u64>,
    /// What the bank failed at: for the log, and for nobody else.
    fault: Option<Box<str>>,
}

impl Problem {
    /// A refusal with one sentence about this very request.
    pub fn detailed(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::from(code)
        }
    }

    /// Why it refuses.
    pub fn code(&self) -> RefusalCode {
        self.refusal.code
    }

    /// The bank failed. The log tells at what, with the request's id.
    pub fn failed(fault: impl Into<Box<str>>) -> Self {
        Self {
            fault: Some(fault.into()),
            ..Self::from(RefusalCode::Internal)
        }
    }

    /// Too many requests; one passes after this wait.
    pub fn rate_limited(wait: Duration) -> Self {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            wait_s: Some(whole.max(1)),
            ..Self::from(RefusalCode::RateLimited)
        }
    }

    /// A refusal with more than its code says.
    pub fn explained(refusal: Refusal, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::from(refusal)
        }
    }

    /// What it is to a long request of which parts may have been done before.
    pub fn after_parts(self, partial: bool, replayed: bool) -> Self {
        Self {
            replayed,
            partial,
            ..self
        }
    }

    /// The refusal as the first answer again.
    pub fn replayed(refusal: Refusal) -> Self {
        Self {
            replayed: true,
            ..Self::from(refusal)
        }
    }

    /// The whole answer, for the request of this id where requests have ids.
    pub fn into_document(self, request_id: Option<&str>) -> Response {
        let code = self.refusal.code;
        if code == RefusalCode::Internal {
            let request_id = request_id.unwrap_or_default();
            let fault = self.fault.as_deref().unwrap_or("the bank failed");
            tracing::error!(request_id, "{fault}");
        }
        let mut document = json!({
            "type": format!("urn:branchlab:refusal:{code}"),
            "title": code.title(),
            "status": code.status(),
            "code": code.code(),
            "detail": self.detail.unwrap_or_else(|| code.title().to_owned()),
            "retryable": code.retryable(),
            "effect": if self.partial { "partial" } else { code.effect().name() },
        });
        if let Some(request_id) = request_id {
            document["instance"] = json!(format!("urn:branchlab:request:{request_id}"));
        }
        if let Some(customer) = self.refusal.customer {
            document["customer"] = json!(customer);
        }
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, document.to_string()).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        match code {
            RefusalCode::Overloaded
            | RefusalCode::ProjectionBehind
            | RefusalCode::OfficeBusy
            | RefusalCode::StorageFull => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        if let Some(wait) = self.wait_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            detail: None,
            replayed: false,
            partial: false,
            wait_s: None,
            fault: None,
        }
    }
}

impl From<RefusalCode> for Problem {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}

impl From<AmountError> for Problem {
    fn from(error: AmountError) -> Self {
        let code = match error {
            AmountError::Format => RefusalCode::AmountFormat,
            AmountError::Scale => RefusalCode::AmountScale,
            AmountError::TooLarge => RefusalCode::AmountTooLarge,
            AmountError::NotPositive => RefusalCode::AmountNotPositive,
        };
        Self::detailed(code, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.refusal.code.status());
        let mut response = status.unwrap_or(StatusCode::BAD_REQUEST).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

//! What an answer means, as the target file says it.

use crate::fate::{Effect, Outcome};
use serde_json::Value;

/// How the answers to an operation are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Statuses of success; all from 200 to 299 if none is named.
    pub success: Vec<u16>,
    /// Statuses of refusals by a business rule that are right.
    pub refused: Vec<u16>,
    /// Codes of such refusals, found where `code` points.
    pub refused_codes: Vec<String>,
    /// JSON pointer to the code of a refusal.
    pub code: Option<String>,
    /// It must be refused: to accept it is an error.
    pub must_be_refused: bool,
    /// It changes something.
    pub changes: bool,
    /// What a success must hold: JSON pointers, and the value if it is told.
    pub expect: Vec<(String, Option<Value>)>,
    /// What is taken from a success: JSON pointers and where it goes.
    pub captures: Vec<(String, Capture)>,
}

/// Where a captured value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// This place of what the session remembers.
    Session(usize),
    /// This place of what is known of the customer.
    Customer(usize),
}

/// An answer, understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    pub outcome: Outcome,
    pub effect: Effect,
    pub code: Option<String>,
    pub what: Option<String>,
    pub captured: Vec<(Capture, String)>,
}

impl Reading {
    /// Reads an answer; `allow` are the codes that the plan allows beside the file's.
    pub fn read(&self, allow: &[String], status: u16, body: &[u8]) -> Understood {
        let success = match self.success.as_slice() {
            [] => (200..300).contains(&status),
            listed => listed.contains(&status),
        };
        if success {
            return self.success(status, body);
        }
        let code = self.code_of(body);
        let allowed = code
            .as_ref()
            .is_some_and(|code| self.refused_codes.contains(code) || allow.contains(code));
        if allowed || self.refused.contains(&status) {
            return Understood {
                outcome: Outcome::Refused,
                effect: Effect::None,
                what: None,
                captured: Vec::new(),
                code: code.or_else(|| Some(status.to_string())),
            };
        }
        let what = match &code {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        };
        // The other side may have done it and failed to say so.
        self.failed(what, status >= 500, code)
    }

    fn success(&self, status: u16, body: &[u8]) -> Understood {
        if self.must_be_refused {
            return self.failed(format!("{status} accepts what must be refused"), true, None);
        }
        let mut captured = Vec::new();
        if !(self.expect.is_empty() && self.captures.is_empty()) {
            let Ok(answer) = serde_json::from_slice::<Value>(body) else {
                return self.failed(format!("{status} without JSON"), true, None);
            };
            for (pointer, wanted) in &self.expect {
                let found = answer.pointer(pointer);
                let right = found
                    .is_some_and(|found| wanted.as_ref().is_none_or(|wanted| same(found, wanted)));
                if !right {
                    let what = match found {
                        None => format!("{status} without `{pointer}`"),
                        Some(_) => format!("{status} with another `{pointer}`"),
                    };
                    return self.failed(what, true, None);
                }
            }
            for (pointer, to) in &self.captures {
                match answer.pointer(pointer).and_then(text) {
                    Some(value) => captured.push((*to, value)),
                    None => {
                        return self.failed(format!("{status} without `{pointer}`"), true, None);
                    }
                }
            }
        }
        Understood {
            outcome: Outcome::Succeeded,
            effect: if self.changes {
                Effect::Applied
            } else {
                Effect::None
            },
            code: None,
            what: None,
            captured,
        }
    }

    fn failed(&self, what: String, unsure: bool, code: Option<String>) -> Understood {
        Understood {
            outcome: Outcome::Failed,
            effect: if self.changes && unsure {
                Effect::Unknown
            } else {
                Effect::None
            },
            code,
            what: Some(what),
            captured: Vec::new(),
        }
    }

    fn code_of(&self, body: &[u8]) -> Option<String> {
        let pointer = self.code.as_ref()?;
        let answer: Value = serde_json::from_slice(body).ok()?;
        text(answer.pointer(pointer)?)
    }
}

/// A value as it is written into requests; none of what has parts.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Equal, numbers by their value.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() <= f64::EPSILON * wanted.abs(),
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Failed, Refused, Succeeded};

    fn reading() -> Reading {
        Reading {
            code: Some("/error/code".into()),
            refused: vec![404],
            refused_codes: vec!["too_much".into()],
            changes: true,
            expect: vec![("/ok".into(), Some(Value::Bool(true)))],
            captures: vec![("/id".into(), Capture::Session(0))],
            ..Reading::default()
        }
    }

    #[test]
    fn every_answer_is_in_its_class() {
        let cases: [(u16, &str, Outcome, Effect, Option<&str>); 10] = [
            (
                201,
                r#"{"ok":true,"id":7}"#,
                Succeeded,
                Effect::Applied,
                None,
            ),
            (
                200,
                r#"{"ok":false,"id":7}"#,
                Failed,
                Effect::Unknown,
                Some("200 with another `/ok`"),
            ),
            (
                200,
                r#"{"ok":true}"#,
                Failed,
                Effect::Unknown,
                Some("200 without `/id`"),
            ),
            (
                200,
                r#"{"id":7}"#,
                Failed,
                Effect::Unknown,
                Some("200 without `/ok`"),
            ),
            (200, "ok", Failed, Effect::Unknown, Some("200 without JSON")),
            (404, "", Refused, Effect::None, None),
            (
                409,
                r#"{"error":{"code":"too_much"}}"#,
                Refused,
                Effect::None,
                None,
            ),
            (
                409,
                r#"{"error":{"code":"other"}}"#,
                Failed,
                Effect::None,
                Some("409 other"),
            ),
            (503, "", Failed, Effect::Unknown, Some("503")),
            (
                422,
                r#"{"error":{"code":"planned"}}"#,
                Refused,
                Effect::None,
                None,
            ),
        ];
        for (status, body, outcome, effect, what) in cases {
            let found = reading().read(&["planned".into()], status, body.as_bytes());
            assert_eq!(
                (found.outcome, found.effect, found.what.as_deref()),
                (outcome, effect, what),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn to_accept_what_must_be_refused_is_an_error() {
        let reading = Reading {
            must_be_refused: true,
            refused: vec![403],
            ..Reading::default()
        };
        assert_eq!(reading.read(&[], 200, b"").outcome, Failed);
        assert_eq!(reading.read(&[], 403, b"").outcome, Refused);
    }

    #[test]
    fn what_is_captured_is_text_whatever_it_was() {
        let found = reading().read(&[], 200, br#"{"ok":true,"id":12}"#);
        assert_eq!(found.captured, [(Capture::Session(0), "12".to_owned())]);
    }
}

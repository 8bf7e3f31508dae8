//! What sessions do, read from `[[flows]]`.

use super::super::{Flow, FlowStep};
use super::form::{FlowTable, StepForm};
use crate::placed::{Document, Fault};
use scenarios::operation::Channel;
use scenarios::time::Span;
use toml::Spanned;

/// All flows of a file.
pub fn read(document: &Document, tables: &[Spanned<FlowTable>]) -> Result<Vec<Flow>, Fault> {
    if tables.is_empty() {
        let why =
            "nothing says what a session asks; add a table\n[[flows]]\nsteps = [\"balance_query\"]";
        return Err(crate::placed::whole_file(document.path(), why));
    }
    let flows = (1..).zip(tables);
    flows
        .map(|(number, table)| flow(document, number, table.get_ref()))
        .collect()
}

fn flow(document: &Document, number: u32, table: &FlowTable) -> Result<Flow, Fault> {
    let weight = match &table.weight {
        None => 1.0,
        Some(weight) if weight.get_ref().is_finite() && *weight.get_ref() > 0.0 => {
            *weight.get_ref()
        }
        Some(weight) => return Err(document.at(weight, "it must be above 0")),
    };
    let channel: Option<Channel> = match &table.channel {
        None => None,
        Some(written) => Some(written.get_ref().parse().map_err(
            |error: scenarios::names::UnknownName| document.at(written, error.to_string()),
        )?),
    };
    if table.steps.get_ref().is_empty() {
        return Err(document.at(&table.steps, "there is no step in it"));
    }
    let steps = table
        .steps
        .get_ref()
        .iter()
        .map(|form| step(document, form));
    Ok(Flow {
        name: table
            .name
            .clone()
            .unwrap_or_else(|| format!("flow {number}")),
        weight,
        channel,
        steps: steps.collect::<Result<_, _>>()?,
        place: table.steps.span(),
    })
}

fn step(document: &Document, form: &Spanned<StepForm>) -> Result<FlowStep, Fault> {
    let bad = |why: String| document.at(form, why);
    let plain = |operation: &String| FlowStep {
        operation: operation.clone(),
        think: Span(0),
        exponential: false,
        amount_fen: None,
        allow: [].into(),
        place: form.span(),
    };
    let table = match form.get_ref() {
        StepForm::Name(operation) => return Ok(plain(operation)),
        StepForm::Table(table) => table,
    };
    let think = match &table.think {
        None => Span(0),
        Some(text) => scenarios::time::parse_span(text).map_err(|error| bad(error.to_string()))?,
    };
    let exponential = match table.vary.as_deref() {
        None | Some("none") => false,
        Some("exponential") => true,
        Some(other) => {
            return Err(bad(format!(
                "`vary` is `none` or `exponential`, not `{other}`"
            )));
        }
    };
    let amount_fen = match &table.amount {
        None => None,
        Some(text) => Some(fen(text).ok_or_else(|| {
            bad(format!(
                "`{text}` is no amount; write yuan above 0 like \"12.34\""
            ))
        })?),
    };
    Ok(FlowStep {
        think,
        exponential,
        amount_fen,
        allow: table.allow.clone().into(),
        ..plain(&table.operation)
    })
}

/// Yuan with up to two decimals, in fen; above 0.
fn fen(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let yuan: i64 = whole.parse().ok()?;
    let fen: i64 = format!("{part:0<2}").parse().ok()?;
    let sum = yuan.checked_mul(100)?.checked_add(fen)?;
    (sum > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_yuan_with_two_decimals() {
        let cases = [
            ("12.34", Some(1234)),
            ("5", Some(500)),
            ("0.1", Some(10)),
            ("0", None),
            ("-1", None),
            ("1.234", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(fen(text), expected, "{text}");
        }
    }
}

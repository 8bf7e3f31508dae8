//! A TOML document as a tree in which every key and value knows where it was
//! written, so that a fault found late still points at its line and column.

use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::lexer::TokenKind;

/// Where something was written: bytes `start..end` of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// Position of the source in [`super::sources::Sources`].
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and where it was written; of a table, where its key was.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub value: Value,
    pub origin: Origin,
}

/// What TOML can say.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A date, a time, or both, as written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
}

/// A key of a table with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_origin: Origin,
    pub node: Node,
}

/// Keys in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    positions: BTreeMap<String, usize>,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.entry(key)?.node)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let position = *self.positions.get(key)?;
        Some(&mut self.entries[position].node)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.positions.get(key).map(|&at| &self.entries[at])
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    pub fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.entries.iter_mut().map(|entry| &mut entry.node)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// Puts the entry in the place of one with its key, or at the end.
    pub fn put(&mut self, entry: Entry) {
        if let Some(&position) = self.positions.get(&entry.key) {
            self.entries[position] = entry;
        } else {
            self.positions.insert(entry.key.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }

    /// Takes the key out, if it is there.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let position = self.positions.remove(key)?;
        let removed = self.entries.remove(position);
        for at in self.positions.values_mut().filter(|at| **at > position) {
            *at -= 1;
        }
        Some(removed)
    }

    /// Lays `variant` over this table: tables merge, everything else replaces. A
    /// table that names its `law` replaces too, because the parameters of one
    /// law mean nothing to another.
    pub fn overlay(&mut self, variant: Self) {
        for entry in variant.entries {
            let over = match (self.get_mut(&entry.key), &entry.node.value) {
                (Some(base), Value::Table(table)) if table.get("law").is_none() => Some(base),
                _ => None,
            };
            match (over.map(|base| (&mut base.value, &mut base.origin)), entry) {
                (
                    Some((Value::Table(base), origin)),
                    Entry {
                        node:
                            Node {
                                value: Value::Table(table),
                                origin: later,
                            },
                        ..
                    },
                ) => {
                    *origin = later;
                    base.overlay(table);
                }
                (_, entry) => self.put(entry),
            }
        }
    }
}

/// What a text is not TOML for: bytes and reason.
pub(super) struct SyntaxFault {
    pub origin: Origin,
    pub message: String,
}

/// Keys nested deeper than any scenario are refused before they are parsed:
/// the parser limits brackets, but follows dotted keys down the stack.
const DEPTH_MAX: usize = 32;

/// The first key of more than [`DEPTH_MAX`] parts.
fn too_deep(text: &str, source: usize) -> Option<SyntaxFault> {
    let mut dots = 0;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::Equals
            | TokenKind::Comma
            | TokenKind::Newline
            | TokenKind::LeftSquareBracket
            | TokenKind::RightSquareBracket
            | TokenKind::LeftCurlyBracket
            | TokenKind::RightCurlyBracket => dots = 0,
            _ => {}
        }
        if dots > DEPTH_MAX {
            return Some(SyntaxFault {
                origin: Origin {
                    source,
                    start: token.span().start(),
                    end: token.span().end(),
                },
                message: format!("a key of more than {DEPTH_MAX} parts"),
            });
        }
    }
    None
}

/// Reads a whole document.
pub(super) fn parse_document(text: &str, source: usize) -> Result<Table, Vec<SyntaxFault>> {
    if let Some(fault) = too_deep(text, source) {
        return Err(vec![fault]);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        table(document.into_inner(), source)
    } else {
        Err(errors
            .into_iter()
            .map(|error| {
                let span = error.span().unwrap_or(0..0);
                SyntaxFault {
                    origin: Origin {
                        source,
                        start: span.start,
                        end: span.end,
                    },
                    message: error.message().trim().replace('\n', ", "),
                }
            })
            .collect())
    }
}

/// Reads one value, as `--set` gives it.
pub(super) fn parse_value(text: &str, source: usize) -> Option<Node> {
    if too_deep(text, source).is_some() {
        return None;
    }
    let value = DeValue::parse(text).ok()?;
    node(value, source, None).ok()
}

fn table(table: DeTable<'_>, source: usize) -> Result<Table, Vec<SyntaxFault>> {
    let mut pairs: Vec<_> = table.into_iter().collect();
    // The parser's map is sorted by name; the order of the file carries meaning.
    pairs.sort_by_key(|(key, _)| key.span().start);
    let mut result = Table::default();
    for (key, value) in pairs {
        let key_origin = origin(&key.span(), source);
        let node = node(value, source, Some(key_origin))?;
        result.put(Entry {
            key: key.into_inner().into_owned(),
            key_origin,
            node,
        });
    }
    Ok(result)
}

fn origin(span: &std::ops::Range<usize>, source: usize) -> Origin {
    Origin {
        source,
        start: span.start,
        end: span.end,
    }
}

fn node(
    value: Spanned<DeValue<'_>>,
    source: usize,
    key: Option<Origin>,
) -> Result<Node, Vec<SyntaxFault>> {
    let own = origin(&value.span(), source);
    let mut at = own;
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Integer(
            i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
                vec![SyntaxFault {
                    origin: own,
                    message: "a whole number beyond what fits 64 bits".into(),
                }]
            })?,
        ),
        DeValue::Float(number) => Value::Float(number.as_str().parse().map_err(|_| {
            vec![SyntaxFault {
                origin: own,
                message: "not a number".into(),
            }]
        })?),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|item| node(item, source, None))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(inner) => {
            at = key.unwrap_or(own);
            Value::Table(table(inner, source)?)
        }
    };
    Ok(Node { value, origin: at })
}

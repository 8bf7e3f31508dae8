//! `extends = "other.toml"`: a variant names only what differs.

use super::fields::Reader;
use super::sources::{Source, Unreadable, decode_toml, read_bytes};
use super::tree::{Origin, Table, parse_document};
use std::path::{Path, PathBuf};

/// More bases than anyone keeps in mind.
const BASES_MAX: usize = 32;

impl Reader {
    /// A scenario that another one names as a template, over the files it extends.
    pub fn template(&mut self, path: &Path, origin: Origin) -> Option<Table> {
        if let Err(unreadable) = read_bytes(path).and_then(decode_toml) {
            let message = format!("`{}` {}", path.display(), unreadable.message);
            self.fault(origin, message, unreadable.help);
            return None;
        }
        self.with_bases(path)
    }

    /// The file over the file it extends, over the file that one extends …
    pub fn with_bases(&mut self, path: &Path) -> Option<Table> {
        let mut chain: Vec<(PathBuf, PathBuf)> = Vec::new();
        let mut tables: Vec<Table> = Vec::new();
        let mut next = Some((path.to_path_buf(), None));
        while let Some((path, origin)) = next.take() {
            let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            chain.push((path.clone(), real.clone()));
            let before = &chain[..chain.len() - 1];
            let circle = before.iter().any(|(_, earlier)| *earlier == real);
            if let Some(origin) = origin
                && (circle || chain.len() > BASES_MAX)
            {
                let names: Vec<_> = chain
                    .iter()
                    .map(|(path, _)| path.display().to_string())
                    .collect();
                let what = if circle {
                    "goes in a circle"
                } else {
                    "is too long a chain"
                };
                self.fault(
                    origin,
                    format!("`extends` {what}: {}", names.join(" → ")),
                    "a base must not lead back to its variant",
                );
                return None;
            }
            let mut table = self.parse_file(&path, origin)?;
            if let Some(entry) = table.remove("extends") {
                let base = self.text(&entry.node, "extends")?;
                let folder = path.parent().unwrap_or(Path::new("."));
                next = Some((folder.join(base), Some(entry.node.origin)));
            }
            tables.push(table);
        }
        let mut table = tables.pop()?;
        while let Some(variant) = tables.pop() {
            table.give_way_to(&variant);
            table.overlay(variant);
        }
        Some(table)
    }

    /// A file as a tree; `from` is where another file named it.
    fn parse_file(&mut self, path: &Path, from: Option<Origin>) -> Option<Table> {
        let source = self.sources.len();
        match read_bytes(path).and_then(decode_toml) {
            Ok(text) => {
                self.sources.push(Source::file(path, &text));
                match parse_document(&text, source) {
                    Ok(table) => Some(table),
                    Err(faults) => {
                        for fault in faults {
                            let message = format!("not TOML: {}", fault.message);
                            self.fault(fault.origin, message, "");
                        }
                        None
                    }
                }
            }
            Err(unreadable) => {
                self.unreadable(path, from, unreadable);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &Path, from: Option<Origin>, unreadable: Unreadable) {
        let Unreadable {
            message,
            help,
            text,
            byte,
        } = unreadable;
        if let Some(origin) = from {
            let message = format!("`extends` names `{}`, which {message}", path.display());
            self.fault(origin, message, help);
            return;
        }
        let source = self.sources.len();
        self.sources.push(Source::file(path, &text));
        let origin = Origin {
            source,
            start: byte,
            end: text.len(),
        };
        self.fault(origin, format!("the file {message}"), help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tree::{Node, Value};

    fn number(table: &Table, path: &[&str]) -> Option<i64> {
        let (last, before) = path.split_last()?;
        let mut table = table;
        for part in before {
            let Value::Table(inner) = &table.get(part)?.value else {
                return None;
            };
            table = inner;
        }
        match table.get(last)? {
            Node {
                value: Value::Integer(number),
                ..
            } => Some(*number),
            _ => None,
        }
    }

    #[test]
    fn tables_merge_and_everything_else_replaces() {
        let parse = |text: &str| parse_document(text, 0).ok().expect("the text is TOML");
        let mut base = parse("[a]\nx = 1\ny = 2\n[a.b]\nz = 3\n[t]\nlaw = \"gamma\"\nk = 2");
        base.overlay(parse(
            "[a]\ny = 5\n[a.b]\nw = 4\n[t]\nlaw = \"erlang\"\nm = 1",
        ));
        assert_eq!(number(&base, &["a", "x"]), Some(1));
        assert_eq!(number(&base, &["a", "y"]), Some(5));
        assert_eq!(number(&base, &["a", "b", "z"]), Some(3));
        assert_eq!(number(&base, &["a", "b", "w"]), Some(4));
        // The parameters of one law mean nothing to another.
        assert_eq!(number(&base, &["t", "k"]), None);
        assert_eq!(number(&base, &["t", "m"]), Some(1));
    }
}

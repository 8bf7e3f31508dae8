//! A target file maps named operations to HTTP requests and their answers to outcomes,
//! so that any system that speaks HTTP can be loaded. `docs/load.md` is its reference.

mod answer;
mod template;
mod vocabulary;

pub use answer::{Capture, Reading};
pub use template::{Template, Values};
pub use vocabulary::{PlanPart, Variable};

use crate::endpoint::{Endpoint, Reach, Trust, Version};
use crate::error::LoadError;
use crate::placed::{Document, Fault, one_of, whole_file};
use crate::profile::Profile;
use http::Method;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use template::Within;
use toml::Spanned;
use vocabulary::{RESERVED, Vocabulary};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    url: Option<Spanned<String>>,
    http: Option<Spanned<String>>,
    ca: Option<Spanned<String>>,
    code: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    operations: BTreeMap<String, Spanned<OperationTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationTable {
    method: Option<Spanned<String>>,
    path: Spanned<String>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    body: Option<Spanned<toml::Value>>,
    text: Option<Spanned<String>>,
    #[serde(default)]
    success: Vec<u16>,
    #[serde(default)]
    refused: Vec<u16>,
    #[serde(default)]
    refused_codes: Vec<String>,
    #[serde(default)]
    must_be_refused: bool,
    changes: Option<bool>,
    #[serde(default)]
    expect: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    captures: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    customer_captures: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    before: Vec<Spanned<String>>,
}

/// A target file that has been read.
#[derive(Debug)]
pub struct TargetFile {
    document: Document,
    file: File,
    version: Version,
}

/// An operation ready to be said.
#[derive(Debug)]
pub struct Compiled {
    pub name: String,
    pub method: Method,
    pub path: Template,
    pub headers: Vec<(String, Template)>,
    pub body: Template,
    pub reading: Reading,
    /// Operations that are said before it, by their places.
    pub before: Vec<usize>,
}

/// All operations of a target, ready to be said in one run.
#[derive(Debug)]
pub struct Program {
    pub operations: Vec<Compiled>,
    /// How many values a session remembers, and a customer.
    pub session_values: usize,
    pub customer_values: usize,
}

impl TargetFile {
    /// Reads a target file.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let document = Document::read(path)?;
        let file: File = document.parse()?;
        let version = match file.http.as_ref().map(|it| it.get_ref().as_str()) {
            None | Some("1.1") => Version::Http1,
            Some("2") => Version::Http2,
            Some(other) => {
                let why = format!("HTTP/{other} is not spoken; there is \"1.1\" and \"2\"");
                let place = file.http.as_ref().map_or(0..0, Spanned::span);
                return Err(document.fault(place, why));
            }
        };
        if file.operations.is_empty() {
            return Err(whole_file(path, "there is no operation in it"));
        }
        Ok(Self {
            document,
            file,
            version,
        })
    }

    /// As the file has it.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// Its name: told, or of the file.
    pub fn name(&self) -> String {
        let stem = self.document.path().file_stem();
        let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
        self.file.name.clone().or(stem).unwrap_or_default()
    }

    /// The address that load is sent to: `url` or, without it, the file's own.
    ///
    /// # Errors
    /// No address is given, or it may not be reached: see [`Endpoint::new`].
    pub fn endpoint(
        &self,
        url: Option<&str>,
        ca: Option<PathBuf>,
        reach: &Reach,
    ) -> Result<Endpoint, LoadError> {
        let own = self.file.url.as_ref().map(|url| url.get_ref().as_str());
        let Some(url) = url.or(own) else {
            let why = "it has no `url`; add one, or say --target URL";
            return Err(whole_file(self.document.path(), why).into());
        };
        let in_file = self.file.ca.as_ref();
        let in_file = in_file.map(|path| self.document.beside(path.get_ref()));
        let trust = ca.or(in_file).map_or(Trust::System, Trust::File);
        Endpoint::new(url, self.version, &trust, reach)
    }

    /// The names of its operations, in order.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.file.operations.keys().map(String::as_str)
    }

    /// The place of an operation among them.
    pub fn place(&self, operation: &str) -> Option<usize> {
        self.operations().position(|known| known == operation)
    }

    /// What is wrong when a plan asks for an operation that is not in it.
    pub(crate) fn lacks(&self, operation: &str) -> String {
        let known = one_of(self.operations(), operation);
        let path = self.document.path().display();
        format!("{path} has no operation `{operation}`; {known}")
    }

    /// Makes it ready for a run with the feeders of a profile.
    pub(crate) fn compile(&self, run: &str, profile: Option<&Profile>) -> Result<Program, Fault> {
        let feeders: Vec<(&str, Vec<String>)> = profile
            .into_iter()
            .flat_map(Profile::feeders)
            .map(|(name, columns)| (name, columns.to_vec()))
            .collect();
        if let Some((name, _)) = feeders.iter().find(|(name, _)| RESERVED.contains(name)) {
            let why = format!("a feeder cannot be called `{name}`: that word means something else");
            return Err(whole_file(self.document.path(), why));
        }
        let mut vocabulary = Vocabulary::new(run, &feeders);
        for table in self.file.operations.values() {
            let of_session = table.get_ref().captures.keys();
            vocabulary.session.extend(of_session.cloned());
            let of_customer = table.get_ref().customer_captures.keys();
            vocabulary.customer.extend(of_customer.cloned());
        }
        for names in [&mut vocabulary.session, &mut vocabulary.customer] {
            names.sort_unstable();
            names.dedup();
        }
        let compiler = Compiler {
            document: &self.document,
            file: &self.file,
            vocabulary: &vocabulary,
        };
        let operations = self.file.operations.iter();
        let operations = operations.map(|(name, table)| compiler.operation(name, table));
        Ok(Program {
            operations: operations.collect::<Result<_, _>>()?,
            session_values: vocabulary.session.len(),
            customer_values: vocabulary.customer.len(),
        })
    }
}

struct Compiler<'a> {
    document: &'a Document,
    file: &'a File,
    vocabulary: &'a Vocabulary,
}

impl Compiler<'_> {
    fn operation(&self, name: &str, table: &Spanned<OperationTable>) -> Result<Compiled, Fault> {
        let it = table.get_ref();
        let method = match &it.method {
            None => Method::GET,
            Some(written) => written.get_ref().parse().map_err(|_| {
                let why = format!("`{}` is no method; write GET, POST …", written.get_ref());
                self.document.at(written, why)
            })?,
        };
        if !it.path.get_ref().starts_with('/') {
            return Err(self.document.at(&it.path, "a path begins with /"));
        }
        let safe = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let body = self.body(it)?;
        let mut headers = Vec::new();
        for (header, value) in &self.file.headers {
            if !it.headers.contains_key(header) {
                headers.push(self.header(header, value)?);
            }
        }
        for (header, value) in &it.headers {
            headers.push(self.header(header, value)?);
        }
        let told = headers.iter().any(|(header, _)| header == "content-type");
        if it.body.is_some() && !told {
            let json = self.template("application/json", Within::Text);
            headers.push(("content-type".to_owned(), json.unwrap_or_default()));
        }
        let before = it.before.iter().map(|other| {
            let place = self
                .file
                .operations
                .keys()
                .position(|it| it == other.get_ref());
            place.filter(|_| other.get_ref() != name).ok_or_else(|| {
                let known = one_of(
                    self.file.operations.keys().map(String::as_str),
                    other.get_ref(),
                );
                let why = format!(
                    "there is no operation `{}` to do before; {known}",
                    other.get_ref()
                );
                self.document.at(other, why)
            })
        });
        Ok(Compiled {
            name: name.to_owned(),
            path: self.placed(&it.path, Within::Path)?,
            headers,
            body,
            reading: self.reading(it, it.changes.unwrap_or(!safe))?,
            before: before.collect::<Result<_, _>>()?,
            method,
        })
    }

    fn body(&self, table: &OperationTable) -> Result<Template, Fault> {
        match (&table.body, &table.text) {
            (None, None) => Ok(Template::default()),
            (Some(_), Some(text)) => Err(self
                .document
                .at(text, "there is a `body` beside it; only one can be sent")),
            (None, Some(text)) => self.placed(text, Within::Text),
            (Some(body), None) => Template::json(body.get_ref(), self.vocabulary)
                .map_err(|why| self.document.at(body, why)),
        }
    }

    fn header(&self, name: &str, value: &Spanned<String>) -> Result<(String, Template), Fault> {
        let lower = name.to_ascii_lowercase();
        if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            return Err(self
                .document
                .at(value, format!("`{name}` is no name of a header")));
        }
        if matches!(
            lower.as_str(),
            "host" | "content-length" | "connection" | "transfer-encoding"
        ) {
            let why = format!("`{name}` is set by the generator itself");
            return Err(self.document.at(value, why));
        }
        Ok((lower, self.placed(value, Within::Text)?))
    }

    fn reading(&self, table: &OperationTable, changes: bool) -> Result<Reading, Fault> {
        let pointer = |written: &Spanned<String>| {
            let text = written.get_ref();
            if text.is_empty() || text.starts_with('/') {
                return Ok(text.clone());
            }
            let why = format!("`{text}` is no JSON pointer; write it like /data/id");
            Err(self.document.at(written, why))
        };
        let mut captures = Vec::new();
        let place = |names: &[String], wanted: &str| names.iter().position(|it| it == wanted);
        for (name, written) in &table.captures {
            let at = place(&self.vocabulary.session, name).unwrap_or_default();
            captures.push((pointer(written)?, Capture::Session(at)));
        }
        for (name, written) in &table.customer_captures {
            let at = place(&self.vocabulary.customer, name).unwrap_or_default();
            captures.push((pointer(written)?, Capture::Customer(at)));
        }
        let mut expect = Vec::new();
        for (text, value) in &table.expect {
            if !text.starts_with('/') {
                let why = format!("`{text}` is no JSON pointer; write it like \"/data/id\"");
                return Err(self.document.at(value, why));
            }
            let wanted = serde_json::to_value(value.get_ref());
            let wanted = wanted.map_err(|error| self.document.at(value, error.to_string()))?;
            // The word `any` asks only that there be something.
            expect.push((text.clone(), (wanted != "any").then_some(wanted)));
        }
        Ok(Reading {
            success: table.success.clone(),
            refused: table.refused.clone(),
            refused_codes: table.refused_codes.clone(),
            code: self.file.code.as_ref().map(pointer).transpose()?,
            must_be_refused: table.must_be_refused,
            changes,
            expect,
            captures,
        })
    }

    fn placed(&self, written: &Spanned<String>, within: Within) -> Result<Template, Fault> {
        self.template(written.get_ref(), within)
            .map_err(|why| self.document.at(written, why))
    }

    fn template(&self, text: &str, within: Within) -> Result<Template, String> {
        Template::read(text, within, self.vocabulary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str) -> Result<Program, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.toml");
        std::fs::write(&path, text).unwrap();
        TargetFile::read(&path)
            .and_then(|file| file.compile("run", None))
            .map_err(|fault| {
                fault
                    .to_string()
                    .replace(&path.display().to_string(), "t.toml")
            })
    }

    #[test]
    fn an_operation_is_compiled_with_the_headers_of_all() {
        let program = compile(
            "headers = { accept = \"application/json\", x = \"all\" }\n[operations.make]\nmethod = \"POST\"\npath = \"/things/{session.thing}\"\nbody = { n = 1 }\nheaders = { x = \"own\" }\ncaptures = { thing = \"/id\" }\n",
        )
        .unwrap();
        let make = &program.operations[0];
        let headers: Vec<&str> = make.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(headers, ["accept", "x", "content-type"]);
        assert!(make.reading.changes);
        assert_eq!(program.session_values, 1);
    }

    #[test]
    fn what_is_wrong_in_a_target_file_is_told_with_its_line() {
        let cases = [
            ("", "t.toml:1: missing field `operations`"),
            (
                "http = \"3\"\n[operations.a]\npath = \"/\"",
                "t.toml:1: HTTP/3 is not spoken",
            ),
            (
                "[operations.a]\npath = \"a\"",
                "t.toml:2: a path begins with /",
            ),
            (
                "[operations.a]\npath = \"/{x}\"",
                "t.toml:2: nothing is called `x`",
            ),
            (
                "[operations.a]\npath = \"/\"\nbefore = [\"b\"]",
                "t.toml:3: there is no operation `b`",
            ),
            (
                "[operations.a]\npath = \"/\"\nmethod = \"A B\"",
                "t.toml:3: `A B` is no method",
            ),
            (
                "[operations.a]\npath = \"/\"\npth = \"/\"",
                "t.toml:3: unknown field `pth`",
            ),
            (
                "[operations.a]\npath = \"/\"\nheaders = { host = \"x\" }",
                "t.toml:3: `host` is set by the generator",
            ),
            (
                "[operations.a]\npath = \"/\"\ncaptures = { id = \"id\" }",
                "t.toml:3: `id` is no JSON pointer",
            ),
            (
                "[operations.a]\npath = \"/\"\nheaders = { a = \"{env.NOBODY_SET_THIS}\" }",
                "t.toml:3: the environment has no NOBODY_SET_THIS",
            ),
        ];
        for (text, expected) in cases {
            let said = compile(text).unwrap_err();
            assert!(said.starts_with(expected), "{said}\nfor\n{text}");
        }
    }
}

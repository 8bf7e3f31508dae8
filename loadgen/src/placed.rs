//! Files that people write, and what is wrong in them with its file and line.

use scenarios::names::nearest;
use serde::de::DeserializeOwned;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A file larger than this was not written by hand.
const LONGEST_FILE: u64 = 4 << 20;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Line from 1, where there is one.
    pub line: Option<usize>,
    /// That line.
    pub excerpt: String,
    /// What is wrong and what would be right.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(
                formatter,
                "{}:{line}: {}\n  {line} | {}",
                self.path.display(),
                self.why,
                self.excerpt
            ),
            None => write!(formatter, "{}: {}", self.path.display(), self.why),
        }
    }
}

impl std::error::Error for Fault {}

/// A TOML file and its text.
#[derive(Debug, Clone)]
pub struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let bad = |why: String| whole_file(path, why);
        let length = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?;
        if length.len() > LONGEST_FILE {
            return Err(bad("it is larger than 4 MB".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        Ok(Self::new(path, text))
    }

    /// A text as if read from there.
    pub fn new(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A path written in it, relative to it.
    pub fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// As a table of this form.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        toml::from_str(&self.text).map_err(|error| {
            let why = error.message().trim_end().replace('\n', "; ");
            match error.span() {
                Some(span) => self.fault(span, why),
                None => whole_file(&self.path, why),
            }
        })
    }

    /// What is wrong at this place.
    pub fn fault(&self, place: Range<usize>, why: impl Into<String>) -> Fault {
        let before = self.text.get(..place.start).unwrap_or(&self.text);
        let line = before.matches('\n').count();
        Fault {
            path: self.path.clone(),
            line: Some(line + 1),
            excerpt: self.text.lines().nth(line).unwrap_or_default().to_owned(),
            why: why.into(),
        }
    }

    /// What is wrong with this value.
    pub fn at<T>(&self, value: &Spanned<T>, why: impl Into<String>) -> Fault {
        self.fault(value.span(), why)
    }

    /// A duration written as people do.
    pub fn span(&self, value: &Spanned<String>) -> Result<scenarios::time::Span, Fault> {
        scenarios::time::parse_span(value.get_ref())
            .map_err(|error| self.at(value, error.to_string()))
    }
}

/// What is wrong with a whole file.
pub fn whole_file(path: &Path, why: impl Into<String>) -> Fault {
    Fault {
        path: path.to_owned(),
        line: None,
        excerpt: String::new(),
        why: why.into(),
    }
}

/// The end of a sentence that names what there is, the nearest first.
pub fn one_of<'a>(known: impl Iterator<Item = &'a str>, written: &str) -> String {
    let mut known: Vec<&str> = known.collect();
    let near = nearest(written, known.iter().copied());
    known.sort_by_key(|name| Some(*name) != near);
    match known.as_slice() {
        [] => "there is none".to_owned(),
        names => format!("there is `{}`", names.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only its reading is looked at")]
        rate: Spanned<f64>,
    }

    #[test]
    fn what_is_wrong_is_told_with_file_line_and_text() {
        let document = Document::new(Path::new("a.toml"), "\nrate = 1\nrat = 2\n".to_owned());
        let said = document.parse::<Form>().unwrap_err().to_string();
        assert!(said.starts_with("a.toml:3: unknown field `rat`"), "{said}");
        assert!(said.contains("3 | rat = 2"), "{said}");
    }
}

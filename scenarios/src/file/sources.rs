//! The texts that a scenario is made of (files, CSV files, `--set` values) and
//! how they are brought in: bounded, decoded, remembered for error messages.

use super::tree::Origin;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files beyond this many bytes are refused without being read.
pub const FILE_BYTES_MAX: u64 = 10_000_000;

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// As errors name it: the path as the user gave it, or `--set path=value`.
    pub name: String,
    /// What was read.
    pub text: Arc<str>,
    /// Where files that it names are looked for.
    pub folder: PathBuf,
    /// Whether lines and columns mean something in it.
    pub kind: SourceKind,
}

/// Where a text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceKind {
    File,
    CommandLine,
}

/// Why a file cannot be a source: what is wrong, what to do, and at which byte
/// of a readable prefix.
pub(super) struct Unreadable {
    pub message: String,
    pub help: String,
    pub text: String,
    pub byte: usize,
}

impl Unreadable {
    fn whole(message: String, help: &str) -> Self {
        Self {
            message,
            help: help.into(),
            text: String::new(),
            byte: 0,
        }
    }
}

/// Line and column, both from 1; a column counts characters.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

impl Source {
    pub fn command_line(name: String, text: &str) -> Self {
        Self {
            name,
            text: text.into(),
            folder: PathBuf::from("."),
            kind: SourceKind::CommandLine,
        }
    }

    pub fn file(path: &Path, text: &str) -> Self {
        Self {
            name: path.display().to_string(),
            text: text.into(),
            folder: path.parent().unwrap_or(Path::new(".")).to_path_buf(),
            kind: SourceKind::File,
        }
    }

    /// `FILE:LINE:COLUMN`, or the name alone of what has no lines.
    pub fn location(&self, origin: Origin) -> String {
        match self.kind {
            SourceKind::CommandLine => self.name.clone(),
            SourceKind::File => {
                let (line, column) = line_and_column(&self.text, origin.start);
                format!("{}:{line}:{column}", self.name)
            }
        }
    }

    /// What is written there, shortened to a line.
    pub fn excerpt(&self, origin: Origin) -> String {
        let text = self
            .text
            .get(origin.start..origin.end)
            .unwrap_or_default()
            .trim();
        let line = text.lines().next().unwrap_or_default();
        let short: String = line.chars().take(60).collect();
        if short.len() < text.len() {
            format!("{short}…")
        } else {
            short
        }
    }
}

/// Reads a file of at most [`FILE_BYTES_MAX`].
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let refuse = |error: std::io::Error| {
        Unreadable::whole(
            format!("cannot be read: {error}"),
            "check the path and its permissions",
        )
    };
    let too_large = || {
        Unreadable::whole(
            format!(
                "is larger than {} MB, which no scenario needs",
                FILE_BYTES_MAX / 1_000_000
            ),
            "is this the right file? Operations and ticket logs are not scenarios",
        )
    };
    let file = File::open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if metadata.is_dir() {
        return Err(Unreadable::whole(
            "is a folder".into(),
            "name a scenario file in it",
        ));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(too_large());
    }
    // Pipes and devices have no length to look at beforehand.
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(refuse)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(too_large());
    }
    Ok(bytes)
}

/// UTF-8 with or without a byte-order mark.
pub(super) fn decode_toml(bytes: Vec<u8>) -> Result<String, Unreadable> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        let mut text = String::from_utf8_lossy(&error.as_bytes()[..byte]).into_owned();
        text.push('\u{fffd}');
        Unreadable {
            message: format!("is not UTF-8: byte {byte} (counted from 0) begins no character"),
            help: "save it as UTF-8; GBK is read in CSV files only".into(),
            text,
            byte,
        }
    })?;
    Ok(without_mark(text))
}

/// UTF-8 or GBK, with or without a byte-order mark.
pub(super) fn decode_csv(bytes: Vec<u8>) -> Result<String, Unreadable> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(without_mark(text)),
        Err(error) => {
            let (text, _, broken) = encoding_rs::GBK.decode(error.as_bytes());
            if broken {
                let byte = error.utf8_error().valid_up_to();
                Err(Unreadable {
                    message: format!("is neither UTF-8 nor GBK (byte {byte}, counted from 0)"),
                    help: "save it as CSV UTF-8".into(),
                    text: String::from_utf8_lossy(&error.as_bytes()[..byte]).into_owned(),
                    byte,
                })
            } else {
                Ok(text.into_owned())
            }
        }
    }
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

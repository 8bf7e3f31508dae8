//! Pages, taken apart: a mechanism is a `##` section, its proof a block
//! fenced as `toml golden` (a scenario), then blocks `csv NAME.csv` (files that the
//! scenario names), then a `csv trace` or `csv mean` of what must come out.

use super::{means, trace};
use scenarios::file::read;
use scenarios::model::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

/// One page.
pub struct Page {
    /// Its name in `docs/mechanisms/`.
    pub file: String,
    pub mechanisms: Vec<Mechanism>,
}

/// One `##` section.
pub struct Mechanism {
    pub title: String,
    pub goldens: Vec<Golden>,
}

/// A scenario and what must come of it.
pub struct Golden {
    /// The line of the page at which the scenario stands.
    pub line: usize,
    scenario: String,
    files: Vec<(String, String)>,
    expected: Vec<Expected>,
}

enum Expected {
    Trace(String),
    Means(String),
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|it| it == extension)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mechanisms")
}

/// Every page but the index, in the order of their names.
pub fn all() -> Vec<Page> {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("docs/mechanisms exists")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| has_extension(name, "md") && name != "README.md")
        .collect();
    files.sort();
    files.into_iter().map(take_apart).collect()
}

/// Where the index leads: `page.md#anchor`.
pub fn links_of_index() -> Vec<String> {
    let text = fs::read_to_string(folder().join("README.md")).expect("the index exists");
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .filter(|target| target.contains(".md#") && !target.contains('/'))
        .collect()
}

/// The anchor of a heading, as renderers of Markdown make it.
pub fn anchor(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

fn take_apart(file: String) -> Page {
    let text = fs::read_to_string(folder().join(&file)).expect("the page is readable");
    let mut mechanisms: Vec<Mechanism> = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            mechanisms.push(Mechanism {
                title: title.trim().to_owned(),
                goldens: Vec::new(),
            });
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = (&mut lines)
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .collect();
        let body = body.join("\n") + "\n";
        let at = format!("docs/mechanisms/{file}:{number}");
        let Some(mechanism) = mechanisms.last_mut() else {
            panic!("{at}: a block before the first mechanism");
        };
        mechanism.add(language.trim(), body, number, &at);
    }
    Page { file, mechanisms }
}

impl Mechanism {
    /// Adds a block of the page.
    fn add(&mut self, language: &str, body: String, line: usize, at: &str) {
        if language == "toml golden" {
            self.goldens.push(Golden {
                line,
                scenario: body,
                files: Vec::new(),
                expected: Vec::new(),
            });
            return;
        }
        let Some(what) = language.strip_prefix("csv ") else {
            assert!(
                !language.contains("golden") && language != "csv",
                "{at}: a block of `{language}`: write `toml golden`, `csv NAME.csv`, `csv trace` or `csv mean`"
            );
            return;
        };
        let Some(golden) = self.goldens.last_mut() else {
            panic!("{at}: `csv {what}` stands before any `toml golden`");
        };
        match what {
            "trace" => golden.expected.push(Expected::Trace(body)),
            "mean" => golden.expected.push(Expected::Means(body)),
            name if has_extension(name, "csv") => golden.files.push((name.to_owned(), body)),
            _ => panic!("{at}: `csv {what}`: write `csv NAME.csv`, `csv trace` or `csv mean`"),
        }
    }
}

impl Golden {
    /// Plays the scenario; tells expected and found side by side where they differ.
    pub fn holds(&self) -> Result<(), String> {
        if self.expected.is_empty() {
            return Err("has no `csv trace`".into());
        }
        let scenario = self.read()?;
        for expected in &self.expected {
            match expected {
                Expected::Trace(rows) => trace::agrees(&scenario, rows)?,
                Expected::Means(rows) => means::agree(&scenario, rows)?,
            }
        }
        Ok(())
    }

    fn read(&self) -> Result<Scenario, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in &self.files {
            fs::write(folder.path().join(name), text).expect("the folder is writable");
        }
        let path = folder.path().join("golden.toml");
        fs::write(&path, &self.scenario).expect("the folder is writable");
        read(&path, &[]).map_err(|error| {
            let mut told = vec![error.to_string()];
            told.extend(error.related().iter().map(ToString::to_string));
            told.join("\n")
        })
    }
}

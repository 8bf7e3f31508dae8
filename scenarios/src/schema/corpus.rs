//! Scenario files that are right: those that come with the workspace, the examples of
//! the reference, and the golden traces of the mechanisms.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Stands for what the parts of the reference leave out.
const BASE: &str = include_str!("../../tests/documentation/base.toml");
/// What neither says.
const FURTHER: &str = include_str!("../../tests/documentation/further.md");

/// A scenario file with those that it names beside it.
pub(super) struct Example {
    /// Where it comes from.
    pub at: String,
    pub text: String,
    pub folder: PathBuf,
}

/// All of them, the shortest first, in a folder that goes with it.
pub(super) struct Corpus {
    pub examples: Vec<Example>,
    folder: TempDir,
}

impl Corpus {
    pub fn new() -> Self {
        let mut corpus = Self {
            examples: Vec::new(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        corpus.shipped();
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        corpus.page("docs/scenario.md", &read(&docs.join("scenario.md")));
        let mechanisms = std::fs::read_dir(docs.join("mechanisms")).expect("the folder is there");
        for entry in mechanisms {
            let path = entry.expect("an entry").path();
            corpus.page(&path.display().to_string(), &read(&path));
        }
        corpus.page("further.md", FURTHER);
        corpus.examples.sort_by_key(|example| example.text.len());
        corpus
    }

    fn shipped(&mut self) {
        for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the crate's folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let ending = path.extension().unwrap_or_default();
            if name == "Cargo.toml" || ending != "toml" && ending != "csv" {
                continue;
            }
            let text = read(&path);
            std::fs::write(self.folder.path().join(&name), &text).expect("written");
            if ending == "toml" {
                let folder = self.folder.path().to_path_buf();
                self.examples.push(Example {
                    at: name,
                    text,
                    folder,
                });
            }
        }
    }

    /// Blocks of a page: whole scenarios, parts of one, and the CSV files of the last.
    fn page(&mut self, page: &str, text: &str) {
        let mut block: Option<(String, String)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            match &mut block {
                Some((language, inside)) if line == "```" => {
                    let (language, inside) = (language.clone(), inside.clone());
                    self.block(format!("{page}:{number}"), &language, inside);
                    block = None;
                }
                Some((_, inside)) => {
                    inside.push_str(line);
                    inside.push('\n');
                }
                None => {
                    let language = line.strip_prefix("```");
                    block = language.map(|language| (language.to_owned(), String::new()));
                }
            }
        }
    }

    fn block(&mut self, at: String, language: &str, text: String) {
        let text = match language {
            "toml" | "toml golden" => text,
            "toml-part" if text.contains("not yet") => return,
            "toml-part" if text.starts_with("extends") => {
                text.replace("smart-branch.toml", "base.toml")
            }
            "toml-part" => format!("extends = \"base.toml\"\n{text}"),
            other => {
                if let Some(name) = other.strip_prefix("csv ")
                    && name.contains(".csv")
                    && let Some(last) = self.examples.last()
                {
                    std::fs::write(last.folder.join(name), text).expect("written");
                }
                return;
            }
        };
        let folder = self.folder.path().join(self.examples.len().to_string());
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("base.toml"), BASE).expect("written");
        self.examples.push(Example { at, text, folder });
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

//! The reference page is read by the reader it describes.

use scenarios::file::read;
use std::path::Path;

/// Stands for what the parts of the reference page leave out.
const BASE: &str = include_str!("documentation/base.toml");

/// Blocks of the page fenced with this language, with the line they begin at.
fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == fence => open = Some((number + 1, String::new())),
            None => {}
        }
    }
    blocks
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenario.md");
    std::fs::read_to_string(path).expect("docs/scenario.md exists")
}

#[test]
fn complete_examples_are_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blocks = blocks(&page(), "toml");
    assert!(blocks.len() >= 2);
    for (line, block) in blocks {
        let path = folder.path().join("example.toml");
        std::fs::write(&path, block).expect("the folder is writable");
        read(&path, &[]).unwrap_or_else(|error| panic!("docs/scenario.md:{line}: {error}"));
    }
}

#[test]
fn partial_examples_are_read_over_a_base_or_refused_as_not_yet_supported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("base.toml"), BASE).expect("the folder is writable");
    let blocks = blocks(&page(), "toml-part");
    assert!(blocks.len() >= 10);
    for (line, block) in blocks {
        let text = if block.starts_with("extends") {
            block.replace("smart-branch.toml", "base.toml")
        } else {
            format!("extends = \"base.toml\"\n{block}")
        };
        let path = folder.path().join("example.toml");
        std::fs::write(&path, text).expect("the folder is writable");
        match read(&path, &[]) {
            Ok(_) => assert!(!block.contains("not yet"), "docs/scenario.md:{line}"),
            Err(error) => {
                let mut all = vec![error.to_string()];
                all.extend(error.related().iter().map(ToString::to_string));
                let only_not_yet = all.iter().all(|told| told.contains("not yet supported"));
                let told = all.join("\n");
                assert!(
                    only_not_yet && block.contains("not yet"),
                    "docs/scenario.md:{line}: {told}"
                );
            }
        }
    }
}

#[test]
fn every_operation_and_figure_is_in_its_reference() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = |name: &str| std::fs::read_to_string(docs.join(name)).expect("the page exists");
    let (operations, summary) = (text("operations.md"), text("summary.md"));
    for operation in scenarios::operation::Operation::ALL {
        assert!(
            operations.contains(&format!("`{operation}`")),
            "{operation}"
        );
    }
    for channel in scenarios::operation::Channel::ALL {
        assert!(operations.contains(&format!("`{channel}`")), "{channel}");
    }
    for figure in scenarios::figure::Figure::ALL {
        assert!(summary.contains(&format!("`{figure}`")), "{figure}");
    }
}

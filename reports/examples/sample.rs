//! Writes the pages of a sample run to a folder: `cargo run --example sample -- FOLDER`.

#[path = "../tests/support/mod.rs"]
mod support;

use reports::{Lang, TerminalStyle};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let runs = [
        ("whole", support::whole_run(true)),
        ("passing", support::passing_run()),
        ("broken", support::whole_run(false)),
        ("simulation", support::simulation()),
    ];
    let smart = support::passing_run();
    for lang in [Lang::En, Lang::Zh] {
        for (name, run) in &runs {
            std::fs::write(
                folder.join(format!("{name}-{lang}.html")),
                reports::html(run, lang),
            )?;
            std::fs::write(
                folder.join(format!("{name}-{lang}.md")),
                reports::markdown(run, lang),
            )?;
            std::fs::write(folder.join(format!("{name}.xml")), reports::junit(run))?;
        }
        let page = reports::comparison_html(
            &support::traditional(),
            &smart,
            &support::differences(),
            lang,
        );
        std::fs::write(folder.join(format!("comparison-{lang}.html")), page)?;
        let style = TerminalStyle {
            width: Some(110),
            colour: false,
        };
        println!("{}", reports::terminal(&runs[2].1, lang, style));
        println!(
            "{}",
            reports::comparison_terminal(
                &support::traditional(),
                &smart,
                &support::differences(),
                lang,
                style
            )
        );
    }
    Ok(())
}

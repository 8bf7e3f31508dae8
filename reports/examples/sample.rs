//! Writes the pages of sample runs to a folder, and those of run directories:
//! `cargo run --example sample -- FOLDER [RUN …]`.

#[path = "../tests/support/mod.rs"]
mod support;

use reports::{Lang, TerminalStyle};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let mut runs = [
        ("whole", support::whole_run(true)),
        ("passing", support::passing_run()),
        ("broken", support::whole_run(false)),
        ("simulation", support::simulation()),
        ("lost", support::lost_run()),
        ("lagging", support::lagging_run()),
        ("interrupted", support::interrupted_run()),
        ("steady", support::steady_run()),
    ]
    .map(|(name, run)| (name.to_owned(), run))
    .to_vec();
    for run in std::env::args().skip(2).map(PathBuf::from) {
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        runs.push((format!("run-{name}"), reports::read_run(&run)?));
    }
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
        for (_, run) in &runs {
            println!("{}", reports::terminal(run, lang, style));
        }
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

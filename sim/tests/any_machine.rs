//! Every scenario that comes with the workspace gives the same bytes on any number
//! of threads.

use scenarios::file::read;
use sim::{Options, simulate, to_csv};
use std::path::Path;

#[test]
fn every_shipped_scenario_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .filter(|path| path.file_name().is_some_and(|it| it != "Cargo.toml"))
        .collect();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        let mut scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        if !scenario.has_a_branch() {
            // It plays recorded operations and simulates nothing.
            continue;
        }
        scenario.run.until = None;
        // A hundredth of the city: its mobile bank is simulated request by request.
        if let Some(mobile) = &mut scenario.mobile {
            mobile.bank.monthly_actives /= 100;
        }
        let everything = |threads: usize| {
            let options = Options {
                replications: 7,
                threads,
                ..Options::of(&scenario)
            };
            let outcome = simulate(&scenario, &options, &()).expect("it is sound");
            format!("{}{outcome:?}", to_csv(&outcome.days.rows()))
        };
        let one = everything(1);
        for threads in [2, 3, 7] {
            assert!(
                one == everything(threads),
                "{}: {threads} threads",
                path.display()
            );
        }
    }
}

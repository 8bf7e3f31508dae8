//! Rules of the workspace that the compiler does not check.

use std::process::Command;

/// Every crate that `package` reaches through normal dependencies.
fn reached_by(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal"])
        .args([
            "--prefix",
            "none",
            "--format",
            "{lib}",
            "--locked",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut crates: Vec<String> = String::from_utf8(output.stdout)
        .expect("cargo writes UTF-8")
        .lines()
        .map(str::to_owned)
        .collect();
    crates.sort();
    crates.dedup();
    crates
}

fn assert_reaches_none_of(package: &str, forbidden: &[&str]) {
    let reached = reached_by(package);
    assert!(!reached.is_empty(), "{package} has a dependency tree");
    let broken: Vec<_> = forbidden
        .iter()
        .filter(|name| reached.iter().any(|reached| reached == *name))
        .collect();
    assert!(broken.is_empty(), "{package} must not reach {broken:?}");
}

#[test]
fn the_simulator_links_no_server() {
    assert_reaches_none_of(
        "sim",
        &[
            "tokio",
            "hyper",
            "axum",
            "http",
            "rusqlite",
            "core_bank",
            "loadgen",
            "reports",
        ],
    );
}

#[test]
fn the_formats_know_no_other_crate_of_the_house() {
    assert_reaches_none_of(
        "scenarios",
        &["tokio", "sim", "core_bank", "loadgen", "reports"],
    );
}

#[test]
fn the_bank_knows_no_other_crate_of_the_house() {
    assert_reaches_none_of("core-bank", &["scenarios", "sim", "loadgen", "reports"]);
}

#[test]
fn the_generator_speaks_to_a_bank_over_http_only() {
    assert_reaches_none_of(
        "loadgen",
        &["core_bank", "sim", "reports", "axum", "rusqlite"],
    );
}

#[test]
fn reports_compute_nothing() {
    assert_reaches_none_of(
        "reports",
        &["core_bank", "sim", "loadgen", "tokio", "statrs"],
    );
}

#[test]
fn a_tree_that_reaches_a_crate_is_noticed() {
    // The rule's own test: the bank does reach tokio, and that is seen.
    assert!(reached_by("core-bank").iter().any(|name| name == "tokio"));
}

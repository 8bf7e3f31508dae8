//! Every mechanism of `docs/mechanisms/` does what its page says: the scenarios of
//! the pages are read and played, and what becomes of each customer is compared
//! with the rows beside them, which were worked out by hand.

mod golden;

use golden::page::{self, Page};
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn every_golden_trace_of_every_page_holds_row_by_row() {
    let mut wrong = String::new();
    let mut traces = 0;
    for page in page::all() {
        for mechanism in &page.mechanisms {
            for golden in &mechanism.goldens {
                traces += 1;
                if let Err(told) = golden.holds() {
                    let _ = writeln!(
                        wrong,
                        "docs/mechanisms/{}:{} ({})\n{told}",
                        page.file, golden.line, mechanism.title
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(traces > 0, "there are no golden traces");
}

#[test]
fn every_mechanism_has_a_golden_trace() {
    let without: Vec<String> = page::all()
        .iter()
        .flat_map(|page| {
            let bare = page.mechanisms.iter().filter(|it| it.goldens.is_empty());
            bare.map(|it| format!("docs/mechanisms/{}: {}", page.file, it.title))
        })
        .collect();
    assert!(without.is_empty(), "no trace:\n{}", without.join("\n"));
}

#[test]
fn the_index_lists_every_mechanism_and_no_other() {
    let pages = page::all();
    let link = |page: &Page, title: &str| format!("{}#{}", page.file, page::anchor(title));
    let there: BTreeSet<String> = pages
        .iter()
        .flat_map(|page| page.mechanisms.iter().map(|it| link(page, &it.title)))
        .collect();
    let listed: BTreeSet<String> = page::links_of_index().into_iter().collect();
    let missing: Vec<_> = there.difference(&listed).collect();
    let dangling: Vec<_> = listed.difference(&there).collect();
    assert!(
        missing.is_empty() && dangling.is_empty(),
        "docs/mechanisms/README.md lacks {missing:#?} and leads nowhere with {dangling:#?}"
    );
}

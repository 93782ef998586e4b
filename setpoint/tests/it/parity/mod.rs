//! `docs/parity.md` says of each thing that Kubernetes 1.36 does which test shows it here, and stays true.
//!
//! `tests/parity/rows.txt` has the rows, by family. Tests cite them: `DEP-12`, or `DEP-12 to DEP-14`, in a doc comment,
//! in a comment directly in the test, or in the test's name (`dep_12_…`). A row is
//!
//! - **done** if somebody vouches for it (a `*` in rows.txt) and a test cites it;
//! - **deviates** if a test cites it and docs/deviations.md names it, before the list of what is missing;
//! - **tested** if a test cites it, and nobody vouches for all of it;
//! - **not yet** otherwise.
//!
//! The page is written anew by
//!
//! ```text
//! PARITY=rewrite cargo test -p setpoint --test it parity
//! ```

mod citation;
mod page;
mod rows;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use self::rows::Rows;
use self::sources::Sources;

/// Families of which every row is done, or deviates.
const SETTLED: [&str; 2] = ["DEP", "RS"];
/// Families of which every row has a test.
const COVERED: [&str; 2] = ["GC", "NS"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_page_on_parity_is_true() {
    let (rows, sources) = (Rows::read(), Sources::read(root()));
    let statuses = rows.statuses(&sources);
    let text = page::page(&rows, &statuses);
    let path = root().join("docs/parity.md");
    if std::env::var("PARITY").is_ok_and(|what| what == "rewrite") {
        fs::write(&path, &text).expect("the page can be written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let differs = there.lines().zip(text.lines()).find(|(there, here)| there != here);
    assert!(
        there == text,
        "docs/parity.md is not what the tests say; PARITY=rewrite makes it anew. The first difference: {differs:#?}"
    );
}

#[test]
fn what_is_vouched_for_has_a_test() {
    let (rows, sources) = (Rows::read(), Sources::read(root()));
    let without: Vec<&str> = rows
        .all()
        .filter(|row| row.is_vouched && !sources.tests.contains_key(&row.id))
        .map(|row| &*row.id)
        .collect();
    assert!(without.is_empty(), "said to be done, but no test cites them: {}", without.join(", "));
}

#[test]
fn settled_families_have_no_open_row() {
    let rows = Rows::read();
    let statuses = rows.statuses(&Sources::read(root()));
    let open: Vec<_> = rows
        .all()
        .filter(|row| SETTLED.contains(&row.family()) && !statuses[&row.id].is_settled())
        .map(|row| &*row.id)
        .collect();
    assert!(open.is_empty(), "neither done nor among the deviations: {}", open.join(", "));
}

#[test]
fn covered_families_have_no_row_without_a_test() {
    let rows = Rows::read();
    let statuses = rows.statuses(&Sources::read(root()));
    let untested: Vec<_> = rows
        .all()
        .filter(|row| COVERED.contains(&row.family()) && statuses[&row.id].tests().is_empty())
        .map(|row| &*row.id)
        .collect();
    assert!(untested.is_empty(), "no test cites them: {}", untested.join(", "));
}

#[test]
fn only_rows_that_there_are_are_cited() {
    let (rows, sources) = (Rows::read(), Sources::read(root()));
    let known: BTreeSet<&str> = rows.all().map(|row| &*row.id).collect();
    let families: BTreeSet<&str> = rows.all().map(rows::Row::family).collect();
    let unknown: BTreeMap<_, _> = sources
        .cited
        .iter()
        .filter(|(id, _)| families.contains(rows::family(id)) && !known.contains(&***id))
        .collect();
    assert!(unknown.is_empty(), "rows that do not exist are cited: {unknown:#?}");
}

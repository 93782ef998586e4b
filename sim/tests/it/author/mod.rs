//! The controller of docs/testing.md, with its bug and without.

mod buggy;
mod fixed;

use std::panic::catch_unwind;

const GUIDE: &str = include_str!("../../../../docs/testing.md");

/// What the failure of a test says.
fn failure(test: fn()) -> String {
    let panic = catch_unwind(test).expect_err("the bug is found");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn the_guide_shows_what_is_found() {
    let failure = failure(buggy::each_map_gets_one_copy);
    assert!(failure.starts_with("INV-C-05 is violated"), "{failure}");
    assert!(failure.contains("crashes"), "{failure}");
    // What it shows of the failure; times and names may be others after a change of the runtime.
    let shown = ["the process crashes after it", "runs for default/a", "SIM_REPLAY='scenario: copier;"];
    for words in shown {
        assert!(failure.contains(words) && GUIDE.contains(words), "docs/testing.md should show:\n{failure}");
    }
}

#[test]
fn the_guide_shows_code_that_is_run() {
    let (buggy, fixed) = (include_str!("buggy.rs"), include_str!("fixed.rs"));
    let mut blocks = GUIDE.split("```rust,ignore\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let has = |file: &str, block: &str| {
        let test = file.replace("pub(super) fn", "#[test]\nfn");
        test.contains(block)
    };
    let wrong = blocks.find(|(block, _)| !has(buggy, block) && !has(fixed, block));
    assert_eq!(wrong.map(|(block, _)| block), None, "this is in neither file");
}

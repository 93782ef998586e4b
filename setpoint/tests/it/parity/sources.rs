use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::citation::{citations, in_name};

/// Names that test names may carry; the rest of the rows would be taken for words.
const IN_NAMES: [&str; 4] = ["DEP", "RS", "GC", "NS"];

/// What the sources of the workspace say of rows.
#[derive(Default)]
pub(super) struct Sources {
    /// The tests that cite a row.
    pub(super) tests: BTreeMap<String, Vec<Test>>,
    /// All that cites a row, by file.
    pub(super) cited: BTreeMap<String, BTreeSet<String>>,
}

/// A test, or a clause of a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// Its file, from the root of the workspace.
    pub(super) file: String,
    pub(super) name: String,
}

impl Sources {
    pub(super) fn read(root: &Path) -> Self {
        let mut sources = Self::default();
        let mut paths = Vec::new();
        walk(root, &mut paths);
        paths.sort();
        for path in paths {
            let file = path.strip_prefix(root).expect("it is below the root").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
            // These hold the rows themselves.
            if file != "docs/parity.md" && !file.starts_with("setpoint/tests/it/parity/") {
                sources.add(&file, &text);
            }
        }
        sources
    }

    fn add(&mut self, file: &str, text: &str) {
        for id in citations(text) {
            self.cited.entry(id).or_default().insert(file.to_owned());
        }
        for (name, said) in tests(text, file.contains("/contract")) {
            let test = Test { file: file.to_owned(), name: name.to_owned() };
            let ids: BTreeSet<String> =
                citations(&said).into_iter().chain(in_name(name, &IN_NAMES)).collect();
            for id in ids {
                self.tests.entry(id).or_default().push(test.clone());
            }
        }
    }
}

/// Rust sources and documents, but for what is built or hidden.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if entry.file_type().is_ok_and(|type_| type_.is_dir()) {
            walk(&path, found);
        } else if name.ends_with(".rs") || name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The tests of a file with the comments that belong to them; all functions if it is a contract's.
fn tests(text: &str, is_contract: bool) -> Vec<(&str, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut header = 0;
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function(line) else {
            // Attributes and comments before a function belong to it.
            if !line.trim_start().starts_with("//") && !line.trim_start().starts_with("#[") {
                header = index + 1;
            }
            continue;
        };
        let before = &lines[header..index];
        let is_test = before.iter().any(|line| {
            let line = line.trim_start();
            line.starts_with("#[test]") || line.starts_with("#[tokio::test")
        });
        header = index + 1;
        if !is_test && !is_contract {
            continue;
        }
        // As it is formatted, a function ends with a brace where it began.
        let indent = line.len() - line.trim_start().len();
        let is_end = |line: &&str| line.len() == indent + 1 && line.trim_start() == "}";
        let end = lines[index..].iter().position(is_end).map_or(lines.len(), |length| index + length);
        let said: Vec<&str> =
            before.iter().chain(&lines[index..end]).filter_map(|line| comment(line)).collect();
        found.push((name, said.join("\n")));
    }
    found
}

/// The name of the function that a line begins, if it begins one.
fn function(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(&name[..name.find(|char: char| !char.is_alphanumeric() && char != '_')?])
}

/// What a line comments.
fn comment(line: &str) -> Option<&str> {
    let is_text = |at: usize| line[..at].matches('"').count() % 2 == 1;
    line.match_indices("//").map(|(at, _)| at).find(|at| !is_text(*at)).map(|at| &line[at..])
}

#[test]
fn tests_are_found_with_their_comments() {
    let text = r#"
/// Not AB-00.
fn plain() {
    // AB-01
}

/// As AB-02 says.
#[test]
fn documented() {
    let _ = "http://AB-03"; // AB-04
    if true {
        // AB-05
    }
}
// AB-06
proptest! {
    /// AB-07
    #[test]
    fn of_many(
        a in 0..1,
    ) {
        // AB-08
    }
}
"#;
    let found: Vec<_> = tests(text, false).into_iter().map(|(name, said)| (name, citations(&said))).collect();
    let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [("documented", of(&["AB-02", "AB-04", "AB-05"])), ("of_many", of(&["AB-07", "AB-08"]))]
    );
    assert_eq!(tests(text, true)[0].0, "plain");
}

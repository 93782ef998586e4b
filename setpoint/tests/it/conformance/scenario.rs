use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::step::Step;

/// What a client does, and what it was seen to get for it.
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) steps: Vec<Step>,
    /// Whether nothing but answers is looked at.
    pub(super) api_only: bool,
    /// Whether nodes are told apart.
    pub(super) anonymous_nodes: bool,
    pub(super) golden: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    steps: Vec<Step>,
    #[serde(default)]
    api_only: bool,
    #[serde(default)]
    anonymous_nodes: bool,
}

/// All scenarios by name, or the one that `SCENARIO` names.
pub(super) fn all() -> Vec<Scenario> {
    let wanted = std::env::var("SCENARIO").ok();
    let mut names: Vec<String> = fs::read_dir(folder().join("scenarios"))
        .expect("the scenarios are in the repository")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.retain(|name| wanted.as_ref().is_none_or(|wanted| wanted == name));
    names.into_iter().map(read).collect()
}

fn read(name: String) -> Scenario {
    let file: File = parse(&folder().join("scenarios").join(format!("{name}.json")));
    let golden = parse(&folder().join("golden").join(format!("{name}.json")));
    let File { about, steps, api_only, anonymous_nodes } = file;
    Scenario { name, about, steps, api_only, anonymous_nodes, golden }
}

fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Scenarios that do not pass yet, each with the reason.
pub(super) fn pending() -> BTreeMap<String, String> {
    let text = include_str!("pending.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let wanted = std::env::var("SCENARIO").ok();
    lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?} gives no reason")))
        .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name))
        .map(|(name, reason)| (name.to_owned(), reason.to_owned()))
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

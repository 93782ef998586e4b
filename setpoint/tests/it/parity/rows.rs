use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

use super::citation::citations;
use super::root;
use super::sources::{Sources, Test};

/// The rows, by family.
pub(super) struct Rows {
    pub(super) families: Vec<Family>,
    /// Rows that docs/deviations.md names as deliberately different.
    deviating: BTreeSet<String>,
}

pub(super) struct Family {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// Something that Kubernetes does.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) subject: String,
    /// Whether somebody says that all of it is done.
    pub(super) is_vouched: bool,
}

/// What becomes of a row here, and the tests that cite it.
#[derive(Debug, Clone)]
pub(super) enum Status {
    Done(Vec<Test>),
    Deviates(Vec<Test>),
    Tested(Vec<Test>),
    NotYet,
}

impl Rows {
    pub(super) fn read() -> Self {
        let mut families: Vec<Family> = Vec::new();
        let text = include_str!("../../parity/rows.txt");
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (first, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?} has no subject"));
            if first == "==" {
                let (name, title) = rest.split_once(' ').unwrap_or_else(|| panic!("{line:?} has no title"));
                families.push(Family { name: name.to_owned(), title: title.to_owned(), rows: Vec::new() });
                continue;
            }
            let id = first.trim_end_matches('*');
            let family = families.last_mut().expect("rows come after their family");
            assert_eq!(family.name, self::family(id), "{line:?} is not among its family");
            assert_eq!(citations(id), [id], "{line:?} could not be cited");
            let is_vouched = first.ends_with('*');
            family.rows.push(Row { id: id.to_owned(), subject: rest.to_owned(), is_vouched });
        }
        let rows = Self { families, deviating: deviating() };
        let ids: BTreeSet<&str> = rows.all().map(|row| &*row.id).collect();
        assert_eq!(ids.len(), rows.all().count(), "each row is there once");
        rows
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Row> {
        self.families.iter().flat_map(|family| &family.rows)
    }

    pub(super) fn statuses(&self, sources: &Sources) -> BTreeMap<String, Status> {
        let status = |row: &Row| {
            let Some(tests) = sources.tests.get(&row.id).cloned() else { return Status::NotYet };
            match (row.is_vouched, self.deviating.contains(&row.id)) {
                (_, true) => Status::Deviates(tests),
                (true, false) => Status::Done(tests),
                (false, false) => Status::Tested(tests),
            }
        };
        self.all().map(|row| (row.id.clone(), status(row))).collect()
    }
}

/// Rows named in docs/deviations.md, but for what is only missing.
fn deviating() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/deviations.md")).expect("the deviations are listed");
    let (deliberate, _) = text.split_once("## Not there yet").expect("what is missing comes last");
    citations(deliberate).into_iter().collect()
}

/// The family that an id names.
pub(super) fn family(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

impl Row {
    pub(super) fn family(&self) -> &str {
        family(&self.id)
    }
}

impl Status {
    pub(super) fn tests(&self) -> &[Test] {
        match self {
            Self::Done(tests) | Self::Deviates(tests) | Self::Tested(tests) => tests,
            Self::NotYet => &[],
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Deviates(_))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "done",
            Self::Deviates(_) => "deviates",
            Self::Tested(_) => "tested",
            Self::NotYet => "not yet",
        })
    }
}

use std::collections::BTreeMap;
use std::fmt::Write;

use super::SETTLED;
use super::rows::{Family, Rows, Status};

/// Tests that are named of a row of a family that is not settled.
const NAMED: usize = 2;

const ABOUT: &str = "# Parity with Kubernetes 1.36

What kube-apiserver, kube-controller-manager, kube-scheduler and the kubelet do, row by row, and the tests that show it
here. Written by `setpoint/tests/it/parity` from the rows in `setpoint/tests/parity/rows.txt` and from the comments in the
tests that cite them; a test fails when it is not true any more, and
`PARITY=rewrite cargo test -p setpoint --test it parity` writes it anew.

- **done**: somebody vouches for all of it, and tests show it.
- **deviates**: differs on purpose; [deviations.md](deviations.md) says how and why, and tests show what is done instead.
- **tested**: tests show some of it, or all; nobody vouches for all of it yet.
- **not yet**: no test cites it.
";

/// The page.
pub(super) fn page(rows: &Rows, statuses: &BTreeMap<String, Status>) -> String {
    let mut text = ABOUT.to_owned();
    text.push_str("\n| family | rows | done | deviates | tested | not yet |\n|---|---|---|---|---|---|\n");
    for family in &rows.families {
        let count = |status: &str| {
            let is_so = |row: &&super::rows::Row| statuses[&row.id].to_string() == status;
            family.rows.iter().filter(is_so).count()
        };
        let counts: Vec<String> =
            ["done", "deviates", "tested", "not yet"].map(|status| count(status).to_string()).into();
        let Family { name, title, rows } = family;
        line(&mut text, format_args!("| {title} ({name}) | {} | {} |", rows.len(), counts.join(" | ")));
    }
    for family in &rows.families {
        table(&mut text, family, statuses);
    }
    text
}

fn table(text: &mut String, family: &Family, statuses: &BTreeMap<String, Status>) {
    line(
        text,
        format_args!("\n## {}\n\n| row | subject | status | tests |\n|---|---|---|---|", family.title),
    );
    let named = if SETTLED.contains(&&*family.name) { usize::MAX } else { NAMED };
    for row in &family.rows {
        let status = &statuses[&row.id];
        let tests = status.tests();
        let mut names: Vec<String> =
            tests.iter().take(named).map(|test| format!("[{}](../{})", test.name, test.file)).collect();
        if tests.len() > named {
            names.push(format!("and {} more", tests.len() - named));
        }
        line(text, format_args!("| {} | {} | {status} | {} |", row.id, row.subject, names.join(", ")));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes everything");
}

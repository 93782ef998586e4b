//! Unified diffs of two texts, line by line.
//!
//! Lines are matched as Ratcliff and Obershelp do, and Python's `difflib` after them: the longest common run
//! first, then what is left and right of it. In texts of 200 lines and more, a line found in more than one
//! place of a hundred starts no match, so that braces do not hold the texts together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Unchanged lines shown around a change.
const CONTEXT_LINES: usize = 3;

/// From how many lines on a frequent line starts no match.
const FREQUENT_FROM_LINES: usize = 200;

/// A run of equal lines: where it starts on either side, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    old: usize,
    new: usize,
    count: usize,
}

/// What turns `old` into `new`; empty if they are equal.
pub(crate) fn unified(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split('\n').collect();
    let new: Vec<&str> = new.split('\n').collect();
    let runs = Matcher::new(&old, &new).runs();
    let mut out = String::new();
    for hunk in hunks(&changes(&runs), old.len(), new.len()) {
        write_hunk(&hunk, &old, &new, &mut out);
    }
    out
}

/// A stretch where the texts differ: lines `old.0..old.1` became `new.0..new.1`.
#[derive(Debug, Clone, Copy)]
struct Change {
    old: (usize, usize),
    new: (usize, usize),
}

/// What lies between the runs, of which the last is empty and at both ends.
fn changes(runs: &[Run]) -> Vec<Change> {
    let (mut old, mut new) = (0, 0);
    let mut changes = Vec::new();
    for run in runs {
        if old < run.old || new < run.new {
            changes.push(Change { old: (old, run.old), new: (new, run.new) });
        }
        (old, new) = (run.old + run.count, run.new + run.count);
    }
    changes
}

/// Changes that share their context, and the whole stretch with context on either side.
#[derive(Debug)]
struct Hunk {
    old: (usize, usize),
    new: (usize, usize),
    changes: Vec<Change>,
}

fn hunks(changes: &[Change], old_count: usize, new_count: usize) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for change in changes {
        let end_old = (change.old.1 + CONTEXT_LINES).min(old_count);
        let end_new = (change.new.1 + CONTEXT_LINES).min(new_count);
        match hunks.last_mut() {
            Some(hunk) if is_near(hunk, change) => {
                (hunk.old.1, hunk.new.1) = (end_old, end_new);
                hunk.changes.push(*change);
            }
            _ => hunks.push(Hunk {
                old: (change.old.0.saturating_sub(CONTEXT_LINES), end_old),
                new: (change.new.0.saturating_sub(CONTEXT_LINES), end_new),
                changes: vec![*change],
            }),
        }
    }
    hunks
}

/// Whether no more than the context of both lies between a hunk's last change and the next.
fn is_near(hunk: &Hunk, change: &Change) -> bool {
    hunk.changes.last().is_some_and(|last| change.old.0 - last.old.1 <= 2 * CONTEXT_LINES)
}

fn write_hunk(hunk: &Hunk, old: &[&str], new: &[&str], out: &mut String) {
    let _ = writeln!(out, "@@ -{} +{} @@", range(hunk.old), range(hunk.new));
    let mut lines = |mark: char, lines: &[&str]| {
        for line in lines {
            let _ = writeln!(out, "{mark}{line}");
        }
    };
    let mut at = hunk.old.0;
    for change in &hunk.changes {
        lines(' ', &old[at..change.old.0]);
        lines('-', &old[change.old.0..change.old.1]);
        lines('+', &new[change.new.0..change.new.1]);
        at = change.old.1;
    }
    lines(' ', &old[at..hunk.old.1]);
}

/// A range of lines as `ed` counts them.
fn range((start, end): (usize, usize)) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

struct Matcher<'a> {
    old: &'a [&'a str],
    new: &'a [&'a str],
    /// Where in `new` each line is that may start a match.
    places: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Matcher<'a> {
    fn new(old: &'a [&'a str], new: &'a [&'a str]) -> Self {
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, line) in new.iter().enumerate() {
            places.entry(line).or_default().push(index);
        }
        if new.len() >= FREQUENT_FROM_LINES {
            let places_max = new.len() / 100 + 1;
            places.retain(|_, places| places.len() <= places_max);
        }
        Self { old, new, places }
    }

    /// All runs of equal lines in order, adjacent ones joined, and an empty one at the end.
    fn runs(&self) -> Vec<Run> {
        let mut found = Vec::new();
        let mut open = vec![((0, self.old.len()), (0, self.new.len()))];
        while let Some((old, new)) = open.pop() {
            let run = self.longest(old, new);
            if run.count > 0 {
                found.push(run);
                open.push(((old.0, run.old), (new.0, run.new)));
                open.push(((run.old + run.count, old.1), (run.new + run.count, new.1)));
            }
        }
        found.sort_by_key(|run| run.old);
        let mut runs: Vec<Run> = Vec::new();
        for run in found {
            match runs.last_mut() {
                Some(last) if last.old + last.count == run.old && last.new + last.count == run.new => {
                    last.count += run.count;
                }
                _ => runs.push(run),
            }
        }
        runs.push(Run { old: self.old.len(), new: self.new.len(), count: 0 });
        runs
    }

    /// The longest run within both ranges, the first of several; empty if there is none.
    fn longest(&self, old: (usize, usize), new: (usize, usize)) -> Run {
        let mut best = Run { old: old.0, new: new.0, count: 0 };
        // Length of the run that ends at this line of `new` and the line of `old` before.
        let mut ending: BTreeMap<usize, usize> = BTreeMap::new();
        for i in old.0..old.1 {
            let places = self.places.get(self.old[i]).map_or(&[][..], Vec::as_slice);
            let mut ending_here = BTreeMap::new();
            for &j in places.iter().filter(|j| (new.0..new.1).contains(j)) {
                let before = j.checked_sub(1).and_then(|before| ending.get(&before)).copied();
                let count = before.unwrap_or(0) + 1;
                ending_here.insert(j, count);
                if count > best.count {
                    best = Run { old: i + 1 - count, new: j + 1 - count, count };
                }
            }
            ending = ending_here;
        }
        self.extended(best, old, new)
    }

    /// Frequent lines start no run, but they may be at its ends.
    fn extended(&self, mut run: Run, old: (usize, usize), new: (usize, usize)) -> Run {
        while run.old > old.0 && run.new > new.0 && self.old[run.old - 1] == self.new[run.new - 1] {
            run = Run { old: run.old - 1, new: run.new - 1, count: run.count + 1 };
        }
        while run.old + run.count < old.1
            && run.new + run.count < new.1
            && self.old[run.old + run.count] == self.new[run.new + run.count]
        {
            run.count += 1;
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(changed: &[usize]) -> String {
        let line =
            |index: usize| if changed.contains(&index) { format!("x{index}") } else { index.to_string() };
        (0..30).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("a\nb", "a\nb"), "");
    }

    #[test]
    fn a_change_has_three_lines_around_it() {
        let diff = unified(&numbered(&[]), &numbered(&[10]));
        assert_eq!(diff, "@@ -8,7 +8,7 @@\n 7\n 8\n 9\n-10\n+x10\n 11\n 12\n 13\n");
    }

    #[test]
    fn changes_that_share_context_share_a_hunk() {
        assert_eq!(unified(&numbered(&[]), &numbered(&[5, 12])).matches("@@ -").count(), 1);
        assert_eq!(unified(&numbered(&[]), &numbered(&[5, 13])).matches("@@ -").count(), 2);
    }

    #[test]
    fn context_ends_with_the_text() {
        assert_eq!(unified("a", "b"), "@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(unified("a\nb", "a\nb\nc"), "@@ -1,2 +1,3 @@\n a\n b\n+c\n");
    }

    #[test]
    fn frequent_lines_start_no_match_in_long_texts() {
        let lines = |marks: &[(usize, &str)]| {
            let line = |index| {
                marks.iter().find(|mark| mark.0 == index).map_or("}".to_owned(), |mark| mark.1.to_owned())
            };
            (0..FREQUENT_FROM_LINES).map(line).collect::<Vec<_>>().join("\n")
        };
        let all_replaced = 1 + 2 * FREQUENT_FROM_LINES;
        assert_eq!(unified(&lines(&[]), &lines(&[(0, "a")])).lines().count(), all_replaced);
        assert_eq!(
            unified(&lines(&[(9, "b")]), &lines(&[(0, "a"), (9, "b")])).lines().count(),
            1 + 1 + 1 + 3
        );
    }
}

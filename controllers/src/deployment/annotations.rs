//! What a Deployment and its ReplicaSets tell each other through annotations (DEP-21 to DEP-26).

use setpoint_core::object::TextMap;
pub(super) use setpoint_core::rules::deployment::ROLLBACK_TO;

/// The revision of a ReplicaSet, and of a Deployment that has come to it.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The revisions that a ReplicaSet had before, oldest first, with commas between them.
pub(super) const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many replicas the Deployment wanted when a ReplicaSet was resized last.
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// How many replicas the Deployment was allowed when a ReplicaSet was resized last.
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How long a list of former revisions gets, in bytes (DEP-24).
const HISTORY_BYTES_MAX: usize = 2000;

/// Annotations that are not passed on between a Deployment and its ReplicaSets (DEP-21).
pub(super) fn is_kept_apart(key: &str) -> bool {
    [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO].contains(&key)
}

/// A revision; a missing one is 0, and what is no number is none.
pub(super) fn revision(annotations: &TextMap) -> Option<i64> {
    annotations.get(REVISION).map_or(Some(0), |text| text.parse().ok())
}

/// The number after the greatest revision (DEP-23).
pub(super) fn next_revision<'a>(old: impl IntoIterator<Item = &'a TextMap>) -> i64 {
    old.into_iter().filter_map(revision).max().unwrap_or(0).max(0).saturating_add(1)
}

/// How many replicas were wanted at the last resize (DEP-27).
pub(super) fn desired_replicas(annotations: &TextMap) -> Option<i64> {
    count(annotations, DESIRED_REPLICAS)
}

/// How many replicas were allowed at the last resize (DEP-30).
pub(super) fn max_replicas(annotations: &TextMap) -> Option<i64> {
    count(annotations, MAX_REPLICAS)
}

fn count(annotations: &TextMap, key: &str) -> Option<i64> {
    let text = annotations.get(key)?;
    // A sign would be taken by the parser, though not by upstream's.
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = text.parse().ok().filter(|_| plain)?;
    (count <= i64::from(i32::MAX)).then_some(count)
}

/// The annotations with what a resize stamps on a ReplicaSet (DEP-26).
pub(super) fn with_replicas(annotations: &TextMap, wanted: i64, max: i64) -> TextMap {
    annotations.with(DESIRED_REPLICAS, wanted.to_string()).with(MAX_REPLICAS, max.to_string())
}

/// A ReplicaSet's annotations as the Deployment wants them: its own passed on, and the revision raised
/// to `revision`, the former one going into the history (DEP-21, DEP-23, DEP-24).
///
/// `None` if the ReplicaSet's revision is no number; the annotations are left alone then.
pub(super) fn synced(set: &TextMap, deployment: &TextMap, revision: i64) -> Option<TextMap> {
    let mut synced = passed_on(set, deployment);
    let former = set.get(REVISION);
    let number = match former {
        None | Some("") => 0,
        Some(text) => text.parse::<i64>().ok()?,
    };
    if number >= revision {
        return Some(synced);
    }
    synced = synced.with(REVISION, revision.to_string());
    if let Some(former) = former
        && let Some(history) = extended(set.get(REVISION_HISTORY).unwrap_or_default(), former)
    {
        synced = synced.with(REVISION_HISTORY, history);
    }
    Some(synced)
}

/// A ReplicaSet's annotations with its Deployment's added or put over them; none is taken away.
pub(super) fn passed_on(set: &TextMap, deployment: &TextMap) -> TextMap {
    let news = |(key, value): &(&str, &str)| !is_kept_apart(key) && set.get(key) != Some(*value);
    if !deployment.iter().any(|entry| news(&entry)) {
        return set.clone();
    }
    let passed = deployment.entries().iter().filter(|(key, _)| !is_kept_apart(key));
    set.entries().iter().chain(passed).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A Deployment's annotations after it went back to a ReplicaSet: what is never passed on stays, everything
/// else is the ReplicaSet's (DEP-46).
pub(super) fn rolled_back(deployment: &TextMap, set: &TextMap) -> TextMap {
    let own = deployment.entries().iter().filter(|(key, _)| is_kept_apart(key));
    let back = set.entries().iter().filter(|(key, _)| !is_kept_apart(key));
    own.chain(back).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The history with one more revision, less the oldest if it gets too long; `None` if nothing helps.
fn extended(history: &str, former: &str) -> Option<String> {
    if history.is_empty() || history.starts_with(',') {
        return Some(former.to_owned());
    }
    let mut kept = history;
    loop {
        if kept.len() + 1 + former.len() <= HISTORY_BYTES_MAX {
            return Some(format!("{kept},{former}"));
        }
        let Some((_, newer)) = kept.split_once(',') else {
            // Without any of them there is no comma either.
            return (former.len() <= HISTORY_BYTES_MAX).then(|| former.to_owned());
        };
        kept = newer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Annotations, the revision they should have, then their revision and history; `None` if left alone.
    type Row<'a> = (&'a [(&'a str, &'a str)], i64, Option<(&'a str, Option<&'a str>)>);

    fn map(entries: &[(&str, &str)]) -> TextMap {
        entries.iter().copied().collect()
    }

    #[test]
    fn annotations_are_passed_on_but_for_the_controllers_own() {
        // DEP-21
        let set = map(&[("kept", "old"), ("changed", "old"), (REVISION, "3")]);
        let deployment = map(&[
            ("changed", "new"),
            ("added", "new"),
            (LAST_APPLIED, "{}"),
            (REVISION, "9"),
            (REVISION_HISTORY, "1"),
            (DESIRED_REPLICAS, "1"),
            (MAX_REPLICAS, "1"),
            (ROLLBACK_TO, "0"),
        ]);
        let expected = map(&[("kept", "old"), ("changed", "new"), ("added", "new"), (REVISION, "3")]);
        assert_eq!(passed_on(&set, &deployment), expected);
        assert!(passed_on(&expected, &deployment).ptr_eq(&expected), "nothing new shares the old map");
    }

    #[test]
    fn a_revision_is_only_raised_and_the_former_goes_into_the_history() {
        // DEP-23, DEP-24
        let rows: [Row<'_>; 8] = [
            (&[], 1, Some(("1", None))),
            (&[(REVISION, "")], 1, Some(("1", Some("")))),
            (&[(REVISION, "1")], 4, Some(("4", Some("1")))),
            (&[(REVISION, "4"), (REVISION_HISTORY, "1")], 6, Some(("6", Some("1,4")))),
            (&[(REVISION, "4"), (REVISION_HISTORY, "1")], 4, Some(("4", Some("1")))),
            (&[(REVISION, "7")], 2, Some(("7", None))),
            (&[(REVISION, "x")], 2, None),
            (
                &[(REVISION, "3546343826724305832")],
                3_546_343_826_724_305_833,
                Some(("3546343826724305833", Some("3546343826724305832"))),
            ),
        ];
        for (set, revision, expected) in rows {
            let synced = synced(&map(set), &TextMap::default(), revision);
            let found = synced
                .as_ref()
                .map(|synced| (synced.get(REVISION).expect("it has one"), synced.get(REVISION_HISTORY)));
            assert_eq!(found, expected, "{set:?} to {revision}");
        }
    }

    #[test]
    fn a_history_stays_within_its_limit() {
        // DEP-24
        let full = ["1000"; 400].join(",");
        assert_eq!(full.len(), 1999);
        let longer = extended(&full, "1001").expect("there is room for it");
        assert_eq!(longer.len(), 1999);
        assert!(longer.ends_with(",1000,1001"));
        assert_eq!(extended("1,2", &"9".repeat(1999)), Some("9".repeat(1999)));
        assert_eq!(extended("1,2", &"9".repeat(2001)), None);
    }

    #[test]
    fn the_next_revision_is_one_above_the_greatest_that_is_a_number() {
        // DEP-23
        let maps = [map(&[(REVISION, "2")]), map(&[]), map(&[(REVISION, "nine")]), map(&[(REVISION, "5")])];
        assert_eq!(next_revision(&maps), 6);
        assert_eq!(next_revision(&[]), 1);
        assert_eq!(next_revision(&[map(&[(REVISION, &i64::MAX.to_string())])]), i64::MAX);
    }

    #[test]
    fn counts_are_plain_numbers_that_fit() {
        // DEP-27
        let rows = [
            ("10", Some(10)),
            ("0", Some(0)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", None),
            ("-1", None),
            ("+1", None),
            ("", None),
            ("ten", None),
        ];
        for (text, expected) in rows {
            assert_eq!(desired_replicas(&map(&[(DESIRED_REPLICAS, text)])), expected, "{text:?}");
        }
        let stamped = with_replicas(&TextMap::default(), 10, 13);
        assert_eq!((desired_replicas(&stamped), max_replicas(&stamped)), (Some(10), Some(13)));
    }

    #[test]
    fn going_back_takes_over_what_is_passed_on() {
        // DEP-46
        let deployment = map(&[("cause", "two"), ("mine", "x"), (REVISION, "2"), (ROLLBACK_TO, "1")]);
        let set = map(&[("cause", "one"), (REVISION, "1"), (DESIRED_REPLICAS, "3")]);
        let expected = map(&[("cause", "one"), (REVISION, "2"), (ROLLBACK_TO, "1")]);
        assert_eq!(rolled_back(&deployment, &set), expected);
    }
}

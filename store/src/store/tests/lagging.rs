//! Stores whose reads are behind what other processes have written (INV-ST-05).

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use setpoint_core::env::Env;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;

use super::bench::{Bench, map, pod, with};
use crate::admission::Chain;
use crate::engine::{Commit, CommitError, Committed, Engine, Expired, Feed, Memory, Route};
use crate::request::{DeleteOptions, Outcome, Preconditions, RequestContext};
use crate::tables::{Index, Snapshot};

/// An engine that shows what it held when it was told to lag, until something makes it catch up.
struct Lagging {
    memory: Memory,
    shown: Mutex<Option<Snapshot>>,
}

impl Lagging {
    fn new(env: &Env) -> Self {
        Self { memory: Memory::new(env), shown: Mutex::default() }
    }

    fn show(&self, snapshot: Option<Snapshot>) {
        *self.shown.lock() = snapshot;
    }
}

#[async_trait]
impl Engine for Lagging {
    fn snapshot(&self) -> Snapshot {
        let shown = self.shown.lock().clone();
        shown.unwrap_or_else(|| self.memory.snapshot())
    }

    async fn catch_up(&self) -> Result<(), CommitError> {
        self.show(None);
        Ok(())
    }

    fn reads_may_lag(&self) -> bool {
        true
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let committed = self.memory.commit(commit).await;
        if committed.is_err() {
            self.show(None);
        }
        committed
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Result<Feed, Expired> {
        self.memory.feed(kind, route, from)
    }

    fn snapshot_at(&self, kind: KindId, revision: Revision) -> Result<Snapshot, Expired> {
        self.memory.snapshot_at(kind, revision)
    }

    fn compact(&self, revision: Revision) {
        self.memory.compact(revision);
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.memory.add_index(kind, index);
    }
}

/// A bench where the ConfigMap `a` is shown as it was made, and has been changed since. The body that it was made with.
fn behind() -> (Bench<Lagging>, Value) {
    let bench = Bench::over(Lagging::new, Chain::upstream());
    let made = bench.create(map("a"));
    let before = bench.store.engine().snapshot();
    let mut newer = map("a");
    newer["data"]["k"] = json!("w");
    bench.update(newer).expect("it is there");
    bench.store.engine().show(Some(before));
    (bench, with(map("a"), "resourceVersion", json!(made.revision().to_string())))
}

#[test]
fn what_changes_nothing_of_an_old_version_is_refused_as_any_change_of_it() {
    // STORE-02, STORE-04: what is shown is of no account.
    let (bench, same) = behind();
    let refused = bench.update(same.clone()).expect_err("another version is the newest");
    assert!(refused.is_conflict(), "{refused}");
    let (bench, _) = behind();
    let written = bench.merge("configmap", "a", json!({"data": {"k": "v"}})).expect("it is there");
    assert_eq!(written.outcome, Outcome::Updated, "the newest version has something else there");
    assert_eq!(bench.get("configmap", "a").expect("it is there")["data"]["k"], "v");
}

#[test]
fn a_dry_run_tells_what_would_become_of_the_newest_version() {
    // STORE-29
    let (mut bench, mut same) = behind();
    bench.context = RequestContext { dry_run: true, ..bench.context };
    same["data"]["k"] = json!("x");
    let refused = bench.update(same).expect_err("another version is the newest");
    assert!(refused.is_conflict(), "{refused}");
    let (mut bench, same) = behind();
    bench.context = RequestContext { dry_run: true, ..bench.context };
    let version = same["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok());
    let preconditions = Preconditions { revision: version.map(Revision), ..Preconditions::default() };
    let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
    let refused = bench.delete("configmap", "a", options).expect_err("another version is the newest");
    assert!(refused.is_conflict(), "{refused}");
}

#[test]
fn a_deletion_that_has_begun_is_so_of_the_newest_version() {
    // STORE-23: the pod that is shown is on its way already, and another one has its name by now.
    let bench = Bench::over(Lagging::new, Chain::upstream());
    bench.create(with(pod("p"), "finalizers", json!(["example.com/held"])));
    bench.delete("pod", "p", DeleteOptions::default()).expect("it is there");
    let before = bench.store.engine().snapshot();
    let free = json!({"metadata": {"finalizers": null}});
    bench.merge("pod", "p", free).expect("it is there");
    bench.create(pod("p"));
    bench.store.engine().show(Some(before));
    let deleted = bench.delete("pod", "p", DeleteOptions::default()).expect("it is there");
    assert_ne!(deleted.outcome, Outcome::Unchanged);
    assert!(bench.get("pod", "p").is_none(), "the new one is gone");
}

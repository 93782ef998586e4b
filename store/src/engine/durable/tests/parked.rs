//! Objects of kinds that are not known yet, and objects that do not fit.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use setpoint_core::env::Simulation;
use setpoint_core::kind::{Kind, Registry, Scope};
use setpoint_core::object::{Draft, Revision};

use super::world::SMALL;
use crate::engine::durable::{Durable, Faulty};
use crate::engine::{Commit, Engine, Expect, Route};

mod before {
    use super::*;

    #[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
    #[kube(group = "example.com", version = "v1", kind = "Site", namespaced)]
    pub(super) struct SiteSpec {
        pub(super) replicas: String,
    }
}

mod after {
    use super::*;

    #[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
    #[kube(group = "example.com", version = "v1", kind = "Site", namespaced)]
    pub(super) struct SiteSpec {
        pub(super) replicas: u16,
    }
}

fn site(registry: &Registry, name: &str, replicas: serde_json::Value) -> Draft {
    let kind = registry.find("Site", "example.com/v1").expect("it is registered");
    let body =
        serde_json::json!({"metadata": {"name": name, "namespace": "ns"}, "spec": {"replicas": replicas}});
    Draft::from_value(kind, body).expect("it fits")
}

fn filled() -> (Faulty, Revision) {
    let storage = Faulty::new();
    let registry = Registry::builtin();
    registry.register::<before::Site>().expect("its names are free");
    let sim = Simulation::new(1);
    let engine = sim
        .block_on(Durable::open(&sim.env(), storage.clone(), &registry, SMALL))
        .expect("it ends")
        .expect("it is new");
    let start = engine.snapshot().revision();
    for (name, replicas) in [("a", "1.0"), ("b", "two"), ("c", "7")] {
        let draft = site(&registry, name, replicas.into());
        let commit =
            Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() };
        sim.block_on(engine.commit(commit)).expect("it ends").expect("it is new");
        if name == "b" {
            sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
        }
    }
    sim.block_on(engine.close()).expect("it ends");
    (storage, start)
}

#[test]
fn kinds_can_be_registered_after_the_store_was_opened() {
    let (storage, start) = filled();
    // Opened by somebody who never hears of the kind: its objects survive that, and snapshots, too.
    for _ in 0..2 {
        let sim = Simulation::new(2);
        let engine = sim
            .block_on(Durable::open(&sim.env(), storage.clone(), &Registry::builtin(), SMALL))
            .expect("it ends")
            .expect("it was closed");
        assert_eq!(engine.health().unknown_kinds, [("sites.example.com".to_owned(), 3)]);
        sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
        sim.block_on(engine.close()).expect("it ends");
    }
    let registry = Registry::builtin();
    let sim = Simulation::new(3);
    let engine = sim
        .block_on(Durable::open(&sim.env(), storage, &registry, SMALL))
        .expect("it ends")
        .expect("it was closed");
    let sites = registry.register::<before::Site>().expect("its names are free");
    let names: Vec<_> = engine.snapshot().list(sites.id).map(|object| object.place().1.to_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(engine.health().unknown_kinds, []);
    let feed = engine.feed(sites.id, Route::Kind, start);
    assert!(feed.is_ok(), "its history was kept with it");
}

#[test]
fn what_does_not_fit_its_kind_is_kept_and_named() {
    let (storage, _) = filled();
    let registry = Registry::builtin();
    let sites = registry.register::<after::Site>().expect("its names are free");
    let sim = Simulation::new(2);
    let engine = sim
        .block_on(Durable::open(&sim.env(), storage.clone(), &registry, SMALL))
        .expect("it ends")
        .expect("it was closed");
    // Custom kinds are kept as JSON, so what does not fit is told when it is read as the type.
    let shown = engine.snapshot().list(sites.id).count();
    let quarantined = engine.health().quarantined.len();
    assert_eq!(shown + quarantined, 3, "INV-ST-14: nothing is hidden");
    for object in engine.snapshot().list(sites.id) {
        assert!(object.to_whole::<after::Site>().is_err(), "a text is no number");
    }
}

#[test]
fn an_object_that_cannot_be_decoded_is_in_quarantine_and_in_the_way() {
    let (storage, _) = filled();
    // The same group-resource, now as a kind of which every object has other parts.
    let registry = Registry::builtin();
    let config = registry.find("ConfigMap", "v1").expect("a built-in kind");
    let sim = Simulation::new(2);
    let strict = Kind {
        representation: registry
            .find("Deployment", "apps/v1")
            .map(|kind| kind.representation.clone())
            .expect("built in"),
        rules: config.rules.clone(),
        has_status: true,
        ..Kind::untyped("example.com", "v1", "Site", "sites", Scope::Namespaced)
    };
    let sites = registry.register_kind(strict).expect("its names are free");
    let engine = sim
        .block_on(Durable::open(&sim.env(), storage, &registry, SMALL))
        .expect("it ends")
        .expect("it was closed");
    let quarantined = engine.health().quarantined;
    let names: Vec<_> = quarantined.iter().map(|object| (&*object.resource, &*object.name)).collect();
    assert_eq!(names, [("sites.example.com", "a"), ("sites.example.com", "b"), ("sites.example.com", "c")]);
    assert!(quarantined.iter().all(|object| !object.reason.is_empty()));
    let mut draft =
        Draft::new(sites, setpoint_core::object::Meta::namespaced("ns", "a"), config_part(&config));
    draft.meta_mut().labels = Default::default();
    let commit =
        Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() };
    assert!(
        sim.block_on(engine.commit(commit)).expect("it ends").is_err(),
        "it is not overwritten in silence"
    );
    sim.block_on(engine.make_snapshot()).expect("it ends").expect("it is in the snapshot as it is");
    sim.block_on(engine.close()).expect("it ends");
}

fn config_part(kind: &setpoint_core::kind::Kind) -> setpoint_core::object::Part {
    kind.representation
        .read_spec(br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"#)
        .expect("it is empty")
}

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use setpoint_core::env::{Env, Simulation};
use setpoint_core::object::{Draft, Meta, OwnerReference, Part};
use setpoint_core::{Error, Result as StoreResult};
use setpoint_store::request::RequestContext;
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};

use super::*;
use crate::{DirectView, InformerView};

/// `a/one` and `a/two` with labels, `b/one` without; `a/two` is owned by `a/one`.
async fn world(env: &Env) -> StoreResult<(Store, Uid)> {
    let store = Store::memory(env);
    for namespace in ["a", "b"] {
        store.ensure_namespace(namespace).await?;
    }
    let kind = store.kind_of::<ConfigMap>()?;
    let context = RequestContext::system("test");
    let draft = |namespace: &str, name: &str| {
        let meta = Meta::namespaced(namespace, name);
        Draft::new(Arc::clone(&kind), meta, Part::new(ConfigMap::default()))
    };
    let mut first = draft("a", "one");
    first.meta_mut().labels = [("app", "web")].into_iter().collect();
    let owner = store.create(&context, first).await?.meta().uid.clone().expect("stored objects have one");
    let mut second = draft("a", "two");
    second.meta_mut().labels = [("app", "db")].into_iter().collect();
    second.meta_mut().owner_references = vec![OwnerReference {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        name: "one".into(),
        uid: owner.clone(),
        controller: None,
        block_owner_deletion: None,
    }]
    .into();
    store.create(&context, second).await?;
    store.create(&context, draft("b", "one")).await?;
    Ok((store, owner))
}

/// Looks at the world from near and from afar.
fn look(check: impl Fn(&Lister<ConfigMap>, &Uid)) {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let (store, owner) = world(&env).await?;
        let kind = store.kind_of::<ConfigMap>()?;
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        let direct = DirectView::new(Arc::clone(&store)).expect("in memory");
        let informers = InformerView::new(&env, store);
        informers.synced(kind.id).await;
        let views: [Arc<dyn View>; 2] = [Arc::new(direct), Arc::new(informers)];
        for view in views {
            check(&Lister::of_parts(Arc::clone(&view), &kind), &owner);
            check(&Lister::new(view, &kind), &owner);
        }
        StoreResult::<()>::Ok(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
}

fn names(found: &Result<Vec<Obj<ConfigMap>>, DecodeError>) -> Vec<String> {
    let found = found.as_ref().expect("config maps");
    found.iter().map(|map| map.object().key().to_string()).collect()
}

#[test]
fn finds_by_name_namespace_labels_and_owner() {
    look(|maps, owner| {
        let all = LabelSelector::everything();
        assert!(maps.get(Some("a"), "one").expect("a config map").is_some());
        assert!(maps.get(Some("a"), "three").expect("a config map").is_none());
        assert!(maps.get(None, "one").expect("a config map").is_none());
        assert_eq!(names(&maps.list(None, &all)), ["a/one", "a/two", "b/one"]);
        assert_eq!(names(&maps.list(Some("b"), &all)), ["b/one"]);
        assert!(names(&maps.list(Some("c"), &all)).is_empty());
        let web = LabelSelector::from_labels([(&"app".to_owned(), &"web".to_owned())]);
        assert_eq!(names(&maps.list(None, &web)), ["a/one"]);
        assert_eq!(names(&maps.owned_by(owner)), ["a/two"]);
    });
}

#[test]
fn finds_by_an_index_of_ones_own() {
    look(|maps, _| {
        let length = maps.index(Index::new("length", |object, add| {
            add(IndexValue::Text(object.meta().name.len().to_string().into()));
        }));
        let three = IndexValue::Text("3".into());
        assert_eq!(names(&length.get(&three)), ["a/one", "a/two", "b/one"]);
        assert_eq!(length.count(&three), 3);
        assert_eq!(length.count(&IndexValue::Text("4".into())), 0);
    });
}

#[test]
fn shares_what_the_view_has() {
    look(|maps, _| {
        let (one, again) = (maps.get(Some("a"), "one"), maps.get(Some("a"), "one"));
        let object = |found: Result<Option<Obj<ConfigMap>>, DecodeError>| {
            found.expect("a config map").expect("it is there").into_object()
        };
        assert!(Arc::ptr_eq(&object(one), &object(again)));
    });
}

#[test]
fn a_list_that_cannot_be_read_whole_is_an_error() {
    // INV-IN-10
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let (store, _) = world(&env).await?;
        let kind = store.kind_of::<ConfigMap>()?;
        let view = DirectView::new(Arc::new(store)).expect("in memory");
        let secrets = Lister::<Secret>::of_parts(Arc::new(view), &kind);
        assert!(secrets.list(None, &LabelSelector::everything()).is_err());
        assert!(secrets.get(Some("a"), "one").is_err());
        Result::<(), Error>::Ok(())
    });
    done.expect("nothing waits").expect("all is valid");
}

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_core::kind::Registry;

use super::*;
use crate::request::{Grants, RequestContext, User};
use crate::{ObjectStore, ObjectStoreExt, Objects, Store};

fn rule(value: Value) -> PolicyRule {
    serde_json::from_value(value).expect("a rule")
}

fn object<'a>(group: &'a str, resource: &'a str, sub: &'a str, name: &'a str) -> Thing<'a> {
    Thing::Object { group, resource, subresource: sub, namespace: "ns", name }
}

// AUTH-06
#[test]
fn a_rule_allows_what_it_names() {
    let pods = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]});
    let logs = json!({"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]});
    let scales = json!({"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["*"]});
    let all = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    let named = json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]});
    let paths = json!({"nonResourceURLs": ["/healthz", "/logs/*"], "verbs": ["get"]});
    let every_path = json!({"nonResourceURLs": ["*"], "verbs": ["get"]});
    let table = [
        (&pods, "get", object("", "pods", "", "a"), true),
        (&pods, "list", object("", "pods", "", ""), true),
        (&pods, "watch", object("", "pods", "", ""), false),
        (&pods, "get", object("", "pods", "log", "a"), false),
        (&pods, "get", object("apps", "pods", "", "a"), false),
        (&pods, "get", object("", "pods2", "", "a"), false),
        (&logs, "get", object("", "pods", "log", "a"), true),
        (&logs, "get", object("", "pods", "", "a"), false),
        (&scales, "patch", object("apps", "deployments", "scale", "a"), true),
        (&scales, "patch", object("apps", "deployments", "status", "a"), false),
        (&scales, "patch", object("apps", "deployments", "", "a"), false),
        (&all, "impersonate", object("x", "y", "z", ""), true),
        (&all, "get", Thing::Path("/healthz"), false),
        (&named, "get", object("", "pods", "", "a"), true),
        (&named, "get", object("", "pods", "", "b"), false),
        (&named, "get", object("", "pods", "", ""), false),
        (&paths, "get", Thing::Path("/healthz"), true),
        (&paths, "get", Thing::Path("/healthz/"), false),
        (&paths, "get", Thing::Path("/logs/"), true),
        (&paths, "get", Thing::Path("/logs/a/b"), true),
        (&paths, "get", Thing::Path("/logs"), false),
        (&paths, "put", Thing::Path("/healthz"), false),
        (&paths, "get", object("", "pods", "", "a"), false),
        (&every_path, "get", Thing::Path("/any"), true),
    ];
    for (value, verb, thing, expected) in table {
        assert_eq!(
            allows(&rule(value.clone()), &Demand { verb, thing }),
            expected,
            "{value} {verb} {thing:?}"
        );
    }
}

#[test]
fn rules_cover_what_their_parts_cover() {
    let of = |verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]| {
        let mut value = json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
        if !names.is_empty() {
            value["resourceNames"] = json!(names);
        }
        rule(value)
    };
    let paths = |paths: &[&str]| rule(json!({"verbs": ["get"], "nonResourceURLs": paths}));
    let all = of(&["*"], &["*"], &["*"], &[]);
    let table = [
        (vec![all.clone()], of(&["get"], &["x"], &["y/z"], &["n"]), true),
        (vec![of(&["get"], &[""], &["pods"], &[])], all.clone(), false),
        (
            vec![of(&["get"], &[""], &["pods"], &[]), of(&["list"], &[""], &["pods"], &[])],
            of(&["get", "list"], &[""], &["pods"], &[]),
            true,
        ),
        (vec![of(&["get"], &[""], &["pods"], &[])], of(&["get"], &["", "apps"], &["pods"], &[]), false),
        (vec![of(&["get"], &[""], &["pods"], &["a"])], of(&["get"], &[""], &["pods"], &[]), false),
        (vec![of(&["get"], &[""], &["pods"], &[])], of(&["get"], &[""], &["pods"], &["a"]), true),
        (
            vec![of(&["get"], &[""], &["pods"], &["a", "b"])],
            of(&["get"], &[""], &["pods"], &["b", "a"]),
            true,
        ),
        (vec![of(&["get"], &[""], &["*/scale"], &[])], of(&["get"], &[""], &["x/scale"], &[]), true),
        (vec![of(&["get"], &[""], &["*/scale"], &[])], of(&["get"], &[""], &["x"], &[]), false),
        (vec![paths(&["/a/*"])], paths(&["/a/b", "/a/*"]), true),
        (vec![paths(&["/a"])], paths(&["/a/*"]), false),
        (vec![all], paths(&["/a"]), false),
    ];
    for (owned, other, expected) in table {
        let owned: Vec<&PolicyRule> = owned.iter().collect();
        assert_eq!(covers(&owned, &other), expected, "{owned:?} {other:?}");
    }
}

#[test]
fn what_is_missing_is_told_in_short() {
    let wanted =
        rule(json!({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]}));
    let held = rule(json!({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}));
    let missing = compacted(uncovered(&[&held], [&wanted]));
    assert_eq!(
        described(&missing),
        r#"{APIGroups:["apps"], Resources:["deployments"], Verbs:["list" "watch"]}"#
    );
}

fn user(name: &str, groups: &[&str]) -> User {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    User { name: name.to_owned(), groups, ..User::default() }
}

/// Asks a store with namespaces `ns` and `other`.
fn in_store<T>(scene: impl AsyncFnOnce(&Store) -> setpoint_core::Result<T>) -> T {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    let done = sim.block_on(async {
        store.ensure_namespace("ns").await?;
        store.ensure_namespace("other").await?;
        scene(&store).await
    });
    done.expect("nothing waits for ever").expect("the store takes it")
}

async fn put<K: DeserializeOwned + Send + Sync + 'static>(
    store: &Store,
    namespace: Option<&str>,
    value: Value,
) -> setpoint_core::Result<()> {
    let objects = Objects::<K>::over(std::sync::Arc::new(store.clone()), namespace.map(Into::into))?;
    objects.create(serde_json::from_value(value).expect("it has the form")).await?;
    Ok(())
}

fn role(name: &str, verb: &str, resource: &str) -> Value {
    json!({"metadata": {"name": name}, "rules": [{"apiGroups": [""], "resources": [resource], "verbs": [verb]}]})
}

fn binding(name: &str, kind: &str, role: &str, subjects: Value) -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role});
    json!({"metadata": {"name": name}, "roleRef": role, "subjects": subjects})
}

async fn put_some(store: &Store) -> setpoint_core::Result<()> {
    let group = |name: &str| json!([{"kind": "Group", "name": name}]);
    let account = json!([{"kind": "ServiceAccount", "name": "robot"}]);
    put::<ClusterRole>(store, None, role("reader", "get", "pods")).await?;
    put::<Role>(store, Some("ns"), role("reader", "get", "secrets")).await?;
    put::<ClusterRoleBinding>(store, None, binding("all", "ClusterRole", "reader", group("dev"))).await?;
    put::<RoleBinding>(
        store,
        Some("ns"),
        binding("own", "Role", "reader", json!([{"kind": "User", "name": "jane"}])),
    )
    .await?;
    put::<RoleBinding>(store, Some("ns"), binding("robots", "ClusterRole", "reader", account)).await?;
    put::<RoleBinding>(store, Some("ns"), binding("lost", "Role", "gone", group("dev"))).await
}

// AUTH-06
#[test]
fn bindings_count_in_their_namespace_and_those_of_the_cluster_everywhere() {
    in_store(async |store| {
        put_some(store).await?;
        let snapshot = store.snapshot().expect("it is in this process");
        let kinds = RoleKinds::of(store.registry()).expect("they are built in");
        let policy = Policy::new(kinds, &snapshot);
        let robot = "system:serviceaccount:ns:robot";
        let table: &[(&str, &[&str], &str, &str, bool)] = &[
            ("joe", &["dev"], "ns", "pods", true),
            ("joe", &["dev"], "other", "pods", true),
            ("joe", &["dev"], "", "pods", true),
            ("joe", &["dev"], "ns", "secrets", false),
            ("jane", &[], "ns", "secrets", true),
            ("jane", &[], "other", "secrets", false),
            ("jane", &[], "", "secrets", false),
            ("jane", &[], "ns", "pods", false),
            ("dev", &["jane"], "ns", "pods", false),
            (robot, &[], "ns", "pods", true),
            (robot, &[], "other", "pods", false),
            ("system:serviceaccount:other:robot", &[], "ns", "pods", false),
            ("root", &[MASTERS], "", "anything", true),
        ];
        for (name, groups, namespace, resource, expected) in table {
            let thing = Thing::Object { group: "", resource, subresource: "", namespace, name: "x" };
            let allowed = policy.allows(&user(name, groups), &Demand { verb: "get", thing });
            assert_eq!(
                matches!(allowed, Allowed::Yes(_)),
                *expected,
                "{name} {groups:?} {namespace} {resource}"
            );
        }
        let told = |name: &str, groups: &[&str], resource: &str| {
            let thing = Thing::Object { group: "", resource, subresource: "", namespace: "ns", name: "x" };
            match policy.allows(&user(name, groups), &Demand { verb: "get", thing }) {
                Allowed::Yes(reason) | Allowed::No(reason) => reason,
            }
        };
        assert_eq!(
            told("joe", &["dev"], "pods"),
            r#"RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "reader" to Group "dev""#
        );
        assert_eq!(
            told(robot, &[], "pods"),
            r#"RBAC: allowed by RoleBinding "robots/ns" of ClusterRole "reader" to ServiceAccount "robot/ns""#
        );
        assert_eq!(
            told("joe", &["dev"], "nodes"),
            r#"RBAC: role.rbac.authorization.k8s.io "gone" not found"#
        );
        Ok(())
    });
}

#[test]
fn a_binding_counts_and_ceases_to_count_at_once() {
    in_store(async |store| {
        put_some(store).await?;
        let kinds = RoleKinds::of(store.registry()).expect("they are built in");
        let may = |store: &Store| {
            let snapshot = store.snapshot().expect("it is in this process");
            let thing =
                Thing::Object { group: "", resource: "pods", subresource: "", namespace: "", name: "" };
            let demand = Demand { verb: "get", thing };
            matches!(Policy::new(kinds, &snapshot).allows(&user("joe", &["dev"]), &demand), Allowed::Yes(_))
        };
        assert!(may(store));
        let bindings = Objects::<ClusterRoleBinding>::over(std::sync::Arc::new(store.clone()), None)?;
        let mut all = (*bindings.get("all").await?).clone();
        all.subjects = None;
        bindings.replace(all).await?;
        assert!(!may(store));
        Ok(())
    });
}

/// Creates or replaces something as a user whose rights come from roles.
async fn as_user<K: DeserializeOwned + 'static>(
    store: &Store,
    name: &str,
    namespace: Option<&str>,
    value: Value,
) -> Result<(), String> {
    let mut context = RequestContext::system("test");
    context.user = std::sync::Arc::new(user(name, &["dev"]));
    context.grants = Grants::OfRoles;
    let kind = Registry::of::<K>(store.registry()).expect("it is built in");
    let mut draft = setpoint_core::object::Draft::from_value(kind, value).expect("it has the form");
    draft.meta_mut().namespace = namespace.map(Into::into);
    store.create(&context, draft).await.map(drop).map_err(|error| error.message().to_owned())
}

// AUTH-06
#[test]
fn nobody_gives_what_they_do_not_have() {
    in_store(async |store| {
        put_some(store).await?;
        let held = role("held", "get", "pods");
        assert_eq!(as_user::<Role>(store, "joe", Some("ns"), held).await, Ok(()));
        let more = as_user::<Role>(store, "joe", Some("ns"), role("more", "list", "pods")).await;
        assert_eq!(
            more.expect_err("joe may not list"),
            "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"joe\" (groups=[\"dev\"]) is attempting to \
             grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}"
        );
        let own = |role: &str| binding("new", "Role", role, json!([{"kind": "User", "name": "joe"}]));
        assert!(as_user::<RoleBinding>(store, "joe", Some("ns"), own("reader")).await.is_err());
        assert!(as_user::<RoleBinding>(store, "joe", Some("ns"), own("none")).await.is_err());
        assert_eq!(as_user::<RoleBinding>(store, "jane", Some("ns"), own("reader")).await, Ok(()));
        // What the namespace gives does not count for the cluster.
        let wide = role("wide", "get", "secrets");
        assert!(as_user::<ClusterRole>(store, "jane", None, wide).await.is_err());
        let sum = json!({
            "metadata": {"name": "sum"},
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
        });
        let refused =
            as_user::<ClusterRole>(store, "joe", None, sum).await.expect_err("joe is no administrator");
        assert!(
            refused.ends_with("must have cluster-admin privileges to use an aggregationRule"),
            "{refused}"
        );
        Ok(())
    });
}

#[test]
fn the_rights_to_escalate_and_to_bind_are_enough() {
    in_store(async |store| {
        put_some(store).await?;
        let rules = json!([
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["escalate"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "resourceNames": ["reader"],
             "verbs": ["bind"]},
        ]);
        put::<ClusterRole>(store, None, json!({"metadata": {"name": "granter"}, "rules": rules})).await?;
        let joe = json!([{"kind": "User", "name": "joe"}]);
        put::<ClusterRoleBinding>(store, None, binding("granter", "ClusterRole", "granter", joe.clone()))
            .await?;
        assert_eq!(as_user::<Role>(store, "joe", Some("ns"), role("more", "list", "pods")).await, Ok(()));
        assert!(as_user::<ClusterRole>(store, "joe", None, role("more", "list", "pods")).await.is_err());
        let bound = |name: &str, role: &str| binding(name, "Role", role, joe.clone());
        assert_eq!(as_user::<RoleBinding>(store, "joe", Some("ns"), bound("a", "reader")).await, Ok(()));
        assert!(as_user::<RoleBinding>(store, "joe", Some("ns"), bound("b", "more")).await.is_err());
        Ok(())
    });
}

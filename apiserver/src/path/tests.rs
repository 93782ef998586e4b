use proptest::prelude::*;

use super::*;

fn read(path: &str) -> Option<String> {
    let told = |place: Place| {
        let key = format!("{:?} {:?}", place.namespace.as_deref(), place.name.as_deref());
        format!("{} {} {key} {}", place.api_version(), place.kind.names.plural, place.sub)
    };
    match Target::of(path, &Registry::builtin())? {
        Target::Place(place) => Some(told(place).trim_end().to_owned()),
        other => Some(format!("{other:?}")),
    }
}

// DISC-14
#[test]
fn paths_name_places() {
    let table = [
        ("/api/v1/pods", "v1 pods None None"),
        ("/api/v1/namespaces/a/pods", r#"v1 pods Some("a") None"#),
        ("/api/v1/namespaces/a/pods/x", r#"v1 pods Some("a") Some("x")"#),
        ("/api/v1/namespaces/a/pods/x/status", r#"v1 pods Some("a") Some("x") status"#),
        ("/api/v1/namespaces/a", r#"v1 namespaces None Some("a")"#),
        ("/api/v1/namespaces/a/finalize", r#"v1 namespaces None Some("a") finalize"#),
        ("/api/v1/namespaces", "v1 namespaces None None"),
        ("/api/v1/nodes/n", r#"v1 nodes None Some("n")"#),
        ("/apis/apps/v1/namespaces/a/deployments", r#"apps/v1 deployments Some("a") None"#),
        ("/apis/events.k8s.io/v1/events", "events.k8s.io/v1 events None None"),
        ("/api/v1/namespaces/a/pods/x%2Dy", r#"v1 pods Some("a") Some("x-y")"#),
        ("/version", "Version"),
        ("/api/", "CoreVersions"),
        ("/readyz/ping", "Health"),
    ];
    for (path, expected) in table {
        assert_eq!(read(path).as_deref(), Some(expected), "{path}");
    }
}

// STORE-31
#[test]
fn crafted_paths_name_nothing() {
    let table = [
        "",
        "/",
        "/api/v1/pods/",
        "/api/v1//pods",
        "/api/v1/namespaces/a/pods/..",
        "/api/v1/namespaces/a/pods/%2e%2e",
        "/api/v1/namespaces/a%2Fpods/pods",
        "/api/v1/namespaces/a/pods/..%2F..%2Fb%2Fpods%2Fx",
        "/api/v1/namespaces/a/pods/x%252Fy",
        "/api/v1/namespaces/../pods",
        "/api/v1/namespaces/a/pods/x/status/more",
        "/api/v1/namespaces/a/nodes/n",
        "/api/v1/pods/x",
        "/api/v1/namespaces/a/pods/%ff",
        "/api/v1/namespaces/a/pods/%0a",
        "/api/v1/namespaces/a/pods/%zz",
        "/apis/apps/v2/deployments",
        "/api/v1/things",
        "/metrics",
    ];
    for path in table {
        assert_eq!(read(path), None, "{path}");
    }
}

proptest! {
    /// No path reaches an object of another namespace than the one it names.
    #[test]
    fn the_namespace_of_a_path_is_the_namespace_of_its_key(tail in "[a-z0-9./%]{0,24}") {
        let path = format!("/api/v1/namespaces/mine/pods/{tail}");
        if let Some(Target::Place(place)) = Target::of(&path, &Registry::builtin()) {
            let key = place.key().expect("it names an object");
            prop_assert_eq!(key.namespace.as_deref(), Some("mine"));
            prop_assert!(!key.name.contains(['/', '%']) && !key.name.is_empty());
        }
    }

    #[test]
    fn no_path_makes_it_panic(path in ".{0,64}") {
        drop(Target::of(&path, &Registry::builtin()));
    }
}

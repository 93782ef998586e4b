use setpoint_core::kind::Registry;
use setpoint_core::object::Key;
use setpoint_core::selector::LabelSelector;

use crate::remote::address::Address;
use crate::remote::list::selected;
use crate::request::Selection;

#[test]
fn objects_are_where_the_api_has_them() {
    let registry = Registry::builtin();
    let find = |kind, version| registry.find(kind, version).expect("a built-in kind");
    let (pods, nodes, deployments) = (find("Pod", "v1"), find("Node", "v1"), find("Deployment", "apps/v1"));
    let object = |kind: &setpoint_core::kind::Kind, key: &Key, side| {
        Address::object(kind, &kind.versions[0], key, side).map(|address| address.as_str().to_owned())
    };
    let table = [
        (object(&pods, &Key::namespaced(pods.id, "a", "b"), "status"), "/api/v1/namespaces/a/pods/b/status"),
        (object(&nodes, &Key::cluster(nodes.id, "n"), ""), "/api/v1/nodes/n"),
        (
            object(&deployments, &Key::namespaced(deployments.id, "a", "system:x y"), ""),
            "/apis/apps/v1/namespaces/a/deployments/system%3Ax%20y",
        ),
    ];
    for (address, expected) in table {
        assert_eq!(address.as_deref(), Ok(expected));
    }
    for name in ["", ".", "..", "a/b", "a%2fb"] {
        let key = Key::namespaced(pods.id, "a", name);
        assert_eq!(object(&pods, &key, "").map_err(|error| error.code()), Err(400), "{name:?}");
    }
    assert!(object(&pods, &Key::cluster(pods.id, "a"), "").is_err(), "without its namespace");
}

#[test]
fn what_matches_nothing_selects_nothing() {
    let registry = Registry::builtin();
    let maps = registry.find("ConfigMap", "v1").expect("a built-in kind");
    let address =
        |labels| selected(&maps, &Selection::namespace(maps.id, "a").labels(labels)).as_str().to_owned();
    let (_, nothing) = address(LabelSelector::nothing())
        .rsplit_once('=')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a selector");
    let nothing: LabelSelector =
        nothing.replace("%2C", ",").replace("%21", "!").parse().expect("the server can read it");
    assert!(!nothing.matches(|_| None) && !nothing.matches(|_| Some("x")));
    assert_eq!(address(LabelSelector::everything()), "/api/v1/namespaces/a/configmaps");
    let some = address("a in (b, c)".parse().expect("a selector"));
    assert_eq!(some, "/api/v1/namespaces/a/configmaps?labelSelector=a%20in%20%28b%2Cc%29");
}

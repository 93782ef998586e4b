//! Keys as kube-apiserver has them.

use setpoint_core::kind::Registry;
use setpoint_core::object::Key;

use super::super::keys::{Layout, Place};

#[test]
fn keys_are_where_upstream_has_them() {
    let registry = Registry::builtin();
    let layout = Layout::new("/registry/", &registry);
    let rows = [
        ("Pod", "v1", "ns", "web", "/registry/pods/ns/web"),
        ("Node", "v1", "", "n1", "/registry/minions/n1"),
        ("Service", "v1", "ns", "web", "/registry/services/specs/ns/web"),
        ("Endpoints", "v1", "ns", "web", "/registry/services/endpoints/ns/web"),
        ("ReplicationController", "v1", "ns", "rc", "/registry/controllers/ns/rc"),
        ("Ingress", "networking.k8s.io/v1", "ns", "i", "/registry/ingress/ns/i"),
        ("Deployment", "apps/v1", "ns", "web", "/registry/deployments/ns/web"),
        ("Lease", "coordination.k8s.io/v1", "kube-system", "l", "/registry/leases/kube-system/l"),
        ("Event", "v1", "ns", "e.1", "/registry/events/ns/e.1"),
        ("ClusterRole", "rbac.authorization.k8s.io/v1", "", "admin", "/registry/clusterroles/admin"),
        (
            "CustomResourceDefinition",
            "apiextensions.k8s.io/v1",
            "",
            "widgets.example.com",
            "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com",
        ),
    ];
    for (kind, api_version, namespace, name, expected) in rows {
        let kind = registry.find(kind, api_version).unwrap_or_else(|| panic!("{kind} is built in"));
        let key = Key {
            kind: kind.id,
            namespace: (!namespace.is_empty()).then(|| namespace.into()),
            name: name.into(),
        };
        let path = layout.path(&key).expect("its kind is known");
        assert_eq!(String::from_utf8_lossy(&path), expected);
        let Place::Object(found, ns, same) = layout.place(&path) else { panic!("{expected} is an object") };
        assert_eq!((found.id, ns, same), (kind.id, namespace, name));
    }
}

#[test]
fn what_is_none_of_ours_is_unknown() {
    let layout = Layout::new("/registry/", &Registry::builtin());
    let rows: [&[u8]; 10] = [
        b"/registry/",
        b"/registry/pods",
        b"/registry/pods/",
        b"/registry/pods/ns",
        b"/registry/pods/ns/",
        b"/registry/pods/ns/a/b",
        b"/registry/minions/ns/a",
        b"/registry/example.com/widgets/ns/a",
        b"/other/pods/ns/a",
        b"/registry/pods/\xff/a",
    ];
    for path in rows {
        assert!(matches!(layout.place(path), Place::Unknown), "{}", String::from_utf8_lossy(path));
    }
    assert!(matches!(layout.place(&layout.barrier()), Place::Barrier));
}

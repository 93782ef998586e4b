use std::sync::Arc;

use futures::FutureExt;
use http::Method;
use setpoint_core::env::Simulation;
use setpoint_store::request::User;
use setpoint_store::{ObjectStore, Store};

use super::*;
use crate::authentication::{administrator, anonymous};
use crate::path::Target;
use crate::query::Query;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits")
}

fn asked(method: &str, path: &str, query: &str) -> Attributes {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    let target = Target::of(path, store.registry());
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let query = Query::parse(query).expect("a query");
    Attributes::of(Arc::new(administrator()), &method, path, &query, target.as_ref())
}

/// `verb group/version/resource/subresource namespace/name`, or `verb path`.
fn told(attributes: &Attributes) -> String {
    let verb = &attributes.verb;
    match &attributes.subject {
        Subject::Path(path) => format!("{verb} {path}"),
        Subject::Resource(it) => {
            let what = format!("{}/{}/{}/{}", it.group, it.version, it.resource, it.subresource);
            format!("{verb} {what} {}/{}", it.namespace, it.name)
        }
    }
}

// AUTH-01
#[test]
fn a_request_is_a_verb_and_what_it_is_done_to() {
    let table = [
        ("GET", "/api/v1/pods", "", "list /v1/pods/ /"),
        ("HEAD", "/api/v1/pods", "", "list /v1/pods/ /"),
        ("GET", "/api/v1/namespaces/a/pods", "", "list /v1/pods/ a/"),
        ("GET", "/api/v1/namespaces/a/pods", "watch=1", "watch /v1/pods/ a/"),
        ("GET", "/api/v1/watch/namespaces/a/pods", "", "watch /v1/pods/ a/"),
        ("GET", "/api/v1/namespaces/a/pods", "fieldSelector=metadata.name%3Dp", "list /v1/pods/ a/p"),
        ("GET", "/api/v1/namespaces/a/pods/p", "", "get /v1/pods/ a/p"),
        ("GET", "/api/v1/namespaces/a/pods/p/log", "", "get /v1/pods/log a/p"),
        ("GET", "/api/v1/namespaces/a/pods/p/exec", "", "create /v1/pods/exec a/p"),
        ("POST", "/api/v1/namespaces/a/pods", "", "create /v1/pods/ a/"),
        ("POST", "/api/v1/namespaces/a/pods/p/eviction", "", "create /v1/pods/eviction a/p"),
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/d", "", "update apps/v1/deployments/ a/d"),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            "",
            "patch apps/v1/deployments/scale a/d",
        ),
        ("DELETE", "/api/v1/namespaces/a/pods/p", "", "delete /v1/pods/ a/p"),
        ("DELETE", "/api/v1/namespaces/a/pods", "", "deletecollection /v1/pods/ a/"),
        ("GET", "/api/v1/namespaces", "", "list /v1/namespaces/ /"),
        ("GET", "/api/v1/namespaces/a", "", "get /v1/namespaces/ a/a"),
        ("PUT", "/api/v1/namespaces/a/finalize", "", "update /v1/namespaces/finalize a/a"),
        ("GET", "/api/v1/nodes/n", "", "get /v1/nodes/ /n"),
        ("GET", "/apis/events.k8s.io/v1/namespaces/a/events", "", "list events.k8s.io/v1/events/ a/"),
        // What there is not.
        ("GET", "/apis/x.io/v1/namespaces/a/foos/f", "", "get x.io/v1/foos/ a/f"),
        ("GET", "/apis/x.io/v1/foos", "watch=true", "watch x.io/v1/foos/ /"),
        ("GET", "/api/v1/namespaces/a/pods/%2e%2e/log", "", "get /v1/pods/log a/%2e%2e"),
        // No objects.
        ("GET", "/api", "", "get /api"),
        ("GET", "/apis/apps/v1", "", "get /apis/apps/v1"),
        ("GET", "/apis/x.io/v1", "", "get /apis/x.io/v1"),
        ("GET", "/healthz", "", "get /healthz"),
        ("POST", "/version", "", "post /version"),
        ("GET", "/openapi/v3", "", "get /openapi/v3"),
        ("GET", "/", "", "get /"),
        ("GET", "", "", "get "),
    ];
    for (method, path, query, expected) in table {
        assert_eq!(told(&asked(method, path, query)), expected, "{method} {path}?{query}");
    }
}

// AUTH-05, ERR-05
#[test]
fn what_is_forbidden_is_told_in_upstream_s_words() {
    let told = |method: &str, path: &str| {
        let mut attributes = asked(method, path, "");
        attributes.user = Arc::new(anonymous());
        let error = forbidden(&attributes, "");
        assert_eq!(error.code(), 403);
        error.message().to_owned()
    };
    assert_eq!(
        told("GET", "/api/v1/namespaces/ns/pods/x"),
        r#"pods "x" is forbidden: User "system:anonymous" cannot get resource "pods" in API group "" in the namespace "ns""#
    );
    assert_eq!(
        told("GET", "/api/v1/namespaces/ns/pods/x/log"),
        r#"pods "x" is forbidden: User "system:anonymous" cannot get resource "pods/log" in API group "" in the namespace "ns""#
    );
    assert_eq!(
        told("POST", "/apis/apps/v1/namespaces/ns/deployments"),
        r#"deployments.apps is forbidden: User "system:anonymous" cannot create resource "deployments" in API group "apps" in the namespace "ns""#
    );
    assert_eq!(
        told("GET", "/api/v1/nodes"),
        r#"nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope"#
    );
    assert_eq!(told("GET", "/apis"), r#"forbidden: User "system:anonymous" cannot get path "/apis""#);
}

#[test]
fn the_unknown_may_read_whether_the_server_is_there_and_no_more() {
    for path in ["/healthz", "/livez", "/readyz", "/version", "/version/"] {
        assert!(is_public(&asked("GET", path, "")), "{path}");
        assert!(!is_public(&asked("POST", path, "")), "{path}");
    }
    for path in
        ["/", "/api", "/apis", "/openapi/v2", "/healthz/x", "/healthz/..", "/api/v1/namespaces", "/versions"]
    {
        assert!(!is_public(&asked("GET", path, "")), "{path}");
    }
    let mut attributes = asked("GET", "/api", "");
    assert!(block_on(AlwaysAllow.authorize(&attributes)).is_allowed());
    attributes.user = Arc::new(anonymous());
    assert!(!block_on(AlwaysAllow.authorize(&attributes)).is_allowed());
}

/// Who asks for what, of a store with the default roles.
fn decided(requests: &[(&User, &str, &str)]) -> Vec<bool> {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    let decided = sim.block_on(async {
        for namespace in ["kube-system", "default"] {
            store.ensure_namespace(namespace).await?;
        }
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        ensure_default_roles(&store).await?;
        // What is there is left as it is.
        ensure_default_roles(&store).await?;
        let authorizer = RbacAuthorizer::new(store);
        let mut decided = Vec::new();
        for (user, method, path) in requests {
            let mut attributes = asked(method, path, "");
            attributes.user = Arc::new((*user).clone());
            decided.push(authorizer.authorize(&attributes).await.is_allowed());
        }
        Ok::<_, setpoint_core::Error>(decided)
    });
    decided.expect("nothing waits for ever").expect("the store takes the roles")
}

// AUTH-06, AUTH-08
#[test]
fn components_may_do_what_they_must_and_no_more() {
    let user = |name: &str, groups: &[&str]| User {
        name: name.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        ..User::default()
    };
    let manager = user("system:kube-controller-manager", &["system:authenticated"]);
    let scheduler = user("system:kube-scheduler", &["system:authenticated"]);
    let jobs = user("system:serviceaccount:kube-system:job-controller", &["system:serviceaccounts"]);
    let elsewhere = user("system:serviceaccount:default:job-controller", &["system:serviceaccounts"]);
    let node = user("system:node:n", &["system:nodes", "system:authenticated"]);
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    let configuration = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    let table = [
        (&manager, "POST", leases, true),
        (&manager, "PUT", &*format!("{leases}/kube-controller-manager"), true),
        (&manager, "PUT", &*format!("{leases}/kube-scheduler"), false),
        (&manager, "POST", "/api/v1/namespaces/default/events", true),
        (&manager, "PATCH", "/apis/events.k8s.io/v1/namespaces/default/events/e", true),
        (&manager, "POST", "/api/v1/namespaces/kube-system/serviceaccounts/job-controller/token", true),
        (&manager, "GET", configuration, true),
        (&manager, "GET", "/api/v1/namespaces/kube-system/configmaps/other", true),
        (&manager, "GET", "/api/v1/pods", true),
        (&manager, "DELETE", "/api/v1/namespaces/default/pods/p", false),
        (&scheduler, "PUT", &*format!("{leases}/kube-scheduler"), true),
        (&scheduler, "POST", "/api/v1/namespaces/default/pods/p/binding", true),
        (&scheduler, "GET", configuration, true),
        (&scheduler, "GET", "/api/v1/namespaces/default/configmaps/other", false),
        (&jobs, "POST", "/api/v1/namespaces/default/pods", true),
        (&jobs, "PUT", "/apis/batch/v1/namespaces/default/jobs/j/status", true),
        (&jobs, "POST", "/apis/apps/v1/namespaces/default/deployments", false),
        (&elsewhere, "POST", "/api/v1/namespaces/default/pods", false),
        // Nodes have their role from whoever runs them.
        (&node, "GET", "/api/v1/nodes/n", false),
    ];
    let requests = table.map(|(user, method, path, _)| (user, method, path));
    let told: Vec<_> =
        requests.iter().zip(decided(&requests)).map(|(it, is)| (it.0.name.clone(), it.1, it.2, is)).collect();
    let expected = table.map(|(user, method, path, is)| (user.name.clone(), method, path, is));
    assert_eq!(told, expected);
}

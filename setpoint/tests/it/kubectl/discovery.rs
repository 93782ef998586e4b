//! What kubectl learns of the server.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_tells_what_it_has() -> Outcome {
    // K0, K9; DISC-06, DISC-11
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    let resources = squeezed(&kubectl.ok("api-resources").await);
    assert_eq!(resources[0], "NAME SHORTNAMES APIVERSION NAMESPACED KIND");
    for line in [
        "pods po v1 true Pod",
        "namespaces ns v1 false Namespace",
        "deployments deploy apps/v1 true Deployment",
        "cronjobs cj batch/v1 true CronJob",
        "jobs batch/v1 true Job",
    ] {
        assert!(resources.iter().any(|it| it == line), "{line} in {resources:#?}");
    }
    let scaled = kubectl.ok("api-resources --api-group=apps -o name").await;
    let expected = [
        "controllerrevisions.apps",
        "daemonsets.apps",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
    ];
    assert_eq!(scaled.lines().collect::<Vec<_>>(), expected);
    let versions = kubectl.ok("api-versions").await;
    for version in ["apps/v1", "batch/v1", "v1"] {
        assert!(versions.lines().any(|it| it == version), "{versions}");
    }
    assert!(kubectl.ok("version").await.contains("Server Version: v1.36."));
    let explained = squeezed(&kubectl.ok("explain deployment.spec.replicas").await);
    let beginning = ["GROUP: apps", "KIND: Deployment", "VERSION: v1", "", "FIELD: replicas <integer>"];
    assert_eq!(explained[..5], beginning);
    assert!(squeezed(&kubectl.ok("explain pod").await).contains(&"spec <PodSpec>".to_owned()));
    assert_eq!(
        kubectl.ok("get namespaces -o name").await.lines().collect::<Vec<_>>(),
        ["namespace/default", "namespace/kube-node-lease", "namespace/kube-public", "namespace/kube-system"]
    );
    assert_eq!(kubectl.ok("get --raw /healthz").await, "ok");
    world.end().await;
    Ok(())
}

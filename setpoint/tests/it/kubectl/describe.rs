//! Descriptions for people, with what happened.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_described_with_its_events() -> Outcome {
    // K10; LIST-12
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    let web = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,
        "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"main","image":"app:1"}]}}}}"#;
    kubectl.with_input("apply -f -", web).await;
    kubectl.ok("rollout status deployment/web --timeout=60s").await;
    let told = squeezed(&kubectl.ok("describe deployment web").await);
    for line in [
        "Name: web",
        "Selector: app=web",
        "Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable",
        "StrategyType: RollingUpdate",
        "RollingUpdateStrategy: 25% max unavailable, 25% max surge",
        "Available True MinimumReplicasAvailable",
        "Progressing True NewReplicaSetAvailable",
    ] {
        assert!(told.iter().any(|it| it == line), "{line} in {told:#?}");
    }
    let scaled = |line: &String| {
        line.starts_with("Normal ScalingReplicaSet ")
            && line.contains(" deployment-controller Scaled up replica set web-")
    };
    assert!(told.iter().any(scaled), "{told:#?}");
    let told = squeezed(&kubectl.ok("describe pods -l app=web").await);
    for beginning in
        ["Normal Scheduled ", "Normal Pulled ", "Normal Created ", "Normal Started ", "Status: Running"]
    {
        let count = told.iter().filter(|line| line.starts_with(beginning)).count();
        assert_eq!(count, 2, "{beginning} in {told:#?}");
    }
    let told = squeezed(&kubectl.ok("describe node node-1").await);
    assert!(told.iter().any(|line| line.starts_with("default web-")), "{told:#?}");
    let events = squeezed(&kubectl.ok("get events --field-selector=reason=ScalingReplicaSet").await);
    assert_eq!(events[0], "LAST SEEN TYPE REASON OBJECT MESSAGE");
    assert!(
        events[1].contains(" Normal ScalingReplicaSet deployment/web Scaled up replica set web-"),
        "{events:?}"
    );
    let all = kubectl.ok("get all -o name").await;
    let kinds: Vec<&str> = all.lines().filter_map(|line| line.split('/').next()).collect();
    assert_eq!(kinds, ["pod", "pod", "deployment.apps", "replicaset.apps"]);
    world.end().await;
    Ok(())
}

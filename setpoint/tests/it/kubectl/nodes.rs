//! Nodes: cordoned and drained.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_cordoned_and_drained() -> Outcome {
    // K8
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    kubectl.ok("wait --for=condition=Ready node/node-1 --timeout=60s").await;
    let nodes = squeezed(&kubectl.ok("get nodes").await);
    assert_eq!(nodes[0], "NAME STATUS ROLES AGE VERSION");
    assert!(nodes[1].starts_with("node-1 Ready <none> "), "{nodes:?}");
    kubectl.ok("run one --image=app:1").await;
    kubectl.ok("wait --for=condition=Ready pod/one --timeout=60s").await;
    assert_eq!(kubectl.ok("cordon node-1").await, "node/node-1 cordoned\n");
    assert!(squeezed(&kubectl.ok("get nodes").await)[1].starts_with("node-1 Ready,SchedulingDisabled "));
    let (_, why) = kubectl.fails("drain node-1", "").await;
    assert!(why.contains("declare no controller (use --force to override): default/one"), "{why}");
    let drained = kubectl.ok("drain node-1 --force --timeout=60s").await;
    let drained: Vec<&str> = drained.lines().collect();
    assert_eq!(
        drained,
        [
            "node/node-1 already cordoned",
            "evicting pod default/one",
            "pod/one evicted",
            "node/node-1 drained"
        ]
    );
    assert_eq!(kubectl.ok("uncordon node-1").await, "node/node-1 uncordoned\n");
    assert_eq!(kubectl.ok("taint node node-1 a=b:NoSchedule").await, "node/node-1 tainted\n");
    world.end().await;
    Ok(())
}

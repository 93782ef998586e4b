//! Pods: run, watched, waited for, their logs.

use tokio::io::{AsyncBufReadExt, BufReader};

use super::*;

const LOG: &str = "--annotations=simulated.setpoint.dev/log='one\ntwo'";

#[tokio::test(flavor = "multi_thread")]
async fn pods_run_are_watched_and_tell_their_logs() -> Outcome {
    // K2, K6, K7
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    let mut watching = kubectl.start("get pods -w");
    let mut lines = BufReader::new(watching.stdout.take().expect("it is piped")).lines();
    let run = format!("run one --image=app:1 {LOG}");
    assert_eq!(kubectl.ok(&run).await, "pod/one created\n");
    let ready = kubectl.ok("wait --for=condition=Ready pod/one --timeout=60s").await;
    assert_eq!(ready, "pod/one condition met\n");
    // The watch began at some time before the pod ran; it tells of each step once.
    let mut last = String::new();
    while !last.starts_with("one 1/1 Running 0 ") {
        let line = world.plane.env().timeout(std::time::Duration::from_secs(60), lines.next_line()).await??;
        last = squeezed(&line.expect("it does not end")).concat();
    }
    watching.kill().await?;

    assert_eq!(kubectl.ok("logs one").await, "one\ntwo\n");
    assert_eq!(kubectl.ok("logs one --tail=1").await, "two\n");
    let (_, why) = kubectl.fails("logs one -c none", "").await;
    assert_eq!(why, "error: container none is not valid for pod one\n");
    let wide = squeezed(&kubectl.ok("get pod one -o wide").await);
    assert_eq!(wide[0], "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES");
    assert!(wide[1].ends_with(" node-1 <none> <none>"), "{wide:?}");
    let selected = kubectl.ok("get pods --field-selector=status.phase=Running -o name").await;
    assert_eq!(selected, "pod/one\n");
    let jsonpath = "wait --for=jsonpath={.status.phase}=Running pod/one --timeout=5s";
    assert_eq!(kubectl.ok(jsonpath).await, "pod/one condition met\n");
    assert_eq!(kubectl.ok("delete pod one --grace-period=1").await, "pod \"one\" deleted\n");
    let nothing = kubectl.run("get pods", "").await;
    assert_eq!(String::from_utf8_lossy(&nothing.stderr), "No resources found in default namespace.\n");
    world.end().await;
    Ok(())
}

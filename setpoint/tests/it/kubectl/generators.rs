//! What kubectl makes by itself, and sends as protobuf (WIRE-02).

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_made_without_a_manifest() -> Outcome {
    // K10; WIRE-02, AUTH-07
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    for (arguments, answer) in [
        ("namespace own", "namespace/own created\n"),
        ("configmap a --from-literal=text=hello", "configmap/a created\n"),
        ("secret generic a --from-literal=text=hello", "secret/a created\n"),
        ("deployment web --image=app:1 --replicas=2 --port=80", "deployment.apps/web created\n"),
        ("job once --image=app:1 -- true", "job.batch/once created\n"),
        ("cronjob often --image=app:1 '--schedule=*/5 * * * *' -- true", "cronjob.batch/often created\n"),
        ("job now --from=cronjob/often", "job.batch/now created\n"),
        ("serviceaccount robot", "serviceaccount/robot created\n"),
    ] {
        assert_eq!(kubectl.ok(&format!("create {arguments}")).await, answer);
    }
    assert_eq!(kubectl.ok("get configmap a -o jsonpath={.data.text}").await, "hello");
    assert_eq!(kubectl.ok("get secret a -o jsonpath={.data.text}").await, "aGVsbG8=");
    kubectl.ok("rollout status deployment/web --timeout=60s").await;
    let command = kubectl.ok("get job once -o jsonpath={.spec.template.spec.containers[0].command}").await;
    assert_eq!(command, r#"["true"]"#);
    let cron = squeezed(&kubectl.ok("get cronjobs").await);
    assert_eq!(cron[0], "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE");
    assert!(cron[1].starts_with("often */5 * * * * <none> False "), "{cron:?}");
    let (_, why) = kubectl.fails("create deployment web --image=app:1", "").await;
    assert!(why.contains("deployments.apps \"web\" already exists"), "{why}");
    assert_eq!(kubectl.ok("auth can-i create pods").await, "yes\n");
    let dry = kubectl.ok("create deployment other --image=app:1 --dry-run=server -o name").await;
    assert_eq!(dry, "deployment.apps/other\n");
    assert_eq!(kubectl.ok("get deployments -o name").await, "deployment.apps/web\n");
    world.end().await;
    Ok(())
}

//! Deployments: applied, scaled, rolled out and back.

use super::*;

fn manifest(replicas: i32, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
      - name: main
        image: {image}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_applied_scaled_and_rolled_out_and_back() -> Outcome {
    // K1, K3, K4, K5, K6 of the catalogue
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    let (first, second) = (manifest(2, "app:1"), manifest(3, "app:2"));
    assert_eq!(kubectl.with_input("apply -f -", &first).await, "deployment.apps/web created\n");
    let status = kubectl.ok("rollout status deployment/web --timeout=60s").await;
    assert!(status.ends_with("deployment \"web\" successfully rolled out\n"), "{status}");
    assert_eq!(kubectl.with_input("apply -f -", &first).await, "deployment.apps/web unchanged\n");

    assert_eq!(
        without_ages(&kubectl.ok("get deployments").await),
        ["NAME READY UP-TO-DATE AVAILABLE AGE", "web 2/2 2 2"]
    );
    let wide = squeezed(&kubectl.ok("get deploy web -o wide").await);
    assert_eq!(wide[0], "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR");
    assert!(wide[1].ends_with(" main app:1 app=web"), "{wide:?}");
    let pods = without_ages(&kubectl.ok("get pods -l app=web").await);
    assert_eq!(pods.len(), 3);
    assert!(pods[1].starts_with("web-") && pods[1].ends_with(" 1/1 Running 0"), "{pods:?}");

    let (code, _) = kubectl.fails("diff -f -", &second).await;
    assert_eq!(code, 1, "there is a difference");
    let diff = kubectl.run("diff -f -", &second).await;
    let diff = String::from_utf8_lossy(&diff.stdout);
    for line in ["-  replicas: 2", "+  replicas: 3", "-      - image: app:1", "+      - image: app:2"] {
        assert!(diff.lines().any(|it| it == line), "{line} in {diff}");
    }
    assert_eq!(kubectl.with_input("diff -f -", &first).await, "");

    assert_eq!(kubectl.ok("scale deployment/web --replicas=4").await, "deployment.apps/web scaled\n");
    kubectl.ok("rollout status deployment/web --timeout=60s").await;
    assert_eq!(kubectl.ok("get deploy web -o jsonpath={.status.availableReplicas}").await, "4");
    let (_, why) = kubectl.fails("scale deployment/web --current-replicas=9 --replicas=1", "").await;
    assert_eq!(why, "error: Expected replicas to be 9, was 4\n");

    let image = kubectl.ok("set image deployment/web main=app:2").await;
    assert_eq!(image, "deployment.apps/web image updated\n");
    kubectl.ok("rollout status deployment/web --timeout=60s").await;
    let history = kubectl.ok("rollout history deployment/web").await;
    assert_eq!(
        squeezed(&history),
        ["deployment.apps/web", "REVISION CHANGE-CAUSE", "1 <none>", "2 <none>", ""]
    );
    let revision = kubectl.ok("rollout history deployment/web --revision=1").await;
    assert!(squeezed(&revision).contains(&"Image: app:1".to_owned()), "{revision}");
    assert_eq!(kubectl.ok("rollout undo deployment/web").await, "deployment.apps/web rolled back\n");
    kubectl.ok("rollout status deployment/web --timeout=60s").await;
    let images = kubectl.ok("get pods -l app=web -o jsonpath={.items[*].spec.containers[*].image}").await;
    assert!(images.split(' ').any(|image| image == "app:1"), "{images}");
    assert_eq!(kubectl.ok("rollout pause deployment/web").await, "deployment.apps/web paused\n");
    assert_eq!(kubectl.ok("rollout resume deployment/web").await, "deployment.apps/web resumed\n");
    assert_eq!(kubectl.ok("rollout restart deployment/web").await, "deployment.apps/web restarted\n");
    kubectl.ok("rollout status deployment/web --timeout=60s").await;

    assert_eq!(kubectl.ok("delete deployment web").await, "deployment.apps \"web\" deleted\n");
    kubectl.ok("wait --for=delete pod -l app=web --timeout=60s").await;
    assert_eq!(kubectl.ok("get pods -o name").await, "");
    world.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_labelled_annotated_patched_edited_and_replaced() -> Outcome {
    // K10; PATCH-11, PATCH-15
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: before}\n";
    assert_eq!(kubectl.with_input("create -f -", map).await, "configmap/a created\n");
    let (_, why) = kubectl.fails("create -f -", map).await;
    assert_eq!(
        why,
        "Error from server (AlreadyExists): error when creating \"STDIN\": configmaps \"a\" already exists\n"
    );
    assert_eq!(kubectl.ok("label configmap a tier=front").await, "configmap/a labeled\n");
    let (_, why) = kubectl.fails("label configmap a tier=back", "").await;
    assert!(why.starts_with("error: 'tier' already has a value (front)"), "{why}");
    assert_eq!(kubectl.ok("label configmap a tier-").await, "configmap/a unlabeled\n");
    assert_eq!(kubectl.ok("annotate configmap a note=x").await, "configmap/a annotated\n");
    let patch = r#"patch configmap a --type=merge -p '{"data":{"more":"1"}}'"#;
    assert_eq!(kubectl.ok(patch).await, "configmap/a patched\n");
    assert_eq!(kubectl.ok(patch).await, "configmap/a patched (no change)\n");
    let operations = r#"patch configmap a --type=json -p '[{"op":"remove","path":"/data/more"}]'"#;
    assert_eq!(kubectl.ok(operations).await, "configmap/a patched\n");
    assert_eq!(kubectl.ok("edit configmap a").await, "configmap/a edited\n");
    let yaml = kubectl.ok("get configmap a -o yaml").await;
    let lines = ["apiVersion: v1", "  text: after", "kind: ConfigMap", "    note: x", "  namespace: default"];
    for line in lines {
        assert!(yaml.lines().any(|it| it == line), "{line:?} in {yaml}");
    }
    assert_eq!(kubectl.with_input("replace -f -", map).await, "configmap/a replaced\n");
    assert_eq!(kubectl.ok("get configmap a -o jsonpath={.data.text}").await, "before");

    let typo = map.replace("\ndata:", "\ndat:");
    let (_, why) = kubectl.fails("apply -f -", &typo).await;
    assert!(why.contains("strict decoding error: unknown field \"dat\""), "{why}");
    let own = map.replace("before", "mine");
    let applied = kubectl.with_input("apply --server-side --field-manager=other -f -", map).await;
    assert_eq!(applied, "configmap/a serverside-applied\n");
    let (_, why) = kubectl.fails("apply --server-side -f -", &own).await;
    let conflicts = "error: Apply failed with 2 conflicts: conflicts with \"kubectl-replace\" using v1:\n- .data.text\n\
                     conflicts with \"other\":\n- .data.text\n";
    assert!(why.starts_with(conflicts), "{why}");
    let forced = kubectl.with_input("apply --server-side --force-conflicts -f -", &own).await;
    assert_eq!(forced, "configmap/a serverside-applied\n");
    assert_eq!(kubectl.ok("delete configmap a --wait=false").await, "configmap \"a\" deleted\n");
    let (_, why) = kubectl.fails("get configmap a", "").await;
    assert_eq!(why, "Error from server (NotFound): configmaps \"a\" not found\n");
    assert_eq!(kubectl.ok("get configmap a --ignore-not-found").await, "");
    world.end().await;
    Ok(())
}

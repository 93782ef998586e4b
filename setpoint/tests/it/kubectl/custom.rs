//! Custom kinds: defined, explained, applied, shown, scaled, deleted.

use super::*;

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: sites.example.com
spec:
  group: example.com
  scope: Namespaced
  names: {plural: sites, kind: Site, shortNames: [st], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Host, type: string, jsonPath: .spec.host}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Tier, type: string, jsonPath: .spec.tier, priority: 1}
    schema:
      openAPIV3Schema:
        description: A place on the web.
        type: object
        properties:
          spec:
            description: What it should be.
            type: object
            required: [host]
            x-kubernetes-validations:
            - {rule: 'self.replicas <= self.max', message: more replicas than allowed, fieldPath: .replicas}
            properties:
              host: {description: Its name., type: string, x-kubernetes-validations: [
                {rule: self == oldSelf, message: host is fixed}]}
              replicas: {description: How many serve it., type: integer, default: 1, minimum: 0}
              max: {description: How many may serve it., type: integer, default: 5}
              tier: {type: string, default: plain}
          status:
            type: object
            properties:
              replicas: {type: integer}
";

fn site(host: &str, replicas: i32) -> String {
    format!(
        "apiVersion: example.com/v1\nkind: Site\nmetadata:\n  name: web\nspec:\n  host: {host}\n  replicas: {replicas}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_kind_is_explained_applied_shown_scaled_and_deleted() -> Outcome {
    // CRD-01, CRD-05, CRD-07, CRD-10, CRD-11
    let Some(world) = World::start().await else { return Ok(()) };
    let kubectl = &world.kubectl;
    assert_eq!(
        kubectl.with_input("apply -f -", DEFINITION).await,
        "customresourcedefinition.apiextensions.k8s.io/sites.example.com created\n"
    );
    assert_eq!(
        kubectl.ok("wait --for=condition=Established crd/sites.example.com --timeout=60s").await,
        "customresourcedefinition.apiextensions.k8s.io/sites.example.com condition met\n"
    );
    let explained = kubectl.ok("explain sites.spec").await;
    for part in
        ["GROUP:      example.com", "KIND:       Site", "What it should be.", "host\t<string> -required-"]
    {
        assert!(explained.contains(part), "{part} in {explained}");
    }
    assert!(kubectl.ok("explain st.spec.replicas").await.contains("How many serve it."));
    let resources = squeezed(&kubectl.ok("api-resources --api-group=example.com").await);
    assert_eq!(resources[1], "sites st example.com/v1 true Site");

    let first = site("a.example", 2);
    assert_eq!(kubectl.with_input("apply -f -", &first).await, "site.example.com/web created\n");
    assert_eq!(kubectl.with_input("apply -f -", &first).await, "site.example.com/web unchanged\n");
    assert_eq!(
        kubectl.with_input("apply --server-side --force-conflicts -f -", &first).await,
        "site.example.com/web serverside-applied\n"
    );
    let shown = squeezed(&kubectl.ok("get sites").await);
    assert_eq!(shown, ["NAME HOST REPLICAS", "web a.example 2"]);
    let wide = squeezed(&kubectl.ok("get st web -o wide").await);
    assert_eq!(wide, ["NAME HOST REPLICAS TIER", "web a.example 2 plain"]);
    assert_eq!(kubectl.ok("get site web -o jsonpath={.spec.max}").await, "5");
    assert!(kubectl.ok("get all").await.contains("site.example.com/web"));
    assert!(kubectl.ok("describe site web").await.contains("Host:      a.example"));

    assert_eq!(kubectl.ok("scale site web --replicas=4").await, "site.example.com/web scaled\n");
    assert_eq!(kubectl.ok("get site web -o jsonpath={.spec.replicas}").await, "4");
    let (_, why) = kubectl.fails("apply -f -", &site("a.example", 6)).await;
    let told = "The Site \"web\" is invalid: spec.replicas: Invalid value: more replicas than allowed";
    assert!(why.contains(told), "{why}");
    let (_, why) = kubectl.fails("apply -f -", &site("b.example", 3)).await;
    assert!(why.contains("spec.host: Invalid value: \"b.example\": host is fixed"), "{why}");
    let (_, why) = kubectl.fails("apply -f -", &site("a.example", 3).replace("host", "hots")).await;
    assert!(why.contains("unknown field \"spec.hots\""), "{why}");
    let wrong = DEFINITION.replace("self.replicas <= self.max", "self.replicas <= self.maximum");
    let (_, why) = kubectl.fails("apply -f -", &wrong).await;
    assert!(why.contains("compilation failed: ERROR: <input>:1:22: undefined field 'maximum'"), "{why}");

    assert_eq!(kubectl.ok("delete site web").await, "site.example.com \"web\" deleted\n");
    kubectl.with_input("apply -f -", &first).await;
    assert_eq!(
        kubectl.ok("delete crd sites.example.com --timeout=60s").await,
        "customresourcedefinition.apiextensions.k8s.io \"sites.example.com\" deleted\n"
    );
    let (_, why) = kubectl.fails("get sites", "").await;
    // It remembers for a while that there was such a kind.
    assert!(why.contains("(NotFound)") && why.contains("(get sites.example.com)"), "{why}");
    world.end().await;
    Ok(())
}

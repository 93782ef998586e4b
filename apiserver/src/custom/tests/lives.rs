use futures::StreamExt;
use http_body_util::BodyStream;

use super::*;

/// From the definition to the end of everything.
#[test]
fn a_kind_is_made_used_and_gone() {
    // CRD-01, CRD-06, CRD-07, CRD-08, CRD-11
    World::play(|world| async move {
        let mut definition = sites(object(json!({
            "host": {"type": "string"},
            "replicas": {"type": "integer", "default": 1},
        })));
        let version = &mut definition["spec"]["versions"][0];
        version["subresources"]["scale"] = json!({
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        });
        assert_eq!(world.get(SITES).await.code, 404);
        let defined = world.define(definition).await;
        let accepted = condition(&defined, "NamesAccepted");
        assert_eq!((&accepted["status"], &accepted["reason"]), (&json!("True"), &json!("NoConflicts")));
        assert_eq!(condition(&defined, "Established")["reason"], "InitialNamesAccepted");
        assert_eq!(defined["status"]["acceptedNames"]["listKind"], "SiteList");
        assert_eq!(defined["status"]["storedVersions"], json!(["v1"]));

        // Discovery and documents follow.
        let resources = world.get("/apis/example.com/v1").await.expect(200);
        let names: Vec<&Value> =
            resources["resources"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["sites", "sites/scale", "sites/status"]);
        assert_eq!(resources["resources"][0]["shortNames"], json!(["st"]));
        let document = world.get("/openapi/v3/apis/example.com/v1").await.expect(200);
        let schema = &document["components"]["schemas"]["com.example.v1.Site"]["properties"];
        assert_eq!(schema["spec"]["properties"]["host"]["type"], "string");
        // DISC-10: kubectl sends a strategic patch wherever one is offered.
        let item = "/apis/example.com/v1/namespaces/{namespace}/sites/{name}";
        for path in [item.to_owned(), format!("{item}/status"), format!("{item}/scale")] {
            let types = document["paths"][&path]["patch"]["requestBody"]["content"].as_object();
            let types: Vec<&String> = types.expect("it is patched").keys().collect();
            assert_eq!(
                types,
                [
                    "application/apply-patch+yaml",
                    "application/json-patch+json",
                    "application/merge-patch+json"
                ],
                "{path}"
            );
        }

        // A life.
        let created = world.ask("POST", SITES, site("x", json!({"host": "h", "typo": 1}))).await.expect(201);
        assert_eq!(created["spec"], json!({"host": "h", "replicas": 1}));
        assert_eq!(created["metadata"]["generation"], 1);
        let path = format!("{SITES}/x");
        let mut put = created.clone();
        put["metadata"]["resourceVersion"] = json!("");
        assert_eq!(world.ask("PUT", &path, put).await.code, 422, "STORE-05");
        let patched = world.merge(&path, json!({"spec": {"host": "i"}})).await.expect(200);
        assert_eq!(patched["metadata"]["generation"], 2);
        let strategic =
            world.ask_as("PATCH", &path, "application/strategic-merge-patch+json", &json!({})).await;
        assert_eq!(strategic.code, 415);
        let applied = world.apply(&path, "me", site("x", json!({"host": "i", "replicas": 3}))).await;
        assert_eq!(applied.code, 409, "{}", applied.body);

        let status = json!({"status": {"replicas": 2, "selector": "a=b"}, "spec": {"host": "no"}});
        let told = world.merge(&format!("{path}/status"), status).await.expect(200);
        assert_eq!((&told["spec"]["host"], &told["metadata"]["generation"]), (&json!("i"), &json!(2)));
        let scale = world.get(&format!("{path}/scale")).await.expect(200);
        assert_eq!(scale["spec"]["replicas"], 1);
        assert_eq!(scale["status"], json!({"replicas": 2, "selector": "a=b"}));
        let scaled =
            world.merge(&format!("{path}/scale"), json!({"spec": {"replicas": 5}})).await.expect(200);
        assert_eq!(scaled["spec"]["replicas"], 5);
        let read = world.get(&path).await.expect(200);
        assert_eq!((&read["spec"]["replicas"], &read["metadata"]["generation"]), (&json!(5), &json!(3)));
        assert_eq!(read["status"]["replicas"], 2);

        // The end: a finalizer holds it, a watch sees it go, and then the kind is gone.
        world.merge(&path, json!({"metadata": {"finalizers": ["example.com/hold"]}})).await.expect(200);
        let since = world.get(SITES).await.body["metadata"]["resourceVersion"].clone();
        let name = format!("{DEFINITIONS}/sites.example.com");
        world.ask("DELETE", &name, Value::Null).await.expect(200);
        let going = world
            .until(&name, |it| condition(it, "Terminating")["reason"] == "InstanceDeletionInProgress")
            .await;
        assert_eq!(going["metadata"]["finalizers"], json!(["customresourcecleanup.apiextensions.k8s.io"]));
        world.until(&path, |it| !it["metadata"]["deletionTimestamp"].is_null()).await;
        let refused = world.ask("POST", SITES, site("y", json!({}))).await;
        assert_eq!(refused.code, 403);
        let why = "create not allowed while custom resource definition is terminating";
        assert!(refused.body["message"].as_str().is_some_and(|message| message.ends_with(why)));
        let refused = world.apply(&format!("{SITES}/z"), "me", site("z", json!({}))).await;
        assert_eq!(refused.code, 403);

        let watch = format!("{SITES}?watch=1&resourceVersion={}", since.as_str().unwrap_or_default());
        let watch = world.send("GET", &watch, "application/json", &Value::Null).await.into_body();
        world.merge(&path, json!({"metadata": {"finalizers": null}})).await.expect(200);
        let told: Vec<Value> = BodyStream::new(watch)
            .filter_map(|frame| async move { frame.ok()?.into_data().ok() })
            .map(|line| serde_json::from_slice::<Value>(&line).expect("a line"))
            .collect()
            .await;
        let types: Vec<&Value> = told.iter().map(|event| &event["type"]).collect();
        assert_eq!(types, ["MODIFIED", "DELETED"], "and then the watch is closed");
        world.until(&name, |it| it["code"] == 404).await;
        assert_eq!(world.get(SITES).await.code, 404);
        let groups = world.get("/apis").await.body.to_string();
        assert!(!groups.contains("example.com"), "discovery has dropped it");

        // And it can be made again.
        world.define(sites(object(json!({"host": {"type": "integer"}})))).await;
        world.ask("POST", SITES, site("x", json!({"host": 1}))).await.expect(201);
        assert_eq!(world.ask("POST", SITES, site("y", json!({"host": "h"}))).await.code, 422);
    });
}

#[test]
fn names_in_use_are_refused_until_they_are_free() {
    // CRD-01
    World::play(|world| async move {
        world.define(sites(object(json!({})))).await;
        let mut other = sites(object(json!({})));
        other["metadata"]["name"] = json!("places.example.com");
        other["spec"]["names"] = json!({"plural": "places", "kind": "Site", "shortNames": ["st", "pl"]});
        world.ask("POST", DEFINITIONS, other).await.expect(201);
        let path = format!("{DEFINITIONS}/places.example.com");
        let told = world.until(&path, |it| condition(it, "NamesAccepted")["status"] == "False").await;
        let accepted = condition(&told, "NamesAccepted");
        assert_eq!(accepted["reason"], "ListKindConflict");
        assert_eq!(accepted["message"], "\"SiteList\" is already in use");
        assert_eq!(condition(&told, "Established")["reason"], "NotAccepted");
        assert_eq!(told["status"]["acceptedNames"]["plural"], "places");
        assert_eq!(world.get("/apis/example.com/v1/places").await.code, 404);
        world.ask("DELETE", &format!("{DEFINITIONS}/sites.example.com"), Value::Null).await.expect(200);
        world.established("places.example.com").await;
        assert_eq!(world.get("/apis/example.com/v1/places").await.code, 200);
        // One that was never established goes at once, with the finalizer's condition.
        let mut third = sites(object(json!({})));
        third["spec"]["names"]["kind"] = json!("Site");
        world.ask("POST", DEFINITIONS, third).await.expect(201);
        let path = format!("{DEFINITIONS}/sites.example.com");
        world.until(&path, |it| condition(it, "NamesAccepted")["status"] == "False").await;
        world.ask("DELETE", &path, Value::Null).await.expect(200);
        world.until(&path, |it| it["code"] == 404).await;
        assert_eq!(world.get("/apis/example.com/v1/places").await.code, 200);
    });
}

#[test]
fn what_is_established_is_served_by_who_comes_later() {
    // CRD-01
    World::play(|world| async move {
        world.define(sites(object(json!({"host": {"type": "string"}})))).await;
        world.ask("POST", SITES, site("x", json!({"host": "h"}))).await.expect(201);
        // Another server on the same store, beside the first and after it.
        let second = ApiServer::new(&world.env, Arc::new(world.store.clone()));
        let World { env, store, server } = world;
        let world = World { env, store, server: second };
        world.get(&format!("{SITES}/x")).await.expect(200);
        drop(server);
        let mut other = sites(object(json!({})));
        other["metadata"]["name"] = json!("places.example.com");
        other["spec"]["names"] = json!({"plural": "places", "kind": "Place"});
        world.define(other).await;
        world.get("/apis/example.com/v1/places").await.expect(200);
    });
}

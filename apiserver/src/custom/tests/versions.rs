use super::*;

fn two_versions() -> Value {
    let mut definition = sites(object(json!({"a": {"type": "integer"}})));
    let mut old = definition["spec"]["versions"][0].clone();
    old["name"] = json!("v1beta1");
    old["storage"] = json!(false);
    old["deprecated"] = json!(true);
    old["schema"]["openAPIV3Schema"]["properties"]["spec"] =
        object(json!({"a": {"type": "integer"}, "b": {"type": "integer", "default": 7}}));
    let mut gone = old.clone();
    gone["name"] = json!("v1alpha1");
    gone["served"] = json!(false);
    definition["spec"]["versions"].as_array_mut().expect("a list").extend([old, gone]);
    definition
}

#[test]
fn the_same_objects_are_there_in_every_version() {
    // CRD-09
    World::play(|world| async move {
        world.define(two_versions()).await;
        let group = world.get("/apis/example.com").await.expect(200);
        assert_eq!(group["preferredVersion"]["version"], "v1");
        assert_eq!(group["versions"].as_array().map(Vec::len), Some(2));
        world.ask("POST", SITES, site("x", json!({"a": 1}))).await.expect(201);
        let old = SITES.replace("/v1/", "/v1beta1/");
        let told = world.get(&format!("{old}/x")).await;
        assert_eq!(told.warnings(), [r#"299 - "example.com/v1beta1 Site is deprecated""#]);
        let told = told.expect(200);
        assert_eq!(told["apiVersion"], "example.com/v1beta1");
        assert_eq!(told["spec"], json!({"a": 1, "b": 7}));
        assert_eq!(world.get(&SITES.replace("/v1/", "/v1alpha1/")).await.code, 404);
        let mut body = site("y", json!({"a": 1, "b": 2, "c": 3}));
        body["apiVersion"] = json!("example.com/v1beta1");
        let told = world.ask("POST", &format!("{old}?fieldManager=me"), body).await.expect(201);
        assert_eq!(told["spec"], json!({"a": 1, "b": 2}));
        assert_eq!(told["metadata"]["managedFields"][0]["apiVersion"], "example.com/v1beta1");
        let patched = world.merge(&format!("{old}/y"), json!({"spec": {"b": 3}})).await.expect(200);
        assert_eq!(patched["spec"], json!({"a": 1, "b": 3}));
        let list = world.get(&old).await.expect(200);
        assert_eq!(list["items"][1]["apiVersion"], "example.com/v1beta1");
    });
}

#[test]
fn who_needs_a_webhook_is_told_that_there_is_none() {
    // CRD-09
    World::play(|world| async move {
        let mut definition = two_versions();
        definition["spec"]["conversion"] = json!({
            "strategy": "Webhook",
            "webhook": {
                "conversionReviewVersions": ["v1"],
                "clientConfig": {"service": {"namespace": "a", "name": "hook"}},
            },
        });
        let defined = world.define(definition).await;
        assert_eq!(defined["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"], 443);
        world.ask("POST", SITES, site("x", json!({"a": 1}))).await.expect(201);
        let told = world.get(&SITES.replace("/v1/", "/v1beta1/")).await;
        assert_eq!(told.code, 500);
        let message = told.body["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("conversion webhook for example.com/v1, Kind=Site"), "{message}");
    });
}

#[test]
fn tables_and_selectors_are_those_of_the_definition() {
    // CRD-10
    World::play(|world| async move {
        let mut definition = sites(object(json!({"color": {"type": "string"}, "size": {"type": "integer"}})));
        definition["spec"]["versions"][0]["additionalPrinterColumns"] = json!([
            {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1},
        ]);
        definition["spec"]["versions"][0]["selectableFields"] = json!([{"jsonPath": ".spec.color"}]);
        world.define(definition).await;
        for (name, color) in [("x", "red"), ("y", "blue")] {
            world.ask("POST", SITES, site(name, json!({"color": color, "size": 3}))).await.expect(201);
        }
        let list = world.get(&format!("{SITES}?fieldSelector=spec.color=blue")).await.expect(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(list["items"][0]["metadata"]["name"], "y");
        assert_eq!(world.get(&format!("{SITES}?fieldSelector=spec.size=3")).await.code, 400);
        let request = Request::get(SITES).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        let request = request.body(Full::<Bytes>::default()).expect("a request");
        let body = world.server.answer(request).await.into_body().collect().await.expect("a body").to_bytes();
        let table: Value = serde_json::from_slice(&body).expect("JSON");
        let names: Vec<&Value> =
            table["columnDefinitions"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["Name", "Color", "Size"]);
        assert_eq!(table["columnDefinitions"][2]["priority"], 1);
        assert_eq!(table["rows"][0]["cells"], json!(["x", "red", 3]));
    });
}

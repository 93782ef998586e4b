use super::*;

/// Asks for a site with this spec to be made, of sites with this schema.
async fn made(world: &World, schema: Value, spec: Value) -> Told {
    let path = format!("{DEFINITIONS}/sites.example.com");
    if world.get(&path).await.code == 200 {
        world.ask("DELETE", &path, Value::Null).await.expect(200);
        world.until(&path, |it| it["code"] == 404).await;
    }
    world.define(sites(schema)).await;
    world.ask("POST", SITES, site("x", spec)).await
}

#[test]
fn values_that_do_not_fit_are_causes_with_upstreams_words() {
    // CRD-04
    World::play(|world| async move {
        let text = |more: Value| {
            let mut schema = json!({"type": "string"});
            schema.as_object_mut().expect("it is one").extend(more.as_object().cloned().unwrap_or_default());
            object(json!({"f": schema}))
        };
        let of = |schema: Value| object(json!({"f": schema}));
        let table: Vec<(Value, Value, &str, &str)> = vec![
            (
                text(json!({})),
                json!(1),
                "spec.f",
                r#"Invalid value: "integer": spec.f in body must be of type string: "integer""#,
            ),
            (
                of(json!({"type": "integer"})),
                json!("x"),
                "spec.f",
                r#"Invalid value: "string": spec.f in body must be of type integer: "string""#,
            ),
            (
                of(json!({"type": "integer"})),
                json!(1.5),
                "spec.f",
                r#"Invalid value: "number": spec.f in body must be of type integer: "number""#,
            ),
            (
                of(json!({"type": "integer", "minimum": 1})),
                json!(0),
                "spec.f",
                "Invalid value: 0: spec.f in body should be greater than or equal to 1",
            ),
            (
                of(json!({"type": "integer", "maximum": 3, "exclusiveMaximum": true})),
                json!(3),
                "spec.f",
                "Invalid value: 3: spec.f in body should be less than 3",
            ),
            (
                of(json!({"type": "integer", "multipleOf": 2})),
                json!(3),
                "spec.f",
                "Invalid value: 3: spec.f in body should be a multiple of 2",
            ),
            (
                text(json!({"enum": ["a", "b"]})),
                json!("c"),
                "spec.f",
                r#"Unsupported value: "c": supported values: "a", "b""#,
            ),
            (
                text(json!({"pattern": "^a$"})),
                json!("b"),
                "spec.f",
                r#"Invalid value: "b": spec.f in body should match '^a$'"#,
            ),
            (text(json!({"maxLength": 2})), json!("abc"), "spec.f", "Too long: may not be more than 2 bytes"),
            (
                text(json!({"minLength": 2})),
                json!("a"),
                "spec.f",
                r#"Invalid value: "a": spec.f in body should be at least 2 chars long"#,
            ),
            (
                text(json!({"format": "date-time"})),
                json!("soon"),
                "spec.f",
                r#"Invalid value: "soon": spec.f in body must be of type date-time: "soon""#,
            ),
            (
                of(json!({"type": "array", "items": {"type": "string"}, "maxItems": 1})),
                json!(["a", "b"]),
                "spec.f",
                "Too many: 2: must have at most 1 item",
            ),
            (
                of(json!({"type": "array", "items": {"type": "string"}, "minItems": 1})),
                json!([]),
                "spec.f",
                "Invalid value: 0: spec.f in body should have at least 1 items",
            ),
            (
                of(json!({"type": "array", "items": {"type": "string"}})),
                json!(["a", 1]),
                "spec.f[1]",
                r#"Invalid value: "integer": spec.f[1] in body must be of type string: "integer""#,
            ),
            (
                of(json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})),
                json!(["a", "b", "a"]),
                "spec.f[2]",
                r#"Duplicate value: "a""#,
            ),
            (
                of(json!({
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                    "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}},
                })),
                json!([{"k": "a"}, {"k": "a"}]),
                "spec.f[1]",
                r#"Duplicate value: {"k":"a"}"#,
            ),
            (
                of(json!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}})),
                json!({}),
                "spec.f.k",
                "Required value",
            ),
            (
                of(json!({"type": "object", "additionalProperties": {"type": "integer"}})),
                json!({"a": "b"}),
                "spec.f.a",
                r#"Invalid value: "string": spec.f.a in body must be of type integer: "string""#,
            ),
            (
                of(json!({"x-kubernetes-int-or-string": true})),
                json!(true),
                "spec.f",
                r#"Invalid value: "boolean": spec.f in body must be of type integer,string: "boolean""#,
            ),
            (
                of(json!({"type": "integer", "not": {"enum": [3]}})),
                json!(3),
                "<nil>",
                r#"Invalid value: "": "spec.f" must not validate the schema (not)"#,
            ),
        ];
        for (schema, value, field, message) in table {
            let told = made(&world, schema, json!({"f": value})).await;
            assert_eq!(told.code, 422, "{}", told.body);
            assert_eq!(told.causes(), [(field.to_owned(), message.to_owned())], "{}", told.body);
        }
    });
}

#[test]
fn values_take_the_form_that_the_schema_says() {
    // CRD-03
    World::play(|world| async move {
        let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let table: Vec<(&str, Value, Value, Value)> = vec![
            ("pruned", object(json!({"a": {"type": "integer"}})), json!({"a": 1, "b": 2}), json!({"a": 1})),
            ("kept", anything.clone(), json!({"a": {"b": [1]}}), json!({"a": {"b": [1]}})),
            (
                "known fields within the unknown are pruned",
                json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": object(json!({"b": {"type": "integer"}}))}}),
                json!({"a": {"b": 1, "c": 2}, "d": 3}),
                json!({"a": {"b": 1}, "d": 3}),
            ),
            (
                "defaults, also below defaults",
                object(
                    json!({"a": {"type": "object", "default": {}, "properties": {"b": {"type": "integer", "default": 3}}}}),
                ),
                json!({}),
                json!({"a": {"b": 3}}),
            ),
            (
                "defaults of items",
                object(
                    json!({"l": {"type": "array", "items": object(json!({"b": {"type": "integer", "default": 3}}))}}),
                ),
                json!({"l": [{}, {"b": 1}]}),
                json!({"l": [{"b": 3}, {"b": 1}]}),
            ),
            (
                "null goes where it is no value, and gives way to a default",
                object(
                    json!({"a": {"type": "integer"}, "b": {"type": "integer", "nullable": true}, "c": {"type": "integer", "default": 1}}),
                ),
                json!({"a": null, "b": null, "c": null}),
                json!({"b": null, "c": 1}),
            ),
            (
                "integers and text",
                object(
                    json!({"a": {"x-kubernetes-int-or-string": true}, "b": {"x-kubernetes-int-or-string": true}}),
                ),
                json!({"a": 1, "b": "50%"}),
                json!({"a": 1, "b": "50%"}),
            ),
            (
                "embedded objects keep their kind and metadata",
                object(
                    json!({"o": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": object(json!({}))}}}),
                ),
                json!({"o": {"apiVersion": "v1", "kind": "K", "metadata": {"name": "n", "typo": 1}, "spec": {"x": 1}, "y": 2}}),
                json!({"o": {"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "spec": {}}}),
            ),
            ("whole numbers", object(json!({"a": {"type": "number"}})), json!({"a": 1.0}), json!({"a": 1})),
        ];
        for (what, schema, sent, kept) in table {
            let told = made(&world, schema, sent).await.expect(201);
            assert_eq!(told["spec"], kept, "{what}");
        }
        let embedded = json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true});
        let told = made(&world, object(json!({"o": embedded})), json!({"o": {"kind": "K"}})).await;
        assert_eq!(
            told.causes(),
            [("spec.o.apiVersion".to_owned(), "Required value: must not be empty".to_owned())]
        );
    });
}

#[test]
fn unknown_fields_are_told_by_path() {
    // PATCH-16
    World::play(|world| async move {
        let list = json!({"type": "array", "items": object(json!({"a": {"type": "integer"}}))});
        world.define(sites(object(json!({"l": list})))).await;
        let body = site("x", json!({"l": [{"a": 1, "b": 2}], "c": 3}));
        let strict = world.ask("POST", &format!("{SITES}?fieldValidation=Strict"), body.clone()).await;
        assert_eq!(strict.code, 400);
        let why = r#"strict decoding error: unknown field "spec.c", unknown field "spec.l[0].b""#;
        assert!(
            strict.body["message"].as_str().is_some_and(|message| message.ends_with(why)),
            "{}",
            strict.body
        );
        let warned = world.ask("POST", &format!("{SITES}?fieldValidation=Warn"), body.clone()).await;
        assert_eq!(warned.warnings().len(), 2);
        let mut body = body;
        body["metadata"]["resourceVersion"] = warned.body["metadata"]["resourceVersion"].clone();
        let told = world.ask("PUT", &format!("{SITES}/x?fieldValidation=Ignore"), body).await;
        assert!(told.warnings().is_empty());
        assert_eq!(told.expect(200)["spec"], json!({"l": [{"a": 1}]}));
    });
}

#[test]
fn what_an_update_leaves_as_it_was_does_not_fail_it() {
    // CRD-05
    World::play(|world| async move {
        let schema = |f: Value| {
            object(
                json!({"f": f, "g": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}}),
            )
        };
        world.define(sites(schema(json!({"type": "string"})))).await;
        world.ask("POST", SITES, site("x", json!({"f": "long", "l": ["a", "a"]}))).await.expect(201);
        let path = format!("{DEFINITIONS}/sites.example.com");
        let mut stricter = sites(schema(json!({"type": "string", "maxLength": 2})));
        stricter["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["l"]
            ["x-kubernetes-list-type"] = json!("set");
        world.merge(&path, json!({"spec": stricter["spec"]})).await.expect(200);
        world.env.sleep(Duration::from_secs(1)).await;
        let it = format!("{SITES}/x");
        world.merge(&it, json!({"spec": {"g": "other"}})).await.expect(200);
        assert_eq!(world.merge(&it, json!({"spec": {"f": "longer"}})).await.code, 422);
        world.merge(&it, json!({"spec": {"f": "ok"}})).await.expect(200);
        assert_eq!(world.ask("POST", SITES, site("y", json!({"f": "long"}))).await.code, 422);
    });
}

#[test]
fn a_changed_schema_shows_stored_objects_anew() {
    // CRD-03: defaults and pruning on read
    World::play(|world| async move {
        world.define(sites(object(json!({"a": {"type": "integer"}, "b": {"type": "integer"}})))).await;
        world.ask("POST", SITES, site("x", json!({"a": 1, "b": 2}))).await.expect(201);
        let watch = world.send("GET", &format!("{SITES}?watch=1"), "application/json", &Value::Null).await;
        let changed =
            sites(object(json!({"a": {"type": "integer"}, "c": {"type": "string", "default": "d"}})));
        let path = format!("{DEFINITIONS}/sites.example.com");
        let told =
            world.merge(&path, json!({"spec": {"versions": changed["spec"]["versions"]}})).await.expect(200);
        assert_eq!(told["metadata"]["generation"], 2);
        world.env.sleep(Duration::from_secs(1)).await;
        let told = watch.into_body().collect().await.expect("it ends").to_bytes();
        let lines: Vec<Value> = serde_json::Deserializer::from_slice(&told)
            .into_iter()
            .collect::<Result<_, _>>()
            .expect("each event is JSON");
        let [before] = &lines[..] else { panic!("what was there, and the end: {lines:?}") };
        assert_eq!((&before["type"], &before["object"]["spec"]), (&json!("ADDED"), &json!({"a": 1, "b": 2})));
        let it = format!("{SITES}/x");
        let shown = json!({"a": 1, "c": "d"});
        assert_eq!(world.get(&it).await.expect(200)["spec"], shown);
        assert_eq!(world.get(SITES).await.expect(200)["items"][0]["spec"], shown);
        let patched = world.merge(&it, json!({"metadata": {"labels": {"l": "1"}}})).await.expect(200);
        assert_eq!((&patched["spec"], &patched["metadata"]["generation"]), (&shown, &json!(1)));
    });
}

#[test]
fn lists_are_applied_as_the_schema_says() {
    // CRD-08, PATCH-10
    World::play(|world| async move {
        let item = json!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}});
        world
            .define(sites(object(json!({
                "map": {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
                "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "plain": {"type": "array", "items": {"type": "string"}},
            }))))
            .await;
        let it = format!("{SITES}/x");
        let one = site("x", json!({"map": [{"k": "a", "v": 1}], "set": ["a"], "plain": ["a"]}));
        world.apply(&it, "one", one).await.expect(201);
        let two = site("x", json!({"map": [{"k": "b", "v": 2}], "set": ["b"]}));
        let told = world.apply(&it, "two", two).await.expect(200);
        assert_eq!(
            told["spec"],
            json!({"map": [{"k": "a", "v": 1}, {"k": "b", "v": 2}], "set": ["a", "b"], "plain": ["a"]})
        );
        let told = world.apply(&it, "two", site("x", json!({"plain": ["b"]}))).await;
        assert_eq!(told.code, 409);
        assert_eq!(told.causes()[0].0, ".spec.plain");
        let told = world.apply(&it, "one", site("x", json!({"set": ["a"]}))).await.expect(200);
        assert_eq!(told["spec"], json!({"map": [{"k": "b", "v": 2}], "set": ["a", "b"]}));
    });
}

#[test]
fn a_status_without_a_subresource_is_data() {
    // CRD-06
    World::play(|world| async move {
        let mut definition = sites(object(json!({})));
        definition["spec"]["versions"][0]["subresources"] = Value::Null;
        world.define(definition).await;
        let mut body = site("x", json!({}));
        body["status"] = json!({"a": 1});
        let told = world.ask("POST", SITES, body).await.expect(201);
        assert_eq!(told["status"], json!({"a": 1}));
        let it = format!("{SITES}/x");
        let told = world.merge(&it, json!({"status": {"a": 2}})).await.expect(200);
        assert_eq!((&told["status"]["a"], &told["metadata"]["generation"]), (&json!(2), &json!(2)));
        assert_eq!(world.get(&format!("{it}/status")).await.code, 404);
    });
}

#[test]
fn rules_are_causes_and_transitions_are_told_from_beginnings() {
    // CRD-05
    World::play(|world| async move {
        let schema = |rules: Value| {
            json!({"type": "object", "properties": {
                "min": {"type": "integer"},
                "max": {"type": "integer"},
                "host": {"type": "string", "x-kubernetes-validations": [
                    {"rule": "self == oldSelf", "message": "host is fixed"},
                ]},
            }, "x-kubernetes-validations": rules})
        };
        let rules = schema(json!([{"rule": "self.min <= self.max", "fieldPath": ".min",
            "messageExpression": "'must be at most ' + string(self.max)"}]));
        let told = made(&world, rules, json!({"min": 3, "max": 2, "host": "a"})).await;
        assert_eq!(told.code, 422, "{:?}", told.body);
        assert_eq!(told.body["reason"], "Invalid");
        let cause = &told.body["details"]["causes"][0];
        assert_eq!(cause["field"], "spec.min");
        assert_eq!(cause["reason"], "FieldValueInvalid");
        assert_eq!(cause["message"], "Invalid value: must be at most 2");
        world.ask("POST", SITES, site("x", json!({"min": 1, "max": 2, "host": "a"}))).await.expect(201);
        let path = format!("{SITES}/x");
        let told = world.merge(&path, json!({"spec": {"host": "b"}})).await;
        assert_eq!(
            told.causes(),
            [("spec.host".to_owned(), "Invalid value: \"b\": host is fixed".to_owned())]
        );
        world.merge(&path, json!({"spec": {"max": 5}})).await.expect(200);

        let path = format!("{DEFINITIONS}/sites.example.com");
        let patch = json!([{"op": "replace", "value": "self.nim <= self.max",
            "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/0/rule"}]);
        let told = world.ask_as("PATCH", &path, "application/json-patch+json", &patch).await;
        assert_eq!(told.code, 422, "{:?}", told.body);
        let cause = &told.body["details"]["causes"][0];
        let place =
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule";
        assert_eq!(cause["field"], place);
        let message = cause["message"].as_str().expect("it is text");
        assert!(
            message.contains("compilation failed: ERROR: <input>:1:5: undefined field 'nim'"),
            "{message}"
        );
    });
}

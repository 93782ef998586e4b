use super::*;

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect()
}

// LIST-09
#[test]
fn a_list_says_once_what_its_items_are() {
    let empty = get("/api/v1/namespaces/a/configmaps").json();
    assert_eq!((&empty["kind"], &empty["apiVersion"]), (&json!("ConfigMapList"), &json!("v1")));
    assert_eq!(empty["items"], json!([]));
    assert_eq!(fields(&empty["metadata"]), ["resourceVersion"]);
    let one = get("/api/v1/namespaces/b/configmaps").json();
    assert_eq!(fields(&one["items"][0]), ["metadata"]);
    let page = get("/api/v1/namespaces?limit=1").json();
    assert_eq!(fields(&page["metadata"]), ["continue", "remainingItemCount", "resourceVersion"]);
}

// LIST-09
#[test]
fn a_long_list_is_whole_although_it_comes_in_pieces() {
    let bodies: Vec<Vec<u8>> = (0..50)
        .map(|number| {
            let data = json!({"text": "\u{e9}\"".repeat(2_000)});
            json!({"metadata": {"name": format!("m{number:02}")}, "data": data}).to_string().into_bytes()
        })
        .collect();
    let maps = "/api/v1/namespaces/a/configmaps";
    let mut requests: Vec<_> =
        bodies.iter().map(|body| ("POST", maps, "application/json", &**body)).collect();
    requests.push(("GET", maps, "", b""));
    requests.push(("GET", "/api/v1/namespaces/a/configmaps?pretty=true", "", b""));
    let answers = ask(&requests);
    let [plain, pretty] = &answers[50..] else { panic!("two lists") };
    assert!(plain.body.len() > 2 * limits::LIST_PIECE_BYTES, "{}", plain.body.len());
    assert_eq!(plain.json(), pretty.json());
    let names: Vec<String> = plain.json()["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, (0..50).map(|number| format!("m{number:02}")).collect::<Vec<_>>());
}

// LIST-16, WIRE-07
#[test]
fn parameters_that_mean_nothing_here_are_passed_over() {
    for path in [
        "/api/v1/namespaces/b/configmaps?",
        "/api/v1/namespaces/b/configmaps?pretty=true&timeoutSeconds=5&unknown=1&&=",
        "/api/v1/namespaces/b/configmaps/secret?pretty=1&timeout=32s",
        "/api?timeout=32s",
        "/apis/apps/v1?timeout=32s",
        "/version?timeout=32s",
        "/api/v1/namespaces/b/configmaps/secret?export=false",
    ] {
        assert_eq!(get(path).code, 200, "{path}");
    }
    let exported = get("/api/v1/namespaces/b/configmaps/secret?export=true");
    assert_eq!(
        (exported.code, exported.json()["message"].as_str()),
        (400, Some("the export parameter, deprecated since v1.14, is no longer supported"))
    );
    let created = post("application/json", br#"{"metadata":{"name":"x"}}"#);
    assert_eq!(created.code, 201);
    assert_eq!(get("/api/v1/namespaces/b/configmaps/").code, 404);
}

// WATCH-14
#[test]
fn a_watch_is_one_line_for_each_event() {
    let watch = get("/api/v1/configmaps?watch=true&timeoutSeconds=1");
    assert_eq!((watch.code, watch.headers["content-type"].as_bytes()), (200, &b"application/json"[..]));
    let text = String::from_utf8(watch.body.to_vec()).expect("text");
    assert!(text.ends_with("}\n"), "{text}");
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(fields(&event), ["object", "type"]);
    }
    // Whoever reads lines reads a refusal too.
    for query in ["labelSelector=%21%21", "sendInitialEvents=true", "resourceVersion=x"] {
        let refused = get(&format!("/api/v1/configmaps?watch=true&{query}"));
        assert!(refused.code >= 400, "{query}");
        assert_eq!(refused.json()["kind"], "Status", "{query}");
        assert!(!refused.body.contains(&b'\n'), "{query}");
    }
}

// WATCH-15
#[test]
fn a_watch_is_a_list_that_goes_on() {
    for path in [
        "/api/v1/namespaces/b/configmaps?watch=true&timeoutSeconds=1",
        "/api/v1/namespaces/b/configmaps?watch=1&timeoutSeconds=1",
        "/api/v1/namespaces/b/configmaps?watch&timeoutSeconds=1",
        "/api/v1/configmaps?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dsecret",
        "/api/v1/namespaces/b/configmaps/secret?watch=1&timeoutSeconds=1",
        "/api/v1/watch/configmaps?timeoutSeconds=1",
        "/api/v1/watch/namespaces/b/configmaps?timeoutSeconds=1",
        "/api/v1/watch/namespaces/b/configmaps/secret?timeoutSeconds=1",
    ] {
        let answer = get(path);
        let event: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let told = (answer.code, &event["type"], &event["object"]["metadata"]["name"]);
        assert_eq!(told, (200, &json!("ADDED"), &json!("secret")), "{path}");
    }
    let elsewhere = get("/api/v1/namespaces/a/configmaps/secret?watch=1&timeoutSeconds=1");
    assert_eq!((elsewhere.code, &*elsewhere.body), (200, &b""[..]));
}

// WIRE-06
#[test]
fn answers_are_not_to_be_kept_and_can_be_found_again() {
    let answer = get("/api/v1/namespaces/b/configmaps/secret");
    assert_eq!(answer.headers["cache-control"], "no-cache, private");
    assert_eq!(answer.headers["audit-id"].len(), 36);
}

use super::*;

#[test]
fn traversals_and_their_encodings_lead_nowhere() {
    // STORE-31, DISC-14
    let dots = bad(r#"Name parameter invalid: "..": may not be '..'"#);
    check(&[
        get("/api/v1/namespaces/a/configmaps/secret", (404, "NotFound", r#"configmaps "secret" not found"#)),
        get("/api/v1/namespaces/a/configmaps/../../b/configmaps/secret", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/..", dots),
        get("/api/v1/namespaces/a/configmaps/%2e%2e", dots),
        get("/api/v1/namespaces/a/configmaps/.", bad(r#"Name parameter invalid: ".": may not be '.'"#)),
        get("/api/v1/namespaces/..", dots),
        get("/api/v1/namespaces/a/configmaps/..%2f..%2fb%2fconfigmaps%2fsecret", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/b%2fsecret", NO_RESOURCE),
        get("/api/v1/namespaces/a%2f..%2fb/configmaps/secret", NO_RESOURCE),
        get("/api/v1/namespaces/../configmaps/secret", NO_RESOURCE),
        get("/api/v1/namespaces//configmaps/secret", NO_RESOURCE),
        get("/api/v1//configmaps", NO_RESOURCE),
        get("//api/v1/configmaps", NO_PAGE),
        get("/api/../api/v1/configmaps", NO_RESOURCE),
        get("/api/v1/configmaps/secret", NO_RESOURCE),
        get("/api/v1/namespaces/a/nodes/n", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/", NO_RESOURCE),
    ]);
}

#[test]
fn what_is_encoded_twice_is_decoded_once() {
    let twice = bad(r#"Name parameter invalid: "..%2f..%2fb": may not contain '%'"#);
    check(&[
        get("/api/v1/namespaces/a/configmaps/..%252f..%252fb", twice),
        get(
            "/api/v1/namespaces/a/configmaps/%2573ecret",
            bad(r#"Name parameter invalid: "%73ecret": may not contain '%'"#),
        ),
        get("/api/v1/namespaces/b/configmaps/%73ecret", (200, "", "")),
        get("/api/v1/namespaces/%62/configmaps/secret", (200, "", "")),
        get("/api/v1/namespaces/a/configmaps/%zz", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/%ff%fe", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/x%00", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/x%0d%0aSet-Cookie:y", NO_RESOURCE),
    ]);
}

#[test]
fn what_is_not_there_is_told_where_it_is_missed() {
    // ERR-02, ERR-09
    let long = "x".repeat(10_000);
    let (name, path) = (format!(r#"configmaps "{long}" not found"#), format!("{CONFIG_MAPS}/{long}"));
    let too_long = format!("{CONFIG_MAPS}/{}", "x".repeat(20_000));
    check(&[
        get("/", NO_PAGE),
        get("/etc/passwd", NO_PAGE),
        get("/apis/example.com/v1/things", NO_PAGE),
        get("/apis/apps/v2/deployments", NO_RESOURCE),
        get("/apis/apps/v1/things", NO_RESOURCE),
        get("/api/v2/pods", NO_RESOURCE),
        get("/api/v1/namespaces/a/pods/x/status/more", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/x/status", NO_RESOURCE),
        get("/api/v1/namespaces/a/configmaps/x/scale", NO_RESOURCE),
        get(&path, (404, "NotFound", &name)),
        get(&too_long, (414, "RequestEntityTooLarge", "the URI is too long")),
    ]);
}

#[test]
fn methods_that_do_not_fit_are_refused() {
    let with = |method, path| Row { method, path, content_type: JSON, body: b"{}", answer: NO_METHOD };
    check(&[
        with("PUT", CONFIG_MAPS),
        with("PATCH", CONFIG_MAPS),
        with("POST", SECRET),
        with("TRACE", SECRET),
        with("OPTIONS", SECRET),
        with("get", SECRET),
        with("DELETE\u{2d}", SECRET),
        with("DELETE", "/api/v1/configmaps"),
        with("POST", "/api/v1/configmaps"),
        with("DELETE", "/api/v1/namespaces"),
        with("POST", "/api/v1/namespaces/a/pods/x/log"),
        with("GET", "/api/v1/namespaces/a/pods/x/eviction"),
        with("DELETE", "/version"),
        with("POST", "/api"),
    ]);
}

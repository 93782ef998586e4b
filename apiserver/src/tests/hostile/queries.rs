use super::*;

#[test]
fn numbers_in_queries_are_read_as_go_reads_them() {
    let list = |query: &str| format!("{CONFIG_MAPS}?{query}");
    let rows = [
        ("limit=-1", (200, "", "")),
        ("limit=0", (200, "", "")),
        ("limit=9223372036854775807", (200, "", "")),
        ("limit=abc", bad(r#"strconv.ParseInt: parsing "abc": invalid syntax"#)),
        ("limit=1e3", bad(r#"strconv.ParseInt: parsing "1e3": invalid syntax"#)),
        ("limit=0x10", bad(r#"strconv.ParseInt: parsing "0x10": invalid syntax"#)),
        (
            "limit=9223372036854775808",
            bad(r#"strconv.ParseInt: parsing "9223372036854775808": value out of range"#),
        ),
        ("limit=", bad(r#"strconv.ParseInt: parsing "": invalid syntax"#)),
        ("limit=1&limit=abc", (200, "", "")),
        ("timeoutSeconds=-5", (200, "", "")),
        (
            "resourceVersion=-1",
            (
                500,
                "",
                r#"resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax"#,
            ),
        ),
        (
            "resourceVersion=18446744073709551616",
            (
                500,
                "",
                "resourceVersion: Invalid value: \"18446744073709551616\": strconv.ParseUint: parsing \
                 \"18446744073709551616\": value out of range",
            ),
        ),
    ];
    let rows: Vec<_> = rows.map(|(query, answer)| (list(query), answer)).into();
    let rows: Vec<_> = rows.iter().map(|(path, answer)| get(path, *answer)).collect();
    check(&rows);
}

#[test]
fn tokens_of_other_lists_show_nothing_of_them() {
    // LIST-07
    let token = |json: &str| {
        use base64::Engine as _;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json)
    };
    let list = |token: &str| format!("{CONFIG_MAPS}?limit=5&continue={token}");
    // Into another namespace, above, and nowhere.
    for start in ["b/", "b/secret", "../b/secret", "/", "", "\u{0}/\u{0}"] {
        let json = json!({"v": "meta.k8s.io/v1", "rv": -1, "start": start}).to_string();
        let answers = ask(&[("GET", &list(&token(&json)), "", b"")]);
        let items = answers[0].json()["items"].clone();
        assert!(answers[0].code == 400 || items == json!([]), "{start:?}: {:?}", answers[0].body);
    }
    for text in ["!", "x", "AAAA", &token("{}"), &token("[]"), &token(r#"{"v":"v2","rv":1,"start":"a/b"}"#)] {
        let answers = ask(&[("GET", &list(text), "", b"")]);
        let (code, reason, message) = told(&answers[0]);
        assert_eq!((code, &*reason), (400, "BadRequest"), "{text}");
        assert!(
            message.starts_with("invalid continue token: continue key is not valid: "),
            "{text}: {message}"
        );
    }
}

#[test]
fn selectors_that_cannot_be_read_are_told() {
    // LIST-10, LIST-11
    let rows = [
        (
            "labelSelector=a%20in%20(",
            "unable to parse requirement: found '', expected: ',', ')' or identifier",
        ),
        ("labelSelector=a%20in%20b", "unable to parse requirement: found 'b' expected: '('"),
        ("labelSelector=,", "found ',', expected: !, identifier, or 'end of string'"),
        ("labelSelector=a=b,", "found '', expected: identifier after ','"),
        (
            "labelSelector=a%3Eb",
            "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value \
             must be an integer",
        ),
        (
            "fieldSelector=spec.foo%3D1",
            "\"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
        ("fieldSelector=a", "invalid selector: 'a'; can't understand 'a'"),
        ("fieldSelector=metadata.name%3Da%5Cb", "invalid field selector: invalid escape sequence: \\b"),
    ];
    let rows: Vec<_> = rows.map(|(query, message)| (format!("{CONFIG_MAPS}?{query}"), message)).into();
    let rows: Vec<_> = rows.iter().map(|(path, message)| get(path, bad(message))).collect();
    check(&rows);
    let nested = format!("{CONFIG_MAPS}?labelSelector=a%20in%20({}", "%28".repeat(4000));
    assert_eq!(ask(&[("GET", &nested, "", b"")])[0].code, 400);
}

#[test]
fn options_that_mean_nothing_are_refused() {
    // STORE-24, STORE-29, PATCH-12
    let manager = "x".repeat(129);
    let rows = [
        ("dryRun=Some", "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"".to_owned()),
        (
            "fieldManager=%0a",
            "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"\\n\": should only contain \
             printable characters"
                .to_owned(),
        ),
        (
            &format!("fieldManager={manager}"),
            "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes".to_string(),
        ),
    ];
    let rows: Vec<_> = rows.map(|(query, message)| (format!("{CONFIG_MAPS}?{query}"), message)).into();
    let rows: Vec<_> = rows
        .iter()
        .map(|(path, message)| Row {
            method: "POST",
            path,
            content_type: JSON,
            body: br#"{"metadata":{"name":"x"}}"#,
            answer: invalid(message),
        })
        .collect();
    check(&rows);
    let many = format!("{CONFIG_MAPS}?{}", "a=b&".repeat(300));
    check(&[get(&many, bad("there are more than 256 parameters"))]);
}

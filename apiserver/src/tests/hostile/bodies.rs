use super::*;
use crate::limits::BODY_BYTES_MAX;

fn map(rest: &str) -> Vec<u8> {
    format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"x"}}{rest}}}"#).into_bytes()
}

#[test]
fn media_types_that_cannot_be_read_are_refused() {
    // WIRE-01, PATCH-01
    let (body, created) = (map(""), (201, "", ""));
    let named =
        |name: &str| String::from_utf8_lossy(&map("")).replace("\"x\"", &format!("{name:?}")).into_bytes();
    let (one, two, three) = (named("one"), named("two"), named("three"));
    let utf_16: Vec<u8> = String::from_utf8_lossy(&body).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let unread = "the body of the request was in an unknown format - accepted media types include: \
                  application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let refused = (415, "UnsupportedMediaType", unread);
    let yaml_as_json = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; \
                        json parse error: expected value at line 1 column 1 (61706956657273696f6e3a207631)";
    check(&[
        post("text/html", &body, refused),
        post("text/plain", &body, refused),
        post("application/x-www-form-urlencoded", &body, refused),
        post("multipart/form-data; boundary=x", &body, refused),
        post("application/json+patch", &body, refused),
        post("json", &body, refused),
        post("application/json; charset", &body, refused),
        post("application/json, application/yaml", &body, refused),
        post("*/*", &body, refused),
        post("", &one, created),
        post("APPLICATION/JSON; charset=utf-16", &two, created),
        post("application/json;", &three, created),
        post(
            "application/json; charset=utf-16",
            &utf_16,
            bad(
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json \
                 parse error: key must be a string at line 1 column 2 \
                 ({\0\"\0a\0p\0i\0V\0e\0r\0s\0i\0o\0n\0\"\0:\0\"\0 ...)",
            ),
        ),
        post(JSON, b"apiVersion: v1", bad(yaml_as_json)),
    ]);
}

#[test]
fn bodies_that_are_no_objects_are_refused_with_their_beginning() {
    // ERR-09
    let unread = |why: &str, summary: &str| {
        format!(
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse \
             error: {why} ({summary})"
        )
    };
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
    let (deep, deepest) = (deep(200), deep(100_000));
    let deep_map = format!(r#"{{"data":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200)).into_bytes();
    let limit = |column: usize| format!("recursion limit exceeded at line 1 column {column}");
    let rows = [
        (b"".as_slice(), unread("EOF while parsing a value at line 1 column 0", "<empty>")),
        (b"{", unread("EOF while parsing an object at line 1 column 1", "{")),
        (b"{}{}", unread("trailing characters at line 1 column 3", "{}{}")),
        (b"[]", unread("the body is no object", "5b5d")),
        (b"null", unread("the body is no object", "6e756c6c")),
        (b"7", unread("the body is no object", "37")),
        (b"\"x\"", unread("the body is no object", "227822")),
        (b"\xef\xbb\xbf{}", unread("expected value at line 1 column 1", "efbbbf7b7d")),
        (
            b"{\"a\":\"\xff\"}",
            unread("invalid unicode code point at line 1 column 7", "{\"a\":\"\u{fffd}\"}"),
        ),
        (
            b"{\"a\":\"\\ud800\"}",
            unread("unexpected end of hex escape at line 1 column 13", "{\"a\":\"\\ud800\"}"),
        ),
        (b"{\"a\":01}", unread("invalid number at line 1 column 7", "{\"a\":01}")),
        (b"{'a':1}", unread("key must be a string at line 1 column 2", "{'a':1}")),
        (b"{\"a\":NaN}", unread("expected value at line 1 column 6", "{\"a\":NaN}")),
        (&deep, unread(&limit(128), &format!("{} ...", "5b".repeat(30)))),
        (&deepest, unread(&limit(128), &format!("{} ...", "5b".repeat(30)))),
        (&deep_map, unread(&limit(639), "{\"data\":{\"a\":{\"a\":{\"a\":{\"a\":{\" ...")),
    ];
    let rows: Vec<_> = rows.iter().map(|(body, message)| post(JSON, body, bad(message))).collect();
    check(&rows);
}

#[test]
fn what_a_body_says_it_is_has_to_be_so() {
    // ERR-09, STORE-09
    let of = |kind: &str, version: &str| {
        format!(r#"{{"apiVersion":{version},"kind":{kind},"metadata":{{"name":"x"}}}}"#).into_bytes()
    };
    let secret = of(r#""Secret""#, r#""v1""#);
    let other = of(r#""ConfigMap""#, r#""apps/v1""#);
    let (number, list) = (of("7", r#""v1""#), of(r#""ConfigMap""#, "[]"));
    let elsewhere = br#"{"metadata":{"name":"x","namespace":"b"}}"#;
    check(&[
        post(
            JSON,
            &secret,
            bad("Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to \
                 (v1.ConfigMap): unknown conversion"),
        ),
        post(
            JSON,
            &other,
            bad("the API version in the data (apps/v1) does not match the expected API version (v1)"),
        ),
        post(
            JSON,
            &number,
            bad(
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json \
                 parse error: kind must be a string ({\"apiVersion\":\"v1\",\"kind\":7,\"m ...)",
            ),
        ),
        post(
            JSON,
            &list,
            bad(
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json \
                 parse error: apiVersion must be a string ({\"apiVersion\":[],\"kind\":\"Confi ...)",
            ),
        ),
        post(
            JSON,
            elsewhere,
            bad("the namespace of the provided object does not match the namespace sent on the request"),
        ),
    ]);
}

#[test]
fn names_that_would_escape_are_invalid() {
    // STORE-31, ADM-12
    let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let refused = |name: &str| {
        format!("ConfigMap \"{name}\" is invalid: metadata.name: Invalid value: \"{name}\": {rule}")
    };
    let named = |name: &str| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#).into_bytes();
    let rows: Vec<_> = ["../../b/secret", "..", "a/b", "A", "a%2fb", "x y", "-", "é"]
        .map(|name| (named(name), refused(name)))
        .into();
    let rows: Vec<_> = rows.iter().map(|(body, message)| post(JSON, body, invalid(message))).collect();
    check(&rows);
    let (longest, longer) = ("x".repeat(253), "x".repeat(254));
    let message = format!(
        "ConfigMap \"{longer}\" is invalid: metadata.name: Invalid value: \"{longer}\": must be no more than 253 characters"
    );
    let missing =
        "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required";
    check(&[
        post(JSON, &named(&longest), (201, "", "")),
        post(JSON, &named(&longer), invalid(&message)),
        post(JSON, b"{}", invalid(missing)),
        post(JSON, br#"{"metadata":null}"#, invalid(missing)),
    ]);
}

#[test]
fn fields_that_are_twice_or_unknown_are_told() {
    // PATCH-16
    let strict = format!("{CONFIG_MAPS}?fieldValidation=Strict");
    let strictly = |body, answer| Row { method: "POST", path: &strict, content_type: JSON, body, answer };
    check(&[
        strictly(
            br#"{"metadata":{"name":"x","name":"y"},"data":{"a":"1","a":"2"},"dat":{}}"#,
            bad(
                "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate \
                 field \"metadata.name\", duplicate field \"data.a\", unknown field \"dat\"",
            ),
        ),
        Row {
            method: "POST",
            path: &format!("{CONFIG_MAPS}?fieldValidation=Loose"),
            content_type: JSON,
            body: b"{}",
            answer: invalid(
                "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"Loose\": supported \
                 values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
            ),
        },
    ]);
}

#[test]
fn sizes_are_bounded() {
    // WIRE-05
    let spaces = vec![b' '; BODY_BYTES_MAX];
    let too_many = vec![b' '; BODY_BYTES_MAX + 1];
    let data = format!(r#"{{"metadata":{{"name":"x"}},"data":{{"a":"{}"}}}}"#, "x".repeat(1024 * 1024 + 1));
    let annotated =
        format!(r#"{{"metadata":{{"name":"x","annotations":{{"a":"{}"}}}}}}"#, "x".repeat(256 * 1024 + 1));
    check(&[
        post(JSON, &too_many, (413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")),
        post(
            JSON,
            &spaces,
            bad(&format!(
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json \
                 parse error: EOF while parsing a value at line 1 column 3145728 ({} ...)",
                "20".repeat(30)
            )),
        ),
        post(
            JSON,
            data.as_bytes(),
            invalid("ConfigMap \"x\" is invalid: []: Too long: may not be more than 1048576 bytes"),
        ),
        post(
            JSON,
            annotated.as_bytes(),
            invalid(
                "ConfigMap \"x\" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes",
            ),
        ),
    ]);
}

#[test]
fn bombs_of_yaml_do_not_go_off() {
    const YAML: &str = "application/yaml";
    let bomb = (0..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, at| {
        format!("{text}a{}: &a{} [{}]\n", at + 1, at + 1, vec![format!("*a{at}"); 10].join(","))
    });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let blocks: String = (0..1000).map(|at| format!("{}a:\n", " ".repeat(at))).collect();
    for body in [&*bomb, &deep, &blocks, "a: &a {b: *a}", "a: *none", "--- {}\n--- {}", "a: b: c", "{a: b"] {
        let answers = ask(&[("POST", CONFIG_MAPS, YAML, body.as_bytes())]);
        let (code, reason, message) = told(&answers[0]);
        let begins = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; \
                      yaml parse error: ";
        let start = &body[..body.len().min(40)];
        assert_eq!((code, &*reason), (400, "BadRequest"), "{start}: {message}");
        assert!(message.starts_with(begins) && message.len() < 1000, "{start}: {message}");
    }
}

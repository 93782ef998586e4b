use super::*;

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/a/deployments";

fn deployment(name: &str, replicas: &str) -> Vec<u8> {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"a":"b"}}}},
        "template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}}}}}"#
    )
    .into_bytes()
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let unfit = |why: &str| {
        format!(
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: {why} at spec.replicas"
        )
    };
    let misread =
        |number: &str, found: &str| (number.to_owned(), unfit(&format!("invalid {found}, expected i32")));
    let rows = [
        misread("2147483648", "value: integer `2147483648`"),
        misread("-2147483649", "value: integer `-2147483649`"),
        misread("9223372036854775807", "value: integer `9223372036854775807`"),
        misread("9223372036854775808", "value: integer `9223372036854775808`"),
        misread("18446744073709551616", "type: floating point `1.8446744073709552e+19`"),
        misread("1.5", "type: floating point `1.5`"),
        misread("1.0", "type: floating point `1.0`"),
        misread("1e3", "type: floating point `1000.0`"),
        misread("1e-400", "type: floating point `0.0`"),
        misread("\"1\"", "type: string \"1\""),
        misread("true", "type: boolean `true`"),
        misread("[1]", "type: sequence"),
    ];
    let bodies: Vec<_> = rows.iter().map(|(number, message)| (deployment("x", number), message)).collect();
    let rows: Vec<_> = bodies
        .iter()
        .map(|(body, message)| Row {
            method: "POST",
            path: DEPLOYMENTS,
            content_type: JSON,
            body,
            answer: bad(message),
        })
        .collect();
    check(&rows);
}

#[test]
fn numbers_out_of_all_range_are_no_json() {
    let body = deployment("x", "1e400");
    let answers = ask(&[("POST", DEPLOYMENTS, JSON, &body)]);
    let (code, reason, message) = told(&answers[0]);
    assert_eq!((code, &*reason), (400, "BadRequest"));
    assert!(message.contains("json parse error: number out of range"), "{message}");
}

#[test]
fn the_ends_of_a_range_are_in_it() {
    let negative = "Deployment.apps \"x\" is invalid: spec.replicas: Invalid value: -1: must be greater than or \
                    equal to 0";
    let rows = [
        ("-1", invalid(negative)),
        ("2147483647", (201, "", "")),
        ("-0", (201, "", "")),
        ("null", (201, "", "")),
    ];
    let bodies: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(at, (number, answer))| {
            let name = if answer.0 == 201 { format!("x{at}") } else { "x".to_owned() };
            (deployment(&name, number), *answer)
        })
        .collect();
    let rows: Vec<_> = bodies
        .iter()
        .map(|(body, answer)| Row {
            method: "POST",
            path: DEPLOYMENTS,
            content_type: JSON,
            body,
            answer: *answer,
        })
        .collect();
    check(&rows);
}

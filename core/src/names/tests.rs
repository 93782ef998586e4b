use proptest::prelude::*;

use super::*;

type Check = fn(&str) -> Faults;

fn accepts(check: Check, values: &[&str]) {
    for value in values {
        assert_eq!(check(value), Faults::new(), "{value:?}");
    }
}

/// Each value has faults that contain these words, in this order.
fn refuses(check: Check, rows: &[(&str, &[&str])]) {
    for (value, words) in rows {
        let faults = check(value);
        assert_eq!(faults.len(), words.len(), "{value:?}: {faults:?}");
        for (fault, word) in faults.iter().zip(*words) {
            assert!(fault.contains(word), "{value:?}: {fault}");
        }
    }
}

#[test]
fn messages_are_upstreams() {
    assert_eq!(
        dns1123_subdomain("Bad_Name"),
        [
            r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        ]
    );
    assert_eq!(
        label_value("bad value!"),
        [
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        ]
    );
    assert_eq!(
        qualified_name("a b"),
        [
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        ]
    );
    assert_eq!(
        dns1123_label("A"),
        [
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        ]
    );
}

#[test]
fn dns_labels() {
    let long = "a".repeat(LABEL_BYTES_MAX);
    accepts(dns1123_label, &["a", "0", "a-b", "0a", "a--b", &long]);
    refuses(
        dns1123_label,
        &[
            ("", &["RFC 1123 label"]),
            ("-a", &["RFC 1123 label"]),
            ("a-", &["RFC 1123 label"]),
            ("a.b", &["must not contain dots"]),
            ("a..b", &["RFC 1123 label"]),
            ("A", &["RFC 1123 label"]),
            ("a\n", &["RFC 1123 label"]),
            ("ä", &["RFC 1123 label"]),
            (&format!("{long}a"), &["no more than 63 characters"]),
        ],
    );
    accepts(dns1035_label, &["a", "a-b", "a0", &long]);
    refuses(dns1035_label, &[("0a", &["DNS-1035"]), ("", &["DNS-1035"]), ("a-", &["DNS-1035"])]);
}

#[test]
fn dns_subdomains() {
    let long = format!("{}a", "a.".repeat(126));
    assert_eq!(long.len(), SUBDOMAIN_BYTES_MAX);
    accepts(dns1123_subdomain, &["a", "a.b", "0.1", "a-b.c-d", &long, &"a".repeat(100)]);
    refuses(
        dns1123_subdomain,
        &[
            ("", &["RFC 1123 subdomain"]),
            ("a.", &["RFC 1123 subdomain"]),
            (".a", &["RFC 1123 subdomain"]),
            ("a.-b", &["RFC 1123 subdomain"]),
            ("a_b", &["RFC 1123 subdomain"]),
            (&format!("{long}a"), &["no more than 253 characters"]),
        ],
    );
}

#[test]
fn qualified_names() {
    let long = "a".repeat(LABEL_BYTES_MAX);
    accepts(qualified_name, &["a", "A_b.c-D", "a/b", "example.com/B", "0.1/2", &long, &format!("a/{long}")]);
    refuses(
        qualified_name,
        &[
            ("", &["name part must be non-empty", "name part must consist"]),
            ("a/", &["name part must be non-empty", "name part must consist"]),
            ("/a", &["prefix part must be non-empty"]),
            ("a/b/c", &["a valid label key must consist"]),
            ("A/b", &["prefix part a lowercase RFC 1123 subdomain"]),
            ("a.", &["name part must consist"]),
            (&format!("{long}a"), &["name part must be no more than 63 bytes"]),
            (&format!("{}/a", "a".repeat(254)), &["prefix part must be no more than 253 bytes"]),
        ],
    );
}

#[test]
fn label_values() {
    accepts(label_value, &["", "a", "A_b.c-D", "1", &"a".repeat(LABEL_BYTES_MAX)]);
    refuses(
        label_value,
        &[
            ("-a", &["valid label"]),
            ("a/b", &["valid label"]),
            (" ", &["valid label"]),
            (&"a".repeat(64), &["no more than 63 bytes"]),
        ],
    );
}

#[test]
fn path_segments() {
    // STORE-31
    accepts(path_segment, &["", "a", "...", "A:b", "system:node"]);
    refuses(
        path_segment,
        &[
            (".", &["may not be '.'"]),
            ("..", &["may not be '..'"]),
            ("a/b", &["may not contain '/'"]),
            ("a%/", &["may not contain '/'", "may not contain '%'"]),
        ],
    );
    accepts(path_segment_prefix, &[".", ".."]);
}

#[test]
fn port_names() {
    accepts(port_name, &["http", "a", "1a", "a-1", "abcdefghijklmno"]);
    refuses(
        port_name,
        &[
            ("", &["only alpha-numeric", "at least one letter"]),
            ("12", &["at least one letter"]),
            ("a--b", &["consecutive hyphens"]),
            ("-a", &["begin or end"]),
            ("A", &["only alpha-numeric", "at least one letter"]),
            ("abcdefghijklmnop", &["no more than 15"]),
        ],
    );
}

#[test]
fn environment_variables() {
    accepts(environment_variable, &["A", "1", "a b", "..", "~", "a-b.c"]);
    refuses(
        environment_variable,
        &[
            ("", &["must be non-empty"]),
            ("a=b", &["printable ASCII"]),
            ("a\tb", &["printable ASCII"]),
            ("ä", &["printable ASCII"]),
        ],
    );
}

#[test]
fn config_map_keys() {
    accepts(config_map_key, &["a", ".a", "A_b-c.d", "0"]);
    refuses(
        config_map_key,
        &[
            ("", &["valid config key"]),
            (".", &["must not be '.'"]),
            ("..", &["must not be '..'"]),
            ("..a", &["must not start with '..'"]),
            ("...", &["must not start with '..'"]),
            ("a/b", &["valid config key"]),
            (&"a".repeat(254), &["no more than 253"]),
        ],
    );
}

#[test]
fn a_prefix_may_end_with_a_dash() {
    for (prefix, checked) in
        [("web-", "wea"), ("web", "web"), ("-", "-"), ("", ""), ("a-", "a"), ("aä-", "aa")]
    {
        assert_eq!(as_prefix(prefix), checked);
    }
}

#[test]
fn generated_names_keep_58_bytes_and_add_five() {
    // STORE-10
    assert_eq!(generate_name("web-", || 0), "web-bbbbb");
    assert_eq!(generate_name("", || 27 + 2), "dcbbb");
    let name = generate_name(&"a".repeat(100), || u64::MAX);
    assert_eq!(name.len(), LABEL_BYTES_MAX);
    assert!(name.starts_with(&"a".repeat(GENERATED_BASE_BYTES_MAX)));
}

proptest! {
    #[test]
    fn generated_names_are_valid(base in "[a-z]([-a-z0-9]{0,70}[a-z0-9])?-?", random: u64) {
        prop_assert_eq!(dns1123_label(&generate_name(&base, || random)), Faults::new());
    }

    #[test]
    fn no_check_panics(value: String, random: u64) {
        let checks: [Check; 9] = [
            dns1123_label, dns1123_subdomain, dns1035_label, qualified_name, label_value, path_segment,
            port_name, environment_variable, config_map_key,
        ];
        for check in checks {
            prop_assert!(check(&value).len() <= 5);
        }
        prop_assert!(generate_name(&value, || random).len() <= LABEL_BYTES_MAX);
        let _ = as_prefix(&value);
    }
}

use proptest::prelude::*;

use super::*;

fn selector(text: &str) -> LabelSelector {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_operator_matches_as_upstreams() {
    // LIST-10
    let object = labels(&[("app", "web"), ("empty", ""), ("rank", "10")]);
    let rows = [
        ("", true),
        (" ", true),
        ("app=web", true),
        ("app==web", true),
        ("app = web", true),
        ("app=db", false),
        ("none=web", false),
        ("none=", false),
        ("empty=", true),
        ("app!=web", false),
        ("app!=db", true),
        ("none!=web", true),
        ("app in (db, web)", true),
        ("app in (db)", false),
        ("none in (web)", false),
        ("empty in ()", true),
        ("app notin (db)", true),
        ("app notin (db,web)", false),
        ("none notin (web)", true),
        ("app", true),
        ("none", false),
        ("!app", false),
        ("!none", true),
        ("! none", true),
        ("rank>9", true),
        ("rank>10", false),
        ("rank<11", true),
        ("rank<10", false),
        ("app>1", false),
        ("none<1", false),
        ("app=web,rank", true),
        ("app=web,!rank", false),
    ];
    for (text, matches) in rows {
        assert_eq!(selector(text).matches_labels(Some(&object)), matches, "{text}");
    }
    assert!(selector("!app").matches_labels(None));
    assert!(!selector("app").matches_labels(None));
}

#[test]
fn prints_sorted_by_key() {
    let rows = [
        ("", ""),
        ("b=1,a", "a,b=1"),
        ("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()"),
        ("a==b", "a==b"),
        ("a = b , !c", "a=b,!c"),
        ("a in (b)", "a in (b)"),
        ("a in (b,b)", "a in (b)"),
        ("a in (b,)", "a in (,b)"),
        ("a in (,,b)", "a in (,b)"),
        ("in in (in,notin)", "in in (in,notin)"),
        ("a=in", "a=in"),
        ("a>1,b<2", "a>1,b<2"),
        ("a!=,b", "a!=,b"),
        ("\ta\r\n", "a"),
        ("a=1,a=2", "a=1,a=2"),
        ("notin", "notin"),
    ];
    for (text, printed) in rows {
        assert_eq!(selector(text).to_string(), printed, "{text:?}");
    }
}

#[test]
fn malformed_texts_are_refused() {
    // LIST-10
    let key = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
               alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation \
               is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                 and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or \
                 '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let rows = [
        ("==x", "found '==', expected: !, identifier, or 'end of string'".to_owned()),
        (",a", "found ',', expected: !, identifier, or 'end of string'".to_owned()),
        ("a,", "found '', expected: identifier after ','".to_owned()),
        ("a,,b", "found ',', expected: identifier after ','".to_owned()),
        ("a=b c", "found 'c', expected: ',' or 'end of string'".to_owned()),
        ("!a=b", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("!", "unable to parse requirement: found '', expected: identifier".to_owned()),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("a==(b)", "unable to parse requirement: found '(', expected: identifier".to_owned()),
        ("a in", "unable to parse requirement: found '' expected: '('".to_owned()),
        ("a in b", "unable to parse requirement: found 'b' expected: '('".to_owned()),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier".to_owned()),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'".to_owned()),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'".to_owned()),
        ("a in (b,=", "unable to parse requirement: found '=', expected: ',', or identifier".to_owned()),
        ("-a", format!(r#"unable to parse requirement: <nil>: Invalid value: "-a": name part {key}"#)),
        ("a=-b", format!(r#"unable to parse requirement: values[0][a]: Invalid value: "-b": {value}"#)),
        (
            "a>b",
            r#"unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer"#
                .to_owned(),
        ),
        (
            "a in (-,/)",
            format!(
                "unable to parse requirement: [values[0][a]: Invalid value: \"-\": {value}, values[1][a]: \
                 Invalid value: \"/\": {value}]"
            ),
        ),
    ];
    for (text, message) in rows {
        assert_eq!(text.parse::<LabelSelector>().expect_err(text).to_string(), message, "{text}");
    }
}

fn expression(key: &str, operator: &str, values: &[&str]) -> SourceRequirement {
    SourceRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: (!values.is_empty()).then(|| values.iter().map(|value| (*value).to_owned()).collect()),
    }
}

#[test]
fn compiles_fields() {
    let source = Source {
        match_labels: Some(labels(&[("tier", "f"), ("app", "x")])),
        match_expressions: Some(vec![
            expression("b", "In", &["2", "1"]),
            expression("c", "NotIn", &["1"]),
            expression("d", "Exists", &[]),
            expression("e", "DoesNotExist", &[]),
        ]),
    };
    let compiled = LabelSelector::compile(Some(&source)).expect("valid");
    assert_eq!(compiled.to_string(), "app=x,b in (1,2),c notin (1),d,!e,tier=f");
    assert_eq!(selector(&compiled.to_string()), compiled);
    assert!(compiled.matches_labels(Some(&labels(&[("app", "x"), ("b", "1"), ("d", ""), ("tier", "f")]))));
}

#[test]
fn an_absent_field_selects_nothing_and_an_empty_one_everything() {
    let nothing = LabelSelector::compile(None).expect("valid");
    let everything = LabelSelector::compile(Some(&Source::default())).expect("valid");
    assert_eq!((&nothing, &everything), (&LabelSelector::nothing(), &LabelSelector::everything()));
    assert!(nothing.is_nothing() && !nothing.is_empty() && !nothing.matches_labels(None));
    assert!(everything.is_empty() && !everything.is_nothing() && everything.matches_labels(None));
    assert_eq!((nothing.to_string(), everything.to_string()), (String::new(), String::new()));
}

#[test]
fn malformed_fields_are_refused() {
    let rows = [
        (expression("a", "in", &["b"]), r#""in" is not a valid label selector operator"#),
        (expression("a", "Gt", &["1"]), r#""Gt" is not a valid label selector operator"#),
        (
            expression("a", "In", &[]),
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            expression("a", "Exists", &["b"]),
            r#"values: Invalid value: ["b"]: values set must be empty for exists and does not exist"#,
        ),
    ];
    for (expression, message) in rows {
        let source = Source { match_expressions: Some(vec![expression]), ..Source::default() };
        assert_eq!(LabelSelector::compile(Some(&source)).expect_err(message).to_string(), message);
    }
    let source = Source { match_labels: Some(labels(&[("", "b")])), ..Source::default() };
    let error = LabelSelector::compile(Some(&source)).expect_err("the key is empty").to_string();
    assert!(
        error.starts_with(r#"key: Invalid value: "": name part must be non-empty; name part must"#),
        "{error}"
    );
}

#[test]
fn equalities_are_the_requirements_of_one_value() {
    let selector = selector("a=1,b==2,c in (3),d in (4,5),e!=6,f,!g,h>7");
    assert_eq!(selector.equalities().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("c", "3")]);
    assert_eq!(LabelSelector::nothing().equalities().count(), 0);
    assert_eq!(selector.requirements()[3].values(), ["4", "5"]);
    assert_eq!(
        (selector.requirements()[4].key(), selector.requirements()[4].operator()),
        ("e", Operator::NotEquals)
    );
}

#[test]
fn labels_become_equalities() {
    let set = labels(&[("b", "2"), ("a", "1")]);
    let selector = LabelSelector::from_labels(&set);
    assert_eq!(selector.to_string(), "a=1,b=2");
    assert!(selector.matches_labels(Some(&set)));
    assert!(LabelSelector::from_labels(&BTreeMap::new()).is_empty());
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let operator = prop::sample::select(vec![
        Operator::Equals,
        Operator::DoubleEquals,
        Operator::NotEquals,
        Operator::In,
        Operator::NotIn,
        Operator::Exists,
        Operator::DoesNotExist,
        Operator::GreaterThan,
        Operator::LessThan,
    ]);
    ("[a-c]", operator, prop::collection::btree_set("[a-c]{0,2}", 1..3), 0..3_u8).prop_map(
        |(key, operator, set, number)| {
            let values = match operator {
                Operator::In | Operator::NotIn => set.into_iter().collect(),
                Operator::Exists | Operator::DoesNotExist => SmallVec::new(),
                Operator::GreaterThan | Operator::LessThan => smallvec![number.to_string()],
                _ => set.into_iter().take(1).collect(),
            };
            Requirement::new(&key, operator, values).expect("valid")
        },
    )
}

/// What a requirement means, said the long way.
fn holds(requirement: &Requirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let listed = value.is_some_and(|value| requirement.values.contains(value));
    let number = value.and_then(|value| value.parse::<i64>().ok());
    let bound = requirement.values.first().and_then(|value| value.parse::<i64>().ok());
    match requirement.operator {
        Operator::Equals | Operator::DoubleEquals | Operator::In => listed,
        Operator::NotEquals | Operator::NotIn => !listed,
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
        Operator::GreaterThan => number.is_some() && number > bound,
        Operator::LessThan => number.is_some() && number < bound,
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(requirements in prop::collection::vec(any_requirement(), 0..5)) {
        let original = LabelSelector::new(requirements);
        prop_assert_eq!(selector(&original.to_string()), original);
    }

    #[test]
    fn all_requirements_hold_or_it_does_not_match(
        requirements in prop::collection::vec(any_requirement(), 0..4),
        object in prop::collection::btree_map("[a-c]", "[a-c0-2]{0,2}", 0..4),
    ) {
        let expected = requirements.iter().all(|requirement| holds(requirement, &object));
        let selector = LabelSelector::new(requirements);
        prop_assert_eq!(selector.matches_labels(Some(&object)), expected);
        if expected {
            for (key, value) in selector.equalities() {
                prop_assert_eq!(object.get(key).map(String::as_str), Some(value));
            }
        }
    }

    #[test]
    fn no_text_panics(text: String, odd in "[a,=!()<> ]{0,20}|(a|in|notin|,|\\(|\\)| ){0,12}") {
        let _ = text.parse::<LabelSelector>();
        if let Ok(read) = odd.parse::<LabelSelector>() {
            prop_assert_eq!(selector(&read.to_string()), read);
        }
    }
}

use proptest::prelude::*;

use super::*;

fn selector(text: &str) -> FieldSelector {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn value(field: &str) -> Option<Cow<'static, str>> {
    match field {
        "metadata.name" => Some("a".into()),
        "spec.nodeName" => Some("n,1".into()),
        _ => None,
    }
}

#[test]
fn terms_are_all_met_or_it_does_not_match() {
    // LIST-11
    let rows = [
        ("", true),
        (",", true),
        ("metadata.name=a", true),
        ("metadata.name==a", true),
        ("metadata.name!=a", false),
        ("metadata.name=b", false),
        ("metadata.name=a,status.phase!=Running", true),
        ("metadata.name=a,status.phase=Running", false),
        ("status.phase=", true),
        ("status.phase!=", false),
        (r"spec.nodeName=n\,1", true),
    ];
    for (text, matches) in rows {
        assert_eq!(selector(text).matches(value), matches, "{text}");
    }
}

#[test]
fn prints_sorted_and_escaped() {
    let rows = [
        ("", ""),
        ("b=2,a==1", "a=1,b=2"),
        ("a!=1,,b=", "a!=1,b="),
        (r"a=x\,y\=z\\", r"a=x\,y\=z\\"),
        ("a!b=c", "a!b=c"),
        ("=a", "=a"),
    ];
    for (text, printed) in rows {
        assert_eq!(selector(text).to_string(), printed);
    }
    assert_eq!(FieldSelector::equals("a", "b=c").to_string(), r"a=b\=c");
    assert!(FieldSelector::everything().is_empty() && selector(",").is_empty());
}

#[test]
fn malformed_texts_are_refused() {
    let rows = [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("b=1,a!", "invalid selector: 'b=1,a!'; can't understand 'a!'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a===b", "invalid field selector: unescaped character in value: 61"),
        (r"a=\b", r"invalid field selector: invalid escape sequence: \b"),
        (r"a=\", r"invalid field selector: invalid escape sequence: \"),
    ];
    for (text, message) in rows {
        assert_eq!(text.parse::<FieldSelector>().expect_err(text).to_string(), message);
    }
}

#[test]
fn fields_the_kind_does_not_have_are_refused() {
    // LIST-11
    let both = selector("metadata.name=a,metadata.namespace!=b");
    assert_eq!(both.require_known(&[]), Ok(()));
    assert_eq!(
        selector("data.k=v").require_known(&[]).expect_err("unknown").to_string(),
        r#""data.k" is not a known field selector: only "metadata.name", "metadata.namespace""#
    );
    let pods = ["spec.nodeName", "status.phase"];
    assert_eq!(selector("spec.nodeName=n").require_known(&pods), Ok(()));
    assert_eq!(
        selector("spec.foo=1").require_known(&pods).expect_err("unknown").to_string(),
        "field label not supported: spec.foo"
    );
}

#[test]
fn an_equality_tells_the_only_value() {
    let selector = selector("metadata.name=a,spec.nodeName!=b");
    assert_eq!(selector.equality("metadata.name"), Some("a"));
    assert_eq!(selector.equality("spec.nodeName"), None);
    assert_eq!(selector.equality("status.phase"), None);
}

proptest! {
    #[test]
    fn any_value_survives_printing_and_reading(value: String, not: bool) {
        let operator = if not { FieldOperator::NotEquals } else { FieldOperator::Equals };
        let term = FieldTerm { field: "spec.x".to_owned(), operator, value };
        let original = FieldSelector::new(vec![term]);
        // A value that starts with `=` is escaped, so `==` is never read by mistake.
        prop_assert_eq!(selector(&original.to_string()), original);
    }

    #[test]
    fn no_text_panics(text: String, odd in r"[a=!,\\]{0,20}") {
        let _ = text.parse::<FieldSelector>();
        if let Ok(read) = odd.parse::<FieldSelector>() {
            // Terms are sorted as they were written, so `a==b` can move when it is printed as `a=b`.
            let sorted = |selector: &FieldSelector| {
                let mut terms: Vec<String> = selector.terms().iter().map(FieldTerm::to_string).collect();
                terms.sort();
                terms
            };
            prop_assert_eq!(sorted(&selector(&read.to_string())), sorted(&read));
        }
    }
}

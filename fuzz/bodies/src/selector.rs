//! Selectors: text and meaning go together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use setpoint_core::selector::{FieldOperator, FieldSelector, LabelSelector, Operator};

use crate::text;

/// A label selector means the same after it was written and read again, and what its parts say.
pub fn label_selector(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Ok(selector) = text.parse::<LabelSelector>() else { return };
    let printed = selector.to_string();
    let again: LabelSelector =
        printed.parse().unwrap_or_else(|error| panic!("{text:?}: {printed:?}: {error}"));
    assert_eq!(again.to_string(), printed, "{text:?}");
    for labels in worlds(&selector) {
        let label = |key: &str| labels.get(key).map(String::as_str);
        let meant = selector
            .requirements()
            .iter()
            .all(|requirement| says(requirement.operator(), requirement.values(), label(requirement.key())));
        assert_eq!(selector.matches(label), meant, "{text:?} on {labels:?}");
        assert_eq!(again.matches(label), meant, "{text:?} as {printed:?} on {labels:?}");
        for (key, value) in selector.equalities() {
            assert!(!meant || label(key) == Some(value), "{text:?}: an index would miss {labels:?}");
        }
    }
}

/// What a requirement says, in the words of upstream's documentation.
fn says(operator: Operator, values: &[String], label: Option<&str>) -> bool {
    let is_among = label.is_some_and(|label| values.iter().any(|value| value == label));
    let number = |text: &str| text.parse::<i64>().ok();
    let ordered = |holds: fn(i64, i64) -> bool| {
        let bound = values.first().and_then(|value| number(value));
        matches!((label.and_then(number), bound), (Some(label), Some(bound)) if holds(label, bound))
    };
    match operator {
        Operator::Equals | Operator::DoubleEquals | Operator::In => is_among,
        Operator::NotEquals | Operator::NotIn => !is_among,
        Operator::Exists => label.is_some(),
        Operator::DoesNotExist => label.is_none(),
        Operator::GreaterThan => ordered(|label, bound| label > bound),
        Operator::LessThan => ordered(|label, bound| label < bound),
    }
}

/// Sets of labels that have something to do with a selector.
fn worlds(selector: &LabelSelector) -> Vec<BTreeMap<String, String>> {
    let mut worlds = vec![BTreeMap::new()];
    let requirements = || selector.requirements().iter().take(8);
    for pick in 0..3 {
        let chosen =
            requirements().filter_map(|it| Some((it.key().to_owned(), it.values().get(pick)?.clone())));
        worlds.push(chosen.collect());
    }
    for value in ["", "other", "-1", "9223372036854775807"] {
        worlds.push(requirements().map(|it| (it.key().to_owned(), value.to_owned())).collect());
    }
    worlds
}

/// A field selector means the same after it was written and read again, and what its terms say.
pub fn field_selector(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Ok(selector) = text.parse::<FieldSelector>() else { return };
    let printed = selector.to_string();
    let again: FieldSelector =
        printed.parse().unwrap_or_else(|error| panic!("{text:?}: {printed:?}: {error}"));
    assert_eq!(again, selector, "{text:?} prints {printed:?}");
    assert_eq!(again.to_string(), printed, "{text:?}");
    let values = selector.terms().iter().map(|term| term.value.clone());
    for value in values.chain([String::new(), "other".to_owned()]).take(8) {
        let meant = selector.terms().iter().all(|term| match term.operator {
            FieldOperator::Equals => term.value == value,
            FieldOperator::NotEquals => term.value != value,
        });
        assert_eq!(
            selector.matches(|_| Some(Cow::Borrowed(&*value))),
            meant,
            "{text:?} where all is {value:?}"
        );
    }
}

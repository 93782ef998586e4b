//! The spec of a body, found without reading the rest of it.

use std::ops::Range;

/// Where the spec is in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpecText {
    range: Range<usize>,
}

impl SpecText {
    /// Finds the field `spec` of a JSON object, if there is exactly one that is written so. Of a body that is no JSON
    /// anything may be found; of one that is, nothing but the value of that field.
    pub(crate) fn find(body: &[u8]) -> Option<Self> {
        let mut at = spaces(body, 0);
        if body.get(at) != Some(&b'{') {
            return None;
        }
        at = spaces(body, at + 1);
        let mut found = None;
        while body.get(at) == Some(&b'"') {
            let name_end = string(body, at)?;
            let name = body.get(at..name_end)?;
            at = spaces(body, name_end);
            if body.get(at) != Some(&b':') {
                return None;
            }
            let start = spaces(body, at + 1);
            let end = value(body, start)?;
            if name == b"\"spec\"" && found.replace(start..end).is_some() {
                return None;
            }
            at = spaces(body, end);
            match body.get(at) {
                Some(b',') => at = spaces(body, at + 1),
                Some(b'}') => break,
                _ => return None,
            }
        }
        found.map(|range| Self { range })
    }

    pub(crate) fn text<'b>(&self, body: &'b [u8]) -> &'b [u8] {
        body.get(self.range.clone()).unwrap_or_default()
    }

    /// The body with an empty object for a spec.
    pub(crate) fn rest(&self, body: &[u8]) -> Vec<u8> {
        let (before, after) = (body.get(..self.range.start), body.get(self.range.end..));
        [before.unwrap_or_default(), b"{}", after.unwrap_or_default()].concat()
    }
}

fn spaces(body: &[u8], from: usize) -> usize {
    let rest = body.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// Where the string ends that begins here.
fn string(body: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match body.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where the value ends that begins here.
fn value(body: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        at = match body.get(at)? {
            b'"' => string(body, at)?,
            b'{' | b'[' => {
                depth += 1;
                at + 1
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at + 1
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return None,
            _ if depth == 0 => {
                let rest = body.get(at..)?;
                let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let length = rest.iter().take_while(is_word).count();
                return (length > 0).then_some(at + length);
            }
            _ => at + 1,
        };
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn the_spec_is_found_if_there_is_one() {
        let table = [
            (r#"{"spec":{"a":"}\"{"},"b":1}"#, Some(r#"{"a":"}\"{"}"#)),
            (" { \"a\" : [ {} , 1.5e-3 ] , \"spec\" : \"x\\\\\" } ", Some("\"x\\\\\"")),
            (r#"{"a":null,"spec":-1}"#, Some("-1")),
            (r#"{"spec":{},"spec":{}}"#, None),
            (r#"{"a":{"spec":{}}}"#, None),
            (r#"{"sp\u0065c":{}}"#, None),
            (r#"[{"spec":{}}]"#, None),
            (r#"{"spec":}"#, None),
            (r#"{"spec":{"#, None),
            (r#"{"spec""#, None),
            ("{}", None),
            ("", None),
        ];
        for (body, expected) in table {
            let found = SpecText::find(body.as_bytes());
            let text = found.map(|found| String::from_utf8_lossy(found.text(body.as_bytes())).into_owned());
            assert_eq!(text.as_deref(), expected, "{body}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            "[a{}\\[\\]\",:\\\\ é\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map("[a{\":\\\\]{0,3}", inner, 0..4).prop_map(|fields| json!(fields)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_value_of_the_field(
            fields in prop::collection::btree_map("spec|a|\"|spe|[a-z]{1,3}", any_value(), 0..5),
            lines in any::<bool>(),
        ) {
            let body = if lines { serde_json::to_vec_pretty(&fields) } else { serde_json::to_vec(&fields) };
            let body = body.expect("JSON");
            let found = SpecText::find(&body);
            let spec = found.as_ref().map(|found| serde_json::from_slice::<Value>(found.text(&body)).expect("JSON"));
            // Some numbers are read back as their neighbours.
            let read: Map<String, Value> = serde_json::from_slice(&body).expect("JSON");
            prop_assert_eq!(spec.as_ref(), read.get("spec"));
            if let Some(found) = found {
                let mut expected = read;
                expected.insert("spec".to_owned(), json!({}));
                prop_assert_eq!(serde_json::from_slice::<Map<String, Value>>(&found.rest(&body)).expect("JSON"), expected);
            }
        }

        #[test]
        fn no_bytes_are_too_odd(body in prop::collection::vec(prop::sample::select(b"{}[]\":,\\ spec1".to_vec()), 0..40)) {
            SpecText::find(&body);
        }
    }
}

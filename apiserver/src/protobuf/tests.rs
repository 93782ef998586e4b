use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use setpoint_core::kind::Registry;
use setpoint_core::object::Draft;
use setpoint_core::schema::{Schema, unknown_fields};

use super::message::VALUES_MAX;
use super::table::{Count, Field, Shape, message, messages};
use super::*;

/// Without what means nothing: Go writes zero values that JSON leaves out.
fn pruned(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(name, value)| (name.clone(), pruned(value)));
            Value::Object(kept.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(pruned).collect()),
        other => other.clone(),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_i64() == Some(0),
        Value::String(value) => value.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[test]
fn what_kubectl_sends_is_what_it_would_have_sent_as_json() {
    // WIRE-02
    for line in include_str!("kubectl.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let body = STANDARD.decode(case["body"].as_str().expect("a body")).expect("base64");
        let read = parse(&body).unwrap_or_else(|unread| panic!("{}: {}", case["object"]["kind"], unread.why));
        assert_eq!(pruned(&read), pruned(&case["object"]));
    }
}

/// Writes messages, for tests alone.
mod writer {
    use super::*;

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push((value as u8 & 0x7f) | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    fn number(field: u32, value: i64, out: &mut Vec<u8>) {
        varint(u64::from(field) << 3, out);
        varint(value.cast_unsigned(), out);
    }

    fn bytes(field: u32, value: &[u8], out: &mut Vec<u8>) {
        varint(u64::from(field) << 3 | 2, out);
        varint(value.len() as u64, out);
        out.extend_from_slice(value);
    }

    fn text(field: u32, value: &str, out: &mut Vec<u8>) {
        bytes(field, value.as_bytes(), out);
    }

    pub(super) fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let (mut type_meta, mut out) = (Vec::new(), b"k8s\0".to_vec());
        text(1, api_version, &mut type_meta);
        text(2, kind, &mut type_meta);
        bytes(1, &type_meta, &mut out);
        bytes(2, raw, &mut out);
        text(3, "", &mut out);
        text(4, "", &mut out);
        out
    }

    pub(super) fn object(index: usize, value: &Value) -> Vec<u8> {
        let (message, mut out) = (message(index), Vec::new());
        if message.is_list {
            for item in value.as_array().into_iter().flatten() {
                text(1, item.as_str().expect("a text"), &mut out);
            }
            return out;
        }
        for field in &message.fields {
            let inlined = field.name.is_empty();
            let Some(value) = (if inlined { Some(value) } else { value.get(field.name) }) else { continue };
            match field.count {
                Count::One => one(field.number, field.shape, value, &mut out),
                Count::List => {
                    value
                        .as_array()
                        .into_iter()
                        .flatten()
                        .for_each(|item| one(field.number, field.shape, item, &mut out));
                }
                Count::Map => {
                    for (key, value) in value.as_object().into_iter().flatten() {
                        let mut entry = Vec::new();
                        text(1, key, &mut entry);
                        one(2, field.shape, value, &mut entry);
                        bytes(field.number, &entry, &mut out);
                    }
                }
            }
        }
        out
    }

    fn one(field: u32, shape: Shape, value: &Value, out: &mut Vec<u8>) {
        let string = || value.as_str().unwrap_or_default();
        let mut inner = Vec::new();
        match shape {
            Shape::Text => return text(field, string(), out),
            Shape::Integer | Shape::Long => return number(field, value.as_i64().expect("a number"), out),
            Shape::Bool => return number(field, i64::from(value.as_bool().expect("a bool")), out),
            Shape::Bytes => return bytes(field, &STANDARD.decode(string()).expect("base64"), out),
            Shape::Double => {
                varint(u64::from(field) << 3 | 1, out);
                return out.extend(value.as_f64().expect("a number").to_bits().to_le_bytes());
            }
            Shape::Quantity => text(1, string(), &mut inner),
            Shape::Time | Shape::MicroTime => {
                let time: jiff::Timestamp = string().parse().expect("a time");
                number(1, time.as_second(), &mut inner);
                number(2, time.subsec_nanosecond().into(), &mut inner);
            }
            Shape::Duration => number(1, string().trim_end_matches("ns").parse().expect("ns"), &mut inner),
            Shape::IntOrString => match value.as_i64() {
                Some(int) => {
                    number(1, 0, &mut inner);
                    number(2, int, &mut inner);
                }
                None => {
                    number(1, 1, &mut inner);
                    text(3, string(), &mut inner);
                }
            },
            Shape::Raw => bytes(1, value.to_string().as_bytes(), &mut inner),
            Shape::Message(index) => inner = object(index, value),
        }
        bytes(field, &inner, out);
    }
}

/// A value of every field, as far as `depth` goes, made of what `seed` gives.
fn full(index: usize, depth: usize, seed: &mut dyn FnMut() -> u32) -> Value {
    let (message, mut object) = (message(index), Map::new());
    if message.is_list {
        return json!([format!("t{}", seed())]);
    }
    for field in &message.fields {
        if let Shape::Message(inner) = field.shape
            && field.name.is_empty()
        {
            let Value::Object(fields) = full(inner, depth, seed) else { panic!("it is inlined") };
            object.extend(fields);
            continue;
        }
        if depth == 0 && matches!(field.shape, Shape::Message(inner) if !super::table::message(inner).is_list)
        {
            continue;
        }
        let value = made(field, depth, seed);
        object.insert(field.name.to_owned(), value);
    }
    Value::Object(object)
}

fn made(field: &Field, depth: usize, seed: &mut dyn FnMut() -> u32) -> Value {
    let one = |seed: &mut dyn FnMut() -> u32| match field.shape {
        Shape::Text => json!(format!("t{}", seed())),
        Shape::Integer => json!(seed() as i32),
        Shape::Long => json!(i64::from(seed()) * if seed().is_multiple_of(2) { 1 } else { -3_000_000_000 }),
        Shape::Bool => json!(seed().is_multiple_of(2)),
        Shape::Bytes => json!(STANDARD.encode(seed().to_le_bytes())),
        Shape::Double => json!(f64::from(seed()) / 3.0),
        Shape::Quantity => json!(format!("{}m", seed())),
        Shape::Time => json!(jiff::Timestamp::from_second(seed().into()).expect("a time").to_string()),
        Shape::MicroTime => {
            let micros = i64::from(seed()) * 1_000_003;
            json!(format!("{:.6}", jiff::Timestamp::from_microsecond(micros).expect("a time")))
        }
        Shape::Duration => json!(format!("{}ns", seed())),
        Shape::IntOrString if seed().is_multiple_of(2) => json!(seed() as i32),
        Shape::IntOrString => json!(format!("{}%", seed())),
        Shape::Raw => json!({"f:a": {"n": seed()}}),
        Shape::Message(inner) => full(inner, depth - usize::from(depth > 0), seed),
    };
    match field.count {
        Count::One => one(seed),
        Count::List => json!([one(seed), one(seed)]),
        Count::Map => json!({format!("k{}", seed()): one(seed), "a/b": one(seed)}),
    }
}

fn round_trip(kind: &'static str, index: usize, mut seed: u32) {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 8
    };
    let (api_version, kind) = kind.rsplit_once('/').expect("a version and a kind");
    let mut object = full(index, 5, &mut next);
    let sent = writer::envelope(api_version, kind, &writer::object(index, &object));
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    let read = parse(&sent).unwrap_or_else(|unread| panic!("{kind}: {}", unread.why));
    assert_eq!(read, object, "{kind}");
}

fn kinds() -> impl Iterator<Item = (&'static str, usize)> {
    messages()
        .iter()
        .enumerate()
        .filter(|(_, message)| !message.kind.is_empty())
        .map(|(at, it)| (it.kind, at))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn every_kind_comes_back_as_it_was_sent(seed: u32) {
        for (kind, index) in kinds() {
            round_trip(kind, index, seed);
        }
    }

    #[test]
    fn no_body_is_read_with_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&body);
        for kind in ["Pod", "Service", "Event", "Secret"] {
            let _ = parse(&writer::envelope("v1", kind, &body));
        }
    }

    #[test]
    fn no_broken_object_is_read_with_a_panic(seed: u32, at: usize, byte: u8) {
        let index = super::table::find("apps/v1", "Deployment").expect("it is there");
        let mut seed = seed;
        let object = full(index, 4, &mut || { seed = seed.wrapping_mul(69_069).wrapping_add(1); seed >> 8 });
        let mut body = writer::envelope("apps/v1", "Deployment", &writer::object(index, &object));
        let at = at % body.len();
        body[at] = byte;
        let _ = parse(&body);
        body.truncate(at);
        let _ = parse(&body);
    }
}

#[test]
fn the_table_has_every_field_that_the_api_has_and_no_other() {
    // Fields that are new in 1.37 are in alpha types, or not in protobuf yet.
    for (kind, index) in kinds() {
        let (api_version, name) = kind.rsplit_once('/').expect("a version and a kind");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let Some(type_) = Schema::of_kind(group, version, name) else { continue };
        let mut object = full(index, 7, &mut || 7);
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(name);
        assert_eq!(unknown_fields(&object, type_), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn every_registered_kind_is_read_and_fits_its_type() {
    for kind in Registry::builtin().kinds() {
        for served in &kind.versions {
            let api_version = served.api_version();
            if kind.names.kind == "CustomResourceDefinition" {
                continue; // No client writes definitions in protobuf (WIRE-03).
            }
            let Some(index) = super::table::find(&api_version, &kind.names.kind) else {
                panic!("{api_version} {} has no message", kind.names.kind);
            };
            if kind.conversion.is_some() && *served != kind.versions[0] {
                continue;
            }
            let mut object = full(index, 6, &mut || 7);
            object["metadata"] = json!({"name": "x"});
            let fits = Draft::from_value(std::sync::Arc::clone(&kind), object);
            assert!(fits.is_ok(), "{}: {:?}", kind.names.kind, fits.err());
        }
    }
}

#[test]
fn what_is_no_envelope_is_refused_in_upstreams_words() {
    let why = |body: &[u8]| parse(body).expect_err("it is none").why;
    assert_eq!(why(b""), "empty data");
    assert_eq!(
        why(b"{}"),
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    );
    assert_eq!(why(b"k8s\0\x0a\xff"), "unexpected EOF");
    let unknown = parse(&writer::envelope("v9", "Thing", b"")).expect_err("it is unknown");
    assert_eq!(unknown.holds, Some(("v9".to_owned(), "Thing".to_owned())));
    let odd = parse(&writer::envelope("v1", "Pod", b"\x0b")).expect_err("groups are no fields");
    assert!(odd.why.contains("illegal wireType 3"), "{}", odd.why);
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    // A list of very many empty ports.
    let pods = writer::envelope("v1", "ConfigMap", &b"\x12\x00".repeat(VALUES_MAX + 1));
    assert!(parse(&pods).expect_err("too many").why.contains("more than 500000 values"));
    assert!(parse(&writer::envelope("v1", "ConfigMap", &b"\x12\x00".repeat(1000))).is_ok());
    // What is nested in itself without end: a label selector is not, so a time out of range stands for odd content.
    let time = writer::envelope("v1", "Pod", b"\x0a\x0c\x42\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
    assert!(parse(&time).expect_err("no such time").why.contains("out of range"));
}

#[test]
fn negative_numbers_are_ten_bytes_long() {
    let mut raw = b"\x0a\x00\x10".to_vec();
    raw.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    let read = parse(&writer::envelope("scheduling.k8s.io/v1", "PriorityClass", &raw)).expect("it is one");
    assert_eq!(read["value"], -1);
}

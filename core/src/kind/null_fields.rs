//! API types as JSON text, with null where upstream writes it: what [`empty_fields`](super::empty_fields) does to values.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use smallvec::SmallVec;

/// Writes a value as JSON text, with the fields of these paths as null where they are not set.
///
/// `below` is the path of the value itself, of whose paths the rest counts; empty for a whole object.
pub(super) fn write(
    value: &impl Serialize,
    paths: &'static [&'static str],
    below: &str,
    into: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let within = Places::of(paths).below(below);
    let filler = Filler { next: within, open: SmallVec::new(), name: None };
    value.serialize(&mut serde_json::Serializer::with_formatter(into, filler))
}

/// How many paths a kind may have.
const PATHS_MAX: usize = 64;

/// The places in the paths of a kind at which a value is: those paths that lead through it, and how far they have come.
#[derive(Debug, Clone, Copy)]
struct Places {
    paths: &'static [&'static str],
    /// Bit by bit, which of the paths lead through it.
    through: u64,
    /// How long the part of these paths is that has been gone.
    gone: usize,
}

impl Places {
    const NOWHERE: Self = Self { paths: &[], through: 0, gone: 0 };

    fn of(paths: &'static [&'static str]) -> Self {
        debug_assert!(paths.len() <= PATHS_MAX, "there is a bit for each path");
        let through = paths.iter().take(PATHS_MAX).enumerate().fold(0, |bits, (at, _)| bits | 1 << at);
        Self { paths, through, gone: 0 }
    }

    /// What is left of each path, with its bit.
    fn rests(self) -> impl Iterator<Item = (u64, &'static str)> {
        let bits = (0..PATHS_MAX).map(|at| 1_u64 << at).zip(self.paths);
        bits.filter(move |(bit, _)| self.through & bit != 0)
            .filter_map(move |(bit, path)| Some((bit, path.get(self.gone..)?)))
    }

    /// The places of a field, or of the items in it.
    fn below(self, field: &str) -> Self {
        if self.through == 0 || field.is_empty() {
            return self;
        }
        let mut found = Self { through: 0, ..self };
        for (bit, rest) in self.rests() {
            let Some(rest) = rest.strip_prefix(field) else { continue };
            let separator = if rest.starts_with("[].") { 3 } else { usize::from(rest.starts_with('.')) };
            if separator > 0 {
                found.through |= bit;
                found.gone = self.gone + field.len() + separator;
            }
        }
        found
    }
}

/// An object or array that is being written.
struct Open {
    places: Places,
    /// Fields that are there, by the bits of the paths that end in them.
    seen: u64,
    is_empty: bool,
    is_array: bool,
}

/// A formatter that adds what is missing at the end of each object.
struct Filler {
    /// The places of the value that comes next.
    next: Places,
    open: SmallVec<[Open; 8]>,
    /// The name of the field that is being written, as far as it was told.
    name: Option<String>,
}

impl Formatter for Filler {
    fn begin_object<W: ?Sized + io::Write>(&mut self, into: &mut W) -> io::Result<()> {
        self.open.push(Open { places: self.next, seen: 0, is_empty: true, is_array: false });
        into.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, into: &mut W) -> io::Result<()> {
        if let Some(Open { places, seen, mut is_empty, .. }) = self.open.pop() {
            let leaves = places.rests().filter(|(bit, rest)| seen & bit == 0 && !rest.contains('.'));
            for (_, leaf) in leaves {
                into.write_all(if is_empty { b"\"" } else { b",\"" })?;
                into.write_all(leaf.as_bytes())?;
                into.write_all(b"\":null")?;
                is_empty = false;
            }
        }
        into.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, into: &mut W, first: bool) -> io::Result<()> {
        if let Some(open) = self.open.last_mut() {
            open.is_empty = false;
            self.name = (open.places.through != 0).then(String::new);
        }
        CompactFormatter.begin_object_key(into, first)
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, into: &mut W) -> io::Result<()> {
        self.next = Places::NOWHERE;
        if let Some(name) = self.name.take()
            && let Some(open) = self.open.last_mut()
        {
            self.next = open.places.below(&name);
            open.seen |=
                open.places.rests().filter(|(_, rest)| *rest == name).fold(0, |bits, (bit, _)| bits | bit);
        }
        CompactFormatter.end_object_key(into)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        into: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if let Some(name) = &mut self.name {
            name.push_str(fragment);
        }
        into.write_all(fragment.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        into: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        // No path has such a name in it.
        self.name = None;
        CompactFormatter.write_char_escape(into, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, into: &mut W) -> io::Result<()> {
        // Paths do not lead into lists of lists.
        let is_inner = self.open.last().is_some_and(|open| open.is_array);
        let places = if is_inner { Places::NOWHERE } else { self.next };
        self.open.push(Open { places, seen: 0, is_empty: true, is_array: true });
        into.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, into: &mut W, first: bool) -> io::Result<()> {
        self.next = self.open.last().map_or(Places::NOWHERE, |open| open.places);
        CompactFormatter.begin_array_value(into, first)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, into: &mut W) -> io::Result<()> {
        self.open.pop();
        into.write_all(b"]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::kind::empty_fields;

    const PATHS: &[&str] = &["a[].c.d", "a[].cc", "e.f", "g", "h.i"];

    fn written(value: &Value) -> Value {
        let mut text = Vec::new();
        write(value, PATHS, "", &mut text).expect("values have text keys");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn filled(value: &Value) -> Value {
        let mut fields: Map<String, Value> = value.as_object().cloned().expect("an object");
        empty_fields::fill(&mut fields, PATHS);
        Value::Object(fields)
    }

    #[test]
    fn what_is_missing_is_null_where_its_owner_is() {
        let value =
            json!({"a": [{"b": 1}, {"c": {"d": 2}}, {"c": {}}, {}], "e": {}, "x": {"g": [{"c": {}}]}});
        assert_eq!(written(&value), filled(&value));
        let mut text = Vec::new();
        write(&json!({"x": {}}), &["status.f", "g"], "status", &mut text).expect("values have text keys");
        assert_eq!(String::from_utf8_lossy(&text), r#"{"x":{},"f":null}"#);
    }

    fn value() -> impl Strategy<Value = Value> {
        let name = || prop::sample::select(vec!["a", "c", "cc", "d", "e", "f", "g", "h", "i", "x\"y"]);
        let leaf = prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("a"))];
        let any = leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::btree_map(name(), inner.clone(), 0..4).prop_map(|fields| json!(fields)),
                prop::collection::vec(inner, 0..3).prop_map(Value::Array),
            ]
        });
        prop::collection::btree_map(name(), any, 0..6).prop_map(|fields| json!(fields))
    }

    proptest! {
        #[test]
        fn text_and_value_are_filled_alike(value in value()) {
            prop_assert_eq!(written(&value), filled(&value));
        }
    }
}

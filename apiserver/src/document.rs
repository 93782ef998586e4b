//! Bodies of requests as JSON values, with what a strict reader objects to (WIRE-01, PATCH-16).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::answer::unsupported_media_type;

/// How deep YAML may be: its reader takes some 16 KiB of stack for each level when it is not optimized, and a thread has
/// 2 MiB.
const YAML_DEPTH_MAX: usize = 64;

/// How many fields that are there twice are named at the most.
const DUPLICATES_MAX: usize = 100;

/// A body that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// Paths of fields that are there more than once; the last value counts.
    pub(crate) duplicates: Vec<String>,
}

/// The languages of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Json,
    Yaml,
}

impl Language {
    /// The language that a `Content-Type` tells; JSON if there is none.
    ///
    /// # Errors
    ///
    /// `UnsupportedMediaType`.
    pub(crate) fn of_media_type(header: &str) -> setpoint_core::Result<Self> {
        let mut parts = header.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        // What the parameters say does not matter, but they have to be some.
        let is_well_formed = parts.all(|part| part.is_empty() || part.contains('='));
        match media_type.as_str() {
            "" | "application/json" if is_well_formed => Ok(Self::Json),
            "application/yaml" if is_well_formed => Ok(Self::Yaml),
            _ => {
                let accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
                Err(unsupported_media_type(accepted.into()))
            }
        }
    }
}

impl Document {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// What the reader says: not well-formed, too deep, too large when references are resolved.
    pub(crate) fn parse(language: Language, body: &[u8]) -> Result<Self, String> {
        match language {
            Language::Json => Self::json(body),
            Language::Yaml => Self::yaml(body),
        }
    }

    /// YAML, of which JSON is a part.
    fn yaml(body: &[u8]) -> Result<Self, String> {
        if body.trim_ascii_start().first() == Some(&b'{')
            && let Ok(document) = Self::json(body)
        {
            return Ok(document);
        }
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        let budget = serde_saphyr::budget! { max_depth: YAML_DEPTH_MAX };
        let options = serde_saphyr::options! { budget: budget };
        let value: Value =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| first_line(&error))?;
        Ok(Self { value, duplicates: Vec::new() })
    }

    fn json(body: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { path: String::new(), duplicates: Vec::new() };
        let mut source = serde_json::Deserializer::from_slice(body);
        let value = Seed(&mut reader).deserialize(&mut source).map_err(|error| error.to_string())?;
        source.end().map_err(|error| error.to_string())?;
        Ok(Self { value, duplicates: reader.duplicates })
    }
}

/// What a reader says first; what may follow shows the text around it.
fn first_line(error: &dyn fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

struct Reader {
    path: String,
    duplicates: Vec<String>,
}

/// Reads a value at the reader's path.
struct Seed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // `-0` is an integer in Go, which is how upstream reads it.
        if value == 0.0 && value.is_sign_negative() {
            return Ok(Value::Number(0.into()));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let length = self.0.path.len();
        let mut values = Vec::new();
        loop {
            self.0.path.push_str(&format!("[{}]", values.len()));
            let value = list.next_element_seed(Seed(self.0))?;
            self.0.path.truncate(length);
            match value {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let length = self.0.path.len();
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if length > 0 {
                self.0.path.push('.');
            }
            self.0.path.push_str(&name);
            if fields.contains_key(&name) {
                if self.0.duplicates.len() == DUPLICATES_MAX {
                    return Err(A::Error::custom("too many fields are there twice"));
                }
                if !self.0.duplicates.contains(&self.0.path) {
                    self.0.duplicates.push(self.0.path.clone());
                }
            }
            let value = map.next_value_seed(Seed(self.0))?;
            self.0.path.truncate(length);
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use setpoint_core::patch::DEPTH_MAX;

    use super::*;

    fn read(language: Language, body: &str) -> Result<(Value, Vec<String>), String> {
        Document::parse(language, body.as_bytes()).map(|document| (document.value, document.duplicates))
    }

    // PATCH-16
    #[test]
    fn fields_that_are_there_twice_are_named_and_the_last_one_counts() {
        let body = r#"{"metadata":{"name":"x","name":"y"},"list":[{"a":1},{"b":1,"b":2,"b":3}]}"#;
        let (value, duplicates) = read(Language::Json, body).expect("well-formed");
        assert_eq!(value, json!({"metadata": {"name": "y"}, "list": [{"a": 1}, {"b": 3}]}));
        assert_eq!(duplicates, ["metadata.name", "list[1].b"]);
    }

    // WIRE-05
    #[test]
    fn hostile_bodies_are_refused() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let bomb = (0..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, at| {
            format!("{text}a{}: &a{} [{}]\n", at + 1, at + 1, vec![format!("*a{at}"); 10].join(","))
        });
        let table = [
            (Language::Json, String::new()),
            (Language::Json, "{nonsense".to_owned()),
            (Language::Json, "{} {}".to_owned()),
            (Language::Json, deep(200)),
            (Language::Json, deep(100_000)),
            (Language::Json, "1e999".to_owned()),
            (Language::Yaml, deep(100_000)),
            (Language::Yaml, bomb),
            (Language::Yaml, "a: b: c".to_owned()),
        ];
        for (language, body) in table {
            let told = body.chars().take(40).collect::<String>();
            assert!(read(language, &body).is_err(), "{language:?} {told}");
        }
        assert!(read(Language::Json, &deep(DEPTH_MAX - 1)).is_ok());
    }

    #[test]
    fn yaml_is_read_and_json_as_yaml() {
        let yaml = "kind: ConfigMap\ndata:\n  a: \"1\"\n";
        assert_eq!(
            read(Language::Yaml, yaml),
            Ok((json!({"kind": "ConfigMap", "data": {"a": "1"}}), Vec::new()))
        );
        assert_eq!(read(Language::Yaml, r#"{"a": 1}"#), Ok((json!({"a": 1}), Vec::new())));
    }

    // WIRE-01, WIRE-02
    #[test]
    fn media_types_tell_the_language() {
        let of = |header: &str| Language::of_media_type(header).map_err(|error| error.code());
        assert_eq!(of(""), Ok(Language::Json));
        assert_eq!(of("application/json; charset=utf-8"), Ok(Language::Json));
        assert_eq!(of("Application/YAML"), Ok(Language::Yaml));
        assert_eq!(of("text/plain"), Err(415));
        assert_eq!(of("text/html"), Err(415));
    }
}

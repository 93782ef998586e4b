//! Messages as JSON objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

use super::table::{self, Count, Field, Shape};
use super::wire::{Fault, Fields, Wire};
use super::words;

/// How deep messages may be nested.
pub(crate) const DEPTH_MAX: usize = 64;

/// How many values a body may have.
pub(crate) const VALUES_MAX: usize = 500_000;

/// Reads messages, and counts what it reads.
#[derive(Debug, Default)]
pub(super) struct Reader {
    values: usize,
}

impl Reader {
    /// Adds the fields of a message to an object.
    pub(super) fn message(
        &mut self,
        index: usize,
        bytes: &[u8],
        depth: usize,
        into: &mut Map<String, Value>,
    ) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(Fault::new(format!("the object is nested more than {DEPTH_MAX} levels deep")));
        }
        let message = table::message(index);
        let mut fields = Fields(bytes);
        while let Some((number, wire)) = fields.next()? {
            let Some(field) = message.field(number) else { continue };
            self.values += 1;
            if self.values > VALUES_MAX {
                return Err(Fault::new(format!("the object has more than {VALUES_MAX} values")));
            }
            let fault = |Fault(why)| Fault(format!("{}.{}: {why}", message.name, field.name));
            self.field(field, wire, depth, into).map_err(fault)?;
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &Field,
        wire: Wire<'_>,
        depth: usize,
        into: &mut Map<String, Value>,
    ) -> Result<(), Fault> {
        match (field.count, field.shape, wire) {
            // Its fields stand in its place.
            (Count::One, Shape::Message(index), Wire::Bytes(bytes)) if field.name.is_empty() => {
                self.message(index, bytes, depth + 1, into)
            }
            // Said twice, a message is both together.
            (Count::One, Shape::Message(index), Wire::Bytes(bytes)) if !table::message(index).is_list => {
                let value = into.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
                match value {
                    Value::Object(inner) => self.message(index, bytes, depth + 1, inner),
                    _ => Ok(()),
                }
            }
            (Count::One, ..) => {
                if let Some(value) = self.value(field.shape, wire, depth)? {
                    into.insert(field.name.to_owned(), value);
                }
                Ok(())
            }
            (Count::List, Shape::Integer | Shape::Long | Shape::Bool, Wire::Bytes(packed)) => {
                let mut packed = Fields(packed);
                let list = list_of(into, field.name);
                while !packed.0.is_empty() {
                    let number = Wire::Varint(packed.varint()?);
                    self.values += 1;
                    if self.values > VALUES_MAX {
                        return Err(Fault::new(format!("the object has more than {VALUES_MAX} values")));
                    }
                    list.extend(scalar(field.shape, number)?);
                }
                Ok(())
            }
            (Count::List, ..) => {
                let value = self.value(field.shape, wire, depth)?.unwrap_or_default();
                list_of(into, field.name).push(value);
                Ok(())
            }
            (Count::Map, _, Wire::Bytes(entry)) => {
                let (key, value) = self.entry(field.shape, entry, depth)?;
                let map = into.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(map) = map {
                    map.insert(key, value);
                }
                Ok(())
            }
            (Count::Map, ..) => Err(wrong_type()),
        }
    }

    /// A key and its value.
    fn entry(&mut self, shape: Shape, bytes: &[u8], depth: usize) -> Result<(String, Value), Fault> {
        let (mut key, mut value) = (String::new(), None);
        let mut fields = Fields(bytes);
        while let Some((number, wire)) = fields.next()? {
            match number {
                1 => words::text(wire)?.clone_into(&mut key),
                2 => value = self.value(shape, wire, depth)?,
                _ => {}
            }
        }
        let nothing = || match shape {
            Shape::Text | Shape::Bytes => Value::from(""),
            Shape::Quantity => Value::from("0"),
            Shape::Integer | Shape::Long => Value::from(0),
            Shape::Bool => Value::from(false),
            Shape::Message(index) if table::message(index).is_list => Value::Array(Vec::new()),
            Shape::Message(_) => Value::Object(Map::new()),
            _ => Value::Null,
        };
        Ok((key, value.unwrap_or_else(nothing)))
    }

    fn value(&mut self, shape: Shape, wire: Wire<'_>, depth: usize) -> Result<Option<Value>, Fault> {
        let bytes = match wire {
            Wire::Bytes(bytes) => bytes,
            _ => return scalar(shape, wire),
        };
        match shape {
            Shape::Quantity => words::quantity(bytes).map(Some),
            Shape::Time => words::time(bytes, false),
            Shape::MicroTime => words::time(bytes, true),
            Shape::Duration => words::duration(bytes).map(Some),
            Shape::IntOrString => words::int_or_string(bytes).map(Some),
            Shape::Raw => words::raw(bytes),
            Shape::Message(index) if table::message(index).is_list => texts(bytes).map(Some),
            Shape::Message(index) => {
                let mut inner = Map::new();
                self.message(index, bytes, depth + 1, &mut inner)?;
                Ok(Some(Value::Object(inner)))
            }
            _ => scalar(shape, wire),
        }
    }
}

fn list_of<'a>(into: &'a mut Map<String, Value>, name: &'static str) -> &'a mut Vec<Value> {
    let value = into.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut().expect("it was just made a list")
}

fn scalar(shape: Shape, wire: Wire<'_>) -> Result<Option<Value>, Fault> {
    Ok(Some(match (shape, wire) {
        (Shape::Text, wire @ Wire::Bytes(_)) => Value::from(words::text(wire)?),
        (Shape::Bytes, Wire::Bytes(bytes)) => Value::from(STANDARD.encode(bytes)),
        (Shape::Integer, Wire::Varint(value)) => Value::from(value as i32),
        (Shape::Long, Wire::Varint(value)) => Value::from(value.cast_signed()),
        (Shape::Bool, Wire::Varint(value)) => Value::from(value != 0),
        (Shape::Double, Wire::Fixed64(bits)) => {
            let number = Number::from_f64(f64::from_bits(bits));
            Value::Number(number.ok_or_else(|| Fault::new("a number is not finite"))?)
        }
        _ => return Err(wrong_type()),
    }))
}

/// A list of texts in a message of its own.
fn texts(bytes: &[u8]) -> Result<Value, Fault> {
    let (mut fields, mut list) = (Fields(bytes), Vec::new());
    while let Some((number, wire)) = fields.next()? {
        if number == 1 {
            list.push(Value::from(words::text(wire)?));
        }
    }
    Ok(Value::Array(list))
}

fn wrong_type() -> Fault {
    Fault::new("proto: wrong wireType")
}

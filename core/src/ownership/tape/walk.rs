use std::hash::Hasher;

use serde::ser::{self, Serialize};
use smallvec::SmallVec;

use super::hash::{Hash, NotJson};
use super::{Empty, Form, LeafHasher, Tape};
use crate::ownership::place::{Declared, Shape, UNDECLARED};
use crate::ownership::{Element, Name, Scalar};
use crate::schema::{Field, ListType, Node as Place};

/// Writes one value to a tape, at a node that is open.
pub(super) struct Walk<'a> {
    pub(super) tape: &'a mut Tape,
    pub(super) at: usize,
    pub(super) place: &'static Place,
    /// The list that the value is an item of, if its items have keys or values as names.
    pub(super) item_of: Option<&'static ListType>,
}

impl<'a> Walk<'a> {
    fn scalar<T: Serialize + ?Sized>(self, value: &T, name: impl FnOnce() -> Scalar) -> Result<(), NotJson> {
        let hash = hash_of(value)?;
        let node = self.tape.node_mut(self.at);
        node.form = Form::Leaf(hash);
        if self.item_of == Some(&ListType::Set) {
            node.element = Element::value(name());
        }
        Ok(())
    }

    fn null(self) {
        let form = match Shape::of(self.place) {
            Shape::Whole => Form::Leaf(0),
            _ => Form::Branch(Empty::Null),
        };
        self.tape.node_mut(self.at).form = form;
    }

    fn items(self) -> Compound<'a> {
        match Shape::of(self.place) {
            Shape::Items(place, list_type) => {
                self.branch(Empty::List, Inside::Items { place, list_type, count: 0 })
            }
            _ => self.whole(Empty::List),
        }
    }

    fn entries(self) -> Compound<'a> {
        let keys: &'static [&'static str] = match self.item_of {
            Some(ListType::Map(keys)) => keys,
            _ => &[],
        };
        match Shape::of(self.place) {
            Shape::Fields(type_) => {
                let inside = Inside::Fields { declared: Declared::of(type_), keys, found: SmallVec::new() };
                self.branch(Empty::Map, inside)
            }
            Shape::Entries(place) => self.branch(Empty::Map, Inside::Entries(place)),
            Shape::Open => self.branch(Empty::Map, Inside::Entries(UNDECLARED)),
            _ => self.whole(Empty::Map),
        }
    }

    fn branch(self, empty: Empty, inside: Inside) -> Compound<'a> {
        self.tape.node_mut(self.at).form = Form::Branch(empty);
        Compound { tape: self.tape, at: self.at, inside, name: None }
    }

    fn whole(self, empty: Empty) -> Compound<'a> {
        let mut hasher = LeafHasher::default();
        hasher.write_u8(empty as u8);
        Compound { tape: self.tape, at: self.at, inside: Inside::Whole(hasher), name: None }
    }
}

fn hash_of<T: Serialize + ?Sized>(value: &T) -> Result<u64, NotJson> {
    let mut hasher = LeafHasher::default();
    value.serialize(Hash(&mut hasher))?;
    Ok(hasher.finish())
}

/// A list, map or struct that is being written.
pub(super) struct Compound<'a> {
    tape: &'a mut Tape,
    at: usize,
    inside: Inside,
    /// A map's key, until its value comes.
    name: Option<Name>,
}

enum Inside {
    Whole(LeafHasher),
    Items {
        place: &'static Place,
        list_type: &'static ListType,
        count: i64,
    },
    Entries(&'static Place),
    Fields {
        declared: Declared,
        /// The fields by which a list tells this struct from others.
        keys: &'static [&'static str],
        found: SmallVec<[(Name, Scalar); 2]>,
    },
}

impl Compound<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        match &mut self.inside {
            Inside::Items { place, list_type, count } => {
                let at = self.tape.open(Element::Index(*count));
                *count += 1;
                let walk = Walk { tape: &mut *self.tape, at, place, item_of: Some(*list_type) };
                value.serialize(walk)?;
                self.tape.close(at);
                Ok(())
            }
            Inside::Whole(hasher) => value.serialize(Hash(hasher)),
            Inside::Entries(_) | Inside::Fields { .. } => Err(NotJson),
        }
    }

    fn entry<T: Serialize + ?Sized>(&mut self, name: Name, value: &T) -> Result<(), NotJson> {
        let tape = &mut *self.tape;
        match &mut self.inside {
            Inside::Fields { declared, keys, found } => {
                let field = declared.find(&name, |field| write_empty(tape, field));
                if keys.contains(&&*name) {
                    let scalar = value.serialize(serde_json::value::Serializer).map_err(|_| NotJson)?;
                    let name =
                        keys.iter().find(|key| **key == &*name).map_or(name.clone(), |key| Name::Static(key));
                    found.push((name, Scalar::of(&scalar)));
                }
                let (name, place) = match field {
                    Some(field) => (Name::Static(field.name()), field.node()),
                    None => (name, UNDECLARED),
                };
                write(tape, name, value, place)
            }
            Inside::Entries(place) => write(tape, name, value, place),
            Inside::Whole(hasher) => {
                (*name).serialize(Hash(hasher))?;
                value.serialize(Hash(hasher))
            }
            Inside::Items { .. } => Err(NotJson),
        }
    }

    fn finish(self) -> Result<(), NotJson> {
        let tape = self.tape;
        match self.inside {
            Inside::Whole(hasher) => tape.node_mut(self.at).form = Form::Leaf(hasher.finish()),
            Inside::Items { .. } | Inside::Entries(_) => {}
            Inside::Fields { mut declared, keys, mut found } => {
                declared.finish(|field| write_empty(tape, field));
                if keys.is_empty() {
                    return Ok(());
                }
                for key in keys {
                    if found.iter().all(|(name, _)| **name != **key)
                        && let Some(default) = declared.default_of(key)
                    {
                        found.push((Name::Static(key), Scalar::of(default)));
                    }
                }
                if !found.is_empty() {
                    tape.node_mut(self.at).element = Element::key(found);
                }
            }
        }
        Ok(())
    }
}

/// Writes what a server writes for a field without a value.
fn write_empty(tape: &mut Tape, field: &'static Field) {
    if let Some(written) = field.written() {
        tape.write(Element::Field(Name::Static(field.name())), written, field.node());
    }
}

fn write<T: Serialize + ?Sized>(
    tape: &mut Tape,
    name: Name,
    value: &T,
    place: &'static Place,
) -> Result<(), NotJson> {
    let at = tape.open(Element::Field(name));
    value.serialize(Walk { tape: &mut *tape, at, place, item_of: None })?;
    tape.close(at);
    Ok(())
}

/// Numbers.
macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), NotJson> {
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap)]
            self.scalar(&value, || Scalar::Integer(value as i64))
        }
    )*};
}

impl<'a> ser::Serializer for Walk<'a> {
    type Ok = ();
    type Error = NotJson;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = ser::Impossible<(), NotJson>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = ser::Impossible<(), NotJson>;

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_bool(self, value: bool) -> Result<(), NotJson> {
        self.scalar(&value, || Scalar::Boolean(value))
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotJson> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotJson> {
        self.scalar(&value, || Scalar::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<(), NotJson> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotJson> {
        self.scalar(value, || Scalar::from(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), NotJson> {
        self.null();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotJson> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotJson> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotJson> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        let mut compound = self.entries();
        compound.entry(Name::Static(variant), value)?;
        compound.finish()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Compound<'a>, NotJson> {
        Ok(self.items())
    }

    fn serialize_tuple(self, _len: usize) -> Result<Compound<'a>, NotJson> {
        Ok(self.items())
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Compound<'a>, NotJson> {
        Ok(self.items())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotJson> {
        Err(NotJson)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Compound<'a>, NotJson> {
        Ok(self.entries())
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Compound<'a>, NotJson> {
        Ok(self.entries())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotJson> {
        Err(NotJson)
    }
}

/// Lists and what is like them.
macro_rules! lists {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = NotJson;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
                self.item(value)
            }

            fn end(self) -> Result<(), NotJson> {
                self.finish()
            }
        }
    )*};
}

lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field
);

impl ser::SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        self.entry(Name::Static(name), value)
    }

    fn end(self) -> Result<(), NotJson> {
        self.finish()
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotJson> {
        match key.serialize(serde_json::value::Serializer) {
            Ok(serde_json::Value::String(name)) => {
                self.name = Some(Name::Shared(name.into()));
                Ok(())
            }
            _ => Err(NotJson),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        let name = self.name.take().ok_or(NotJson)?;
        self.entry(name, value)
    }

    fn end(self) -> Result<(), NotJson> {
        self.finish()
    }
}

use std::fmt;
use std::hash::Hasher;

use serde::ser::{self, Serialize};

use super::LeafHasher;

/// Feeds a hasher with a value as JSON would show it.
pub(super) struct Hash<'a>(pub(super) &'a mut LeafHasher);

/// A value that has no JSON.
#[derive(Debug)]
pub(super) struct NotJson;

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no JSON")
    }
}

impl std::error::Error for NotJson {}

impl ser::Error for NotJson {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Told apart from each other by a number of their own.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Sort {
    Null,
    Boolean,
    Integer,
    Float,
    Text,
    List,
    Map,
    End,
}

impl Hash<'_> {
    fn put(self, sort: Sort, value: u64) {
        self.0.write_u8(sort as u8);
        self.0.write_u64(value);
    }

    fn text(self, text: &str) {
        self.0.write_u8(Sort::Text as u8);
        self.0.write_usize(text.len());
        self.0.write(text.as_bytes());
    }

    fn again(&mut self) -> Hash<'_> {
        Hash(self.0)
    }
}

/// A number of any width, so that equal numbers are equal.
macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), NotJson> {
            #[allow(clippy::cast_lossless, clippy::cast_sign_loss, clippy::cast_possible_wrap)]
            self.put(Sort::Integer, value as i64 as u64);
            Ok(())
        }
    )*};
}

impl ser::Serializer for Hash<'_> {
    type Ok = ();
    type Error = NotJson;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_bool(self, value: bool) -> Result<(), NotJson> {
        self.put(Sort::Boolean, u64::from(value));
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotJson> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotJson> {
        self.put(Sort::Float, value.to_bits());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), NotJson> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), NotJson> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NotJson> {
        self.0.write_u8(Sort::List as u8);
        self.0.write(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), NotJson> {
        self.put(Sort::Null, 0);
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
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        self.again().put(Sort::Map, 0);
        self.again().text(variant);
        value.serialize(self.again())?;
        self.put(Sort::End, 0);
        Ok(())
    }

    fn serialize_seq(mut self, _len: Option<usize>) -> Result<Self, NotJson> {
        self.again().put(Sort::List, 0);
        Ok(self)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self, NotJson> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Self, NotJson> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self, NotJson> {
        self.again().text(variant);
        self.serialize_seq(Some(len))
    }

    fn serialize_map(mut self, _len: Option<usize>) -> Result<Self, NotJson> {
        self.again().put(Sort::Map, 0);
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Self, NotJson> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self, NotJson> {
        self.again().text(variant);
        self.serialize_map(Some(len))
    }
}

/// Lists and what is like them.
macro_rules! lists {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for Hash<'_> {
            type Ok = ();
            type Error = NotJson;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
                value.serialize(self.again())
            }

            fn end(self) -> Result<(), NotJson> {
                self.put(Sort::End, 0);
                Ok(())
            }
        }
    )*};
}

lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// Structs.
macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Hash<'_> {
            type Ok = ();
            type Error = NotJson;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), NotJson> {
                self.again().text(name);
                value.serialize(self.again())
            }

            fn end(self) -> Result<(), NotJson> {
                self.put(Sort::End, 0);
                Ok(())
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Hash<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotJson> {
        key.serialize(self.again())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        value.serialize(self.again())
    }

    fn end(self) -> Result<(), NotJson> {
        self.put(Sort::End, 0);
        Ok(())
    }
}

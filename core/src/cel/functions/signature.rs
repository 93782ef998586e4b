use std::sync::Arc;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::{Opaque, Type};
use super::super::value::Value;

/// What a function does. Its arguments are of the types it is for, but what is in lists and maps is not looked at.
pub(in super::super) type Act = fn(&mut Run<'_>, &[Value]) -> Result<Value, Stop>;

/// One form of a function.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Overload {
    /// Whether the first argument stands before the dot.
    pub(in super::super) is_member: bool,
    pub(in super::super) params: &'static [Param],
    pub(in super::super) result: Param,
    pub(in super::super) act: Act,
}

pub(super) const fn global(params: &'static [Param], result: Param, act: Act) -> Overload {
    Overload { is_member: false, params, result, act }
}

pub(super) const fn member(params: &'static [Param], result: Param, act: Act) -> Overload {
    Overload { is_member: true, params, result, act }
}

/// The type of an argument or answer.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Param {
    Dyn,
    /// Any type, the same wherever it stands.
    A,
    /// Another one.
    B,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(&'static Param),
    Map(&'static Param, &'static Param),
    Optional(&'static Param),
    TypeOf(&'static Param),
    Opaque(Opaque),
}

/// What `A` and `B` stand for.
#[derive(Debug, Default)]
pub(in super::super) struct Bindings([Option<Type>; 2]);

impl Param {
    /// Whether an argument of a type fits; what the letters stand for is noted.
    pub(in super::super) fn fits(&self, found: &Type, bindings: &mut Bindings) -> bool {
        match (self, found) {
            (Self::A, _) => bindings.bind(0, found),
            (Self::B, _) => bindings.bind(1, found),
            (Self::List(items), Type::Dyn) | (Self::Optional(items), Type::Dyn) => {
                items.fits(&Type::Dyn, bindings)
            }
            (Self::Map(keys, values), Type::Dyn) => {
                keys.fits(&Type::Dyn, bindings) && values.fits(&Type::Dyn, bindings)
            }
            (Self::List(items), Type::List(found)) | (Self::Optional(items), Type::Optional(found)) => {
                items.fits(found, bindings)
            }
            (Self::Map(keys, values), Type::Map(found_keys, found_values)) => {
                keys.fits(found_keys, bindings) && values.fits(found_values, bindings)
            }
            (Self::List(_) | Self::Map(..), _) => false,
            (Self::Optional(_), other) => matches!(other, Type::Null),
            (Self::TypeOf(_), other) => matches!(other, Type::Dyn | Type::Type(_)),
            (simple, found) => simple.resolved(bindings).unifies(found),
        }
    }

    /// The type, with what the letters stand for.
    pub(in super::super) fn resolved(&self, bindings: &Bindings) -> Type {
        match self {
            Self::Dyn => Type::Dyn,
            Self::A => bindings.0[0].clone().unwrap_or(Type::Dyn),
            Self::B => bindings.0[1].clone().unwrap_or(Type::Dyn),
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Uint => Type::Uint,
            Self::Double => Type::Double,
            Self::String => Type::String,
            Self::Bytes => Type::Bytes,
            Self::Duration => Type::Duration,
            Self::Timestamp => Type::Timestamp,
            Self::List(items) => Type::list(items.resolved(bindings)),
            Self::Map(keys, values) => {
                Type::Map(Arc::new(keys.resolved(bindings)), Arc::new(values.resolved(bindings)))
            }
            Self::Optional(inner) => Type::optional(inner.resolved(bindings)),
            Self::TypeOf(inner) => Type::Type(Arc::new(inner.resolved(bindings))),
            Self::Opaque(opaque) => Type::Opaque(*opaque),
        }
    }

    /// Whether a value fits, without a look at what is in it.
    pub(in super::super) fn accepts(&self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Dyn | Self::A | Self::B, _)
                | (Self::Bool, Value::Bool(_))
                | (Self::Int, Value::Int(_))
                | (Self::Uint, Value::Uint(_))
                | (Self::Double, Value::Double(_))
                | (Self::String, Value::String(_))
                | (Self::Bytes, Value::Bytes(_))
                | (Self::Duration, Value::Duration(_))
                | (Self::Timestamp, Value::Timestamp(_))
                | (Self::List(_), Value::List(_))
                | (Self::Map(..), Value::Map(_) | Value::Object(_))
                | (Self::Optional(_), Value::Optional(_))
                | (Self::TypeOf(_), Value::Type(_))
                | (Self::Opaque(Opaque::Cidr), Value::Cidr(_))
                | (Self::Opaque(Opaque::Format), Value::Format(_))
                | (Self::Opaque(Opaque::Ip), Value::Ip(_))
                | (Self::Opaque(Opaque::Quantity), Value::Quantity(_))
                | (Self::Opaque(Opaque::Semver), Value::Semver(_))
                | (Self::Opaque(Opaque::Url), Value::Url(_))
        )
    }
}

impl Bindings {
    fn bind(&mut self, letter: usize, found: &Type) -> bool {
        match &self.0[letter] {
            Some(bound) if !bound.unifies(found) => false,
            Some(bound) => {
                self.0[letter] = Some(bound.joined(found));
                true
            }
            None => {
                self.0[letter] = Some(found.clone());
                true
            }
        }
    }
}

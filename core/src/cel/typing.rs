use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What an expression can answer, as far as that is known before it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Anything; looked at when it runs.
    Dyn,
    /// Nothing but null.
    Null,
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// One without a sign.
    Uint,
    /// A floating point number.
    Double,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A span of time.
    Duration,
    /// A moment.
    Timestamp,
    /// A list of these.
    List(Arc<Self>),
    /// A map.
    Map(Arc<Self>, Arc<Self>),
    /// An object with these fields.
    Object(Arc<Fields>),
    /// One of these, or nothing.
    Optional(Arc<Self>),
    /// The type of a value.
    Type(Arc<Self>),
    /// One of Kubernetes' own.
    Opaque(Opaque),
}

/// The fields of an object, by their names in expressions.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// What the type is called; types of the same name are the same.
    pub name: String,
    /// The fields.
    pub fields: BTreeMap<String, Type>,
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Types that only functions look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opaque {
    /// `net.CIDR`
    Cidr,
    /// `kubernetes.NamedFormat`
    Format,
    /// `net.IP`
    Ip,
    /// `kubernetes.Quantity`
    Quantity,
    /// `kubernetes.Semver`
    Semver,
    /// `kubernetes.URL`
    Url,
}

impl Opaque {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cidr => "net.CIDR",
            Self::Format => "kubernetes.NamedFormat",
            Self::Ip => "net.IP",
            Self::Quantity => "kubernetes.Quantity",
            Self::Semver => "kubernetes.Semver",
            Self::Url => "kubernetes.URL",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) => write!(f, "list({items})"),
            Self::Map(keys, values) => write!(f, "map({keys}, {values})"),
            Self::Object(fields) => f.write_str(&fields.name),
            Self::Optional(inner) => write!(f, "optional_type({inner})"),
            Self::Type(inner) => write!(f, "type({inner})"),
            other => f.write_str(other.name()),
        }
    }
}

impl Type {
    /// Its name, without what is in it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Dyn => "dyn",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
            Self::Timestamp => "timestamp",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Object(fields) => &fields.name,
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Opaque(opaque) => opaque.name(),
        }
    }

    /// Whether its values can be keys of maps.
    pub(super) fn is_key(&self) -> bool {
        matches!(self, Self::Bool | Self::Int | Self::Uint | Self::String)
    }

    /// A list of something.
    pub fn list(items: Self) -> Self {
        Self::List(Arc::new(items))
    }

    /// A map from text to something.
    pub fn map(values: Self) -> Self {
        Self::Map(Arc::new(Self::String), Arc::new(values))
    }

    /// Something or nothing.
    pub fn optional(inner: Self) -> Self {
        Self::Optional(Arc::new(inner))
    }

    /// Whether a value of one type can stand where the other is expected.
    pub(super) fn unifies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::Null, nullable) | (nullable, Self::Null) => matches!(
                nullable,
                Self::Null
                    | Self::Object(_)
                    | Self::Duration
                    | Self::Timestamp
                    | Self::Opaque(_)
                    | Self::Optional(_)
            ),
            (Self::List(one), Self::List(two)) | (Self::Optional(one), Self::Optional(two)) => {
                one.unifies(two)
            }
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                key.unifies(other_key) && value.unifies(other_value)
            }
            (Self::Type(_), Self::Type(_)) => true,
            _ => self == other,
        }
    }

    /// What both are, of two that unify.
    pub(super) fn joined(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => Self::Dyn,
            (Self::Null, other) | (other, Self::Null) => other.clone(),
            (Self::List(one), Self::List(two)) => Self::list(one.joined(two)),
            (Self::Optional(one), Self::Optional(two)) => Self::optional(one.joined(two)),
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                Self::Map(Arc::new(key.joined(other_key)), Arc::new(value.joined(other_value)))
            }
            _ => self.clone(),
        }
    }

    /// The type that a name stands for.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "bytes" => Self::Bytes,
            "double" => Self::Double,
            "dyn" => Self::Dyn,
            "int" => Self::Int,
            "list" => Self::list(Self::Dyn),
            "map" => Self::Map(Arc::new(Self::Dyn), Arc::new(Self::Dyn)),
            "null_type" => Self::Null,
            "optional_type" => Self::optional(Self::Dyn),
            "string" => Self::String,
            "type" => Self::Type(Arc::new(Self::Dyn)),
            "uint" => Self::Uint,
            "google.protobuf.Duration" => Self::Duration,
            "google.protobuf.Timestamp" => Self::Timestamp,
            "kubernetes.NamedFormat" => Self::Opaque(Opaque::Format),
            "kubernetes.Quantity" => Self::Opaque(Opaque::Quantity),
            "kubernetes.Semver" => Self::Opaque(Opaque::Semver),
            "kubernetes.URL" => Self::Opaque(Opaque::Url),
            "net.CIDR" => Self::Opaque(Opaque::Cidr),
            "net.IP" => Self::Opaque(Opaque::Ip),
            _ => return None,
        })
    }
}

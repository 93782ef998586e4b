use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::node::TypeRef;
use super::{Field, Kind, List, ListType, Map, Node, Scalar, Struct, Type};

static DATA: &str = include_str!("../../data/schema.txt");
static TABLE: OnceLock<Table> = OnceLock::new();

pub(super) const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The types of the API, looked up by name or by kind.
#[derive(Debug, Clone, Copy)]
pub struct Schema;

impl Schema {
    /// The type with this OpenAPI name, such as `io.k8s.api.core.v1.Pod`.
    pub fn of(name: &str) -> Option<&'static Type> {
        let table = Self::table();
        table.names.get(name).map(|index| &table.types[*index])
    }

    /// The type of a kind's objects.
    pub fn of_kind(group: &str, version: &str, kind: &str) -> Option<&'static Type> {
        let table = Self::table();
        table.kinds.get(&(group, version, kind)).map(|index| &table.types[*index])
    }

    /// The type of a kind's objects by its `apiVersion`; the untyped one for a kind that is not known.
    pub fn of_object(api_version: &str, kind: &str) -> &'static Type {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self::of_kind(group, version, kind).unwrap_or_else(Self::untyped)
    }

    /// The type of objects about which nothing is known but that they have metadata: lists are atomic, maps granular.
    pub fn untyped() -> &'static Type {
        Self::table().types.last().expect("the untyped type is put last")
    }

    /// All named types.
    pub fn types() -> impl Iterator<Item = &'static Type> {
        Self::table().types.iter().filter(|type_| !type_.name.is_empty())
    }

    pub(super) fn at(index: usize) -> &'static Type {
        &Self::table().types[index]
    }

    fn table() -> &'static Table {
        TABLE.get_or_init(|| Table::parse(DATA))
    }
}

struct Table {
    /// Sorted as in the data; the untyped type is the last.
    types: Vec<Type>,
    names: FxHashMap<&'static str, usize>,
    kinds: FxHashMap<(&'static str, &'static str, &'static str), usize>,
}

impl Table {
    /// The data is generated and a test parses it, so a malformed line is a programmer's error.
    fn parse(data: &'static str) -> Self {
        let mut names = FxHashMap::default();
        let mut atomic = Vec::new();
        for line in data.lines().filter(|line| !line.starts_with(' ')) {
            let name = line.split(' ').next().unwrap_or_default();
            names.insert(name, atomic.len());
            atomic.push(line.ends_with(" atomic"));
        }
        let parser = Parser { names: &names, atomic: &atomic };
        let mut types: Vec<Type> = Vec::with_capacity(atomic.len() + 1);
        let mut fields: Vec<Field> = Vec::new();
        let mut lines = data.lines().peekable();
        while let Some(line) = lines.next() {
            let mut head = parser.type_(line, types.len());
            while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
                fields.push(parser.field(line));
            }
            fields.sort_unstable_by_key(|field| field.name);
            head.fields = fields.drain(..).collect();
            types.push(head);
        }
        types.push(parser.untyped(types.len()));
        let kinds = types
            .iter()
            .enumerate()
            .filter_map(|(index, type_)| {
                type_.kind.map(|kind| ((kind.group, kind.version, kind.kind), index))
            })
            .collect();
        Self { types, names, kinds }
    }
}

struct Parser<'a> {
    names: &'a FxHashMap<&'static str, usize>,
    atomic: &'a [bool],
}

impl Parser<'_> {
    fn type_(&self, line: &'static str, index: usize) -> Type {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let kind = words.find_map(|word| word.strip_prefix("kind=")).map(|kind| {
            let mut parts = kind.split('/');
            let mut part = || parts.next().expect("a kind is group/version/kind");
            Kind { group: part(), version: part(), kind: part() }
        });
        let atomic = self.atomic[index];
        let node = Node::Struct(Struct { of: TypeRef::Listed(index), atomic });
        Type { name, kind, open: false, node, fields: Box::default() }
    }

    fn untyped(&self, index: usize) -> Type {
        let plain = |name, node, written| Field {
            name,
            node,
            merge: false,
            replace: false,
            retain_keys: false,
            merge_key: None,
            default: None,
            written,
        };
        let text = || Node::Scalar(Scalar::String);
        let empty = Value::Object(serde_json::Map::new());
        Type {
            name: "",
            kind: None,
            open: true,
            node: Node::Struct(Struct { of: TypeRef::Listed(index), atomic: false }),
            fields: Box::new([
                plain("apiVersion", text(), None),
                plain("kind", text(), None),
                plain("metadata", self.node(META, &[]), Some(empty)),
            ]),
        }
    }

    fn field(&self, line: &'static str) -> Field {
        let mut words = line.split(' ').skip(1);
        let name = words.next().expect("a field has a name");
        let shape = words.next().expect("a field has a shape");
        let attributes: Vec<&'static str> = words.collect();
        let value = |prefix: &str| attributes.iter().find_map(|word| word.strip_prefix(prefix));
        let strategies = value("strategy=").unwrap_or_default();
        let strategy = |name: &str| strategies.split(',').any(|word| word == name);
        let node = self.node(shape, &attributes);
        Field {
            name,
            merge: strategy("merge"),
            replace: strategy("replace"),
            retain_keys: strategy("retainKeys"),
            merge_key: value("key="),
            default: value("default=").map(Value::from),
            written: attributes.contains(&"written").then(|| zero(&node)),
            node,
        }
    }

    fn node(&self, shape: &'static str, attributes: &[&'static str]) -> Node {
        let inside = |prefix: &str| shape.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(')'));
        if let Some(element) = inside("list(") {
            let list_type = match attributes.iter().find_map(|word| word.strip_prefix("keys=")) {
                Some(keys) => {
                    let mut keys: Box<[&'static str]> = keys.split(',').collect();
                    keys.sort_unstable();
                    ListType::Map(keys)
                }
                None if attributes.contains(&"set") => ListType::Set,
                None => ListType::Atomic,
            };
            return Node::List(Box::new(List { element: self.node(element, &[]), list_type }));
        }
        if let Some(element) = inside("map(") {
            let atomic = attributes.contains(&"atomic");
            return Node::Map(Box::new(Map { element: self.node(element, &[]), atomic }));
        }
        if let Some(node) = plain(shape) {
            return node;
        }
        let index = *self.names.get(shape).expect("a shape is one of the words or a type's name");
        let granular = attributes.contains(&"granular");
        let atomic = attributes.contains(&"atomic") || (self.atomic[index] && !granular);
        Node::Struct(Struct { of: TypeRef::Listed(index), atomic })
    }
}

fn plain(shape: &str) -> Option<Node> {
    let scalar = match shape {
        "any" => return Some(Node::Any),
        "object" => return Some(Node::Open),
        "string" => Scalar::String,
        "int" => Scalar::Integer,
        "number" => Scalar::Number,
        "bool" => Scalar::Boolean,
        "bytes" => Scalar::Bytes,
        "time" => Scalar::Time,
        "microtime" => Scalar::MicroTime,
        "quantity" => Scalar::Quantity,
        "intorstring" => Scalar::IntOrString,
        _ => return None,
    };
    Some(Node::Scalar(scalar))
}

/// What a server writes for a field without a value.
fn zero(node: &Node) -> Value {
    match node {
        Node::Struct(_) => Value::Object(serde_json::Map::new()),
        Node::Scalar(Scalar::String) => Value::from(""),
        Node::Scalar(Scalar::Integer | Scalar::Number | Scalar::IntOrString) => Value::from(0),
        Node::Scalar(Scalar::Quantity) => Value::from("0"),
        Node::Scalar(Scalar::Boolean) => Value::from(false),
        Node::Scalar(Scalar::Bytes | Scalar::Time | Scalar::MicroTime)
        | Node::Any
        | Node::Open
        | Node::List(_)
        | Node::Map(_) => Value::Null,
    }
}

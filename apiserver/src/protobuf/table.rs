//! Which field has which number. `apiserver/data/README.md` tells where the table is from.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

static DATA: &str = include_str!("../../data/protobuf.txt");
static TABLE: OnceLock<Table> = OnceLock::new();

/// A value's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// Of 32 bits.
    Integer,
    /// Of 64 bits.
    Long,
    Bool,
    Bytes,
    Double,
    Quantity,
    Time,
    MicroTime,
    Duration,
    IntOrString,
    /// JSON within.
    Raw,
    /// The message with this index.
    Message(usize),
}

/// How often a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    List,
    /// Values by text.
    Map,
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in JSON; empty if its own fields stand in its place.
    pub(super) name: &'static str,
    pub(super) count: Count,
    pub(super) shape: Shape,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: &'static str,
    /// `apiVersion/Kind`, empty if it is none.
    pub(super) kind: &'static str,
    /// It is a list of texts in JSON.
    pub(super) is_list: bool,
    /// Sorted by number.
    pub(super) fields: Vec<Field>,
}

impl Message {
    pub(super) fn field(&self, number: u32) -> Option<&Field> {
        let found = self.fields.binary_search_by_key(&number, |field| field.number);
        found.ok().map(|index| &self.fields[index])
    }
}

struct Table {
    messages: Vec<Message>,
    kinds: FxHashMap<&'static str, usize>,
}

/// Options of requests, which come as a kind of any group.
const COMMON: [&str; 5] = ["CreateOptions", "DeleteOptions", "PatchOptions", "Status", "UpdateOptions"];

/// The message of a kind; `None` if there is none.
pub(super) fn find(api_version: &str, kind: &str) -> Option<usize> {
    let table = table();
    let name = if COMMON.contains(&kind) { format!("meta/{kind}") } else { format!("{api_version}/{kind}") };
    table.kinds.get(name.as_str()).copied()
}

pub(super) fn message(index: usize) -> &'static Message {
    &table().messages[index]
}

#[cfg(test)]
pub(super) fn messages() -> &'static [Message] {
    &table().messages
}

fn table() -> &'static Table {
    TABLE.get_or_init(|| read(DATA))
}

/// The table is generated and a test reads it, so a malformed line is a programmer's error.
fn read(data: &'static str) -> Table {
    let heads = data.lines().filter(|line| !line.starts_with(' '));
    let indices: FxHashMap<&str, usize> =
        heads.enumerate().map(|(index, line)| (line.split(' ').next().unwrap_or_default(), index)).collect();
    let mut messages: Vec<Message> = Vec::with_capacity(indices.len());
    for line in data.lines() {
        if let Some(line) = line.strip_prefix(' ') {
            let message = messages.last_mut().expect("fields follow their message");
            message.fields.push(field(line, &indices));
            continue;
        }
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let mut message = Message { name, kind: "", is_list: false, fields: Vec::new() };
        match words.next() {
            Some("list") => message.is_list = true,
            Some(word) => message.kind = word.strip_prefix("kind=").unwrap_or_default(),
            None => {}
        }
        messages.push(message);
    }
    let kinds = messages.iter().enumerate().filter(|(_, message)| !message.kind.is_empty());
    let kinds = kinds.map(|(index, message)| (message.kind, index)).collect();
    Table { messages, kinds }
}

fn field(line: &'static str, indices: &FxHashMap<&str, usize>) -> Field {
    const FORM: &str = "a field is number, name and shape";
    let mut words = line.split(' ');
    let number = words.next().and_then(|word| word.parse().ok()).expect(FORM);
    let name = words.next().map(|word| if word == "-" { "" } else { word }).expect(FORM);
    let word = words.next().expect(FORM);
    let inner = |open, close| word.strip_prefix(open).and_then(|word| word.strip_suffix(close));
    let (count, word) = match (inner('[', ']'), inner('{', '}')) {
        (Some(item), _) => (Count::List, item),
        (_, Some(value)) => (Count::Map, value),
        _ => (Count::One, word),
    };
    let shape = match word {
        "s" => Shape::Text,
        "i" => Shape::Integer,
        "l" => Shape::Long,
        "b" => Shape::Bool,
        "y" => Shape::Bytes,
        "d" => Shape::Double,
        "quantity" => Shape::Quantity,
        "time" => Shape::Time,
        "microtime" => Shape::MicroTime,
        "duration" => Shape::Duration,
        "intorstring" => Shape::IntOrString,
        "raw" => Shape::Raw,
        name => Shape::Message(*indices.get(name).expect("a type of the table")),
    };
    Field { number, name, count, shape }
}

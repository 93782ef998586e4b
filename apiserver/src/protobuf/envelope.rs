//! The envelope of a body: which kind it holds.

use serde_json::{Map, Value};

use super::message::Reader;
use super::table;
use super::wire::{Fault, Fields, Wire};
use super::words::text;

/// What a body begins with.
const PREFIX: &[u8; 4] = b"k8s\0";
const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    /// What the envelope says it holds, if it says so: `apiVersion` and `kind`.
    pub(crate) holds: Option<(String, String)>,
    /// What is wrong.
    pub(crate) why: String,
}

/// Whether a `Content-Type` is that of protobuf.
pub(crate) fn is_protobuf(header: &str) -> bool {
    header.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(MEDIA_TYPE)
}

/// A body as the JSON that means the same, `apiVersion` and `kind` included.
///
/// # Errors
///
/// If it is no envelope, holds a kind that has no messages, or one that is malformed.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Unread> {
    let unread = |why: String| Unread { holds: None, why };
    if body.is_empty() {
        return Err(unread("empty data".to_owned()));
    }
    let Some(envelope) = body.strip_prefix(PREFIX) else {
        return Err(unread(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
                .to_owned(),
        ));
    };
    let Envelope { api_version, kind, raw } = open(envelope).map_err(|Fault(why)| unread(why))?;
    if kind.is_empty() {
        return Err(unread("Object 'Kind' is missing in the envelope".to_owned()));
    }
    let unread = |why: String| Unread { holds: Some((api_version.to_owned(), kind.to_owned())), why };
    let Some(message) = table::find(api_version, kind) else {
        return Err(unread(format!("no kind {kind:?} is registered for version {api_version:?}")));
    };
    let mut object = Map::new();
    Reader::default().message(message, raw, 0, &mut object).map_err(|Fault(why)| unread(why))?;
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    Ok(Value::Object(object))
}

#[derive(Default)]
struct Envelope<'a> {
    api_version: &'a str,
    kind: &'a str,
    raw: &'a [u8],
}

fn open(bytes: &[u8]) -> Result<Envelope<'_>, Fault> {
    let mut envelope = Envelope::default();
    let mut fields = Fields(bytes);
    while let Some((number, wire)) = fields.next()? {
        match (number, wire) {
            (1, Wire::Bytes(type_meta)) => {
                let mut fields = Fields(type_meta);
                while let Some((number, wire)) = fields.next()? {
                    match number {
                        1 => envelope.api_version = text(wire)?,
                        2 => envelope.kind = text(wire)?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(raw)) => envelope.raw = raw,
            (3, wire) if !text(wire)?.is_empty() => {
                return Err(Fault::new("the content of the envelope is encoded"));
            }
            (1 | 2, _) => return Err(Fault::new("proto: wrong wireType")),
            _ => {}
        }
    }
    Ok(envelope)
}

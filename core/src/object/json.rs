//! Objects as JSON text, written without a value in between.

use std::sync::Arc;

use serde::Serialize;

use super::wire_meta::WireMeta;
use super::{Object, SharedTexts};

const TEXT: &str = "API types serialize to JSON";

impl Object {
    /// Writes what [`Object::to_value`] shows. Fields may come in another order. The texts of what many objects share may
    /// be taken from `texts`.
    pub fn write_json(&self, texts: &dyn SharedTexts, into: &mut Vec<u8>) {
        into.extend_from_slice(b"{\"apiVersion\":");
        write(&self.kind().api_version(), into);
        into.extend_from_slice(b",\"kind\":");
        write(&self.kind().names.kind, into);
        into.push(b',');
        self.write_fields(texts, into);
        into.push(b'}');
    }

    /// The same without `apiVersion` and `kind`, as an item of a list that tells both.
    pub fn write_json_item(&self, texts: &dyn SharedTexts, into: &mut Vec<u8>) {
        into.push(b'{');
        self.write_fields(texts, into);
        into.push(b'}');
    }

    fn write_fields(&self, texts: &dyn SharedTexts, into: &mut Vec<u8>) {
        into.extend_from_slice(b"\"metadata\":");
        write(&WireMeta { meta: self.meta(), revision: self.revision() }, into);
        if let Some(managed) = self.managed_fields() {
            // Within the metadata, after what is there.
            into.pop();
            if into.last() != Some(&b'{') {
                into.push(b',');
            }
            into.extend_from_slice(b"\"managedFields\":");
            managed.write_json(texts, Arc::strong_count(managed) > 1, into);
            into.push(b'}');
        }
        self.kind().representation.write(self.spec_part(), self.status_part(), texts, into);
    }
}

fn write(value: &impl Serialize, into: &mut Vec<u8>) {
    serde_json::to_writer(into, value).expect(TEXT);
}

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use setpoint_core::object::{ObjectRef, SharedTexts};

use crate::encode;
use crate::kept_texts::KeptTexts;
use crate::limits::LIST_PIECE_BYTES;
use crate::path::Place;
use crate::table::ListMeta;

/// A list as text, written piece by piece as it is sent, so that it is never there as a whole.
pub(crate) struct ListText {
    place: Place,
    texts: Arc<KeptTexts>,
    /// Whether the list says once what its items are.
    says_once: bool,
    /// What was written and is not yet handed on.
    written: Vec<u8>,
    items: std::vec::IntoIter<ObjectRef>,
    is_first: bool,
    is_over: bool,
}

/// How much more than a piece is kept free for its last object.
const SLACK_BYTES: usize = 8 * 1024;

impl ListText {
    pub(crate) fn new(place: &Place, texts: &Arc<KeptTexts>, items: Vec<ObjectRef>, meta: &ListMeta) -> Self {
        let head = json!({
            "apiVersion": place.api_version(), "kind": place.kind.names.list, "metadata": meta,
        });
        let mut written = serde_json::to_vec(&head).expect("vectors take all, and values have text keys");
        written.pop();
        written.extend_from_slice(b",\"items\":[");
        Self {
            says_once: encode::is_built_in(place),
            place: place.clone(),
            texts: Arc::clone(texts),
            written,
            items: items.into_iter(),
            is_first: true,
            is_over: false,
        }
    }

    fn write(&mut self, item: &ObjectRef) {
        if !std::mem::take(&mut self.is_first) {
            self.written.push(b',');
        }
        if !self.says_once {
            return encode::write(&self.place, item, &self.texts, &mut self.written);
        }
        if self.place.is_stored_form() {
            return item.write_json_item(&*self.texts as &dyn SharedTexts, &mut self.written);
        }
        let mut value = encode::object(&self.place, item);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("apiVersion");
            fields.remove("kind");
        }
        serde_json::to_writer(&mut self.written, &value)
            .expect("vectors take all, and values have text keys");
    }
}

impl Iterator for ListText {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        self.written.reserve(if self.items.len() > 1 { LIST_PIECE_BYTES + SLACK_BYTES } else { SLACK_BYTES });
        while self.written.len() < LIST_PIECE_BYTES {
            let Some(item) = self.items.next() else {
                self.written.extend_from_slice(b"]}");
                self.is_over = true;
                break;
            };
            self.write(&item);
        }
        Some(std::mem::take(&mut self.written).into())
    }
}

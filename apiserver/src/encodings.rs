use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use setpoint_core::kind::ServedVersion;
use setpoint_core::object::ObjectRef;

use crate::encode;
use crate::kept_texts::KeptTexts;
use crate::limits::ENCODINGS_MAX;
use crate::path::Place;

/// The latest objects that writers and watches were shown, as text: a change that many watch is written once.
pub(crate) struct Encodings {
    latest: Mutex<VecDeque<Encoding>>,
    texts: Arc<KeptTexts>,
}

struct Encoding {
    /// Kept so that no other object gets its address.
    object: ObjectRef,
    served: ServedVersion,
    text: Bytes,
}

impl Encodings {
    /// None yet; what objects share is written with the help of `texts`.
    pub(crate) fn new(texts: &Arc<KeptTexts>) -> Self {
        Self { latest: Mutex::default(), texts: Arc::clone(texts) }
    }

    /// An object as text, in the form of the version it is asked for in.
    pub(crate) fn of(&self, place: &Place, object: &ObjectRef) -> Bytes {
        let is_it = |it: &&Encoding| Arc::ptr_eq(&it.object, object) && it.served == place.served;
        if let Some(known) = self.latest.lock().iter().find(is_it) {
            return known.text.clone();
        }
        let text = Bytes::from(encode::text(place, object, &self.texts));
        let known = &mut *self.latest.lock();
        known.push_front(Encoding {
            object: Arc::clone(object),
            served: place.served.clone(),
            text: text.clone(),
        });
        known.truncate(ENCODINGS_MAX);
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use setpoint_core::kind::Registry;
    use setpoint_core::object::{Draft, Object, Revision};

    use super::*;
    use crate::path::Target;

    #[test]
    fn what_was_written_is_shared_while_it_is_among_the_latest() {
        let registry = Registry::builtin();
        let Some(Target::Place(place)) = Target::of("/api/v1/configmaps", &registry) else {
            panic!("a place")
        };
        let object = |number: usize| {
            let value = json!({"metadata": {"name": format!("map-{number}")}});
            let draft = Draft::from_value(Arc::clone(&place.kind), value).expect("it fits");
            Arc::new(Object::from_draft(draft, Revision(1)))
        };
        let encodings = Encodings::new(&Arc::default());
        let first = object(0);
        let text = encodings.of(&place, &first);
        assert_eq!(encodings.of(&place, &first).as_ptr(), text.as_ptr());
        // Another one with the same content is another one.
        assert_ne!(encodings.of(&place, &object(0)).as_ptr(), text.as_ptr());
        for number in 1..=ENCODINGS_MAX {
            encodings.of(&place, &object(number));
        }
        assert_eq!(encodings.latest.lock().len(), ENCODINGS_MAX);
        assert_ne!(encodings.of(&place, &first).as_ptr(), text.as_ptr());
        assert_eq!(encodings.of(&place, &first), text);
    }
}

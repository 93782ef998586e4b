//! Objects as clients see them: whole, as lines of a table, or their metadata alone.

use serde_json::{Map, Value, json};
use setpoint_core::Result;
use setpoint_core::kind::{Kind, ServedVersion};
use setpoint_core::object::{Object, ObjectRef, Revision};
use setpoint_core::schema::Schema;
use setpoint_store::request::ObjectList;

use crate::Body;
use crate::answer::{self, Answer, JSON};
use crate::call::Call;
use crate::custom;
use crate::kept_texts::KeptTexts;
use crate::list_text::ListText;
use crate::negotiation::{self, Form, Shape};
use crate::path::Place;
use crate::table::{IncludeObject, ListMeta, Table, partial_object_metadata, partial_object_metadata_list};

/// About how long an object is as text, to begin with.
const OBJECT_BYTES: usize = 2048;

/// An object in the form of the version it is asked for in.
pub(crate) fn object(place: &Place, object: &Object) -> Value {
    serve(place, object.to_value())
}

/// An object as text, in the form of the version it is asked for in.
pub(crate) fn text(place: &Place, object: &Object, texts: &KeptTexts) -> Vec<u8> {
    let mut text = Vec::with_capacity(OBJECT_BYTES);
    write(place, object, texts, &mut text);
    text
}

/// Writes an object as text.
pub(crate) fn write(place: &Place, shown: &Object, texts: &KeptTexts, into: &mut Vec<u8>) {
    if place.is_stored_form() {
        return shown.write_json(texts, into);
    }
    serde_json::to_writer(into, &object(place, shown)).expect("values have text keys");
}

/// A stored form in the form of the version it is asked for in.
pub(crate) fn serve(place: &Place, mut value: Value) -> Value {
    if place.is_stored_form() {
        return value;
    }
    match &place.kind.conversion {
        Some(conversion) => conversion.serve(value, &place.served),
        None => {
            if let Some(fields) = value.as_object_mut() {
                fields.insert("apiVersion".to_owned(), place.api_version().into());
            }
            setpoint_core::custom::shown(&mut value, &place.kind, &place.served.version);
            value
        }
    }
}

/// Whether the kind is one of upstream's, whose lists say once what their items are (LIST-09).
pub(crate) fn is_built_in(place: &Place) -> bool {
    is_of_upstream(&place.kind, &place.served)
}

/// The same of a kind at a version.
pub(crate) fn is_of_upstream(kind: &Kind, served: &ServedVersion) -> bool {
    Schema::of_kind(&served.group, &served.version, &kind.names.kind).is_some()
}

impl Call<'_> {
    /// An object in a form that the client takes.
    pub(crate) fn show(&self, code: u16, shown: &ObjectRef) -> Result<Answer> {
        let form = negotiation::form(&self.parts.headers, Shape::Item)?;
        Ok(match form {
            Form::Whole => answer::bytes(code, JSON, text(self.place, shown, &self.server.texts)),
            Form::Metadata => answer::json(code, &partial_object_metadata(shown)),
            Form::Table => {
                let meta = ListMeta { resource_version: shown.revision().to_string(), ..ListMeta::default() };
                answer::json(code, &self.table([shown], meta)?)
            }
        })
    }

    /// The same of an object that was written now: those who watch it are about to be shown the same text.
    pub(crate) fn show_new(&self, code: u16, shown: &ObjectRef) -> Result<Answer> {
        match negotiation::form(&self.parts.headers, Shape::Item)? {
            Form::Whole => Ok(answer::bytes(code, JSON, self.server.encodings.of(self.place, shown))),
            _ => self.show(code, shown),
        }
    }

    /// A list in a form that the client takes.
    pub(crate) fn show_list(&self, list: ObjectList) -> Result<Answer> {
        let form = negotiation::form(&self.parts.headers, Shape::List)?;
        let meta = ListMeta {
            resource_version: list.revision.to_string(),
            continue_token: list.continue_token.clone().unwrap_or_default(),
            remaining_item_count: list.remaining.and_then(|count| i64::try_from(count).ok()),
        };
        Ok(match form {
            Form::Whole => {
                let text = ListText::new(self.place, &self.server.texts, list.items, &meta);
                answer::of(200, JSON, Body::pieces(text))
            }
            Form::Metadata => answer::json(200, &partial_object_metadata_list(&list.items, &meta)),
            Form::Table => answer::json(200, &self.table(&list.items, meta)?),
        })
    }

    /// A table of objects.
    pub(crate) fn table<'o>(
        &self,
        objects: impl IntoIterator<Item = &'o ObjectRef>,
        meta: ListMeta,
    ) -> Result<Table> {
        let include = IncludeObject::parse(self.query.get("includeObject").unwrap_or_default())?;
        let now = self.server.env.wall();
        let place = self.place;
        let whole = |shown: &Object| object(place, shown);
        Ok(Table::new(&place.kind, &custom::columns(place), objects, meta, include, now, whole))
    }
}

/// What a bookmark shows (WATCH-05, WATCH-06).
pub(crate) fn bookmark(api_version: &str, kind: &str, revision: Revision, ends: bool) -> Value {
    let mut meta = Map::new();
    meta.insert("resourceVersion".to_owned(), revision.to_string().into());
    if ends {
        meta.insert("annotations".to_owned(), json!({"k8s.io/initial-events-end": "true"}));
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": meta})
}

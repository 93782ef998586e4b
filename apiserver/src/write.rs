//! Create, update and patch (STORE, PATCH and SUB rows).

use std::sync::Arc;

use serde_json::Value;
use setpoint_core::field::{FieldError, Path};
use setpoint_core::kind::{DecodeError, Subresource};
use setpoint_core::object::{Draft, Part};
use setpoint_core::patch::{Patch, PatchType, validate_options};
use setpoint_core::schema::unknown_fields;
use setpoint_core::{Error, Result};
use setpoint_store::request::{Outcome, ReadAt, RequestContext, Write, Written};

use crate::answer::{self, Answer, unsupported_media_type};
use crate::call::{Call, FieldValidation};
use crate::document::{Document, Language};
use crate::protobuf::{self, Unread};
use crate::spec_text::SpecText;
use crate::{binding, encode, eviction, reviews, scale};

/// How often a patch in a form that is not the stored one is tried anew.
const ATTEMPTS_MAX: usize = 16;
/// How much of a body is told when it cannot be read.
const SUMMARY_BYTES_MAX: usize = 30;

impl Call<'_> {
    pub(crate) async fn create(&self) -> Result<Answer> {
        if reviews::is_review(&self.place.kind) {
            return reviews::create(self).await;
        }
        let context = self.context("CreateOptions", &[])?;
        match self.place.sub.as_str() {
            "binding" => return binding::create(self, &context).await,
            "eviction" => return eviction::create(self, &context).await,
            _ => {}
        }
        let (draft, warnings) = self.draft("CreateOptions")?;
        let written = self.server.store.write(&context, Write::Create(draft)).await?;
        self.show_written(201, &written, warnings)
    }

    pub(crate) async fn update(&self) -> Result<Answer> {
        let context = self.context("UpdateOptions", &[])?;
        if self.place.sub == "scale" {
            return scale::update(self, &context).await;
        }
        let (draft, warnings) = self.draft("UpdateOptions")?;
        let (found, name) = (&*draft.meta().name, self.place.name.as_deref().unwrap_or_default());
        if found.is_empty() {
            return Err(Error::bad_request(format!(
                "the name of the object ({name} based on URL) was undeterminable: name must be provided"
            )));
        }
        if found != name {
            return Err(Error::bad_request(format!(
                "the name of the object ({found}) does not match the name on the URL ({name})"
            )));
        }
        let written = self.server.store.write(&context, Write::Update(draft, self.side())).await?;
        self.show_written(code(&written), &written, warnings)
    }

    pub(crate) async fn patch(&self) -> Result<Answer> {
        let mut context = self.context("PatchOptions", &[])?;
        let patch_type = PatchType::of_media_type(self.content_type())?;
        // A strategy is known for the kinds of the API alone (PATCH-01).
        if patch_type == PatchType::Strategic && !encode::is_built_in(self.place) {
            return Err(answer::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
                    .into(),
            ));
        }
        let manager = self.query.get("fieldManager").unwrap_or_default();
        let force = self.query.switch("force");
        let faults = validate_options(patch_type, manager, force);
        if !faults.is_empty() {
            return Err(Error::invalid("PatchOptions", "meta.k8s.io", "", &faults));
        }
        if patch_type == PatchType::Apply {
            context.field_manager = manager.into();
        }
        let validation = self.field_validation("PatchOptions")?;
        let language = if patch_type == PatchType::Apply { Language::Yaml } else { Language::Json };
        let Document { value, duplicates } = Document::parse(language, &self.body).map_err(|reason| {
            let verb = if patch_type == PatchType::Apply { "decoding YAML" } else { "decoding patch" };
            Error::bad_request(format!("error {verb}: {reason}"))
        })?;
        let patch = Patch::decode(patch_type, value)?;
        let patch = if force == Some(true) { patch.forced() } else { patch };
        let warnings = self.check_patch(&context, &patch, duplicates, validation).await?;
        if self.place.sub == "scale" {
            return scale::patch(self, &context, &patch).await;
        }
        let is_custom = self.place.kind.custom.is_some() && patch_type != PatchType::Apply;
        let is_as_stored = self.place.is_stored_form() || self.place.kind.conversion.is_none() && !is_custom;
        let written = if is_as_stored {
            let write = Write::Patch(self.key()?, patch, self.side());
            self.server.store.write(&context, write).await?
        } else {
            self.patch_served(&context, &patch).await?
        };
        self.show_written(code(&written), &written, warnings)
    }

    /// A patch that is meant for another form than the stored one: it is applied to what the client sees.
    async fn patch_served(&self, context: &RequestContext, patch: &Patch) -> Result<Written> {
        let mut attempt = 1;
        loop {
            let old = self.server.store.get(context, &self.key()?, ReadAt::Newest).await?;
            let mut value = encode::object(self.place, &old);
            patch.apply(&mut value, self.schema())?;
            let mut draft = self.decode(value)?;
            if self.place.kind.conversion.is_none() {
                draft.version = Some(self.place.served.version.as_str().into());
            }
            match self.server.store.write(context, Write::Update(draft, self.side())).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
                result => return result,
            }
        }
    }

    fn show_written(&self, code: u16, written: &Written, mut warnings: Vec<String>) -> Result<Answer> {
        let mut answer = self.show_new(code, &written.object)?;
        warnings.extend_from_slice(&written.warnings);
        answer::warn(&mut answer, &warnings);
        Ok(answer)
    }

    fn side(&self) -> Subresource {
        match self.place.sub.as_str() {
            "status" => Subresource::Status,
            "ephemeralcontainers" => Subresource::EphemeralContainers,
            "finalize" => Subresource::Finalize,
            "resize" => Subresource::Resize,
            _ => Subresource::Main,
        }
    }

    fn schema(&self) -> &'static setpoint_core::schema::Type {
        self.place.kind.schema(Some(&self.place.served.version))
    }

    /// The object that the body shows, with what the client should be warned of.
    fn draft(&self, options: &str) -> Result<(Draft, Vec<String>)> {
        let validation = self.field_validation(options)?;
        if !self.may_be_one_of_many() {
            return self.draft_of_whole(validation);
        }
        let (kind, bodies) = (&self.place.kind, &self.server.bodies);
        if let Some(draft) = bodies.get(kind, &self.body)
            && draft.meta().namespace == self.place.namespace
        {
            return Ok((draft, Vec::new()));
        }
        let (draft, faults) = self.draft_of_parts(validation)?;
        // With a name of its own nothing else comes in the same bytes.
        if draft.shares_spec && draft.meta().name.is_empty() {
            bodies.put(kind, &self.body, draft.clone());
        }
        Ok((draft, faults))
    }

    /// The same, of a body whose spec may be known.
    fn draft_of_parts(&self, validation: FieldValidation) -> Result<(Draft, Vec<String>)> {
        let spec = SpecText::find(&self.body);
        let spec = spec.as_ref().map(|spec| (spec, spec.text(&self.body)));
        let (kind, known) = (&self.place.kind, &self.server.specs);
        if let Some((found, text)) = spec
            && let Some(part) = known.get(kind, text)
            && let Some(draft) = self.draft_with_spec(&found.rest(&self.body), part)?
        {
            return Ok((draft, Vec::new()));
        }
        let (mut draft, faults) = self.draft_of_whole(validation)?;
        if let Some((_, text)) = spec
            && faults.is_empty()
            && validation != FieldValidation::Ignore
        {
            draft.shares_spec = true;
            known.put(kind, text, draft.spec_part().clone());
        }
        Ok((draft, faults))
    }

    /// Whether many objects come in the same bytes, or with a spec in bytes that stand for it by themselves.
    fn may_be_one_of_many(&self) -> bool {
        let resource = &self.place.kind.resource;
        let is_creation = self.place.name.is_none() && self.place.sub.is_empty();
        let is_pod = resource.group.is_empty() && resource.resource == "pods";
        is_creation && is_pod && matches!(Language::of_media_type(self.content_type()), Ok(Language::Json))
    }

    /// The object of a body whose spec is known; `None` if it has to be looked at as a whole.
    fn draft_with_spec(&self, rest: &[u8], spec: Part) -> Result<Option<Draft>> {
        let Ok(Document { value, duplicates }) = Document::parse(Language::Json, rest) else {
            return Ok(None);
        };
        let mut value = self.check_kind(value)?;
        if !duplicates.is_empty() || !unknown_fields(&value, self.schema()).is_empty() {
            return Ok(None);
        }
        if let Some(fields) = value.as_object_mut() {
            fields.remove("spec");
        }
        let mut draft = self.decode(value)?;
        draft.set_spec(spec);
        draft.shares_spec = true;
        self.place_draft(&mut draft)?;
        Ok(Some(draft))
    }

    fn draft_of_whole(&self, validation: FieldValidation) -> Result<(Draft, Vec<String>)> {
        let Document { value, duplicates } = self.document()?;
        let value = self.check_kind(value)?;
        let faults = strict_faults(&duplicates, || unknown_fields(&value, self.schema()), validation);
        let mut draft = self.decode(value)?;
        if validation == FieldValidation::Strict && !faults.is_empty() {
            return Err(self.unfit(&format!("strict decoding error: {}", faults.join(", "))));
        }
        if !self.place.is_stored_form() && self.place.kind.conversion.is_none() {
            draft.version = Some(self.place.served.version.as_str().into());
        }
        self.place_draft(&mut draft)?;
        Ok((draft, faults))
    }

    /// The body as a value.
    pub(crate) fn document(&self) -> Result<Document> {
        if protobuf::is_protobuf(self.content_type()) {
            return self.protobuf_document();
        }
        let language = Language::of_media_type(self.content_type())?;
        Document::parse(language, &self.body).map_err(|reason| {
            let kind = &self.place.kind.names.kind;
            let parser = if language == Language::Json { "json" } else { "yaml" };
            Error::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
                 {parser} parse error: {reason} ({})",
                self.summary()
            ))
        })
    }

    /// The value of a body in protobuf, which only built-in kinds have (WIRE-02, WIRE-03).
    fn protobuf_document(&self) -> Result<Document> {
        if !encode::is_built_in(self.place) {
            return Err(unsupported_media_type("application/json, application/yaml".into()));
        }
        let kind = &self.place.kind.names.kind;
        match protobuf::parse(&self.body) {
            Ok(value) => Ok(Document { value, duplicates: Vec::new() }),
            Err(Unread { holds: Some((api_version, held)), why }) => {
                let (_, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
                let told = format!("{held} in version {version:?} cannot be handled as a {kind}: {why}");
                Err(Error::bad_request(told))
            }
            Err(Unread { holds: None, why }) => Err(Error::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): {why} ({})",
                self.summary()
            ))),
        }
    }

    /// The body as a question of the kind that is asked.
    pub(crate) fn question(&self) -> Result<Value> {
        self.check_kind(self.document()?.value)
    }

    /// The beginning of the body.
    fn summary(&self) -> String {
        if self.body.is_empty() {
            return "<empty>".to_owned();
        }
        let start = self.body.get(..SUMMARY_BYTES_MAX).unwrap_or(&self.body);
        let more = if start.len() < self.body.len() { " ..." } else { "" };
        // What is no JSON object may be anything, so that its bytes are told.
        let told = match start.first() {
            Some(b'{') => String::from_utf8_lossy(start).into_owned(),
            _ => start.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        format!("{told}{more}")
    }

    /// Checks what the body says it is, and adds what it does not say (ERR-09).
    fn check_kind(&self, mut value: Value) -> Result<Value> {
        let (kind, api_version) = (&self.place.kind.names.kind, self.place.api_version());
        let Some(fields) = value.as_object_mut() else {
            return Err(Error::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
                 json parse error: the body is no object ({})",
                self.summary()
            )));
        };
        let word = |field: &str| match fields.get(field) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(word)) => Ok(word.clone()),
            Some(_) => Err(Error::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
                 json parse error: {field} must be a string ({})",
                self.summary()
            ))),
        };
        let (sent_version, sent_kind) = (word("apiVersion")?, word("kind")?);
        if !sent_kind.is_empty() && sent_kind != *kind {
            let (_, version) = sent_version.rsplit_once('/').unwrap_or(("", &sent_version));
            return Err(Error::bad_request(format!(
                "{sent_kind} in version {version:?} cannot be handled as a {kind}: converting ({version}.{sent_kind}) \
                 to ({}.{kind}): unknown conversion",
                self.place.served.version
            )));
        }
        if !sent_version.is_empty() && sent_version != api_version {
            return Err(Error::bad_request(format!(
                "the API version in the data ({sent_version}) does not match the expected API version ({api_version})"
            )));
        }
        fields.insert("apiVersion".to_owned(), api_version.into());
        fields.insert("kind".to_owned(), kind.clone().into());
        Ok(value)
    }

    pub(crate) fn unfit(&self, why: &str) -> Error {
        let (kind, version) = (&self.place.kind.names.kind, &self.place.served.version);
        Error::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    }

    /// An object of the version that is addressed.
    fn decode(&self, value: Value) -> Result<Draft> {
        let told = |DecodeError { field, reason }: DecodeError| {
            let place = if field.is_empty() { String::new() } else { format!(" at {field}") };
            self.unfit(&format!("json: {reason}{place}"))
        };
        let stored = match &self.place.kind.conversion {
            Some(conversion) if !self.place.is_stored_form() => {
                conversion.store(value, &self.place.served).map_err(told)?
            }
            _ => value,
        };
        Draft::from_value(Arc::clone(&self.place.kind), stored).map_err(told)
    }

    /// The namespace of a body is the namespace of the path (STORE-09).
    fn place_draft(&self, draft: &mut Draft) -> Result<()> {
        let namespace = &self.place.namespace;
        if namespace.is_none() || draft.meta().namespace.is_none() {
            if draft.meta().namespace != *namespace {
                draft.meta_mut().namespace = namespace.clone();
            }
            return Ok(());
        }
        if draft.meta().namespace == *namespace {
            return Ok(());
        }
        Err(Error::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ))
    }

    /// What a strict reader objects to in a patch. Applied configurations are checked where they are merged.
    async fn check_patch(
        &self,
        context: &RequestContext,
        patch: &Patch,
        duplicates: Vec<String>,
        validation: FieldValidation,
    ) -> Result<Vec<String>> {
        if validation == FieldValidation::Ignore || self.place.sub == "scale" {
            return Ok(Vec::new());
        }
        let unknown = match patch {
            Patch::Apply { .. } => Vec::new(),
            Patch::Merge(body) | Patch::Strategic(body) => {
                let mut unknown = unknown_fields(&Value::Object(body.clone()), self.schema());
                // Directives stand where fields do.
                unknown.retain(|path| !path.rsplit('.').next().is_some_and(|name| name.starts_with('$')));
                unknown
            }
            Patch::Json(_) => match self.patched(context, patch).await {
                Some(value) => unknown_fields(&value, self.schema()),
                None => Vec::new(),
            },
        };
        let faults = strict_faults(&duplicates, || unknown, validation);
        if faults.is_empty() || validation == FieldValidation::Warn {
            return Ok(faults);
        }
        let patched = self.patched(context, patch).await.unwrap_or_default().to_string();
        let why = format!("strict decoding error: {}", faults.join(", "));
        let fault = FieldError::invalid(&Path::new("patch"), &patched, why);
        Err(Error::invalid("", "", "", &vec![fault]))
    }

    /// What the newest object would become; `None` if it is not there or cannot be patched, which the write tells.
    async fn patched(&self, context: &RequestContext, patch: &Patch) -> Option<Value> {
        let key = self.place.key()?;
        let old = self.server.store.get(context, &key, ReadAt::Newest).await.ok()?;
        let mut value = encode::object(self.place, &old);
        patch.apply(&mut value, self.schema()).ok()?;
        Some(value)
    }
}

fn strict_faults(
    duplicates: &[String],
    unknown: impl FnOnce() -> Vec<String>,
    validation: FieldValidation,
) -> Vec<String> {
    if validation == FieldValidation::Ignore {
        return Vec::new();
    }
    let twice = duplicates.iter().map(|field| format!("duplicate field {field:?}"));
    twice.chain(unknown().iter().map(|field| format!("unknown field {field:?}"))).collect()
}

/// Whether the object is new.
pub(crate) fn code(written: &Written) -> u16 {
    if written.outcome == Outcome::Created { 201 } else { 200 }
}

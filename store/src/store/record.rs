//! The record of who set which fields, kept with every write (PATCH-12).

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use setpoint_core::kind::{Kind, KindId, Subresource};
use setpoint_core::object::{Draft, Meta, Object, OwnerReferences, Part, Text, TextMap, Texts};
use setpoint_core::ownership::{Comparison, Element, ManagedFields, Manager, Name, Operation, Tape};
use setpoint_core::schema::{Node, Schema, Type};

use crate::memo::Memo;
use crate::request::RequestContext;

/// Who owns the fields that a write sets.
#[derive(Debug, Clone)]
pub(super) enum Ownership {
    /// The writer, as far as it changes something.
    OfWriter,
    /// It is known already.
    Known(Option<Arc<ManagedFields>>),
}

/// Keeps the record of who set which fields.
///
/// New objects that have everything in common share one record. A record that a write does not change stays the same.
#[derive(Debug, Default)]
pub(super) struct Records {
    created: Memo<Common, (Shared, Arc<ManagedFields>)>,
}

/// What new objects with one record have in common: kind, whether the name is generated, creator, and the addresses of
/// their parts.
type Common = (KindId, bool, Text, [usize; 5]);

/// What keeps those addresses alive.
type Shared = (Part, TextMap, TextMap, OwnerReferences, Texts);

/// What upstream calls a manager without a name.
const UNKNOWN: &str = "unknown";

const METADATA: Name = Name::Static("metadata");
const STATUS: Name = Name::Static("status");

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl Records {
    /// Who owns the fields of a new object: its creator. Asked after defaults and before admission, whose additions
    /// nobody owns.
    pub(super) fn created(
        &self,
        draft: &Draft,
        context: &RequestContext,
        now: Timestamp,
    ) -> Arc<ManagedFields> {
        let meta = draft.meta();
        let shared: Shared = (
            draft.spec_part().clone(),
            meta.labels.clone(),
            meta.annotations.clone(),
            Arc::clone(&meta.owner_references),
            meta.finalizers.clone(),
        );
        let common: Common = (
            draft.kind().id,
            meta.generate_name.is_some(),
            Arc::clone(&context.field_manager),
            [
                shared.0.address(),
                shared.1.address(),
                shared.2.address(),
                shared.3.as_ptr() as usize,
                shared.4.address(),
            ],
        );
        let is_plain =
            draft.sent_managed.is_none() && (draft.status_part().is_none() || draft.kind().has_status);
        let manager = || manager(draft.kind(), context, Subresource::Main);
        if is_plain && let Some((_, managed)) = self.created.get(&common) {
            if managed.entries().first().is_none_or(|entry| entry.time == Some(now)) {
                return managed;
            }
            let managed = Arc::new(managed.with_time(&manager(), Some(now)));
            self.created.put(common, (shared, Arc::clone(&managed)));
            return managed;
        }
        let sent = match sent(draft.sent_managed.as_deref()) {
            Sent::Entries(entries) => entries,
            Sent::Nothing | Sent::Reset => ManagedFields::default(),
        };
        let managed =
            sent.updated(&creation(draft), &manager(), now, |version| is_served(draft.kind(), version));
        let managed = Arc::new(managed);
        if is_plain {
            self.created.put(common, (shared, Arc::clone(&managed)));
        }
        managed
    }

    /// Who owns the fields of a changed object: what was changed is the writer's. Asked after defaults, before the
    /// kind's rules and admission.
    pub(super) fn updated(
        &self,
        draft: &Draft,
        old: &Object,
        context: &RequestContext,
        side: Subresource,
        now: Timestamp,
    ) -> Option<Arc<ManagedFields>> {
        let known = old.managed_fields().filter(|managed| !managed.is_empty());
        let known = match (side, sent(draft.sent_managed.as_deref())) {
            (Subresource::Main, Sent::Reset) => None,
            (Subresource::Main, Sent::Entries(sent)) => Some(match known {
                Some(known) if **known == sent => Arc::clone(known),
                _ => Arc::new(sent),
            }),
            _ => known.cloned(),
        };
        // Without history upstream begins none before the first apply.
        let known = known?;
        let changed = changes(draft, old);
        if changed.is_empty() {
            return Some(known);
        }
        let kind = old.kind();
        let manager = manager(kind, context, side);
        let mut managed = known.updated(&changed, &manager, now, |version| is_served(kind, version));
        if side == Subresource::Scale {
            // Upstream brings the entry over from the scale without a time of its own.
            managed = managed.with_time(&manager, known.of(&manager).and_then(|entry| entry.time));
        }
        if managed.shares_all(&known) {
            return Some(known);
        }
        (!managed.is_empty()).then(|| Arc::new(managed))
    }
}

/// Who writes.
pub(super) fn manager(kind: &Kind, context: &RequestContext, side: Subresource) -> Manager {
    let name =
        if context.field_manager.is_empty() { UNKNOWN.into() } else { Arc::clone(&context.field_manager) };
    Manager {
        name,
        operation: Operation::Update,
        api_version: kind.api_version().into(),
        subresource: side.as_str().into(),
    }
}

/// Whether fields of this version still mean something.
pub(super) fn is_served(kind: &Kind, version: &str) -> bool {
    kind.is_served_at(version)
}

/// The type of a kind's objects.
pub(super) fn type_of(kind: &Kind) -> &'static Type {
    let Some(served) = kind.versions.first() else { return Schema::untyped() };
    Schema::of_kind(&served.group, &served.version, &kind.names.kind).unwrap_or_else(Schema::untyped)
}

/// What a client sent as `managedFields` (PATCH-13).
enum Sent {
    /// Nothing that counts.
    Nothing,
    /// That nobody owns anything.
    Reset,
    /// Who owns what.
    Entries(ManagedFields),
}

fn sent(entries: Option<&[ManagedFieldsEntry]>) -> Sent {
    let Some(entries) = entries else { return Sent::Nothing };
    if entries.is_empty() || entries == [ManagedFieldsEntry::default()] {
        return Sent::Reset;
    }
    match ManagedFields::from_wire(entries) {
        Ok(entries) => Sent::Entries(entries),
        Err(_) => Sent::Nothing,
    }
}

/// All that a new object has.
fn creation(draft: &Draft) -> Comparison {
    let kind = draft.kind();
    let place = type_of(kind).node();
    let status = if kind.has_status { None } else { draft.status_part() };
    let body = kind.representation.body_tape(draft.spec_part(), status, place);
    let body = Tape::empty(place).compare(&body);
    match meta_place() {
        Some(place) => body.union(&meta_changes(&Tape::empty(place), draft.meta(), place)),
        None => body,
    }
}

/// What differs from an object's last version. What both share is not looked at.
fn changes(draft: &Draft, old: &Object) -> Comparison {
    let body = body_changes(draft, old);
    match meta_place() {
        Some(place) if !Arc::ptr_eq(draft.shared_meta(), old.shared_meta()) => {
            let before = Tape::of(&owned_meta(old.meta()), place);
            body.union(&meta_changes(&before, draft.meta(), place))
        }
        _ => body,
    }
}

fn body_changes(draft: &Draft, old: &Object) -> Comparison {
    let type_ = type_of(old.kind());
    let representation = &old.kind().representation;
    let (before, after) = (old.status_part(), draft.status_part());
    if draft.spec_part().ptr_eq(old.spec_part()) {
        if same_part(before, after) {
            return Comparison::default();
        }
        if let Some(field) = type_.field("status")
            && field.written().is_some()
        {
            let tape = |status: Option<&Part>| match status {
                Some(status) => representation.status_tape(status, field.node()),
                None => Tape::empty(field.node()),
            };
            return tape(before).compare(&tape(after)).under(&Element::Field(STATUS));
        }
    }
    let before = representation.body_tape(old.spec_part(), before, type_.node());
    before.compare(&representation.body_tape(draft.spec_part(), after, type_.node()))
}

fn same_part(one: Option<&Part>, other: Option<&Part>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.ptr_eq(other),
        (None, None) => true,
        _ => false,
    }
}

fn meta_place() -> Option<&'static Node> {
    Schema::of(META).map(Type::node)
}

fn meta_changes(before: &Tape, meta: &Meta, place: &'static Node) -> Comparison {
    before.compare(&Tape::of(&owned_meta(meta), place)).under(&Element::Field(METADATA))
}

/// The metadata that can be owned; the rest is the store's.
fn owned_meta(meta: &Meta) -> ObjectMeta {
    let owned = Meta {
        name: "".into(),
        namespace: None,
        uid: None,
        generation: 0,
        creation_timestamp: None,
        deletion_timestamp: None,
        deletion_grace_period_seconds: None,
        ..meta.clone()
    };
    owned.to_wire()
}

#[cfg(test)]
mod tests;

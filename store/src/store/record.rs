//! The record of who set which fields, kept with every write (PATCH-12).

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use setpoint_core::kind::{Kind, KindId, Subresource};
use setpoint_core::object::{Draft, Meta, Object, Part, Text};
use setpoint_core::ownership::{Comparison, Element, ManagedFields, Manager, Name, Operation, Tape};
use setpoint_core::schema::{Node, Schema, Type};

use super::create::{Shared, addresses, is_one_of_many, shared};
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
/// New objects that have everything in common, or the same fields, share one record. A record that a write does
/// not change stays the same.
#[derive(Debug, Default)]
pub(super) struct Records {
    of_parts: Memo<CommonParts, (Shared, Arc<ManagedFields>)>,
    of_fields: Memo<CommonFields, (Arc<Fields>, Arc<ManagedFields>)>,
}

/// What new objects with one record have in common: kind, creator, and the addresses of their parts.
type CommonParts = (KindId, Text, [usize; 5]);

/// What new objects with the same fields have in common: kind, creator, and the fingerprint of their fields.
type CommonFields = (KindId, Text, u64);

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
        let is_plain =
            draft.sent_managed.is_none() && (draft.status_part().is_none() || draft.kind().has_status);
        if is_plain && is_one_of_many(draft) {
            let common = (draft.kind().id, Arc::clone(&context.field_manager), addresses(draft));
            let known = self.of_parts.get(&common).map(|(_, managed)| managed);
            return match known {
                Some(managed) if is_of(&managed, now) => managed,
                known => {
                    let managed = match known {
                        Some(managed) => Arc::new(at(&managed, now)),
                        None => Arc::new(created(
                            ManagedFields::default(),
                            draft,
                            &Fields::of(draft).changes(),
                            context,
                            now,
                        )),
                    };
                    self.of_parts.put(common, (shared(draft), Arc::clone(&managed)));
                    managed
                }
            };
        }
        // Nobody else has the same owner, nor has anybody fields below that owner's uid.
        if is_plain && draft.meta().owner_references.is_empty() {
            return self.of_fields(draft, context, now);
        }
        let sent = match sent(draft.sent_managed.as_deref()) {
            Sent::Entries(entries) => entries,
            Sent::Nothing | Sent::Reset => ManagedFields::default(),
        };
        Arc::new(created(sent, draft, &Fields::of(draft).changes(), context, now))
    }

    /// The record that all new objects with the same fields share, whatever is in them.
    fn of_fields(&self, draft: &Draft, context: &RequestContext, now: Timestamp) -> Arc<ManagedFields> {
        let fields = Fields::of(draft);
        let common = (draft.kind().id, Arc::clone(&context.field_manager), fields.fingerprint());
        let known = self.of_fields.get(&common).filter(|(known, _)| known.is_alike(&fields));
        let (fields, managed) = match known {
            Some((_, managed)) if is_of(&managed, now) => return managed,
            Some((known, managed)) => (known, at(&managed, now)),
            None => {
                let managed = created(ManagedFields::default(), draft, &fields.changes(), context, now);
                (Arc::new(fields), managed)
            }
        };
        let managed = Arc::new(managed);
        self.of_fields.put(common, (fields, Arc::clone(&managed)));
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
        let manager = manager(draft.api_version(), context, side);
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

/// Who writes, in which version.
pub(super) fn manager(api_version: String, context: &RequestContext, side: Subresource) -> Manager {
    let name =
        if context.field_manager.is_empty() { UNKNOWN.into() } else { Arc::clone(&context.field_manager) };
    Manager {
        name,
        operation: Operation::Update,
        api_version: api_version.into(),
        subresource: side.as_str().into(),
    }
}

/// Whether fields of this version still mean something.
pub(super) fn is_served(kind: &Kind, version: &str) -> bool {
    kind.is_served_at(version)
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

fn created(
    sent: ManagedFields,
    draft: &Draft,
    fields: &Comparison,
    context: &RequestContext,
    now: Timestamp,
) -> ManagedFields {
    let kind = draft.kind();
    sent.updated(fields, &manager(draft.api_version(), context, Subresource::Main), now, |version| {
        is_served(kind, version)
    })
}

/// Whether a creator's record was made at this time; one without entries is of any.
fn is_of(managed: &ManagedFields, now: Timestamp) -> bool {
    managed.entries().first().is_none_or(|entry| entry.time == Some(now))
}

/// A creator's record, of another time.
fn at(managed: &ManagedFields, now: Timestamp) -> ManagedFields {
    match managed.entries() {
        [entry, ..] => managed.with_time(&entry.manager, Some(now)),
        [] => managed.clone(),
    }
}

/// All that a new object has.
#[derive(Debug)]
struct Fields {
    body: Tape,
    meta: Option<Tape>,
    /// Where they are.
    place: &'static Node,
}

impl Fields {
    fn of(draft: &Draft) -> Self {
        let kind = draft.kind();
        let place = kind.schema(draft.version.as_deref()).node();
        let status = if kind.has_status { None } else { draft.status_part() };
        let body = kind.representation.body_tape(draft.spec_part(), status, place);
        let meta = meta_place().map(|place| Tape::of(&owned_meta(draft.meta()), place));
        Self { body, meta, place }
    }

    /// Equal for fields that are alike.
    fn fingerprint(&self) -> u64 {
        let meta = self.meta.as_ref().map_or(0, Tape::fingerprint);
        self.body.fingerprint().rotate_left(1) ^ meta
    }

    /// Whether both come to the same [`Fields::changes`], as far as can be told without looking for them.
    fn is_alike(&self, other: &Self) -> bool {
        let same_meta = match (&self.meta, &other.meta) {
            (Some(one), Some(other)) => {
                meta_place().is_some_and(|place| one.is_alike(other, &Tape::empty(place)))
            }
            (None, None) => true,
            _ => false,
        };
        same_meta && self.body.is_alike(&other.body, &Tape::empty(self.place))
    }

    /// What differs from an object without any.
    fn changes(&self) -> Comparison {
        let body = Tape::empty(self.place).compare(&self.body);
        match meta_place().zip(self.meta.as_ref()) {
            Some((place, meta)) => {
                let meta = Tape::empty(place).compare(meta).under(&Element::Field(METADATA));
                body.union(&meta)
            }
            None => body,
        }
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
    let type_ = draft.kind().schema(draft.version.as_deref());
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

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use setpoint_core::kind::Kind;
use setpoint_core::object::{
    Meta, Object, OwnerReference, OwnerReferences, Part, Revision, Text, TextMap, Texts, Uid,
};
use setpoint_core::ownership::{Entry, FieldSet, ManagedFields, Manager, Operation};
use smallvec::SmallVec;

use super::bytes::{Malformed, Reader, Writer};
use super::raw::{KindName, RawKey, RawObject, RawPart};
use super::shelf::{Keep, Shelf, Shelves, Sort, write_absent};

/// Writes all of an object but its revision.
pub(crate) fn write_object(object: &Object, into: &mut Writer, shelf: &mut Shelf) {
    let kind = object.kind();
    write_kind(kind, into, shelf);
    write_meta(object.meta(), into, shelf);
    let representation = &kind.representation;
    let part = object.spec_part();
    match representation.layers(part) {
        Some(layers) => {
            let json = |into: &mut Writer, _: &mut Shelf| into.0 = representation.write_spec(&layers.bare);
            let common = &layers.common;
            shelf.write(into, Sort::Spec, common.address(), || Keep::Part(common.clone()), json);
            write_own(&layers.own, into, shelf);
        }
        None => {
            write_part(part, Sort::Spec, into, shelf, || representation.write_spec(part));
            write_own(&[], into, shelf);
        }
    }
    match object.status_part() {
        Some(status) => {
            write_part(status, Sort::Status, into, shelf, || representation.write_status(part, status));
        }
        None => write_absent(into),
    }
    write_managed(object.managed_fields(), into, shelf);
}

/// The same for one whose kind is not known.
pub(crate) fn write_raw_object(object: &RawObject, into: &mut Writer, shelf: &mut Shelf) {
    write_kind_name(&object.kind, into, shelf);
    write_meta(&object.meta, into, shelf);
    write_raw_part(&object.spec, Sort::Spec, into, shelf);
    write_own(&object.own, into, shelf);
    match &object.status {
        Some(status) => write_raw_part(status, Sort::Status, into, shelf),
        None => write_absent(into),
    }
    write_managed(object.managed.as_ref(), into, shelf);
}

/// Reads what one of the two wrote.
pub(crate) fn read_object(
    from: &mut Reader<'_>,
    shelves: &mut Shelves,
    revision: Revision,
) -> Result<RawObject, Malformed> {
    let kind = read_kind(from, shelves)?;
    let meta = Arc::new(read_meta(from, shelves)?);
    let part = |from: &mut Reader<'_>, _: &mut Shelves| {
        let json = from.bytes_left();
        Ok(Arc::new(RawPart::new(json)))
    };
    let spec = shelves.read(from, Sort::Spec, |shelves| &mut shelves.specs, part)?;
    let spec = spec.ok_or_else(|| Malformed::new("an object has no spec"))?;
    let own = read_own(from, shelves)?;
    let status = shelves.read(from, Sort::Status, |shelves| &mut shelves.statuses, part)?;
    let managed = read_managed(from, shelves)?;
    Ok(RawObject { kind, revision, meta, spec, own, status, managed })
}

/// Writes which object is gone.
pub(crate) fn write_removal(object: &Object, into: &mut Writer, shelf: &mut Shelf) {
    write_kind(object.kind(), into, shelf);
    let (namespace, name) = object.place();
    into.text(namespace);
    into.text(name);
}

/// Reads which object is gone.
pub(crate) fn read_key(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<RawKey, Malformed> {
    let kind = read_kind(from, shelves)?;
    Ok(RawKey { kind, namespace: from.text()?.into(), name: from.text()?.into() })
}

fn write_kind(kind: &Arc<Kind>, into: &mut Writer, shelf: &mut Shelf) {
    let keep = || Keep::Kind(Arc::clone(kind));
    shelf.write(into, Sort::Kind, Arc::as_ptr(kind) as usize, keep, |into, _| {
        into.text(&kind.resource.group);
        into.text(&kind.resource.resource);
    });
}

fn write_kind_name(kind: &Arc<KindName>, into: &mut Writer, shelf: &mut Shelf) {
    let keep = || Keep::KindName(Arc::clone(kind));
    shelf.write(into, Sort::Kind, Arc::as_ptr(kind) as usize, keep, |into, _| {
        into.text(&kind.group);
        into.text(&kind.resource);
    });
}

fn read_kind(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<Arc<KindName>, Malformed> {
    let kind = shelves.read(
        from,
        Sort::Kind,
        |shelves| &mut shelves.kinds,
        |from, _| Ok(Arc::new(KindName { group: from.text()?.into(), resource: from.text()?.into() })),
    )?;
    kind.ok_or_else(|| Malformed::new("an object has no kind"))
}

fn write_part(part: &Part, sort: Sort, into: &mut Writer, shelf: &mut Shelf, json: impl FnOnce() -> Vec<u8>) {
    shelf.write(into, sort, part.address(), || Keep::Part(part.clone()), |into, _| into.0 = json());
}

fn write_raw_part(part: &Arc<RawPart>, sort: Sort, into: &mut Writer, shelf: &mut Shelf) {
    let keep = || Keep::Raw(Arc::clone(part));
    shelf.write(into, sort, Arc::as_ptr(part) as usize, keep, |into, _| into.0 = part.json.to_vec());
}

fn write_own(own: &[Option<Text>], into: &mut Writer, shelf: &mut Shelf) {
    let own = if own.iter().all(Option::is_none) { &[] } else { own };
    into.number(own.len() as u64);
    for text in own {
        write_shared_text(text.as_ref(), into, shelf);
    }
}

fn read_own(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<SmallVec<[Option<Text>; 2]>, Malformed> {
    (0..from.count()?).map(|_| read_shared_text(from, shelves)).collect()
}

/// Which fields of the metadata follow.
mod has {
    pub(super) const UID: u64 = 1;
    pub(super) const OTHER_UID: u64 = 1 << 1;
    pub(super) const GENERATION: u64 = 1 << 2;
    pub(super) const CREATION: u64 = 1 << 3;
    pub(super) const DELETION: u64 = 1 << 4;
    pub(super) const GRACE: u64 = 1 << 5;
    pub(super) const ALL: u64 = (1 << 6) - 1;
}

fn write_meta(meta: &Meta, into: &mut Writer, shelf: &mut Shelf) {
    let bit = |there: bool, bit: u64| if there { bit } else { 0 };
    let halves = meta.uid.as_ref().map(Uid::halves);
    into.number(
        bit(matches!(halves, Some(Some(_))), has::UID)
            | bit(matches!(halves, Some(None)), has::OTHER_UID)
            | bit(meta.generation != 0, has::GENERATION)
            | bit(meta.creation_timestamp.is_some(), has::CREATION)
            | bit(meta.deletion_timestamp.is_some(), has::DELETION)
            | bit(meta.deletion_grace_period_seconds.is_some(), has::GRACE),
    );
    write_shared_text(meta.namespace.as_ref(), into, shelf);
    into.text(&meta.name);
    write_shared_text(meta.generate_name.as_ref(), into, shelf);
    if let Some(uid) = &meta.uid {
        write_uid(uid, into);
    }
    if meta.generation != 0 {
        into.signed(meta.generation);
    }
    for time in [meta.creation_timestamp, meta.deletion_timestamp].into_iter().flatten() {
        write_time(time, into);
    }
    if let Some(grace) = meta.deletion_grace_period_seconds {
        into.signed(grace);
    }
    write_map(&meta.labels, into, shelf);
    write_map(&meta.annotations, into, shelf);
    write_owners(&meta.owner_references, into, shelf);
    write_list(&meta.finalizers, into, shelf);
}

fn read_meta(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<Meta, Malformed> {
    let flags = from.number()?;
    if flags & !has::ALL != 0 {
        return Err(Malformed::new("metadata has fields of another release"));
    }
    let has = |bit: u64| flags & bit != 0;
    let namespace = read_shared_text(from, shelves)?;
    let name = from.text()?.into();
    let generate_name = read_shared_text(from, shelves)?;
    let uid = match (has(has::UID), has(has::OTHER_UID)) {
        (true, _) => Some(Uid::from_halves(from.fixed()?, from.fixed()?)),
        (false, true) => Some(Uid::new(from.text()?)),
        (false, false) => None,
    };
    let generation = if has(has::GENERATION) { from.signed()? } else { 0 };
    let creation_timestamp = has(has::CREATION).then(|| read_time(from)).transpose()?;
    let deletion_timestamp = has(has::DELETION).then(|| read_time(from)).transpose()?;
    let deletion_grace_period_seconds = has(has::GRACE).then(|| from.signed()).transpose()?;
    Ok(Meta {
        name,
        namespace,
        generate_name,
        uid,
        generation,
        creation_timestamp,
        deletion_timestamp,
        deletion_grace_period_seconds,
        labels: read_map(from, shelves)?,
        annotations: read_map(from, shelves)?,
        owner_references: read_owners(from, shelves)?,
        finalizers: read_list(from, shelves)?,
    })
}

fn write_shared_text(text: Option<&Text>, into: &mut Writer, shelf: &mut Shelf) {
    let Some(text) = text else { return write_absent(into) };
    let address = text.as_ptr() as usize;
    shelf.write(into, Sort::Text, address, || Keep::Text(text.clone()), |into, _| into.text(text));
}

fn read_shared_text(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<Option<Text>, Malformed> {
    shelves.read(from, Sort::Text, |shelves| &mut shelves.texts, |from, _| Ok(from.text()?.into()))
}

/// In halves, or as text: the flags say which.
fn write_uid(uid: &Uid, into: &mut Writer) {
    match uid.halves() {
        Some((high, low)) => {
            into.fixed(high);
            into.fixed(low);
        }
        None => into.text(&uid.to_string()),
    }
}

fn write_time(time: Timestamp, into: &mut Writer) {
    into.signed(time.as_second());
    into.signed(time.subsec_nanosecond().into());
}

fn read_time(from: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    let (seconds, nanoseconds) = (from.signed()?, from.signed()?);
    let nanoseconds = i32::try_from(nanoseconds).map_err(|error| Malformed::new(error.to_string()))?;
    Timestamp::new(seconds, nanoseconds).map_err(|error| Malformed::new(error.to_string()))
}

fn write_map(map: &TextMap, into: &mut Writer, shelf: &mut Shelf) {
    if map.is_empty() {
        return write_absent(into);
    }
    shelf.write(
        into,
        Sort::Map,
        map.address(),
        || Keep::Map(map.clone()),
        |into, _| {
            into.number(map.len() as u64);
            for (key, value) in map.iter() {
                into.text(key);
                into.text(value);
            }
        },
    );
}

fn read_map(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<TextMap, Malformed> {
    let map = shelves.read(
        from,
        Sort::Map,
        |shelves| &mut shelves.maps,
        |from, _| (0..from.count()?).map(|_| Ok((from.text()?, from.text()?))).collect(),
    )?;
    Ok(map.unwrap_or_default())
}

fn write_list(list: &Texts, into: &mut Writer, shelf: &mut Shelf) {
    if list.is_empty() {
        return write_absent(into);
    }
    shelf.write(
        into,
        Sort::List,
        list.address(),
        || Keep::List(list.clone()),
        |into, _| {
            into.number(list.len() as u64);
            list.iter().for_each(|text| into.text(text));
        },
    );
}

fn read_list(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<Texts, Malformed> {
    let list = shelves.read(
        from,
        Sort::List,
        |shelves| &mut shelves.lists,
        |from, _| (0..from.count()?).map(|_| from.text()).collect(),
    )?;
    Ok(list.unwrap_or_default())
}

fn write_owners(owners: &OwnerReferences, into: &mut Writer, shelf: &mut Shelf) {
    if owners.is_empty() {
        return write_absent(into);
    }
    let keep = || Keep::Owners(Arc::clone(owners));
    shelf.write(into, Sort::Owners, owners.as_ptr() as usize, keep, |into, _| {
        into.number(owners.len() as u64);
        for owner in owners.iter() {
            into.text(&owner.api_version);
            into.text(&owner.kind);
            into.text(&owner.name);
            into.byte(u8::from(owner.uid.halves().is_some()));
            write_uid(&owner.uid, into);
            into.byte(truth(owner.controller));
            into.byte(truth(owner.block_owner_deletion));
        }
    });
}

fn read_owners(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<OwnerReferences, Malformed> {
    let owners = shelves.read(
        from,
        Sort::Owners,
        |shelves| &mut shelves.owners,
        |from, _| {
            let owners: Result<Vec<_>, Malformed> = (0..from.count()?).map(|_| read_owner(from)).collect();
            Ok(owners?.into())
        },
    )?;
    Ok(owners.unwrap_or_default())
}

fn read_owner(from: &mut Reader<'_>) -> Result<OwnerReference, Malformed> {
    Ok(OwnerReference {
        api_version: from.text()?.into(),
        kind: from.text()?.into(),
        name: from.text()?.into(),
        uid: match from.byte()? {
            1 => Uid::from_halves(from.fixed()?, from.fixed()?),
            _ => Uid::new(from.text()?),
        },
        controller: read_truth(from)?,
        block_owner_deletion: read_truth(from)?,
    })
}

fn truth(value: Option<bool>) -> u8 {
    value.map_or(0, |value| 1 + u8::from(value))
}

fn read_truth(from: &mut Reader<'_>) -> Result<Option<bool>, Malformed> {
    match from.byte()? {
        0 => Ok(None),
        1 => Ok(Some(false)),
        2 => Ok(Some(true)),
        other => Err(Malformed::new(format!("{other} is no truth value"))),
    }
}

fn write_managed(managed: Option<&Arc<ManagedFields>>, into: &mut Writer, shelf: &mut Shelf) {
    let Some(managed) = managed else { return write_absent(into) };
    let keep = || Keep::Managed(Arc::clone(managed));
    shelf.write(into, Sort::Managed, Arc::as_ptr(managed) as usize, keep, |into, shelf| {
        into.number(managed.entries().len() as u64);
        for entry in managed.entries() {
            let keep = || Keep::Entry(Arc::clone(entry));
            let address = Arc::as_ptr(entry) as usize;
            shelf.write(into, Sort::Entry, address, keep, |into, shelf| write_entry(entry, into, shelf));
        }
    });
}

fn write_entry(entry: &Entry, into: &mut Writer, shelf: &mut Shelf) {
    let Entry { manager, time, fields } = entry;
    into.text(&manager.name);
    into.byte(u8::from(manager.operation == Operation::Apply));
    into.text(&manager.api_version);
    into.text(&manager.subresource);
    into.byte(u8::from(time.is_some()));
    if let Some(time) = time {
        write_time(*time, into);
    }
    if fields.is_empty() {
        return write_absent(into);
    }
    let keep = || Keep::Fields(fields.clone());
    let json = |into: &mut Writer, _: &mut Shelf| into.0 = fields.to_json().into_bytes();
    shelf.write(into, Sort::Fields, fields.address(), keep, json);
}

fn read_managed(
    from: &mut Reader<'_>,
    shelves: &mut Shelves,
) -> Result<Option<Arc<ManagedFields>>, Malformed> {
    shelves.read(
        from,
        Sort::Managed,
        |shelves| &mut shelves.managed,
        |from, shelves| {
            let entries: Result<Vec<_>, Malformed> = (0..from.count()?)
                .map(|_| {
                    let entry = shelves.read(
                        from,
                        Sort::Entry,
                        |shelves| &mut shelves.entries,
                        |from, shelves| read_entry(from, shelves).map(Arc::new),
                    )?;
                    entry.ok_or_else(|| Malformed::new("an entry of the managed fields is missing"))
                })
                .collect();
            Ok(Arc::new(ManagedFields::new(entries?)))
        },
    )
}

fn read_entry(from: &mut Reader<'_>, shelves: &mut Shelves) -> Result<Entry, Malformed> {
    let name = from.text()?.into();
    let operation = if from.byte()? == 1 { Operation::Apply } else { Operation::Update };
    let manager =
        Manager { name, operation, api_version: from.text()?.into(), subresource: from.text()?.into() };
    let time = (from.byte()? == 1).then(|| read_time(from)).transpose()?;
    let fields = shelves.read(
        from,
        Sort::Fields,
        |shelves| &mut shelves.fields,
        |from, _| {
            let wrong = |error: &dyn std::fmt::Display| Malformed::new(format!("managed fields: {error}"));
            let json: Value = serde_json::from_slice(from.bytes_left()).map_err(|error| wrong(&error))?;
            FieldSet::from_json(&json).map_err(|error| wrong(&error))
        },
    )?;
    Ok(Entry { manager, time, fields: fields.unwrap_or_default() })
}

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use kube_core::CustomResourceExt;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changes::{Changed, Changes};
use super::{JsonKind, Kind, KindId, Names, NoRules, Scope, ServedVersion};
use crate::error::GroupResource;

/// The kinds that a store knows. Clones share.
///
/// Kinds can be added at any time. Those of the program stay; those that a definition makes can be
/// [replaced](Self::replace) and [removed](Self::remove), and who holds one of them goes on with it as it was.
#[derive(Clone, Default)]
pub struct Registry(Arc<Shared>);

#[derive(Default)]
struct Shared {
    kinds: RwLock<Kinds>,
    /// Held by whoever makes kinds of definitions.
    definer: Arc<futures::lock::Mutex<()>>,
}

#[derive(Default)]
struct Kinds {
    by_id: Vec<Slot>,
    by_type: FxHashMap<TypeId, KindId>,
    changes: Changes,
}

/// A number's kind. A number is given again only to a kind of the same group and resource.
struct Slot {
    resource: GroupResource,
    kind: Option<Arc<Kind>>,
}

impl Kinds {
    fn present(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.by_id.iter().filter_map(|slot| slot.kind.as_ref())
    }

    fn get(&self, id: KindId) -> Option<&Arc<Kind>> {
        self.by_id.get(id.0 as usize)?.kind.as_ref()
    }

    /// The kind that has a name in common with one that is to be added.
    fn taken(&self, kind: &Kind) -> Option<&Arc<Kind>> {
        self.present().find(|other| {
            other.resource == kind.resource
                || other.names.kind == kind.names.kind
                    && other.versions.iter().any(|version| kind.versions.contains(version))
        })
    }
}

/// A kind's names are taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} ({resource}) is registered already, as {other}")]
pub struct KindConflict {
    /// The kind that was to be registered.
    pub kind: String,
    /// Its group-resource.
    pub resource: GroupResource,
    /// The kind that has a name in common with it.
    pub other: GroupResource,
}

impl Registry {
    /// Without any kinds.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With the built-in kinds.
    pub fn builtin() -> Self {
        let registry = Self::empty();
        crate::builtin::register(&registry).expect("the built-in kinds have different names");
        registry
    }

    /// Adds a custom kind made with kube's derive macro.
    ///
    /// Names, categories, scope and the status subresource are those of its definition. Its objects are
    /// kept as JSON that fits the type.
    ///
    /// # Errors
    ///
    /// [`KindConflict`] if another kind has its group and kind, or its group and plural.
    pub fn register<K>(&self) -> Result<Arc<Kind>, KindConflict>
    where
        K: CustomResourceExt + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let spec = K::crd().spec;
        let names = spec.names;
        let scope = if spec.scope == "Cluster" { Scope::Cluster } else { Scope::Namespaced };
        let has_status = spec
            .versions
            .iter()
            .any(|version| version.subresources.as_ref().is_some_and(|sub| sub.status.is_some()));
        let versions = spec
            .versions
            .into_iter()
            .filter(|version| version.served)
            .map(|version| ServedVersion { group: spec.group.clone(), version: version.name })
            .collect();
        let mut kind = Kind {
            id: KindId(0),
            resource: GroupResource {
                group: spec.group.clone().into(),
                resource: names.plural.clone().into(),
            },
            names: Names {
                list: names.list_kind.unwrap_or_else(|| format!("{}List", names.kind)),
                singular: names.singular.unwrap_or_else(|| names.kind.to_lowercase()),
                plural: names.plural,
                short: names.short_names.unwrap_or_default(),
                categories: names.categories.unwrap_or_default(),
                kind: names.kind,
            },
            scope,
            versions,
            representation: Arc::new(JsonKind::<K>::default()),
            rules: Arc::new(NoRules),
            conversion: None,
            has_status,
            fields: Vec::new(),
            custom: None,
        };
        // A definition that was there before goes on, with the type to read and write it by.
        let found = self.find_in_group(&kind.names.kind, &kind.resource.group);
        if let Some(defined) = found.filter(|found| found.resource == kind.resource)
            && let Some(custom) = &defined.custom
            && custom.base.is_none()
        {
            kind.rules = Arc::clone(&defined.rules);
            kind.versions.clone_from(&defined.versions);
            kind.scope = defined.scope;
            kind.names = defined.names.clone();
            kind.has_status = defined.has_status;
            kind.fields.clone_from(&defined.fields);
            kind.custom = Some(Arc::new(custom.continued()));
            if let Some(kind) = self.replace(defined.id, kind) {
                self.0.kinds.write().by_type.insert(TypeId::of::<K>(), kind.id);
                return Ok(kind);
            }
            return self.register::<K>();
        }
        self.register_type::<K>(kind)
    }

    /// Adds a kind and the Rust type that stands for it.
    ///
    /// # Errors
    ///
    /// As [`Registry::register_kind`].
    pub fn register_type<K: 'static>(&self, kind: Kind) -> Result<Arc<Kind>, KindConflict> {
        let kind = self.register_kind(kind)?;
        self.0.kinds.write().by_type.insert(TypeId::of::<K>(), kind.id);
        Ok(kind)
    }

    /// Adds a kind; its number is set here.
    ///
    /// # Errors
    ///
    /// [`KindConflict`] if another kind has its group and kind, or its group and plural.
    pub fn register_kind(&self, mut kind: Kind) -> Result<Arc<Kind>, KindConflict> {
        let kinds = &mut *self.0.kinds.write();
        if let Some(other) = kinds.taken(&kind) {
            return Err(KindConflict {
                kind: kind.names.kind,
                resource: kind.resource,
                other: other.resource.clone(),
            });
        }
        let free = kinds.by_id.iter().position(|slot| slot.kind.is_none() && slot.resource == kind.resource);
        let at = free.unwrap_or(kinds.by_id.len());
        kind.id = KindId(u32::try_from(at).expect("far fewer kinds than 2^32"));
        let kind = Arc::new(kind);
        let slot = Slot { resource: kind.resource.clone(), kind: Some(Arc::clone(&kind)) };
        match kinds.by_id.get_mut(at) {
            Some(free) => *free = slot,
            None => kinds.by_id.push(slot),
        }
        kinds.changes.tell();
        Ok(kind)
    }

    /// Puts another kind in the place of one with the same group and resource, under its number. Watches of the
    /// one before are ended if it was [custom](Kind::custom).
    ///
    /// `None` if there is no such kind any more.
    pub fn replace(&self, id: KindId, mut kind: Kind) -> Option<Arc<Kind>> {
        let before;
        let kind = {
            let kinds = &mut *self.0.kinds.write();
            let slot = kinds.by_id.get_mut(id.0 as usize)?;
            before = slot.kind.take_if(|before| before.resource == kind.resource)?;
            kind.id = id;
            let kind = Arc::new(kind);
            slot.kind = Some(Arc::clone(&kind));
            kinds.changes.tell();
            kind
        };
        if let Some(custom) = &before.custom {
            custom.end.set();
        }
        Some(kind)
    }

    /// Removes a kind that a definition made; one that the program had registered before is there again. Its watches
    /// are ended.
    pub fn remove(&self, id: KindId) {
        let removed = {
            let kinds = &mut *self.0.kinds.write();
            let Some(slot) = kinds.by_id.get_mut(id.0 as usize) else { return };
            let Some(kind) = slot.kind.take() else { return };
            let Some(custom) = kind.custom.clone() else {
                slot.kind = Some(kind);
                return;
            };
            slot.kind = custom.base.clone();
            if slot.kind.is_none() {
                kinds.by_type.retain(|_, of| *of != id);
            }
            kinds.changes.tell();
            custom
        };
        removed.end.set();
    }

    /// How often kinds have come, changed or gone.
    pub fn version(&self) -> u64 {
        self.0.kinds.read().changes.version()
    }

    /// Waits until kinds have come, changed or gone since `seen`, a [`Registry::version`], and gives the version then.
    pub fn changed(&self, seen: u64) -> impl Future<Output = u64> + Send + use<> {
        let shared = Arc::clone(&self.0);
        Changed::new(seen, move |seen, cx| shared.kinds.write().changes.poll(seen, cx))
    }

    /// Waits for the right to make kinds of definitions, which one has at a time: it is held until what this gives
    /// is dropped.
    pub async fn define(&self) -> futures::lock::OwnedMutexGuard<()> {
        Arc::clone(&self.0.definer).lock_owned().await
    }

    /// The kind with this number.
    pub fn get(&self, id: KindId) -> Option<Arc<Kind>> {
        self.0.kinds.read().get(id).cloned()
    }

    /// The kind that a Rust type stands for.
    pub fn of<K: 'static>(&self) -> Option<Arc<Kind>> {
        let kinds = self.0.kinds.read();
        let id = kinds.by_type.get(&TypeId::of::<K>())?;
        kinds.get(*id).cloned()
    }

    /// The kind with this name, served at this `apiVersion`.
    pub fn find(&self, kind: &str, api_version: &str) -> Option<Arc<Kind>> {
        self.first(|candidate| candidate.names.kind == kind && candidate.is_served_at(api_version))
    }

    /// The kind with this name in this group, at whatever version.
    pub fn find_in_group(&self, kind: &str, group: &str) -> Option<Arc<Kind>> {
        self.first(|candidate| {
            candidate.names.kind == kind && candidate.versions.iter().any(|version| version.group == group)
        })
    }

    /// The kind with this plural, served at this group and version.
    pub fn find_resource(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.first(|candidate| {
            candidate.names.plural == plural
                && candidate.versions.iter().any(|served| served.group == group && served.version == version)
        })
    }

    /// The first kind that people call so: plural, singular, short name or kind, in any case.
    pub fn find_by_any_name(&self, name: &str) -> Option<Arc<Kind>> {
        let name = name.to_lowercase();
        self.first(|candidate| {
            let names = &candidate.names;
            names.plural == name || names.singular == name || names.short.contains(&name)
        })
    }

    /// All kinds, in order of registration.
    pub fn kinds(&self) -> Vec<Arc<Kind>> {
        self.0.kinds.read().present().cloned().collect()
    }

    fn first(&self, matches: impl Fn(&Kind) -> bool) -> Option<Arc<Kind>> {
        self.0.kinds.read().present().find(|kind| matches(kind)).cloned()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds().iter().map(|kind| kind.resource.to_string())).finish()
    }
}

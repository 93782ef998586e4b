//! Server-side apply (PATCH-09 to PATCH-11, PATCH-14, PATCH-17).

use std::sync::Arc;

use serde_json::{Map, Value, json};
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Key, ObjectRef, Text};
use setpoint_core::ownership::{Applied, Apply, ApplyError, Element, FieldSet, Manager, Operation};
use setpoint_core::patch::{PatchType, validate_options};
use setpoint_core::{Error, Reason, Result};

use super::create::seconds;
use super::patch::{check_name, decode};
use super::record::{self, Ownership};
use super::update::{self, Attempt};
use super::{ATTEMPTS_MAX, Inner};
use crate::engine::Engine;
use crate::request::{RequestContext, Written};
use crate::tables::Snapshot;

/// What a request applies, once it is known to be one.
struct Wanted {
    kind: Arc<Kind>,
    config: Value,
    manager: Manager,
    ignored: FieldSet,
    side: Subresource,
    force: bool,
    /// The version that it is written in, if that is not the preferred one.
    version: Option<Text>,
}

impl<E: Engine> Inner<E> {
    /// Merges a configuration into an object, which is created if it is not there.
    pub(super) async fn apply(
        &self,
        context: &RequestContext,
        key: &Key,
        config: &Map<String, Value>,
        force: bool,
        side: Subresource,
    ) -> Result<Written> {
        let wanted = self.wanted(context, key, config, force, side)?;
        for _ in 0..ATTEMPTS_MAX {
            let is_there = self.engine.snapshot().get(key).is_some();
            let result = if is_there {
                self.guaranteed_update(context, key, |snapshot, old| {
                    self.attempt_apply(context, old, &wanted, snapshot)
                })
                .await
            } else {
                match &context.refused_creation {
                    Some(refused) => Err(refused.clone()),
                    None => self.create_applied(context, key, &wanted).await,
                }
            };
            match result {
                // It came or went meanwhile.
                Err(error) if is_there && error.is_not_found() && side == Subresource::Main => {}
                Err(error) if !is_there && error.is_already_exists() => {}
                result => return result,
            }
        }
        Err(Error::conflict(&wanted.kind.resource, &key.name, update::MODIFIED).with_retry_after(1))
    }

    /// Checks the request (PATCH-09).
    fn wanted(
        &self,
        context: &RequestContext,
        key: &Key,
        config: &Map<String, Value>,
        force: bool,
        side: Subresource,
    ) -> Result<Wanted> {
        let faults = validate_options(PatchType::Apply, &context.field_manager, Some(force));
        if !faults.is_empty() {
            return Err(Error::invalid("PatchOptions", "meta.k8s.io", "", &faults));
        }
        let kind = self.kind(key.kind)?;
        let mut config = config.clone();
        if side == Subresource::Scale {
            config = of_scaled(&kind, config)?;
        }
        let text = |field: &str| config.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api_version, name) = (text("apiVersion"), text("kind"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let (group, version) = (group.to_owned(), version.to_owned());
        if name != kind.names.kind || kind.versions.iter().all(|served| served.group != group) {
            let slash = if group.is_empty() { "" } else { "/" };
            return Err(Error::bad_request(format!(
                "invalid object type: {group}{slash}{version}, Kind={name}"
            )));
        }
        let is_preferred = api_version == kind.api_version();
        if !kind.is_served_at(&api_version) || kind.conversion.is_some() && !is_preferred {
            return Err(Error::bad_request(format!(
                "Incorrect version specified in apply patch. Specified patch version: {api_version}, expected: {}",
                kind.api_version(),
            )));
        }
        if config
            .get("metadata")
            .is_some_and(|meta| meta.get("managedFields").is_some_and(|sent| !sent.is_null()))
        {
            return Err(Error::bad_request("metadata.managedFields must be nil"));
        }
        let manager = Manager {
            operation: Operation::Apply,
            api_version: api_version.into(),
            ..record::manager(String::new(), context, side)
        };
        let ignored = ignored(&kind, &config, side);
        let version = (!is_preferred).then(|| version.as_str().into());
        Ok(Wanted { kind, config: Value::Object(config), manager, ignored, side, force, version })
    }

    fn attempt_apply(
        &self,
        context: &RequestContext,
        old: &ObjectRef,
        wanted: &Wanted,
        snapshot: &Snapshot,
    ) -> Result<Attempt> {
        let managed = old.managed_fields().map(|managed| (**managed).clone()).unwrap_or_default();
        let live = old.to_value_without_ownership();
        let applied = self.merge(wanted, &old.key(), &live, &managed)?;
        let mut draft = decode(&wanted.kind, applied.object)?;
        draft.version.clone_from(&wanted.version);
        check_name(&draft, &old.meta().name)?;
        update::check_preconditions(&draft, old)?;
        let managed = match old.managed_fields() {
            Some(before) if before.shares_all(&applied.managed) => Some(Arc::clone(before)),
            _ => (!applied.managed.is_empty()).then(|| Arc::new(applied.managed)),
        };
        self.attempt_update(context, draft, old, wanted.side, snapshot, Ownership::Known(managed))
    }

    async fn create_applied(&self, context: &RequestContext, key: &Key, wanted: &Wanted) -> Result<Written> {
        if wanted.side != Subresource::Main {
            return Err(self.not_found(key));
        }
        let empty =
            json!({ "apiVersion": wanted.manager.api_version.as_ref(), "kind": wanted.kind.names.kind });
        let applied = self.merge(wanted, key, &empty, &Default::default())?;
        let mut draft = decode(&wanted.kind, applied.object)?;
        draft.version.clone_from(&wanted.version);
        if let Some(uid) = &draft.meta().uid {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(Error::conflict(&wanted.kind.resource, &key.name, why));
        }
        if draft.meta().name.is_empty() {
            draft.meta_mut().name = Arc::clone(&key.name);
        }
        check_name(&draft, &key.name)?;
        if draft.meta().namespace.is_none() {
            draft.meta_mut().namespace = key.namespace.clone();
        }
        draft.revision = None;
        let managed = (!applied.managed.is_empty()).then(|| Arc::new(applied.managed));
        self.create(context, draft, &Ownership::Known(managed)).await
    }

    fn merge(
        &self,
        wanted: &Wanted,
        key: &Key,
        live: &Value,
        managed: &setpoint_core::ownership::ManagedFields,
    ) -> Result<Applied> {
        let apply = Apply {
            config: &wanted.config,
            place: wanted.kind.schema(wanted.version.as_deref()).node(),
            manager: &wanted.manager,
            force: wanted.force,
            ignored: &wanted.ignored,
            now: seconds(self.env.wall()),
        };
        apply.to(live, managed, |version| record::is_served(&wanted.kind, version)).map_err(|error| {
            match error {
                ApplyError::Misfit(_) => Error::new(
                    Reason::InternalError,
                    format!(
                        "failed to create typed patch object ({}/{}; {}, Kind={}): {error}",
                        key.namespace.as_deref().unwrap_or_default(),
                        key.name,
                        wanted.manager.api_version,
                        wanted.kind.names.kind,
                    ),
                ),
                conflicts => conflicts.into(),
            }
        })
    }
}

/// What a configuration of this side sets beyond that side, and so does not get to own.
fn ignored(kind: &Kind, config: &Map<String, Value>, side: Subresource) -> FieldSet {
    let beyond = |field: &str| match side {
        Subresource::Status => !matches!(field, "status" | "metadata"),
        _ => kind.has_status && field == "status",
    };
    config.keys().filter(|field| beyond(field)).map(|field| [Element::field(field.as_str())]).collect()
}

/// The configuration of an object that a configuration of its scale means.
fn of_scaled(kind: &Kind, config: Map<String, Value>) -> Result<Map<String, Value>> {
    let is_scale = config.get("kind").and_then(Value::as_str) == Some("Scale")
        && config.get("apiVersion").and_then(Value::as_str) == Some("autoscaling/v1");
    if !is_scale {
        let name = config.get("kind").and_then(Value::as_str).unwrap_or_default();
        let version = config.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        return Err(Error::bad_request(format!("invalid object type: {version}, Kind={name}")));
    }
    let mut scaled = Map::new();
    scaled.insert("apiVersion".to_owned(), Value::String(kind.api_version()));
    scaled.insert("kind".to_owned(), Value::String(kind.names.kind.clone()));
    if let Some(replicas) = config.get("spec").and_then(|spec| spec.get("replicas")) {
        let version = kind.custom.as_ref().and_then(|custom| custom.version(None));
        match version.and_then(|version| version.scale.as_ref()) {
            Some(paths) => {
                let count = replicas.as_i64().unwrap_or_default();
                scaled.extend(paths.patch(count).as_object().cloned().unwrap_or_default());
            }
            None => {
                scaled.insert("spec".to_owned(), json!({ "replicas": replicas }));
            }
        }
    }
    if let Some(Value::Object(meta)) = config.get("metadata") {
        let kept = ["name", "namespace", "uid", "resourceVersion"];
        let meta = meta.iter().filter(|(field, _)| kept.contains(&field.as_str()));
        let meta = meta.map(|(field, value)| (field.clone(), value.clone())).collect();
        scaled.insert("metadata".to_owned(), Value::Object(meta));
    }
    Ok(scaled)
}

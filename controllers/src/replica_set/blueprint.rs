use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Key, Meta, ObjectRef, Part, TextMap};
use setpoint_core::selector::{LabelSelector, LabelSelectorError};

use super::dialect::Dialect;
use crate::controller_ref::controller_ref;

/// What a ReplicaSet's spec comes to: which pods are its own, and how new ones look.
///
/// All pods of one template share their parts by address, from sync to sync, so that the store defaults and
/// validates them once and keeps them once.
#[derive(Debug)]
pub struct Blueprint {
    /// Which pods it selects.
    pub selector: Result<LabelSelector, LabelSelectorError>,
    /// How many active pods are wanted.
    pub replicas: usize,
    /// How long a pod must be ready to be available, in seconds.
    pub min_ready_seconds: i32,
    /// A new pod; the store gives it a name.
    pub pod: Draft,
    /// How the ReplicaSet's kind says all this.
    pub(super) dialect: Dialect,
    /// What it was made of, kept so that the address of its spec stays its own.
    of: ObjectRef,
}

impl Blueprint {
    /// That of a ReplicaSet, or of another kind with its dialect; `None` for objects of neither.
    pub fn of(replica_set: &ObjectRef, pods: &Arc<Kind>, dialect: Dialect) -> Option<Self> {
        Self::renewed(None, replica_set, pods, dialect)
    }

    /// The labels of the template.
    pub fn labels(&self) -> &TextMap {
        &self.pod.meta().labels
    }

    /// That of a newer version of the same ReplicaSet, which shares the pod if the template is the same.
    fn renewed(
        known: Option<&Self>,
        replica_set: &ObjectRef,
        pods: &Arc<Kind>,
        dialect: Dialect,
    ) -> Option<Self> {
        let asks = (dialect.asks)(replica_set)?;
        let is_same =
            |known: &&Self| (dialect.asks)(&known.of).is_some_and(|before| before.template == asks.template);
        let pod = match known.filter(is_same) {
            Some(known) => known.pod.clone(),
            None => draw(replica_set, asks.template.cloned().unwrap_or_default(), pods),
        };
        Some(Self {
            selector: LabelSelector::compile(Some(&asks.selector)),
            replicas: usize::try_from(asks.replicas.unwrap_or(1)).unwrap_or_default(),
            min_ready_seconds: asks.min_ready_seconds.unwrap_or_default(),
            pod,
            dialect,
            of: replica_set.clone(),
        })
    }
}

/// The pod of a template (RS-17). A name in the template means nothing.
fn draw(replica_set: &ObjectRef, template: PodTemplateSpec, pods: &Arc<Kind>) -> Draft {
    let owner = replica_set.meta();
    let template_meta = Meta::from_wire(template.metadata.unwrap_or_default());
    let meta = Meta {
        namespace: owner.namespace.clone(),
        generate_name: Some(format!("{}-", owner.name).into()),
        labels: template_meta.labels,
        annotations: template_meta.annotations,
        finalizers: template_meta.finalizers,
        owner_references: [controller_ref(replica_set)].into(),
        ..Meta::default()
    };
    let spec = SharedPodSpec::new(template.spec.unwrap_or_default());
    Draft::new(Arc::clone(pods), meta, Part::new(spec))
}

/// The blueprints of all ReplicaSets that are there.
#[derive(Debug)]
pub(super) struct Blueprints {
    dialect: Dialect,
    made: Mutex<FxHashMap<Key, Arc<Blueprint>>>,
}

impl Blueprints {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, made: Mutex::default() }
    }

    /// How the kind says what is wanted.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// That of a ReplicaSet, made anew only if its spec or the ReplicaSet itself is another one.
    pub(super) fn of(&self, replica_set: &ObjectRef, pods: &Arc<Kind>) -> Option<Arc<Blueprint>> {
        let key = replica_set.key();
        let known = self.made.lock().get(&key).cloned();
        let of_same_object = known.filter(|known| {
            let owner = known.pod.meta().owner_references.first();
            owner.map(|owner| &owner.uid) == replica_set.meta().uid.as_ref()
        });
        if let Some(known) = &of_same_object
            && known.of.spec_part().ptr_eq(replica_set.spec_part())
        {
            return of_same_object;
        }
        let made = Blueprint::renewed(of_same_object.as_deref(), replica_set, pods, self.dialect);
        let made = Arc::new(made?);
        if let Err(error) = &made.selector {
            // It cannot be mended by trying again (RS-04).
            tracing::error!(controller = self.dialect.controller, %key, %error, "a selector is none");
        }
        self.made.lock().insert(key, Arc::clone(&made));
        Some(made)
    }

    /// The ReplicaSet is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.made.lock().remove(key);
    }
}

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Key, Meta, ObjectRef, Part, TextMap};
use setpoint_core::selector::{LabelSelector, LabelSelectorError};

use crate::controller_ref::controller_ref;

/// What a ReplicaSet's spec comes to: which pods are its own, and how new ones look.
///
/// All pods of one template share their parts by address, from sync to sync, so that the store defaults and
/// validates them once and keeps them once.
#[derive(Debug)]
pub struct Blueprint {
    /// Which pods it selects.
    pub selector: Result<LabelSelector, LabelSelectorError>,
    /// A new pod; the store gives it a name.
    pub pod: Draft,
    /// The spec it was made of, kept so that its address stays its own.
    spec: Part,
}

impl Blueprint {
    /// That of a ReplicaSet; `None` for objects that are none.
    pub fn of(replica_set: &ObjectRef, pods: &Arc<Kind>) -> Option<Self> {
        let spec: &ReplicaSetSpec = replica_set.spec()?;
        let selector = LabelSelector::compile(Some(&spec.selector));
        let pod = draw(replica_set, spec.template.clone().unwrap_or_default(), pods);
        Some(Self { selector, pod, spec: replica_set.spec_part().clone() })
    }

    /// The labels of the template.
    pub fn labels(&self) -> &TextMap {
        &self.pod.meta().labels
    }

    /// That of a newer version of the same ReplicaSet, which shares the pod if the template is the same.
    fn renewed(&self, replica_set: &ObjectRef, pods: &Arc<Kind>) -> Option<Self> {
        let (old, new) = (self.spec.get::<ReplicaSetSpec>()?, replica_set.spec::<ReplicaSetSpec>()?);
        if old.template != new.template {
            return Self::of(replica_set, pods);
        }
        let selector = LabelSelector::compile(Some(&new.selector));
        Some(Self { selector, pod: self.pod.clone(), spec: replica_set.spec_part().clone() })
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
#[derive(Debug, Default)]
pub(super) struct Blueprints(Mutex<FxHashMap<Key, Arc<Blueprint>>>);

impl Blueprints {
    /// That of a ReplicaSet, made anew only if its spec or the ReplicaSet itself is another one.
    pub(super) fn of(&self, replica_set: &ObjectRef, pods: &Arc<Kind>) -> Option<Arc<Blueprint>> {
        let key = replica_set.key();
        let known = self.0.lock().get(&key).cloned();
        let of_same_object = known.filter(|known| {
            let owner = known.pod.meta().owner_references.first();
            owner.map(|owner| &owner.uid) == replica_set.meta().uid.as_ref()
        });
        if let Some(known) = &of_same_object
            && known.spec.ptr_eq(replica_set.spec_part())
        {
            return of_same_object;
        }
        let made = match &of_same_object {
            Some(known) => known.renewed(replica_set, pods),
            None => Blueprint::of(replica_set, pods),
        };
        let made = Arc::new(made?);
        if let Err(error) = &made.selector {
            // It cannot be mended by trying again (RS-04).
            tracing::error!(%key, %error, "a ReplicaSet's selector is none");
        }
        self.0.lock().insert(key, Arc::clone(&made));
        Some(made)
    }

    /// The ReplicaSet is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}

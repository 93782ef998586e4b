use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::StorageClass;

use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Refusal};
use crate::node_terms::RequiredNodeTerms;
use crate::pod::PodInfo;

/// Pods wait until their claims are bound, and go where the volumes can be reached (SCHED-31).
///
/// It binds and provisions nothing: a claim that waits for its first consumer keeps the pod waiting, with a
/// reason that says so.
#[derive(Debug, Clone, Copy)]
pub struct VolumeBinding;

/// What the pod's volumes demand of a node.
#[derive(Debug, Default)]
struct Volumes {
    terms: Vec<RequiredNodeTerms>,
    is_volume_missing: bool,
}

impl Filter for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let mut volumes = Volumes::default();
        let mut has_claims = false;
        for volume in cycle.pod.template().spec.volumes.iter().flatten() {
            let claim = match (&volume.persistent_volume_claim, &volume.ephemeral) {
                (Some(source), _) => source.claim_name.clone(),
                (None, Some(_)) => format!("{}-{}", cycle.pod.name(), volume.name),
                (None, None) => continue,
            };
            has_claims = true;
            if let Err(why) = volumes.add(cycle, &claim, volume.ephemeral.is_some()) {
                return Prepared::Reject(Refusal::Unresolvable, why);
            }
        }
        if has_claims { Prepared::Check(Box::new(volumes)) } else { Prepared::Skip }
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::Other(_) | ClusterEvent::Node { .. })
    }

    fn is_helped_by(&self, _pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        let changed = event.changed_node(|node| &node.labels).is_some();
        changed || matches!(event, ClusterEvent::Other(_))
    }
}

impl Volumes {
    fn add(&mut self, cycle: &Cycle<'_>, name: &str, is_ephemeral: bool) -> Result<(), String> {
        let objects = cycle.objects;
        let claim = objects
            .and_then(|objects| objects.get::<PersistentVolumeClaim>(Some(cycle.pod.namespace()), name));
        let Some(claim) = claim else {
            return Err(if is_ephemeral {
                format!(
                    "waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}"
                )
            } else {
                format!("persistentvolumeclaim {name:?} not found")
            });
        };
        if claim.metadata.deletion_timestamp.is_some() {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        let spec = claim.spec.as_ref();
        let volume = spec.and_then(|spec| spec.volume_name.as_deref()).filter(|volume| !volume.is_empty());
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
        let Some(volume) = volume else {
            let class = spec.and_then(|spec| spec.storage_class_name.as_deref());
            let class = class.and_then(|class| objects?.get::<StorageClass>(None, class));
            let waits = class
                .is_some_and(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"));
            return Err(if waits {
                "claims that wait for their first consumer are not bound by this scheduler".to_owned()
            } else {
                "pod has unbound immediate PersistentVolumeClaims".to_owned()
            });
        };
        if phase == Some("Lost") {
            return Err(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
            ));
        }
        match objects.and_then(|objects| objects.get::<PersistentVolume>(None, volume)) {
            Some(volume) => {
                let affinity = volume.spec.as_ref().and_then(|spec| spec.node_affinity.as_ref());
                if let Some(required) = affinity.and_then(|affinity| affinity.required.as_ref()) {
                    self.terms.push(RequiredNodeTerms::any_of(&required.node_selector_terms));
                }
            }
            None => self.is_volume_missing = true,
        }
        Ok(())
    }
}

impl Check for Volumes {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let reached = self.terms.iter().all(|terms| terms.matches(&node.name, &node.labels));
        if reached && !self.is_volume_missing { Ok(()) } else { Err(Refusal::Unresolvable) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        if self.is_volume_missing {
            tell("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
        } else {
            tell("node(s) didn't match PersistentVolume's node affinity");
        }
    }
}

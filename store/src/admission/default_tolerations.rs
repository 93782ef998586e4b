use k8s_openapi::api::core::v1::{PodSpec, Toleration};
use setpoint_core::Result;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Subresource;
use setpoint_core::object::Draft;

use super::{Admission, Operation, Request, Target};
use crate::memo::PartMemo;

/// Lets pods stay for five minutes on a node that is lost, unless they say otherwise (NODE-12).
#[derive(Debug, Default)]
pub struct DefaultTolerations(PartMemo);

/// How long pods stay on a lost node.
const TOLERATION_SECONDS: i64 = 300;
const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

impl Admission for DefaultTolerations {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation != Operation::Delete
            && target.side == Subresource::Main
            && &*target.kind.resource.resource == "pods"
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        // What an update leaves as it is has them.
        if request.old.is_some_and(|old| old.spec_part().ptr_eq(draft.spec_part())) {
            return Ok(());
        }
        let changed = self.0.get_or_make(draft.spec_part(), |part| {
            if let Some(spec) = part.make_mut::<SharedPodSpec>() {
                tolerate(spec.common_mut());
            }
        });
        draft.set_spec(changed);
        Ok(())
    }
}

fn tolerate(spec: &mut PodSpec) {
    let tolerations = spec.tolerations.get_or_insert_default();
    for taint in TAINTS {
        let tolerated = tolerations.iter().any(|toleration| {
            let key = toleration.key.as_deref().unwrap_or_default();
            let effect = toleration.effect.as_deref().unwrap_or_default();
            (key == taint || key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            tolerations.push(Toleration {
                key: Some(taint.to_owned()),
                operator: Some("Exists".to_owned()),
                effect: Some("NoExecute".to_owned()),
                toleration_seconds: Some(TOLERATION_SECONDS),
                ..Toleration::default()
            });
        }
    }
}

use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2 as autoscaling;

use super::versions::AutoscalerVersions;
use crate::builtin::rules::{Divided, UNDIVIDED, silent};
use crate::builtin::table::{GroupVersions, Row};
use crate::kind::{KindConflict, Registry};
use crate::names;
use crate::rules::horizontal_pod_autoscaler as autoscaler;

pub(in crate::builtin) fn register(registry: &Registry) -> Result<(), KindConflict> {
    let served: GroupVersions = &[("autoscaling", "v2"), ("autoscaling", "v1")];
    let rules = Divided {
        default: autoscaler::default,
        default_status: autoscaler::default_status,
        first_status: autoscaler::prepare_create,
        create: autoscaler::validate_create,
        update: autoscaler::validate_update,
        update_status: autoscaler::validate_status_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: UNDIVIDED,
    };
    let mut row =
        Row::namespaced("HorizontalPodAutoscaler", "horizontalpodautoscalers", &["hpa"], served, rules);
    row.has_status = true;
    row.categories = &["all"];
    row.conversion = Some(Arc::new(AutoscalerVersions));
    row.add::<autoscaling::HorizontalPodAutoscaler>(registry)?;
    Ok(())
}

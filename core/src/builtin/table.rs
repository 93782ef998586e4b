use std::sync::Arc;

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::rbac::v1 as rbac;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use super::{autoscaler, core_kinds, event, network_kinds, policy_kinds, rules, selectable, storage_kinds};
use crate::custom::DefinitionRules;
use crate::error::GroupResource;
use crate::kind::{
    Conversion, JsonKind, Kind, KindConflict, KindId, KindRules, Names, Parts, PartsOf, Registry,
    Representation, Scope, SelectableField, ServedVersion,
};

/// Adds all built-in kinds.
///
/// # Errors
///
/// [`KindConflict`] if the registry has one of them already.
pub fn register(registry: &Registry) -> Result<(), KindConflict> {
    let core_v1: GroupVersions = &[("", "v1")];
    let apps_v1: GroupVersions = &[("apps", "v1")];
    let batch_v1: GroupVersions = &[("batch", "v1")];
    let rbac_v1: GroupVersions = &[("rbac.authorization.k8s.io", "v1")];

    let row = Row::cluster("ClusterRole", "clusterroles", &[], rbac_v1, rules::ClusterRoleRules);
    row.add::<rbac::ClusterRole>(registry)?;

    let row = Row::cluster(
        "ClusterRoleBinding",
        "clusterrolebindings",
        &[],
        rbac_v1,
        rules::ClusterRoleBindingRules,
    );
    row.add::<rbac::ClusterRoleBinding>(registry)?;

    let row = Row::namespaced("ConfigMap", "configmaps", &["cm"], core_v1, rules::ConfigMapRules);
    row.add::<core::ConfigMap>(registry)?;

    let row = Row::namespaced(
        "ControllerRevision",
        "controllerrevisions",
        &[],
        apps_v1,
        rules::ControllerRevisionRules,
    );
    row.add::<apps::ControllerRevision>(registry)?;

    let mut row = Row::namespaced("CronJob", "cronjobs", &["cj"], batch_v1, rules::CronJobRules);
    row.has_status = true;
    row.categories = &["all"];
    row.add::<batch::CronJob>(registry)?;

    let served: GroupVersions = &[("apiextensions.k8s.io", "v1")];
    let mut row = Row::cluster(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        &["crd", "crds"],
        served,
        DefinitionRules,
    );
    row.has_status = true;
    row.categories = &["api-extensions"];
    let representation = JsonKind::<CustomResourceDefinition>::guarded(crate::custom::check_depth);
    row.add_kept_as::<CustomResourceDefinition>(registry, Arc::new(representation))?;

    let mut row = Row::namespaced("DaemonSet", "daemonsets", &["ds"], apps_v1, rules::DaemonSetRules);
    row.has_status = true;
    row.categories = &["all"];
    row.add::<apps::DaemonSet>(registry)?;

    let mut row = Row::namespaced("Deployment", "deployments", &["deploy"], apps_v1, rules::DeploymentRules);
    row.has_status = true;
    row.categories = &["all"];
    row.add::<apps::Deployment>(registry)?;

    let served: GroupVersions = &[("", "v1"), ("events.k8s.io", "v1")];
    let mut row = Row::namespaced("Event", "events", &["ev"], served, rules::EventRules);
    row.fields = selectable::event();
    row.conversion = Some(Arc::new(event::EventVersions));
    row.add::<core::Event>(registry)?;

    let mut row = Row::namespaced("Job", "jobs", &[], batch_v1, rules::JobRules);
    row.has_status = true;
    row.categories = &["all"];
    row.fields = selectable::job();
    row.add::<batch::Job>(registry)?;

    let served: GroupVersions = &[("coordination.k8s.io", "v1")];
    Row::namespaced("Lease", "leases", &[], served, rules::LeaseRules)
        .add::<coordination::Lease>(registry)?;

    let mut row = Row::cluster("Namespace", "namespaces", &["ns"], core_v1, rules::NamespaceRules);
    row.has_status = true;
    row.fields = selectable::namespace();
    row.add::<core::Namespace>(registry)?;

    let mut row = Row::cluster("Node", "nodes", &["no"], core_v1, rules::NodeRules);
    row.has_status = true;
    row.fields = selectable::node();
    row.add::<core::Node>(registry)?;

    let mut row = Row::namespaced("Pod", "pods", &["po"], core_v1, rules::PodRules);
    row.has_status = true;
    row.categories = &["all"];
    row.fields = selectable::pod();
    row.add::<core::Pod>(registry)?;

    let served: GroupVersions = &[("scheduling.k8s.io", "v1")];
    let row = Row::cluster("PriorityClass", "priorityclasses", &["pc"], served, rules::PriorityClassRules);
    row.add::<scheduling::PriorityClass>(registry)?;

    let mut row = Row::namespaced("ReplicaSet", "replicasets", &["rs"], apps_v1, rules::ReplicaSetRules);
    row.has_status = true;
    row.categories = &["all"];
    row.add::<apps::ReplicaSet>(registry)?;

    let mut row = Row::namespaced(
        "ReplicationController",
        "replicationcontrollers",
        &["rc"],
        core_v1,
        rules::ReplicationControllerRules,
    );
    row.has_status = true;
    row.categories = &["all"];
    row.fields = selectable::replication_controller();
    row.add::<core::ReplicationController>(registry)?;

    let row = Row::namespaced("Role", "roles", &[], rbac_v1, rules::RoleRules);
    row.add::<rbac::Role>(registry)?;

    let row = Row::namespaced("RoleBinding", "rolebindings", &[], rbac_v1, rules::RoleBindingRules);
    row.add::<rbac::RoleBinding>(registry)?;

    let mut row = Row::namespaced("Secret", "secrets", &[], core_v1, rules::SecretRules);
    row.fields = selectable::secret();
    row.add::<core::Secret>(registry)?;

    let mut row = Row::namespaced("Service", "services", &["svc"], core_v1, rules::ServiceRules);
    row.has_status = true;
    row.categories = &["all"];
    row.fields = selectable::service();
    row.add::<core::Service>(registry)?;

    let mut row = Row::namespaced("StatefulSet", "statefulsets", &["sts"], apps_v1, rules::StatefulSetRules);
    row.has_status = true;
    row.categories = &["all"];
    row.add::<apps::StatefulSet>(registry)?;

    core_kinds::register(registry)?;
    network_kinds::register(registry)?;
    policy_kinds::register(registry)?;
    storage_kinds::register(registry)?;
    autoscaler::register(registry)
}

/// Groups and versions at which a kind is served, the stored one first.
pub(super) type GroupVersions = &'static [(&'static str, &'static str)];

/// What the table says of a kind.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) short: &'static [&'static str],
    pub(super) categories: &'static [&'static str],
    pub(super) served: GroupVersions,
    pub(super) scope: Scope,
    pub(super) rules: Arc<dyn KindRules>,
    pub(super) has_status: bool,
    pub(super) fields: Vec<SelectableField>,
    pub(super) conversion: Option<Arc<dyn Conversion>>,
}

impl Row {
    pub(super) fn namespaced(
        kind: &'static str,
        plural: &'static str,
        short: &'static [&'static str],
        served: GroupVersions,
        rules: impl KindRules + 'static,
    ) -> Self {
        Self {
            kind,
            plural,
            short,
            categories: &[],
            served,
            scope: Scope::Namespaced,
            rules: Arc::new(rules),
            has_status: false,
            fields: Vec::new(),
            conversion: None,
        }
    }

    pub(super) fn cluster(
        kind: &'static str,
        plural: &'static str,
        short: &'static [&'static str],
        served: GroupVersions,
        rules: impl KindRules + 'static,
    ) -> Self {
        Self { scope: Scope::Cluster, ..Self::namespaced(kind, plural, short, served, rules) }
    }

    pub(super) fn add<K: Parts>(self, registry: &Registry) -> Result<Arc<Kind>, KindConflict> {
        self.add_kept_as::<K>(registry, Arc::new(PartsOf::<K>::default()))
    }

    /// With objects that are kept otherwise than in the parts of a type.
    pub(super) fn add_kept_as<K: 'static>(
        self,
        registry: &Registry,
        representation: Arc<dyn Representation>,
    ) -> Result<Arc<Kind>, KindConflict> {
        let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let versions = self
            .served
            .iter()
            .map(|&(group, version)| ServedVersion { group: group.to_owned(), version: version.to_owned() })
            .collect();
        registry.register_type::<K>(Kind {
            id: KindId(0),
            resource: GroupResource::new(self.served[0].0, self.plural),
            names: Names {
                kind: self.kind.to_owned(),
                list: format!("{}List", self.kind),
                plural: self.plural.to_owned(),
                singular: self.kind.to_lowercase(),
                short: strings(self.short),
                categories: strings(self.categories),
            },
            scope: self.scope,
            versions,
            representation,
            rules: self.rules,
            conversion: self.conversion,
            has_status: self.has_status,
            fields: self.fields,
            custom: None,
        })
    }
}

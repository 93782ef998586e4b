use std::sync::{Arc, LazyLock};

use setpoint_core::GroupResource;
use setpoint_core::kind::{JsonKind, Kind, KindId, Names, NoRules, Scope, ServedVersion};

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// Group, kind, plural name and scope of each question.
const TABLE: [(&str, &str, &str, Scope); 6] = [
    (AUTHENTICATION, "SelfSubjectReview", "selfsubjectreviews", Scope::Cluster),
    (AUTHENTICATION, "TokenReview", "tokenreviews", Scope::Cluster),
    (AUTHORIZATION, "LocalSubjectAccessReview", "localsubjectaccessreviews", Scope::Namespaced),
    (AUTHORIZATION, "SelfSubjectAccessReview", "selfsubjectaccessreviews", Scope::Cluster),
    (AUTHORIZATION, "SelfSubjectRulesReview", "selfsubjectrulesreviews", Scope::Cluster),
    (AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews", Scope::Cluster),
];

/// The questions as kinds. They are in no registry, since a store can do nothing with them.
static KINDS: LazyLock<Vec<Arc<Kind>>> =
    LazyLock::new(|| TABLE.into_iter().map(kind).map(Arc::new).collect());

/// All questions that can be asked.
pub(crate) fn all() -> &'static [Arc<Kind>] {
    &KINDS
}

/// The question that is asked at a resource.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
    let is_meant = |kind: &&Arc<Kind>| {
        let served = &kind.versions[0];
        served.group == group && served.version == version && kind.names.plural == plural
    };
    all().iter().find(is_meant).cloned()
}

/// Whether a kind is a question.
pub(crate) fn is_review(kind: &Kind) -> bool {
    kind.id == NO_ID
}

/// No kind of a registry has this number, so that none of its objects can be reached by mistake.
const NO_ID: KindId = KindId(u32::MAX);

fn kind((group, name, plural, scope): (&'static str, &str, &'static str, Scope)) -> Kind {
    Kind {
        id: NO_ID,
        resource: GroupResource::new(group, plural),
        names: Names {
            kind: name.to_owned(),
            list: format!("{name}List"),
            plural: plural.to_owned(),
            singular: name.to_lowercase(),
            short: Vec::new(),
            categories: Vec::new(),
        },
        scope,
        versions: vec![ServedVersion { group: group.to_owned(), version: "v1".to_owned() }],
        representation: Arc::new(JsonKind::<serde_json::Value>::default()),
        rules: Arc::new(NoRules),
        conversion: None,
        has_status: false,
        fields: Vec::new(),
        custom: None,
    }
}

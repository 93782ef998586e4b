use k8s_openapi::api::rbac::v1::Subject;

/// Names of users, groups and service accounts.
pub(super) fn by_kind(subjects: &[Subject]) -> [String; 3] {
    ["User", "Group", "ServiceAccount"].map(|kind| {
        let names: Vec<String> = subjects
            .iter()
            .filter(|subject| subject.kind == kind)
            .map(|subject| match &subject.namespace {
                Some(namespace) if kind == "ServiceAccount" => format!("{namespace}/{}", subject.name),
                _ => subject.name.clone(),
            })
            .collect();
        names.join(", ")
    })
}

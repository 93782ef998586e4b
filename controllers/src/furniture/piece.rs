use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;
use setpoint_core::kind::{Kind, KindId, Registry};
use setpoint_core::object::{Draft, Meta, Object, Part, Text};
use setpoint_core::{Error, Reason, Result};

/// Where the certificate is.
const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";
/// What it is called there.
const CERTIFICATE_KEY: &str = "ca.crt";
const DESCRIPTION_ANNOTATION: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
                           endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
                           guaranteed across distributions of Kubernetes clusters.";

/// An object that every namespace has.
#[derive(Debug)]
pub(super) struct Piece {
    controller: &'static str,
    name: &'static str,
    kind: Arc<Kind>,
    /// Everything but the metadata.
    spec: Part,
    /// What the object's certificates must be, if it is about them.
    data: Option<BTreeMap<String, String>>,
}

impl Piece {
    pub(super) fn default_account(registry: &Registry) -> Result<Self> {
        let kind = find(registry, "ServiceAccount")?;
        let value = json!({"metadata": {"name": "default"}});
        let draft = Draft::from_value(Arc::clone(&kind), value).map_err(Error::internal)?;
        let spec = draft.spec_part().clone();
        Ok(Self { controller: "service-account-controller", name: "default", kind, spec, data: None })
    }

    pub(super) fn root_certificate(registry: &Registry, pem: &str) -> Result<Self> {
        let kind = find(registry, "ConfigMap")?;
        let data = BTreeMap::from([(CERTIFICATE_KEY.to_owned(), pem.to_owned())]);
        let spec = Part::new(ConfigMap { data: Some(data.clone()), ..ConfigMap::default() });
        let controller = "root-ca-certificate-publisher";
        Ok(Self { controller, name: ROOT_CERTIFICATE, kind, spec, data: Some(data) })
    }

    pub(super) fn controller(&self) -> &'static str {
        self.controller
    }

    pub(super) fn kind(&self) -> KindId {
        self.kind.id
    }

    pub(super) fn name(&self) -> Text {
        self.name.into()
    }

    /// Whether it is as it should be: an account is always, whatever is in it.
    pub(super) fn is_right(&self, object: &Object) -> bool {
        let Some(data) = &self.data else { return true };
        let found = object.spec::<ConfigMap>().and_then(|map| map.data.as_ref());
        found == Some(data) && object.meta().annotations.contains_key(DESCRIPTION_ANNOTATION)
    }

    /// A new one for a namespace.
    pub(super) fn made(&self, namespace: &Text) -> Draft {
        let mut meta = Meta::namespaced(namespace.clone(), self.name);
        self.annotate(&mut meta);
        Draft::new(Arc::clone(&self.kind), meta, self.spec.clone())
    }

    /// The one that is there, as it should be.
    pub(super) fn put_right(&self, object: &Object) -> Draft {
        let mut draft = Draft::of(object);
        if let Some(map) = draft.spec_mut::<ConfigMap>() {
            map.data.clone_from(&self.data);
        }
        self.annotate(draft.meta_mut());
        draft
    }

    fn annotate(&self, meta: &mut Meta) {
        if self.data.is_some() {
            meta.annotations = meta.annotations.with(DESCRIPTION_ANNOTATION, DESCRIPTION);
        }
    }
}

fn find(registry: &Registry, kind: &str) -> Result<Arc<Kind>> {
    let missing = || Error::new(Reason::NotFound, format!("{kind} is not a registered kind"));
    registry.find(kind, "v1").ok_or_else(missing)
}

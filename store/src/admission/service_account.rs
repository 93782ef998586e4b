use k8s_openapi::api::core::v1::{
    ConfigMapProjection, Container, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath,
    LocalObjectReference, ObjectFieldSelector, PodSpec, ProjectedVolumeSource, ServiceAccount as Account,
    ServiceAccountTokenProjection, Volume, VolumeMount, VolumeProjection,
};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Env;
use setpoint_core::kind::Subresource;
use setpoint_core::names;
use setpoint_core::object::{Draft, Key};
use setpoint_core::{Error, Result};

use super::{Admission, Operation, Request, Target};

/// Pods run as a service account that there is, and find its token (ADM-15).
///
/// Not part of [`Chain::upstream`](super::Chain::upstream): it needs somebody who gives each namespace its account
/// `default`, and a node that makes the token in a projected volume.
#[derive(Debug, Clone)]
pub struct ServiceAccounts {
    env: Env,
}

const DEFAULT: &str = "default";
/// Where programs look for the token.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_NAME: &str = "kube-api-access-";
/// How long a token is good for, in seconds: an hour and a little.
const TOKEN_SECONDS: i64 = 3607;
/// Readable by all, writable by the owner.
const FILE_MODE: i32 = 0o644;
const MIRROR: &str = "kubernetes.io/config.mirror";

impl ServiceAccounts {
    /// With the entropy that names of volumes are made of.
    pub fn new(env: &Env) -> Self {
        Self { env: env.clone() }
    }
}

impl Admission for ServiceAccounts {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create
            && target.side == Subresource::Main
            && target.kind.resource == super::PODS
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        // A mirror of what runs on a node already is not to have one.
        if draft.meta().annotations.get(MIRROR).is_some() {
            return Ok(());
        }
        let Some(spec) = draft.spec::<SharedPodSpec>() else { return Ok(()) };
        let name = spec.common().service_account_name.clone().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| DEFAULT.to_owned());
        let namespace = draft.meta().namespace.clone().unwrap_or_default();
        let key =
            request.service_accounts().map(|kind| Key::namespaced(kind, namespace.clone(), name.as_str()));
        let found = key.as_ref().and_then(|key| request.snapshot.get(key));
        let Some((key, object)) = key.as_ref().zip(found) else {
            let why = format!(
                "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
            );
            return Err(Error::forbidden(&request.target.kind.resource, &draft.meta().name, why));
        };
        request.depends_on(key.clone(), Some(object.revision()));
        let Some(account) = object.spec::<Account>() else { return Ok(()) };
        let volume = names::generate_name(VOLUME_NAME, || self.env.random_u64());
        if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
            let spec = spec.common_mut();
            spec.service_account_name = Some(name.clone());
            spec.service_account = Some(name);
            complete(spec, account, volume);
        }
        Ok(())
    }
}

/// Adds what the account gives: the token where programs look for it, and secrets for pulling images.
fn complete(spec: &mut PodSpec, account: &Account, volume: String) {
    let mounts_token =
        spec.automount_service_account_token.or(account.automount_service_account_token).unwrap_or(true);
    if mounts_token && mount_everywhere(spec, &volume) {
        spec.volumes.get_or_insert_default().push(token_volume(volume));
    }
    let has_secrets = spec.image_pull_secrets.as_ref().is_some_and(|secrets| !secrets.is_empty());
    if !has_secrets && let Some(secrets) = &account.image_pull_secrets {
        let named = |secret: &LocalObjectReference| LocalObjectReference { name: secret.name.clone() };
        spec.image_pull_secrets = Some(secrets.iter().map(named).collect());
    }
}

/// Whether any container needed the mount.
fn mount_everywhere(spec: &mut PodSpec, volume: &str) -> bool {
    let mut needs = false;
    let containers = spec.init_containers.iter_mut().flatten().chain(&mut spec.containers);
    for Container { volume_mounts, .. } in containers {
        let mounts = volume_mounts.get_or_insert_default();
        if mounts.iter().any(|mount| mount.mount_path == MOUNT_PATH) {
            continue;
        }
        needs = true;
        mounts.push(VolumeMount {
            name: volume.to_owned(),
            read_only: Some(true),
            mount_path: MOUNT_PATH.to_owned(),
            ..VolumeMount::default()
        });
    }
    needs
}

/// The token, the certificate of the cluster's authority, and the namespace.
fn token_volume(name: String) -> Volume {
    let token = ServiceAccountTokenProjection {
        path: "token".to_owned(),
        expiration_seconds: Some(TOKEN_SECONDS),
        ..ServiceAccountTokenProjection::default()
    };
    let authority = KeyToPath { key: "ca.crt".to_owned(), path: "ca.crt".to_owned(), ..KeyToPath::default() };
    let authority = ConfigMapProjection {
        name: "kube-root-ca.crt".to_owned(),
        items: Some(vec![authority]),
        ..ConfigMapProjection::default()
    };
    let field = ObjectFieldSelector {
        api_version: Some("v1".to_owned()),
        field_path: "metadata.namespace".to_owned(),
    };
    let namespace = DownwardAPIVolumeFile {
        path: "namespace".to_owned(),
        field_ref: Some(field),
        ..DownwardAPIVolumeFile::default()
    };
    let namespace = DownwardAPIProjection { items: Some(vec![namespace]) };
    let sources = vec![
        VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(authority), ..VolumeProjection::default() },
        VolumeProjection { downward_api: Some(namespace), ..VolumeProjection::default() },
    ];
    let projected = ProjectedVolumeSource {
        sources: Some(sources),
        default_mode: Some(FILE_MODE),
        ..ProjectedVolumeSource::default()
    };
    Volume { name, projected: Some(projected), ..Volume::default() }
}

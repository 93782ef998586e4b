//! An etcd that wants to know who asks: by certificates, and by name and password.

use std::path::Path;
use std::time::Duration;

use etcd_client::{Permission, PermissionType};
use futures::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use setpoint_core::Reason;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Meta, Part};

use super::super::{Etcd, EtcdError, EtcdSettings, LocalEtcd};
use super::proxy::Proxy;
use super::world::{World, with_secure_etcd};
use crate::engine::{Commit, CommitError, Committed, Engine, Expect, Route};

/// Who certifies, in PEM.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key.
    fn certify(&self, usage: &[ExtendedKeyUsagePurpose]) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        params.extended_key_usages = usage.to_vec();
        (params.signed_by(&key, &self.issuer).expect("a certificate").pem(), key.serialize_pem())
    }
}

async fn open(world: &World, settings: &EtcdSettings) -> Result<Etcd, EtcdError> {
    Etcd::open(&world.env, &Registry::builtin(), settings.clone()).await
}

/// Makes a ConfigMap.
async fn write(engine: &Etcd, name: &str) -> Result<Committed, CommitError> {
    let kind = Registry::builtin().find("ConfigMap", "v1").expect("a built-in kind");
    let spec = Part::new(k8s_openapi::api::core::v1::ConfigMap::default());
    let draft = Draft::new(kind, Meta::namespaced("ns", name), spec);
    let commit =
        Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() };
    engine.commit(commit).await
}

#[test]
fn over_tls_both_show_a_certificate() {
    let authority = Authority::new();
    let usages = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let server = authority.certify(&usages);
    let start = |folder: &Path| {
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_string_lossy().into_owned()
        };
        let options = [
            ("--cert-file", &*file("server.crt", &server.0)),
            ("--key-file", &*file("server.key", &server.1)),
            ("--trusted-ca-file", &*file("ca.crt", &authority.certificate)),
            ("--client-cert-auth", "true"),
        ];
        LocalEtcd::start_with(folder, 1, "https", &options)
    };
    let client = authority.certify(&usages[1..]);
    let tls =
        |settings: EtcdSettings| settings.with_tls(&authority.certificate, Some((&client.0, &client.1)));
    with_secure_etcd(start, tls, async |world: &World| {
        let settings = world.settings();
        let engine = world.open(&settings).await;
        write(&engine, "a").await.expect("it is believed");
        assert_eq!(world.open(&settings).await.snapshot().revision(), engine.snapshot().revision());

        let short = settings.with_request_timeout(Duration::from_millis(500));
        let unknown = Authority::new();
        let stranger = unknown.certify(&usages[1..]);
        let rows = [
            ("no client certificate", short.clone().with_tls(&authority.certificate, None)),
            (
                "another authority's client",
                short.clone().with_tls(&authority.certificate, Some((&stranger.0, &stranger.1))),
            ),
            (
                "another authority's server",
                short.clone().with_tls(&unknown.certificate, Some((&client.0, &client.1))),
            ),
        ];
        for (case, settings) in rows {
            let error = open(world, &settings).await.expect_err(case);
            assert!(!error.is_unauthenticated(), "{case}: nobody has asked for a name");
            assert_eq!(setpoint_core::Error::from(error).reason(), Reason::ServiceUnavailable, "{case}");
        }
    });
}

/// Turns on authentication, with a user `root` and a user `other` that has only what is below one prefix.
async fn turn_on(world: &World, prefix: &str) {
    let mut auth = world.client.auth_client();
    for (user, role) in [("root", "root"), ("other", "part")] {
        auth.user_add(user, "secret", None).await.expect("it is new");
        auth.role_add(role).await.expect("it is new");
        auth.user_grant_role(user, role).await.expect("both are there");
    }
    let range = Permission::new(PermissionType::Readwrite, prefix).with_prefix();
    auth.role_grant_permission("part", range).await.expect("it is there");
    auth.auth_enable().await.expect("root is there");
}

fn plain(folder: &Path) -> std::io::Result<LocalEtcd> {
    LocalEtcd::start_with(folder, 1, "http", &[("--bcrypt-cost", "4")])
}

#[test]
fn a_user_shows_a_password() {
    with_secure_etcd(
        plain,
        |settings| settings,
        async |world: &World| {
            let settings = world.settings();
            turn_on(world, &settings.prefix).await;
            for user in ["root", "other"] {
                let engine = world.open(&settings.clone().with_user(user, "secret")).await;
                write(&engine, user).await.expect("it may");
                engine.catch_up().await.expect("it may");
            }
            // All of these are told at once, and are no reason to try again.
            let patient = settings.with_request_timeout(Duration::from_secs(3600));
            let rows = [
                ("wrong password", patient.clone().with_user("root", "guess"), Reason::Unauthorized),
                ("wrong name", patient.clone().with_user("nobody", "secret"), Reason::Unauthorized),
                ("no name", patient.clone(), Reason::Unauthorized),
                (
                    "not its keys",
                    patient.with_prefix("elsewhere").with_user("other", "secret"),
                    Reason::Forbidden,
                ),
            ];
            for (case, settings, reason) in rows {
                let error = open(world, &settings).await.expect_err(case);
                assert_eq!(
                    error.is_unauthenticated(),
                    reason == Reason::Unauthorized,
                    "{case}: {}",
                    error.chain()
                );
                assert_eq!(error.is_forbidden(), reason == Reason::Forbidden, "{case}: {}", error.chain());
                assert!(error.chain().contains("etcdserver: "), "{case}: {}", error.chain());
                assert_eq!(setpoint_core::Error::from(error).reason(), reason, "{case}");
            }
        },
    );
}

#[test]
fn a_user_of_an_etcd_that_wants_none_is_told() {
    with_secure_etcd(
        plain,
        |settings| settings,
        async |world: &World| {
            let error =
                open(world, &world.settings().with_user("root", "secret")).await.expect_err("it wants none");
            assert!(error.is_unauthenticated(), "{}", error.chain());
            assert!(error.chain().contains("not enabled"), "{}", error.chain());
        },
    );
}

/// How long it takes at the most until a token that lives for a second is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3);

#[test]
fn a_token_that_has_expired_is_asked_for_anew() {
    let start = |folder: &Path| {
        LocalEtcd::start_with(folder, 1, "http", &[("--bcrypt-cost", "4"), ("--auth-token-ttl", "1")])
    };
    with_secure_etcd(
        start,
        |settings| settings,
        async |world: &World| {
            let settings = world.settings();
            turn_on(world, &settings.prefix).await;
            let as_root = settings.with_user("root", "secret");
            let writing = world.open(&as_root).await;
            let mut proxy = Proxy::open(&world.env, &world.endpoint()).await;
            let mut through = as_root.clone();
            through.endpoints = vec![proxy.endpoint()];
            let watching = world.open(&through).await;
            let kind = Registry::builtin().find("ConfigMap", "v1").expect("a built-in kind").id;
            let mut feed =
                watching.feed(kind, Route::Kind, watching.snapshot().revision()).expect("it is the newest");
            // The watch of one is to be opened anew with a token that is forgotten. It asks nothing else that could tell it.
            proxy.cut();
            world.env.sleep(FORGOTTEN_AFTER).await;
            write(&writing, "a").await.expect("it asks for another token");
            proxy.mend().await;
            let change = world.env.timeout(Duration::from_secs(30), feed.next()).await;
            let change = change.expect("it comes").expect("it goes on").expect("nothing is lost");
            assert_eq!(&*change.object().meta().name, "a");
            assert!(watching.health().is_connected);
        },
    );
}

//! One etcd for all tests of this module, each below a prefix of its own.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use etcd_client::Client;
use setpoint_core::env::Env;
use setpoint_core::kind::Registry;

use super::super::{Etcd, EtcdSettings, LocalEtcd};
use crate::Store;
use crate::admission::Chain;

/// An etcd, and environment to use it in.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) etcd: LocalEtcd,
    /// Asks etcd past all engines.
    pub(super) client: Client,
    /// What engines use, but for the prefix.
    base: EtcdSettings,
    prefixes: AtomicU32,
    _folder: tempfile::TempDir,
}

/// Runs a test on an etcd of one member.
pub(super) fn with_etcd(test: impl AsyncFnOnce(&World)) {
    with_secure_etcd(|folder| LocalEtcd::start(folder, 1), |settings| settings, test);
}

/// Runs a test on an etcd of one member that is started in a certain way, and asked in a certain way.
#[expect(clippy::print_stderr, reason = "it is to be seen that a test was left out")]
pub(super) fn with_secure_etcd(
    start: impl FnOnce(&Path) -> std::io::Result<LocalEtcd>,
    configure: impl FnOnce(EtcdSettings) -> EtcdSettings,
    test: impl AsyncFnOnce(&World),
) {
    if !LocalEtcd::is_installed() {
        eprintln!("left out: there is no program etcd (Debian's package etcd-server)");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let folder = folder();
        let etcd = start(folder.path()).expect("it starts");
        let base = configure(etcd.settings());
        let client = Client::connect(&base.endpoints, Some(base.connect_options())).await.expect("a client");
        let (env, prefixes) = (Env::tokio(), AtomicU32::new(0));
        let world = World { env, etcd, client, base, prefixes, _folder: folder };
        world.wait().await;
        test(&world).await;
    });
}

/// Where syncs cost nothing, if there is such a place.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

impl World {
    /// Until it answers, and is past the revisions that the contract takes for old ones.
    async fn wait(&self) {
        let mut kv = self.client.kv_client();
        let mut written = 0;
        for _ in 0..200 {
            match self.env.timeout(Duration::from_secs(1), kv.put("warm", "up", None)).await {
                Ok(Ok(_)) => written += 1,
                _ => self.env.sleep(Duration::from_millis(50)).await,
            }
            if written > 10 {
                return;
            }
        }
        panic!("etcd does not answer");
    }

    /// Where its only member is.
    pub(super) fn endpoint(&self) -> String {
        self.etcd.endpoints().remove(0)
    }

    /// Settings below a prefix that nothing is below yet.
    pub(super) fn settings(&self) -> EtcdSettings {
        let number = self.prefixes.fetch_add(1, Ordering::Relaxed);
        let settings = self.base.clone().with_prefix(&format!("/test{number}"));
        settings.with_compaction(None)
    }

    pub(super) async fn engine(&self) -> Etcd {
        self.open(&self.settings()).await
    }

    pub(super) async fn open(&self, settings: &EtcdSettings) -> Etcd {
        Etcd::open(&self.env, &Registry::builtin(), settings.clone()).await.expect("it answers")
    }

    /// Another control plane's store on the same etcd.
    pub(super) async fn store(&self, settings: &EtcdSettings) -> Store<Etcd> {
        let registry = Registry::builtin();
        let engine = Etcd::open(&self.env, &registry, settings.clone()).await.expect("it answers");
        Store::new(&self.env, engine, registry, Chain::upstream())
    }

    /// Waits until it is so.
    pub(super) async fn until<F: Future<Output = bool>>(&self, mut test: impl FnMut() -> F) {
        for _ in 0..500 {
            if test().await {
                return;
            }
            self.env.sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not come to be so");
    }
}

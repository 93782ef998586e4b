//! The process of a control plane. It is this test program, told to be one.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use setpoint::env::Env;
use setpoint::model::object::Obj;
use setpoint::model::patch::Patch;
use setpoint::reconcile::controller::Controller;
use setpoint::reconcile::leader::ElectionSettings;
use setpoint::reconcile::reconciler::{Context, Next, Reconciler};
use setpoint::store::engine::etcd::EtcdSettings;
use setpoint::{ControlPlane, Error};

use super::{LEASE, RENEW, RETRY};

/// Tell the process where etcd is, and what it is called.
const ENDPOINTS: &str = "SETPOINT_FAIL_OVER_ENDPOINTS";
const IDENTITY: &str = "SETPOINT_FAIL_OVER_IDENTITY";

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

/// Starts a process that is called so.
pub(super) fn spawn(endpoints: &[String], identity: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program is somewhere"))
        .args(["--exact", "fail_over::plane::child_that_competes", "--nocapture"])
        .env(ENDPOINTS, endpoints.join(","))
        .env(IDENTITY, identity)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("this program can be started")
}

/// The child: competes until it is killed. Without a parent it does nothing.
#[test]
fn child_that_competes() {
    let (Ok(endpoints), Ok(identity)) = (std::env::var(ENDPOINTS), std::env::var(IDENTITY)) else { return };
    runtime().block_on(async {
        let env = Env::tokio();
        // It may be started while etcd has no leader: then it is tried again, as whoever runs processes does.
        let plane = loop {
            match start(&env, &endpoints, &identity).await {
                Ok(plane) => break plane,
                Err(_) => env.sleep(RETRY).await,
            }
        };
        std::future::pending::<()>().await;
        plane.shut_down().await;
    });
}

async fn start(env: &Env, endpoints: &str, identity: &str) -> Result<ControlPlane, Error> {
    let etcd = EtcdSettings::new(endpoints.split(','))
        .with_request_timeout(Duration::from_secs(3))
        .with_compaction(None);
    let election = ElectionSettings::new("kube-system", "setpoint", identity).with_times(LEASE, RENEW, RETRY);
    let identity = identity.to_owned();
    ControlPlane::builder(env)
        .etcd(etcd)
        .leader_election(election)
        .workload_controllers()
        .controller(move |context| Controller::of(Stamper { identity: identity.clone() }, context))
        .start()
        .await
}

/// A patch as RFC 7396 has it.
pub(super) fn merge(value: Value) -> Patch {
    let Value::Object(patch) = value else { panic!("a patch of an object is an object") };
    Patch::Merge(patch)
}

/// Writes who leads into a ConfigMap, all the time.
struct Stamper {
    identity: String,
}

impl Reconciler for Stamper {
    type Root = ConfigMap;
    type Error = Error;

    fn name(&self) -> &'static str {
        "stamper"
    }

    async fn reconcile(&self, root: Obj<ConfigMap>, context: &Context) -> Result<Next, Error> {
        if root.metadata.name.as_deref() != Some("stamp") {
            return Ok(Next::AwaitChange);
        }
        let maps = context.objects::<ConfigMap>(Some("default"))?;
        let count = root.data.as_ref().and_then(|data| data.get("count")?.parse().ok()).unwrap_or(0_u64);
        let data = json!({"data": {"by": self.identity, "count": (count + 1).to_string()}});
        maps.patch("stamp", merge(data)).await?;
        Ok(Next::After(Duration::from_millis(10)))
    }
}

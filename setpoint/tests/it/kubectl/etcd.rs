//! A server whose objects are in etcd: started again, it has them all. Without a program `etcd` the tests say so and pass.

use std::time::Duration;

use setpoint::apiserver::serve::Server;
use setpoint::env::Env;
use setpoint::model::Reason;
use setpoint::store::engine::etcd::{EtcdSettings, LocalEtcd};

use super::*;

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: main
        image: app:1
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  selector: {app: web}
  ports:
  - port: 80
";

/// What is compared between two lives of the server.
const SHOWN: &str = "get deployments,replicasets,pods,services -o \
                     jsonpath='{range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.spec.clusterIP} {end}'";

#[expect(clippy::print_stderr, reason = "who runs the tests should know what was left out")]
fn is_installed() -> bool {
    let is_installed = LocalEtcd::is_installed();
    if !is_installed {
        eprintln!("left out: there is no program etcd (Debian's package etcd-server)");
    }
    is_installed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_etcd_has_everything_when_it_is_started_again() -> Outcome {
    let env = Env::tokio();
    let Some(kubectl) = Kubectl::find(&env).filter(|_| is_installed()) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let etcd = LocalEtcd::start(folder.path(), 1)?;
    let mut before = None;
    for life in 0..3 {
        let choose = |builder: ControlPlaneBuilder| builder.etcd(etcd.settings());
        let plane = World::plane(&env, &kubectl, Shutdown::LeavePods, choose).await?;
        let server = Server::builder(&env, plane.api_server()).start().await?;
        server.kubeconfig().write(&kubectl.config())?;
        let said = kubectl.with_input("apply -f -", MANIFEST).await;
        let outcome = if life == 0 { "created" } else { "unchanged" };
        assert_eq!(said, format!("deployment.apps/web {outcome}\nservice/web {outcome}\n"), "life {life}");
        kubectl.ok("rollout status deployment/web --timeout=60s").await;
        let shown = kubectl.ok(SHOWN).await;
        assert_eq!(shown.matches("Pod ").count(), 3, "{shown}");
        assert_eq!(before.get_or_insert_with(|| shown.clone()), &shown, "life {life}");
        server.shut_down().await;
        plane.shut_down().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_finds_no_etcd_says_where_it_looked() -> Outcome {
    let env = Env::tokio();
    // One port nobody listens at, and one at which nobody answers.
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.local_addr()?
    };
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    for address in [closed, silent.local_addr()?] {
        let endpoint = format!("http://{address}");
        let settings = EtcdSettings::new([endpoint.clone()]).with_request_timeout(Duration::from_millis(300));
        let started =
            env.timeout(Duration::from_secs(30), ControlPlane::builder(&env).etcd(settings).start());
        let error = started.await.expect("it does not wait for ever").expect_err("there is no etcd");
        assert_eq!(error.reason(), Reason::ServiceUnavailable);
        assert!(error.message().contains(&endpoint), "{error}");
    }
    let wrong = EtcdSettings::new(["http://not a place"]).with_request_timeout(Duration::from_secs(3600));
    let started = env.timeout(Duration::from_secs(30), ControlPlane::builder(&env).etcd(wrong).start());
    let error = started.await.expect("it is not tried again").expect_err("it is no address");
    assert!(error.message().contains("not a place"), "{error}");
    Ok(())
}

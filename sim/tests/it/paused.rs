//! Reconcilers that use tokio's timers and a kube client, on tokio with its clock paused.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, PostParams};
use kube::{Client, ResourceExt};
use setpoint_apiserver::ApiServer;
use setpoint_core::env::{Env, Task};
use setpoint_reconcile::reconciler::Context;
use setpoint_sim::{ProcessSpec, Scenario, Sweep, View, trace_of};

/// Looks every five seconds which ConfigMaps have no copy yet, by a kube client.
async fn copy_all(client: Client, names_follow: bool) -> ! {
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    #[expect(clippy::disallowed_methods, reason = "this is what such reconcilers do")]
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        let Ok(list) = maps.list(&ListParams::default()).await else { continue };
        let is_copy = |map: &ConfigMap| map.labels().contains_key("copy-of");
        let has_copy = |name: &str| {
            list.iter().any(|map| map.labels().get("copy-of").is_some_and(|original| original == name))
        };
        for map in list.iter().filter(|map| !is_copy(map) && !has_copy(&map.name_any())) {
            let mut copy = ConfigMap { data: map.data.clone(), ..ConfigMap::default() };
            copy.metadata.labels = Some([("copy-of".to_owned(), map.name_any())].into());
            if names_follow {
                copy.metadata.name = Some(format!("{}-copy", map.name_any()));
            } else {
                // A time-out makes two of them.
                copy.metadata.generate_name = Some(format!("{}-copy-", map.name_any()));
            }
            if maps.create(&PostParams::default(), &copy).await.is_err() && !names_follow {
                let _again = maps.create(&PostParams::default(), &copy).await;
            }
        }
    }
}

fn start(context: &Context, names_follow: bool) -> Task<()> {
    let env: &Env = &context.env;
    let client = Client::new(ApiServer::new(env, Arc::clone(&context.store)), "default");
    env.spawn("copier", async move { copy_all(client, names_follow).await })
}

fn world(names_follow: bool) -> Scenario {
    Scenario::new("kube client")
        .on_paused_tokio()
        .process(move |_| {
            ProcessSpec::new("copier").part(move |context| async move { Ok(start(&context, names_follow)) })
        })
        .user(|user| async move {
            let mut map = ConfigMap::default();
            map.metadata.name = Some("a".to_owned());
            user.objects(Some("default"))?.create(map).await?;
            user.settle().await;
            Ok(())
        })
}

#[test]
fn a_kube_client_survives_every_fault() {
    let summary =
        world(true).sweep(Sweep::full(View::Informers)).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(summary.faults > 0, "{summary:?}");
    world(true).random(0..20).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn one_that_tries_again_blindly_is_found_out() {
    let found = world(false).sweep(Sweep::full(View::Informers));
    assert_eq!(found.expect_err("it makes two copies").violation.check, "INV-C-05");
}

#[test]
fn a_seed_gives_one_trace_on_paused_tokio() {
    for seed in 0..4 {
        assert_eq!(trace_of(&world(true), seed), trace_of(&world(true), seed), "SEED={seed}");
    }
}

//! Watches, and what is built on them.

use std::pin::pin;

use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::*;

/// The strategies by which a watcher learns what is there: lists in pages, and streaming lists.
fn strategies() -> [watcher::Config; 2] {
    [watcher::Config::default().page_size(2), watcher::Config::default().streaming_lists()]
}

/// What an event says, in a word and a name.
fn told(event: watcher::Event<ConfigMap>) -> String {
    match event {
        watcher::Event::Init => "init".to_owned(),
        watcher::Event::InitApply(map) => format!("found {}", map.name_any()),
        watcher::Event::InitDone => "done".to_owned(),
        watcher::Event::Apply(map) => format!("applied {}", map.name_any()),
        watcher::Event::Delete(map) => format!("deleted {}", map.name_any()),
    }
}

async fn next(
    cluster: &Cluster,
    events: &mut (impl Stream<Item = watcher::Result<watcher::Event<ConfigMap>>> + Unpin),
) -> String {
    told(cluster.within(events.next()).await.expect("it does not end").expect("it does not fail"))
}

#[tokio::test(start_paused = true)]
async fn watchers_tell_what_is_there_and_what_changes() -> Outcome {
    // WATCH-01, WATCH-03, WATCH-04, WATCH-06, LIST-06
    for config in strategies() {
        let cluster = Cluster::bare().await;
        let maps = cluster.config_maps();
        for name in ["a", "b", "c"] {
            maps.create(&PostParams::default(), &config_map(name, "x", "1")).await?;
        }
        maps.create(&PostParams::default(), &config_map("other", "y", "1")).await?;
        let mut events = pin!(watcher(maps.clone(), config.labels("app=x")));
        for expected in ["init", "found a", "found b", "found c", "done"] {
            assert_eq!(next(&cluster, &mut events).await, expected);
        }
        maps.create(&PostParams::default(), &config_map("d", "x", "1")).await?;
        assert_eq!(next(&cluster, &mut events).await, "applied d");
        let leaves = json!({"metadata": {"labels": {"app": "y"}}});
        maps.patch("a", &PatchParams::default(), &Patch::Merge(leaves)).await?;
        assert_eq!(next(&cluster, &mut events).await, "deleted a");
        maps.delete("b", &DeleteParams::default()).await?;
        assert_eq!(next(&cluster, &mut events).await, "deleted b");
        cluster.end().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn watches_end_and_are_resumed_for_hours() -> Outcome {
    // WATCH-05, WATCH-12
    for config in strategies() {
        let cluster = Cluster::bare().await;
        let maps = cluster.config_maps();
        let mut events = pin!(watcher(maps.clone(), config));
        assert_eq!(next(&cluster, &mut events).await, "init");
        assert_eq!(next(&cluster, &mut events).await, "done");
        for hour in 0..3 {
            // In the meantime the watch times out a dozen times, and nothing is told of it.
            let quiet = cluster.env.timeout(Duration::from_secs(3600), events.next()).await;
            assert!(quiet.is_err(), "{:?}", quiet.map(|event| event.map(|event| event.map(told))));
            let name = format!("hour-{hour}");
            maps.create(&PostParams::default(), &config_map(&name, "x", "1")).await?;
            assert_eq!(next(&cluster, &mut events).await, format!("applied {name}"));
        }
        cluster.end().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_reflector_holds_what_the_server_holds() -> Outcome {
    for config in strategies() {
        let cluster = Cluster::bare().await;
        let maps = cluster.config_maps();
        for name in ["a", "b", "c"] {
            maps.create(&PostParams::default(), &config_map(name, "x", "1")).await?;
        }
        let (reader, writer) = reflector::store();
        let events = watcher(maps.clone(), config).default_backoff().reflect(writer).applied_objects();
        let task = cluster.env.spawn("reflector", async move {
            let mut events = pin!(events);
            while let Some(event) = events.next().await {
                event.expect("it does not fail");
            }
        });
        cluster.within(reader.wait_until_ready()).await?;
        assert_eq!(reader.len(), 3);
        maps.delete("b", &DeleteParams::default()).await?;
        let change = json!({"data": {"text": "2"}});
        maps.patch("c", &PatchParams::default(), &Patch::Merge(change)).await?;
        cluster.env.sleep(Duration::from_secs(1)).await;
        let mut held: Vec<_> = reader.state().iter().map(|map| (map.name_any(), map.data.clone())).collect();
        held.sort();
        let mut there: Vec<_> =
            maps.list(&Default::default()).await?.into_iter().map(|map| (map.name_any(), map.data)).collect();
        there.sort();
        assert_eq!(held, there);
        assert!(reader.get(&ObjectRef::new("b").within("default")).is_none());
        task.cancel();
        // Cancelled is how it ends.
        let _end = task.join().await;
        cluster.end().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn metadata_is_watched_without_the_rest() -> Outcome {
    // WIRE-04, WATCH-16
    for config in strategies() {
        let cluster = Cluster::bare().await;
        let maps = cluster.config_maps();
        maps.create(&PostParams::default(), &config_map("a", "x", "1")).await?;
        let metas: Api<PartialObjectMeta<ConfigMap>> = Api::default_namespaced(cluster.client.clone());
        let mut found = pin!(watcher(metas, config).applied_objects());
        let first = cluster.within(found.try_next()).await?.expect("it does not end");
        assert_eq!((first.name_any(), first.labels()["app"].as_str()), ("a".to_owned(), "x"));
        maps.create(&PostParams::default(), &config_map("b", "x", "1")).await?;
        let second = cluster.within(found.try_next()).await?.expect("it does not end");
        assert_eq!(second.name_any(), "b");
        cluster.end().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn conditions_are_waited_for() -> Outcome {
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    let created = {
        let maps = maps.clone();
        cluster.env.spawn("waiter", async move { await_condition(maps, "a", conditions::is_created()).await })
    };
    cluster.env.sleep(Duration::from_secs(1)).await;
    maps.create(&PostParams::default(), &config_map("a", "x", "1")).await?;
    let map: ConfigMap = cluster.within(created.join()).await?.expect("no error").expect("it is there");
    let uid = map.uid().expect("it was created");
    let gone = {
        let (maps, uid) = (maps.clone(), uid.clone());
        cluster
            .env
            .spawn("waiter", async move { await_condition(maps, "a", conditions::is_deleted(&uid)).await })
    };
    maps.delete("a", &DeleteParams::default()).await?;
    // Another one of its name is not the one that was waited for.
    let maps: Api<ConfigMap> = maps;
    maps.create(&PostParams::default(), &config_map("a", "x", "2")).await?;
    cluster.within(gone.join()).await?.expect("no error");
    cluster.end().await;
    Ok(())
}

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use setpoint_core::env::{Env, Task};

use super::world::{TOKEN, World};
use crate::limits::STALL_TIME_MAX;

#[derive(Clone)]
struct Spawn(Env);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawn {
    fn execute(&self, future: F) {
        // The client's tasks live as long as the test.
        std::mem::forget(self.0.spawn("client", future));
    }
}

async fn h2(world: &World) -> (http2::SendRequest<Empty<Bytes>>, Task<()>) {
    let stream = world.connect_as(None, &[b"h2"]).await.expect("a connection");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut builder = http2::Builder::new(Spawn(world.env.clone()));
    builder.initial_stream_window_size(65_535).initial_connection_window_size(16 << 20);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.expect("HTTP/2");
    let task = world.env.spawn("client", async move { drop(connection.await) });
    (sender, task)
}

fn get(path: &str) -> Request<Empty<Bytes>> {
    let request = Request::get(format!("https://localhost{path}"));
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    request.body(Empty::new()).expect("a request")
}

const LIST: &str = "/api/v1/namespaces/a/configmaps";

#[tokio::test]
async fn http_2_is_spoken_where_it_is_asked_for() {
    let world = World::start().await;
    world.fill(3, 100_000).await;
    let (mut sender, _connection) = h2(&world).await;
    let asked: Vec<_> = (0..20).map(|_| sender.send_request(get(LIST))).collect();
    for answer in asked {
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert!(answer.into_body().collect().await.expect("a body").to_bytes().len() > 300_000);
    }
    drop(sender);
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_read_is_ended_and_the_others_go_on() {
    let world = World::start().await;
    world.fill(3, 900_000).await;
    let (mut sender, _connection) = h2(&world).await;
    let unread = sender.send_request(get(LIST)).await.expect("an answer");
    assert_eq!(unread.status(), 200);
    world.env.sleep(STALL_TIME_MAX + Duration::from_secs(5)).await;
    assert!(unread.into_body().collect().await.is_err(), "it was kept");
    let read = sender.send_request(get(LIST)).await.expect("the connection is still there");
    assert!(read.into_body().collect().await.expect("a body").to_bytes().len() > 2_700_000);
    drop(sender);
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_has_nothing_to_tell_is_kept() {
    let world = World::start().await;
    let (mut sender, _connection) = h2(&world).await;
    let watch = sender.send_request(get(&format!("{LIST}?watch=1"))).await.expect("an answer");
    world.env.sleep(Duration::from_secs(600)).await;
    world.fill(1, 10).await;
    let mut body = watch.into_body();
    let line = body.frame().await.expect("it goes on").expect("no error").into_data().expect("data");
    assert!(line.starts_with(b"{"), "{line:?}");
    world.server.shut_down().await;
}

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{Reply, World, send, with_token};
use crate::limits::DRAIN_TIME_MAX;

const WATCH: &str = "GET /api/v1/namespaces/a/configmaps?watch=1 HTTP/1.1";

#[tokio::test]
async fn watches_end_at_the_end_of_a_line_and_nobody_is_let_in() {
    let world = World::start().await;
    let address = world.address();
    let mut watch = world.connect().await;
    send(&mut watch, &with_token(WATCH)).await;
    let mut begin = [0; 12];
    watch.read_exact(&mut begin).await.expect("it begins");
    world.fill(1, 10).await;
    let mut line = vec![0; 300];
    let read = watch.read(&mut line).await.expect("a line");
    assert!(read > 0);
    world.server.shut_down().await;
    let rest = Reply::read(&mut watch).await.text;
    assert!(rest.ends_with("0\r\n\r\n"), "the body has no end: {rest:?}");
    assert!(TcpStream::connect(address).await.is_err(), "somebody still listens");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_end_is_given_up() {
    let world = World::start().await;
    let mut stream = world.connect().await;
    let head = "POST /api/v1/namespaces/a/configmaps HTTP/1.1\r\ncontent-length: 100";
    send(&mut stream, &with_token(head)).await;
    stream.write_all(b"{").await.expect("it is taken");
    let env = world.env.clone();
    env.sleep(Duration::from_millis(10)).await;
    let before = env.now();
    world.server.shut_down().await;
    let took = env.now().since_start() - before.since_start();
    assert!(took <= DRAIN_TIME_MAX + Duration::from_secs(1), "{took:?}");
    assert!(took >= DRAIN_TIME_MAX - Duration::from_secs(1), "{took:?}: it was not waited for");
}

#[tokio::test]
async fn connections_that_do_nothing_keep_nobody() {
    let world = World::start().await;
    let mut idle = world.connect().await;
    let _stranger = TcpStream::connect(world.address()).await.expect("a connection");
    assert_eq!(world.ask("GET /healthz HTTP/1.1").await.code, 200);
    world.server.shut_down().await;
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

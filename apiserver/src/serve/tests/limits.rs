use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{Reply, World, send, with_token};
use crate::InFlightLimits;
use crate::limits::{
    BODY_TIME_MAX, HANDSHAKE_TIME_MAX, HEADER_BYTES_MAX, HEADER_TIME_MAX, HEADERS_MAX, IDLE_TIME_MAX,
    STALL_TIME_MAX, URI_BYTES_MAX,
};
use crate::serve::ServeLimits;

const LIST: &str = "GET /api/v1/namespaces/a/configmaps HTTP/1.1";

/// How long it took until the other side closed.
async fn closed_after(world: &World, stream: &mut (impl AsyncReadExt + Unpin)) -> Duration {
    let before = world.env.now();
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    world.env.now().since_start() - before.since_start()
}

fn is_about(duration: Duration, limit: Duration) -> bool {
    // A farewell may take a little, and timers are whole milliseconds.
    duration >= limit - Duration::from_millis(5) && duration <= limit + Duration::from_secs(6)
}

#[tokio::test(start_paused = true)]
async fn who_does_not_shake_hands_is_cut_off() {
    let world = World::start().await;
    let mut socket = TcpStream::connect(world.address()).await.expect("a connection");
    let after = closed_after(&world, &mut socket).await;
    assert!(is_about(after, HANDSHAKE_TIME_MAX), "{after:?}");
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn who_begins_a_request_and_does_not_end_it_is_cut_off_sooner_than_who_is_idle() {
    let world = World::start().await;
    let mut idle = world.connect().await;
    let after = closed_after(&world, &mut idle).await;
    assert!(is_about(after, IDLE_TIME_MAX), "{after:?}");
    let mut slow = world.connect().await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.expect("it is taken");
    let after = closed_after(&world, &mut slow).await;
    assert!(is_about(after, HEADER_TIME_MAX), "{after:?}");
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_drop_now_and_then_does_not_keep_a_head_alive() {
    let world = World::start().await;
    let mut slow = world.connect().await;
    let before = world.env.now();
    loop {
        let late = slow.write_all(b"G").await.is_err() || slow.flush().await.is_err();
        if late || world.env.now().since_start() - before.since_start() > 3 * HEADER_TIME_MAX {
            break;
        }
        world.env.sleep(Duration::from_secs(1)).await;
    }
    let took = world.env.now().since_start() - before.since_start();
    assert!(took < 2 * HEADER_TIME_MAX, "{took:?}");
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let world = World::start().await;
    let mut stream = world.connect().await;
    let head = "POST /api/v1/namespaces/a/configmaps HTTP/1.1\r\ncontent-length: 100";
    let before = world.env.now();
    send(&mut stream, &with_token(head)).await;
    stream.write_all(b"{").await.expect("it is taken");
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 504");
    let after = world.env.now().since_start() - before.since_start();
    assert!(is_about(after, BODY_TIME_MAX), "{after:?}");
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_cut_off() {
    let world = World::start().await;
    world.fill(12, 900_000).await;
    let mut stream = world.connect().await;
    let before = world.env.now();
    send(&mut stream, &with_token(LIST)).await;
    // The answer begins, and nobody reads it.
    world.env.sleep(2 * STALL_TIME_MAX).await;
    let reply = Reply::read(&mut stream).await;
    assert_eq!(reply.code, 200);
    assert!(reply.text.len() < 12 * 900_000, "all of it came: {}", reply.text.len());
    let took = world.env.now().since_start() - before.since_start();
    assert!(took < 3 * STALL_TIME_MAX, "{took:?}");
    world.server.shut_down().await;
}

// WIRE-05
#[tokio::test]
async fn heads_have_a_size() {
    let world = World::start().await;
    let header = |bytes: usize| format!("GET /healthz HTTP/1.1\r\nx-large: {}", "x".repeat(bytes));
    assert_eq!(world.ask(&header(HEADER_BYTES_MAX as usize - 200)).await.code, 200);
    assert_eq!(world.ask(&header(HEADER_BYTES_MAX as usize + 1)).await.code, 431);
    let headers = |count: usize| {
        let lines: String = (0..count).map(|number| format!("\r\nx-{number}: y")).collect();
        format!("GET /healthz HTTP/1.1{lines}")
    };
    // Two more are sent with each request.
    assert_eq!(world.ask(&headers(HEADERS_MAX - 2)).await.code, 200);
    assert_eq!(world.ask(&headers(HEADERS_MAX - 1)).await.code, 431);
    let path = |bytes: usize| format!("GET /{} HTTP/1.1", "x".repeat(bytes - 1));
    assert_eq!(world.ask(&with_token(&path(URI_BYTES_MAX))).await.code, 404);
    assert_eq!(world.ask(&with_token(&path(URI_BYTES_MAX + 1))).await.code, 414);
    world.server.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_there_may_be_wait() {
    let limits = ServeLimits { connections: 1, ..ServeLimits::default() };
    let world = World::start_with(|builder| builder.limits(limits)).await;
    let first = world.connect().await;
    let env = world.env.clone();
    {
        let mut second = std::pin::pin!(world.ask("GET /healthz HTTP/1.1"));
        let waited = env.timeout(Duration::from_secs(1), second.as_mut()).await;
        assert!(waited.is_err(), "it was served");
        drop(first);
        assert_eq!(second.await.code, 200);
    }
    world.server.shut_down().await;
}

// WIRE-05, ERR-06
#[tokio::test]
async fn more_watches_than_there_may_be_are_told_to_come_back() {
    let limits = InFlightLimits { watches: 1, ..InFlightLimits::default() };
    let world = World::start().await;
    let api = world.api.in_flight(limits);
    let authority = crate::serve::Authority::open(&world.env, world.folder.path()).expect("an authority");
    let server = crate::serve::Server::builder(&world.env, api)
        .authority(authority)
        .token(super::world::TOKEN, super::world::jane());
    let server = server.start().await.expect("a server");
    world.server.shut_down().await;
    let store = std::sync::Arc::new(setpoint_store::Store::memory(&world.env));
    let api = crate::ApiServer::builder(&world.env, store);
    let world = World { server, api, ..world };
    let watch = with_token("GET /api/v1/namespaces/a/configmaps?watch=1 HTTP/1.1");
    let mut first = world.connect().await;
    send(&mut first, &watch).await;
    let mut begin = [0; 12];
    first.read_exact(&mut begin).await.expect("it begins");
    assert_eq!(&begin, b"HTTP/1.1 200");
    let refused = world.ask(&watch).await;
    assert_eq!(refused.code, 429);
    assert!(refused.text.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{}", refused.text);
    assert_eq!(world.ask(&with_token(LIST)).await.code, 200, "who only reads is answered");
    world.server.shut_down().await;
}

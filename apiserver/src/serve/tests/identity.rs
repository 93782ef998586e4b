use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_store::request::User;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{Reply, TOKEN, World, jane, send, with_token};
use crate::authentication::administrator;
use crate::serve::Authority;

const LIST: &str = "GET /api/v1/namespaces/a/configmaps HTTP/1.1";

// AUTH-02, AUTH-03, AUTH-05
#[tokio::test]
async fn the_known_are_let_in_the_wrong_refused_and_the_unknown_told_that_the_server_is_there() {
    let world = World::start().await;
    for (head, code) in [
        ("GET /healthz HTTP/1.1".to_owned(), 200),
        ("GET /version HTTP/1.1".to_owned(), 200),
        (LIST.to_owned(), 403),
        ("GET /api HTTP/1.1".to_owned(), 403),
        (with_token(LIST), 200),
        (format!("{LIST}\r\nauthorization: Bearer {TOKEN}x"), 401),
        (format!("{LIST}\r\nauthorization: Bearer {}", &TOKEN[1..]), 401),
    ] {
        let reply = world.ask(&head).await;
        assert_eq!(reply.code, code, "{head}: {}", reply.text);
        assert!(!reply.text.contains(&TOKEN[1..]), "a token is told");
        if code > 400 {
            assert_eq!(reply.json()["kind"], "Status", "ERR-01");
        }
    }
    world.server.shut_down().await;
}

// AUTH-03
#[tokio::test]
async fn certificates_of_the_authority_are_believed_and_no_others() {
    let world = World::start().await;
    let ours = world.open_authority().certify_client(&world.env, &administrator()).expect("a certificate");
    let mut stream = world.connect_as(Some(&ours), &[b"http/1.1"]).await.expect("a connection");
    send(&mut stream, LIST).await;
    assert_eq!(Reply::read(&mut stream).await.code, 200);
    let poor = User { name: "joe".to_owned(), ..User::default() };
    let poor = world.open_authority().certify_client(&world.env, &poor).expect("a certificate");
    let mut stream = world.connect_as(Some(&poor), &[b"http/1.1"]).await.expect("a connection");
    send(&mut stream, LIST).await;
    assert_eq!(Reply::read(&mut stream).await.code, 200, "without roles everybody who is known may");

    let stranger = Authority::new(&world.env).expect("an authority");
    let foreign = stranger.certify_client(&world.env, &administrator()).expect("a certificate");
    assert_eq!(code_of(&world, &foreign).await, 0, "it is not even answered");
    // A server's certificate makes no client.
    let names = ["kubernetes-admin".to_owned()];
    let server = world.open_authority().certify_server(&world.env, &names).expect("a certificate");
    assert_eq!(code_of(&world, &server).await, 0);
    world.server.shut_down().await;
}

/// What somebody is answered who shows this; 0 if nothing.
async fn code_of(world: &World, client: &crate::serve::KeyPair) -> u16 {
    // With TLS 1.3 a client learns of the refusal only when it reads.
    let Ok(mut stream) = world.connect_as(Some(client), &[b"http/1.1"]).await else { return 0 };
    let head = format!("{LIST}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    drop(stream.write_all(head.as_bytes()).await);
    Reply::read(&mut stream).await.code
}

#[tokio::test(start_paused = true)]
async fn a_certificate_ends_after_its_time() {
    let world = World::start().await;
    let ours = world.open_authority().certify_client(&world.env, &jane()).expect("a certificate");
    assert_eq!(code_of(&world, &ours).await, 200);
    tokio::time::advance(Duration::from_secs(366 * 24 * 3600)).await;
    assert_eq!(code_of(&world, &ours).await, 0);
    world.server.shut_down().await;
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_or_to_tls_of_old() {
    let world = World::start().await;
    // A ClientHello of TLS 1.1 that offers one cipher.
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    for bytes in [hello, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()] {
        let mut socket = TcpStream::connect(world.address()).await.expect("a connection");
        socket.write_all(&bytes).await.expect("it is taken");
        let mut told = Vec::new();
        drop(socket.read_to_end(&mut told).await);
        // An alert, or nothing.
        assert!(told.first().is_none_or(|first| *first == 0x15), "{told:?}");
        assert!(told.len() < 16, "{told:?}");
    }
    world.server.shut_down().await;
}

#[tokio::test]
async fn nothing_that_is_printed_has_a_token_or_a_key() {
    let world = World::start().await;
    let config = world.server.kubeconfig();
    let text = config.to_yaml();
    assert!(text.contains(TOKEN), "the file has the token");
    let pair = world.open_authority().certify_client(&world.env, &jane()).expect("a certificate");
    let printed = format!("{:?} {config:?} {pair:?} {:?}", world.server, world.open_authority());
    for secret in [TOKEN, "BEGIN", "PRIVATE"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    world.server.shut_down().await;
}

#[tokio::test]
async fn without_a_token_the_kubeconfig_has_a_certificate_that_is_an_administrator_s() {
    let env = Env::tokio();
    let world = World::start().await;
    let server = crate::serve::Server::builder(&env, world.api).start().await.expect("a server");
    let text = server.kubeconfig().to_yaml();
    let value = |field: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(&format!("{field}: ")));
        let line = line.unwrap_or_else(|| panic!("{field} is missing"));
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, line).expect("base64");
        String::from_utf8(bytes).expect("PEM")
    };
    let client = crate::serve::KeyPair::from_pem(value("client-certificate-data"), value("client-key-data"));
    let authority = value("certificate-authority-data");
    let other = World {
        server,
        authority,
        env,
        api: crate::ApiServer::builder(&Env::tokio(), world_store()),
        ..world
    };
    assert_eq!(code_of(&other, &client).await, 200);
    assert!(text.contains(&format!("server: https://{}", other.address())));
    other.server.shut_down().await;
}

fn world_store() -> std::sync::Arc<dyn setpoint_store::ObjectStore> {
    std::sync::Arc::new(setpoint_store::Store::memory(&Env::tokio()))
}

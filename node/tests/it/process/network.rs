use futures::{AsyncReadExt, AsyncWriteExt};
use setpoint_runtime_traits::{ErrorKind, RuntimeService, StreamingService};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::world::World;

#[test]
fn a_port_of_a_pod_is_forwarded() {
    World::run(|world| async move {
        let pod = world.pod("web");
        let sandbox = world.sandbox(&pod).await;
        let status = world.runtime.pod_sandbox_status(&sandbox).await.expect("it exists");
        let ip = status.ips[0];
        let listener = TcpListener::bind((ip, 0)).await.expect("an address of this machine");
        let port = listener.local_addr().expect("an address").port();
        let serve = async {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 4];
            connection.read_exact(&mut request).await.expect("a request");
            connection.write_all(b"pong").await.expect("answered");
            request
        };
        let ask = async {
            let mut connection = world.runtime.port_forward(&sandbox, port).await.expect("connected");
            connection.write_all(b"ping").await.expect("asked");
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).await.expect("an answer");
            answer
        };
        let (request, answer) = futures::future::join(serve, ask).await;
        assert_eq!((&request, &*answer), (b"ping", &b"pong"[..]));
        drop(listener);
        let nobody = world.runtime.port_forward(&sandbox, port).await.map(drop).expect_err("nobody listens");
        assert_eq!(nobody.kind, ErrorKind::Unavailable, "{nobody}");
        world
    });
}

// NET-01
#[test]
#[cfg(target_os = "linux")]
fn pods_of_one_deployment_can_listen_at_one_port() {
    World::run(|world| async move {
        let mut ips = Vec::new();
        for name in ["web-1", "web-2", "web-3"] {
            let sandbox = world.sandbox(&world.pod(name)).await;
            ips.extend(world.runtime.pod_sandbox_status(&sandbox).await.expect("it exists").ips);
        }
        let first = TcpListener::bind((ips[0], 0)).await.expect("an address of this machine");
        let port = first.local_addr().expect("an address").port();
        for ip in &ips[1..] {
            TcpListener::bind((*ip, port)).await.expect("the same port at another pod's address");
        }
        let id = world.shell("web-2", "echo $POD_IP").await;
        assert_eq!(world.lines(&id, 1).await, [ips[1].to_string()]);
        world.ended(&id).await;
        world
    });
}

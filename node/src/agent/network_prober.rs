//! Probes over real sockets (AGENT-20).

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use setpoint_runtime_traits::{NetworkProbe, ProbeAnswer, ProbeRequest, ProbeTarget, Result, RuntimeError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Opens sockets from the agent's process. TLS and gRPC are not spoken: such probes are errors, which say
/// nothing about the container.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketProber;

/// The most of an answer that is read.
const ANSWER_BYTES_MAX: u64 = 10 * 1024;

#[async_trait]
impl NetworkProbe for SocketProber {
    async fn probe(&self, request: &ProbeRequest) -> Result<ProbeAnswer> {
        match &request.target {
            ProbeTarget::TcpSocket { port } => {
                let at = SocketAddr::new(request.ip, *port);
                Ok(match TcpStream::connect(at).await {
                    Ok(_connection) => ProbeAnswer::Success,
                    Err(error) => ProbeAnswer::Failure(dial_error(at, &error)),
                })
            }
            ProbeTarget::HttpGet { port, path, tls: false, headers } => {
                let at = SocketAddr::new(request.ip, *port);
                Ok(match get(at, path, headers).await {
                    Ok(code @ 200..=399) => {
                        tracing::trace!(%at, path, code, "a probe succeeded");
                        ProbeAnswer::Success
                    }
                    Ok(code) => ProbeAnswer::Failure(format!("HTTP probe failed with statuscode: {code}")),
                    Err(why) => ProbeAnswer::Failure(format!("Get \"http://{at}{path}\": {why}")),
                })
            }
            ProbeTarget::HttpGet { .. } => Err(RuntimeError::unsupported("an HTTPS probe")),
            ProbeTarget::Grpc { .. } => Err(RuntimeError::unsupported("a gRPC probe")),
            _ => Err(RuntimeError::unsupported("this probe")),
        }
    }
}

/// The status code of a GET.
async fn get(at: SocketAddr, path: &str, headers: &[(String, String)]) -> Result<u16, String> {
    let mut connection = TcpStream::connect(at).await.map_err(|error| dial_error(at, &error))?;
    let host = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = host.map_or_else(|| at.to_string(), |(_, value)| value.clone());
    let mut text = format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", clean(path), clean(&host));
    let given = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    for (name, value) in [("User-Agent", "kube-probe/1.36"), ("Accept", "*/*")] {
        if !given(name) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        text.push_str(&format!("{}: {}\r\n", clean(name), clean(value)));
    }
    text.push_str("\r\n");
    connection.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // A server may end the connection without a word after its answer.
    let read = connection.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await;
    match status_code(&answer) {
        Some(code) => Ok(code),
        None => Err(read.err().map_or_else(|| "EOF".to_owned(), |error| error.to_string())),
    }
}

/// A text cannot end its line early.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

fn status_code(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

fn dial_error(at: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("dial tcp {at}: connect: connection refused"),
        io::ErrorKind::HostUnreachable => format!("dial tcp {at}: connect: no route to host"),
        _ => format!("dial tcp {at}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    fn request(at: SocketAddr, target: ProbeTarget) -> ProbeRequest {
        let timeout = Duration::from_secs(1);
        ProbeRequest { container_id: "web".into(), ip: at.ip(), target, timeout }
    }

    fn http(at: SocketAddr, path: &str) -> ProbeRequest {
        let headers = vec![("X-Probe".to_owned(), "a\r\nb".to_owned())];
        let target = ProbeTarget::HttpGet { port: at.port(), path: path.to_owned(), tls: false, headers };
        request(at, target)
    }

    /// Answers one connection and gives back what was asked.
    async fn answer_once(listener: &TcpListener, answer: &str) -> String {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).await.expect("a request");
            asked.push(byte[0]);
        }
        connection.write_all(answer.as_bytes()).await.expect("written");
        String::from_utf8(asked).expect("text")
    }

    #[tokio::test]
    async fn an_answer_below_400_is_a_success() {
        // AGENT-20
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        for (code, expected) in [
            (200, ProbeAnswer::Success),
            (302, ProbeAnswer::Success),
            (404, ProbeAnswer::Failure("HTTP probe failed with statuscode: 404".to_owned())),
        ] {
            let answer = format!("HTTP/1.1 {code} Word\r\nContent-Length: 0\r\n\r\n");
            let probed = http(at, "/healthz?full");
            let (found, asked) = tokio::join!(SocketProber.probe(&probed), answer_once(&listener, &answer));
            assert_eq!(found.expect("asked"), expected);
            assert!(asked.starts_with("GET /healthz?full HTTP/1.1\r\n"), "{asked}");
            assert!(asked.contains("User-Agent: kube-probe/1.36\r\n") && asked.contains("X-Probe: ab\r\n"));
        }
    }

    #[tokio::test]
    async fn a_connection_is_enough_for_a_socket_probe_and_needed() {
        // AGENT-20
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let probed = request(at, ProbeTarget::TcpSocket { port: at.port() });
        assert_eq!(SocketProber.probe(&probed).await.expect("asked"), ProbeAnswer::Success);
        drop(listener);
        let refused = format!("dial tcp {at}: connect: connection refused");
        assert_eq!(SocketProber.probe(&probed).await.expect("asked"), ProbeAnswer::Failure(refused));
    }

    #[tokio::test]
    async fn what_is_not_spoken_is_an_error_and_no_verdict() {
        let at: SocketAddr = "127.0.0.1:1".parse().expect("an address");
        let probed = request(at, ProbeTarget::Grpc { port: 1, service: String::new() });
        assert!(SocketProber.probe(&probed).await.expect_err("not spoken").is_unsupported());
    }
}

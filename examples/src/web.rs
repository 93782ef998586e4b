//! A small web server: says which version it is, and whether it is ready. The quickstart's binary runs itself as
//! this when it is called with [`ARGUMENT`].

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use setpoint::node::process::{ImageTable, ProcessImage};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::Failure;

/// The first argument that makes a program of this crate the web server; the second is the version.
pub const ARGUMENT: &str = "serve-web";

/// Where it listens, at the pod's own address.
pub const PORT: u16 = 8080;

/// Connections served at a time; more wait.
const CONNECTIONS_MAX: usize = 64;

/// The image of one version: this very program.
///
/// # Errors
///
/// If the program does not know where it is.
pub fn image(version: &str) -> std::io::Result<ProcessImage> {
    let program = std::env::current_exe()?;
    Ok(ProcessImage::program(program.to_string_lossy()).with_args([ARGUMENT, version]))
}

/// What the orchestrator's nodes can run: the programs of this machine, and two versions of the web server.
///
/// # Errors
///
/// If the program does not know where it is.
pub fn images() -> std::io::Result<ImageTable> {
    Ok(ImageTable::with_host().with_image("web:v1", image("web v1")?).with_image("web:v2", image("web v2")?))
}

/// The version to serve, if the arguments say that this process is the web server.
pub fn version_to_serve() -> Option<String> {
    let mut arguments = std::env::args().skip(1);
    (arguments.next()? == ARGUMENT).then(|| arguments.next().unwrap_or_default())
}

/// Serves until TERM.
///
/// # Errors
///
/// If it cannot listen.
pub async fn serve(version: String) -> Result<(), Failure> {
    let address = match std::env::var("POD_IP") {
        Ok(address) => address.parse()?,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let pod = std::env::var("POD_NAME").unwrap_or_else(|_| "nobody".to_owned());
    let text: Arc<str> = format!("{version} from {pod}\n").into();
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(SocketAddr::new(address, PORT)).await?;
    println!("{version} listens at {}", listener.local_addr()?);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                let Ok((stream, _)) = accepted else { continue };
                let text = Arc::clone(&text);
                let service = service_fn(move |request| answer(request, Arc::clone(&text)));
                connections.spawn(async move {
                    // A client that goes away is no news.
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    println!("{version} ends");
    Ok(())
}

async fn answer(request: Request<Incoming>, text: Arc<str>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = match request.uri().path() {
        "/" => Response::new(Full::from(text.as_bytes().to_vec())),
        "/ready" => Response::new(Full::from("ready\n")),
        _ => Response::new(Full::from("not found\n")),
    };
    if !matches!(request.uri().path(), "/" | "/ready") {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

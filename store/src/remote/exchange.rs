use std::fmt;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::client::Body;
use setpoint_core::env::{Env, Instant};
use setpoint_core::{Error, Reason, Result};
use tokio::sync::Semaphore;

use super::connection::{Connection, Renew};
use super::failure;
use super::limits::{ANSWER_BYTES_MAX, REQUEST_TIME_MAX, REQUESTS_MAX, WAIT_JITTER};
use super::request::{Answer, Request};
use super::retry::{self, Failure};
use crate::request::RequestContext;

/// What requests say they are from.
const AGENT: &str = concat!("setpoint/", env!("CARGO_PKG_VERSION"));

/// Sends requests, and again where that is safe.
pub(super) struct Exchange {
    env: Env,
    connection: Connection,
    in_flight: Semaphore,
}

type Response = http::Response<Body>;

impl Exchange {
    pub(super) fn new(env: &Env, client: kube::Client, renew: Option<Renew>) -> Self {
        let connection = Connection::new(client, renew);
        Self { env: env.clone(), connection, in_flight: Semaphore::new(REQUESTS_MAX) }
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn ask(&self, context: &RequestContext, request: &Request) -> Result<Answer> {
        self.repeated(context, request, |response| Box::pin(whole(response))).await
    }

    /// Sends a request and gives what is answered bit by bit. That takes as long as it takes.
    pub(super) async fn open(&self, context: &RequestContext, request: &Request) -> Result<Body> {
        self.repeated(context, request, |response| Box::pin(async { Ok(response.into_body()) })).await
    }

    async fn repeated<T>(
        &self,
        context: &RequestContext,
        request: &Request,
        read: impl Fn(Response) -> BoxFuture<'static, std::result::Result<T, Failure>> + Send + Sync,
    ) -> Result<T> {
        let deadline = self.deadline(context);
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let (client, generation) = self.connection.client();
            let once = self.once(&client, request, &read);
            let left = deadline - self.env.now();
            let failure = match self.env.timeout(left, once).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Lost(Error::new(Reason::Timeout, "the server did not answer in time")),
            };
            if is_unauthorized(&failure) && !renewed && self.renew(generation, deadline).await {
                renewed = true;
                continue;
            }
            let Some(wait) = retry::wait(&failure, request.repeat, attempt, self.env.now(), deadline) else {
                return Err(failure.into_error(request.repeat));
            };
            attempt += 1;
            self.env.sleep(self.env.jitter(wait, WAIT_JITTER)).await;
        }
    }

    fn deadline(&self, context: &RequestContext) -> Instant {
        let latest = self.env.now() + REQUEST_TIME_MAX;
        context.deadline.map_or(latest, |wanted| wanted.min(latest))
    }

    async fn renew(&self, refused: u64, deadline: Instant) -> bool {
        let left = deadline - self.env.now();
        self.env.timeout(left, self.connection.renew(refused)).await.unwrap_or(false)
    }

    async fn once<T>(
        &self,
        client: &kube::Client,
        request: &Request,
        read: impl Fn(Response) -> BoxFuture<'static, std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Failure> {
        // Never closed, so there is always a permit in the end.
        let _permit = self.in_flight.acquire().await;
        let http = http::Request::builder()
            .method(request.method.clone())
            .uri(request.address.as_str())
            .header(ACCEPT, request.accept)
            .header(USER_AGENT, AGENT);
        let http =
            if request.body.is_empty() { http } else { http.header(CONTENT_TYPE, request.content_type) };
        let http = http.body(Body::from(request.body.clone())).map_err(|error| Failure::Answered {
            error: Error::bad_request(format!("no request can be made of it: {error}")),
            retry_after: None,
        })?;
        let response = client.send(http).await.map_err(failure::of_client)?;
        if response.status().is_success() {
            return read(response).await;
        }
        let Answer { code, headers, body } = whole(response).await?;
        Err(failure::of_answer(code, &headers, &body, request.repeat))
    }
}

/// Credentials were refused, and with them the request.
fn is_unauthorized(failure: &Failure) -> bool {
    matches!(failure, Failure::Answered { error, .. } if error.reason() == Reason::Unauthorized)
}

async fn whole(response: Response) -> std::result::Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let body: Bytes = match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the server's answer is larger than {ANSWER_BYTES_MAX} bytes");
            return Err(Failure::Lost(Error::new(Reason::RequestEntityTooLarge, message)));
        }
        Err(error) => {
            let message = format!("the server's answer broke off: {error}");
            return Err(Failure::Lost(Error::new(Reason::ServiceUnavailable, message)));
        }
    };
    Ok(Answer { code: parts.status.as_u16(), headers: parts.headers, body })
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("connection", &self.connection).finish_non_exhaustive()
    }
}

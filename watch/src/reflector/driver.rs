use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, Either, select};
use setpoint_core::env::{Env, Instant};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::request::RequestContext;
use setpoint_store::{ObjectStore, WatchStream};

use super::failure::WAIT_JITTER;
use super::{Answer, Reflector, Request, Update};

/// How long a store may take to answer.
const REQUEST_MAX: Duration = Duration::from_secs(60);

/// Makes a reflector's requests, for ever. `tell` is called after every answer; `asked` is ready when somebody wants
/// everything to be read anew.
pub(crate) async fn drive(
    env: &Env,
    store: Arc<dyn ObjectStore>,
    mut reflector: Reflector,
    mut tell: impl FnMut(&Reflector, Option<Update>),
    mut asked: impl FnMut(&mut Context<'_>) -> Poll<()> + Unpin,
) {
    let context = RequestContext::system("informer");
    let mut watch: Option<Open> = None;
    loop {
        let answer = match reflector.request() {
            Request::List(query) => match bounded(env, store.list(&context, &query)).await {
                Ok(page) => Answer::Listed(page),
                Err(error) => Answer::Failed(error),
            },
            Request::Watch(query) => {
                // Closed first: a store may count them.
                drop(watch.take());
                match bounded(env, store.watch(&context, &query)).await {
                    Ok(stream) => {
                        watch = Some(Open { stream, heard: env.now(), timer: None });
                        Answer::Opened
                    }
                    Err(error) => Answer::Failed(error),
                }
            }
            Request::Read { silence_max } => match &mut watch {
                Some(open) => {
                    let read = pin!(open.read(env, silence_max));
                    match select(read, poll_fn(&mut asked)).await {
                        Either::Left((answer, _)) => answer,
                        Either::Right(((), _)) => Answer::Reread,
                    }
                }
                None => Answer::Ended,
            },
            Request::Wait(wait) => {
                watch = None;
                env.sleep(env.jitter(wait, WAIT_JITTER)).await;
                Answer::Waited
            }
        };
        let update = reflector.answer(answer, env.now());
        tell(&reflector, update);
    }
}

/// An open watch.
struct Open {
    stream: WatchStream,
    heard: Instant,
    /// Not moved with every event, but looked at again when it fires.
    timer: Option<BoxFuture<'static, ()>>,
}

impl Open {
    async fn read(&mut self, env: &Env, silence_max: Duration) -> Answer {
        loop {
            let timer = self.timer.get_or_insert_with(|| env.sleep_until(self.heard + silence_max));
            match select(self.stream.next(), timer).await {
                Either::Left((item, _)) => {
                    self.heard = env.now();
                    return match item {
                        Some(Ok(event)) => Answer::Event(event),
                        Some(Err(error)) => Answer::Failed(error),
                        None => Answer::Ended,
                    };
                }
                Either::Right(((), _)) => {
                    self.timer = None;
                    if env.now() >= self.heard + silence_max {
                        return Answer::Silent;
                    }
                }
            }
        }
    }
}

async fn bounded<T>(env: &Env, request: impl Future<Output = Result<T>>) -> Result<T> {
    match env.timeout(REQUEST_MAX, request).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(Error::new(Reason::Timeout, elapsed.to_string())),
    }
}

//! Logs of containers (SUB-09).

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, future};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Object, ObjectRef};
use setpoint_core::{Error, Reason, Result};
use setpoint_runtime_traits::{
    ContainerId, ErrorKind, EventStream, LogLine, LogOptions, RuntimeError, StreamingService,
};
use setpoint_store::request::ReadAt;

use crate::Body;
use crate::answer::{self, Answer};
use crate::call::Call;

const TEXT: &str = "text/plain";
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Finds the logs of containers, wherever they run.
#[async_trait]
pub trait PodLogs: Send + Sync + 'static {
    /// The log of a pod's container, oldest line first; that of the run before the current one if `previous`.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none; `Unavailable` if the node cannot be reached.
    async fn logs(
        &self,
        pod: &ObjectRef,
        container: &str,
        previous: bool,
        options: &LogOptions,
    ) -> setpoint_runtime_traits::Result<EventStream<LogLine>>;
}

/// The logs of runtimes, whose containers are found by the ids in the statuses of pods.
#[derive(Clone, Default)]
pub struct RuntimeLogs {
    /// By the names of nodes.
    nodes: BTreeMap<String, Arc<dyn StreamingService>>,
    /// For all other nodes.
    rest: Option<Arc<dyn StreamingService>>,
}

impl RuntimeLogs {
    /// Logs are read from this runtime, whatever the node is.
    pub fn new(runtime: Arc<dyn StreamingService>) -> Self {
        Self { nodes: BTreeMap::new(), rest: Some(runtime) }
    }

    /// The logs of each node's pods are read from its own runtime.
    pub fn of_nodes(nodes: impl IntoIterator<Item = (String, Arc<dyn StreamingService>)>) -> Self {
        Self { nodes: nodes.into_iter().collect(), rest: None }
    }

    fn runtime_of(&self, pod: &Object) -> Option<&Arc<dyn StreamingService>> {
        let node = pod.spec::<SharedPodSpec>().and_then(SharedPodSpec::node_name_text);
        node.and_then(|node| self.nodes.get(&**node)).or(self.rest.as_ref())
    }
}

impl std::fmt::Debug for RuntimeLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RuntimeLogs")
    }
}

#[async_trait]
impl PodLogs for RuntimeLogs {
    async fn logs(
        &self,
        pod: &ObjectRef,
        container: &str,
        previous: bool,
        options: &LogOptions,
    ) -> setpoint_runtime_traits::Result<EventStream<LogLine>> {
        let id = container_id(pod, container, previous)
            .ok_or_else(|| RuntimeError::not_found("container", container))?;
        let runtime = self.runtime_of(pod).ok_or_else(|| {
            RuntimeError::new(
                ErrorKind::Unavailable,
                "the pod's node has no runtime that this server can reach",
            )
        })?;
        runtime.logs(&id, options).await
    }
}

/// The runtime's name of a container, as the pod's status tells it.
pub(crate) fn container_id(pod: &Object, container: &str, previous: bool) -> Option<ContainerId> {
    let pod = pod.to_value_without_ownership();
    let status = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .into_iter()
        .filter_map(|list| pod["status"][list].as_array())
        .flatten()
        .find(|status| status["name"] == container)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = if previous {
        text(&status["lastState"]["terminated"]["containerID"])
    } else {
        text(&status["containerID"]).or_else(|| text(&status["state"]["terminated"]["containerID"]))
    };
    let id = id.filter(|id| !id.is_empty())?;
    Some(ContainerId::from(id.split_once("://").map_or(id.as_str(), |(_, id)| id)))
}

/// Which part of a log, as the query says.
struct Wanted {
    container: String,
    previous: bool,
    timestamps: bool,
    bytes_max: Option<usize>,
    options: LogOptions,
}

impl Call<'_> {
    pub(crate) async fn log(&self) -> Result<Answer> {
        let context = self.context("PodLogOptions", &[])?;
        let pod = self.server.store.get(&context, &self.key()?, ReadAt::Newest).await?;
        let wanted = self.wanted(&pod)?;
        let Some(logs) = &self.server.logs else {
            return Err(Error::new(
                Reason::ServiceUnavailable,
                "the server has no access to logs of containers",
            ));
        };
        let lines = logs.logs(&pod, &wanted.container, wanted.previous, &wanted.options).await;
        let lines = lines.map_err(|error| self.told(&error, &wanted))?;
        let Wanted { timestamps, bytes_max, options, .. } = wanted;
        let follows = options.follow;
        let mut begins = true;
        let pieces = lines
            // The end of what can be read is the end of the answer: its head is sent already.
            .take_while(|line| future::ready(line.is_ok()))
            .filter_map(|line| future::ready(line.ok()))
            .map(move |line| {
                let is_start = std::mem::replace(&mut begins, !line.partial);
                piece(&line, timestamps && is_start)
            });
        let body = pieces.scan(bytes_max.unwrap_or(usize::MAX), |left, mut piece| {
            piece.truncate(*left);
            *left -= piece.len();
            future::ready((!piece.is_empty()).then_some(Bytes::from(piece)))
        });
        let body = Body::stream(body);
        Ok(answer::of(200, TEXT, if follows { body.endless() } else { body }))
    }

    fn wanted(&self, pod: &Object) -> Result<Wanted> {
        let count = |name: &str| {
            let number = self.query.number(name)?;
            match number.map(u64::try_from).transpose() {
                Ok(number) => Ok(number),
                Err(_) => Err(Error::bad_request(format!("{name} must not be negative"))),
            }
        };
        let since = match (count("sinceSeconds")?, self.query.get("sinceTime")) {
            (Some(_), Some(_)) => {
                return Err(Error::bad_request(
                    "at most one of `sinceTime` or `sinceSeconds` may be specified",
                ));
            }
            (Some(seconds), None) => {
                let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
                Some(self.server.env.wall().checked_sub(span).unwrap_or(Timestamp::MIN))
            }
            (None, Some(time)) => {
                let read =
                    time.parse().map_err(|_| Error::bad_request(format!("sinceTime {time:?} is no time")));
                Some(read?)
            }
            (None, None) => None,
        };
        Ok(Wanted {
            container: self.container(pod)?,
            previous: self.query.is_set("previous"),
            timestamps: self.query.is_set("timestamps"),
            bytes_max: count("limitBytes")?.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
            options: LogOptions {
                follow: self.query.is_set("follow"),
                tail_lines: count("tailLines")?,
                since,
            },
        })
    }

    /// The container that is meant (SUB-09).
    pub(crate) fn container(&self, pod: &Object) -> Result<String> {
        let whole = pod.to_value_without_ownership();
        let name = &pod.meta().name;
        let names = |list: &str| -> Vec<String> {
            let containers = whole["spec"][list].as_array().into_iter().flatten();
            containers.filter_map(|it| it["name"].as_str().map(str::to_owned)).collect()
        };
        let (containers, init) = (names("containers"), names("initContainers"));
        if let Some(wanted) = self.query.get("container") {
            let ephemeral = names("ephemeralContainers");
            if [&containers, &init, &ephemeral].iter().any(|list| list.iter().any(|it| it == wanted)) {
                return Ok(wanted.to_owned());
            }
            return Err(Error::bad_request(format!("container {wanted} is not valid for pod {name}")));
        }
        let annotated = pod.meta().annotations.get(DEFAULT_CONTAINER);
        match (containers.as_slice(), annotated) {
            ([single], _) => Ok(single.clone()),
            (several, Some(annotated)) if several.iter().any(|it| it == annotated) => {
                Ok(annotated.to_owned())
            }
            (several, _) => {
                let mut choice = several.join(" ");
                if !init.is_empty() {
                    choice = format!("{choice}] or one of the init containers: [{}", init.join(" "));
                }
                Err(Error::bad_request(format!(
                    "a container name must be specified for pod {name}, choose one of: [{choice}]"
                )))
            }
        }
    }

    fn told(&self, error: &RuntimeError, wanted: &Wanted) -> Error {
        let pod = self.place.name.as_deref().unwrap_or_default();
        let container = &wanted.container;
        match error.kind {
            ErrorKind::NotFound if wanted.previous => Error::bad_request(format!(
                "previous terminated container {container:?} in pod {pod:?} not found"
            )),
            ErrorKind::NotFound => Error::bad_request(format!(
                "container {container:?} in pod {pod:?} is waiting to start: ContainerCreating"
            )),
            ErrorKind::Unavailable => Error::new(Reason::ServiceUnavailable, error.to_string()),
            _ => Error::internal(error),
        }
    }
}

/// A line as it is sent.
fn piece(line: &LogLine, with_time: bool) -> Vec<u8> {
    let mut piece = Vec::with_capacity(line.text.len() + 40);
    if with_time {
        piece.extend_from_slice(format!("{} ", line.at).as_bytes());
    }
    piece.extend_from_slice(&line.text);
    if !line.partial {
        piece.push(b'\n');
    }
    piece
}

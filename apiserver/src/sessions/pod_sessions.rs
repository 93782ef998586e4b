use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::ObjectRef;
use setpoint_runtime_traits::{
    ErrorKind, Exit, OutputChunk, OutputStream, Result, RuntimeError, Session, SessionOptions,
    StreamingService,
};

use crate::pod_log::container_id;

/// Opens sessions in containers, wherever they run.
#[async_trait]
pub trait PodSessions: Send + Sync + 'static {
    /// Runs a command in a pod's container and connects to it.
    ///
    /// # Errors
    ///
    /// `NotFound` if the container does not run, `Unsupported` if its runtime cannot do that.
    async fn exec(
        &self,
        pod: &ObjectRef,
        container: &str,
        command: &[String],
        options: &SessionOptions,
    ) -> Result<Session>;

    /// Connects to a container's own process.
    ///
    /// # Errors
    ///
    /// As [`PodSessions::exec`].
    async fn attach(&self, pod: &ObjectRef, container: &str, options: &SessionOptions) -> Result<Session>;
}

/// The sessions of runtimes, whose containers are found by the ids in the statuses of pods.
#[derive(Clone, Default)]
pub struct RuntimeSessions {
    /// By the names of nodes.
    nodes: BTreeMap<String, Arc<dyn StreamingService>>,
    /// For all other nodes.
    rest: Option<Arc<dyn StreamingService>>,
}

impl RuntimeSessions {
    /// Sessions are opened by this runtime, whatever the node is.
    pub fn new(runtime: Arc<dyn StreamingService>) -> Self {
        Self { nodes: BTreeMap::new(), rest: Some(runtime) }
    }

    /// The sessions in each node's pods are opened by its own runtime.
    pub fn of_nodes(nodes: impl IntoIterator<Item = (String, Arc<dyn StreamingService>)>) -> Self {
        Self { nodes: nodes.into_iter().collect(), rest: None }
    }

    fn runtime_of(&self, pod: &ObjectRef) -> Result<&Arc<dyn StreamingService>> {
        let node = pod.spec::<SharedPodSpec>().and_then(SharedPodSpec::node_name_text);
        let runtime = node.and_then(|node| self.nodes.get(&**node)).or(self.rest.as_ref());
        runtime.ok_or_else(|| {
            let why = "the pod's node has no runtime that this server can reach";
            RuntimeError::new(ErrorKind::Unavailable, why)
        })
    }
}

impl std::fmt::Debug for RuntimeSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RuntimeSessions")
    }
}

#[async_trait]
impl PodSessions for RuntimeSessions {
    async fn exec(
        &self,
        pod: &ObjectRef,
        container: &str,
        command: &[String],
        options: &SessionOptions,
    ) -> Result<Session> {
        let id = container_id(pod, container, false);
        let id = id.ok_or_else(|| RuntimeError::not_found("container", container))?;
        let runtime = self.runtime_of(pod)?;
        match runtime.exec(&id, command, options).await {
            // A runtime that runs commands without a connection can show what they wrote.
            Err(error) if error.is_unsupported() && !options.stdin && !options.tty => {
                let output = runtime.exec_sync(&id, command, None).await?;
                Ok(finished(output.stdout, output.stderr, output.exit))
            }
            result => result,
        }
    }

    async fn attach(&self, pod: &ObjectRef, container: &str, options: &SessionOptions) -> Result<Session> {
        let id = container_id(pod, container, false);
        let id = id.ok_or_else(|| RuntimeError::not_found("container", container))?;
        self.runtime_of(pod)?.attach(&id, options).await
    }
}

/// A session that is over.
fn finished(stdout: Vec<u8>, stderr: Vec<u8>, exit: Exit) -> Session {
    let chunks = [(OutputStream::Stdout, stdout), (OutputStream::Stderr, stderr)];
    let chunks = chunks.into_iter().filter(|(_, bytes)| !bytes.is_empty());
    let chunks: Vec<_> = chunks.map(|(stream, bytes)| Ok(OutputChunk { stream, bytes })).collect();
    Session::new(Box::pin(futures::stream::iter(chunks)), Box::pin(futures::future::ready(Ok(exit))))
}

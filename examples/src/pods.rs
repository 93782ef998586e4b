//! What a watch tells of pods: for the table, for waiting, and for judging a rollout.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use setpoint::ControlPlane;
use setpoint::env::{Env, Task};
use setpoint::model::builtin::SharedPodSpec;
use setpoint::model::object::Object;
use setpoint::store::ObjectStoreExt;
use setpoint::store::request::{RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery};
use tokio::sync::watch;

use crate::Failure;
use crate::screen::Screen;

/// How often the table is drawn anew while nothing happens.
const REDRAW: Duration = Duration::from_millis(200);

/// A pod as it was last told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub node: String,
    /// What runs, as the runtime calls it.
    pub container: String,
    /// The process of its container.
    pub pid: Option<u32>,
    /// In a word.
    pub status: String,
    /// The image it runs.
    pub image: String,
    /// Whether it is ready, and not on its way out.
    pub available: bool,
    /// Whether it is on its way out.
    pub terminating: bool,
    /// How often its container was started anew.
    pub restarts: i32,
    /// Its address.
    pub ip: String,
    created: Option<jiff::Timestamp>,
    age: String,
}

impl Row {
    /// What an object of kind Pod says.
    pub fn of(object: &Object) -> Self {
        let (meta, empty) = (object.meta(), PodStatus::default());
        let status = object.status::<PodStatus>().unwrap_or(&empty);
        let spec = object.spec::<SharedPodSpec>();
        let container = status.container_statuses.iter().flatten().next();
        let ready =
            status.conditions.iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True");
        let terminating = meta.is_terminating();
        Self {
            name: meta.name.to_string(),
            node: spec.and_then(SharedPodSpec::node_name).unwrap_or("-").to_owned(),
            container: container.and_then(|one| one.container_id.clone()).unwrap_or_default(),
            pid: None,
            status: word(status, container, terminating),
            image: spec
                .map(|spec| spec.common().containers[0].image.clone().unwrap_or_default())
                .unwrap_or_default(),
            available: ready && !terminating,
            terminating,
            restarts: container.map_or(0, |one| one.restart_count),
            ip: status.pod_ip.clone().unwrap_or_default(),
            created: meta.creation_timestamp,
            age: String::new(),
        }
    }

    /// The columns of the table.
    pub fn cells(&self) -> [String; 7] {
        let pid = self.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let ready = if self.available { "yes" } else { "no" };
        let restarts = self.restarts.to_string();
        let texts = [&self.name, &self.node, &pid, &self.status, ready, &restarts, &self.age];
        texts.map(str::to_owned)
    }
}

/// What people call the state of a pod.
fn word(status: &PodStatus, container: Option<&ContainerStatus>, terminating: bool) -> String {
    let state = container.and_then(|one| one.state.as_ref());
    let waiting = state.and_then(|state| state.waiting.as_ref()).and_then(|waiting| waiting.reason.clone());
    let ended = state.and_then(|state| state.terminated.as_ref()).and_then(|ended| ended.reason.clone());
    match (terminating, waiting.or(ended)) {
        (true, _) => "Terminating".to_owned(),
        (false, Some(reason)) => reason,
        (false, None) => status.reason.clone().or(status.phase.clone()).unwrap_or_default(),
    }
}

/// All pods, and the fewest that were available since a mark was set.
#[derive(Debug, Clone, Default)]
pub struct Pods {
    rows: BTreeMap<String, Row>,
    fewest_available: usize,
}

impl Pods {
    /// Those that are there, by name.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many there are, those on their way out included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many can be used.
    pub fn available(&self) -> usize {
        self.rows().filter(|row| row.available).count()
    }

    /// How many of this image can be used.
    pub fn available_of(&self, image: &str) -> usize {
        self.rows().filter(|row| row.available && row.image == image).count()
    }

    /// The fewest available at any event since the mark.
    pub fn fewest_available(&self) -> usize {
        self.fewest_available
    }

    fn mark(&mut self) {
        self.fewest_available = self.available();
    }

    fn note(&mut self, event: &WatchEvent) {
        let Some(object) = event.object() else { return };
        let name = object.meta().name.to_string();
        match event {
            WatchEvent::Deleted(_) => self.rows.remove(&name),
            _ => self.rows.insert(name, Row::of(object)),
        };
        self.fewest_available = self.fewest_available.min(self.available());
    }
}

/// Finds the process of a container.
pub type ProcessOf = Arc<dyn Fn(&str) -> Option<u32> + Send + Sync>;

/// Follows all pods of a control plane.
pub struct PodWatch {
    env: Env,
    screen: Arc<Screen>,
    process_of: ProcessOf,
    state: watch::Sender<Pods>,
    _task: Task<()>,
}

impl PodWatch {
    /// Begins to follow.
    ///
    /// # Errors
    ///
    /// What the store answers.
    pub async fn start(
        plane: &ControlPlane,
        screen: Arc<Screen>,
        process_of: ProcessOf,
    ) -> Result<Self, Failure> {
        let env = plane.env().clone();
        let selection = Selection::all(plane.store().kind_of::<Pod>()?.id);
        let query = WatchQuery { selection, from: WatchFrom::State, bookmarks: false };
        let mut events = plane.store().watch(&RequestContext::system("pod-watch"), &query).await?;
        let state = watch::Sender::new(Pods::default());
        let (sender, notes) = (state.clone(), Arc::clone(&screen));
        let task = env.spawn("pod-watch", async move {
            while let Some(Ok(event)) = events.next().await {
                let before =
                    event.object().and_then(|object| sender.borrow().rows.get(&*object.meta().name).cloned());
                sender.send_modify(|pods| pods.note(&event));
                if let Some(line) = line(&event, before.as_ref()) {
                    notes.note(&line);
                }
            }
        });
        Ok(Self { env, screen, process_of, state, _task: task })
    }

    /// The pods as they are now, with their processes.
    pub fn now(&self) -> Pods {
        let mut pods = self.state.borrow().clone();
        let wall = self.env.wall();
        for row in pods.rows.values_mut() {
            row.pid = (self.process_of)(&row.container);
            row.age = row
                .created
                .map_or_else(String::new, |created| format!("{}s", (wall - created).get_seconds()));
        }
        pods
    }

    /// Forgets how few were available so far.
    pub fn mark(&self) {
        self.state.send_modify(Pods::mark);
    }

    /// Draws the table until a condition holds. `done` says how much of `of` there is, for the progress bar.
    ///
    /// # Errors
    ///
    /// If it does not hold within `limit`.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        of: usize,
        done: impl Fn(&Pods) -> usize,
        holds: impl Fn(&Pods) -> bool,
    ) -> Result<Pods, Failure> {
        let end = self.env.now() + limit;
        let mut changes = self.state.subscribe();
        loop {
            let pods = self.now();
            let rows: Vec<Row> = pods.rows().cloned().collect();
            self.screen.show(&rows, what, done(&pods), of);
            if holds(&pods) {
                return Ok(pods);
            }
            if self.env.now() >= end {
                let rows: Vec<String> = rows.iter().map(|row| row.cells().join("  ")).collect();
                return Err(format!("{what}: not within {} s\n{}", limit.as_secs(), rows.join("\n")).into());
            }
            // Whichever comes first, the table is drawn anew.
            let _either = self.env.timeout(REDRAW, changes.changed()).await;
        }
    }
}

/// What a plain line says of an event, if it is worth one.
fn line(event: &WatchEvent, before: Option<&Row>) -> Option<String> {
    let row = Row::of(event.object()?);
    if matches!(event, WatchEvent::Deleted(_)) {
        return Some(format!("{} is gone", row.name));
    }
    let seen = before.map(|before| (&before.status, &before.node, before.available));
    (seen != Some((&row.status, &row.node, row.available))).then(|| {
        let ready = if row.available { ", ready" } else { "" };
        format!("{} on {}: {}{ready}", row.name, row.node, row.status)
    })
}

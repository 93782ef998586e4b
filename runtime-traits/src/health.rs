/// What a runtime is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeVersion {
    /// Its name, as `containerd`; a node shows `name://version`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Whether a runtime can work (RUNTIME-06).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeStatus {
    /// All conditions; those a runtime does not report count as false.
    pub conditions: Vec<RuntimeCondition>,
}

/// One condition of a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeCondition {
    /// Its name, as [`RuntimeStatus::RUNTIME_READY`].
    pub kind: String,
    /// Whether it holds.
    pub status: bool,
    /// A word for why, if it does not hold.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

impl RuntimeCondition {
    /// A condition that holds.
    pub fn met(kind: &str) -> Self {
        Self { kind: kind.to_owned(), status: true, reason: String::new(), message: String::new() }
    }

    /// A condition that does not hold, and why.
    pub fn unmet(kind: &str, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), status: false, reason: reason.into(), message: message.into() }
    }
}

impl RuntimeStatus {
    /// The condition without which nothing runs.
    pub const RUNTIME_READY: &'static str = "RuntimeReady";
    /// The condition without which only pods on the node's network run.
    pub const NETWORK_READY: &'static str = "NetworkReady";

    /// Everything works.
    pub fn ready() -> Self {
        let conditions =
            [Self::RUNTIME_READY, Self::NETWORK_READY].map(RuntimeCondition::met).into_iter().collect();
        Self { conditions }
    }

    /// Whether containers can run.
    pub fn is_runtime_ready(&self) -> bool {
        self.holds(Self::RUNTIME_READY)
    }

    /// Whether pods with a network of their own can run.
    pub fn is_network_ready(&self) -> bool {
        self.holds(Self::NETWORK_READY)
    }

    fn holds(&self, kind: &str) -> bool {
        self.conditions.iter().any(|condition| condition.kind == kind && condition.status)
    }
}

use setpoint_core::Error;

/// What came of the actions of this sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Whether what was decided is done.
    pub(super) done: bool,
    /// The first write that failed.
    pub(super) failure: Option<String>,
}

impl Memory {
    pub(super) fn learn(&mut self, error: Option<&Error>) {
        // What is gone needs no status.
        if let Some(error) = error.filter(|error| !error.is_not_found()) {
            self.failure.get_or_insert_with(|| error.to_string());
        }
    }
}

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::Shared;
use parking_lot::Mutex;
use serde_json::Value;

use super::Kind;
use crate::custom::Structural;
use crate::schema::Type;

/// What a definition says of a kind beside its names (CRD rows).
#[derive(Debug)]
pub struct Custom {
    /// As many as the kind is served in, in the same order.
    pub versions: Vec<CustomVersion>,
    /// The version that new objects are stored in.
    pub stored: String,
    /// The state of the definition that it was made of: another state makes another kind.
    pub origin: String,
    /// Whether its definition is being deleted, so that nothing is created any more (CRD-11).
    pub is_terminating: bool,
    /// Why objects are not translated between versions, if they would have to be by somebody else.
    pub no_conversion: Option<String>,
    /// What was registered before by the program itself, and is again when the definition is gone.
    pub base: Option<Arc<Kind>>,
    /// Tells watches that the kind is gone or another one.
    pub end: End,
}

/// One version of a custom kind.
#[derive(Clone)]
pub struct CustomVersion {
    /// Its name.
    pub name: String,
    /// What users of a deprecated version are told (CRD-09).
    pub warning: Option<String>,
    /// The schema as its definition has it.
    pub schema: Arc<Value>,
    /// How its fields are merged and owned.
    pub place: &'static Type,
    /// The columns of its tables (CRD-10).
    pub columns: Vec<CustomColumn>,
    /// Where the number of replicas is, if it can be scaled (CRD-07).
    pub scale: Option<ScalePaths>,
    /// Whether spec and status are written apart in this version.
    pub has_status: bool,
    /// What its objects are made of.
    pub structural: Arc<Structural>,
}

/// A column of a custom kind's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomColumn {
    /// Its heading.
    pub name: String,
    /// `integer`, `number`, `string`, `boolean` or `date`.
    pub type_: String,
    /// An OpenAPI format, or empty.
    pub format: String,
    /// What it shows.
    pub description: String,
    /// Above 0 it is shown in wide output only.
    pub priority: i32,
    /// Where its value is, as a JSON path.
    pub path: String,
}

/// Where a custom kind keeps what its scale shows: names of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    /// The number that is wanted.
    pub spec_replicas: Vec<String>,
    /// The number that is there.
    pub status_replicas: Vec<String>,
    /// The selector of what is counted, as text.
    pub selector: Option<Vec<String>>,
}

impl Custom {
    /// The same, for watches that begin now.
    pub(super) fn continued(&self) -> Self {
        Self {
            versions: self.versions.clone(),
            stored: self.stored.clone(),
            origin: self.origin.clone(),
            is_terminating: self.is_terminating,
            no_conversion: self.no_conversion.clone(),
            base: self.base.clone(),
            end: End::default(),
        }
    }

    /// A version by its name; the preferred one for `None`.
    pub fn version(&self, name: Option<&str>) -> Option<&CustomVersion> {
        match name {
            Some(name) => self.versions.iter().find(|version| version.name == name),
            None => self.versions.first(),
        }
    }
}

impl fmt::Debug for CustomVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomVersion").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Something that happens once, and that many wait for.
pub struct End {
    begin: Mutex<Option<oneshot::Sender<()>>>,
    over: Shared<oneshot::Receiver<()>>,
}

impl End {
    /// It happens; all who wait are woken.
    pub fn set(&self) {
        // The receiver need not know how it came to be woken.
        drop(self.begin.lock().take());
    }

    /// Whether it has happened.
    pub fn is_set(&self) -> bool {
        self.begin.lock().is_none()
    }

    /// Waits until it has happened.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + Unpin + use<> {
        self.over.clone().map(|_| ())
    }
}

impl Default for End {
    fn default() -> Self {
        let (begin, over) = oneshot::channel();
        Self { begin: Mutex::new(Some(begin)), over: over.shared() }
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_waited_for() {
        let end = End::default();
        assert!(end.wait().now_or_never().is_none());
        end.set();
        assert!(end.is_set());
        assert!(end.wait().now_or_never().is_some());
    }
}

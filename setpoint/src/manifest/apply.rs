use std::fmt;

use k8s_openapi::api::core::v1::Namespace;
use setpoint_core::Error;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::ObjectRef;
use setpoint_core::patch::Patch;
use setpoint_store::request::{Outcome, RequestContext, Write, Written};
use setpoint_store::{ObjectStore, ObjectStoreExt};

use super::Manifest;
use super::document::Document;
use super::fault::Fault;

/// What became of one document.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Which object, as in `Deployment "web"`.
    pub subject: String,
    /// The object as it is now.
    pub object: ObjectRef,
    /// Whether it is new, changed, or was as wanted.
    pub outcome: Outcome,
    /// What the store warns of.
    pub warnings: Vec<String>,
}

/// A manifest was not applied, or not all of it.
#[derive(Debug, Clone)]
pub struct ApplyError {
    /// What was applied before the failure; empty if nothing was.
    pub applied: Vec<Applied>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        if self.applied.is_empty() {
            return write!(f, "nothing was applied");
        }
        let done: Vec<&str> = self.applied.iter().map(|applied| applied.subject.as_str()).collect();
        write!(f, "applied before that, and left in place: {}", done.join(", "))
    }
}

impl std::error::Error for ApplyError {}

impl Manifest {
    /// Brings all objects to what the manifest says, by server-side apply under the context's field manager.
    ///
    /// # Errors
    ///
    /// [`ApplyError`]. Everything is tried before anything is stored; what can fail after that, such as a
    /// change made by others meanwhile, is told with what was applied before it.
    pub async fn apply(
        &self,
        store: &dyn ObjectStore,
        context: &RequestContext,
    ) -> Result<Vec<Applied>, ApplyError> {
        let faults = self.try_all(store, context).await;
        if !faults.is_empty() {
            return Err(ApplyError { applied: Vec::new(), faults });
        }
        let mut applied = Vec::with_capacity(self.documents.len());
        for document in &self.documents {
            match store.write(context, document.write()).await {
                Ok(Written { object, outcome, warnings }) => {
                    applied.push(Applied { subject: document.subject(), object, outcome, warnings });
                }
                Err(error) => return Err(ApplyError { applied, faults: document.faults_of(&error) }),
            }
        }
        Ok(applied)
    }

    /// What would fail.
    async fn try_all(&self, store: &dyn ObjectStore, context: &RequestContext) -> Vec<Fault> {
        let context = RequestContext { dry_run: true, ..context.clone() };
        let namespaces = store.kind_of::<Namespace>().ok().map(|kind| kind.id);
        let mut faults = Vec::new();
        for document in &self.documents {
            match store.write(&context, document.write()).await {
                // Its namespace will be there when its turn comes.
                Err(error) if error.is_not_found() && self.makes_namespace_of(document, namespaces) => {}
                Err(error) => faults.extend(document.faults_of(&error)),
                Ok(_) => {}
            }
        }
        faults
    }

    /// Whether a document before this one makes its namespace.
    fn makes_namespace_of(&self, document: &Document, namespaces: Option<KindId>) -> bool {
        let before = self.documents.iter().take_while(|other| !std::ptr::eq(*other, document));
        before.into_iter().any(|other| {
            Some(other.key.kind) == namespaces && Some(&other.key.name) == document.key.namespace.as_ref()
        })
    }
}

impl Document {
    fn write(&self) -> Write {
        Write::Patch(
            self.key.clone(),
            Patch::Apply { config: self.fields.clone(), force: false },
            Subresource::Main,
        )
    }

    /// An error's causes, one by one, or the error.
    fn faults_of(&self, error: &Error) -> Vec<Fault> {
        let causes = &error.details().causes;
        if causes.is_empty() {
            return vec![self.fault("", error.message())];
        }
        causes.iter().map(|cause| self.fault(&cause.field, cause.message.clone())).collect()
    }
}

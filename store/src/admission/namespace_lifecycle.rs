use k8s_openapi::api::core::v1::NamespaceStatus;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Key, Object};
use setpoint_core::{Error, GroupResource, Result};

use super::{Admission, Operation, Request, Target};

/// Nothing is created in a namespace that is not there or is going (ADM-14, NS-05), and the namespaces the
/// system lives in stay.
#[derive(Debug, Clone, Copy)]
pub struct NamespaceLifecycle;

const NAMESPACES: GroupResource = GroupResource::new("", "namespaces");
/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Admission for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        match target.operation {
            Operation::Create => target.kind.is_namespaced(),
            Operation::Delete => is_namespace(target.kind),
            Operation::Update => false,
        }
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        match draft {
            Some(draft) => lives(request, draft),
            None if IMMORTAL.contains(&&*request.key.name) => {
                Err(Error::forbidden(&NAMESPACES, &request.key.name, "this namespace may not be deleted"))
            }
            None => Ok(()),
        }
    }
}

/// The object's namespace must be there and stay; the write depends on what was seen of it.
fn lives(request: &Request<'_>, draft: &Draft) -> Result<()> {
    // Without a kind of namespaces every namespace exists.
    let Some(kind) = request.namespaces() else { return Ok(()) };
    let name = draft.meta().namespace.clone().unwrap_or_default();
    let key = Key::cluster(kind, name.clone());
    let Some(namespace) = request.snapshot.get(&key) else {
        return Err(Error::not_found(&NAMESPACES, &name));
    };
    if is_terminating(namespace) {
        let why = format!("unable to create new content in namespace {name} because it is being terminated");
        let text = format!("namespace {name} is being terminated");
        let error = Error::forbidden(&draft.kind().resource, &draft.meta().name, why);
        return Err(error.with_cause("NamespaceTerminating", &text, "metadata.namespace"));
    }
    request.depends_on(key, Some(namespace.revision()));
    Ok(())
}

fn is_terminating(namespace: &Object) -> bool {
    let phase = namespace.status::<NamespaceStatus>().and_then(|status| status.phase.as_deref());
    namespace.meta().is_terminating() || phase == Some("Terminating")
}

fn is_namespace(kind: &Kind) -> bool {
    kind.resource == NAMESPACES
}

use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, ObjectRef, Part};
use setpoint_reconcile::events::{EventText, Regarding};
use setpoint_reconcile::plan::Step;
use setpoint_store::request::Write;

use super::observed::Observed;
use super::plan::Action;

/// An action in terms of the store.
pub(super) fn steps(observed: &Observed, action: &Action) -> Vec<Step> {
    let object = match observed {
        Observed::Budget(observed) => &observed.budget,
        Observed::Pod(pod) => pod,
    };
    let step = match action {
        Action::Write(status) => write_status(object, Part::new(status.clone())),
        Action::Withdraw(status) => write_status(object, Part::new(PodStatus::clone(status))),
        Action::Tell(reason, message) => {
            Step::Event(EventText::normal(Regarding::object(object), reason, message.as_str()))
        }
        Action::Warn(reason, message) => {
            Step::Event(EventText::warning(Regarding::object(object), reason, message.as_str()))
        }
        Action::TellNotDeleted(pod) => {
            // Upstream names the namespace twice; the name of the budget is of more use.
            let (namespace, name) =
                (object.meta().namespace.clone().unwrap_or_default(), &object.meta().name);
            let message = format!("Pod was expected by PDB {namespace}/{name} to be deleted but it wasn't");
            Step::Event(EventText::warning(Regarding::object(pod), "NotDeleted", message))
        }
    };
    vec![step]
}

/// Refused if the object has changed, as when an eviction has charged the budget meanwhile.
fn write_status(object: &ObjectRef, status: Part) -> Step {
    let mut draft = Draft::of(object);
    draft.set_status(Some(status));
    Step::write(Write::Update(draft, Subresource::Status))
}

//! Going back to the template of an earlier revision (DEP-45, DEP-46).

use super::action::Action;
use super::annotations::ROLLBACK_TO;
use super::history;
use super::observed::Observed;
use super::template;

/// The revision that is asked for, 0 for the one before; `None` if none is.
pub(super) fn wanted(observed: &Observed) -> Option<i64> {
    observed.deployment.meta().annotations.get(ROLLBACK_TO)?.parse().ok()
}

/// What is done about it. In any case the wish is removed from the Deployment.
pub(super) fn actions(observed: &Observed, wanted: i64) -> Vec<Action> {
    let not_found = |message: &str| {
        let reason = "DeploymentRollbackRevisionNotFound";
        vec![Action::Warn { reason, message: message.to_owned() }, Action::ForgetRollback]
    };
    let revision = match wanted {
        0 => match history::last_revision(observed) {
            Some(last) => last,
            None => return not_found("Unable to find last revision."),
        },
        wanted => wanted,
    };
    let Some(set) = observed.old_then_new().find(|set| set.revision() == Some(revision)) else {
        return not_found("Unable to find the revision to rollback to.");
    };
    let there = set.spec().template.as_ref();
    if there.is_some_and(|there| template::is_same(&observed.spec().template, there)) {
        let name = &*observed.deployment.meta().name;
        let message =
            format!("The rollback revision contains the same template as current deployment {name:?}");
        let reason = "DeploymentRollbackTemplateUnchanged";
        return vec![Action::Warn { reason, message }, Action::ForgetRollback];
    }
    vec![Action::RollBack { to: set.name().into(), revision }]
}

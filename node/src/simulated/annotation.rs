use std::ops::Bound;
use std::sync::Arc;

use setpoint_runtime_traits::{ContainerConfig, Labels};

use super::{Script, ScriptError};

/// The domain of the annotations that script containers.
pub const ANNOTATION_DOMAIN: &str = "simulated.setpoint.dev";

/// The script of a container: `base` with what the pod says of all containers, then of this one, then what the
/// container's own annotations say. The base itself, shared, if nobody says anything.
pub(super) fn container_script(
    base: &Arc<Script>,
    pod: &Labels,
    config: &ContainerConfig,
) -> Result<Arc<Script>, ScriptError> {
    let own_domain = format!("{}.{ANNOTATION_DOMAIN}", config.metadata.name);
    let mut script = Arc::clone(base);
    apply(&mut script, ANNOTATION_DOMAIN, pod)?;
    apply(&mut script, &own_domain, pod)?;
    apply(&mut script, ANNOTATION_DOMAIN, &config.annotations)?;
    Ok(script)
}

/// The script of a pod as a whole: `base` with what the pod says of all its containers.
pub(super) fn pod_script(base: &Arc<Script>, pod: &Labels) -> Result<Arc<Script>, ScriptError> {
    let mut script = Arc::clone(base);
    apply(&mut script, ANNOTATION_DOMAIN, pod)?;
    Ok(script)
}

fn apply(script: &mut Arc<Script>, domain: &str, annotations: &Labels) -> Result<(), ScriptError> {
    // Keys of one domain are next to each other.
    for (key, value) in annotations.range::<str, _>((Bound::Included(domain), Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(domain) else { break };
        let Some(name) = rest.strip_prefix('/') else { continue };
        Arc::make_mut(script).set(name, value).map_err(|problem| ScriptError {
            key: key.clone(),
            value: value.clone(),
            problem,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use setpoint_runtime_traits::ContainerMetadata;

    use super::*;
    use crate::simulated::{Odds, Span};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Arc::new(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn script(pod: &[(&str, &str)], own: &[(&str, &str)]) -> Result<Arc<Script>, ScriptError> {
        let mut config = ContainerConfig::new(ContainerMetadata::new("web", 0), "image");
        config.annotations = labels(own);
        container_script(&Arc::default(), &labels(pod), &config)
    }

    #[test]
    fn the_nearest_annotation_wins() {
        let pod = [
            ("simulated.setpoint.dev/exit-code", "1"),
            ("simulated.setpoint.dev/crash", "always"),
            ("web.simulated.setpoint.dev/exit-code", "2"),
            ("web.simulated.setpoint.dev/run-for", "1s"),
            ("db.simulated.setpoint.dev/exit-code", "3"),
        ];
        let seen = script(&pod, &[("simulated.setpoint.dev/run-for", "2s")]).expect("readable");
        let expected = Script {
            exit_code: 2,
            crash: Odds::Always,
            run_for: Some(Span::exactly(Duration::from_secs(2))),
            ..Script::default()
        };
        assert_eq!(*seen, expected);
    }

    #[test]
    fn a_pod_without_script_shares_the_base() {
        let base = Arc::new(Script::default());
        let pod = labels(&[("a", "b"), ("simulated.setpoint.developers/crash", "x"), ("z", "y")]);
        let config = ContainerConfig::new(ContainerMetadata::new("web", 0), "image");
        let seen = container_script(&base, &pod, &config).expect("readable");
        assert!(Arc::ptr_eq(&base, &seen));
    }

    #[test]
    fn every_annotation_of_the_table_is_known() {
        let table = [
            ("start-delay", "1s"),
            ("run-for", "forever"),
            ("exit-code", "255"),
            ("crash", "1"),
            ("ready-after", "never"),
            ("stop-delay", "never"),
            ("stop-exit-code", "0"),
            ("exec-delay", "1s..2s"),
            ("pull-delay", "1s"),
            ("fail-pull", "1%"),
            ("fail-sandbox", "always"),
            ("fail-create", "never"),
            ("fail-start", "2"),
            ("log", "a\nb"),
            ("log-stderr", ""),
        ];
        for (name, value) in table {
            let key = format!("simulated.setpoint.dev/{name}");
            assert_eq!(script(&[(&key, value)], &[]).map(drop), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, value) in [("exit-code", "256"), ("run-for", "never"), ("crash", "maybe"), ("typo", "1")] {
            let key = format!("simulated.setpoint.dev/{name}");
            let error = script(&[(&key, value)], &[]).expect_err("unreadable");
            assert_eq!((error.key, &*error.value), (key, value));
        }
    }
}

//! Taints of nodes and tolerations of pods (SCHED-22, SCHED-23).

use k8s_openapi::api::core::v1::{Taint, Toleration};

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// `NoSchedule` and `NoExecute`: they are not placed there.
    Hard,
    /// `PreferNoSchedule`: they are rather placed elsewhere.
    Soft,
}

/// What a taint does; `None` for an effect that is unknown.
pub fn severity(taint: &Taint) -> Option<Severity> {
    match taint.effect.as_str() {
        "NoSchedule" | "NoExecute" => Some(Severity::Hard),
        "PreferNoSchedule" => Some(Severity::Soft),
        _ => None,
    }
}

/// Whether a toleration is for a taint.
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let is =
        |field: &Option<String>, value: &str| field.as_deref().is_none_or(|f| f.is_empty() || f == value);
    if !is(&toleration.effect, &taint.effect) || !is(&toleration.key, &taint.key) {
        return false;
    }
    match toleration.operator.as_deref().unwrap_or_default() {
        "" | "Equal" => {
            toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default()
        }
        "Exists" => true,
        _ => false,
    }
}

/// Whether all taints of this severity are tolerated.
pub fn all_tolerated(taints: &[Taint], tolerations: &[Toleration], of: Severity) -> bool {
    count_untolerated(taints, tolerations, of) == 0
}

/// How many taints of this severity are not tolerated.
pub fn count_untolerated(taints: &[Taint], tolerations: &[Toleration], of: Severity) -> usize {
    let untolerated = |taint: &&Taint| {
        severity(taint) == Some(of) && !tolerations.iter().any(|toleration| tolerates(toleration, taint))
    };
    taints.iter().filter(untolerated).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(text: &str) -> Taint {
        let (rest, effect) = text.split_once(':').expect("an effect");
        let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
        Taint {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            effect: effect.to_owned(),
            ..Taint::default()
        }
    }

    fn toleration(key: &str, operator: &str, value: &str, effect: &str) -> Toleration {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Toleration {
            key: some(key),
            operator: some(operator),
            value: some(value),
            effect: some(effect),
            ..Toleration::default()
        }
    }

    #[test]
    fn tolerations_match_by_effect_key_and_operator() {
        // SCHED-22
        let taint = taint("a=1:NoSchedule");
        for (toleration, expect) in [
            (toleration("a", "Equal", "1", "NoSchedule"), true),
            (toleration("a", "", "1", ""), true),
            (toleration("a", "Equal", "2", ""), false),
            (toleration("a", "Exists", "", ""), true),
            (toleration("", "Exists", "", ""), true),
            (toleration("b", "Exists", "", ""), false),
            (toleration("a", "Exists", "", "NoExecute"), false),
            (toleration("a", "Gt", "0", ""), false),
        ] {
            assert_eq!(tolerates(&toleration, &taint), expect, "{toleration:?}");
        }
    }

    #[test]
    fn severities_are_counted_apart() {
        // SCHED-22, SCHED-23
        let taints = ["a:NoSchedule", "b:NoExecute", "c:PreferNoSchedule"].map(taint);
        let tolerations = [toleration("a", "Exists", "", "")];
        assert_eq!(count_untolerated(&taints, &tolerations, Severity::Hard), 1);
        assert_eq!(count_untolerated(&taints, &tolerations, Severity::Soft), 1);
        assert!(all_tolerated(&taints[..1], &tolerations, Severity::Hard));
    }
}

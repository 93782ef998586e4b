//! Which nodes a pod asks for by labels and names (SCHED-20).
//!
//! Terms are compiled once for all pods of a template. What cannot be compiled matches nothing.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, PodSpec};
use setpoint_core::object::{Text, TextMap};

/// What a pod demands of its node.
#[derive(Debug, Clone, Default)]
pub struct RequiredNodeTerms {
    /// All of these labels.
    selector: Vec<(Text, Text)>,
    /// One of these terms; `None` demands nothing.
    terms: Option<Vec<NodeTerm>>,
}

/// Requirements that a node must meet all of. Without any it matches no node.
#[derive(Debug, Clone, Default)]
pub struct NodeTerm {
    labels: Vec<Requirement>,
    /// On `metadata.name`, the only field.
    name: Vec<Requirement>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: Text,
    operator: Operator,
    values: Vec<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
    /// One that is unknown, or a field that is: matches nothing.
    Never,
}

/// The names of nodes that terms leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// Any.
    All,
    /// One of these; none at all if the terms contradict themselves.
    Only(BTreeSet<Text>),
}

impl RequiredNodeTerms {
    /// What a pod of this spec demands.
    pub fn of(spec: &PodSpec) -> Self {
        let selector = spec.node_selector.iter().flatten();
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let required =
            affinity.and_then(|node| node.required_during_scheduling_ignored_during_execution.as_ref());
        Self {
            selector: selector.map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect(),
            terms: required.map(|required| required.node_selector_terms.iter().map(NodeTerm::of).collect()),
        }
    }

    /// One of these terms, as a volume demands them of nodes.
    pub fn any_of(terms: &[NodeSelectorTerm]) -> Self {
        Self { selector: Vec::new(), terms: Some(terms.iter().map(NodeTerm::of).collect()) }
    }

    /// Whether every node will do.
    pub fn is_empty(&self) -> bool {
        self.selector.is_empty() && self.terms.is_none()
    }

    /// Whether a node of this name and these labels will do.
    pub fn matches(&self, name: &str, labels: &TextMap) -> bool {
        self.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }

    /// The only names that can match, where every term tells them.
    pub fn names(&self) -> Names {
        let Some(terms) = self.terms.as_ref().filter(|terms| !terms.is_empty()) else { return Names::All };
        let mut all = BTreeSet::new();
        for term in terms {
            let Some(names) = term.names() else { return Names::All };
            all.extend(names);
        }
        Names::Only(all)
    }
}

impl NodeTerm {
    /// Compiles a term.
    pub fn of(term: &NodeSelectorTerm) -> Self {
        let name = term.match_fields.iter().flatten().map(|requirement| {
            let mut compiled = Requirement::of(requirement);
            if requirement.key != "metadata.name" {
                compiled.operator = Operator::Never;
            }
            compiled
        });
        Self {
            labels: term.match_expressions.iter().flatten().map(Requirement::of).collect(),
            name: name.collect(),
        }
    }

    /// Whether a node of this name and these labels meets all of it.
    pub fn matches(&self, name: &str, labels: &TextMap) -> bool {
        !(self.labels.is_empty() && self.name.is_empty())
            && self.labels.iter().all(|requirement| requirement.matches(labels.get(&requirement.key)))
            && self.name.iter().all(|requirement| requirement.matches(Some(name)))
    }

    fn names(&self) -> Option<BTreeSet<Text>> {
        let lists = self.name.iter().filter(|requirement| requirement.operator == Operator::In);
        lists
            .map(|requirement| requirement.values.iter().cloned().collect::<BTreeSet<_>>())
            .reduce(|all, more| all.intersection(&more).cloned().collect())
    }
}

impl Requirement {
    fn of(source: &NodeSelectorRequirement) -> Self {
        let operator = match source.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => Operator::Never,
        };
        let values = source.values.iter().flatten().map(|value| value.as_str().into()).collect();
        Self { key: source.key.as_str().into(), operator, values }
    }

    fn matches(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values.iter().any(|listed| &**listed == value));
        let compare = |wanted: fn(&i64, &i64) -> bool| {
            let bound = self.values.first().and_then(|bound| bound.parse().ok());
            let value = value.and_then(|value| value.parse().ok());
            value.zip(bound).is_some_and(|(value, bound)| wanted(&value, &bound))
        };
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => compare(i64::gt),
            Operator::Lt => compare(i64::lt),
            Operator::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn terms(spec: Value) -> RequiredNodeTerms {
        let mut spec = spec;
        spec["containers"] = json!([]);
        RequiredNodeTerms::of(&serde_json::from_value(spec).expect("a pod spec"))
    }

    fn required(terms_: Value) -> RequiredNodeTerms {
        terms(json!({"affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms_}}}}))
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
        json!([{"matchExpressions": [{"key": key, "operator": operator, "values": values}]}])
    }

    #[test]
    fn every_operator_says_what_upstream_says() {
        // SCHED-20
        let labels = TextMap::from_iter([("zone", "a"), ("cores", "8")]);
        for (key, operator, values, expect) in [
            ("zone", "In", &["a", "b"][..], true),
            ("zone", "In", &["b"], false),
            ("none", "In", &["b"], false),
            ("zone", "NotIn", &["b"], true),
            ("zone", "NotIn", &["a"], false),
            ("none", "NotIn", &["a"], true),
            ("zone", "Exists", &[], true),
            ("none", "Exists", &[], false),
            ("none", "DoesNotExist", &[], true),
            ("zone", "DoesNotExist", &[], false),
            ("cores", "Gt", &["4"], true),
            ("cores", "Gt", &["8"], false),
            ("cores", "Lt", &["9"], true),
            ("zone", "Lt", &["9"], false),
            ("none", "Gt", &["0"], false),
            ("zone", "Near", &["a"], false),
        ] {
            let got = required(expression(key, operator, values)).matches("node", &labels);
            assert_eq!(got, expect, "{key} {operator} {values:?}");
        }
    }

    #[test]
    fn selector_and_terms_must_both_match() {
        // SCHED-20
        let labels = TextMap::from_iter([("a", "1")]);
        assert!(terms(json!({})).is_empty() && terms(json!({})).matches("n", &labels));
        assert!(terms(json!({"nodeSelector": {"a": "1"}})).matches("n", &labels));
        assert!(!terms(json!({"nodeSelector": {"a": "1", "b": "1"}})).matches("n", &labels));
        assert!(!required(json!([])).matches("n", &labels));
        assert!(!required(json!([{}])).matches("n", &labels));
        let by_name = json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]);
        assert!(required(by_name.clone()).matches("n", &labels));
        assert!(!required(by_name).matches("m", &labels));
    }

    #[test]
    fn names_are_told_only_if_every_term_has_some() {
        // SCHED-20
        let field = |names: &[&str]| json!({"key": "metadata.name", "operator": "In", "values": names});
        let only = |names: &[&str]| Names::Only(names.iter().map(|&name| name.into()).collect());
        let of = |terms| required(terms).names();
        assert_eq!(
            of(json!([{"matchFields": [field(&["a"])]}, {"matchFields": [field(&["b"])]}])),
            only(&["a", "b"])
        );
        assert_eq!(of(json!([{"matchFields": [field(&["a"]), field(&["a", "b"])]}])), only(&["a"]));
        assert_eq!(of(json!([{"matchFields": [field(&["a"]), field(&["b"])]}])), only(&[]));
        assert_eq!(
            of(json!([{"matchFields": [field(&["a"])]}, expression("x", "Exists", &[])[0]])),
            Names::All
        );
        assert_eq!(terms(json!({})).names(), Names::All);
    }
}

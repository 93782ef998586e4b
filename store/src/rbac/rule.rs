use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::{Demand, Thing};

const ALL: &str = "*";

/// Whether a rule allows something.
pub fn allows(rule: &PolicyRule, demand: &Demand<'_>) -> bool {
    has_or_all(&rule.verbs, demand.verb)
        && match demand.thing {
            Thing::Object { group, resource, subresource, name, .. } => {
                let names = list(&rule.resource_names);
                has_or_all(list(&rule.api_groups), group)
                    && list(&rule.resources).iter().any(|known| is_resource(known, resource, subresource))
                    && (names.is_empty() || has(names, name))
            }
            Thing::Path(path) => list(&rule.non_resource_urls).iter().any(|known| is_path(known, path)),
        }
}

fn is_resource(known: &str, resource: &str, subresource: &str) -> bool {
    if known == ALL {
        return true;
    }
    match (known.split_once('/'), subresource) {
        (None, "") => known == resource,
        (Some((own, sub)), wanted) => sub == wanted && (own == resource || own == ALL),
        (None, _) => false,
    }
}

fn is_path(known: &str, path: &str) -> bool {
    known == path || known.strip_suffix(ALL).is_some_and(|start| path.starts_with(start))
}

/// Whether these rules allow everything that another one allows.
pub fn covers(owned: &[&PolicyRule], other: &PolicyRule) -> bool {
    uncovered(owned, [other]).is_empty()
}

/// What these rules do not allow of what others allow, each part for itself.
pub fn uncovered<'a>(
    owned: &[&PolicyRule],
    others: impl IntoIterator<Item = &'a PolicyRule>,
) -> Vec<PolicyRule> {
    let parts = others.into_iter().flat_map(parts);
    parts.filter(|part| !owned.iter().any(|rule| covers_part(rule, part))).collect()
}

/// A rule as rules about one verb, one resource and one name, or one path.
fn parts(rule: &PolicyRule) -> Vec<PolicyRule> {
    let one = |text: &String| Some(vec![text.clone()]);
    let mut parts = Vec::new();
    for verb in &rule.verbs {
        let verbs = vec![verb.clone()];
        for group in list(&rule.api_groups) {
            for resource in list(&rule.resources) {
                let part = PolicyRule {
                    api_groups: one(group),
                    resources: one(resource),
                    verbs: verbs.clone(),
                    ..PolicyRule::default()
                };
                match list(&rule.resource_names) {
                    [] => parts.push(part),
                    names => parts.extend(
                        names.iter().map(|name| PolicyRule { resource_names: one(name), ..part.clone() }),
                    ),
                }
            }
        }
        for path in list(&rule.non_resource_urls) {
            parts.push(PolicyRule {
                non_resource_urls: one(path),
                verbs: verbs.clone(),
                ..PolicyRule::default()
            });
        }
    }
    parts
}

fn covers_part(rule: &PolicyRule, part: &PolicyRule) -> bool {
    let (groups, names) = (list(&rule.api_groups), list(&rule.resource_names));
    let covers_path = |path: &String| list(&rule.non_resource_urls).iter().any(|known| is_path(known, path));
    // A name is needed where the rule has names, and then it must be among them.
    let covers_names = names.is_empty()
        || (!list(&part.resource_names).is_empty()
            && list(&part.resource_names).iter().all(|name| has(names, name)));
    part.verbs.iter().all(|verb| has_or_all(&rule.verbs, verb))
        && list(&part.api_groups).iter().all(|group| has_or_all(groups, group))
        && list(&part.resources).iter().all(|resource| covers_resource(list(&rule.resources), resource))
        && covers_names
        && list(&part.non_resource_urls).iter().all(covers_path)
}

fn covers_resource(known: &[String], resource: &str) -> bool {
    has_or_all(known, resource)
        || resource.split_once('/').is_some_and(|(_, sub)| has(known, &format!("{ALL}/{sub}")))
}

/// Rules that are about the same, put together.
pub fn compacted(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut compacted: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        let is_same = |known: &&mut PolicyRule| {
            known.api_groups == rule.api_groups
                && known.resources == rule.resources
                && known.resource_names == rule.resource_names
                && known.non_resource_urls == rule.non_resource_urls
        };
        match compacted.iter_mut().find(is_same) {
            Some(known) => {
                let more: Vec<String> =
                    rule.verbs.into_iter().filter(|verb| !has(&known.verbs, verb)).collect();
                known.verbs.extend(more);
            }
            None => compacted.push(rule),
        }
    }
    compacted
}

/// Rules as refusals show them, one a line.
pub fn described(rules: &[PolicyRule]) -> String {
    let lines: BTreeSet<String> = rules.iter().map(describe).collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

fn describe(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", list(&rule.api_groups)),
        ("Resources", list(&rule.resources)),
        ("NonResourceURLs", list(&rule.non_resource_urls)),
        ("ResourceNames", list(&rule.resource_names)),
        ("Verbs", &rule.verbs),
    ];
    let quoted =
        |texts: &[String]| texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" ");
    let told = parts.iter().filter(|(_, texts)| !texts.is_empty());
    let told: Vec<String> = told.map(|(name, texts)| format!("{name}:[{}]", quoted(texts))).collect();
    format!("{{{}}}", told.join(", "))
}

fn list(texts: &Option<Vec<String>>) -> &[String] {
    texts.as_deref().unwrap_or_default()
}

fn has(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted)
}

fn has_or_all(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted || text == ALL)
}

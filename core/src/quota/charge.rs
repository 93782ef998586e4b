use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::item::Item;
use super::scope::matches;
use super::tracked::tracks;
use super::usage::missing;
use crate::quantity::Quantity;
use crate::rules::pod::Amounts;

/// Resources that every container has to name if a quota counts them.
const DEMANDED: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Why a quota has no room for an object; the texts are upstream's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Containers do not say what the quota counts.
    #[error("failed quota: {quota}: must specify {demands}")]
    Unspecified {
        /// The quota.
        quota: String,
        /// What is missing, and in which containers.
        demands: String,
    },
    /// Nobody has counted yet what is used.
    #[error("status unknown for quota: {quota}, resources: {resources}")]
    Unknown {
        /// The quota.
        quota: String,
        /// What it limits of the object.
        resources: String,
    },
    /// The object uses less than nothing.
    #[error("quota usage is negative for resource(s): {0}")]
    Negative(String),
    /// There would be more than there may be.
    #[error("exceeded quota: {quota}, requested: {requested}, used: {used}, limited: {limited}")]
    Exceeded {
        /// The quota.
        quota: String,
        /// What the object would add.
        requested: String,
        /// What there is.
        used: String,
        /// What there may be.
        limited: String,
    },
}

/// What a quota's usage is after an object came, or has changed from `old`; `None` if that is nothing to it.
///
/// Only what the object adds is held against the limits: a change for the better always passes.
///
/// # Errors
///
/// [`Refusal`], if there is no room.
pub fn charge(
    name: &str,
    spec: &ResourceQuotaSpec,
    status: &ResourceQuotaStatus,
    item: Item<'_>,
    old: Option<Item<'_>>,
    now: Timestamp,
) -> Result<Option<BTreeMap<String, Text>>, Refusal> {
    if !matches(spec, status, item) {
        return Ok(None);
    }
    let hard = amounts(&status.hard);
    let limited: Vec<&str> = hard.keys().map(String::as_str).filter(|it| tracks(item.kind, it)).collect();
    let used = amounts(&status.used);
    demand(name, item, &limited)?;
    if limited.iter().any(|it| !used.contains_key(*it)) {
        return Err(Refusal::Unknown { quota: name.to_owned(), resources: limited.join(",") });
    }
    let usage = item.usage(now);
    let negative: Vec<&str> =
        usage.iter().filter(|(_, amount)| amount.is_negative()).map(|(name, _)| name.as_str()).collect();
    if !negative.is_empty() {
        return Err(Refusal::Negative(negative.join(",")));
    }
    let before = old.filter(|old| matches(spec, status, *old)).map(|old| old.usage(now)).unwrap_or_default();
    let added = added(&usage, &before, &limited);
    if added.is_empty() {
        return Ok(None);
    }
    let after = |name: &str| used.get(name).copied().unwrap_or_default() + added[name];
    let exceeded: Vec<&str> =
        added.keys().map(String::as_str).filter(|name| after(name) > hard[*name]).collect();
    if !exceeded.is_empty() {
        return Err(Refusal::Exceeded {
            quota: name.to_owned(),
            requested: listed(&added, &exceeded),
            used: listed(&used, &exceeded),
            limited: listed(&hard, &exceeded),
        });
    }
    let mut texts = status.used.clone().unwrap_or_default();
    texts.extend(added.keys().map(|name| (name.clone(), after(name).into())));
    Ok(Some(texts))
}

/// What a quota's usage is after what was charged is given back: `charged` is the usage after the charge and `before`
/// that before it.
pub fn refund(
    used: &BTreeMap<String, Text>,
    before: &BTreeMap<String, Text>,
    charged: &BTreeMap<String, Text>,
) -> BTreeMap<String, Text> {
    let amount = |texts: &BTreeMap<String, Text>, name: &str| {
        texts.get(name).and_then(|text| Quantity::try_from(text).ok()).unwrap_or_default()
    };
    let mut texts = used.clone();
    for name in charged.keys() {
        let given = amount(charged, name) - amount(before, name);
        let left = amount(used, name) - given;
        if !given.is_zero() && !left.is_negative() {
            texts.insert(name.clone(), left.into());
        }
    }
    texts
}

fn demand(quota: &str, item: Item<'_>, limited: &[&str]) -> Result<(), Refusal> {
    let Some(spec) = item.pod() else { return Ok(()) };
    let required: Vec<&str> = limited.iter().copied().filter(|name| DEMANDED.contains(name)).collect();
    let missing = missing(spec.common(), &required);
    if missing.is_empty() {
        return Ok(());
    }
    let demands: Vec<String> = missing
        .into_iter()
        .map(|(name, containers)| format!("{name} for: {}", containers.join(",")))
        .collect();
    Err(Refusal::Unspecified { quota: quota.to_owned(), demands: demands.join("; ") })
}

/// What is used more than before, of what is limited.
fn added(usage: &Amounts, before: &Amounts, limited: &[&str]) -> Amounts {
    let mut added = Amounts::new();
    for name in limited {
        let Some(amount) = usage.get(*name) else { continue };
        let more = *amount - before.get(*name).copied().unwrap_or_default();
        if !more.is_zero() && !more.is_negative() {
            added.insert((*name).to_owned(), more);
        }
    }
    added
}

/// Text that is no quantity counts as nothing.
fn amounts(texts: &Option<BTreeMap<String, Text>>) -> Amounts {
    let entries = texts.iter().flatten();
    entries.filter_map(|(name, text)| Some((name.clone(), Quantity::try_from(text).ok()?))).collect()
}

fn listed(amounts: &Amounts, names: &[&str]) -> String {
    let entries = names.iter().filter_map(|name| Some(format!("{name}={}", amounts.get(*name)?)));
    entries.collect::<Vec<_>>().join(",")
}

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, LimitRange, LimitRangeItem, PersistentVolumeClaimSpec, PodSpec, ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Subresource;
use setpoint_core::object::Draft;
use setpoint_core::quantity::Quantity;
use setpoint_core::rules::pod::{Amounts, pod_limits, pod_requests};
use setpoint_core::{Error, Result};

use super::{Admission, Operation, Request, Target};

/// Fills in what containers do not say, and holds pods and claims to what single ones may ask for (ADM-16, OTHER-07).
#[derive(Debug, Clone, Copy)]
pub struct LimitRanger;

/// Where it is told what was filled in.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

type Texts = Option<BTreeMap<String, Text>>;

impl Admission for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        let resource = &*target.kind.resource.resource;
        let is_core = target.kind.resource.group.is_empty() && target.side == Subresource::Main;
        is_core
            && match target.operation {
                Operation::Create => matches!(resource, "pods" | "persistentvolumeclaims"),
                // Containers of a pod stay as they are.
                Operation::Update => resource == "persistentvolumeclaims",
                Operation::Delete => false,
            }
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        if request.target.operation != Operation::Create || draft.spec::<SharedPodSpec>().is_none() {
            return Ok(());
        }
        for range in ranges(request, draft) {
            fill_in(draft, &range);
        }
        Ok(())
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        let Some(draft) = draft.filter(|draft| !draft.meta().is_terminating()) else { return Ok(()) };
        for range in ranges(request, draft) {
            let mut faults = Vec::new();
            for item in range.spec.iter().flat_map(|spec| &spec.limits) {
                check(item, draft, &mut faults);
            }
            let why = match &faults[..] {
                [] => continue,
                [one] => one.clone(),
                many => format!("[{}]", many.join(", ")),
            };
            return Err(Error::forbidden(&draft.kind().resource, &draft.meta().name, why));
        }
        Ok(())
    }
}

/// The limit ranges of the object's namespace, in order of their names.
fn ranges(request: &Request<'_>, draft: &Draft) -> Vec<LimitRange> {
    let (Some(kind), Some(namespace)) = (request.limit_ranges(), &draft.meta().namespace) else {
        return Vec::new();
    };
    if request.snapshot.count(kind) == 0 {
        return Vec::new();
    }
    let ranges = request.snapshot.list_namespace(kind, namespace);
    ranges.filter_map(|object| object.spec::<LimitRange>().cloned()).collect()
}

fn fill_in(draft: &mut Draft, range: &LimitRange) {
    let (mut limits, mut requests) = (BTreeMap::new(), BTreeMap::new());
    for item in range.spec.iter().flat_map(|spec| &spec.limits).filter(|item| item.type_ == "Container") {
        requests.extend(item.default_request.clone().unwrap_or_default());
        limits.extend(item.default.clone().unwrap_or_default());
    }
    if limits.is_empty() && requests.is_empty() {
        return;
    }
    let mut told = Vec::new();
    if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
        let spec = spec.common_mut();
        for container in &mut spec.containers {
            complete(container, &limits, &requests, "container", &mut told);
        }
        for container in spec.init_containers.iter_mut().flatten() {
            complete(container, &limits, &requests, "init container", &mut told);
        }
    }
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        let meta = draft.meta_mut();
        meta.annotations = meta.annotations.with(ANNOTATION, text);
    }
}

fn complete(
    container: &mut Container,
    limits: &BTreeMap<String, Text>,
    requests: &BTreeMap<String, Text>,
    what: &str,
    told: &mut Vec<String>,
) {
    let mut set = |texts: &mut Texts, defaults: &BTreeMap<String, Text>, word: &str| {
        let mut names = Vec::new();
        for (name, text) in defaults {
            if !texts.as_ref().is_some_and(|texts| texts.contains_key(name)) {
                texts.get_or_insert_default().insert(name.clone(), text.clone());
                names.push(name.as_str());
            }
        }
        if !names.is_empty() {
            told.push(format!("{} {word} for {what} {}", names.join(", "), container.name));
        }
    };
    let resources = container.resources.get_or_insert_default();
    set(&mut resources.requests, requests, "request");
    set(&mut resources.limits, limits, "limit");
}

/// What an object asks for, of what one item of a range is about.
fn check(item: &LimitRangeItem, draft: &Draft, faults: &mut Vec<String>) {
    if let Some(spec) = draft.spec::<SharedPodSpec>() {
        check_pod(item, spec.common(), faults);
    } else if let Some(spec) = draft.spec::<PersistentVolumeClaimSpec>()
        && item.type_ == "PersistentVolumeClaim"
    {
        let resources = spec.resources.as_ref();
        let asked = Asked {
            requests: amounts(resources.and_then(|it| it.requests.as_ref())),
            limits: Amounts::new(),
        };
        for (name, bound) in amounts(item.min.as_ref()) {
            faults.extend(asked.below(item, &name, bound));
        }
        for (name, bound) in amounts(item.max.as_ref()) {
            faults.extend(asked.request_above(item, &name, bound));
        }
    }
}

fn check_pod(item: &LimitRangeItem, spec: &PodSpec, faults: &mut Vec<String>) {
    let of = |resources: Option<&ResourceRequirements>| Asked {
        requests: amounts(resources.and_then(|it| it.requests.as_ref())),
        limits: amounts(resources.and_then(|it| it.limits.as_ref())),
    };
    let all: Vec<Asked> = match item.type_.as_str() {
        "Container" => spec
            .containers
            .iter()
            .chain(spec.init_containers.iter().flatten())
            .map(|container| of(container.resources.as_ref()))
            .collect(),
        "Pod" => vec![Asked { requests: pod_requests(spec), limits: pod_limits(spec) }],
        _ => return,
    };
    for asked in all {
        for (name, bound) in amounts(item.min.as_ref()) {
            faults.extend(asked.below(item, &name, bound));
        }
        for (name, bound) in amounts(item.max.as_ref()) {
            faults.extend(asked.above(item, &name, bound));
        }
        for (name, bound) in amounts(item.max_limit_request_ratio.as_ref()) {
            faults.extend(asked.ratio_above(item, &name, bound));
        }
    }
}

/// Text that is no quantity counts as nothing.
fn amounts(texts: Option<&BTreeMap<String, Text>>) -> Amounts {
    let entries = texts.into_iter().flatten();
    entries.filter_map(|(name, text)| Some((name.clone(), Quantity::try_from(text).ok()?))).collect()
}

/// What one container, pod or claim asks for. Each check gives what is wrong, in upstream's words.
struct Asked {
    requests: Amounts,
    limits: Amounts,
}

impl Asked {
    fn below(&self, item: &LimitRangeItem, name: &str, bound: Quantity) -> Option<String> {
        let kind = &item.type_;
        let minimum = format!("minimum {name} usage per {kind} is {bound}");
        let Some(request) = self.requests.get(name) else {
            return Some(format!("{minimum}.  No request is specified"));
        };
        if *request < bound {
            return Some(format!("{minimum}, but request is {request}"));
        }
        let limit = self.limits.get(name).filter(|limit| **limit < bound)?;
        Some(format!("{minimum}, but limit is {limit}"))
    }

    fn above(&self, item: &LimitRangeItem, name: &str, bound: Quantity) -> Option<String> {
        let kind = &item.type_;
        let maximum = format!("maximum {name} usage per {kind} is {bound}");
        let Some(limit) = self.limits.get(name) else {
            return Some(format!("{maximum}.  No limit is specified"));
        };
        if *limit > bound {
            return Some(format!("{maximum}, but limit is {limit}"));
        }
        let request = self.requests.get(name).filter(|request| **request > bound)?;
        Some(format!("{maximum}, but request is {request}"))
    }

    fn request_above(&self, item: &LimitRangeItem, name: &str, bound: Quantity) -> Option<String> {
        let kind = &item.type_;
        let maximum = format!("maximum {name} usage per {kind} is {bound}");
        match self.requests.get(name) {
            None => Some(format!("{maximum}.  No request is specified")),
            Some(request) if *request > bound => Some(format!("{maximum}, but request is {request}")),
            Some(_) => None,
        }
    }

    fn ratio_above(&self, item: &LimitRangeItem, name: &str, bound: Quantity) -> Option<String> {
        let kind = &item.type_;
        let most = format!("{name} max limit to request ratio per {kind} is {bound}");
        let given = |amounts: &Amounts| amounts.get(name).copied().filter(|amount| !amount.is_zero());
        let Some(request) = given(&self.requests) else {
            return Some(format!("{most}, but no request is specified or request is 0"));
        };
        let Some(limit) = given(&self.limits) else {
            return Some(format!("{most}, but no limit is specified or limit is 0"));
        };
        let ratio = limit.milli_value() as f64 / request.milli_value() as f64;
        let is_above = ratio * 1000.0 > bound.milli_value() as f64;
        is_above.then(|| format!("{most}, but provided ratio is {ratio:.6}"))
    }
}

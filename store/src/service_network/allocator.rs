use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use k8s_openapi::api::core::v1::ServiceSpec;
use setpoint_core::env::Env;
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::kind::KindId;
use setpoint_core::rules::service::{NO_ADDRESS, has_node_ports, wants_address};
use setpoint_core::rules::service_addresses::{Family, align_addresses, has_health_check, settle_families};

use super::ServiceNetwork;
use super::held::{Held, Hold, Resource};
use super::range::AddressRange;
use crate::tables::{Index, IndexValue, Snapshot};

/// Gives addresses and node ports to services.
#[derive(Debug)]
pub(crate) struct Allocator {
    services: KindId,
    network: ServiceNetwork,
    held: Held,
}

/// Why a service gets nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What it asks for cannot be had.
    Invalid(FieldErrors),
    /// Everything is taken.
    Full(&'static str),
}

const INDEX: &str = "service network";

/// Services by their addresses and node ports, each of which one service has. Without ranges nobody looks after addresses.
pub(crate) fn index(network: &ServiceNetwork) -> Index {
    let has_ranges = !network.ranges.is_empty();
    let index = Index::new(INDEX, move |object, add| {
        let Some(spec) = object.spec::<ServiceSpec>() else { return };
        let looked_after = |resource: &&Resource| has_ranges || matches!(resource, Resource::Port(_));
        resources(spec).iter().filter(looked_after).for_each(|resource| add(value(resource)));
    });
    index.unique()
}

fn value(resource: &Resource) -> IndexValue {
    IndexValue::Text(match resource {
        Resource::Address(address) => address.to_string().into(),
        Resource::Port(port) => format!(":{port}").into(),
    })
}

/// What a service has.
fn resources(spec: &ServiceSpec) -> BTreeSet<Resource> {
    let first = spec.cluster_ip.iter();
    let addresses = first.chain(spec.cluster_ips.iter().flatten()).filter_map(|text| text.parse().ok());
    let addresses = addresses.map(|address: IpAddr| Resource::Address(address.to_canonical()));
    let ports = spec.ports.iter().flatten().filter_map(|port| port.node_port);
    let ports = ports.chain(spec.health_check_node_port).filter(|port| *port != 0);
    addresses.chain(ports.filter_map(|port| u16::try_from(port).ok()).map(Resource::Port)).collect()
}

impl Allocator {
    pub(crate) fn new(services: KindId, network: ServiceNetwork) -> Self {
        Self { services, network, held: Held::default() }
    }

    /// The kind it is for.
    pub(crate) fn services(&self) -> KindId {
        self.services
    }

    /// Gives a service what it wants and does not have yet. `newest` is asked while nobody else can choose.
    pub(crate) fn allocate(
        &self,
        env: &Env,
        newest: impl FnOnce() -> Snapshot,
        spec: &mut ServiceSpec,
        old: Option<&ServiceSpec>,
    ) -> Result<Hold, Refusal> {
        if old.is_none() {
            align_addresses(spec, None);
        }
        let faults = settle_families(spec, &self.network.families());
        if !faults.is_empty() {
            return Err(Refusal::Invalid(faults));
        }
        let mut held = self.held.lock();
        let mut choice = Choice {
            env,
            services: self.services,
            snapshot: newest(),
            held: &held,
            own: old.map(resources).unwrap_or_default(),
            chosen: BTreeSet::new(),
        };
        choice.addresses(spec, &self.network)?;
        choice.ports(spec, &self.network.node_ports)?;
        let chosen: Vec<Resource> = choice.chosen.into_iter().collect();
        held.extend(&chosen);
        Ok(Hold::new(Held::clone(&self.held), chosen))
    }
}

/// One service's choice.
struct Choice<'a> {
    env: &'a Env,
    services: KindId,
    snapshot: Snapshot,
    held: &'a BTreeSet<Resource>,
    /// What the service has already.
    own: BTreeSet<Resource>,
    chosen: BTreeSet<Resource>,
}

impl Choice<'_> {
    fn addresses(&mut self, spec: &mut ServiceSpec, network: &ServiceNetwork) -> Result<(), Refusal> {
        if text(spec.cluster_ip.as_ref()) == NO_ADDRESS {
            spec.cluster_ips = Some(vec![NO_ADDRESS.to_owned()]);
            return Ok(());
        }
        if !wants_address(spec) || network.ranges.is_empty() {
            return Ok(());
        }
        let mut addresses = spec.cluster_ips.clone().unwrap_or_default();
        let families = spec.ip_families.clone().unwrap_or_default();
        for (index, family) in families.iter().enumerate() {
            if let Some(wanted) = addresses.get(index) {
                self.take_address(wanted, network, &addresses)?;
                continue;
            }
            let family = if family == Family::V4.as_str() { Family::V4 } else { Family::V6 };
            let Some(range) = network.range_of(family) else { continue };
            let address = self.next_address(range)?;
            addresses.push(address.to_string());
        }
        spec.cluster_ip = addresses.first().cloned();
        spec.cluster_ips = Some(addresses);
        Ok(())
    }

    /// An address that was asked for. One that is no address is left to validation.
    fn take_address(
        &mut self,
        wanted: &str,
        network: &ServiceNetwork,
        all: &[String],
    ) -> Result<(), Refusal> {
        let Ok(address) = wanted.parse::<IpAddr>() else { return Ok(()) };
        let resource = Resource::Address(address.to_canonical());
        if self.own.contains(&resource) {
            return Ok(());
        }
        let is_within = network.range_of(Family::of(address)).is_some_and(|range| range.contains(address));
        let why = if !is_within {
            "the provided network does not match the current range"
        } else if self.is_taken(&resource) {
            "provided IP is already allocated"
        } else {
            self.chosen.insert(resource);
            return Ok(());
        };
        let path = Path::new("spec");
        let why = format!("failed to allocate IP {wanted}: {why}");
        Err(Refusal::Invalid(vec![FieldError::invalid(&path.child("clusterIPs"), all, why)]))
    }

    /// The low addresses are left for those who ask for one, as long as there are others.
    fn next_address(&mut self, range: &AddressRange) -> Result<IpAddr, Refusal> {
        let count = range.count();
        let low = band(count, 16, 256);
        let found = self.next(low..count, |place| Resource::Address(range.at(place)));
        let found = found.or_else(|| self.next(0..low, |place| Resource::Address(range.at(place))));
        match found {
            Some(place) => Ok(range.at(place)),
            None => Err(Refusal::Full("failed to allocate a serviceIP: range is full")),
        }
    }

    fn ports(&mut self, spec: &mut ServiceSpec, range: &RangeInclusive<u16>) -> Result<(), Refusal> {
        let opens_ports = has_node_ports(spec);
        let (path, health) = (Path::new("spec"), has_health_check(spec));
        let ports_path = path.child("ports");
        if opens_ports {
            for (index, port) in spec.ports.iter_mut().flatten().enumerate() {
                match port.node_port.filter(|port| *port != 0) {
                    Some(wanted) => {
                        let path = ports_path.index(index);
                        self.take_port(wanted, range, &path.child("nodePort"))?;
                    }
                    None => port.node_port = Some(self.next_port(range, "nodePort")?.into()),
                }
            }
        }
        if health {
            match spec.health_check_node_port.filter(|port| *port != 0) {
                Some(wanted) => self.take_port(wanted, range, &path.child("healthCheckNodePort"))?,
                None => {
                    spec.health_check_node_port = Some(self.next_port(range, "healthCheckNodePort")?.into());
                }
            }
        }
        Ok(())
    }

    /// A port that was asked for. A service may have it for several protocols.
    fn take_port(
        &mut self,
        wanted: i32,
        range: &RangeInclusive<u16>,
        path: &Path<'_>,
    ) -> Result<(), Refusal> {
        let port = u16::try_from(wanted).ok().filter(|port| range.contains(port));
        let why = match port.map(Resource::Port) {
            None => format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                range.start(),
                range.end(),
            ),
            Some(resource) if self.own.contains(&resource) || self.chosen.contains(&resource) => {
                return Ok(());
            }
            Some(resource) if self.is_taken(&resource) => "provided port is already allocated".to_owned(),
            Some(resource) => {
                self.chosen.insert(resource);
                return Ok(());
            }
        };
        Err(Refusal::Invalid(vec![FieldError::invalid(path, &wanted, why)]))
    }

    fn next_port(&mut self, range: &RangeInclusive<u16>, noun: &str) -> Result<u16, Refusal> {
        let first = u64::from(*range.start());
        let count = u64::from(*range.end()).saturating_sub(first) + u64::from(!range.is_empty());
        let at = |place: u64| u16::try_from(first + place).unwrap_or(*range.end());
        let low = band(count, 32, 128);
        let found = self.next(low..count, |place| Resource::Port(at(place)));
        let found = found.or_else(|| self.next(0..low, |place| Resource::Port(at(place))));
        found.map(at).ok_or(Refusal::Full(if noun == "nodePort" {
            "failed to allocate a nodePort: range is full"
        } else {
            "failed to allocate a HealthCheck NodePort : range is full"
        }))
    }

    /// The first free place, beginning anywhere.
    fn next(&mut self, places: std::ops::Range<u64>, resource: impl Fn(u64) -> Resource) -> Option<u64> {
        let count = places.end.checked_sub(places.start).filter(|count| *count > 0)?;
        let begin = self.env.random_u64() % count;
        let place = (0..count).map(|step| places.start + (begin + step) % count).find(|place| {
            let resource = resource(*place);
            !self.chosen.contains(&resource) && !self.own.contains(&resource) && !self.is_taken(&resource)
        })?;
        self.chosen.insert(resource(place));
        Some(place)
    }

    fn is_taken(&self, resource: &Resource) -> bool {
        self.held.contains(resource)
            || self.snapshot.count_by_index(self.services, INDEX, &value(resource)) > 0
    }
}

fn text(field: Option<&String>) -> &str {
    field.map_or("", String::as_str)
}

/// How many at the beginning are left for those who ask for one by itself.
fn band(count: u64, step: u64, max: u64) -> u64 {
    if count <= 16 { 0 } else { (count / step).clamp(16, max) }
}

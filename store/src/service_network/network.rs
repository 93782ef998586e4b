use std::ops::RangeInclusive;

use setpoint_core::rules::service_addresses::Family;

use super::range::AddressRange;

/// Where Services get their addresses and node ports from.
///
/// ```
/// use setpoint_store::service_network::ServiceNetwork;
///
/// let network = ServiceNetwork { ranges: vec!["10.43.0.0/16".parse()?], ..ServiceNetwork::default() };
/// assert!(network.node_ports.contains(&30_000));
/// # Ok::<(), setpoint_store::service_network::RangeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceNetwork {
    /// One range, or one of each family, the preferred one first. Without any, services get no addresses.
    pub ranges: Vec<AddressRange>,
    /// The ports that nodes open for services.
    pub node_ports: RangeInclusive<u16>,
}

impl ServiceNetwork {
    /// The families of the ranges, the preferred one first.
    pub(crate) fn families(&self) -> Vec<Family> {
        self.ranges.iter().map(AddressRange::family).collect()
    }

    pub(crate) fn range_of(&self, family: Family) -> Option<&AddressRange> {
        self.ranges.iter().find(|range| range.family() == family)
    }
}

impl Default for ServiceNetwork {
    /// `10.96.0.0/12` and the ports 30000 to 32767.
    fn default() -> Self {
        Self { ranges: vec![AddressRange::DEFAULT], node_ports: 30_000..=32_767 }
    }
}

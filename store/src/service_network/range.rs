use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use setpoint_core::rules::service_addresses::Family;

/// A range of addresses, such as `10.96.0.0/12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    base: IpAddr,
    bits: u8,
}

/// A text that is no range, or one that cannot be given out from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// It is not an address and a number of bits.
    #[error("{0:?} is no range of addresses, such as 10.96.0.0/12")]
    Malformed(String),
    /// It has more or fewer addresses than a range may have.
    #[error("a range of {0} has between {1} and {2} bits")]
    Size(&'static str, u8, u8),
}

/// From how many of the bits of an IPv6 address addresses are made at the most.
const V6_HOST_BITS_MAX: u32 = 16;

impl AddressRange {
    pub(super) const DEFAULT: Self = Self { base: IpAddr::V4(Ipv4Addr::new(10, 96, 0, 0)), bits: 12 };

    /// The family of its addresses.
    pub fn family(&self) -> Family {
        Family::of(self.base)
    }

    /// Whether the address is one that can be given out.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.offset(address).is_some_and(|offset| (1..=self.count()).contains(&offset))
    }

    /// How many addresses can be given out. The first address of a range is the range's own name, and the last one of an
    /// IPv4 range is everybody's.
    pub(super) fn count(&self) -> u64 {
        match self.base {
            IpAddr::V4(_) => (1_u64 << (32 - u32::from(self.bits))) - 2,
            IpAddr::V6(_) => (1_u64 << (128 - u32::from(self.bits)).min(V6_HOST_BITS_MAX)) - 1,
        }
    }

    /// The address at a place, counted from 0.
    pub(super) fn at(&self, place: u64) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let host = u32::try_from(place + 1).unwrap_or(u32::MAX);
                Ipv4Addr::from(u32::from(base).saturating_add(host)).into()
            }
            IpAddr::V6(base) => Ipv6Addr::from(u128::from(base).saturating_add(u128::from(place) + 1)).into(),
        }
    }

    /// How far an address is from the beginning of the range; `None` if it is not within.
    fn offset(&self, address: IpAddr) -> Option<u64> {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                Some(u64::from(u32::from(address).checked_sub(base.into())?))
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                u64::try_from(u128::from(address).checked_sub(base.into())?).ok()
            }
            _ => None,
        }
    }
}

impl FromStr for AddressRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let parts = text
            .split_once('/')
            .and_then(|(base, bits)| Some((base.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?)));
        let Some((base, bits)) = parts else { return Err(RangeError::Malformed(text.to_owned())) };
        match base {
            IpAddr::V4(_) if !(12..=30).contains(&bits) => Err(RangeError::Size("IPv4", 12, 30)),
            IpAddr::V6(_) if !(64..=126).contains(&bits) => Err(RangeError::Size("IPv6", 64, 126)),
            IpAddr::V4(base) => {
                let base = Ipv4Addr::from(u32::from(base) >> (32 - bits) << (32 - bits));
                Ok(Self { base: base.into(), bits })
            }
            IpAddr::V6(base) => {
                let base = Ipv6Addr::from(u128::from(base) >> (128 - bits) << (128 - bits));
                Ok(Self { base: base.into(), bits })
            }
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

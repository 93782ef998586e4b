//! What addresses and ports of endpoints have in common, in both of their kinds.

use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};

/// Protocols of ports.
pub(crate) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// An address that traffic can be sent to: not this host's, nor one that nodes use among themselves.
pub(crate) fn validate_reachable(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(address) = address::parse_lenient(value).map(|address| address.to_canonical()) else {
        return errors.push(FieldError::invalid(path, value, "must be a valid IP address"));
    };
    let (link_local, link_local_multicast) = match address {
        std::net::IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        std::net::IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] & 0xff0f == 0xff02),
    };
    let faults = [
        (address.is_unspecified(), format!("may not be unspecified ({value})")),
        (address.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()),
        (
            link_local_multicast,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned(),
        ),
    ];
    errors.extend(
        faults.into_iter().filter(|(is, _)| *is).map(|(_, why)| FieldError::invalid(path, value, why)),
    );
}

/// A port's name of the protocol above TCP or UDP.
pub(crate) fn validate_app_protocol(protocol: Option<&str>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(protocol) = protocol {
        checks::qualified_name(protocol, &path.child("appProtocol"), errors);
    }
}

//! IP addresses and ranges in fields that are older than strict parsing.
//!
//! Such a field accepts any form of an address, but neither leading zeros nor IPv4 in IPv6; values the stored
//! object already has are accepted whatever they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::field::{FieldError, FieldErrors, Path};

const NOT_AN_ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NOT_A_RANGE: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// Checks an address that is none of `known`.
pub(crate) fn validate_ip(value: &str, known: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    if known.contains(&value) {
        return;
    }
    let Some(address) = parse_lenient(value) else {
        return errors.push(FieldError::invalid(path, value, NOT_AN_ADDRESS));
    };
    if value.parse::<IpAddr>().is_err() {
        errors.push(FieldError::invalid(path, value, "must not have leading 0s"));
    } else if is_mapped(address) {
        errors.push(FieldError::invalid(path, value, "must not be an IPv4-mapped IPv6 address"));
    }
}

/// Checks a range that is none of `known`.
pub(crate) fn validate_cidr(value: &str, known: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    if known.contains(&value) {
        return;
    }
    let Some((address, bits)) = parse_cidr(value) else {
        return errors.push(FieldError::invalid(path, value, NOT_A_RANGE));
    };
    let has_zeros = value.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<IpAddr>().is_err() || (bits.len() > 1 && bits.starts_with('0'))
    });
    if has_zeros {
        errors.push(FieldError::invalid(path, value, "must not have leading 0s in IP or prefix length"));
    } else if is_mapped(address) {
        errors.push(FieldError::invalid(path, value, "must not have an IPv4-mapped IPv6 address"));
    } else if masked(address, bits) != address {
        errors.push(FieldError::invalid(path, value, "must not have bits set beyond the prefix length"));
    }
}

/// What to say about an address that is accepted but not in its usual form.
pub(crate) fn ip_warning(value: &str, path: &Path<'_>) -> Option<String> {
    let address = parse_lenient(value)?;
    if value.parse::<IpAddr>().is_err() || is_mapped(address) {
        let usual = address.to_canonical();
        return Some(format!("{path}: non-standard IP address {value:?} is invalid: use \"{usual}\""));
    }
    (address.is_ipv6() && address.to_string() != value).then(|| {
        format!("{path}: IPv6 address {value:?} should be in RFC 5952 canonical format (\"{address}\")")
    })
}

/// Whether one range lies within another and is not all of it; `None` if one of them is no range.
pub(crate) fn is_strictly_within(inner: &str, outer: &str) -> Option<bool> {
    let ((inner, inner_bits), (outer, outer_bits)) = (parse_cidr(inner)?, parse_cidr(outer)?);
    let is_within =
        inner.is_ipv4() == outer.is_ipv4() && masked(inner, outer_bits) == masked(outer, outer_bits);
    Some(is_within && inner_bits > outer_bits)
}

/// Whether the texts are addresses of both families.
pub(crate) fn is_dual_stack<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let (mut v4, mut v6) = (false, false);
    for address in values.filter_map(parse_lenient) {
        let address = address.to_canonical();
        v4 |= address.is_ipv4();
        v6 |= address.is_ipv6();
    }
    v4 && v6
}

/// Whether the texts are ranges of both families.
pub(crate) fn is_dual_stack_cidr<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    is_dual_stack(values.filter_map(|value| value.split_once('/').map(|(address, _)| address)))
}

/// Reads an address as upstream's older parser does: leading zeros of an IPv4 part are ignored.
pub(crate) fn parse_lenient(value: &str) -> Option<IpAddr> {
    if let Ok(address) = value.parse() {
        return Some(address);
    }
    if value.contains(':') {
        // An IPv4 part at the end is the only place for zeros to hide in.
        let (head, tail) = value.rsplit_once(':')?;
        let v4 = parse_v4_lenient(tail)?;
        return format!("{head}:{v4}").parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    parse_v4_lenient(value).map(IpAddr::V4)
}

fn parse_v4_lenient(value: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = value.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    parts.next().is_none().then(|| octets.into())
}

fn parse_cidr(value: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = value.split_once('/')?;
    let address = parse_lenient(address)?;
    if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = bits.trim_start_matches('0');
    let bits: u8 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(validate: fn(&str, &[&str], &Path<'_>, &mut FieldErrors), value: &str) -> String {
        let mut errors = FieldErrors::new();
        validate(value, &["old"], &Path::new("ip"), &mut errors);
        errors.iter().map(|error| error.detail.as_str()).collect()
    }

    #[test]
    fn addresses_are_strict_but_for_their_form() {
        let rows = [
            ("10.9.8.7", ""),
            ("FE80:0:0::1", ""),
            ("old", ""),
            ("", NOT_AN_ADDRESS),
            ("1.2.3", NOT_AN_ADDRESS),
            ("1.2.3.256", NOT_AN_ADDRESS),
            ("010.2.3.4", "must not have leading 0s"),
            ("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address"),
        ];
        for (value, expected) in rows {
            assert_eq!(check(validate_ip, value), expected, "{value}");
        }
    }

    #[test]
    fn ranges_are_strict_but_for_their_form() {
        let rows = [
            ("10.0.0.0/8", ""),
            ("0.0.0.0/0", ""),
            ("2001:db8::/64", ""),
            ("old", ""),
            ("10.0.0.0", NOT_A_RANGE),
            ("10.0.0.0/33", NOT_A_RANGE),
            ("10.0.0.0/-1", NOT_A_RANGE),
            ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
            ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
        ];
        for (value, expected) in rows {
            assert_eq!(check(validate_cidr, value), expected, "{value}");
        }
    }

    #[test]
    fn unusual_forms_are_warned_of() {
        let path = Path::new("ip");
        assert_eq!(ip_warning("1.2.3.4", &path), None);
        let zeros = ip_warning("1.2.3.04", &path);
        assert_eq!(
            zeros.as_deref(),
            Some(r#"ip: non-standard IP address "1.2.3.04" is invalid: use "1.2.3.4""#)
        );
        assert!(ip_warning("FE80::1", &path).is_some_and(|warning| warning.contains("RFC 5952")));
    }
}

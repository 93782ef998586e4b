//! Addresses of hosts, and blocks of them.

use std::net::IpAddr;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::Opaque;
use super::super::value::{Cidr, Value};
use super::signature::{Act, Overload, Param as P, global, member};
use super::strings::text;

const IP: P = P::Opaque(Opaque::Ip);
const CIDR: P = P::Opaque(Opaque::Cidr);

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("cidr", global(&[P::String], CIDR, |run, args| cidr_of(run, args, 0).map(Value::Cidr))),
    ("containsCIDR", member(&[CIDR, CIDR], P::Bool, contains_cidr)),
    ("containsCIDR", member(&[CIDR, P::String], P::Bool, contains_cidr)),
    ("containsIP", member(&[CIDR, IP], P::Bool, contains_ip)),
    ("containsIP", member(&[CIDR, P::String], P::Bool, contains_ip)),
    ("family", member(&[IP], P::Int, FAMILY)),
    ("ip", global(&[P::String], IP, |run, args| ip_of(run, args, 0).map(Value::Ip))),
    ("ip", member(&[CIDR], IP, |_, args| Ok(Value::Ip(block(args)?.address)))),
    (
        "ip.isCanonical",
        global(&[P::String], P::Bool, |run, args| {
            Ok((ip_of(run, args, 0)?.to_string() == text(args, 0)?).into())
        }),
    ),
    (
        "isCIDR",
        global(&[P::String], P::Bool, |run, args| is_valid(run, args, |text| parse_cidr(text).is_ok())),
    ),
    ("isGlobalUnicast", member(&[IP], P::Bool, |_, args| Ok(is_global_unicast(address(args)?).into()))),
    ("isIP", global(&[P::String], P::Bool, |run, args| is_valid(run, args, |text| parse_ip(text).is_ok()))),
    (
        "isLinkLocalMulticast",
        member(&[IP], P::Bool, |_, args| {
            Ok(match address(args)? {
                IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
                IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
            }
            .into())
        }),
    ),
    ("isLinkLocalUnicast", member(&[IP], P::Bool, |_, args| Ok(is_link_local(address(args)?).into()))),
    ("isLoopback", member(&[IP], P::Bool, |_, args| Ok(address(args)?.is_loopback().into()))),
    ("isUnspecified", member(&[IP], P::Bool, |_, args| Ok(address(args)?.is_unspecified().into()))),
    ("masked", member(&[CIDR], CIDR, |_, args| Ok(Value::Cidr(masked(block(args)?))))),
    ("prefixLength", member(&[CIDR], P::Int, |_, args| Ok(Value::Int(block(args)?.bits.into())))),
];

const FAMILY: Act = |_, args| Ok(Value::Int(if address(args)?.is_ipv4() { 4 } else { 6 }));

fn address(args: &[Value]) -> Result<IpAddr, Stop> {
    match &args[0] {
        Value::Ip(address) => Ok(*address),
        _ => Err(Stop::no_overload()),
    }
}

fn block(args: &[Value]) -> Result<Cidr, Stop> {
    match &args[0] {
        Value::Cidr(cidr) => Ok(*cidr),
        _ => Err(Stop::no_overload()),
    }
}

fn is_valid(run: &mut Run<'_>, args: &[Value], valid: fn(&str) -> bool) -> Result<Value, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(text.len() as u64)?;
    Ok(valid(text).into())
}

fn ip_of(run: &mut Run<'_>, args: &[Value], at: usize) -> Result<IpAddr, Stop> {
    if let Some(Value::Ip(address)) = args.get(at) {
        return Ok(*address);
    }
    let text = text(args, at)?;
    run.cost.spend_tenths(text.len() as u64)?;
    parse_ip(text).map_err(Stop::Fault)
}

fn cidr_of(run: &mut Run<'_>, args: &[Value], at: usize) -> Result<Cidr, Stop> {
    if let Some(Value::Cidr(cidr)) = args.get(at) {
        return Ok(*cidr);
    }
    let text = text(args, at)?;
    run.cost.spend_tenths(text.len() as u64)?;
    parse_cidr(text).map_err(Stop::Fault)
}

fn parse_ip(text: &str) -> Result<IpAddr, String> {
    if text.contains('%') {
        return Err(format!("IP address {text:?} with zone value is not allowed"));
    }
    let address: IpAddr = text.parse().map_err(|_| {
        format!("IP Address {text:?} parse error during conversion from string: unable to parse IP")
    })?;
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            Err(format!("IPv4-mapped IPv6 address {text:?} is not allowed"))
        }
        _ => Ok(address),
    }
}

fn parse_cidr(text: &str) -> Result<Cidr, String> {
    let fault = || format!("network address parse error during conversion from string: {text:?}");
    let (address, bits) = text.split_once('/').ok_or_else(fault)?;
    let address: IpAddr = address.parse().map_err(|_| fault())?;
    if let IpAddr::V6(v6) = address
        && v6.to_ipv4_mapped().is_some()
    {
        return Err(format!("IPv4-mapped IPv6 address {text:?} is not allowed"));
    }
    let is_plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    let bits: u8 = bits.parse().ok().filter(|_| is_plain).ok_or_else(fault)?;
    if bits > width(address) { Err(fault()) } else { Ok(Cidr { address, bits }) }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(cidr: Cidr) -> Cidr {
    let address = match cidr.address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(cidr.bits)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(cidr.bits)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    };
    Cidr { address, ..cidr }
}

fn is_within(cidr: Cidr, address: IpAddr) -> bool {
    address.is_ipv4() == cidr.address.is_ipv4()
        && masked(Cidr { address, ..cidr }).address == masked(cidr).address
}

fn contains_ip(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    run.cost.spend(1)?;
    Ok(is_within(block(args)?, ip_of(run, args, 1)?).into())
}

fn contains_cidr(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    run.cost.spend(2)?;
    let (outer, inner) = (block(args)?, cidr_of(run, args, 1)?);
    Ok((inner.bits >= outer.bits && is_within(outer, inner.address)).into())
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn is_global_unicast(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !is_broadcast
        && !address.is_unspecified()
        && !address.is_loopback()
        && !address.is_multicast()
        && !is_link_local(address)
}

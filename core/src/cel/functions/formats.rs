//! Formats of text by their names.

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::Opaque;
use super::super::url::Url;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};
use super::strings::text;
use crate::custom::fits_format;
use crate::names;

const F: P = P::Opaque(Opaque::Format);

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("format.byte", global(&[], F, |_, _| Ok(named("byte")))),
    ("format.date", global(&[], F, |_, _| Ok(named("date")))),
    ("format.datetime", global(&[], F, |_, _| Ok(named("datetime")))),
    ("format.dns1035Label", global(&[], F, |_, _| Ok(named("dns1035Label")))),
    ("format.dns1035LabelPrefix", global(&[], F, |_, _| Ok(named("dns1035LabelPrefix")))),
    ("format.dns1123Label", global(&[], F, |_, _| Ok(named("dns1123Label")))),
    ("format.dns1123LabelPrefix", global(&[], F, |_, _| Ok(named("dns1123LabelPrefix")))),
    ("format.dns1123Subdomain", global(&[], F, |_, _| Ok(named("dns1123Subdomain")))),
    ("format.dns1123SubdomainPrefix", global(&[], F, |_, _| Ok(named("dns1123SubdomainPrefix")))),
    ("format.labelValue", global(&[], F, |_, _| Ok(named("labelValue")))),
    (
        "format.named",
        global(&[P::String], P::Optional(&F), |_, args| {
            let name = text(args, 0)?;
            let found = FORMATS.iter().find(|format| format.name == name);
            Ok(found.map_or(Value::none(), |format| Value::some(Value::Format(format))))
        }),
    ),
    ("format.qualifiedName", global(&[], F, |_, _| Ok(named("qualifiedName")))),
    ("format.uri", global(&[], F, |_, _| Ok(named("uri")))),
    ("format.uuid", global(&[], F, |_, _| Ok(named("uuid")))),
    ("validate", member(&[F, P::String], P::Optional(&P::List(&P::String)), validate)),
];

/// A format of text.
#[derive(Debug)]
pub struct NamedFormat {
    /// What it is called.
    pub name: &'static str,
    faults: fn(&str) -> Vec<String>,
}

/// By name.
static FORMATS: [NamedFormat; 13] = [
    NamedFormat { name: "byte", faults: |text| one(fits_format("byte", text), "invalid base64") },
    NamedFormat { name: "date", faults: |text| one(fits_format("date", text), "invalid date") },
    NamedFormat { name: "datetime", faults: |text| one(fits_format("datetime", text), "invalid datetime") },
    NamedFormat { name: "dns1035Label", faults: |text| all(names::dns1035_label(text)) },
    NamedFormat {
        name: "dns1035LabelPrefix",
        faults: |text| all(names::dns1035_label(&names::as_prefix(text))),
    },
    NamedFormat { name: "dns1123Label", faults: |text| all(names::dns1123_label(text)) },
    NamedFormat {
        name: "dns1123LabelPrefix",
        faults: |text| all(names::dns1123_label(&names::as_prefix(text))),
    },
    NamedFormat { name: "dns1123Subdomain", faults: |text| all(names::dns1123_subdomain(text)) },
    NamedFormat {
        name: "dns1123SubdomainPrefix",
        faults: |text| all(names::dns1123_subdomain(&names::as_prefix(text))),
    },
    NamedFormat { name: "labelValue", faults: |text| all(names::label_value(text)) },
    NamedFormat { name: "qualifiedName", faults: |text| all(names::qualified_name(text)) },
    NamedFormat { name: "uri", faults: |text| Url::parse(text).err().into_iter().collect() },
    NamedFormat {
        name: "uuid",
        faults: |text| one(fits_format("uuid", text), "does not match the UUID format"),
    },
];

fn named(name: &str) -> Value {
    let found = FORMATS.iter().find(|format| format.name == name);
    found.map_or(Value::Null, Value::Format)
}

fn one(fits: bool, why: &str) -> Vec<String> {
    if fits { Vec::new() } else { vec![why.to_owned()] }
}

fn all(faults: impl IntoIterator<Item = &'static str>) -> Vec<String> {
    faults.into_iter().map(str::to_owned).collect()
}

fn validate(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let Value::Format(format) = &args[0] else { return Err(Stop::no_overload()) };
    let text = text(args, 1)?;
    // Upstream counts with a pattern of some length.
    run.cost.spend((text.len() as u64 + 1).div_ceil(10).saturating_mul(16))?;
    let faults = (format.faults)(text);
    if faults.is_empty() {
        return Ok(Value::none());
    }
    Ok(Value::some(faults.into_iter().map(Value::from).collect::<Vec<_>>().into()))
}

//! What is particular to kinds that a definition makes (CRD rows).

use setpoint_core::kind::CustomVersion;
use setpoint_core::{Error, Result};

use crate::path::Place;
use crate::table::{JsonPath, PrinterColumn};

/// The version that is addressed, of a custom kind.
pub(crate) fn version(place: &Place) -> Option<&CustomVersion> {
    place.kind.custom.as_ref()?.version(Some(&place.served.version))
}

/// What users of a deprecated version are told (CRD-09).
pub(crate) fn deprecation(place: &Place) -> Option<String> {
    version(place)?.warning.clone()
}

/// Objects are shown in the version they are stored in if somebody else would have to translate them (CRD-09).
pub(crate) fn check_conversion(place: &Place) -> Result<()> {
    let Some(custom) = &place.kind.custom else { return Ok(()) };
    match &custom.no_conversion {
        Some(why) if place.served.version != custom.stored => {
            let (api_version, kind) = (place.api_version(), &place.kind.names.kind);
            let group = &place.served.group;
            Err(Error::internal(format!(
                "conversion webhook for {group}/{}, Kind={kind} to {api_version} failed: {why}",
                custom.stored
            )))
        }
        _ => Ok(()),
    }
}

/// The columns of its tables (CRD-10). Paths that are no simple ones show nothing.
pub(crate) fn columns(place: &Place) -> Vec<PrinterColumn> {
    let columns = version(place).map(|version| version.columns.as_slice()).unwrap_or_default();
    let column = |column: &setpoint_core::kind::CustomColumn| PrinterColumn {
        name: column.name.clone(),
        type_: column.type_.clone(),
        format: column.format.clone(),
        description: if column.description.is_empty() {
            format!("Custom resource definition column (in JSONPath format): {}", column.path)
        } else {
            column.description.clone()
        },
        priority: column.priority,
        path: JsonPath::parse(&column.path)
            .unwrap_or_else(|_| JsonPath::parse(".__none__").expect("a path of one field")),
    };
    columns.iter().map(column).collect()
}

#[cfg(test)]
mod tests;

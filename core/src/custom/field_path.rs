//! The places that rules name: `.spec.host`, `['a-b'].c` (CRD-05).

use super::structural::{Additional, Structural};

/// A path as it is told, if a schema has such a place.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn resolved(path: &str, schema: &Structural) -> Result<String, String> {
    let mut told = String::new();
    let mut schema = schema;
    let mut rest = path;
    while !rest.is_empty() {
        let name = if let Some(after) = rest.strip_prefix("['") {
            let (name, after) = quoted(after)?;
            rest = after;
            name
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            if end == 0 {
                return Err("unexpected end of JSON path".to_owned());
            }
            rest = &after[end..];
            after[..end].to_owned()
        } else {
            return Err(format!("expected [ or . but got: {rest}"));
        };
        if !schema.properties.is_empty() {
            let field = schema.properties.get(&name);
            schema = field.ok_or_else(|| "does not refer to a valid field".to_owned())?;
            if !told.is_empty() {
                told.push('.');
            }
            told.push_str(&name);
        } else if let Some(Additional::Schema(values)) = &schema.additional {
            schema = values;
            told.push_str(&format!("[{name}]"));
        } else {
            return Err("does not refer to a valid field".to_owned());
        }
    }
    Ok(told)
}

/// What stands up to the closing quote and bracket.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => {
                let after = text[at + 1..].strip_prefix(']');
                return after.map(|after| (name, after)).ok_or_else(|| "expected ]".to_owned());
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('\'' | '\\'))) => name.push(escaped),
                Some((_, 'n')) => name.push('\n'),
                Some((_, 't')) => name.push('\t'),
                _ => return Err("invalid string literal".to_owned()),
            },
            other => name.push(other),
        }
    }
    Err("unexpected end of JSON path".to_owned())
}

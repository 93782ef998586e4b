//! What stands between quotes, and numbers, as values.

use super::token::Quoted;
use super::value::Value;

/// The value of a text.
pub(super) fn text(quoted: &Quoted<'_>) -> Result<Value, String> {
    let mut bytes = Vec::with_capacity(quoted.inner.len());
    if quoted.is_raw {
        bytes.extend_from_slice(quoted.inner.as_bytes());
    } else {
        unescape(quoted.inner, quoted.is_bytes, &mut bytes)?;
    }
    if quoted.is_bytes {
        return Ok(Value::Bytes(bytes.into()));
    }
    String::from_utf8(bytes).map(Value::from).map_err(|_| "unable to unescape string".to_owned())
}

fn unescape(inner: &str, is_bytes: bool, out: &mut Vec<u8>) -> Result<(), String> {
    let invalid = || "unable to unescape string".to_owned();
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let escape = rest.chars().next().ok_or_else(invalid)?;
        rest = &rest[escape.len_utf8()..];
        let plain = match escape {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            '\\' | '\'' | '"' | '`' | '?' => Some(escape as u8),
            _ => None,
        };
        if let Some(byte) = plain {
            out.push(byte);
            continue;
        }
        let (digits, radix) = match escape {
            'x' | 'X' => (2, 16),
            'u' if !is_bytes => (4, 16),
            'U' if !is_bytes => (8, 16),
            '0'..='3' => (2, 8),
            _ => return Err(invalid()),
        };
        let written = rest.get(..digits).ok_or_else(invalid)?;
        if !written.chars().all(|digit| digit.is_digit(radix)) {
            return Err(invalid());
        }
        let mut code = u32::from_str_radix(written, radix).map_err(|_| invalid())?;
        rest = &rest[digits..];
        if radix == 8 {
            code += escape.to_digit(8).unwrap_or_default() * 64;
        }
        match u8::try_from(code) {
            Ok(byte) if is_bytes => out.push(byte),
            _ => {
                let character = char::from_u32(code).ok_or_else(invalid)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(())
}

/// The value of a whole number.
pub(super) fn whole(written: &str, is_unsigned: bool, is_negative: bool) -> Result<Value, String> {
    let (digits, radix) = written.strip_prefix("0x").map_or((written, 10), |digits| (digits, 16));
    let magnitude = u64::from_str_radix(digits, radix).ok();
    if is_unsigned {
        return match magnitude {
            Some(number) if !is_negative => Ok(Value::Uint(number)),
            _ => Err("invalid uint literal".to_owned()),
        };
    }
    let signed = magnitude.map(i128::from).map(|number| if is_negative { -number } else { number });
    let number = signed.and_then(|number| i64::try_from(number).ok());
    number.map(Value::Int).ok_or_else(|| "invalid int literal".to_owned())
}

/// The value of a floating point number.
pub(super) fn float(written: &str, is_negative: bool) -> Result<Value, String> {
    match written.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Double(if is_negative { -number } else { number })),
        _ => Err("invalid double literal".to_owned()),
    }
}

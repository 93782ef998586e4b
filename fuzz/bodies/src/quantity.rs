//! Quantities against an exact model on decimal digits.

use setpoint_core::quantity::{Quantity, normalize};

use crate::text;

/// Reading and writing go together, and what is read is what the digits say.
pub fn quantity(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let read = text.parse::<Quantity>();
    assert_eq!(normalize(text).is_ok(), text.trim().parse::<Quantity>().is_ok(), "{text:?}");
    let Ok(quantity) = read else { return };
    let printed = quantity.to_string();
    let again: Quantity =
        printed.parse().unwrap_or_else(|error| panic!("{text:?} prints {printed:?}: {error}"));
    assert_eq!(again, quantity, "{text:?} prints {printed:?}");
    assert_eq!(again.to_string(), printed, "{text:?}: the canonical form is not its own");
    let normal = normalize(text).expect("it was read").into_owned();
    assert_eq!(normalize(&normal).as_deref(), Ok(&*normal), "{text:?}: what a server answers stays as it is");
    assert_eq!(normal.parse(), Ok(quantity), "{text:?} is answered {normal:?}");
    assert_eq!(quantity + Quantity::ZERO, quantity, "{text:?}");
    assert_eq!(quantity - again, Quantity::ZERO, "{text:?}");
    assert_eq!(-(-quantity), quantity, "{text:?}");
    assert_eq!(quantity.is_negative(), quantity < Quantity::ZERO, "{text:?}");
    if let Some(nanos) = nanos(text) {
        if let Ok(whole) = i64::try_from(away_from_zero(nanos, 1_000_000_000)) {
            assert_eq!(whole, quantity.value(), "{text:?} in whole numbers");
        }
        if let Ok(milli) = i64::try_from(away_from_zero(nanos, 1_000_000)) {
            assert_eq!(milli, quantity.milli_value(), "{text:?} in thousandths");
        }
    }
}

/// Billionths, computed digit by digit in whole numbers; `None` for what is too large to be computed so.
fn nanos(text: &str) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (by, of) = match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        _ => return None,
    };
    let digits = format!("{whole}{fraction}");
    if digits.len() > 15 {
        return None;
    }
    let value: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let (numerator, denominator) =
        (value * by * 1_000_000_000, of * 10_i128.pow(fraction.len().try_into().ok()?));
    // Finer than a billionth is rounded away from zero.
    Some(sign * (numerator + denominator - 1).div_euclid(denominator))
}

fn away_from_zero(nanos: i128, by: i128) -> i128 {
    let magnitude = (nanos.abs() + by - 1) / by;
    if nanos < 0 { -magnitude } else { magnitude }
}

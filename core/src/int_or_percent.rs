//! Numbers that may be given as a share of another: `maxSurge`, `maxUnavailable` (DEP-02, DEP-34).
//!
//! ```
//! use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
//! use setpoint_core::int_or_percent::{Rounding, resolve};
//!
//! let quarter = IntOrString::String("25%".to_owned());
//! assert_eq!(resolve(&quarter, 10, Rounding::Up), Ok(3));
//! assert_eq!(resolve(&quarter, 10, Rounding::Down), Ok(2));
//! ```

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names::Faults;

/// Which way a share that is not whole goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the next larger whole number, as for surge.
    Up,
    /// To the next smaller whole number, as for unavailability.
    Down,
}

/// Why a text is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntOrPercentError {
    /// It does not end with `%`; a plain number in a string is none either.
    #[error("invalid value for IntOrString: invalid type: string is not a percentage")]
    NotPercent,
    /// What precedes the `%` is no number.
    #[error(
        "invalid value for IntOrString: invalid value {value:?}: strconv.Atoi: parsing {digits:?}: invalid syntax"
    )]
    NotNumber {
        /// The text.
        value: String,
        /// The part that is no number.
        digits: String,
    },
}

/// The number itself, or its share of `total`, multiplied before it is divided: 7% of 100 is 7 (DEP-34).
///
/// Negative numbers and shares above 100% are resolved like any other; results past the bounds of an `i32`
/// are the bound.
///
/// # Errors
///
/// If it is a text other than a whole number with `%` after it.
pub fn resolve(value: &IntOrString, total: i32, rounding: Rounding) -> Result<i32, IntOrPercentError> {
    let text = match value {
        IntOrString::Int(number) => return Ok(*number),
        IntOrString::String(text) => text,
    };
    let digits = text.strip_suffix('%').ok_or(IntOrPercentError::NotPercent)?;
    let percent: i64 = digits
        .parse()
        .map_err(|_| IntOrPercentError::NotNumber { value: text.clone(), digits: digits.to_owned() })?;
    let hundredfold = i128::from(percent) * i128::from(total);
    let share = match rounding {
        Rounding::Up => -(-hundredfold).div_euclid(100),
        Rounding::Down => hundredfold.div_euclid(100),
    };
    Ok(i32::try_from(share).unwrap_or(if share < 0 { i32::MIN } else { i32::MAX }))
}

/// The number before the `%`, if it is a share.
pub fn percent(value: &IntOrString) -> Option<i64> {
    match value {
        IntOrString::Int(_) => None,
        IntOrString::String(text) => text.strip_suffix('%')?.parse().ok(),
    }
}

/// What is wrong with a text that must be digits followed by `%`, in upstream's words (DEP-02).
#[must_use]
pub fn percent_faults(text: &str) -> Faults {
    match text.strip_suffix('%') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Faults::new()
        }
        _ => vec![
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
             regex used for validation is '[0-9]+%')",
        ],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> IntOrString {
        IntOrString::String(text.to_owned())
    }

    #[test]
    fn shares_are_rounded_the_way_asked_for() {
        // DEP-34
        let rows = [
            (text("25%"), 10, 3, 2),
            (text("25%"), 1, 1, 0),
            (text("7%"), 100, 7, 7),
            (text("1%"), 10, 1, 0),
            (text("0%"), 10, 0, 0),
            (text("100%"), 10, 10, 10),
            (text("250%"), 3, 8, 7),
            (text("-25%"), 10, -2, -3),
            (text("50%"), 0, 0, 0),
            (text("9223372036854775807%"), i32::MAX, i32::MAX, i32::MAX),
            (IntOrString::Int(5), 10, 5, 5),
            (IntOrString::Int(-5), 0, -5, -5),
        ];
        for (value, total, up, down) in rows {
            assert_eq!(resolve(&value, total, Rounding::Up), Ok(up), "{value:?} of {total}");
            assert_eq!(resolve(&value, total, Rounding::Down), Ok(down), "{value:?} of {total}");
        }
    }

    #[test]
    fn texts_that_are_no_percentage_are_refused() {
        // DEP-02
        let rows = [
            ("5", "invalid value for IntOrString: invalid type: string is not a percentage"),
            ("", "invalid value for IntOrString: invalid type: string is not a percentage"),
            (
                "a%",
                r#"invalid value for IntOrString: invalid value "a%": strconv.Atoi: parsing "a": invalid syntax"#,
            ),
            (
                "%",
                r#"invalid value for IntOrString: invalid value "%": strconv.Atoi: parsing "": invalid syntax"#,
            ),
        ];
        for (value, message) in rows {
            let error = resolve(&text(value), 10, Rounding::Up).expect_err(value);
            assert_eq!(error.to_string(), message);
            assert_eq!(percent_faults(value).len(), 1, "{value}");
        }
        for value in ["-5%", "+5%", "5.5%", "5%%", " 5%"] {
            assert_eq!(percent_faults(value).len(), 1, "{value}");
        }
        assert!(percent_faults("005%").is_empty());
        assert_eq!(percent(&text("005%")), Some(5));
        assert_eq!(percent(&IntOrString::Int(5)), None);
    }

    proptest! {
        #[test]
        fn rounding_differs_by_at_most_one(share in 0..1000_i32, total in 0..100_000_i32) {
            let value = text(&format!("{share}%"));
            let up = resolve(&value, total, Rounding::Up).expect("it is a percentage");
            let down = resolve(&value, total, Rounding::Down).expect("it is a percentage");
            prop_assert!(up * 100 >= share * total && down * 100 <= share * total);
            prop_assert_eq!(up - down, i32::from(share * total % 100 != 0));
        }
    }
}

//! The canonical form.

use std::fmt;

use super::{Format, NANOS, Quantity};

/// Suffixes of powers of 1000 from the -3rd on.
const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

/// Suffixes of powers of 1024.
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl fmt::Display for Quantity {
    /// Writes the canonical form: the shortest without a fraction in the quantity's format.
    ///
    /// Numbers below 1024 in magnitude and fractions have no binary form and are written as decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        match self.format {
            Format::BinarySi if self.nanos.abs() >= 1024 * NANOS && self.nanos % NANOS == 0 => {
                let (mantissa, power) = reduce(self.nanos / NANOS, 1024, BINARY_SUFFIXES.len() - 1);
                write!(f, "{mantissa}{}", BINARY_SUFFIXES[power])
            }
            Format::BinarySi | Format::DecimalSi => {
                let (mantissa, power) = reduce(self.nanos, 1000, DECIMAL_SUFFIXES.len() - 1);
                write!(f, "{mantissa}{}", DECIMAL_SUFFIXES[power])
            }
            Format::DecimalExponent => {
                let (mantissa, power) = reduce(self.nanos, 1000, usize::MAX);
                match 3 * power {
                    9 => write!(f, "{mantissa}"),
                    exponent @ 0..9 => write!(f, "{mantissa}e-{}", 9 - exponent),
                    exponent => write!(f, "{mantissa}e{}", exponent - 9),
                }
            }
        }
    }
}

/// Takes up to `power_max` factors of `base` out of a number that is not zero.
fn reduce(mut mantissa: i128, base: i128, power_max: usize) -> (i128, usize) {
    let mut power = 0;
    while power < power_max && mantissa % base == 0 {
        mantissa /= base;
        power += 1;
    }
    (mantissa, power)
}

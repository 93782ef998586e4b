//! Amounts of CPU, memory and other resources: `500m`, `1536Mi`, `12e6`.
//!
//! A [`Quantity`] is an exact number of billionths and the format it was written in. It prints in upstream's
//! canonical form: no fraction, the largest suffix that needs none. What is finer than a billionth is rounded
//! away from zero when it is read; numbers with a binary suffix are capped at 2^63-1 and all others at
//! 10^29, and sums and products at 10^29 too. (Upstream lets decimal ones grow without bound and prints those
//! past the suffix `E` without any.)
//!
//! Two quantities are equal if their values are: `1Ki` is `1024`.
//!
//! ```
//! use setpoint_core::quantity::Quantity;
//!
//! let half: Quantity = "0.5".parse()?;
//! assert_eq!(half.to_string(), "500m");
//! assert_eq!((half + half).value(), 1);
//! # Ok::<(), setpoint_core::quantity::ParseQuantityError>(())
//! ```

mod format;
mod parse;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

pub use self::parse::{ParseQuantityError, normalize};

/// Billionths in one.
const NANOS: i128 = 1_000_000_000;

/// Billionths in a thousandth.
const NANOS_PER_MILLI: i128 = 1_000_000;

/// The largest magnitude: 10^29, in billionths.
const NANOS_MAX: i128 = 10_i128.pow(38);

/// The largest magnitude a number with a binary suffix is read as: 2^63-1, in billionths.
const BINARY_NANOS_MAX: i128 = i64::MAX as i128 * NANOS;

/// How a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Powers of 1000 by letter: `12M`. Also plain numbers.
    DecimalSi,
    /// Powers of 1024 by letters: `12Mi`.
    BinarySi,
    /// Powers of ten by number: `12e6`.
    DecimalExponent,
}

/// An exact amount and the format it is written in.
///
/// Arithmetic saturates at ±10^29. A sum has the format of its first term that is not zero.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// Never past [`NANOS_MAX`] in magnitude.
    nanos: i128,
    format: Format,
}

impl Quantity {
    /// Nothing, written `0`.
    pub const ZERO: Self = Self { nanos: 0, format: Format::DecimalSi };

    /// A whole number.
    pub const fn new(value: i64, format: Format) -> Self {
        Self { nanos: value as i128 * NANOS, format }
    }

    /// A number of thousandths.
    pub const fn from_milli(milli: i64, format: Format) -> Self {
        Self { nanos: milli as i128 * NANOS_PER_MILLI, format }
    }

    fn from_nanos(nanos: i128, format: Format) -> Self {
        Self { nanos: nanos.clamp(-NANOS_MAX, NANOS_MAX), format }
    }

    /// The format it is written in; numbers it does not suit are written as [`Format::DecimalSi`].
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether it is nothing.
    pub const fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// The number, rounded away from zero, as near as an `i64` can be.
    pub fn value(&self) -> i64 {
        saturate(divide_away_from_zero(self.nanos, NANOS))
    }

    /// The number, if it is a whole one that an `i64` can be.
    pub fn to_i64(&self) -> Option<i64> {
        if self.nanos % NANOS == 0 { i64::try_from(self.nanos / NANOS).ok() } else { None }
    }

    /// The number, as near as a floating point number can be.
    pub fn to_f64(&self) -> f64 {
        self.nanos as f64 / NANOS as f64
    }

    /// The number of thousandths, rounded away from zero, as near as an `i64` can be.
    pub fn milli_value(&self) -> i64 {
        saturate(divide_away_from_zero(self.nanos, NANOS_PER_MILLI))
    }

    /// The amount rounded away from zero to whole thousandths, which upstream does to a container's resources.
    pub fn round_up_to_milli(self) -> Self {
        let milli = divide_away_from_zero(self.nanos, NANOS_PER_MILLI);
        Self::from_nanos(milli * NANOS_PER_MILLI, self.format)
    }

    fn format_of_sum(&self, other: &Self) -> Format {
        if self.is_zero() { other.format } else { self.format }
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Self::ZERO
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_add(other.nanos), self.format_of_sum(&other))
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_sub(other.nanos), self.format_of_sum(&other))
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<i64> for Quantity {
    type Output = Self;

    fn mul(self, factor: i64) -> Self {
        Self::from_nanos(self.nanos.saturating_mul(factor.into()), self.format)
    }
}

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        Self { nanos: -self.nanos, format: self.format }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

impl TryFrom<&Text> for Quantity {
    type Error = ParseQuantityError;

    /// Reads a field's text; blanks around it do not matter.
    fn try_from(text: &Text) -> Result<Self, Self::Error> {
        text.0.trim().parse()
    }
}

impl From<Quantity> for Text {
    fn from(quantity: Quantity) -> Self {
        Self(quantity.to_string())
    }
}

fn divide_away_from_zero(nanos: i128, by: i128) -> i128 {
    let quotient = nanos / by;
    if nanos % by == 0 { quotient } else { quotient + nanos.signum() }
}

fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests;

//! Reading quantities.
//!
//! As lenient as upstream: a sign or a suffix alone reads as 0, and `5.` as 5.

use std::borrow::Cow;
use std::str::FromStr;

use super::{BINARY_NANOS_MAX, Format, NANOS, NANOS_MAX, Quantity};

/// Digits a decimal may have for upstream to keep its spelling.
const VERBATIM_DECIMAL_DIGITS_MAX: usize = 18;

/// Digits of a number with a binary suffix that upstream keeps the spelling of, by power of 1024.
const VERBATIM_BINARY_DIGITS_MAX: [usize; 7] = [14, 11, 8, 5, 2, 0, 0];

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// It is empty, or has characters that do not belong.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// There are no digits.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// What follows the number is no suffix and no exponent.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// What a server would answer with for this text: the text itself where upstream keeps the spelling, else
/// the canonical form.
///
/// Upstream keeps some spellings that are not canonical: `1.500`, `+5`, `1E3`.
///
/// # Errors
///
/// If the text is no quantity.
pub fn normalize(text: &str) -> Result<Cow<'_, str>, ParseQuantityError> {
    let text = text.trim();
    if text == "0" {
        return Ok(Cow::Borrowed(text));
    }
    let parts = Parts::split(text)?;
    let suffix = Suffix::parse(parts.suffix)?;
    if parts.is_kept_verbatim(suffix) {
        return Ok(Cow::Borrowed(text));
    }
    Ok(Cow::Owned(parts.quantity(suffix)?.to_string()))
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = Parts::split(text)?;
        let suffix = Suffix::parse(parts.suffix)?;
        parts.quantity(suffix)
    }
}

/// A text taken apart, the digits not yet looked at.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a str,
    /// Digits after the point.
    fraction: &'a str,
    /// Whether there was any digit.
    has_digits: bool,
    suffix: &'a str,
}

#[derive(Debug, Clone, Copy)]
enum Suffix {
    /// A power of 1024.
    Binary(u32),
    /// A power of ten, and how it is written.
    Decimal(i32, Format),
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, ParseQuantityError> {
        if text.is_empty() {
            return Err(ParseQuantityError::Format);
        }
        let (negative, rest) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (padded, rest) = split_digits(rest);
        let whole = padded.trim_start_matches('0');
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        let exponent = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
        let (_, garbage) = split_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
        if !garbage.is_empty() {
            return Err(ParseQuantityError::Format);
        }
        let has_digits = !padded.is_empty() || !fraction.is_empty();
        Ok(Self { negative, whole, fraction, has_digits, suffix })
    }

    /// Digits as upstream counts them: no digit before the point counts as a zero there.
    fn digits(&self) -> usize {
        self.whole.len().max(1) + self.fraction.len()
    }

    fn is_kept_verbatim(&self, suffix: Suffix) -> bool {
        let last = |count: usize| self.whole.bytes().chain(self.fraction.bytes()).rev().take(count);
        if self.whole.is_empty() {
            return false;
        }
        match suffix {
            Suffix::Binary(power) => {
                let three = last(3)
                    .fold((0, 1), |(sum, place), digit| (sum + u32::from(digit - b'0') * place, place * 10));
                self.fraction.is_empty()
                    && self.digits() <= VERBATIM_BINARY_DIGITS_MAX[power as usize]
                    && three.0 % 8 != 0
            }
            Suffix::Decimal(exponent, _) => {
                let scale = i64::from(exponent) - self.fraction.len() as i64;
                self.digits() <= VERBATIM_DECIMAL_DIGITS_MAX
                    && scale >= -9
                    && scale % 3 == 0
                    && !(self.digits() >= 3 && last(3).all(|digit| digit == b'0'))
            }
        }
    }

    fn quantity(&self, suffix: Suffix) -> Result<Quantity, ParseQuantityError> {
        let (magnitude, format) = match suffix {
            // Upstream's two ways of reading differ here: the one for everyday sizes takes nothing for 0.
            Suffix::Binary(5..) | Suffix::Decimal(..-9, _) if !self.has_digits => {
                return Err(ParseQuantityError::Numeric);
            }
            Suffix::Binary(power) => {
                let magnitude = self.binary_nanos(10 * power);
                let format =
                    if (1..NANOS).contains(&magnitude) { Format::DecimalSi } else { Format::BinarySi };
                (magnitude, format)
            }
            Suffix::Decimal(exponent, format) => (self.decimal_nanos(exponent), format),
        };
        Ok(Quantity { nanos: if self.negative { -magnitude } else { magnitude }, format })
    }

    /// The magnitude in billionths, rounded up, with 10^`exponent` as the suffix.
    fn decimal_nanos(&self, exponent: i32) -> i128 {
        let digits = self.whole.len() + self.fraction.len();
        let shift = i64::from(exponent) + 9 - self.fraction.len() as i64;
        let dropped = usize::try_from(-shift).unwrap_or(0);
        let kept = digits.saturating_sub(dropped);
        let mut nanos = 0;
        let mut inexact = false;
        for (place, digit) in self.whole.bytes().chain(self.fraction.bytes()).enumerate() {
            if place >= kept {
                inexact |= digit != b'0';
                continue;
            }
            if nanos >= NANOS_MAX / 10 {
                return NANOS_MAX;
            }
            nanos = nanos * 10 + i128::from(digit - b'0');
        }
        if nanos > 0 {
            for _ in 0..shift {
                if nanos >= NANOS_MAX / 10 {
                    return NANOS_MAX;
                }
                nanos *= 10;
            }
        }
        nanos + i128::from(inexact)
    }

    /// The magnitude in billionths, rounded up, with 2^`exponent` as the suffix.
    fn binary_nanos(&self, exponent: u32) -> i128 {
        let mut whole = 0;
        for digit in self.whole.bytes() {
            whole = whole * 10 + i128::from(digit - b'0');
            if whole << exponent > i128::from(i64::MAX) {
                return BINARY_NANOS_MAX;
            }
        }
        let one = NANOS << exponent;
        let mut fraction = 0;
        let mut inexact = false;
        // Horner's rule from the last digit on: what a step cuts off only matters by being there.
        for digit in self.fraction.bytes().rev() {
            fraction += one * i128::from(digit - b'0');
            inexact |= fraction % 10 != 0;
            fraction /= 10;
        }
        (whole * one + fraction + i128::from(inexact)).min(BINARY_NANOS_MAX)
    }
}

impl Suffix {
    fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        let decimal = |exponent| Ok(Self::Decimal(exponent, Format::DecimalSi));
        match text {
            "" => decimal(0),
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => Ok(Self::Binary(1)),
            "Mi" => Ok(Self::Binary(2)),
            "Gi" => Ok(Self::Binary(3)),
            "Ti" => Ok(Self::Binary(4)),
            "Pi" => Ok(Self::Binary(5)),
            "Ei" => Ok(Self::Binary(6)),
            _ => match text.strip_prefix(['e', 'E']).map(str::parse) {
                Some(Ok(exponent)) => Ok(Self::Decimal(exponent, Format::DecimalExponent)),
                _ => Err(ParseQuantityError::Suffix),
            },
        }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

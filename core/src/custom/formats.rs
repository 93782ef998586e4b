//! The formats that upstream looks at (CRD-04); all others are passed over.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use crate::names;

/// Formats of text.
const TEXT: [&str; 26] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];

/// Whether a format is looked at for values of this type.
pub(super) fn is_known(type_: &str, format: &str) -> bool {
    match type_ {
        "" | "string" => TEXT.contains(&format.replace('-', "").as_str()),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    }
}

/// Whether text is of a format.
pub(crate) fn fits(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "byte" => STANDARD.decode(text).is_ok(),
        "cidr" => is_cidr(text),
        "creditcard" => is_card(text),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "datetime" => text.contains(['T', 't']) && text.parse::<jiff::Timestamp>().is_ok(),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hexcolor" => matches(&HEX_COLOR, "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", text),
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "isbn" => is_isbn10(text) || is_isbn13(text),
        "isbn10" => is_isbn10(text),
        "isbn13" => is_isbn13(text),
        "k8slongname" => names::dns1123_subdomain(&text.to_ascii_lowercase()).is_empty(),
        "k8sshortname" => names::dns1123_label(&text.to_ascii_lowercase()).is_empty(),
        "mac" => is_mac(text),
        "rgbcolor" => is_rgb(text),
        "ssn" => matches(&SSN, r"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$", text),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        _ => true,
    }
}

static HEX_COLOR: OnceLock<Regex> = OnceLock::new();
static SSN: OnceLock<Regex> = OnceLock::new();

fn matches(cell: &OnceLock<Regex>, pattern: &str, text: &str) -> bool {
    cell.get_or_init(|| Regex::new(pattern).expect("a test compiles it")).is_match(text)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    if address.parse::<Ipv4Addr>().is_ok() {
        return bits <= 32;
    }
    address.parse::<Ipv6Addr>().is_ok() && bits <= 128
}

/// Luhn's sum over the digits.
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|character| character.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

/// As Go writes durations, or a number of one of the longer units.
fn is_duration(text: &str) -> bool {
    go_duration(text).is_some() || {
        let text = text.trim();
        let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let written = text[end..].trim();
        let unit = if written.len() > 2 { written.trim_end_matches('s') } else { written };
        const UNITS: [&str; 18] = [
            "ns",
            "nano",
            "nanosecond",
            "us",
            "µs",
            "micro",
            "microsecond",
            "ms",
            "milli",
            "millisecond",
            "sec",
            "second",
            "m",
            "min",
            "minute",
            "hr",
            "hour",
            "day",
        ];
        end > 0
            && (UNITS.contains(&unit) || matches!(unit, "h" | "d" | "w" | "week" | ""))
            && !text[end..].trim().is_empty()
    }
}

/// Nanoseconds of a duration as Go writes it: `1h30m`, `-1.5s`.
pub(crate) fn go_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let units =
            [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
        let (unit, nanos) = units.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        // `m` is the beginning of `ms`, which is looked for first.
        rest = &rest[unit.len()..];
        total += number * nanos;
    }
    let total = total * sign;
    (total.abs() < i64::MAX as f64).then_some(total as i64)
}

fn is_email(text: &str) -> bool {
    let address = match (text.find('<'), text.strip_suffix('>')) {
        (Some(start), Some(inner)) => &inner[start + 1..],
        _ => text.trim(),
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_plain = |character: char| !character.is_whitespace() && !"()<>[]:;@\\,\"".contains(character);
    !local.is_empty()
        && !domain.is_empty()
        && local.split('.').all(|part| !part.is_empty())
        && domain.split('.').all(|part| !part.is_empty())
        && address.chars().filter(|character| *character != '@').all(is_plain)
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    (1..=255).contains(&text.len()) && text.split('.').all(is_label)
}

/// Digits alone; the last may be an X.
fn isbn_digits(text: &str) -> Vec<u32> {
    text.chars()
        .filter(|character| !matches!(character, ' ' | '-'))
        .map(
            |character| {
                if matches!(character, 'X' | 'x') { 10 } else { character.to_digit(10).unwrap_or(99) }
            },
        )
        .collect()
}

fn is_isbn10(text: &str) -> bool {
    let digits = isbn_digits(text);
    let sum: u32 = digits.iter().zip(1..).map(|(digit, place)| digit * place).sum();
    digits.len() == 10
        && digits[..9].iter().all(|digit| *digit < 10)
        && digits[9] <= 10
        && sum.is_multiple_of(11)
}

fn is_isbn13(text: &str) -> bool {
    let digits = isbn_digits(text);
    let sum: u32 = digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, factor)| digit * factor).sum();
    digits.len() == 13 && digits.iter().all(|digit| *digit < 10) && sum.is_multiple_of(10)
}

fn is_mac(text: &str) -> bool {
    let groups = |separator: char, size: usize, counts: &[usize]| {
        let parts: Vec<&str> = text.split(separator).collect();
        counts.contains(&parts.len())
            && parts
                .iter()
                .all(|part| part.len() == size && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    groups(':', 2, &[6, 8, 20]) || groups('-', 2, &[6, 8, 20]) || groups('.', 4, &[3, 4, 10])
}

fn is_rgb(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}

/// An absolute address, or a path.
fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.contains(|character: char| character.is_control() || character == ' ') {
        return false;
    }
    if text.starts_with('/') {
        return true;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut characters = scheme.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
        && !rest.is_empty()
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let has_variant = match version {
        Some('4' | '5') => digits.chars().nth(16).is_some_and(|digit| "89abAB".contains(digit)),
        _ => true,
    };
    let places: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    digits.len() == 32
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (places.is_empty() || places == [8, 13, 18, 23])
        && version.is_none_or(|version| digits.chars().nth(12) == Some(version))
        && has_variant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_formats_are_told_from_others() {
        for (format, right, wrong) in [
            ("date-time", "2024-01-02T03:04:05Z", "2024-01-02"),
            ("date", "2024-01-02", "2024-13-02"),
            ("duration", "1h30m", "1 fortnight"),
            ("duration", "22 ns", ""),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("ipv6", "::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("email", "a.b@example.com", "example.com"),
            ("hostname", "a-b.example.com", "-a.example"),
            ("uri", "https://example.com/x", "example"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("uuid4", "123e4567-e89b-42d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
            ("byte", "aGk=", "a"),
            ("mac", "01:23:45:67:89:ab", "01:23"),
            ("hexcolor", "#fff", "#ff"),
            ("rgbcolor", "rgb(1, 2, 255)", "rgb(1,2,256)"),
            ("ssn", "123-45-6789", "12-345-6789"),
            ("isbn10", "0321751043", "0321751044"),
            ("isbn13", "978-0321751041", "978-0321751042"),
            ("creditcard", "4111 1111 1111 1111", "4111111111111112"),
            ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
            ("k8s-short-name", "a-b", "-a"),
            ("k8s-long-name", "a.b", "a..b"),
        ] {
            assert!(is_known("string", format), "{format}");
            assert!(fits(format, right), "{format} {right}");
            assert!(!fits(format, wrong), "{format} {wrong}");
        }
        assert!(!is_known("string", "int32"));
        assert!(!is_known("integer", "date"));
        assert!(!is_known("string", "semver"));
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(go_duration("1h30m"), Some(5_400_000_000_000));
        assert_eq!(go_duration("-1.5s"), Some(-1_500_000_000));
        assert_eq!(go_duration("5ms"), Some(5_000_000));
        assert_eq!(go_duration("5"), None);
    }
}

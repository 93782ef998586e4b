use std::cmp::Ordering;

/// A version as semver.org says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(super) semver::Version);

impl Version {
    /// Reads a version.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let version = semver::Version::parse(text).ok()?;
        // Upstream counts in what comes before a release with 64 bits, too.
        let is_counted =
            |part: &str| !part.bytes().all(|byte| byte.is_ascii_digit()) || part.parse::<u64>().is_ok();
        (version.pre.is_empty() || version.pre.split('.').all(is_counted)).then_some(Self(version))
    }

    /// Reads a version that may have a `v` before it, leading zeros, or fewer than three numbers.
    pub(super) fn parse_tolerantly(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let parts: Vec<&str> = text[..end].split('.').collect();
        if parts.len() < 3 && end < text.len() {
            return None;
        }
        let trimmed = |part: &&str| {
            let rest = part.trim_start_matches('0');
            if rest.is_empty() && !part.is_empty() { "0".to_owned() } else { rest.to_owned() }
        };
        let mut parts: Vec<String> = parts.iter().map(trimmed).collect();
        while parts.len() < 3 {
            parts.push("0".to_owned());
        }
        Self::parse(&format!("{}{}", parts.join("."), &text[end..]))
    }

    /// Which comes first; what it was built from does not count.
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_strictly_or_not() {
        let rows = [
            ("1.2.3", true, true),
            ("1.2.3-rc.1+build.7", true, true),
            ("v1.2", false, true),
            ("01.2.3", false, true),
            ("1", false, true),
            ("1.2-rc", false, false),
            ("1.2.3-", false, false),
            ("1.2.3-01", false, false),
            ("1.2.3-18446744073709551615", true, true),
            ("1.2.3-18446744073709551616", false, false),
            ("18446744073709551616.0.0", false, false),
            ("1.2.3.4", false, false),
            ("1..3", false, false),
            ("", false, false),
            (" 1.2.3", false, false),
            ("1.2.3+é", false, false),
        ];
        for (text, strictly, tolerantly) in rows {
            assert_eq!(Version::parse(text).is_some(), strictly, "{text:?}");
            assert_eq!(Version::parse_tolerantly(text).is_some(), tolerantly, "{text:?}");
        }
    }
}

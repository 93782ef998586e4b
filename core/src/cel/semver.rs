use std::cmp::Ordering;

/// A version as semver.org says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pre: Vec<String>,
    build: String,
}

impl Version {
    /// Reads a version.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, build) = match text.split_once('+') {
            Some((rest, build)) => (rest, build),
            None => (text, ""),
        };
        if text.contains('+') && !build.split('.').all(is_identifier) {
            return None;
        }
        let (core, pre) = match rest.split_once('-') {
            Some((core, pre)) => (core, pre.split('.').map(str::to_owned).collect()),
            None => (rest, Vec::new()),
        };
        let is_pre = |part: &String| is_identifier(part) && (!is_number(part) || number(part).is_some());
        if !pre.iter().all(is_pre) {
            return None;
        }
        let mut numbers = core.split('.').map(number);
        let version = Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next()??,
            pre,
            build: build.to_owned(),
        };
        numbers.next().is_none().then_some(version)
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
        let core = |version: &Self| (version.major, version.minor, version.patch);
        core(self).cmp(&core(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let parts = self.pre.iter().zip(&other.pre);
                let different = parts.map(|(one, two)| identifiers(one, two)).find(|order| order.is_ne());
                different.unwrap_or_else(|| self.pre.len().cmp(&other.pre.len()))
            }
        })
    }
}

fn identifiers(one: &str, two: &str) -> Ordering {
    match (number(one), number(two)) {
        (Some(one), Some(two)) => one.cmp(&two),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.cmp(two),
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number without a leading zero.
fn number(part: &str) -> Option<u64> {
    (is_number(part) && (part == "0" || !part.starts_with('0'))).then(|| part.parse().ok())?
}

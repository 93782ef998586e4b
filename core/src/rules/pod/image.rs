//! Names of container images.

/// The tag an image name means: `latest` if it has neither tag nor digest, `None` if it has only a digest or
/// is no image name.
pub(crate) fn tag(image: &str) -> Option<&str> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return None;
    }
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, None),
    };
    if !is_repository(repository) || tag.is_some_and(|tag| !is_tag(tag)) {
        return None;
    }
    if tag.is_none() && digest.is_none() { Some("latest") } else { tag }
}

/// The pull policy an image gets that names none (ADM-04).
pub(crate) fn default_pull_policy(image: &str) -> &'static str {
    if tag(image) == Some("latest") { "Always" } else { "IfNotPresent" }
}

/// Path components with slashes between, the first of which may be a host.
fn is_repository(repository: &str) -> bool {
    let is_identifier = repository.len() == 64 && repository.bytes().all(is_hex);
    let mut path = repository;
    if let Some((first, rest)) = repository.split_once('/')
        && is_host(first)
    {
        path = rest;
    }
    !is_identifier && path.split('/').all(is_component)
}

/// What Docker takes for a host: it has a dot or a port, is `localhost`, or has upper case.
fn is_host(first: &str) -> bool {
    let has_mark = first.contains(['.', ':']) || first == "localhost";
    let (host, port) = first.split_once(':').map_or((first, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (has_mark || first.bytes().any(|byte| byte.is_ascii_uppercase()))
        && host.split('.').all(is_label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Lower-case letters and digits, with single dots, one or two underscores or any number of dashes between.
fn is_component(component: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let separators =
        component.split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit());
    is_word(*first)
        && is_word(*last)
        && separators.into_iter().all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_latest_is_always_pulled() {
        // ADM-04
        let digest = format!("x@sha256:{}", "a".repeat(64));
        let both = format!("x:latest@sha256:{}", "a".repeat(64));
        let rows = [
            ("x", "Always"),
            ("x:latest", "Always"),
            ("registry:5000/x", "Always"),
            ("registry:5000/x:latest", "Always"),
            ("docker.io/library/x_y/z--1", "Always"),
            (both.as_str(), "Always"),
            ("app:1", "IfNotPresent"),
            ("registry:5000/x:2", "IfNotPresent"),
            (digest.as_str(), "IfNotPresent"),
            ("", "IfNotPresent"),
            ("Upper", "IfNotPresent"),
            ("x:", "IfNotPresent"),
            ("a b", "IfNotPresent"),
        ];
        for (image, policy) in rows {
            assert_eq!(default_pull_policy(image), policy, "{image}");
        }
    }
}

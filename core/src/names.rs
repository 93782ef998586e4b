//! Syntax of names, keys and label values, with upstream's messages (STORE-10, STORE-31, DEP-04).
//!
//! Every check returns [`Faults`]: what is wrong, in words for a field error, empty if nothing is. A check of
//! a good value allocates nothing. Lengths are counted in bytes, as upstream counts them.
//!
//! Not here: which check applies to which field; that is known where the kind is validated.
//!
//! ```
//! use setpoint_core::names;
//!
//! assert!(names::dns1123_label("web-0").is_empty());
//! assert_eq!(names::dns1123_label("web.0"), ["must not contain dots"]);
//! ```

use std::borrow::Cow;

/// What is wrong with a value, one message per fault.
pub type Faults = Vec<&'static str>;

/// The longest DNS label, and with it the longest label value and name part of a qualified name.
pub const LABEL_BYTES_MAX: usize = 63;

/// The longest DNS subdomain: the longest name an object can have.
pub const SUBDOMAIN_BYTES_MAX: usize = 253;

/// The longest name of a port.
pub const PORT_NAME_BYTES_MAX: usize = 15;

/// How many random characters a generated name ends with.
pub const GENERATED_SUFFIX_BYTES: usize = 5;

/// How much of `generateName` is kept in a generated name.
pub const GENERATED_BASE_BYTES_MAX: usize = LABEL_BYTES_MAX - GENERATED_SUFFIX_BYTES;

/// The characters generated names and hashes are spelled in: no vowels, nothing that looks like another.
pub const SAFE_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

macro_rules! label_format {
    () => {
        "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    };
}

macro_rules! key_format {
    () => {
        "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    };
}

macro_rules! subdomain_message {
    () => {
        concat!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
             must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '",
            label_format!(),
            r"(\.",
            label_format!(),
            ")*')"
        )
    };
}

macro_rules! key_message {
    () => {
        concat!(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '",
            key_format!(),
            "')"
        )
    };
}

const LABEL_MESSAGE: &str = concat!(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
     end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '",
    label_format!(),
    "')"
);

const DNS1035_MESSAGE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', \
     start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
     regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const WILDCARD_MESSAGE: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS \
     subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric \
     character (e.g. '*.example.com', regex used for validation is \
     '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const LABEL_VALUE_MESSAGE: &str = concat!(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
     start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
     validation is '(",
    key_format!(),
    ")?')"
);

const CONFIG_KEY_MESSAGE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' \
     (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// A DNS label (RFC 1123): `web-0`.
#[must_use]
pub fn dns1123_label(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > LABEL_BYTES_MAX {
        faults.push("must be no more than 63 characters");
    }
    if !is_dns_label(value.as_bytes()) {
        faults.push(if is_subdomain(value) { "must not contain dots" } else { LABEL_MESSAGE });
    }
    faults
}

/// A DNS subdomain (RFC 1123), one or more labels with dots between: what most objects' names are.
#[must_use]
pub fn dns1123_subdomain(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > SUBDOMAIN_BYTES_MAX {
        faults.push("must be no more than 253 characters");
    }
    if !is_subdomain(value) {
        faults.push(subdomain_message!());
    }
    faults
}

/// A DNS label as RFC 1035 has it, that does not start with a digit: what a Service's name is.
#[must_use]
pub fn dns1035_label(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > LABEL_BYTES_MAX {
        faults.push("must be no more than 63 characters");
    }
    if !(is_dns_label(value.as_bytes()) && value.starts_with(|first: char| first.is_ascii_lowercase())) {
        faults.push(DNS1035_MESSAGE);
    }
    faults
}

/// A DNS subdomain below any label: `*.example.com`.
#[must_use]
pub fn wildcard_subdomain(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > SUBDOMAIN_BYTES_MAX {
        faults.push("must be no more than 253 characters");
    }
    if !value.strip_prefix("*.").is_some_and(is_subdomain) {
        faults.push(WILDCARD_MESSAGE);
    }
    faults
}

/// A DNS name that leaves no doubt: a subdomain of at least two labels. It may end with a dot.
#[must_use]
pub fn qualified_domain(value: &str) -> Faults {
    if value.is_empty() {
        return vec!["Required value"];
    }
    let value = value.strip_suffix('.').unwrap_or(value);
    let faults = dns1123_subdomain(value);
    if !faults.is_empty() {
        return faults;
    }
    if !value.contains('.') {
        return vec!["should be a domain with at least two segments separated by dots"];
    }
    if value.split('.').any(|label| label.len() > LABEL_BYTES_MAX) {
        return vec!["must be no more than 63 characters"];
    }
    Faults::new()
}

/// A name with an optional DNS subdomain and a slash before it: label and annotation keys, finalizers,
/// condition types. (Annotation keys are checked in lower case.)
#[must_use]
pub fn qualified_name(value: &str) -> Faults {
    let mut faults = Faults::new();
    let name = match value.split_once('/') {
        None => value,
        Some((_, name)) if name.contains('/') => {
            faults.push(concat!(
                "a valid label key ",
                key_message!(),
                " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ));
            return faults;
        }
        Some((prefix, name)) => {
            prefix_faults(prefix, &mut faults);
            name
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty");
    } else if name.len() > LABEL_BYTES_MAX {
        faults.push("name part must be no more than 63 bytes");
    }
    if !is_key(name.as_bytes()) {
        faults.push(concat!("name part ", key_message!()));
    }
    faults
}

fn prefix_faults(prefix: &str, faults: &mut Faults) {
    if prefix.is_empty() {
        faults.push("prefix part must be non-empty");
        return;
    }
    if prefix.len() > SUBDOMAIN_BYTES_MAX {
        faults.push("prefix part must be no more than 253 bytes");
    }
    if !is_subdomain(prefix) {
        faults.push(concat!("prefix part ", subdomain_message!()));
    }
}

/// The value of a label; may be empty.
#[must_use]
pub fn label_value(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > LABEL_BYTES_MAX {
        faults.push("must be no more than 63 bytes");
    }
    if !value.is_empty() && !is_key(value.as_bytes()) {
        faults.push(LABEL_VALUE_MESSAGE);
    }
    faults
}

/// A name that can be one segment of a URL's path, the least every name must be (STORE-31).
#[must_use]
pub fn path_segment(value: &str) -> Faults {
    match value {
        "." => vec!["may not be '.'"],
        ".." => vec!["may not be '..'"],
        _ => path_segment_prefix(value),
    }
}

/// The start of a name that can be one segment of a URL's path.
#[must_use]
pub fn path_segment_prefix(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.as_bytes().contains(&b'/') {
        faults.push("may not contain '/'");
    }
    if value.as_bytes().contains(&b'%') {
        faults.push("may not contain '%'");
    }
    faults
}

/// The name of a port, an IANA service name (RFC 6335) in lower case.
#[must_use]
pub fn port_name(value: &str) -> Faults {
    let bytes = value.as_bytes();
    let mut faults = Faults::new();
    if bytes.len() > PORT_NAME_BYTES_MAX {
        faults.push("must be no more than 15 characters");
    }
    if bytes.is_empty() || !bytes.iter().all(|&byte| is_lower_or_digit(byte) || byte == b'-') {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        faults.push("must contain at least one letter (a-z)");
    }
    if value.contains("--") {
        faults.push("must not contain consecutive hyphens");
    }
    if bytes.starts_with(b"-") || bytes.ends_with(b"-") {
        faults.push("must not begin or end with a hyphen");
    }
    faults
}

/// The name of an environment variable, by 1.36's relaxed rule: printable ASCII without `=`.
#[must_use]
pub fn environment_variable(value: &str) -> Faults {
    if value.is_empty() {
        return vec!["environment variable name must be non-empty"];
    }
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=') {
        return Faults::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

/// A key of a ConfigMap or Secret; it becomes the name of a file.
#[must_use]
pub fn config_map_key(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > SUBDOMAIN_BYTES_MAX {
        faults.push("must be no more than 253 characters");
    }
    if value.is_empty() || !value.bytes().all(is_key_inner) {
        faults.push(CONFIG_KEY_MESSAGE);
    }
    match value {
        "." => faults.push("must not be '.'"),
        ".." => faults.push("must not be '..'"),
        _ if value.starts_with("..") => faults.push("must not start with '..'"),
        _ => {}
    }
    faults
}

/// What a `generateName` is checked as: a dash at its end is no fault, for characters will follow it.
pub fn as_prefix(generate_name: &str) -> Cow<'_, str> {
    match generate_name.strip_suffix('-') {
        Some(base) if !base.is_empty() => {
            let kept = base.char_indices().next_back().map_or(0, |(last, _)| last);
            Cow::Owned(format!("{}a", &base[..kept]))
        }
        _ => Cow::Borrowed(generate_name),
    }
}

/// A name made from a `generateName` (STORE-10): up to 58 bytes of it and five characters from `random`.
///
/// Names can collide; whoever creates the object tries again.
pub fn generate_name(base: &str, mut random: impl FnMut() -> u64) -> String {
    let kept = &base[..base.floor_char_boundary(GENERATED_BASE_BYTES_MAX)];
    let mut name = String::with_capacity(kept.len() + GENERATED_SUFFIX_BYTES);
    name.push_str(kept);
    let letters = SAFE_ALPHABET.len() as u64;
    // 27^5 is less than 2^24, so the bias of taking one number apart is below 2^-40.
    let mut rest = random();
    for _ in 0..GENERATED_SUFFIX_BYTES {
        let letter = SAFE_ALPHABET[usize::try_from(rest % letters).expect("less than 27")];
        name.push(char::from(letter));
        rest /= letters;
    }
    name
}

const fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

const fn is_key_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_dns_label(bytes: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    is_lower_or_digit(first)
        && is_lower_or_digit(last)
        && bytes.iter().all(|&byte| is_lower_or_digit(byte) || byte == b'-')
}

fn is_subdomain(value: &str) -> bool {
    value.as_bytes().split(|&byte| byte == b'.').all(is_dns_label)
}

fn is_key(bytes: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|&byte| is_key_inner(byte))
}

#[cfg(test)]
mod tests;

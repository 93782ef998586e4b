use std::net::Ipv6Addr;

/// An absolute address of the web, or an absolute path, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub(super) scheme: String,
    /// With the port.
    pub(super) host: String,
    pub(super) escaped_path: String,
    query: String,
    /// The whole, since it counts when two are compared.
    text: String,
}

impl Url {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fault =
            |why: &str| format!("URL parse error during conversion from string: parse {text:?}: {why}");
        if text.is_empty() {
            return Err(fault("empty url"));
        }
        if text.chars().any(|character| character.is_ascii_control()) {
            return Err(fault("net/url: invalid control character in URL"));
        }
        let (scheme, rest) = scheme(text).map_err(fault)?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (&rest[..end], &rest[end..])
            }
            None => ("", rest),
        };
        if !rest.starts_with('/') && scheme.is_empty() {
            return Err(fault("invalid URI for request"));
        }
        let host = host(authority).map_err(|why| fault(&why))?;
        if !has_whole_escapes(path) {
            return Err(fault("invalid URL escape"));
        }
        // An address such as `mailto:somebody` has no path.
        let path = if rest.starts_with('/') { escaped(path) } else { String::new() };
        Ok(Self { scheme, host, escaped_path: path, query: query.to_owned(), text: text.to_owned() })
    }

    /// The host without brackets and port.
    pub(super) fn hostname(&self) -> &str {
        let host = self.host.as_str();
        match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inner, _)) => inner,
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        }
    }

    /// The port, or nothing.
    pub(super) fn port(&self) -> &str {
        let end = self.host.rfind(']').unwrap_or(0);
        self.host[end..].rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// What is asked, each name with its values in their order.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        pairs
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((unescaped(name)?, unescaped(value)?))
            })
            .collect()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// What stands before the first colon, in small letters.
fn scheme(text: &str) -> Result<(String, &str), &'static str> {
    for (at, character) in text.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((text[..at].to_ascii_lowercase(), &text[at + 1..])),
            _ => break,
        }
    }
    // A colon in the first part of a path is taken for that of a scheme.
    let first = text.split('/').next().unwrap_or_default();
    if !text.starts_with('/') && first.contains(':') {
        return Err("first path segment in URL cannot contain colon");
    }
    Ok((String::new(), text))
}

fn host(authority: &str) -> Result<String, String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = if let Some(rest) = host.strip_prefix('[') {
        let (inner, port) = rest.split_once(']').ok_or("missing ']' in host")?;
        let address = inner.split_once("%25").map_or(inner, |(address, _)| address);
        if address.parse::<Ipv6Addr>().is_err() {
            return Err("invalid host".to_owned());
        }
        port
    } else {
        match host.find(':') {
            Some(at) => &host[at..],
            None => "",
        }
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    if !port.is_empty() && (!port.starts_with(':') || !digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!("invalid port {port:?} after host"));
    }
    if host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']) {
        return Err("invalid character in host name".to_owned());
    }
    Ok(host.to_owned())
}

fn has_whole_escapes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).all(|at| bytes[at] != b'%' || is_digit(at + 1) && is_digit(at + 2))
}

/// A path in which nothing stands that must be escaped.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*%[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    if !has_whole_escapes(text) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                out.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
                at += 2;
            }
            b'+' => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

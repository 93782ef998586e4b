use super::{Attributes, Subject};

/// What everybody may read: whether the server is there, and which it is. Upstream's default roles say so
/// (`system:public-info-viewer`), and whoever waits for a server asks before it can show who it is (DISC-07).
const PUBLIC: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

/// Whether everybody may ask this.
pub(crate) fn is_public(attributes: &Attributes) -> bool {
    match &attributes.subject {
        Subject::Path(path) => {
            let path = path.strip_suffix('/').unwrap_or(path);
            matches!(attributes.verb.as_str(), "get" | "head") && PUBLIC.contains(&path)
        }
        Subject::Resource(_) => false,
    }
}

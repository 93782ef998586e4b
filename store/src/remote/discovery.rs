//! Kinds that a server has and this program does not know.

use std::sync::Arc;

use kube::core::discovery::v2::{APIGroupDiscoveryList, APIResourceDiscovery};
use setpoint_core::Result;
use setpoint_core::kind::{Kind, Scope, ServedVersion};

use super::address::Address;
use super::decode;
use super::list::unreadable;
use super::request::Request;
use super::store::Remote;
use crate::request::RequestContext;

/// The one form in which all groups are told at once (DISC-04).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What a kind must offer so that a store can hold it.
const VERBS: [&str; 3] = ["get", "list", "watch"];

impl Remote {
    /// Asks the server what it has, and registers the kinds that are not known here, as JSON without rules, in the version
    /// that the server prefers. Gives these. What has no list or no watch is passed over.
    ///
    /// Kinds of definitions are followed by [`Definitions`](crate::Definitions) while the program runs; this is for
    /// all that is there, aggregated APIs too.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::get`](crate::ObjectStore::get).
    pub async fn discover(&self) -> Result<Vec<Arc<Kind>>> {
        let context = RequestContext::system("discovery");
        let mut registered = Vec::new();
        for path in ["/api", "/apis"] {
            let request = Request { accept: AGGREGATED, ..Request::get(Address::plain(path)) };
            let answer = self.inner().exchange.ask(&context, &request).await?;
            let text = decode::utf8(&answer.body).map_err(unreadable)?;
            let list: APIGroupDiscoveryList = decode::read(text).map_err(unreadable)?;
            registered.extend(self.register(list));
        }
        Ok(registered)
    }

    fn register(&self, list: APIGroupDiscoveryList) -> Vec<Arc<Kind>> {
        let registry = &self.inner().registry;
        let mut registered = Vec::new();
        for group in list.items {
            let name = group.metadata.and_then(|meta| meta.name).unwrap_or_default();
            // The preferred version is the first; what only others have follows.
            for version in group.versions {
                let served =
                    ServedVersion { group: name.clone(), version: version.version.unwrap_or_default() };
                let kinds = version.resources.into_iter().filter_map(|resource| kind(&served, resource));
                registered.extend(kinds.filter_map(|kind| registry.register_kind(kind).ok()));
            }
        }
        registered
    }
}

/// A kind that nothing is known of but its names.
fn kind(served: &ServedVersion, resource: APIResourceDiscovery) -> Option<Kind> {
    let offers = |verb: &&str| resource.verbs.iter().any(|offered| offered == verb);
    if !VERBS.iter().all(offers) {
        return None;
    }
    let (plural, name) = (resource.resource?, resource.response_kind?.kind.filter(|kind| !kind.is_empty())?);
    let scope = if resource.scope.as_deref() == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced };
    let mut kind = Kind::untyped(&served.group, &served.version, &name, &plural, scope);
    kind.has_status = resource.subresources.iter().any(|sub| sub.subresource.as_deref() == Some("status"));
    kind.names.short = resource.short_names;
    kind.names.categories = resource.categories;
    if let Some(singular) = resource.singular_resource.filter(|singular| !singular.is_empty()) {
        kind.names.singular = singular;
    }
    Some(kind)
}

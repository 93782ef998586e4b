//! Acting as somebody else (AUTH-04).

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use setpoint_core::{Error, Result};
use setpoint_store::request::User;

use super::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED};
use crate::authorization::{Attributes, Resource, Subject};
use crate::percent;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";
const ACCOUNT: &str = "system:serviceaccount:";

/// How many things one request may claim to be.
const CLAIMS_MAX: usize = 64;

/// Whom a request is to be treated as coming from; `None` if that is its sender.
///
/// # Errors
///
/// If the headers say no user, or cannot be read.
pub(crate) fn wanted(headers: &HeaderMap) -> Result<Option<User>> {
    let text = |value: &http::HeaderValue| {
        let text = value.to_str().map_err(|_| Error::bad_request("an impersonation header is no text"))?;
        Ok::<_, Error>(text.to_owned())
    };
    let mut user = User::default();
    let mut claims = 0;
    for (name, value) in headers {
        let name = name.as_str();
        match name {
            USER if user.name.is_empty() => user.name = text(value)?,
            USER => return Err(Error::bad_request("several users are to be impersonated")),
            UID => user.uid = text(value)?,
            GROUP => user.groups.push(text(value)?),
            _ => match name.strip_prefix(EXTRA) {
                Some(key) => {
                    let key = percent::decode(key).unwrap_or_else(|| key.to_owned());
                    user.extra.entry(key).or_default().push(text(value)?);
                }
                None => continue,
            },
        }
        claims += 1;
        if claims > CLAIMS_MAX {
            return Err(Error::bad_request(format!("more than {CLAIMS_MAX} things are to be impersonated")));
        }
    }
    match (claims, user.name.is_empty()) {
        (0, _) => Ok(None),
        (_, true) => Err(Error::bad_request("groups, uid or extra are to be impersonated without a user")),
        (_, false) => Ok(Some(user)),
    }
}

/// What the sender must be allowed to do for this.
pub(crate) fn demands(sender: &Arc<User>, wanted: &User) -> Vec<Attributes> {
    let demand = |group: &str, resource: &str, sub: &str, namespace: &str, name: &str| {
        let subject = Subject::Resource(Resource {
            group: group.to_owned(),
            version: if group.is_empty() { String::new() } else { "v1".to_owned() },
            resource: resource.to_owned(),
            subresource: sub.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
        Attributes { user: Arc::clone(sender), verb: "impersonate".to_owned(), subject }
    };
    let of_user = match account(&wanted.name) {
        Some((namespace, name)) => demand("", "serviceaccounts", "", namespace, name),
        None => demand("", "users", "", "", &wanted.name),
    };
    let mut demands = vec![of_user];
    demands.extend(wanted.groups.iter().map(|group| demand("", "groups", "", "", group)));
    for (key, values) in &wanted.extra {
        demands
            .extend(values.iter().map(|value| demand("authentication.k8s.io", "userextras", key, "", value)));
    }
    if !wanted.uid.is_empty() {
        demands.push(demand("authentication.k8s.io", "uids", "", "", &wanted.uid));
    }
    demands
}

/// The user that a request is then treated as coming from, with the groups that go without saying.
pub(crate) fn completed(mut wanted: User) -> User {
    if let (Some((namespace, _)), true) = (account(&wanted.name), wanted.groups.is_empty()) {
        wanted.groups =
            vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    }
    let own = if wanted.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
    if !wanted.groups.iter().any(|group| group == own) {
        wanted.groups.push(own.to_owned());
    }
    let extra = std::mem::take(&mut wanted.extra);
    wanted.extra =
        extra.into_iter().map(|(key, values)| (key.to_lowercase(), values)).collect::<BTreeMap<_, _>>();
    wanted
}

/// Namespace and name of a service account, if a user is one.
fn account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(ACCOUNT)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

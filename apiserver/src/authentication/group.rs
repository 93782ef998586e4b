use setpoint_store::request::User;

/// The group that may do everything (AUTH-05).
pub const MASTERS: &str = "system:masters";

/// The group of everybody who is known.
pub const AUTHENTICATED: &str = "system:authenticated";

/// The group of everybody else.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";

/// The name of everybody who is not known.
pub const ANONYMOUS: &str = "system:anonymous";

/// Who shows nothing.
pub fn anonymous() -> User {
    User { name: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()], ..User::default() }
}

/// Somebody who may do everything.
pub fn administrator() -> User {
    let groups = vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()];
    User { name: "kubernetes-admin".to_owned(), groups, ..User::default() }
}

/// The same user, in the group of those who are known.
pub(crate) fn authenticated(mut user: User) -> User {
    let is_told = user.groups.iter().any(|group| group == AUTHENTICATED || group == UNAUTHENTICATED);
    if !is_told && user.name != ANONYMOUS {
        user.groups.push(AUTHENTICATED.to_owned());
    }
    user
}

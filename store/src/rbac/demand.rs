/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand<'a> {
    /// How it is done.
    pub verb: &'a str,
    /// To what.
    pub thing: Thing<'a>,
}

/// What something is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing<'a> {
    /// Objects; what is not said is empty.
    Object {
        /// The API group.
        group: &'a str,
        /// The plural name.
        resource: &'a str,
        /// The subresource.
        subresource: &'a str,
        /// The namespace; empty for all of them, and for objects that live in none.
        namespace: &'a str,
        /// The object; empty for a collection.
        name: &'a str,
    },
    /// A path that leads to no objects.
    Path(&'a str),
}

impl<'a> Demand<'a> {
    /// Where rules may come from: those of this namespace count, beside those of the whole cluster.
    pub(super) const fn namespace(&self) -> &'a str {
        match self.thing {
            Thing::Object { namespace, .. } => namespace,
            Thing::Path(_) => "",
        }
    }
}

use crate::field::FieldErrors;
use crate::names;
use crate::object::{Draft, Object};
use crate::rules::object_meta::{self, Scope};

/// Which side of an object a request addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subresource {
    /// The object itself.
    Main,
    /// What was observed of it.
    Status,
    /// How many replicas it has.
    Scale,
    /// The node a pod is assigned to.
    Binding,
    /// A namespace's own finalizers.
    Finalize,
    /// The containers that were added to a running pod.
    EphemeralContainers,
    /// The resources of a running pod's containers.
    Resize,
}

impl Subresource {
    /// The word in paths, admission requests and ownership records; empty for the object itself.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Status => "status",
            Self::Scale => "scale",
            Self::Binding => "binding",
            Self::Finalize => "finalize",
            Self::EphemeralContainers => "ephemeralcontainers",
            Self::Resize => "resize",
        }
    }
}

/// A kind's own part of the write pipeline (STORE-12).
///
/// All functions are pure: the same arguments give the same result, so a store may remember results for
/// parts it has seen. What is common to all kinds (metadata, status isolation, conflicts, finalizers) is
/// the store's.
pub trait KindRules: Send + Sync {
    /// Takes everything over from the old version that is not written through a subresource of the kind's own.
    fn keep_rest(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let _ = (draft, old, side);
    }

    /// Fills in defaults of metadata and spec and brings values into the form in which equal means the same
    /// (ADM-01).
    fn default(&self, draft: &mut Draft) {
        let _ = draft;
    }

    /// The same for a status. Called only if there is one.
    fn default_status(&self, draft: &mut Draft) {
        let _ = draft;
    }

    /// Sets what the server decides at creation, such as the first status (ADM-06). Runs after admission.
    fn prepare_create(&self, draft: &mut Draft) {
        let _ = draft;
    }

    /// Restores what this side of the object may not change. Runs after the store kept spec and status
    /// apart.
    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let _ = (draft, old, side);
    }

    /// All that is wrong with a new object, its metadata included.
    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        object_meta::validate(draft.meta(), scope(draft), names::dns1123_subdomain)
    }

    /// All that is wrong with a change. The store looks at the metadata's general rules itself; kinds look at
    /// its changes once more, as upstream's do, which clients see in repeated causes.
    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let _ = side;
        let mut errors = FieldErrors::new();
        object_meta::check_update(draft.meta(), old.meta(), &mut errors);
        errors
    }

    /// What is wrong with a name, given or generated (ADM-12). All that is looked at if another object that
    /// differs in nothing but its name was found valid before.
    fn validate_name(&self, name: &str) -> Vec<String> {
        names::dns1123_subdomain(name).into_iter().map(str::to_owned).collect()
    }

    /// What the client should be warned of.
    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let _ = (draft, old);
        Vec::new()
    }

    /// Whether this change of the main side counts as a new generation (STORE-13, STORE-14). Asked after
    /// `prepare_update`.
    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        !draft.kind().representation.spec_eq(draft.spec_part(), old.spec_part())
    }

    /// The grace period in seconds that deleting `object` takes, given what the request asks for; `None`
    /// if the kind knows no graceful deletion (STORE-22).
    fn deletion_grace_seconds(&self, object: &Object, requested: Option<i64>) -> Option<i64> {
        let _ = (object, requested);
        None
    }

    /// What else changes in an object when its deletion begins.
    fn begin_deletion(&self, draft: &mut Draft) {
        let _ = draft;
    }

    /// Whether something beside finalizers in the metadata keeps a terminating object.
    fn is_held(&self, draft: &Draft) -> bool {
        let _ = draft;
        false
    }

    /// What holds for all objects of the kind.
    fn traits(&self) -> Traits {
        Traits::default()
    }
}

/// What holds for all objects of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// An update of a missing object creates it (STORE-06).
    pub creates_on_update: bool,
    /// An update needs no resource version (STORE-05).
    pub updates_unconditionally: bool,
    /// A deletion answers with the object instead of a status (STORE-26).
    pub answers_deleted_object: bool,
    /// The status that a creation sends is kept.
    pub creates_with_status: bool,
    /// Objects have a generation.
    pub has_generation: bool,
    /// What a deletion without a policy means (STORE-25).
    pub default_propagation: DefaultPropagation,
}

/// What a deletion without a policy means (STORE-25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultPropagation {
    /// Dependents are collected afterwards.
    Background,
    /// Dependents lose their reference.
    Orphan,
    /// The kind takes no part in garbage collection.
    Unsupported,
}

impl Traits {
    /// Those of a custom kind.
    pub const CUSTOM: Self = Self {
        creates_on_update: false,
        updates_unconditionally: false,
        answers_deleted_object: false,
        creates_with_status: false,
        has_generation: true,
        default_propagation: DefaultPropagation::Background,
    };
}

impl Default for Traits {
    /// Those of a custom kind.
    fn default() -> Self {
        Self::CUSTOM
    }
}

fn scope(draft: &Draft) -> Scope {
    if draft.kind().is_namespaced() { Scope::Namespaced } else { Scope::Cluster }
}

/// The rules of kinds without any of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRules;

impl KindRules for NoRules {}

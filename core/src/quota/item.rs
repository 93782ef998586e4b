use std::any::Any;

use crate::builtin::SharedPodSpec;
use crate::kind::Kind;
use crate::object::{Draft, Meta, Object, Part};

/// An object, written or to be written, that is measured.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its kind.
    pub kind: &'a Kind,
    /// Its metadata.
    pub meta: &'a Meta,
    spec: &'a Part,
    status: Option<&'a Part>,
}

impl<'a> Item<'a> {
    pub(super) fn spec<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        self.spec.get()
    }

    pub(super) fn status<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        self.status?.get()
    }

    /// The pod's spec, if it is a pod.
    pub(super) fn pod(&self) -> Option<&'a SharedPodSpec> {
        self.spec()
    }
}

impl<'a> From<&'a Draft> for Item<'a> {
    fn from(draft: &'a Draft) -> Self {
        Self { kind: draft.kind(), meta: draft.meta(), spec: draft.spec_part(), status: draft.status_part() }
    }
}

impl<'a> From<&'a Object> for Item<'a> {
    fn from(object: &'a Object) -> Self {
        let (kind, meta) = (&**object.kind(), object.meta());
        Self { kind, meta, spec: object.spec_part(), status: object.status_part() }
    }
}

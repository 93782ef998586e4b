use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::{Object, ObjectRef};
use crate::kind::{DecodeError, Parts};

/// An object known to be of kind `K`: an [`Object`] that is read as the API type.
///
/// [`Obj::whole`] and `*object` give the whole value, built once for each version of the object. For
/// built-in kinds [`Obj::spec`] and [`Obj::status`] read the shared parts and build nothing.
pub struct Obj<K> {
    object: ObjectRef,
    whole: std::sync::OnceLock<Arc<K>>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Send + Sync + 'static> Obj<K> {
    /// Takes an object to be of kind `K`.
    ///
    /// # Errors
    ///
    /// If it is kept as JSON and does not fit the type, or is of another kind.
    pub fn new(object: ObjectRef) -> Result<Self, DecodeError> {
        let whole = object.to_whole::<K>()?;
        Ok(Self { object, whole: whole.into(), kind: PhantomData })
    }

    /// The value of the API type.
    pub fn whole(&self) -> &Arc<K> {
        self.whole.get_or_init(|| {
            // For kinds with parts the conversion cannot fail; for others `new` has made it.
            self.object.to_whole::<K>().expect("an Obj fits its type")
        })
    }

    /// The erased object.
    pub fn object(&self) -> &ObjectRef {
        &self.object
    }

    /// The erased object, for good.
    pub fn into_object(self) -> ObjectRef {
        self.object
    }
}

impl<K: Parts> Obj<K> {
    /// Takes an object to be of a kind with parts, and builds nothing; `None` if it is of another.
    pub fn of_parts(object: ObjectRef) -> Option<Self> {
        object.spec::<K::Spec>()?;
        Some(Self { object, whole: std::sync::OnceLock::new(), kind: PhantomData })
    }

    /// Everything but metadata and status, shared.
    pub fn spec(&self) -> &K::Spec {
        self.object.spec().expect("of_parts and new have seen a spec of this type")
    }

    /// What was observed, shared.
    pub fn status(&self) -> Option<&K::Status> {
        self.object.status()
    }
}

impl<K: Send + Sync + 'static> Deref for Obj<K> {
    type Target = K;

    fn deref(&self) -> &K {
        self.whole()
    }
}

impl<K> Clone for Obj<K> {
    fn clone(&self) -> Self {
        Self { object: Arc::clone(&self.object), whole: self.whole.clone(), kind: PhantomData }
    }
}

impl<K> AsRef<Object> for Obj<K> {
    fn as_ref(&self) -> &Object {
        &self.object
    }
}

impl<K> fmt::Debug for Obj<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}

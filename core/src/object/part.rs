use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A shared part of an object, a spec or a status, of a type that its kind knows.
#[derive(Clone)]
pub struct Part(Arc<dyn Any + Send + Sync>);

impl Part {
    /// A part of its own.
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// A part that is shared already.
    pub fn shared<T: Any + Send + Sync>(value: Arc<T>) -> Self {
        Self(value)
    }

    /// The value, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The value to share, if it is of this type.
    pub fn to_shared<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.0).downcast().ok()
    }

    /// The value to change, if it is of this type; copied first if somebody else has it.
    pub fn make_mut<T: Any + Send + Sync + Clone>(&mut self) -> Option<&mut T> {
        if Arc::get_mut(&mut self.0).is_none() {
            let copy = self.get::<T>()?.clone();
            self.0 = Arc::new(copy);
        }
        Arc::get_mut(&mut self.0)?.downcast_mut()
    }

    /// Whether somebody else holds it too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Whether both are the very same part.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }

    /// Identifies the part while it lives.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part(..)")
    }
}

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};

/// What this process is writing: when the watch tells of it, it is what was written, and not read again. So it shares its
/// parts with what it was made of, and whoever wrote it gets the very object that is read from then on.
#[derive(Default)]
pub(super) struct OwnWrites(Mutex<FxHashMap<Vec<u8>, Vec<Arc<OwnWrite>>>>);

/// One value on its way.
pub(super) struct OwnWrite {
    pub(super) value: Vec<u8>,
    draft: Draft,
    made: Mutex<Option<ObjectRef>>,
}

/// Forgets what was written, when its writer does.
pub(super) struct Noted<'a> {
    writes: &'a OwnWrites,
    path: Vec<u8>,
    write: Arc<OwnWrite>,
}

impl OwnWrites {
    pub(super) fn note(&self, path: &[u8], value: Vec<u8>, draft: Draft) -> Noted<'_> {
        let write = Arc::new(OwnWrite { value, draft, made: Mutex::default() });
        self.0.lock().entry(path.to_vec()).or_default().push(Arc::clone(&write));
        Noted { writes: self, path: path.to_vec(), write }
    }

    /// The object that a value is, if it is on its way from here.
    pub(super) fn find(&self, path: &[u8], value: &[u8], revision: Revision) -> Option<ObjectRef> {
        let writes = self.0.lock();
        let write = writes.get(path)?.iter().find(|write| write.value == value)?;
        Some(write.made(revision))
    }
}

impl OwnWrite {
    /// The object, the same each time.
    fn made(&self, revision: Revision) -> ObjectRef {
        let made = &mut *self.made.lock();
        match made {
            Some(made) if made.revision() == revision => Arc::clone(made),
            _ => {
                let object = Arc::new(Object::from_draft(self.draft.clone(), revision));
                *made = Some(Arc::clone(&object));
                object
            }
        }
    }
}

impl Noted<'_> {
    pub(super) fn value(&self) -> &[u8] {
        &self.write.value
    }

    pub(super) fn object(&self, revision: Revision) -> ObjectRef {
        self.write.made(revision)
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let mut writes = self.writes.0.lock();
        if let Some(of_path) = writes.get_mut(&self.path) {
            of_path.retain(|write| !Arc::ptr_eq(write, &self.write));
            if of_path.is_empty() {
                writes.remove(&self.path);
            }
        }
    }
}

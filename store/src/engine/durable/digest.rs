use super::codec::RawKey;
use setpoint_core::object::{Object, Revision};

/// What a set of objects comes to: the same whatever the order (INV-ST-17).
///
/// It is of the places and revisions of the objects. What an object is at a revision, the checksums of the records say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest {
    /// How many there are.
    pub(super) count: u64,
    pub(super) sum: u64,
}

impl Digest {
    pub(super) fn add(&mut self, key: &RawKey, revision: Revision) {
        let place = (&*key.kind.group, &*key.kind.resource, &*key.namespace, &*key.name);
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(value(place, revision));
    }

    pub(super) fn remove(&mut self, key: &RawKey, revision: Revision) {
        let place = (&*key.kind.group, &*key.kind.resource, &*key.namespace, &*key.name);
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(value(place, revision));
    }

    pub(super) fn add_object(&mut self, object: &Object) {
        let resource = &object.kind().resource;
        let (namespace, name) = object.place();
        self.count = self.count.wrapping_add(1);
        self.sum = self
            .sum
            .wrapping_add(value((&resource.group, &resource.resource, namespace, name), object.revision()));
    }
}

fn value((group, resource, namespace, name): (&str, &str, &str, &str), revision: Revision) -> u64 {
    let mut place = 0;
    for part in [group, resource, namespace, name] {
        place = crc32c::crc32c_append(place, part.as_bytes());
        place = crc32c::crc32c_append(place, b"/");
    }
    // The finalizer of splitmix64: every bit of the input changes half of the output.
    let mut mixed = revision.0 ^ (u64::from(place) << 32) ^ u64::from(place);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

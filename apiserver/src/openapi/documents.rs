use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use setpoint_core::kind::{Kind, Registry};

use super::{v2, v3};
use crate::reviews;

/// The documents of a registry's kinds, each built when it is first asked for, and kept until there are other kinds.
#[derive(Debug)]
pub struct Documents {
    registry: Registry,
    built: Mutex<Built>,
}

/// A document in JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// The JSON.
    pub body: Bytes,
    /// Differs if the JSON does: its entity tag, without quotes.
    pub hash: String,
}

#[derive(Debug, Default)]
struct Built {
    /// The registry's version whose kinds they are of.
    version: u64,
    index: Option<Arc<Document>>,
    versions: BTreeMap<String, Arc<Document>>,
    all: Option<Arc<Document>>,
}

impl Documents {
    /// Of these kinds, those included that are added later.
    pub fn new(registry: Registry) -> Self {
        Self { registry, built: Mutex::default() }
    }

    /// `/openapi/v3`: where the documents of the groups and versions are, with their hashes.
    pub fn index(&self) -> Arc<Document> {
        let (version, kinds) = self.served();
        if let Some(index) = &self.current(version).index {
            return Arc::clone(index);
        }
        let mut paths = Map::new();
        for path in group_versions(&kinds) {
            if let Some(document) = self.version(&path) {
                let url = format!("/openapi/v3/{path}?hash={}", document.hash);
                paths.insert(path, json!({ "serverRelativeURL": url }));
            }
        }
        let index = Document::new(&json!({ "paths": paths }));
        Arc::clone(self.current(version).index.insert(index))
    }

    /// `/openapi/v3/PATH` of a path such as `api/v1` or `apis/apps/v1`; `None` if nothing is served there.
    pub fn version(&self, path: &str) -> Option<Arc<Document>> {
        let (version, kinds) = self.served();
        if let Some(document) = self.current(version).versions.get(path) {
            return Some(Arc::clone(document));
        }
        if !group_versions(&kinds).contains(path) {
            return None;
        }
        let (group, served) = match path.strip_prefix("apis/") {
            Some(rest) => rest.split_once('/')?,
            None => ("", path.strip_prefix("api/")?),
        };
        // Built without the lock; if two do, the result is the same.
        let document = Document::new(&v3::document(&kinds, group, served));
        self.current(version).versions.insert(path.to_owned(), Arc::clone(&document));
        Some(document)
    }

    /// `/openapi/v2`: everything.
    pub fn all(&self) -> Arc<Document> {
        let (version, kinds) = self.served();
        if let Some(all) = &self.current(version).all {
            return Arc::clone(all);
        }
        let all = Document::new(&v2::document(&kinds));
        Arc::clone(self.current(version).all.insert(all))
    }

    /// What is served: what the registry has, and questions, with the registry's version.
    fn served(&self) -> (u64, Vec<Arc<Kind>>) {
        let (version, mut kinds) = (self.registry.version(), self.registry.kinds());
        kinds.extend(reviews::all().iter().cloned());
        (version, kinds)
    }

    /// What has been built of the kinds of this version.
    fn current(&self, version: u64) -> parking_lot::MutexGuard<'_, Built> {
        let mut built = self.built.lock();
        if built.version != version {
            *built = Built { version, ..Built::default() };
        }
        built
    }
}

impl Document {
    fn new(value: &Value) -> Arc<Self> {
        let body = Bytes::from(value.to_string());
        let hash = format!("{:032X}", fnv_1a(&body));
        Arc::new(Self { body, hash })
    }
}

/// `api/v1`, `apis/apps/v1`, ...
fn group_versions(kinds: &[Arc<Kind>]) -> BTreeSet<String> {
    let served = kinds.iter().flat_map(|kind| &kind.versions);
    served
        .map(|served| match &*served.group {
            "" => format!("api/{}", served.version),
            group => format!("apis/{group}/{}", served.version),
        })
        .collect()
}

/// Fowler, Noll and Vo's hash of 128 bits: documents are told apart, not protected.
fn fnv_1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

//! The hash of a pod template that names a ReplicaSet and labels its pods (DEP-18).
//!
//! The same template and collision count give the same hash as long as the template's JSON stays the same. The
//! value is upstream's in form only: clients see ten letters and digits at most and must not look into them.

use std::io;

use k8s_openapi::api::core::v1::PodTemplateSpec;

use crate::names::{SAFE_ALPHABET, SUBDOMAIN_BYTES_MAX};

const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// The hash of a template, spelled so that it can be part of a name and makes no word.
///
/// Another `collision_count` gives another hash, for when an unlike ReplicaSet has the name already.
pub fn template_hash(template: &PodTemplateSpec, collision_count: Option<i32>) -> String {
    let mut hasher = Fnv1a(FNV_OFFSET);
    serde_json::to_writer(&mut hasher, template).expect("templates have text keys and the hasher takes all");
    if let Some(count) = collision_count {
        hasher.update(&count.to_le_bytes());
        hasher.update(&[0; 4]);
    }
    spell(&hasher.0.to_string())
}

/// The name of the object that `owner` makes for a template with this hash: `web-64bb598779`.
///
/// The owner's name is cut so that the whole has at most 253 bytes.
pub fn hashed_name(owner: &str, hash: &str) -> String {
    let room = SUBDOMAIN_BYTES_MAX.saturating_sub(hash.len() + 1);
    let kept = &owner[..owner.floor_char_boundary(room)];
    format!("{kept}-{hash}")
}

/// Each byte as the letter of the alphabet it comes to when counted round it.
fn spell(text: &str) -> String {
    let letter = |byte: u8| char::from(SAFE_ALPHABET[usize::from(byte) % SAFE_ALPHABET.len()]);
    text.bytes().map(letter).collect()
}

/// FNV-1a of 32 bits, fed by whoever can write.
#[derive(Debug)]
struct Fnv1a(u32);

impl Fnv1a {
    fn update(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(FNV_PRIME));
    }
}

impl io::Write for Fnv1a {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use k8s_openapi::api::core::v1::{Container, PodSpec};

    use super::*;
    use crate::names::dns1123_subdomain;

    fn template(image: &str) -> PodTemplateSpec {
        let container =
            Container { name: "web".to_owned(), image: Some(image.to_owned()), ..Container::default() };
        PodTemplateSpec {
            spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
            ..PodTemplateSpec::default()
        }
    }

    #[test]
    fn is_fnv_1a() {
        for (text, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            let mut hasher = Fnv1a(FNV_OFFSET);
            hasher.update(text.as_bytes());
            assert_eq!(hasher.0, hash, "{text}");
        }
    }

    #[test]
    fn digits_are_spelled_as_upstreams() {
        assert_eq!(spell("0123456789"), "456789bcdf");
    }

    #[test]
    fn the_same_template_has_the_same_hash() {
        // DEP-18: a Deployment made again finds the ReplicaSet of its old name.
        assert_eq!(template_hash(&template("web:1"), None), template_hash(&template("web:1"), None));
        assert_eq!(template_hash(&template("web:1"), None), "7d4cf87ddf");
    }

    #[test]
    fn templates_and_collision_counts_change_the_hash() {
        // DEP-18
        let mut hashes = BTreeSet::new();
        for image in ["web:1", "web:2"] {
            for count in [None, Some(0), Some(1), Some(2), Some(i32::MAX)] {
                let hash = template_hash(&template(image), count);
                assert!((1..=10).contains(&hash.len()), "{hash}");
                assert!(hashes.insert(hash));
            }
        }
    }

    #[test]
    fn names_are_cut_to_253_bytes() {
        // DEP-18
        assert_eq!(hashed_name("web", "64bb598779"), "web-64bb598779");
        for length in [241, 242, 243, 250, 253] {
            let name = hashed_name(&"a".repeat(length), "64bb598779");
            assert_eq!(name.len(), (length + 11).min(253));
            assert!(name.ends_with("-64bb598779") && dns1123_subdomain(&name).is_empty());
        }
        assert_eq!(hashed_name(&"ä".repeat(200), "4").len(), 252);
    }
}

//! The kept inputs, and some thousands made from them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::*;

/// How many inputs are made for each target.
const MADE: usize = 3_000;

/// Pieces that mean something in one of the languages.
const WORDS: [&str; 48] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "\0",
    "\\",
    "\\u0000",
    "-",
    "+",
    ".",
    "1e400",
    "-0",
    "9223372036854775808",
    "18446744073709551616",
    "2147483648",
    "0.1",
    "..",
    "%2e",
    "%2f",
    "%25",
    "%00",
    "/",
    "//",
    "~1",
    "~0",
    "*",
    "?",
    "/5",
    "1-5",
    "=",
    "==",
    "!=",
    " in (",
    " notin (",
    ")",
    "!",
    "Ki",
    "e9",
    "m",
    "&a ",
    "*a",
    "\n",
    "  ",
];

#[test]
fn apply_keeps_its_promises() {
    play("apply");
}

#[test]
fn cel_keeps_its_promises() {
    play("cel");
}

#[test]
fn cron_keeps_its_promises() {
    play("cron");
}

#[test]
fn field_selector_keeps_its_promises() {
    play("field_selector");
}

#[test]
fn json_body_keeps_its_promises() {
    play("json_body");
}

#[test]
fn json_patch_keeps_its_promises() {
    play("json_patch");
}

#[test]
fn label_selector_keeps_its_promises() {
    play("label_selector");
}

#[test]
fn merge_patch_keeps_its_promises() {
    play("merge_patch");
}

#[test]
fn path_keeps_its_promises() {
    play("path");
}

#[test]
fn protobuf_body_keeps_its_promises() {
    play("protobuf_body");
}

#[test]
fn quantity_keeps_its_promises() {
    play("quantity");
}

#[test]
fn schema_keeps_its_promises() {
    play("schema");
}

#[test]
fn strategic_patch_keeps_its_promises() {
    play("strategic_patch");
}

#[test]
fn yaml_body_keeps_its_promises() {
    play("yaml_body");
}

#[test]
fn every_target_has_a_program_and_kept_inputs() {
    let fuzz = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("the fuzz workspace is there");
    for (name, _) in TARGETS {
        assert!(fuzz.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(!kept(name).is_empty(), "{name}");
    }
}

/// Runs a target on what is kept for it, and on what is made of that.
fn play(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let kept = kept(name);
    for input in &kept {
        run(name, *target, input);
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(name.len() as u64);
    for _ in 0..MADE {
        let input = made(&kept, &mut random);
        run(name, *target, &input);
    }
}

/// Runs it, and tells the input if a promise is broken.
fn run(name: &str, target: fn(&[u8]), input: &[u8]) {
    let outcome = catch_unwind(AssertUnwindSafe(|| target(input)));
    assert!(outcome.is_ok(), "{name} on {:?}", String::from_utf8_lossy(input));
}

/// The inputs that are kept, in order of their names.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus")).join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter_map(|file| std::fs::read(file).ok()).collect()
}

/// A kept input with some changes.
fn made(kept: &[Vec<u8>], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut below = |bound: usize| (random.next_u64() % bound.max(1) as u64) as usize;
    let mut input = kept[below(kept.len())].clone();
    for _ in 0..=below(4) {
        let at = below(input.len() + 1);
        match below(6) {
            0 => drop(input.splice(at..at, WORDS[below(WORDS.len())].bytes())),
            1 if at < input.len() => input[at] = below(256) as u8,
            2 if at < input.len() => input[at] ^= 1 << below(8),
            3 => drop(input.drain(at..(at + below(8)).min(input.len()))),
            4 => {
                let other = &kept[below(kept.len())];
                let from = below(other.len() + 1);
                let piece = other[from..(from + below(24)).min(other.len())].to_vec();
                drop(input.splice(at..at, piece));
            }
            _ => {
                let piece = input[at..(at + below(24)).min(input.len())].to_vec();
                drop(input.splice(at..at, piece));
            }
        }
    }
    input
}

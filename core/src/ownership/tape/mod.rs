//! Objects written down for comparison: no JSON value is built, only what a comparison needs.
//!
//! A [`Tape`] is made from anything that serializes, along the schema. What is owned whole is kept as a hash of 64
//! bits; two different values with one hash would be taken for the same, and their change not be recorded.

mod compare;
mod hash;
mod walk;

use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde::Serialize;

use self::walk::Walk;
use super::{Comparison, Element};
use crate::schema::Node as Place;

/// The fields of one value of a known type, in order.
#[derive(Debug)]
pub struct Tape {
    /// Each before what is in it; the first is the value itself.
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    element: Element,
    /// Where what is in it ends.
    end: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Something that is owned whole, by its hash.
    Leaf(u64),
    /// Something in which fields or items are owned one by one.
    Branch(Empty),
}

/// What a branch is if there is nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Empty {
    Null,
    Map,
    List,
}

impl Tape {
    /// Writes a value down. Fields that a server never leaves out are there even if the value has none.
    ///
    /// What does not serialize to JSON counts as null.
    pub fn of<T: Serialize + ?Sized>(value: &T, place: &'static Place) -> Self {
        let mut tape = Self { nodes: Vec::with_capacity(64) };
        tape.write(Element::Index(0), value, place);
        tape
    }

    /// Writes an object without any field of its own.
    pub fn empty(place: &'static Place) -> Self {
        Self::of(&serde_json::Map::new(), place)
    }

    /// What differs from this value to `new`.
    pub fn compare(&self, new: &Self) -> Comparison {
        compare::compare(self, new)
    }

    /// Whether both differ in the same fields from `base`, whatever the values are. May be false though they do.
    pub fn is_alike(&self, other: &Self, base: &Self) -> bool {
        let same_form = |one: Form, other: Form| match (one, other) {
            // A value differs from all values of the base, or is the same as the other one.
            (Form::Leaf(one), Form::Leaf(other)) => one == other || !(base.has(one) || base.has(other)),
            (one, other) => one == other,
        };
        self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(|(one, other)| {
                one.end == other.end && same_form(one.form, other.form) && one.element == other.element
            })
    }

    /// Whether a leaf has this hash.
    fn has(&self, leaf: u64) -> bool {
        self.nodes.iter().any(|node| node.form == Form::Leaf(leaf))
    }

    /// Equal for tapes that are alike.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = LeafHasher::default();
        for node in &self.nodes {
            hasher.write_usize(node.end);
            if let Element::Field(name) = &node.element {
                hasher.write(name.as_bytes());
            }
        }
        hasher.finish()
    }

    /// Appends a value and what is in it.
    fn write<T: Serialize + ?Sized>(&mut self, element: Element, value: &T, place: &'static Place) -> usize {
        let at = self.open(element);
        let walk = Walk { tape: self, at, place, item_of: None };
        if value.serialize(walk).is_err() {
            self.nodes.truncate(at + 1);
        }
        self.close(at);
        at
    }

    fn open(&mut self, element: Element) -> usize {
        self.nodes.push(Node { element, end: 0, form: Form::Branch(Empty::Null) });
        self.nodes.len() - 1
    }

    fn close(&mut self, at: usize) {
        let end = self.nodes.len();
        self.node_mut(at).end = end;
    }

    fn node_mut(&mut self, at: usize) -> &mut Node {
        self.nodes.get_mut(at).expect("a node that was opened stays")
    }
}

/// The hasher of leaves: not random, so that runs are repeatable.
type LeafHasher = FxHasher;

use smallvec::SmallVec;

use super::{Form, Node, Tape};
use crate::ownership::set::Node as SetNode;
use crate::ownership::{Comparison, Element, FieldSet};

/// What differs from `old` to `new`, which are written down at the same place.
pub(super) fn compare(old: &Tape, new: &Tape) -> Comparison {
    let mut found = Found::default();
    compare_nodes(Some(At { tape: old, at: 0 }), Some(At { tape: new, at: 0 }), &mut found);
    let [added, modified, removed] = found.below.map(FieldSet::of_nodes);
    Comparison { added, modified, removed }
}

/// A place on a tape.
#[derive(Clone, Copy)]
struct At<'a> {
    tape: &'a Tape,
    at: usize,
}

type Places<'a> = SmallVec<[At<'a>; 16]>;

impl<'a> At<'a> {
    fn node(self) -> &'a Node {
        self.tape.nodes.get(self.at).expect("a place on the tape")
    }

    fn is_empty(self) -> bool {
        self.node().end == self.at + 1
    }

    /// The nodes below, in order of their elements.
    fn children(self) -> Places<'a> {
        let mut children = Places::new();
        let (mut at, end) = (self.at + 1, self.node().end);
        while at < end {
            children.push(At { at, ..self });
            at = At { at, ..self }.node().end;
        }
        if !children.is_sorted_by(|one, other| one.node().element <= other.node().element) {
            children.sort_by(|one, other| one.node().element.cmp(&other.node().element));
        }
        children
    }

    fn is_same(self, other: Self) -> bool {
        let nodes = |place: Self| place.tape.nodes.get(place.at..place.node().end).unwrap_or_default();
        let (one, other) = (nodes(self), nodes(other));
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| one.form == other.form && one.element == other.element)
    }
}

#[derive(Clone, Copy)]
enum Change {
    Added,
    Modified,
    Removed,
}

/// What is found at one element, by [`Change`].
#[derive(Default)]
struct Found {
    own: [bool; 3],
    below: [Vec<SetNode>; 3],
}

impl Found {
    fn note(&mut self, change: Change) {
        self.own[change as usize] = true;
    }

    /// Takes in what was found at `element` below.
    fn take(&mut self, element: &Element, found: Self) {
        for ((member, nodes), into) in found.own.into_iter().zip(found.below).zip(&mut self.below) {
            if member || !nodes.is_empty() {
                let children = FieldSet::of_nodes(nodes);
                into.push(SetNode { element: element.clone(), member, children });
            }
        }
    }
}

/// Compares what is at the same place in both, and all below.
fn compare_nodes(old: Option<At<'_>>, new: Option<At<'_>>, found: &mut Found) {
    match (old, new) {
        (None, _) => found.note(Change::Added),
        (_, None) => found.note(Change::Removed),
        (Some(old), Some(new)) if is_modified(old, new) => found.note(Change::Modified),
        _ => {}
    }
    let old_children = old.map(At::children).unwrap_or_default();
    let new_children = new.map(At::children).unwrap_or_default();
    let (mut old, mut new) = (old_children.as_slice(), new_children.as_slice());
    while let Some(element) = first(old, new) {
        let mut below = Found::default();
        compare_groups(group(&mut old, element), group(&mut new, element), &mut below);
        found.take(element, below);
    }
}

fn is_modified(old: At<'_>, new: At<'_>) -> bool {
    match (old.node().form, new.node().form) {
        // What an empty thing is counts only if nothing comes in its place.
        (Form::Branch(one), Form::Branch(other)) => one != other && old.is_empty() && new.is_empty(),
        (one, other) => one != other,
    }
}

/// The next element of either list.
fn first<'a>(old: &[At<'a>], new: &[At<'a>]) -> Option<&'a Element> {
    let element = |places: &[At<'a>]| places.first().map(|place| &place.node().element);
    match (element(old), element(new)) {
        (Some(old), Some(new)) => Some(old.min(new)),
        (old, new) => old.or(new),
    }
}

/// Takes what has this element from the front.
fn group<'a, 'b>(places: &mut &'b [At<'a>], element: &Element) -> &'b [At<'a>] {
    let count = places.iter().take_while(|place| place.node().element == *element).count();
    let (group, rest) = places.split_at(count);
    *places = rest;
    group
}

/// Compares what has the same element. More than one on a side are duplicates, and owned as a whole.
fn compare_groups(old: &[At<'_>], new: &[At<'_>], found: &mut Found) {
    match (old, new) {
        ([] | [_], [] | [_]) => compare_nodes(old.first().copied(), new.first().copied(), found),
        ([_, _, ..], [_, _, ..]) => {
            let same = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.is_same(*new));
            if !same {
                found.note(Change::Modified);
            }
        }
        ([_, _, ..], rest) => {
            if let Some(only) = rest.first() {
                compare_nodes(None, Some(*only), found);
            }
            found.note(Change::Removed);
        }
        (rest, _) => {
            if let Some(only) = rest.first() {
                compare_nodes(Some(*only), None, found);
            }
            found.note(Change::Added);
        }
    }
}

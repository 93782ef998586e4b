use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::Element;
use super::element::path_text;

/// A set of field paths. Clones share, and so do results that differ in a part only.
///
/// A path being in the set says nothing about the paths above or below it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FieldSet(Option<Arc<[Node]>>);

/// What a set says about one element. Either it is a member or there are members below it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) element: Element,
    pub(super) member: bool,
    pub(super) children: FieldSet,
}

impl FieldSet {
    /// A set of one path; the empty path gives the empty set.
    pub fn of_path(path: &[Element]) -> Self {
        let Some((last, above)) = path.split_last() else { return Self::default() };
        let leaf = Node { element: last.clone(), member: true, children: Self::default() };
        above.iter().rev().fold(Self::of_nodes(vec![leaf]), |below, element| {
            Self::of_nodes(vec![Node { element: element.clone(), member: false, children: below }])
        })
    }

    /// From nodes that are sorted, each element once.
    pub(super) fn of_nodes(nodes: Vec<Node>) -> Self {
        debug_assert!(nodes.is_sorted_by(|one, other| one.element < other.element), "sorted and unique");
        debug_assert!(nodes.iter().all(|node| node.member || !node.children.is_empty()), "no empty nodes");
        Self((!nodes.is_empty()).then(|| nodes.into()))
    }

    /// From nodes in any order; of those with one element everything counts.
    pub(super) fn of_unsorted(mut nodes: Vec<Node>) -> Self {
        if !nodes.is_sorted_by(|one, other| one.element < other.element) {
            nodes.sort_by(|one, other| one.element.cmp(&other.element));
            nodes.dedup_by(|later, first| {
                let same = later.element == first.element;
                if same {
                    first.member |= later.member;
                    first.children = first.children.union(&later.children);
                }
                same
            });
        }
        Self::of_nodes(nodes)
    }

    pub(super) fn nodes(&self) -> &[Node] {
        self.0.as_deref().unwrap_or_default()
    }

    fn node(&self, element: &Element) -> Option<&Node> {
        let at = self.nodes().binary_search_by(|node| node.element.cmp(element)).ok()?;
        self.nodes().get(at)
    }

    /// Whether it holds no path.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many paths it holds.
    pub fn len(&self) -> usize {
        self.nodes().iter().map(|node| usize::from(node.member) + node.children.len()).sum()
    }

    /// Whether both are the very same shared set.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Identifies the shared set while it lives; 0 for the empty one.
    pub fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |nodes| nodes.as_ptr() as usize)
    }

    /// Whether it holds this path.
    pub fn contains(&self, path: &[Element]) -> bool {
        match path {
            [] => false,
            [last] => self.has(last),
            [first, rest @ ..] => self.below(first).contains(rest),
        }
    }

    /// Whether it holds the path of this one element.
    pub(super) fn has(&self, element: &Element) -> bool {
        self.node(element).is_some_and(|node| node.member)
    }

    /// The rest of the paths that begin with an element.
    pub fn below(&self, element: &Element) -> Self {
        self.node(element).map(|node| node.children.clone()).unwrap_or_default()
    }

    /// The same paths, each below an element.
    #[must_use]
    pub fn under(&self, element: &Element) -> Self {
        if self.is_empty() {
            return Self::default();
        }
        Self::of_nodes(vec![Node { element: element.clone(), member: false, children: self.clone() }])
    }

    /// The paths of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if other.is_empty() || self.ptr_eq(other) || self.contains_all(other) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut nodes = Vec::with_capacity(self.nodes().len().max(other.nodes().len()));
        for pair in Pairs::of(self, other) {
            nodes.push(match pair {
                (Some(one), Some(other)) => Node {
                    element: one.element.clone(),
                    member: one.member || other.member,
                    children: one.children.union(&other.children),
                },
                (Some(only), None) | (None, Some(only)) => only.clone(),
                (None, None) => continue,
            });
        }
        Self::of_nodes(nodes)
    }

    /// The paths that both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.ptr_eq(other) {
            return self.clone();
        }
        let both = Pairs::of(self, other).filter_map(|(one, other)| {
            let (one, other) = (one?, other?);
            let children = one.children.intersection(&other.children);
            let member = one.member && other.member;
            (member || !children.is_empty()).then(|| Node { element: one.element.clone(), member, children })
        });
        Self::of_nodes(both.collect())
    }

    /// The paths that `other` does not hold.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        if !self.intersects(other) {
            return self.clone();
        }
        self.without(other, Self::difference, |_| false)
    }

    /// The paths that `other` does not hold, and no path above which it holds.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return self.clone();
        }
        self.without(other, Self::recursive_difference, |node| node.member)
    }

    fn without(
        &self,
        other: &Self,
        below: impl Fn(&Self, &Self) -> Self,
        drop: impl Fn(&Node) -> bool,
    ) -> Self {
        let kept = Pairs::of(self, other).filter_map(|(one, other)| {
            let one = one?;
            let Some(other) = other else { return Some(one.clone()) };
            if drop(other) {
                return None;
            }
            let children = below(&one.children, &other.children);
            let member = one.member && !other.member;
            (member || !children.is_empty()).then(|| Node { element: one.element.clone(), member, children })
        });
        Self::of_nodes(kept.collect())
    }

    /// Whether there is a path that both hold.
    pub fn intersects(&self, other: &Self) -> bool {
        if self.ptr_eq(other) {
            return !self.is_empty();
        }
        Pairs::of(self, other).any(|pair| match pair {
            (Some(one), Some(other)) => {
                one.member && other.member || one.children.intersects(&other.children)
            }
            _ => false,
        })
    }

    /// Whether every path of `other` is here too.
    pub fn contains_all(&self, other: &Self) -> bool {
        self.ptr_eq(other)
            || other.nodes().len() <= self.nodes().len()
                && Pairs::of(self, other).all(|pair| match pair {
                    (Some(one), Some(other)) => {
                        (one.member || !other.member) && one.children.contains_all(&other.children)
                    }
                    (None, Some(_)) => false,
                    _ => true,
                })
    }

    /// All paths, those of one level before those below it.
    pub fn paths(&self) -> Vec<Vec<Element>> {
        let mut paths = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, above: &mut Vec<Element>, paths: &mut Vec<Vec<Element>>) {
        for node in self.nodes().iter().filter(|node| node.member) {
            let mut path = above.clone();
            path.push(node.element.clone());
            paths.push(path);
        }
        for node in self.nodes() {
            above.push(node.element.clone());
            node.children.collect_paths(above, paths);
            above.pop();
        }
    }
}

impl<P: AsRef<[Element]>> FromIterator<P> for FieldSet {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        paths.into_iter().fold(Self::default(), |set, path| set.union(&Self::of_path(path.as_ref())))
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.paths().iter().map(|path| path_text(path))).finish()
    }
}

/// The nodes of two sets side by side, in order.
struct Pairs<'a> {
    one: &'a [Node],
    other: &'a [Node],
}

impl<'a> Pairs<'a> {
    fn of(one: &'a FieldSet, other: &'a FieldSet) -> Self {
        Self { one: one.nodes(), other: other.nodes() }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Option<&'a Node>, Option<&'a Node>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.one.first(), self.other.first()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.element.cmp(&other.element),
        };
        let take = |nodes: &mut &'a [Node]| {
            let (first, rest) = nodes.split_first()?;
            *nodes = rest;
            Some(first)
        };
        Some((
            if order.is_le() { take(&mut self.one) } else { None },
            if order.is_ge() { take(&mut self.other) } else { None },
        ))
    }
}

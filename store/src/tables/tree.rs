use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// What a [`Tree`] holds: values ordered by a key that is part of them.
pub(crate) trait Entry: Clone {
    /// The key, to be kept where the value itself is not at hand.
    type Key: Clone;
    /// The key, borrowed from wherever it is.
    type Probe<'a>;

    /// The key of this value, to be kept.
    fn key(&self) -> Self::Key;

    /// The key of this value, borrowed.
    fn probe(&self) -> Self::Probe<'_>;

    /// Where a value is in relation to a key.
    fn compare(&self, probe: &Self::Probe<'_>) -> Ordering;

    /// Where a kept key is in relation to a key.
    fn compare_key(key: &Self::Key, probe: &Self::Probe<'_>) -> Ordering;
}

/// An ordered set with snapshots: a B-tree whose clones share all nodes.
///
/// Cloning takes constant time. A change copies the few nodes on its way that a clone still uses, and
/// none if there is no clone: it costs O(log n), and little without snapshots.
#[derive(Clone)]
pub(crate) struct Tree<T: Entry> {
    root: Arc<Node<T>>,
    len: usize,
}

/// Values in one leaf, and children of one branch, at the most.
const WIDTH_MAX: usize = 32;
/// Leaves next to each other are joined when together they are no larger than this.
const JOIN_MAX: usize = WIDTH_MAX / 2;

#[derive(Clone)]
enum Node<T: Entry> {
    Leaf(Vec<T>),
    Branch(Vec<Child<T>>),
}

#[derive(Clone)]
struct Child<T: Entry> {
    /// All keys of this child are at or after it, all of the children before are before it. That of a
    /// first child is not looked at.
    least: T::Key,
    node: Arc<Node<T>>,
}

impl<T: Entry> Tree<T> {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value with this key.
    pub(crate) fn get(&self, probe: &T::Probe<'_>) -> Option<&T> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(values) => return find(values, probe).ok().map(|at| &values[at]),
                Node::Branch(children) => node = &children[child_of(children, probe)].node,
            }
        }
    }

    /// Adds a value. The one with the same key that it replaces is returned.
    pub(crate) fn insert(&mut self, value: T) -> Option<T> {
        let (replaced, split) = Arc::make_mut(&mut self.root).insert(value);
        if let Some(right) = split {
            let left = Child { least: right.least.clone(), node: Arc::clone(&self.root) };
            self.root = Arc::new(Node::Branch(vec![left, right]));
        }
        self.len += usize::from(replaced.is_none());
        replaced
    }

    /// Takes out the value with this key.
    pub(crate) fn remove(&mut self, probe: &T::Probe<'_>) -> Option<T> {
        // Looked up first, so that nothing is copied in vain.
        self.get(probe)?;
        let removed = Arc::make_mut(&mut self.root).remove(probe);
        self.len -= usize::from(removed.is_some());
        while let Node::Branch(children) = &*self.root
            && let [only] = &children[..]
        {
            self.root = Arc::clone(&only.node);
        }
        removed
    }

    /// Changes the value with this key in place, if there is one. The change must keep the key. It is for keys that
    /// are there or will be: the way to its place is copied like for a change also if there is none.
    pub(crate) fn with_mut<R>(
        &mut self,
        probe: &T::Probe<'_>,
        change: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut node = Arc::make_mut(&mut self.root);
        loop {
            match node {
                Node::Leaf(values) => {
                    let at = find(values, probe).ok()?;
                    return values.get_mut(at).map(change);
                }
                Node::Branch(children) => {
                    let at = child_of(children, probe);
                    node = Arc::make_mut(&mut children[at].node);
                }
            }
        }
    }

    /// All values in order.
    pub(crate) fn iter(&self) -> Iter<'_, T> {
        let mut iter = Iter { path: Vec::new(), leaf: [].iter() };
        iter.descend(&self.root);
        iter
    }

    /// The values from this key on, in order.
    pub(crate) fn iter_from(&self, probe: &T::Probe<'_>) -> Iter<'_, T> {
        let mut iter = Iter { path: Vec::new(), leaf: [].iter() };
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(values) => {
                    let at = find(values, probe).unwrap_or_else(|at| at);
                    iter.leaf = values[at..].iter();
                    return iter;
                }
                Node::Branch(children) => {
                    let at = child_of(children, probe);
                    iter.path.push(children[at + 1..].iter());
                    node = &children[at].node;
                }
            }
        }
    }
}

impl<T: Entry> Node<T> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(values) => values.len(),
            Self::Branch(children) => children.len(),
        }
    }

    /// The value replaced, and the right half if the node had to be split.
    fn insert(&mut self, value: T) -> (Option<T>, Option<Child<T>>) {
        match self {
            Self::Leaf(values) => {
                let place = find(values, &value.probe());
                let at = match place {
                    Ok(at) => return (Some(std::mem::replace(&mut values[at], value)), None),
                    Err(at) => at,
                };
                values.insert(at, value);
                let split = (values.len() > WIDTH_MAX).then(|| {
                    let right = split_off(values, split_point(at, values.len()));
                    Child { least: right[0].key(), node: Arc::new(Self::Leaf(right)) }
                });
                (None, split)
            }
            Self::Branch(children) => {
                let at = child_of(children, &value.probe());
                let (replaced, split) = Arc::make_mut(&mut children[at].node).insert(value);
                let Some(new) = split else { return (replaced, None) };
                children.insert(at + 1, new);
                let split = (children.len() > WIDTH_MAX).then(|| {
                    let right = split_off(children, split_point(at + 1, children.len()));
                    Child { least: right[0].least.clone(), node: Arc::new(Self::Branch(right)) }
                });
                (replaced, split)
            }
        }
    }

    fn remove(&mut self, probe: &T::Probe<'_>) -> Option<T> {
        match self {
            Self::Leaf(values) => find(values, probe).ok().map(|at| values.remove(at)),
            Self::Branch(children) => {
                let at = child_of(children, probe);
                let removed = Arc::make_mut(&mut children[at].node).remove(probe);
                join(children, at);
                removed
            }
        }
    }
}

/// Where to cut a node that has just grown at `at`: in the middle, or, where keys arrive in order, so that
/// the left node stays full.
fn split_point(at: usize, len: usize) -> usize {
    if at + 1 == len { len - 1 } else { len / 2 }
}

/// Cuts off what is from `at` on, with room to grow.
fn split_off<T>(values: &mut Vec<T>, at: usize) -> Vec<T> {
    let mut right = Vec::with_capacity(WIDTH_MAX + 1);
    right.extend(values.drain(at..));
    right
}

/// Takes out the child at `at` if it is empty; joins small leaves.
fn join<T: Entry>(children: &mut Vec<Child<T>>, at: usize) {
    if children[at].node.len() == 0 && children.len() > 1 {
        children.remove(at);
        return;
    }
    let left = at.saturating_sub(usize::from(at + 1 == children.len()));
    let Some([one, other]) = children.get_mut(left..left + 2) else { return };
    let (Node::Leaf(values), Node::Leaf(more)) = (&*one.node, &*other.node) else { return };
    if values.len() + more.len() <= JOIN_MAX {
        let joined = values.iter().chain(more).cloned().collect();
        one.node = Arc::new(Node::Leaf(joined));
        children.remove(left + 1);
    }
}

fn find<T: Entry>(values: &[T], probe: &T::Probe<'_>) -> Result<usize, usize> {
    values.binary_search_by(|value| value.compare(probe))
}

/// Index of the child to which a key belongs.
fn child_of<T: Entry>(children: &[Child<T>], probe: &T::Probe<'_>) -> usize {
    children[1..].partition_point(|child| T::compare_key(&child.least, probe) != Ordering::Greater)
}

impl<T: Entry> Default for Tree<T> {
    fn default() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl<T: Entry + fmt::Debug> fmt::Debug for Tree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Values of a [`Tree`] in order.
pub(crate) struct Iter<'a, T: Entry> {
    /// What is left of each branch above the leaf, outermost first.
    path: Vec<std::slice::Iter<'a, Child<T>>>,
    leaf: std::slice::Iter<'a, T>,
}

impl<'a, T: Entry> Iter<'a, T> {
    fn descend(&mut self, mut node: &'a Node<T>) {
        loop {
            match node {
                Node::Leaf(values) => {
                    self.leaf = values.iter();
                    return;
                }
                Node::Branch(children) => {
                    let mut rest = children.iter();
                    let Some(first) = rest.next() else { return };
                    self.path.push(rest);
                    node = &first.node;
                }
            }
        }
    }
}

impl<'a, T: Entry> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        loop {
            if let Some(value) = self.leaf.next() {
                return Some(value);
            }
            match self.path.last_mut()?.next() {
                Some(child) => self.descend(&child.node),
                None => drop(self.path.pop()),
            }
        }
    }
}

impl<T: Entry> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl Entry for (u16, u32) {
        type Key = u16;
        type Probe<'a> = u16;

        fn key(&self) -> u16 {
            self.0
        }

        fn probe(&self) -> u16 {
            self.0
        }

        fn compare(&self, probe: &u16) -> Ordering {
            self.0.cmp(probe)
        }

        fn compare_key(key: &u16, probe: &u16) -> Ordering {
            key.cmp(probe)
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u16, u32),
        Remove(u16),
        Change(u16, u32),
        Snapshot,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let key = 0u16..400;
        let step = prop_oneof![
            5 => (key.clone(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            4 => key.clone().prop_map(Step::Remove),
            1 => (key, any::<u32>()).prop_map(|(key, value)| Step::Change(key, value)),
            1 => Just(Step::Snapshot),
        ];
        proptest::collection::vec(step, 0..600)
    }

    fn same(tree: &Tree<(u16, u32)>, model: &BTreeMap<u16, u32>) {
        assert_eq!(tree.len(), model.len());
        assert!(tree.iter().copied().eq(model.iter().map(|(&key, &value)| (key, value))));
    }

    proptest! {
        #[test]
        fn is_a_map_and_snapshots_stay(steps in steps(), from in 0u16..400) {
            let mut tree = Tree::default();
            let mut model = BTreeMap::new();
            let mut snapshots = Vec::new();
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        let replaced = tree.insert((key, value)).map(|entry| entry.1);
                        assert_eq!(replaced, model.insert(key, value));
                    }
                    Step::Remove(key) => {
                        assert_eq!(tree.remove(&key).map(|entry| entry.1), model.remove(&key));
                    }
                    Step::Change(key, value) => {
                        let changed = tree.with_mut(&key, |entry| entry.1 = value);
                        let expected = model.get_mut(&key).map(|slot| *slot = value);
                        assert_eq!(changed, expected);
                    }
                    Step::Snapshot => snapshots.push((tree.clone(), model.clone())),
                }
                assert_eq!(tree.get(&from).map(|entry| entry.1), model.get(&from).copied());
            }
            same(&tree, &model);
            assert!(tree.iter_from(&from).map(|entry| entry.0).eq(model.range(from..).map(|(&key, _)| key)));
            for (tree, model) in snapshots {
                same(&tree, &model);
            }
        }
    }
}

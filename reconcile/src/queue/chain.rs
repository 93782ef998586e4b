use std::fmt;

/// No slot.
const NIL: u32 = u32::MAX;

/// The links of all chains over one set of slots. A slot is in at most one [`Chain`] at a time.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<Link>);

#[derive(Debug, Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
}

/// A first-in, first-out list of slots, from whose middle a slot can be taken in constant time.
pub(crate) struct Chain {
    first: u32,
    last: u32,
    len: u32,
}

impl Links {
    fn at(&mut self, slot: u32) -> &mut Link {
        let index = slot as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Link { previous: NIL, next: NIL });
        }
        &mut self.0[index]
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self { first: NIL, last: NIL, len: 0 }
    }
}

impl Chain {
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn first(&self) -> Option<u32> {
        (self.first != NIL).then_some(self.first)
    }

    /// Appends a slot that is in no chain.
    pub(crate) fn push(&mut self, links: &mut Links, slot: u32) {
        *links.at(slot) = Link { previous: self.last, next: NIL };
        match self.last {
            NIL => self.first = slot,
            last => links.at(last).next = slot,
        }
        self.last = slot;
        self.len += 1;
    }

    /// Takes out a slot that is in this chain.
    pub(crate) fn remove(&mut self, links: &mut Links, slot: u32) {
        let Link { previous, next } = *links.at(slot);
        match previous {
            NIL => self.first = next,
            previous => links.at(previous).next = next,
        }
        match next {
            NIL => self.last = previous,
            next => links.at(next).previous = previous,
        }
        self.len -= 1;
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("len", &self.len).field("first", &self.first()).finish()
    }
}

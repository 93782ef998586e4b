use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// Hands out IPv4 addresses of a range, each to one holder at a time, for back ends that number their pods.
///
/// The one after the last given comes next, so that an address rests as long as possible before it is used
/// again. Memory grows with the addresses in use, not with the range.
#[derive(Debug, Clone)]
pub struct AddressPool {
    first: u32,
    count: u32,
    next: u32,
    used: BTreeSet<u32>,
}

impl AddressPool {
    /// `count` addresses from `first` on, cut at the end of the address space.
    pub fn new(first: Ipv4Addr, count: u32) -> Self {
        let first = u32::from(first);
        Self { first, count: count.min(u32::MAX - first), next: 0, used: BTreeSet::new() }
    }

    /// A free address, or `None` if all are in use.
    pub fn take(&mut self) -> Option<Ipv4Addr> {
        if self.used.len() >= self.count as usize {
            return None;
        }
        let mut offset = self.next;
        for used in self.used.range(self.next..).chain(self.used.range(..self.next)) {
            if *used != offset {
                break;
            }
            offset = (offset + 1) % self.count;
        }
        self.used.insert(offset);
        self.next = (offset + 1) % self.count;
        Some(Ipv4Addr::from(self.first + offset))
    }

    /// Takes this very address, as after a restart. False if it is in use or not of this range.
    pub fn reserve(&mut self, address: Ipv4Addr) -> bool {
        self.offset(address).is_some_and(|offset| self.used.insert(offset))
    }

    /// Gives an address back. One that is not in use is let pass.
    pub fn give_back(&mut self, address: Ipv4Addr) {
        if let Some(offset) = self.offset(address) {
            self.used.remove(&offset);
        }
    }

    /// How many are in use.
    pub fn used(&self) -> usize {
        self.used.len()
    }

    fn offset(&self, address: Ipv4Addr) -> Option<u32> {
        u32::from(address).checked_sub(self.first).filter(|offset| *offset < self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_rests_before_it_is_used_again() {
        let mut pool = AddressPool::new(Ipv4Addr::new(10, 0, 0, 1), 3);
        let first = pool.take().expect("a free one");
        pool.give_back(first);
        assert_eq!(pool.take(), Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(pool.take(), Some(Ipv4Addr::new(10, 0, 0, 3)));
        assert_eq!(pool.take(), Some(first));
        assert_eq!(pool.take(), None);
    }

    #[test]
    fn what_is_not_of_the_range_cannot_be_reserved() {
        let mut pool = AddressPool::new(Ipv4Addr::new(10, 0, 0, 1), 3);
        assert!(pool.reserve(Ipv4Addr::new(10, 0, 0, 2)));
        assert!(!pool.reserve(Ipv4Addr::new(10, 0, 0, 2)));
        assert!(!pool.reserve(Ipv4Addr::new(10, 0, 0, 4)));
        assert!(!pool.reserve(Ipv4Addr::new(9, 0, 0, 1)));
        pool.give_back(Ipv4Addr::new(10, 0, 0, 4));
        assert_eq!(pool.used(), 1);
    }

    #[test]
    fn a_range_past_the_end_is_cut() {
        let mut pool = AddressPool::new(Ipv4Addr::new(255, 255, 255, 254), 10);
        assert_eq!(pool.take(), Some(Ipv4Addr::new(255, 255, 255, 254)));
        assert_eq!(pool.take(), None);
    }

    proptest! {
        #[test]
        fn no_address_has_two_holders(steps in prop::collection::vec(any::<Option<u8>>(), 0..200), count in 0u32..9) {
            let mut pool = AddressPool::new(Ipv4Addr::new(127, 9, 0, 0), count);
            let mut held = BTreeSet::new();
            for step in steps {
                match step {
                    None => match pool.take() {
                        Some(address) => prop_assert!(held.insert(address)),
                        None => prop_assert_eq!(held.len(), count as usize),
                    },
                    Some(last) => {
                        let address = Ipv4Addr::new(127, 9, 0, last % 9);
                        pool.give_back(address);
                        held.remove(&address);
                    }
                }
                prop_assert_eq!(pool.used(), held.len());
            }
        }
    }
}

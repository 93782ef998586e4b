use setpoint_core::env::Instant;

/// Not in the heap.
const ABSENT: u32 = u32::MAX;

/// Deadlines of slots, at most one each: a binary heap that knows where every slot is, so that moving or
/// removing a deadline leaves nothing behind.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: Vec<Timer>,
    positions: Vec<u32>,
    set: u64,
}

#[derive(Debug, Clone, Copy)]
struct Timer {
    at: Instant,
    /// Equal deadlines are kept in the order in which they were set.
    order: u64,
    slot: u32,
}

impl Timer {
    fn is_before(&self, other: &Self) -> bool {
        (self.at, self.order) < (other.at, other.order)
    }
}

impl Timers {
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<Instant> {
        self.heap.first().map(|timer| timer.at)
    }

    /// Sets or moves the deadline of a slot. Setting the one it has changes nothing.
    pub(super) fn set(&mut self, slot: u32, at: Instant) {
        let index = match self.position(slot) {
            Some(index) if self.heap[index].at == at => return,
            Some(index) => index,
            None => {
                self.heap.push(Timer { at, order: 0, slot });
                self.heap.len() - 1
            }
        };
        self.set += 1;
        self.heap[index] = Timer { at, order: self.set, slot };
        self.settle(index);
    }

    /// Takes out the slot with the earliest deadline if it is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let first = *self.heap.first()?;
        (first.at <= now).then(|| {
            self.remove_at(0);
            first.slot
        })
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(index) = self.position(slot) {
            self.remove_at(index);
        }
    }

    fn position(&self, slot: u32) -> Option<usize> {
        self.positions
            .get(slot as usize)
            .filter(|&&position| position != ABSENT)
            .map(|&position| position as usize)
    }

    fn remove_at(&mut self, index: usize) {
        let removed = self.heap.swap_remove(index);
        self.positions[removed.slot as usize] = ABSENT;
        if index < self.heap.len() {
            self.settle(index);
        }
    }

    /// Moves the timer at `index` to where it belongs and notes where that is.
    fn settle(&mut self, mut index: usize) {
        let timer = self.heap[index];
        while index > 0 && timer.is_before(&self.heap[(index - 1) / 2]) {
            self.place(index, self.heap[(index - 1) / 2]);
            index = (index - 1) / 2;
        }
        while let Some(child) = self.earlier_child(index).filter(|&child| self.heap[child].is_before(&timer))
        {
            self.place(index, self.heap[child]);
            index = child;
        }
        self.place(index, timer);
    }

    fn earlier_child(&self, index: usize) -> Option<usize> {
        let (left, right) = (2 * index + 1, 2 * index + 2);
        match (self.heap.get(left), self.heap.get(right)) {
            (Some(a), Some(b)) if b.is_before(a) => Some(right),
            (Some(_), _) => Some(left),
            (None, _) => None,
        }
    }

    fn place(&mut self, index: usize, timer: Timer) {
        let slot = timer.slot as usize;
        if slot >= self.positions.len() {
            self.positions.resize(slot + 1, ABSENT);
        }
        self.heap[index] = timer;
        // The heap holds each slot once, and slots are numbered in 32 bits.
        self.positions[slot] = index as u32;
    }
}

use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::kind::Kind;
use setpoint_core::object::{OwnerReferences, Part, Text, TextMap, Texts};
use setpoint_core::ownership::{FieldSet, ManagedFields};

use super::bytes::{Malformed, Reader, Writer};
use super::raw::{KindName, RawEntry, RawManaged, RawPart};

/// What is shared, by sort; each sort has places of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Kind,
    Text,
    Map,
    Owners,
    List,
    Spec,
    Status,
    Managed,
    Entry,
    Fields,
}

/// How many sorts there are.
const SORTS: usize = 10;

impl Sort {
    /// How many places it has; a part of the format.
    const fn places(self) -> u32 {
        match self {
            Self::List => 256,
            Self::Kind | Self::Text | Self::Status | Self::Managed | Self::Fields => 1024,
            Self::Map | Self::Owners | Self::Spec | Self::Entry => 2048,
        }
    }
}

/// Keeps what is on a shelf alive, so that no other thing gets its address.
#[derive(Debug)]
#[expect(dead_code, reason = "it is held, not looked at")]
pub(super) enum Keep {
    Kind(Arc<Kind>),
    KindName(Arc<KindName>),
    Text(Text),
    Map(TextMap),
    Owners(OwnerReferences),
    List(Texts),
    Part(Part),
    Raw(Arc<RawPart>),
    Managed(Arc<ManagedFields>),
    Entry(Arc<RawEntry>),
    Fields(FieldSet),
}

/// The writer's side: which shared thing is at which place.
///
/// When a sort has no room, the place of something that was not used lately is taken. The reader needs no more room
/// than the writer, however long the log is.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    sorts: [Boards; SORTS],
}

#[derive(Debug, Default)]
struct Boards {
    by_address: FxHashMap<usize, u32>,
    places: Vec<Place>,
    hand: u32,
}

#[derive(Debug)]
struct Place {
    address: usize,
    used: bool,
    _keep: Keep,
}

/// What stands in front of a shared thing: nothing, the thing itself, or the number of its place and this.
const ABSENT: u64 = 0;
const DEFINED: u64 = 1;
const PLACES: u64 = 2;

impl Shelf {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes a shared thing: its place if it has one, else all of it and the place that it gets.
    pub(super) fn write(
        &mut self,
        into: &mut Writer,
        sort: Sort,
        address: usize,
        keep: impl FnOnce() -> Keep,
        content: impl FnOnce(&mut Writer, &mut Self),
    ) {
        if let Some(place) = self.sorts[sort as usize].find(address) {
            into.number(PLACES + u64::from(place));
            return;
        }
        let mut inner = Writer::default();
        content(&mut inner, self);
        let place = self.sorts[sort as usize].put(sort, address, keep());
        into.number(DEFINED);
        into.number(u64::from(place));
        into.bytes(&inner.0);
    }
}

impl Boards {
    fn find(&mut self, address: usize) -> Option<u32> {
        let place = *self.by_address.get(&address)?;
        self.places[place as usize].used = true;
        Some(place)
    }

    fn put(&mut self, sort: Sort, address: usize, keep: Keep) -> u32 {
        let new = Place { address, used: false, _keep: keep };
        let place = if self.places.len() < sort.places() as usize {
            self.places.push(new);
            self.places.len() as u32 - 1
        } else {
            let place = self.unused();
            let old = std::mem::replace(&mut self.places[place as usize], new);
            self.by_address.remove(&old.address);
            place
        };
        self.by_address.insert(address, place);
        place
    }

    /// The next place that was not used since the hand was there.
    fn unused(&mut self) -> u32 {
        loop {
            let at = self.hand;
            self.hand = (self.hand + 1) % self.places.len() as u32;
            if !std::mem::take(&mut self.places[at as usize].used) {
                return at;
            }
        }
    }
}

/// The reader's side: what is at which place.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    pub(super) kinds: Vec<Option<Arc<KindName>>>,
    pub(super) texts: Vec<Option<Text>>,
    pub(super) maps: Vec<Option<TextMap>>,
    pub(super) owners: Vec<Option<OwnerReferences>>,
    pub(super) lists: Vec<Option<Texts>>,
    pub(super) specs: Vec<Option<Arc<RawPart>>>,
    pub(super) statuses: Vec<Option<Arc<RawPart>>>,
    pub(super) managed: Vec<Option<Arc<RawManaged>>>,
    pub(super) entries: Vec<Option<Arc<RawEntry>>>,
    pub(super) fields: Vec<Option<FieldSet>>,
}

impl Shelves {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Reads a shared thing, from its place or, with `content`, from what follows; `None` if there is none.
    pub(super) fn read<'a, T: Clone>(
        &mut self,
        from: &mut Reader<'a>,
        sort: Sort,
        board: fn(&mut Self) -> &mut Vec<Option<T>>,
        content: impl FnOnce(&mut Reader<'a>, &mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        let place = match from.number()? {
            ABSENT => return Ok(None),
            DEFINED => {
                let place = usize::try_from(from.number()?).unwrap_or(usize::MAX);
                if place >= sort.places() as usize {
                    return Err(Malformed::new(format!("there is no place {place} for a {sort:?}")));
                }
                let mut inner = Reader::new(from.bytes()?);
                let thing = content(&mut inner, self)?;
                if !inner.is_empty() {
                    return Err(Malformed::new(format!("something follows a {sort:?}")));
                }
                let board = board(self);
                if board.len() <= place {
                    board.resize(place + 1, None);
                }
                board[place] = Some(thing.clone());
                return Ok(Some(thing));
            }
            number => usize::try_from(number - PLACES).unwrap_or(usize::MAX),
        };
        match board(self).get(place) {
            Some(Some(thing)) => Ok(Some(thing.clone())),
            _ => Err(Malformed::new(format!("place {place} for a {sort:?} is empty"))),
        }
    }
}

/// Writes that there is no such thing.
pub(super) fn write_absent(into: &mut Writer) {
    into.number(ABSENT);
}

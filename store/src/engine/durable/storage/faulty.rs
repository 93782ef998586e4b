use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::env::Random;

use super::names::Names;
use super::{Lock, Storage, StorageFile};

/// A folder in memory that fails as disks do. Clones share.
///
/// It keeps apart what a running system sees and what would be there after a crash. Every call is counted, so that
/// a test can strike at each.
#[derive(Clone)]
pub struct Faulty {
    world: Arc<Mutex<World>>,
}

/// What is to go wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The call, counted from 1, during which the system crashes; from then on every call fails.
    pub crash_at: Option<u64>,
    /// The syncs, counted from 1, that fail. What they were to make durable is lost in a crash, and later syncs
    /// succeed nevertheless.
    pub failed_syncs: Vec<u64>,
    /// The writes, counted from 1, that succeed and leave zeros.
    pub garbled_writes: Vec<u64>,
    /// How many bytes all files have room for.
    pub capacity: Option<u64>,
}

/// What a crash leaves of what was not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Nothing.
    Lost,
    /// All of it, as after the end of a process.
    Kept,
    /// A beginning of it, torn within a sector; of what became of names, a beginning, too.
    Torn,
    /// Each sector and each change of a name by itself or not, in no order.
    Reordered,
    /// As [`Crash::Reordered`], and what is lost reads as zeros.
    Zeroed,
}

impl Crash {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lost, Self::Kept, Self::Torn, Self::Reordered, Self::Zeroed];
}

/// The unit that a disk writes.
const SECTOR: usize = 512;

#[derive(Default)]
struct World {
    inodes: BTreeMap<u64, Inode>,
    names: Names,
    next_inode: u64,
    locked: bool,
    faults: Faults,
    calls: u64,
    syncs: u64,
    writes: u64,
    crashed: bool,
}

#[derive(Default, Clone)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Changes since the last sync, as places of bytes, in order.
    writes: Vec<(usize, usize)>,
    /// What was cut off since the last sync, and where it began. The disk may have had it, and not yet that it is gone.
    cut: Vec<(usize, Vec<u8>)>,
}

impl Faulty {
    /// An empty folder on which nothing goes wrong.
    pub fn new() -> Self {
        Self { world: Arc::default() }
    }

    /// From now on this is to go wrong. Calls and syncs are counted from here.
    pub fn set_faults(&self, faults: Faults) {
        let world = &mut *self.world.lock();
        (world.faults, world.calls, world.syncs, world.writes) = (faults, 0, 0, 0);
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.world.lock().calls
    }

    /// How many syncs there were.
    pub fn syncs(&self) -> u64 {
        self.world.lock().syncs
    }

    /// How many bytes all files have.
    pub fn used(&self) -> u64 {
        self.world.lock().used()
    }

    /// Whether it has crashed.
    pub fn is_crashed(&self) -> bool {
        self.world.lock().crashed
    }

    /// What is there after a crash now: another folder, on which nothing goes wrong.
    pub fn crash(&self, mode: Crash, seed: u64) -> Self {
        let world = self.world.lock();
        let mut random = Random::seeded(seed);
        let names = world.names.after_crash(mode, &mut random);
        Self::left(&world, names, mode, &mut random)
    }

    /// How many changes of names a crash may undo.
    pub fn unsynced_names(&self) -> usize {
        self.world.lock().names.unsynced()
    }

    /// As [`Faulty::crash`], and of the changes of names, counted from 0 in their order, those are left that are chosen.
    pub fn crash_with_names(&self, mode: Crash, seed: u64, is_kept: impl FnMut(usize) -> bool) -> Self {
        let world = self.world.lock();
        let names = world.names.after(is_kept);
        Self::left(&world, names, mode, &mut Random::seeded(seed))
    }

    fn left(world: &World, names: BTreeMap<String, u64>, mode: Crash, random: &mut Random) -> Self {
        let inodes = names.values().map(|id| {
            let seen = world.inodes.get(id).map(|inode| inode.after(mode, random)).unwrap_or_default();
            (*id, Inode { durable: seen.clone(), seen, ..Inode::default() })
        });
        let left = World {
            inodes: inodes.collect(),
            names: Names::durable(names),
            next_inode: world.next_inode,
            ..World::default()
        };
        Self { world: Arc::new(Mutex::new(left)) }
    }

    /// A copy that shares nothing, for one more way to break it.
    pub fn copy(&self) -> Self {
        self.crash(Crash::Kept, 0)
    }

    /// Changes a file behind everybody's back, durably; it is made if it is not there.
    pub fn corrupt(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let world = &mut *self.world.lock();
        let id = match world.names.get(name) {
            Some(id) => id,
            None => world.add(name),
        };
        world.names.force(name, Some(id));
        let inode = world.inodes.entry(id).or_default();
        change(&mut inode.seen);
        inode.durable = inode.seen.clone();
        inode.writes.clear();
    }

    /// Removes a file behind everybody's back.
    pub fn lose(&self, name: &str) {
        self.world.lock().names.force(name, None);
    }

    /// The names of all files. This is no call.
    pub fn names(&self) -> Vec<String> {
        self.world.lock().names.seen().keys().cloned().collect()
    }

    /// What a file holds; nothing if it is not there.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let world = self.world.lock();
        world
            .names
            .get(name)
            .and_then(|id| world.inodes.get(&id))
            .map(|inode| inode.seen.clone())
            .unwrap_or_default()
    }
}

impl Default for Faulty {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Counts a call; whether it is the one that is struck.
    fn call(&mut self) -> io::Result<bool> {
        if self.crashed {
            return Err(io::Error::other("the system has crashed"));
        }
        self.calls += 1;
        self.crashed = self.faults.crash_at == Some(self.calls);
        Ok(self.crashed)
    }

    /// A call that is done or not, nothing in between.
    fn whole_call(&mut self) -> io::Result<()> {
        match self.call()? {
            true => Err(io::Error::other("the system crashes")),
            false => Ok(()),
        }
    }

    fn sync_fails(&mut self) -> bool {
        self.syncs += 1;
        self.faults.failed_syncs.contains(&self.syncs)
    }

    fn add(&mut self, name: &str) -> u64 {
        self.next_inode += 1;
        self.names.insert(name, self.next_inode);
        self.inodes.insert(self.next_inode, Inode::default());
        self.next_inode
    }

    fn used(&self) -> u64 {
        self.names
            .seen()
            .values()
            .filter_map(|id| self.inodes.get(id))
            .map(|inode| inode.seen.len() as u64)
            .sum()
    }
}

impl Inode {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        self.writes.push((offset, end));
    }

    /// What a crash leaves of it.
    fn after(&self, mode: Crash, random: &mut Random) -> Vec<u8> {
        let mut left = self.durable.clone();
        match mode {
            Crash::Lost => {}
            Crash::Kept => return self.seen.clone(),
            Crash::Torn => {
                let total: usize = self.writes.iter().map(|(from, to)| to - from).sum();
                let mut rest = random.below(total + 1);
                for &(from, to) in &self.writes {
                    let to = to.min(from + rest);
                    rest -= to - from;
                    self.keep(&mut left, from, to);
                }
            }
            Crash::Reordered | Crash::Zeroed => {
                for &(from, to) in &self.writes {
                    let mut at = from;
                    while at < to {
                        let end = to.min((at / SECTOR + 1) * SECTOR);
                        let kept = random.below(2) == 0;
                        if kept {
                            self.keep(&mut left, at, end);
                        } else if mode == Crash::Zeroed && left.len() < end {
                            left.resize(end, 0);
                        }
                        at = end;
                    }
                }
                for (from, bytes) in &self.cut {
                    let is_gone = random.below(2) == 0 || left.len() > *from;
                    if !is_gone {
                        left.resize(*from, 0);
                        left.extend_from_slice(bytes);
                    }
                }
            }
        }
        left
    }

    fn keep(&self, left: &mut Vec<u8>, from: usize, to: usize) {
        let to = to.min(self.seen.len());
        if from >= to {
            return;
        }
        if left.len() < to {
            left.resize(to, 0);
        }
        left[from..to].copy_from_slice(&self.seen[from..to]);
    }
}

impl Storage for Faulty {
    fn lock(&self) -> io::Result<Box<dyn Lock>> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        if world.locked {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        world.locked = true;
        Ok(Box::new(Locked { world: Arc::clone(&self.world) }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        Ok(world.names.seen().keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        let id = world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(FaultyFile { world: Arc::clone(&self.world), id }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        // What the name stood for stays what it stands for after a crash, until the folder is synced.
        let id = world.add(name);
        Ok(Box::new(FaultyFile { world: Arc::clone(&self.world), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        let id = world.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        world.names.insert(to, id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        world.names.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        if world.sync_fails() {
            return Err(io::Error::other("input/output error"));
        }
        world.names.sync();
        Ok(())
    }

    fn name(&self) -> String {
        "faulty storage".to_owned()
    }
}

struct Locked {
    world: Arc<Mutex<World>>,
}

impl Lock for Locked {}

impl Drop for Locked {
    fn drop(&mut self) {
        self.world.lock().locked = false;
    }
}

struct FaultyFile {
    world: Arc<Mutex<World>>,
    id: u64,
}

impl StorageFile for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        Ok(world.inodes.get(&self.id).map_or(0, |inode| inode.seen.len() as u64))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        let Some(inode) = world.inodes.get(&self.id) else { return Ok(0) };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(inode.seen.len());
        let rest = &inode.seen[offset..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let world = &mut *self.world.lock();
        let struck = world.call()?;
        world.writes += 1;
        let zeros = world.faults.garbled_writes.contains(&world.writes).then(|| vec![0; bytes.len()]);
        let bytes = zeros.as_deref().unwrap_or(bytes);
        let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let length = world.inodes.get(&self.id).map_or(0, |inode| inode.seen.len());
        let growth = (offset + bytes.len()).saturating_sub(length) as u64;
        let room = world.faults.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(world.used()));
        let missing = usize::try_from(growth.saturating_sub(room)).unwrap_or(usize::MAX);
        let written = if missing > 0 { bytes.len().saturating_sub(missing) } else { bytes.len() };
        if let Some(inode) = world.inodes.get_mut(&self.id) {
            inode.write(offset, &bytes[..written]);
        }
        match (struck, missing) {
            (true, _) => Err(io::Error::other("the system crashes")),
            (false, 0) => Ok(()),
            (false, _) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let world = &mut *self.world.lock();
        world.whole_call()?;
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        if let Some(inode) = world.inodes.get_mut(&self.id) {
            if inode.seen.len() > length {
                inode.cut.push((length, inode.seen[length..].to_vec()));
            }
            inode.seen.resize(length, 0);
            inode.writes.retain_mut(|(from, to)| {
                *to = (*to).min(length);
                from < to
            });
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let world = &mut *self.world.lock();
        let struck = world.call()?;
        if struck {
            return Err(io::Error::other("the system crashes"));
        }
        let fails = world.sync_fails();
        let Some(inode) = world.inodes.get_mut(&self.id) else { return Ok(()) };
        if fails {
            // The pages count as clean from now on; what is on the disk is what was there.
            inode.writes.clear();
            inode.cut.clear();
            return Err(io::Error::other("input/output error"));
        }
        let mut durable = std::mem::take(&mut inode.durable);
        for (from, to) in std::mem::take(&mut inode.writes) {
            inode.keep(&mut durable, from, to);
        }
        durable.resize(inode.seen.len(), 0);
        inode.cut.clear();
        inode.durable = durable;
        Ok(())
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.world.lock();
        f.debug_struct("Faulty")
            .field("files", &world.names.seen().len())
            .field("calls", &world.calls)
            .finish_non_exhaustive()
    }
}

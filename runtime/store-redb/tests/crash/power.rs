//! Storage that loses power: it forgets or tears whatever was not synced.

use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that a disk writes as a whole.
const SECTOR: usize = 512;

/// What becomes of writes that no sync has confirmed when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All are lost.
    Forgotten,
    /// Each is kept or lost as a whole, in any order.
    Shuffled,
    /// Each sector of each is.
    Torn,
}

/// Whether a sync does what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncing {
    /// It does.
    Honest,
    /// It says so and does nothing.
    SwitchedOff,
}

/// Two files on one supply of power; each survives as what `durable` holds.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    state: Arc<Mutex<State>>,
    file: usize,
}

#[derive(Debug, Default)]
struct OneFile {
    durable: Vec<u8>,
    current: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
struct State {
    files: [OneFile; 2],
    syncs: u64,
    dies_at: u64,
    dead: bool,
    fate: Fate,
    syncing: Syncing,
    random: u64,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Medium {
    /// An empty one.
    pub(crate) fn new(fate: Fate, syncing: Syncing, seed: u64) -> Self {
        let state = Arc::new(Mutex::new(State {
            files: Default::default(),
            syncs: 0,
            dies_at: u64::MAX,
            dead: false,
            fate,
            syncing,
            random: seed.wrapping_mul(2).wrapping_add(1),
        }));
        Self { state, file: 0 }
    }

    /// The other file.
    pub(crate) fn second(&self) -> Self {
        Self { state: Arc::clone(&self.state), file: 1 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the power went.
    pub(crate) fn died(&self) -> bool {
        self.lock().dead
    }

    /// The power is there (again), until this many syncs from now.
    pub(crate) fn power_until(&self, sync: u64) {
        let mut state = self.lock();
        if state.dead {
            for file in &mut state.files {
                file.current = file.durable.clone();
                file.unsynced.clear();
            }
        }
        (state.dead, state.syncs, state.dies_at) = (false, 0, sync);
    }

    /// The power goes now.
    pub(crate) fn power_off(&self) {
        let mut state = self.lock();
        if !state.dead {
            state.die();
        }
    }
}

impl State {
    fn coin(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random & 0x40 != 0
    }

    fn die(&mut self) {
        self.dead = true;
        for at in 0..self.files.len() {
            for change in std::mem::take(&mut self.files[at].unsynced) {
                match (self.fate, change) {
                    (Fate::Forgotten, _) => {}
                    (Fate::Shuffled | Fate::Torn, Change::Length(length)) => {
                        if self.coin() {
                            self.files[at].durable.resize(length, 0);
                        }
                    }
                    (Fate::Shuffled, Change::Write(offset, data)) => {
                        if self.coin() {
                            write(&mut self.files[at].durable, offset, &data);
                        }
                    }
                    (Fate::Torn, Change::Write(offset, data)) => {
                        for (number, sector) in data.chunks(SECTOR).enumerate() {
                            if self.coin() {
                                write(&mut self.files[at].durable, offset + number * SECTOR, sector);
                            }
                        }
                    }
                }
            }
        }
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }
}

fn write(to: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[offset..end].copy_from_slice(data);
}

fn place(number: u64) -> usize {
    usize::try_from(number).expect("a small file")
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        let state = self.lock();
        state.alive()?;
        Ok(state.files[self.file].current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.lock();
        state.alive()?;
        let from = place(offset);
        let bytes =
            state.files[self.file].current.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.lock();
        state.alive()?;
        state.files[self.file].current.resize(place(len), 0);
        state.files[self.file].unsynced.push(Change::Length(place(len)));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.alive()?;
        if state.syncs == state.dies_at {
            state.die();
            return state.alive();
        }
        state.syncs += 1;
        if state.syncing == Syncing::Honest {
            let file = &mut state.files[self.file];
            for change in std::mem::take(&mut file.unsynced) {
                match change {
                    Change::Write(offset, data) => write(&mut file.durable, offset, &data),
                    Change::Length(length) => file.durable.resize(length, 0),
                }
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        state.alive()?;
        write(&mut state.files[self.file].current, place(offset), data);
        state.files[self.file].unsynced.push(Change::Write(place(offset), data.to_vec()));
        Ok(())
    }
}

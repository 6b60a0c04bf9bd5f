//! Compiled code on disk: `<digest>.cwasm`, and beside it `<digest>.seal`, a keyed hash of it.
//!
//! Deserializing bytes that wasmtime did not write is undefined behaviour, so nothing is deserialized that does not
//! carry our seal. The seal is a BLAKE3 hash keyed with a secret that lies in the same private folder, over the
//! digest and the code: a truncated or changed file, one of another component, and one brought from another folder all
//! fail it, and count as missing. Folders are per engine build, so that another version's files are never looked at.
//!
//! INVARIANT: files are written aside and renamed, never changed in place, since they are mapped into memory.

use crate::{Digest, PublishError, SandboxError};
use std::fs;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiled code that has not left this process since the compiler wrote it.
pub(crate) struct FreshCode(Vec<u8>);

impl FreshCode {
    /// Compiles a component.
    pub(crate) fn compile(engine: &Engine, component: &[u8]) -> Result<Self, PublishError> {
        let code = engine.precompile_component(component);
        code.map(Self).map_err(|error| PublishError::Compile(format!("{error:#}")))
    }
}

/// The folder of compiled code.
pub(crate) struct CompileCache {
    dir: PathBuf,
    key: [u8; 32],
    bytes_max: u64,
}

impl CompileCache {
    /// Opens the folder, makes it private, and drops what other engine builds left.
    pub(crate) fn open(root: &Path, bytes_max: u64, engine: &Engine) -> Result<Self, SandboxError> {
        let error = |reason: String| SandboxError::CacheDir { path: root.to_owned(), reason };
        let io = |source: io::Error| error(source.to_string());
        fs::create_dir_all(root).map_err(io)?;
        let owner = fs::metadata(root).map_err(io)?.uid();
        let us = rustix::process::geteuid().as_raw();
        if owner != us {
            return Err(error(format!("it belongs to user {owner}, and this is user {us}")));
        }
        fs::set_permissions(root, fs::Permissions::from_mode(0o700)).map_err(io)?;
        let key = read_or_make_key(&root.join("key")).map_err(io)?;
        let mut hasher = KeyedHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let build = hasher.0.finalize().to_hex();
        let dir = root.join(&build.as_str()[..16]);
        for entry in fs::read_dir(root).map_err(io)?.flatten() {
            let path = entry.path();
            if path != dir && path.is_dir() {
                // Only an old cache: what cannot be removed is in nobody's way.
                let _ = fs::remove_dir_all(path);
            }
        }
        fs::create_dir_all(&dir).map_err(io)?;
        for entry in fs::read_dir(&dir).map_err(io)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with('.') {
                // Written aside when a process ended.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Self { dir, key, bytes_max })
    }

    /// The component as it was kept; `None` if it is missing or not as we wrote it.
    pub(crate) fn get(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let path = self.code_path(digest);
        let seal: [u8; 32] = fs::read(self.seal_path(digest)).ok()?.try_into().ok()?;
        let code = fs::read(&path).ok()?;
        if self.seal(digest, &code) != blake3::Hash::from_bytes(seal) {
            tracing::warn!(%digest, "compiled code on disk is not as it was written; it is compiled again");
            self.remove(digest);
            return None;
        }
        drop(code);
        #[expect(unsafe_code, reason = "compiled code can only be mapped by an unsafe function")]
        // SAFETY: the seal shows that this process's user wrote these bytes, from `Engine::precompile_component` of an
        // engine with the same compatibility hash. The folder is private to that user (0700), and this crate replaces
        // files only by rename, so the bytes mapped are the bytes just hashed and do not change while mapped.
        let component = unsafe { Component::deserialize_file(engine, &path) };
        match component {
            Ok(component) => {
                // Best effort: a file whose time stays old goes earlier, and is compiled again.
                let _ = fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
                Some(component)
            }
            Err(error) => {
                tracing::warn!(%digest, error = format!("{error:#}"), "compiled code on disk does not load");
                self.remove(digest);
                None
            }
        }
    }

    /// What was compiled just now, without a file.
    pub(crate) fn load(engine: &Engine, code: &FreshCode) -> Result<Component, PublishError> {
        #[expect(unsafe_code, reason = "compiled code can only be loaded by an unsafe function")]
        // SAFETY: `FreshCode` is only made by `FreshCode::compile`, from this process's own compiler.
        let component = unsafe { Component::deserialize(engine, &code.0) };
        component.map_err(|error| PublishError::Internal(format!("{error:#}")))
    }

    /// Keeps compiled code. It is not synced: what a crash tears fails its seal. What was used longest ago goes, until
    /// all together are within the bound.
    pub(crate) fn put(&self, digest: Digest, code: &FreshCode) -> io::Result<()> {
        let seal = self.seal(digest, &code.0);
        self.write(&self.code_path(digest), &code.0)?;
        self.write(&self.seal_path(digest), seal.as_bytes())?;
        self.make_room(digest);
        Ok(())
    }

    /// Removes others than `newest`, oldest use first.
    fn make_room(&self, newest: Digest) {
        let mut kept = Vec::new();
        let mut total: u64 = 0;
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let code = name.to_str().and_then(|name| name.strip_suffix(".cwasm"));
            let (Some(digest), Ok(data)) = (code.and_then(|code| code.parse().ok()), entry.metadata()) else {
                continue;
            };
            total = total.saturating_add(data.len());
            kept.push((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), digest, data.len()));
        }
        if total <= self.bytes_max {
            return;
        }
        kept.sort_unstable_by_key(|(used, ..)| *used);
        for (_, digest, bytes) in kept {
            if total <= self.bytes_max {
                return;
            }
            if digest != newest {
                self.remove(digest);
                total -= bytes;
            }
        }
    }

    /// Drops what was kept. Who has it mapped keeps it.
    pub(crate) fn remove(&self, digest: Digest) {
        // Best effort: a file that stays is refused again.
        let _ = fs::remove_file(self.seal_path(digest));
        let _ = fs::remove_file(self.code_path(digest));
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let aside = self.dir.join(format!(".{:016x}", random_u64()?));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        let written = file.write_all(bytes).and_then(|()| fs::rename(&aside, path));
        if written.is_err() {
            let _ = fs::remove_file(&aside);
        }
        written
    }

    fn seal(&self, digest: Digest, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(digest.as_bytes());
        hasher.update(code);
        hasher.finalize()
    }

    fn code_path(&self, digest: Digest) -> PathBuf {
        self.dir.join(format!("{digest}.cwasm"))
    }

    fn seal_path(&self, digest: Digest) -> PathBuf {
        self.dir.join(format!("{digest}.seal"))
    }
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Ok(bytes) = fs::read(path)
        && let Ok(key) = <[u8; 32]>::try_from(bytes)
    {
        return Ok(key);
    }
    let mut key = [0; 32];
    fill_random(&mut key)?;
    // A key of another length is a torn one; everything sealed with it counts as missing.
    let _ = fs::remove_file(path);
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(&key)?;
    Ok(key)
}

fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
}

fn random_u64() -> io::Result<u64> {
    let mut bytes = [0; 8];
    fill_random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The engine offers its compatibility only as something that can be hashed.
struct KeyedHasher(blake3::Hasher);

impl Hasher for KeyedHasher {
    fn finish(&self) -> u64 {
        let bytes = self.0.finalize();
        bytes.as_bytes().iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

//! Compiled components: kept on disk as a cache, in memory by weight.

use crate::compile_cache::{CompileCache, FreshCode};
use crate::engine::{MEMORIES_PER_PLACE, TABLES_PER_PLACE};
use crate::host::{self, Guest};
use crate::schedule::{Course, FirstSlice};
use crate::{ComponentKind, Digest, PublishError, SandboxConfig, SandboxError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{Semaphore, watch};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

/// Niceness of the threads that compile: below the guests'.
const COMPILE_NICENESS: i32 = 15;
/// Bytes of a component that compiles in about a second.
const SMALL_COMPONENT_BYTES: usize = 512 << 10;
/// Uploads that are read at the same time.
const READERS: usize = 2;
/// Bytes of bookkeeping that a loaded component costs beside its code.
const LOADED_OVERHEAD_BYTES: u64 = 64 << 10;
/// Bytes of code beyond which instantiating alone is too long for a caller's thread.
const LIGHT_CODE_BYTES: u64 = 4 << 20;
/// How many calls of a function pass, after one that was long, before its first slice is tried with the caller again.
const LONG_MEMORY_CALLS: u8 = 16;

/// A component that is ready to be invoked. A clone is a reference count.
#[derive(Clone)]
pub struct Loaded(Arc<LoadedInner>);

struct LoadedInner {
    digest: Digest,
    kind: ComponentKind,
    pre: InstancePre<Guest>,
    export: ComponentExportIndex,
    code_bytes: u64,
    places: u32,
    long: AtomicU8,
}

impl Loaded {
    /// Content address of the component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// How it is called.
    #[must_use]
    pub fn kind(&self) -> ComponentKind {
        self.0.kind
    }

    /// Bytes of compiled code.
    #[must_use]
    pub fn code_bytes(&self) -> u64 {
        self.0.code_bytes
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.0.pre.engine()
    }

    pub(crate) fn pre(&self) -> &InstancePre<Guest> {
        &self.0.pre
    }

    pub(crate) fn export(&self) -> &ComponentExportIndex {
        &self.0.export
    }

    /// Places that one instance takes, by its share of the pools.
    pub(crate) fn places(&self) -> u32 {
        self.0.places
    }

    /// Where its first slice belongs, by how its last calls went.
    pub(crate) fn first_slice(&self) -> FirstSlice {
        let long = &self.0.long;
        let counted = long.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |calls| calls.checked_sub(1));
        if counted.is_ok() || self.0.code_bytes > LIGHT_CODE_BYTES {
            FirstSlice::OnGuestThread
        } else {
            FirstSlice::WithCaller
        }
    }

    pub(crate) fn record(&self, first: FirstSlice, course: Course) {
        if first == FirstSlice::WithCaller && course == Course::Long {
            self.0.long.store(LONG_MEMORY_CALLS, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("digest", &self.0.digest).field("kind", &self.0.kind).finish()
    }
}

#[derive(Clone)]
struct ByCodeSize;

impl quick_cache::Weighter<Digest, Loaded> for ByCodeSize {
    fn weight(&self, _: &Digest, loaded: &Loaded) -> u64 {
        loaded.0.code_bytes + LOADED_OVERHEAD_BYTES
    }
}

fn compile_threads(name: &'static str, threads: usize) -> Result<rayon::ThreadPool, SandboxError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |number| format!("{name}-{number}"))
        .start_handler(|_| {
            // Where it is refused, compiling competes with the server at even strength.
            let _ = rustix::process::setpriority_process(None, COMPILE_NICENESS);
        })
        .build()
        .map_err(|error| SandboxError::Thread(std::io::Error::other(error)))
}

type Published = Option<Result<Loaded, PublishError>>;

/// Everything compiled.
pub(crate) struct Registry {
    engine: Engine,
    linker: Linker<Guest>,
    disk: CompileCache,
    memory: quick_cache::sync::Cache<Digest, Loaded, ByCodeSize>,
    compiling: Mutex<HashMap<Digest, watch::Receiver<Published>>>,
    /// For components up to [`SMALL_COMPONENT_BYTES`], which need not wait behind long ones.
    small: rayon::ThreadPool,
    large: rayon::ThreadPool,
    readers: Semaphore,
    /// Places that there are, for all invocations together.
    places_max: u32,
}

impl Registry {
    pub(crate) fn open(config: &SandboxConfig, engine: Engine) -> Result<Arc<Self>, SandboxError> {
        let linker = host::linker(&engine).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let disk = CompileCache::open(&config.cache_dir, config.cache_bytes_max, &engine)?;
        let small = compile_threads("compile-small", 1)?;
        let large = compile_threads("compile", config.compile_threads.max(1))?;
        let items = usize::try_from(config.loaded_bytes_max / (LOADED_OVERHEAD_BYTES * 4)).unwrap_or(1024);
        let memory =
            quick_cache::sync::Cache::with_weighter(items.max(16), config.loaded_bytes_max, ByCodeSize);
        Ok(Arc::new(Self {
            engine,
            linker,
            disk,
            memory,
            compiling: Mutex::default(),
            small,
            large,
            readers: Semaphore::new(READERS),
            places_max: config.instances_max.max(1),
        }))
    }

    /// Reads an upload, a few at a time; `None` if the reader panicked.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _turn = self.readers.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }

    pub(crate) async fn load(self: &Arc<Self>, digest: Digest) -> Option<Loaded> {
        if let Some(loaded) = self.memory.get(&digest) {
            return Some(loaded);
        }
        let from_disk = async {
            let this = self.clone();
            let read = tokio::task::spawn_blocking(move || this.read_disk(digest));
            read.await.ok().flatten().ok_or(())
        };
        self.memory.get_or_insert_async(&digest, from_disk).await.ok()
    }

    pub(crate) fn forget(&self, digest: Digest) {
        self.memory.remove(&digest);
        self.disk.remove(digest);
    }

    pub(crate) async fn publish(
        self: &Arc<Self>,
        digest: Digest,
        component: Arc<[u8]>,
    ) -> Result<Loaded, PublishError> {
        if let Some(loaded) = self.load(digest).await {
            return Ok(loaded);
        }
        let mut published = self.begin_compiling(digest, component);
        let published = match published.wait_for(Option::is_some).await {
            Ok(published) => published.clone(),
            Err(_) => None,
        };
        published.unwrap_or_else(|| Err(PublishError::Compile("the compiler broke down".to_owned())))
    }

    /// Begins to compile, or joins who has begun. It goes on when nobody waits any more.
    fn begin_compiling(self: &Arc<Self>, digest: Digest, component: Arc<[u8]>) -> watch::Receiver<Published> {
        let mut compiling = self.compiling.lock();
        if let Some(published) = compiling.get(&digest) {
            return published.clone();
        }
        let (answer, published) = watch::channel(None);
        compiling.insert(digest, published.clone());
        drop(compiling);
        let this = self.clone();
        let threads = if component.len() <= SMALL_COMPONENT_BYTES { &self.small } else { &self.large };
        threads.spawn(move || {
            let compiled = catch_unwind(AssertUnwindSafe(|| this.compile(digest, &component)));
            if let Ok(Ok(loaded)) = &compiled {
                this.memory.insert(digest, loaded.clone());
            }
            this.compiling.lock().remove(&digest);
            if let Ok(result) = compiled {
                answer.send_replace(Some(result));
            }
        });
        published
    }

    fn compile(&self, digest: Digest, component: &[u8]) -> Result<Loaded, PublishError> {
        if Digest::of(component) != digest {
            return Err(PublishError::Internal(format!("these bytes are not those of digest {digest}")));
        }
        let code = FreshCode::compile(&self.engine, component)?;
        let kept = self.disk.put(digest, &code);
        let component = match kept.as_ref().map(|()| self.disk.get(&self.engine, digest)) {
            Ok(Some(component)) => component,
            Ok(None) => {
                tracing::warn!(%digest, "compiled code was not read back; it stays in memory only");
                CompileCache::load(&self.engine, &code)?
            }
            // A full disk must not keep a function from running.
            Err(error) => {
                tracing::warn!(%digest, %error, "compiled code cannot be kept on disk; it stays in memory only");
                CompileCache::load(&self.engine, &code)?
            }
        };
        drop(code);
        self.link(digest, &component)
    }

    fn read_disk(&self, digest: Digest) -> Option<Loaded> {
        let component = self.disk.get(&self.engine, digest)?;
        match self.link(digest, &component) {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                tracing::warn!(%digest, %error, "a compiled component does not link");
                None
            }
        }
    }

    fn link(&self, digest: Digest, component: &Component) -> Result<Loaded, PublishError> {
        let link = || -> wasmtime::Result<_> {
            let own = host::link_denied(&self.linker, &self.engine, component)?;
            own.as_ref().unwrap_or(&self.linker).instantiate_pre(component)
        };
        let pre = link().map_err(|error| PublishError::DoesNotLink(format!("{error:#}")))?;
        let (kind, export) = self.entry_point(component)?;
        let Some(needs) = component.resources_required() else {
            return Err(PublishError::DoesNotFit("it imports core modules".to_owned()));
        };
        let places =
            needs.num_memories.div_ceil(MEMORIES_PER_PLACE).max(needs.num_tables.div_ceil(TABLES_PER_PLACE));
        if places > self.places_max {
            let reason = format!("it takes {places} places, and there are {}", self.places_max);
            return Err(PublishError::DoesNotFit(reason));
        }
        let range = component.image_range();
        let code_bytes = (range.end as usize).saturating_sub(range.start as usize) as u64;
        Ok(Loaded(Arc::new(LoadedInner {
            digest,
            kind,
            pre,
            export,
            code_bytes,
            places: places.max(1),
            long: AtomicU8::new(0),
        })))
    }

    fn entry_point(
        &self,
        component: &Component,
    ) -> Result<(ComponentKind, ComponentExportIndex), PublishError> {
        if let Some(index) = component.get_export_index(None, "handle") {
            return Ok((ComponentKind::Task, index));
        }
        let ty = component.component_type();
        let run = ty.exports(&self.engine).find_map(|(name, item)| {
            let is_run = name.starts_with("wasi:cli/run@0.2.");
            (is_run && matches!(item.ty, ComponentItem::ComponentInstance(_))).then(|| name.to_owned())
        });
        let export = run.and_then(|name| {
            let instance = component.get_export_index(None, &name)?;
            component.get_export_index(Some(&instance), "run")
        });
        export
            .map(|export| (ComponentKind::Command, export))
            .ok_or_else(|| PublishError::NoHandler("nothing of the kind".to_owned()))
    }
}

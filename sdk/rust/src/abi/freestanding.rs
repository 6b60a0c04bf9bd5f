//! What a crate without std needs: an allocator and a panic handler.

use super::log;
use crate::Level;
use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    fmt::{self, Write},
    panic::PanicInfo,
};

/// Blocks are powers of two from this size on, and aligned to it.
const BLOCK_BYTES_MIN: usize = 16;
/// One list of free blocks for each power of two up to the whole address space.
const CLASSES: usize = 32 - BLOCK_BYTES_MIN.trailing_zeros() as usize;
/// What a task has before its memory grows; part of the module's own pages, and free as long as it is not touched.
const ARENA_BYTES: usize = 64 << 10;
const PAGE_BYTES: usize = 64 << 10;
/// Memory grows by at least this much: each growth costs more than a whole small invocation.
const GROWTH_PAGES_MIN: usize = 16;

/// Memory in blocks of powers of two; freed blocks are kept by size.
///
/// An instance lives for one call, and most need less than the arena, so that nothing is asked of the host. The last block
/// grows and shrinks in place, so that a text that is being written is not copied.
struct Heap {
    /// Of 16 bytes each, for their alignment.
    arena: UnsafeCell<[u128; ARENA_BYTES / 16]>,
    state: UnsafeCell<State>,
}

struct State {
    /// Where the next new block begins.
    top: usize,
    /// Where the stretch of memory that `top` walks through ends; 0 before the first call.
    end: usize,
    /// Free blocks by class, each beginning with the address of the next; 0 ends a list.
    free: [usize; CLASSES],
}

#[global_allocator]
static HEAP: Heap = Heap {
    arena: UnsafeCell::new([0; ARENA_BYTES / 16]),
    state: UnsafeCell::new(State { top: 0, end: 0, free: [0; CLASSES] }),
};

// `memcmp` and its like, which the compiler's own runtime leaves to libc for this target.
#[cfg(target_os = "wasi")]
#[link(name = "c")]
unsafe extern "C" {}

// SAFETY: wasm32 without the threads proposal has one thread.
unsafe impl Sync for Heap {}

/// The size of the block that holds `layout`; `None` if no address space can hold it.
fn block_bytes(layout: Layout) -> Option<usize> {
    layout.size().max(BLOCK_BYTES_MIN).checked_next_power_of_two()
}

fn class(block_bytes: usize) -> usize {
    (block_bytes.trailing_zeros() - BLOCK_BYTES_MIN.trailing_zeros()) as usize
}

impl State {
    /// Let `end` lie at least `bytes` further, or walk on through a new stretch of memory where the old one cannot grow:
    /// behind the arena, or where somebody else has asked for memory.
    fn grow(&mut self, bytes: usize) -> bool {
        let pages = bytes.div_ceil(PAGE_BYTES);
        // The generous step may be refused where the exact one is not.
        for pages in [pages.max(GROWTH_PAGES_MIN), pages] {
            let pages_before = core::arch::wasm32::memory_grow::<0>(pages);
            if pages_before != usize::MAX {
                let start = pages_before.saturating_mul(PAGE_BYTES);
                if start != self.end {
                    self.top = start;
                }
                self.end = start.saturating_add(pages.saturating_mul(PAGE_BYTES));
                return true;
            }
        }
        false
    }

    fn alloc(&mut self, layout: Layout) -> Option<usize> {
        let bytes = block_bytes(layout)?;
        let free = self.free.get_mut(class(bytes))?;
        if *free != 0 && layout.align() <= BLOCK_BYTES_MIN {
            let block = *free;
            // SAFETY: a free block begins with the address of the next one.
            *free = unsafe { *core::ptr::with_exposed_provenance::<usize>(block) };
            return Some(block);
        }
        loop {
            let block = self.top.checked_next_multiple_of(layout.align().max(BLOCK_BYTES_MIN))?;
            let top = block.checked_add(bytes)?;
            if top <= self.end {
                self.top = top;
                return Some(block);
            }
            if !self.grow(top - self.end) {
                return None;
            }
        }
    }

    fn dealloc(&mut self, block: usize, layout: Layout) {
        let Some(bytes) = block_bytes(layout) else { return };
        if block + bytes == self.top {
            self.top = block;
        } else if let Some(free) = self.free.get_mut(class(bytes)) {
            // SAFETY: the block is at least 16 bytes, aligned to 16, and nobody else's now.
            unsafe { *core::ptr::with_exposed_provenance_mut::<usize>(block) = *free };
            *free = block;
        }
    }

    /// Whether the block could be made to hold `new` where it is.
    fn resize(&mut self, block: usize, old: Layout, new: Layout) -> bool {
        let (Some(old), Some(new)) = (block_bytes(old), block_bytes(new)) else { return false };
        if old == new {
            return true;
        }
        let Some(top) = block.checked_add(new) else { return false };
        if block + old != self.top || (top > self.end && !self.grow(top - self.end)) {
            return false;
        }
        // Not so if the growth led to a new stretch.
        let fits = block + old == self.top;
        if fits {
            self.top = top;
        }
        fits
    }
}

impl Heap {
    /// # Safety
    /// No two of these may be alive at once.
    #[expect(clippy::mut_from_ref, reason = "the one thread takes it for one call at a time")]
    unsafe fn state(&self) -> &mut State {
        // SAFETY: the caller's promise.
        let state = unsafe { &mut *self.state.get() };
        if state.end == 0 {
            state.top = self.arena.get().expose_provenance();
            state.end = state.top + ARENA_BYTES;
        }
        state
    }
}

// SAFETY: blocks never overlap (each is cut from the top once, and is either in use or in one list), hold the layout's
// size at its alignment, and are only touched through `&mut State` that ends within each call.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no call within a call.
        let state = unsafe { self.state() };
        state.alloc(layout).map_or(core::ptr::null_mut(), core::ptr::with_exposed_provenance_mut)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let state = unsafe { self.state() };
        state.dealloc(block.expose_provenance(), layout);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Ok(new_layout) = Layout::from_size_align(new_size, layout.align()) else {
            return core::ptr::null_mut();
        };
        // SAFETY: as in `alloc`.
        let state = unsafe { self.state() };
        if state.resize(block.expose_provenance(), layout, new_layout) {
            return block;
        }
        let Some(new_block) = state.alloc(new_layout) else { return core::ptr::null_mut() };
        let new_block = core::ptr::with_exposed_provenance_mut::<u8>(new_block);
        // SAFETY: both blocks are at least this long, and apart.
        unsafe { core::ptr::copy_nonoverlapping(block, new_block, layout.size().min(new_size)) };
        state.dealloc(block.expose_provenance(), layout);
        new_block
    }
}

/// A line on the stack: a panic may come from an allocation that failed.
struct Line {
    bytes: [u8; 512],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut length = text.len().min(self.bytes.len() - self.length);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        self.bytes[self.length..self.length + length].copy_from_slice(&text.as_bytes()[..length]);
        self.length += length;
        if length == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Log the panic's message and place, as far as 512 bytes hold them, and trap.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut line = Line { bytes: [0; 512], length: 0 };
    // A message that is too long ends where the line does.
    let _ = write!(line, "{info}");
    if let Ok(message) = core::str::from_utf8(&line.bytes[..line.length]) {
        log(Level::Error, message);
    }
    core::arch::wasm32::unreachable()
}

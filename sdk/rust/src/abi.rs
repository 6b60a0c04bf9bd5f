//! The canonical ABI of `wit/task.wit`, by hand; the only unsafe code of this crate lies here and in `abi/`.
//!
//! By hand, because the world is small and fixed: no generated code in a task's build, no tool to install, and a component
//! of a few kilobytes. The layout rules are those of the component model's canonical ABI for wasm32: a string is a
//! pointer and a length, what does not fit one result goes through memory, and what the host writes into this memory it
//! has asked `cabi_realloc` for.
#![expect(unsafe_code, reason = "the boundary to the host is made of pointers")]

use crate::{Level, Result};
use alloc::{
    alloc::{alloc, realloc},
    boxed::Box,
    string::String,
    vec::Vec,
};
use core::{alloc::Layout, mem::MaybeUninit};

#[cfg(feature = "freestanding")]
mod freestanding;

/// The world `stepwell:task/function` in binary form, for the section that tools read it from.
///
/// Made from `wit/` by `cargo xtask guests`.
pub const WORLD: &[u8; include_bytes!("function.component-type").len()] =
    include_bytes!("function.component-type");

/// `result<string, task-error>` in memory.
#[repr(C)]
#[derive(Debug)]
pub struct Return {
    /// 0 for a result, 1 for a failure.
    tag: u32,
    /// The result's or the error name's text.
    first: Text,
    /// The cause's text; empty for a result.
    second: Text,
}

/// A string that the host reads: its memory is freed by `post_handle`.
#[repr(C)]
#[derive(Debug)]
struct Text {
    pointer: *mut u8,
    length: usize,
}

impl Text {
    const EMPTY: Self = Self { pointer: core::ptr::null_mut(), length: 0 };

    fn give(text: String) -> Self {
        let bytes = Box::leak(text.into_boxed_str().into_boxed_bytes());
        Self { pointer: bytes.as_mut_ptr(), length: bytes.len() }
    }

    fn take_back(self) {
        if self.length != 0 {
            // SAFETY: `give` leaked a boxed slice of this length.
            drop(unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(self.pointer, self.length)) });
        }
    }
}

/// Run `task` on the event that the host has lowered.
///
/// # Safety
/// `event` and `length` are a UTF-8 string that the host wrote into memory from `cabi_realloc`.
pub unsafe fn handle(task: fn(String) -> Result<String>, event: *mut u8, length: usize) -> *mut Return {
    // SAFETY: the caller's promise.
    let event = unsafe { lift(event, length) };
    Box::into_raw(Box::new(match task(event) {
        Ok(output) => Return { tag: 0, first: Text::give(output), second: Text::EMPTY },
        Err(error) => Return { tag: 1, first: Text::give(error.error), second: Text::give(error.cause) },
    }))
}

/// Free what `handle` returned.
///
/// # Safety
/// `returned` comes from [`handle`], and this is its only use.
pub unsafe fn post_handle(returned: *mut Return) {
    // SAFETY: `handle` made it with `Box::into_raw`.
    let returned = unsafe { Box::from_raw(returned) };
    returned.first.take_back();
    returned.second.take_back();
}

/// A string that the host has written.
///
/// # Safety
/// As for [`handle`].
unsafe fn lift(pointer: *mut u8, length: usize) -> String {
    // SAFETY: `cabi_realloc` allocated `length` bytes with alignment 1 for it, and the host checks UTF-8.
    unsafe { String::from_utf8_unchecked(Vec::from_raw_parts(pointer, length, length)) }
}

/// Memory that the host asks for.
///
/// # Safety
/// Only the host calls this, with zeros or with what an earlier call returned.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_length: usize,
    align: usize,
    new_length: usize,
) -> *mut u8 {
    if new_length == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: the host gives a power of two as alignment, and `old` with the length and alignment it was allocated with.
    let memory = unsafe {
        if old_length == 0 {
            alloc(Layout::from_size_align_unchecked(new_length, align))
        } else {
            realloc(old, Layout::from_size_align_unchecked(old_length, align), new_length)
        }
    };
    if memory.is_null() {
        core::arch::wasm32::unreachable();
    }
    memory
}

#[link(wasm_import_module = "stepwell:task/context@0.1.0")]
unsafe extern "C" {
    #[link_name = "invocation-id"]
    fn import_invocation_id(answer: *mut Text);
    #[link_name = "execution-arn"]
    fn import_execution_arn(answer: *mut OptionalText);
    #[link_name = "attempt"]
    safe fn import_attempt() -> u32;
    #[link_name = "deadline-unix-ms"]
    safe fn import_deadline_unix_ms() -> u64;
    #[link_name = "idempotency-key"]
    fn import_idempotency_key(answer: *mut Text);
    #[link_name = "function-name"]
    fn import_function_name(answer: *mut Text);
    #[link_name = "function-version"]
    fn import_function_version(answer: *mut Text);
    #[link_name = "memory-limit-bytes"]
    safe fn import_memory_limit_bytes() -> u64;
}

#[link(wasm_import_module = "stepwell:task/logging@0.1.0")]
unsafe extern "C" {
    #[link_name = "log"]
    fn import_log(level: u32, message: *const u8, length: usize);
}

/// `option<string>` in memory.
#[repr(C)]
struct OptionalText {
    /// 0 for none, 1 for some.
    tag: u32,
    text: Text,
}

/// Ask for a string.
fn text(import: unsafe extern "C" fn(*mut Text)) -> String {
    let mut answer = MaybeUninit::uninit();
    // SAFETY: each import of this signature writes a whole string, whose memory is then ours.
    unsafe {
        import(answer.as_mut_ptr());
        let Text { pointer, length } = answer.assume_init();
        lift(pointer, length)
    }
}

pub(crate) fn invocation_id() -> String {
    text(import_invocation_id)
}
pub(crate) fn execution_arn() -> Option<String> {
    // Zeroed, since the host writes no more than the tag's first byte where there is no text.
    let mut answer = MaybeUninit::zeroed();
    // SAFETY: zeros are a valid `OptionalText`; with tag 1 the host has written a string, whose memory is ours.
    unsafe {
        import_execution_arn(answer.as_mut_ptr());
        let OptionalText { tag, text: Text { pointer, length } } = answer.assume_init();
        (tag != 0).then(|| lift(pointer, length))
    }
}
pub(crate) fn attempt() -> u32 {
    import_attempt()
}
pub(crate) fn deadline_unix_ms() -> u64 {
    import_deadline_unix_ms()
}
pub(crate) fn idempotency_key() -> String {
    text(import_idempotency_key)
}
pub(crate) fn function_name() -> String {
    text(import_function_name)
}
pub(crate) fn function_version() -> String {
    text(import_function_version)
}
pub(crate) fn memory_limit_bytes() -> u64 {
    import_memory_limit_bytes()
}
pub(crate) fn log(level: Level, message: &str) {
    // SAFETY: the host only reads the message, and only during the call; `Level` counts as the WIT enum does.
    unsafe { import_log(level as u32, message.as_ptr(), message.len()) }
}

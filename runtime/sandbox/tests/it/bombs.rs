//! Small uploads that would take hours or gigabytes to compile are refused before anything compiles them.

use crate::guests::{ECHO, assemble, echo, task};
use std::fmt::Write as _;
use stepwell_sandbox::{PublishError, prepare};

fn put_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
}

fn take_number(bytes: &mut &[u8]) -> usize {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}

/// The echo task with so many more functions, each with this body.
fn swollen(functions: usize, body: &[u8]) -> Vec<u8> {
    let module = task("", "", ECHO);
    let (header, mut rest) = module.split_at(8);
    let mut out = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let length = take_number(&mut rest);
        let (mut content, after) = rest.split_at(length);
        rest = after;
        let mut section = Vec::new();
        // Functions and code.
        if matches!(id, 3 | 10) {
            put_number(take_number(&mut content) + functions, &mut section);
            section.extend(content);
            for _ in 0..functions {
                if *id == 3 {
                    section.push(0);
                } else {
                    put_number(body.len(), &mut section);
                    section.extend(body);
                }
            }
        } else {
            section.extend(content);
        }
        out.push(*id);
        put_number(section.len(), &mut out);
        out.extend(section);
    }
    out
}

/// A body of about this length: `nop`, then a trap.
fn body(bytes: usize) -> Vec<u8> {
    let mut body = vec![0];
    body.resize(bytes, 0x01);
    body.extend([0x00, 0x0b]);
    body
}

const HANDLER: &str = r#"(core module $h (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "handle") (param i32 i32) (result i32) unreachable))
  (core instance $h (instantiate $h))
  (type $e' (record (field "error" string) (field "cause" string)))
  (export $e "task-error" (type $e'))
  (func (export "handle") (param "event" string) (result (result string (error $e)))
    (canon lift (core func $h "handle") (memory $h "memory") (realloc (func $h "realloc"))))"#;

/// Each level instantiates the one before it twice.
fn doubling(levels: usize) -> Vec<u8> {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..=levels {
        let inner = level - 1;
        let twice = format!("(instance (instantiate $c{inner})) (instance (instantiate $c{inner}))");
        let _ = write!(text, "(component $c{level} {twice})");
    }
    assemble(&format!("(component {text} (instance (instantiate $c{levels})) {HANDLER})"))
}

/// A component with components inside each other.
fn deep(levels: usize) -> Vec<u8> {
    let mut inner = Vec::new();
    for _ in 0..levels {
        let mut outer = b"\0asm\x0d\0\x01\0".to_vec();
        outer.extend(&inner);
        inner = vec![4];
        put_number(outer.len(), &mut inner);
        inner.extend(outer);
    }
    let mut wasm = assemble(&format!("(component {HANDLER})"));
    wasm.extend(inner);
    wasm
}

#[track_caller]
fn check(wasm: &[u8], want: Option<&str>) {
    match (prepare(wasm), want) {
        (Ok(_), None) => {}
        (Err(PublishError::TooComplex(reason)), Some(want)) => assert_eq!(reason, want),
        (got, want) => panic!("{:?} is not {want:?}", got.map(|prepared| prepared.digest)),
    }
}

#[test]
fn instances_are_counted_as_often_as_they_are_made() {
    let told = "its parts have more than 100000 instances and functions between them";
    check(&doubling(3), None);
    check(&doubling(30), Some(told));
    check(&doubling(200), Some(told));
    // A component that another one hands in could be any.
    let unknown = "(component $c (import \"c\" (component $x)) (instance (instantiate $x)))";
    check(&assemble(&format!("(component {unknown} {HANDLER})")), Some(told));
}

#[test]
fn modules_are_counted_as_often_as_they_are_instantiated() {
    let globals = "(global i32 (i32.const 0))".repeat(10_000);
    let instances = |count| {
        let instances = "(core instance (instantiate $m))".repeat(count);
        assemble(&format!("(component (core module $m {globals}) {instances} {HANDLER})"))
    };
    check(&instances(20), None);
    check(&instances(40), Some("an instance of it takes too much memory beside its own"));
}

#[test]
fn functions_are_bounded_in_number_and_length() {
    check(&echo(), None);
    check(&swollen(10_000, &body(1)), None);
    check(&swollen(200_000, &body(1)), Some("it has more than 131072 functions"));
    check(&swollen(1, &body(1 << 20)), None);
    check(&swollen(1, &body(3 << 20)), Some("its functions are too many and too long"));
    check(&swollen(100, &body(300 << 10)), Some("its functions are too many and too long"));
}

#[test]
fn parts_do_not_lie_deep_in_each_other() {
    check(&deep(50), None);
    check(&deep(150), Some("its parts lie more than 100 deep in each other"));
}

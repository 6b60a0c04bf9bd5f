//! What may be uploaded, and how each refusal reads.

use crate::guests::{ECHO, assemble, echo, task};
use std::io::Write as _;
use stepwell_sandbox::{ComponentKind, Digest, PublishError, UPLOAD_BYTES_MAX, prepare};
use zip::write::{SimpleFileOptions, ZipWriter};

#[track_caller]
fn check(upload: &[u8], message: &str) {
    let error = prepare(upload).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_module_a_component_and_a_zip_are_the_same_function() {
    let module = prepare(&echo()).unwrap();
    assert_eq!(module.kind, ComponentKind::Task);
    let component = prepare(&module.component).unwrap();
    let zip = prepare(&zipped(&[("readme.txt", b"x"), ("dir/echo.wasm", &module.component)])).unwrap();
    assert_eq!(module.digest, component.digest);
    assert_eq!(module.digest, zip.digest);
    assert_eq!(module.digest, Digest::of(&component.component));
    assert_ne!(component.code_sha256, zip.code_sha256);
    assert_eq!(component.code_size_bytes, component.component.len() as u64);
}

#[test]
fn the_code_hash_is_lambdas() {
    // printf x | openssl dgst -sha256 -binary | base64, over a whole upload.
    let prepared = prepare(&echo()).unwrap();
    assert_eq!(prepared.code_sha256.len(), 44);
    assert!(prepared.code_sha256.ends_with('='));
}

#[test]
fn what_is_not_webassembly_is_named() {
    check(b"", "the upload is empty");
    check(b"\x7fELF\x02\x01", "native Linux program");
    check(b"#!/bin/sh\n", "as a script does");
    check(b"(module)", "has to be assembled first");
    check(b"hello world", "the bytes 68 65 6c 6c");
    check(b"\0asm\x09\0\0\0", "version 9 of layer 0");
    check(&vec![0; UPLOAD_BYTES_MAX + 1], "at most 52428800 may be uploaded");
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let whole = prepare(&echo()).unwrap().component;
    for sixteenth in 0..16 {
        let upload = &whole[..whole.len() * sixteenth / 16];
        let error = prepare(upload).unwrap_err();
        // Cut between two sections, a file is whole but lacks something.
        let fits = match sixteenth {
            0 => matches!(error, PublishError::Empty),
            _ => matches!(
                error,
                PublishError::Truncated { .. } | PublishError::NoHandler(_) | PublishError::Invalid(_)
            ),
        };
        assert!(fits, "{sixteenth}/16: {error:?}");
    }
    let truncated = (9..whole.len())
        .filter(|end| matches!(prepare(&whole[..*end]), Err(PublishError::Truncated { .. })))
        .count();
    assert!(truncated * 10 > whole.len() * 9, "{truncated} of {}", whole.len());
    let module = echo();
    for end in 1..module.len() {
        // Cut before its data, a module is still one.
        let _ = prepare(&module[..end]);
    }
    check(b"\0asm\x0d", "in the middle of the header");
}

#[test]
fn damaged_files_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let whole = prepare(&echo()).unwrap().component.to_vec();
    for seed in [whole, echo(), zipped(&[("echo.wasm", &echo())])] {
        for _ in 0..300 {
            let mut damaged = seed.clone();
            for _ in 0..=random() % 4 {
                let at = random() % damaged.len();
                damaged[at] = u8::try_from(random() & 0xff).unwrap();
            }
            // Damage may hit a name or a constant; it must not hit us.
            let _ = prepare(&damaged);
        }
    }
    for len in 0..200 {
        let noise: Vec<u8> = (0..len).map(|_| u8::try_from(random() & 0xff).unwrap()).collect();
        prepare(&noise).unwrap_err();
        prepare(&[b"\0asm\x0d\0\x01\0", noise.as_slice()].concat()).ok();
        prepare(&[b"\0asm\x01\0\0\0", noise.as_slice()].concat()).unwrap_err();
        prepare(&[b"PK\x03\x04", noise.as_slice()].concat()).unwrap_err();
    }
}

#[test]
fn a_zip_must_hold_one_component() {
    let code: &[u8] = b"def lambda_handler(event, context): pass";
    check(
        &zipped(&[("lambda_function.py", code)]),
        "this zip holds lambda_function.py and no WebAssembly component",
    );
    check(
        &zipped(&[("a.py", code), ("b.py", code), ("c.py", code), ("d.py", code)]),
        "this zip holds a.py, b.py, c.py and 1 more and no WebAssembly component",
    );
    check(&zipped(&[]), "this zip holds nothing and no WebAssembly component");
    check(
        &zipped(&[("a.wasm", &echo()), ("b.wasm", &echo())]),
        "several WebAssembly components (a.wasm, b.wasm)",
    );
    check(&zipped(&[("../a.wasm", &echo())]), "`../a.wasm`, which leads out of it");
    check(&zipped(&[("x/../../a", b"")]), "leads out of it");
    check(&zipped(&[("a.wasm", b"no")]), "not WebAssembly");
    check(&zipped(&[("zeros.wasm", &vec![0; 60 << 20])]), "grows more than 200 times");
    let mut broken = zipped(&[("a.wasm", &echo())]);
    broken.truncate(broken.len() / 2);
    check(&broken, "could not unzip");
}

#[test]
fn a_function_needs_a_handler_of_the_right_type() {
    check(&assemble("(module)"), "exports no handler");
    check(&assemble("(component)"), "it exports nothing");
    check(&assemble("(component (core module $m) (export \"code\" (core module $m)))"), "it exports code");
    let wrong = r#"(component (core module $m (func (export "handle") (result i32) (i32.const 1)))
      (core instance $m (instantiate $m))
      (func (export "handle") (result u32) (canon lift (core func $m "handle"))))"#;
    check(&assemble(wrong), "another type than");
    let http = r#"(component (instance $i) (export "wasi:http/incoming-handler@0.2.3" (instance $i)))"#;
    check(&assemble(http), "wasi:http/incoming-handler@0.2.3, which Stepwell does not call yet");
}

#[test]
fn imports_that_nobody_provides_are_refused() {
    let import = |name: &str| assemble(&format!("(component (import \"{name}\" (instance)))"));
    check(&import("foo:bar/baz"), "imports foo:bar/baz, which Stepwell does not provide");
    check(&import("wasi:cli/environment@0.3.0"), "imports wasi:cli/environment@0.3.0, which");
    check(&import("stepwell:task/secrets@0.1.0"), "imports stepwell:task/secrets@0.1.0, which");
    // Core modules meet the encoder first.
    let unknown = r#"(import "env" "magic" (func))"#;
    check(&task(unknown, "", ECHO), "cannot be made a component");
}

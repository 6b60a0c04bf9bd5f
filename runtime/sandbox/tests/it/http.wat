;; Imports what a JavaScript component imports, a file system's streams and `wasi:http` on top of them, of an older
;; version than the host's; calls the first, and the second unless its event has two bytes.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $io-error (type $io-error'))
    (export "error" (type $io-error (eq $io-error')))
    (export "output-stream" (type $output (sub resource)))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:http/types@0.2.0" (instance $http
    (alias outer 1 $output-stream (type $output'))
    (export "output-stream" (type $output (eq $output')))
    (export "fields" (type $fields (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "write" (func (param "body" (borrow $output))))))
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $fields (canon lower (func $http "[constructor]fields")))
  (core func $random (canon lower (func $random "get-random-u64")))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "wasi" "fields" (func $fields (result i32)))
    (import "wasi" "random" (func $random (result i64)))
    (func (export "handle") (param i32 i32) (result i32)
      (drop (call $random))
      (if (i32.ne (local.get 1) (i32.const 2)) (then (drop (call $fields))))
      (i32.store (i32.const 4) (local.get 0))
      (i32.store (i32.const 8) (local.get 1))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "wasi" (instance (export "fields" (func $fields)) (export "random" (func $random))))))
  (type $task-error' (record (field "error" string) (field "cause" string)))
  (export $task-error "task-error" (type $task-error'))
  (func (export "handle") (param "event" string) (result (result string (error $task-error)))
    (canon lift (core func $main "handle") (memory $libc "memory") (realloc (func $libc "realloc")))))

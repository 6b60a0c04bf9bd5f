;; Asks for TCP sockets until one is refused and answers the number of the error code, as a JSON number: 1 is
;; `access-denied`.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (type $code (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type (eq $code)))
    (type $family (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $family)))))
  (alias export $network "error-code" (type $error-code))
  (alias export $network "ip-address-family" (type $ip-address-family))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (export "tcp-socket" (type (sub resource)))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error-code (type $code'))
    (export "error-code" (type $code (eq $code')))
    (alias outer 1 $ip-address-family (type $family'))
    (export "ip-address-family" (type $family (eq $family')))
    (alias outer 1 $tcp-socket (type $socket'))
    (export "tcp-socket" (type $socket (eq $socket')))
    (export "create-tcp-socket"
      (func (param "address-family" $family) (result (result (own $socket) (error $code)))))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory $libc "memory")))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "wasi" "create" (func $create (param i32 i32)))
    (func (export "handle") (param i32 i32) (result i32)
      (loop $more
        (call $create (i32.const 0) (i32.const 64))
        (br_if $more (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1))))
      (i32.store8 (i32.const 80) (i32.add (i32.const 48) (i32.load8_u (i32.const 68))))
      (i32.store (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (i32.const 80))
      (i32.store (i32.const 8) (i32.const 1))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "wasi" (instance (export "create" (func $create))))))
  (type $task-error' (record (field "error" string) (field "cause" string)))
  (export $task-error "task-error" (type $task-error'))
  (func (export "handle") (param "event" string) (result (result string (error $task-error)))
    (canon lift (core func $main "handle") (memory $libc "memory") (realloc (func $libc "realloc")))))

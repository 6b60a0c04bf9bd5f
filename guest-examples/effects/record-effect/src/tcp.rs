//! The few functions of WASI 0.2 that this task calls, by hand; `wit/` names them.
//!
//! Nothing is closed or dropped: the instance ends with the call, and with it whatever it holds.
#![expect(unsafe_code, reason = "imports are foreign functions that read and write memory")]

use core::{fmt, net::SocketAddr};

/// `error-code::would-block`.
const WOULD_BLOCK: u8 = 8;

/// The cases of `error-code`, in order.
const ERROR_CODES: [&str; 21] = [
    "unknown",
    "access-denied",
    "not-supported",
    "invalid-argument",
    "out-of-memory",
    "timeout",
    "concurrency-conflict",
    "not-in-progress",
    "would-block",
    "invalid-state",
    "new-socket-limit",
    "address-not-bindable",
    "address-in-use",
    "remote-unreachable",
    "connection-refused",
    "connection-reset",
    "connection-aborted",
    "datagram-too-large",
    "name-unresolvable",
    "temporary-resolver-failure",
    "permanent-resolver-failure",
];

/// Why a line may not have arrived.
pub(crate) enum Error {
    /// An `error-code` before there was a connection.
    Connect(u8),
    /// The connection ended before the acknowledgement.
    Broken,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(code) => {
                f.write_str(ERROR_CODES.get(usize::from(*code)).copied().unwrap_or("unknown"))
            }
            Self::Broken => f.write_str("the connection ended before the acknowledgement"),
        }
    }
}

/// `result<T, error-code>` in memory, where `T` is one or two handles.
#[repr(C, align(4))]
#[derive(Default)]
struct Handles {
    tag: u8,
    padding: [u8; 3],
    /// The first handle, or the code in its first byte.
    first: [u8; 4],
    second: [u8; 4],
}

/// `result<_, error-code>` in memory.
#[repr(C)]
#[derive(Default)]
struct Done {
    tag: u8,
    code: u8,
}

/// `result<_, stream-error>` in memory.
#[repr(C)]
#[derive(Default)]
struct Written {
    tag: u8,
    padding: [u8; 3],
    error: [u32; 2],
}

/// `result<u64, stream-error>` in memory.
#[repr(C)]
#[derive(Default)]
struct Skipped {
    tag: u8,
    padding: [u8; 7],
    bytes: u64,
}

#[link(wasm_import_module = "wasi:sockets/instance-network@0.2.0")]
unsafe extern "C" {
    #[link_name = "instance-network"]
    safe fn instance_network() -> u32;
}

#[link(wasm_import_module = "wasi:sockets/tcp-create-socket@0.2.0")]
unsafe extern "C" {
    #[link_name = "create-tcp-socket"]
    safe fn create_tcp_socket(family: u32, result: &mut Handles);
}

#[link(wasm_import_module = "wasi:sockets/tcp@0.2.0")]
unsafe extern "C" {
    /// A variant is passed as its case and room for the longest one: here port, flow, eight segments, scope.
    #[link_name = "[method]tcp-socket.start-connect"]
    safe fn start_connect(
        socket: u32,
        network: u32,
        case: u32,
        port: u32,
        field_1: u32,
        field_2: u32,
        field_3: u32,
        field_4: u32,
        field_5: u32,
        field_6: u32,
        field_7: u32,
        field_8: u32,
        field_9: u32,
        field_10: u32,
        result: &mut Done,
    );
    #[link_name = "[method]tcp-socket.finish-connect"]
    safe fn finish_connect(socket: u32, result: &mut Handles);
    #[link_name = "[method]tcp-socket.subscribe"]
    safe fn subscribe(socket: u32) -> u32;
}

#[link(wasm_import_module = "wasi:io/poll@0.2.0")]
unsafe extern "C" {
    #[link_name = "[method]pollable.block"]
    safe fn block(pollable: u32);
}

#[link(wasm_import_module = "wasi:io/streams@0.2.0")]
unsafe extern "C" {
    #[link_name = "[method]input-stream.blocking-skip"]
    safe fn blocking_skip(input: u32, bytes: u64, result: &mut Skipped);
    #[link_name = "[method]output-stream.blocking-write-and-flush"]
    fn blocking_write_and_flush(output: u32, bytes: *const u8, length: usize, result: &mut Written);
}

/// Opens a connection, writes a line of at most 4 KiB and waits for one byte.
pub(crate) fn send(address: SocketAddr, line: &[u8]) -> Result<(), Error> {
    let (input, output) = connect(address).map_err(Error::Connect)?;
    let mut written = Written::default();
    // SAFETY: the host only reads the line, and only during the call.
    unsafe { blocking_write_and_flush(output, line.as_ptr(), line.len(), &mut written) };
    if written.tag != 0 {
        return Err(Error::Broken);
    }
    let mut skipped = Skipped::default();
    while skipped.tag == 0 && skipped.bytes == 0 {
        blocking_skip(input, 1, &mut skipped);
    }
    if skipped.tag == 0 { Ok(()) } else { Err(Error::Broken) }
}

/// A connection's two streams.
fn connect(address: SocketAddr) -> Result<(u32, u32), u8> {
    let family = u32::from(address.is_ipv6());
    let mut socket = Handles::default();
    create_tcp_socket(family, &mut socket);
    if socket.tag != 0 {
        return Err(socket.first[0]);
    }
    let socket = u32::from_le_bytes(socket.first);
    let mut fields = [0; 10];
    match address {
        SocketAddr::V4(address) => {
            for (field, octet) in fields.iter_mut().zip(address.ip().octets()) {
                *field = u32::from(octet);
            }
        }
        SocketAddr::V6(address) => {
            let [flow, segments @ .., scope] = &mut fields;
            for (field, segment) in segments.iter_mut().zip(address.ip().segments()) {
                *field = u32::from(segment);
            }
            (*flow, *scope) = (address.flowinfo(), address.scope_id());
        }
    }
    let [a, b, c, d, e, f, g, h, i, j] = fields;
    let port = u32::from(address.port());
    let mut done = Done::default();
    start_connect(socket, instance_network(), family, port, a, b, c, d, e, f, g, h, i, j, &mut done);
    if done.tag != 0 {
        return Err(done.code);
    }
    let pollable = subscribe(socket);
    loop {
        block(pollable);
        let mut streams = Handles::default();
        finish_connect(socket, &mut streams);
        match (streams.tag, streams.first[0]) {
            (0, _) => return Ok((u32::from_le_bytes(streams.first), u32::from_le_bytes(streams.second))),
            (_, WOULD_BLOCK) => {}
            (_, code) => return Err(code),
        }
    }
}

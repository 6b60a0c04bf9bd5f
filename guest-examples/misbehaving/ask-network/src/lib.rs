//! Opens a connection that it was not granted.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use core::net::SocketAddrV4;
use serde::{Deserialize, Serialize};
use stepwell_task::{Named, Result, TaskError};

stepwell_task::handler!(ask);

#[derive(Deserialize)]
struct Event {
    /// An IPv4 address with a port.
    address: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Connecting {
    address: String,
}

const ADDRESS_DEFAULT: &str = "127.0.0.1:80";

fn ask(event: Event) -> Result<Connecting> {
    let address = event.address.unwrap_or_else(|| ADDRESS_DEFAULT.into());
    let parsed: SocketAddrV4 = address.parse().named("Network.InvalidAddress")?;
    match wasi::connect(parsed) {
        Ok(()) => Ok(Connecting { address }),
        Err(wasi::ACCESS_DENIED) => {
            Err(TaskError::new("Network.AccessDenied", format!("no access to {address}")))
        }
        Err(code) => Err(TaskError::new("Network.Failed", format!("{address}: wasi:sockets error {code}"))),
    }
}

/// The few functions of WASI 0.2 that this task calls, by hand; `wit/` names them.
#[cfg(target_arch = "wasm32")]
mod wasi {
    #![expect(unsafe_code, reason = "imports are foreign functions that write results to memory")]

    use core::net::SocketAddrV4;

    /// `error-code::access-denied`.
    pub(crate) const ACCESS_DENIED: u8 = 1;
    /// `ip-address-family::ipv4`, and `ip-socket-address::ipv4`.
    const IPV4: u32 = 0;

    /// `result<tcp-socket, error-code>` in memory.
    #[repr(C, align(4))]
    #[derive(Default)]
    struct Socket {
        tag: u8,
        padding: [u8; 3],
        /// The handle, or the code in its first byte.
        payload: [u8; 4],
    }

    /// `result<_, error-code>` in memory.
    #[repr(C)]
    #[derive(Default)]
    struct Done {
        tag: u8,
        code: u8,
    }

    #[link(wasm_import_module = "wasi:sockets/instance-network@0.2.0")]
    unsafe extern "C" {
        #[link_name = "instance-network"]
        safe fn instance_network() -> u32;
    }

    #[link(wasm_import_module = "wasi:sockets/tcp-create-socket@0.2.0")]
    unsafe extern "C" {
        #[link_name = "create-tcp-socket"]
        safe fn create_tcp_socket(family: u32, result: &mut Socket);
    }

    #[link(wasm_import_module = "wasi:sockets/tcp@0.2.0")]
    unsafe extern "C" {
        /// A variant is passed as its case and room for the longest one.
        #[link_name = "[method]tcp-socket.start-connect"]
        safe fn start_connect(
            socket: u32,
            network: u32,
            case: u32,
            port: u32,
            octet_0: u32,
            octet_1: u32,
            octet_2: u32,
            octet_3: u32,
            unused_5: u32,
            unused_6: u32,
            unused_7: u32,
            unused_8: u32,
            unused_9: u32,
            unused_10: u32,
            result: &mut Done,
        );
    }

    pub(crate) fn connect(address: SocketAddrV4) -> Result<(), u8> {
        let mut socket = Socket::default();
        create_tcp_socket(IPV4, &mut socket);
        if socket.tag != 0 {
            return Err(socket.payload[0]);
        }
        let socket = u32::from_le_bytes(socket.payload);
        let port = u32::from(address.port());
        let [a, b, c, d] = address.ip().octets().map(u32::from);
        let mut done = Done::default();
        start_connect(socket, instance_network(), IPV4, port, a, b, c, d, 0, 0, 0, 0, 0, 0, &mut done);
        if done.tag == 0 { Ok(()) } else { Err(done.code) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod wasi {
    use std::net::SocketAddrV4;

    pub(crate) const ACCESS_DENIED: u8 = 1;

    /// Natively, nothing is granted.
    pub(crate) fn connect(_address: SocketAddrV4) -> Result<(), u8> {
        Err(ACCESS_DENIED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: Option<&str>, want: TaskError) {
        assert_eq!(ask(Event { address: address.map(String::from) }), Err(want));
    }

    #[test]
    fn denied() {
        check(None, TaskError::new("Network.AccessDenied", "no access to 127.0.0.1:80"));
    }
    #[test]
    fn no_address() {
        check(Some("here"), TaskError::new("Network.InvalidAddress", "invalid IPv4 socket address syntax"));
    }
}

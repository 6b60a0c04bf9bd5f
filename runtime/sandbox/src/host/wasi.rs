//! `wasi:*` 0.2: links whole, since every SDK imports it whole; what is not granted is empty or refused.
//!
//! | interface | a guest finds |
//! | --- | --- |
//! | environment | the function's own variables; no arguments |
//! | standard streams | input: the event for a command, else closed; output and error: the log |
//! | file system | no folder |
//! | sockets | TCP connections to the addresses that it was granted; everything else is `access-denied` |
//! | clocks, randomness | the machine's, or fixed ones for a replay |

use super::Guest;
use super::stdio::{CommandOutput, LogWriter, ResultWriter};
use crate::log::Output;
use crate::{Clocks, ComponentKind, Randomness};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use stepwell_types::Timestamp;
use wasmtime::component::Linker;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

/// Bytes of random data in one call.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// Bytes after which a seeded stream of random bytes begins again.
const SEEDED_CYCLE_BYTES: usize = 64 << 10;
/// Resources that a guest with sockets may hold: each may be one of the server's file descriptors.
const RESOURCES_WITH_SOCKETS_MAX: usize = 256;

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)
}

impl WasiView for Guest {
    /// Every WASI call passes here, so this is where they are counted.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.host_calls += 1;
        if self.wasi.is_none() {
            self.wasi = Some(self.make_wasi());
            let has_sockets = !self.request.grants.tcp_addresses.is_empty();
            let resources_max = if has_sockets { RESOURCES_WITH_SOCKETS_MAX } else { super::RESOURCES_MAX };
            self.resources.set_max_capacity(resources_max);
        }
        let Self { wasi, resources, .. } = self;
        WasiCtxView { ctx: wasi.get_or_insert_with(|| WasiCtx::builder().build()), table: resources }
    }
}

impl Guest {
    fn make_wasi(&mut self) -> WasiCtx {
        let mut builder = WasiCtx::builder();
        let log = self.log().clone();
        let tcp_addresses = Arc::clone(&self.request.grants.tcp_addresses);
        builder
            .envs(&self.request.environment)
            .allow_tcp(!tcp_addresses.is_empty())
            .socket_addr_check(move |address, wanted| {
                Box::pin(std::future::ready(is_granted(&tcp_addresses, address, wanted)))
            })
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM_BYTES_MAX)
            .stderr(LogWriter { log: log.clone(), output: Output::Stderr });
        match self.kind {
            ComponentKind::Task => {
                builder.stdout(LogWriter { log, output: Output::Stdout });
            }
            ComponentKind::Command => {
                let limit_bytes = self.request.limits.output_bytes;
                let output = Arc::new(Mutex::new(CommandOutput { bytes: Vec::new(), limit_bytes }));
                self.output = Some(output.clone());
                let event = bytes::Bytes::copy_from_slice(self.request.event.as_bytes());
                builder.stdin(MemoryInputPipe::new(event)).stdout(ResultWriter(output));
            }
        }
        if let Clocks::Fixed(at) = self.request.clocks {
            builder.wall_clock(FixedClock(at)).monotonic_clock(FixedClock(at));
        }
        if let Randomness::Seeded(seed) = self.request.randomness {
            builder
                .secure_random(seeded(seed, "secure"))
                .insecure_random(seeded(seed, "insecure"))
                .insecure_random_seed(u128::from(seed));
        }
        builder.build()
    }
}

/// Whether a guest may use an address so. A socket that connects is first bound to a port of the system's choice, which
/// alone lets nobody in.
fn is_granted(tcp_addresses: &[SocketAddr], address: SocketAddr, wanted: SocketAddrUse) -> bool {
    match wanted {
        SocketAddrUse::TcpConnect => tcp_addresses.contains(&address),
        SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
        SocketAddrUse::TcpListen
        | SocketAddrUse::TcpAccept
        | SocketAddrUse::UdpBind
        | SocketAddrUse::UdpSend
        | SocketAddrUse::UdpReceive => false,
    }
}

fn seeded(seed: u64, purpose: &str) -> Deterministic {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
    let mut bytes = vec![0; SEEDED_CYCLE_BYTES];
    hasher.finalize_xof().fill(&mut bytes);
    Deterministic::new(bytes)
}

/// A clock that stands still.
struct FixedClock(Timestamp);

impl HostWallClock for FixedClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.as_millis()).unwrap_or(0))
    }
}

impl HostMonotonicClock for FixedClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

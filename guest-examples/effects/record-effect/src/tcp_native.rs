//! What `tcp.rs` does, for native tests.

use std::io::{Error, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

pub(crate) fn send(address: SocketAddr, line: &[u8]) -> Result<(), Error> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(line)?;
    stream.read_exact(&mut [0])
}

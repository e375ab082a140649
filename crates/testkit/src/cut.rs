//! A line to a database that is cut at the worst moment: after the question has arrived, before its answer has.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::{io, thread};

/// A proxy that hands on what it hears, until it is told to cut. It serves for as long as this process does.
pub struct Cut {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How many answers from now one is dropped, and its connection with it; 0 when none is.
    until: AtomicU32,
    cuts: AtomicU32,
}

impl Cut {
    /// A line to the server at `to`, and where it begins.
    ///
    /// # Errors
    ///
    /// The system has no free port.
    pub fn tcp(to: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let cut = Cut {
            state: Arc::default(),
        };
        let state = Arc::clone(&cut.state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(to) {
                    join(client, server, &state);
                }
            }
        });
        Ok((cut, address))
    }

    /// The same over sockets of the file system: from `at`, which is made, to `to`.
    ///
    /// # Errors
    ///
    /// `at` cannot be made.
    pub fn unix(to: &Path, at: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(at)?;
        let cut = Cut {
            state: Arc::default(),
        };
        let (state, to) = (Arc::clone(&cut.state), PathBuf::from(to));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = UnixStream::connect(&to) {
                    join(client, server, &state);
                }
            }
        });
        Ok(cut)
    }

    /// Drops the answer that is the `count`-th from now, and the connection with it; counting from 1.
    pub fn after(&self, count: u32) {
        self.state.until.store(count, SeqCst);
    }

    /// How often it has cut.
    pub fn cuts(&self) -> u32 {
        self.state.cuts.load(SeqCst)
    }
}

impl State {
    /// Whether this answer is the one to drop.
    fn is_cut(&self) -> bool {
        let counted = self
            .until
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        let is_due = counted == Ok(1);
        self.cuts.fetch_add(u32::from(is_due), SeqCst);
        is_due
    }
}

/// What both kinds of connection have.
trait Connection: Read + Write + Send + Sized + 'static {
    fn twin(&self) -> io::Result<Self>;
    fn end(&self);
}

impl Connection for TcpStream {
    fn twin(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) {
        // It may be gone already.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Connection for UnixStream {
    fn twin(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) {
        // It may be gone already.
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Hands on in both directions until either side ends, or the line is cut.
fn join<C: Connection>(client: C, server: C, state: &Arc<State>) {
    let (Ok(from_client), Ok(to_server)) = (client.twin(), server.twin()) else {
        return;
    };
    let state = Arc::clone(state);
    thread::spawn(move || pump(from_client, to_server, || false));
    thread::spawn(move || pump(server, client, || state.is_cut()));
}

fn pump<C: Connection>(mut from: C, mut to: C, is_cut: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if is_cut() || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.end();
    to.end();
}

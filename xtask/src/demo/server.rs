//! A server that this program started, and stops.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::shell::{Done, Run, Stop, at};

/// A process and its children, in a group of their own. Dropping it stops them all.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server that is to listen on `address`.
    pub(crate) fn start(name: &'static str, address: SocketAddr, run: Run) -> Result<Self, Stop> {
        let log = log(name);
        let unable = |error: io::Error| Stop::unable(format!("{name} cannot be started: {error}"));
        fs::create_dir_all(log.parent().expect("it is in a directory")).map_err(unable)?;
        let log = File::create(log).map_err(unable)?;
        let mut command = run.into_command();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(unable)?)
            .stderr(log);
        let child = command.process_group(0).spawn().map_err(unable)?;
        Ok(Server {
            name,
            child,
            address,
        })
    }

    /// The process whose children may be the workers.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until `path` is answered with 200.
    pub(crate) fn wait_for(&mut self, path: &str) -> Done {
        let is_good = |answer: Vec<u8>| answer.starts_with(b"HTTP/1.1 200 ");
        self.wait_until(|address| get(address, path).is_ok_and(is_good))
    }

    /// Waits until it is ready.
    pub(crate) fn wait_until(&mut self, is_ready: impl Fn(SocketAddr) -> bool) -> Done {
        let until = Instant::now() + START;
        while Instant::now() < until {
            if is_ready(self.address) {
                return Ok(());
            }
            self.check_running()?;
            sleep(POLL);
        }
        Err(self.failed(&format!("was not ready within {START:?}")))
    }

    /// A failure when it is over.
    pub(crate) fn check_running(&mut self) -> Done {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.failed(&status.to_string())),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    fn failed(&self, why: &str) -> Stop {
        let said = fs::read_to_string(log(self.name)).unwrap_or_default();
        Stop::failed(format!("{said}\nthe {}: {why}", self.name))
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // A group that is gone needs no signal.
        let _ = group.map(|group| kill_process_group(group, signal));
    }

    fn has_ended_within(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return true;
            }
            sleep(POLL);
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        self.has_ended_within(STOP);
        // Whoever of the group is left, the first process or a child of it.
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A loopback address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr, Stop> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| Stop::unable(format!("no free port on loopback: {error}")))
}

/// Sends `message` on a connection of its own and reads until the other side closes it.
pub(crate) fn exchange(address: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(message)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Where a server's words go.
fn log(name: &str) -> PathBuf {
    at("target/demo").join(name).with_extension("log")
}

fn get(address: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let message = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    exchange(address, message.as_bytes())
}

const ANSWER: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(5);

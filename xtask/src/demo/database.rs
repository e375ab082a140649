//! A database of the demo's own, which ends with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::demo::server::{Server, exchange, free_address};
use crate::setup;
use crate::shell::{Run, Stop};

/// A private server for nonces and keys. Dropping it stops it.
pub(crate) enum Database {
    Postgres(Postgres),
    Redis(Server),
}

/// A server that ends when its input does.
pub(crate) struct Postgres {
    script: Child,
    directory: String,
}

impl Database {
    /// The database that `--store` asks for; none means files.
    pub(crate) fn start(names: &[String]) -> Result<Option<Self>, Stop> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] | ["files"] => Ok(None),
            ["postgres"] => Ok(Some(Database::Postgres(Postgres::start()?))),
            ["redis"] => Ok(Some(Database::Redis(redis()?))),
            _ => Err(Stop::unable("--store is files, postgres or redis")),
        }
    }

    /// How the service finds it.
    pub(crate) fn url(&self) -> String {
        match self {
            Database::Postgres(postgres) => {
                format!("postgresql://test@/postgres?host={}", postgres.directory)
            }
            Database::Redis(server) => format!("redis://{}", server.address),
        }
    }
}

impl Postgres {
    /// Starts the server that the tests of the store use, too.
    fn start() -> Result<Self, Stop> {
        setup::postgres()?;
        // Postgres refuses to run as root.
        let run = if setup::is_root() {
            Run::new("runuser").words("-u postgres -- sh -c")
        } else {
            Run::new("sh").words("-c")
        };
        let mut command = run.args([SCRIPT]).within("/").into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = command.spawn();
        let mut script = started.map_err(|error| Stop::unable(error.to_string()))?;
        let mut directory = String::new();
        if let Some(output) = script.stdout.take() {
            // A script that failed has said why, and has no first line.
            let _ = BufReader::new(output).read_line(&mut directory);
        }
        match directory.trim() {
            "" => Err(Stop::unable("Postgres cannot be started")),
            directory => Ok(Postgres {
                script,
                directory: directory.to_owned(),
            }),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn redis() -> Result<Server, Stop> {
    setup::redis()?;
    let address = free_address()?;
    let run = Run::new("redis-server").args(["--bind", &address.ip().to_string()]);
    let run = run.args(["--port", &address.port().to_string()]);
    let run = run.words("--appendonly no --save").args([""]);
    let mut server = Server::start("redis", address, run)?;
    server.wait_until(|address| {
        exchange(address, b"PING\r\nQUIT\r\n").is_ok_and(|answer| answer.starts_with(b"+PONG"))
    })?;
    Ok(server)
}

const SCRIPT: &str = include_str!("../../../proofs/servers/src/primary.sh");

//! Private Redis servers, and a database backend on them of forty lines.

#![allow(clippy::panic)] // a helper of tests

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use counterseal_core::{Run, Unavailable, Value};
use counterseal_store::{Dialect, Execute, Rows, Stated, Statement, run};
use counterseal_testkit::Scratch;
use redis::{Client, Connection, Value as Reply};

/// A server in a directory of its own, which ends with this value.
pub struct Server {
    scratch: Scratch,
    port: u16,
    process: Mutex<Option<Child>>,
    /// Whether it writes down what it does, `yes` or `no`.
    appends: &'static str,
}

/// A server through as many connections as there are callers at once.
pub struct Redis {
    /// The server.
    pub server: Server,
    idle: Mutex<Vec<Connection>>,
}

impl Server {
    /// A new server, without a dump.
    pub fn start() -> Self {
        Server::of("no")
    }

    /// A new server that writes down what it has done before it answers.
    pub fn durable() -> Self {
        Server::of("yes")
    }

    fn of(appends: &'static str) -> Self {
        let server = Server {
            scratch: Scratch::new(),
            port: free_port(),
            process: Mutex::new(None),
            appends,
        };
        server.run();
        server
    }

    /// Starts it, again if it was stopped, from the dump that lies in its directory.
    pub fn run(&self) {
        let port = self.port.to_string();
        let options = ["--bind", "127.0.0.1", "--save", ""];
        let durability = ["--appendonly", self.appends, "--appendfsync", "always"];
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--dir"]).arg(self.dir());
        command
            .args(options)
            .args(durability)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let process = command
            .spawn()
            .expect("a Redis server: put redis-server on the PATH");
        *self.process.lock().expect("no panic") = Some(process);
        let begun = Instant::now();
        while self.connection().is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it does not answer"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it, as a lack of memory would.
    pub fn kill(&self) {
        if let Some(mut process) = self.process.lock().expect("no panic").take() {
            process.kill().expect("it runs");
            process.wait().expect("it ends");
        }
    }

    /// Where its dump lies.
    pub fn dump(&self) -> PathBuf {
        self.dir().join("dump.rdb")
    }

    /// Host and port.
    pub fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// Runs a command of its own.
    pub fn command(&self, line: &str) -> Reply {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().expect("a name"));
        for word in words {
            command.arg(word);
        }
        let mut connection = self.connection().expect("a connection");
        command.query(&mut connection).expect("an answer")
    }

    /// A line of what it says of its replication.
    pub fn info(&self, name: &str) -> String {
        let Reply::BulkString(text) = self.command("INFO replication") else {
            panic!("a text")
        };
        let text = String::from_utf8(text).expect("text");
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(other, _)| *other == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    fn dir(&self) -> PathBuf {
        let file = self.scratch.file("dump.rdb");
        file.parent().expect("a directory").to_owned()
    }

    fn connection(&self) -> redis::RedisResult<Connection> {
        let client = Client::open(format!("redis://127.0.0.1:{}/", self.port))?;
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(2))?;
        redis::cmd("PING").query::<()>(&mut connection)?;
        Ok(connection)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Redis {
    /// The backend on this server.
    pub fn new(server: Server) -> Self {
        Redis {
            server,
            idle: Mutex::default(),
        }
    }

    /// The rows of one statement; a connection that failed is not used again.
    ///
    /// # Errors
    ///
    /// What the client says.
    pub fn query(&self, statement: &Statement) -> redis::RedisResult<Rows> {
        let idle = self.idle.lock().expect("no panic").pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.server.connection()?,
        };
        let rows: Vec<Vec<Reply>> = eval(statement).query(&mut connection)?;
        self.idle.lock().expect("no panic").push(connection);
        let row = |row: Vec<Reply>| row.into_iter().map(cell).collect();
        Ok(rows.into_iter().map(row).collect())
    }
}

impl Execute for Redis {
    const DIALECT: Dialect = Dialect::Redis;

    fn execute(&self, statement: &Statement) -> Result<Rows, Unavailable> {
        self.query(statement).map_err(|_| Unavailable)
    }
}

impl<O: Stated> Run<O> for Redis {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        run(self, &op)
    }
}

fn cell(reply: Reply) -> Value {
    match reply {
        Reply::Nil => Value::Null,
        Reply::Int(number) => Value::Int(number),
        Reply::BulkString(bytes) => Value::Bytes(bytes),
        other => panic!("no script answers with {other:?}"),
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

/// The command that runs a statement.
pub fn eval(statement: &Statement) -> redis::Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(&*statement.text);
    for value in &statement.values {
        match value {
            Value::Int(number) => command.arg(*number),
            Value::Text(text) => command.arg(text),
            Value::Null | Value::Bytes(_) => panic!("Redis carries text"),
        };
    }
    command
}

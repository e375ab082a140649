//! A private Postgres, and a database backend on it of forty lines.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use counterseal_core::{Run, Unavailable};
use counterseal_store::{Dialect, Execute, Rows, Stated, Statement};
use counterseal_testkit::{Cut, Scratch};
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls};

// Values cross in one way, whichever client carries them.
#[path = "../../../crates/postgres/src/value.rs"]
mod value;

use value::{Bound, Cell};

/// A server that ends with this value, or with this process.
pub struct Server {
    config: Config,
    /// Where its socket is.
    directory: String,
    script: Mutex<Child>,
}

/// A schema of its own, through as many connections as there are callers at once.
pub struct Postgres {
    config: Config,
    idle: Mutex<Vec<Client>>,
}

impl Server {
    /// The server of all tests that do it no harm.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Server::start)
    }

    /// A new server.
    pub fn start() -> Self {
        Server::of(include_str!("primary.sh"), &[])
    }

    /// A new server that follows this one, and answers reads.
    #[must_use]
    pub fn standby(&self) -> Self {
        Server::of(include_str!("standby.sh"), &[&self.directory])
    }

    /// The server that this script runs with these words.
    fn of(text: &str, words: &[&str]) -> Self {
        let mut script = Command::new("sh");
        script.args(["-c", text, "sh"]).args(words).current_dir("/");
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        if id("-u", &[]) == 0 {
            // Postgres refuses to run as root.
            let user = "postgres";
            script.uid(id("-u", &[user])).gid(id("-g", &[user]));
        }
        let mut script = script.spawn().expect("a shell");
        let output = script.stdout.take().expect("its output");
        let mut directory = String::new();
        let read = BufReader::new(output).read_line(&mut directory);
        read.expect("the script's first line");
        assert!(
            !directory.is_empty(),
            "no Postgres server: put initdb and postgres (15 or later) on the PATH"
        );
        let mut config = Config::new();
        config.user("test").dbname("postgres");
        let directory = directory.trim().to_owned();
        config.host_path(&directory);
        let server = Server {
            config,
            directory,
            script: Mutex::new(script),
        };
        server.connect();
        server
    }

    /// A new schema, without tables.
    pub fn schema(&self) -> Postgres {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Relaxed));
        let mut client = self.connect();
        let create = format!("CREATE SCHEMA {name}");
        client.batch_execute(&create).expect("a new schema");
        let mut config = self.config.clone();
        config.options(&format!("-csearch_path={name}"));
        let idle = Mutex::new(Vec::new());
        Postgres { config, idle }
    }

    /// The schema of this name on this server, which has it from another.
    pub fn of_schema(&self, other: &Postgres) -> Postgres {
        let mut config = self.config.clone();
        config.options(other.config.get_options().expect("a search path"));
        let idle = Mutex::new(Vec::new());
        Postgres { config, idle }
    }

    /// The schema, through a line that can be cut and that begins in this directory.
    pub fn cut(&self, postgres: &Postgres, scratch: &Scratch) -> (Cut, Postgres) {
        let socket = ".s.PGSQL.5432";
        let (to, at) = (PathBuf::from(&self.directory), scratch.file(socket));
        let cut = Cut::unix(&to.join(socket), &at).expect("a socket");
        let mut config = Config::new();
        config.user("test").dbname("postgres");
        config.host_path(at.parent().expect("a directory"));
        config.options(postgres.config.get_options().expect("a search path"));
        let idle = Mutex::new(Vec::new());
        (cut, Postgres { config, idle })
    }

    /// Kills a process that serves a connection, so that the server begins anew with what it can know.
    pub fn crash(&self) {
        let mut witness = self.connect();
        kill_backend(&mut self.connect());
        while witness.simple_query("").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the server at once, as a power cut would.
    pub fn kill(&self) {
        let file = PathBuf::from(&self.directory).join("data/postmaster.pid");
        let text = std::fs::read_to_string(file).expect("it runs");
        let pid = text.lines().next().expect("its number").to_owned();
        // Its children end when they see that it is gone.
        let killed = Command::new("kill").args(["-9", &pid]).status();
        assert!(killed.expect("the program kill").success());
    }

    /// Begins it anew after a kill, from what lies on its disk.
    pub fn run(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.config.connect(NoTls).is_err() {
            assert!(Instant::now() < end, "it does not begin anew");
            let mut script = self.script.lock().expect("no caller panics");
            let orders = script.stdin.as_mut().expect("open until it is dropped");
            orders.write_all(b"again\n").expect("a shell that reads");
            drop(script);
            // As long as a process of the killed one lives, it does not.
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Where its socket is.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// A connection, as soon as the server takes one.
    pub fn connect(&self) -> Client {
        connect(&self.config)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = self.script.get_mut().expect("no caller panics");
        drop(script.stdin.take());
        let _ = script.wait();
    }
}

impl Postgres {
    /// How it is reached.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A connection: one that nobody uses, or a new one.
    pub fn client(&self) -> Client {
        let idle = self.idle.lock().expect("no caller panics").pop();
        idle.unwrap_or_else(|| connect(&self.config))
    }
}

impl Execute for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    fn execute(&self, statement: &Statement) -> Result<Rows, Unavailable> {
        let mut client = self.client();
        let rows = query(&mut client, statement).map_err(|_| Unavailable)?;
        self.idle.lock().expect("no caller panics").push(client);
        Ok(rows)
    }
}

impl<O: Stated> Run<O> for Postgres {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        counterseal_store::run(self, &op)
    }
}

/// The rows of one statement.
///
/// # Errors
///
/// What the client says.
pub fn query(client: &mut Client, statement: &Statement) -> Result<Rows, postgres::Error> {
    let values: Vec<Bound<'_>> = statement.values.iter().map(Bound).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
    let rows = client.query(&*statement.text, &values)?;
    let cells = |row: postgres::Row| {
        (0..row.len())
            .map(|at| row.try_get(at).map(|Cell(v)| v))
            .collect()
    };
    rows.into_iter().map(cells).collect()
}

fn connect(config: &Config) -> Client {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match config.connect(NoTls) {
            Ok(client) => return client,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The number of this user, or of the one that is named.
fn id(which: &str, user: &[&str]) -> u32 {
    let output = Command::new("id").arg(which).args(user).output();
    let output = output.expect("the program id").stdout;
    let number = String::from_utf8(output).expect("a number");
    number
        .trim()
        .parse()
        .expect("a user called postgres, when this is root")
}

/// Kills the process that serves `client`, as a lack of memory would.
fn kill_backend(client: &mut Client) {
    let pid = client.query_one("SELECT pg_backend_pid()", &[]);
    let pid = pid.expect("a number").get::<_, i32>(0).to_string();
    let killed = Command::new("kill").args(["-9", &pid]).status();
    assert!(killed.expect("the program kill").success());
}

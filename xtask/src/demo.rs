//! `cargo xtask demo`: a service and a site on loopback, and a tour of what they refuse.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::args::Args;
use crate::demo::database::Database;
use crate::demo::server::{Server, free_address};
use crate::python;
use crate::shell::{Done, Run, Stop, at};

pub(crate) mod database;
pub(crate) mod server;
pub(crate) mod site;

pub(crate) fn run(mut args: Args) -> Done {
    let check = args.flag("--check");
    let store = args.values("--store")?;
    args.end()?;
    prepare()?;
    let mut demo = Demo::start(Database::start(&store)?, Pace::Real)?;
    let toured = demo.tour();
    if check {
        return toured;
    }
    println!(
        "\nThe page: {}   Ctrl-C stops both servers.",
        demo.site.url()
    );
    demo.stay_up()?;
    toured
}

/// Builds the packages and the site, and installs what they need.
pub(crate) fn prepare() -> Done {
    python::package()?;
    site::build()
}

/// How long sessions of the site wait.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As services do.
    Real,
    /// Seconds for minutes, for a test that has to see the end of an access token.
    Quick,
}

/// The running servers, and the directory that they share. Dropping it stops the servers and removes the directory.
pub(crate) struct Demo {
    service: Server,
    pub(crate) site: Server,
    directory: Directory,
    /// Where nonces and keys are, if not in files; it ends after the servers that use it.
    database: Option<Database>,
    stopped: Arc<AtomicBool>,
}

impl Demo {
    /// Makes a new deployment and starts both servers on it.
    pub(crate) fn start(database: Option<Database>, pace: Pace) -> Result<Self, Stop> {
        // From here on a signal ends the tour or the waiting, and what was started is stopped.
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let registered = signal_hook::flag::register(signal, Arc::clone(&stopped));
            registered.map_err(|error| Stop::unable(error.to_string()))?;
        }
        let directory = Directory::new();
        let (to_service, to_site) = (free_address()?, free_address()?);
        let provision = backend("python", database.as_ref()).words("-m service.provision");
        let provision = provision.env("SERVICE_AUTHORITY", to_service.to_string());
        provision.args([&directory.0]).done()?;
        let service = service(&directory, to_service, database.as_ref());
        let service = Server::start("service", to_service, service)?;
        let site = site::serve(&directory.0, &service.url(), to_site, pace);
        let site = with(site, database.as_ref());
        let site = Server::start("site", to_site, site)?;
        let mut demo = Demo {
            service,
            site,
            directory,
            database,
            stopped,
        };
        demo.service.wait_for("/healthz")?;
        demo.site.wait_for("/")?;
        Ok(demo)
    }

    /// Takes every step and checks its verdict.
    pub(crate) fn tour(&self) -> Done {
        let tour = backend("python", self.database.as_ref());
        let tour = tour.args([at("examples/service/tour.py")]);
        let tour = tour.args(["--service", &self.service.url(), "--site", &self.site.url()]);
        let tour = tour.args(["--service-pid", &self.service.pid().to_string()]);
        tour.words("--directory").args([&self.directory.0]).done()
    }

    /// Where the service keeps its things.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory.0
    }

    fn stay_up(&mut self) -> Done {
        while !self.stopped.load(Ordering::Relaxed) {
            self.service.check_running()?;
            self.site.check_running()?;
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// The directory of one deployment, which `service.provision` makes.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("counterseal-demo-{}", std::process::id());
        Directory(std::env::temp_dir().join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// FastAPI with two workers.
fn service(directory: &Directory, address: SocketAddr, database: Option<&Database>) -> Run {
    let uvicorn = backend("uvicorn", database)
        .words("service.app:app --workers 2 --no-access-log --log-level warning");
    let uvicorn = uvicorn.args([
        "--host",
        &address.ip().to_string(),
        "--port",
        &address.port().to_string(),
    ]);
    uvicorn
        .env("SERVICE_DIR", &directory.0)
        .env("SERVICE_AUTHORITY", address.to_string())
}

/// A program of the environment that finds the modules of the backend, and its database.
fn backend(program: &str, database: Option<&Database>) -> Run {
    let run = python::program(program).env("PYTHONPATH", at("examples/service/backend"));
    with(run, database)
}

fn with(run: Run, database: Option<&Database>) -> Run {
    match database {
        Some(database) => run.env("SERVICE_STORE", database.url()),
        None => run,
    }
}

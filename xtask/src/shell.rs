//! Running programs, and how a command ends.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a command ends.
pub(crate) type Done = Result<(), Stop>;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What was asked does not hold.
    Failed(String),
    /// It could not be found out: wrong arguments, or something is missing.
    Unable(String),
}

impl Stop {
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Stop::Failed(what.into())
    }

    pub(crate) fn unable(what: impl Into<String>) -> Self {
        Stop::Unable(what.into())
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Stop::Unable(format!("{}: {error}", path.display()))
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Stop::Failed(_) => 1,
            Stop::Unable(_) => 2,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Failed(what) | Stop::Unable(what) => f.write_str(what),
        }
    }
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a directory of it").into()
}

/// A path inside the project.
pub(crate) fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// A program to run, in the root of the project unless told otherwise.
pub(crate) struct Run(Command);

impl Run {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(root());
        // What cargo told this program about xtask would make build scripts of other crates run again.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_about_xtask(name)) {
            command.env_remove(name);
        }
        command.env("PATH", path());
        Run(command)
    }

    pub(crate) fn cargo(line: &str) -> Self {
        Run::new("cargo").words(line)
    }

    /// Adds the words of a line.
    pub(crate) fn words(mut self, line: &str) -> Self {
        self.0.args(line.split_whitespace());
        self
    }

    /// Adds arguments as they stand.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn within(mut self, directory: impl AsRef<Path>) -> Self {
        self.0.current_dir(directory);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// The command as the standard library has it.
    pub(crate) fn into_command(self) -> Command {
        self.0
    }

    /// Runs it with this command's own streams; anything but success is a failure.
    pub(crate) fn done(mut self) -> Done {
        match self.exit()? {
            0 => Ok(()),
            code => Err(Stop::failed(format!("{} ended with {code}", self.line()))),
        }
    }

    /// Runs a program of this project, whose exit codes mean what ours do.
    pub(crate) fn ours(mut self) -> Done {
        let line = self.line();
        match self.exit()? {
            0 => Ok(()),
            2 => Err(Stop::unable(format!("{line} ended with 2"))),
            code => Err(Stop::failed(format!("{line} ended with {code}"))),
        }
    }

    /// Runs it for what it leaves behind; what it says goes to standard error, which nobody parses.
    pub(crate) fn built(mut self) -> Done {
        self.0.stdout(std::io::stderr());
        self.done()
    }

    /// Runs it for something that must be there: anything but success means that nothing can be found out.
    pub(crate) fn provide(mut self) -> Done {
        self.0.stdout(std::io::stderr());
        match self.exit()? {
            0 => Ok(()),
            code => Err(Stop::unable(format!("{} ended with {code}", self.line()))),
        }
    }

    /// Runs it and hands on its exit code; a signal counts as 1.
    pub(crate) fn exit(&mut self) -> Result<i32, Stop> {
        let status = self.0.status().map_err(|error| self.missing(&error))?;
        Ok(status.code().unwrap_or(1))
    }

    /// Runs it for what it prints, and its exit code.
    pub(crate) fn output(mut self) -> Result<(String, i32), Stop> {
        let piped = self.0.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let output = piped.output().map_err(|error| self.missing(&error))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((text, output.status.code().unwrap_or(1)))
    }

    /// Runs it for what it prints; anything but success is a failure.
    pub(crate) fn text(self) -> Result<String, Stop> {
        let line = self.line();
        match self.output()? {
            (text, 0) => Ok(text),
            (_, code) => Err(Stop::failed(format!("{line} ended with {code}"))),
        }
    }

    /// Whether it can be run and succeeds; what it prints is dropped.
    pub(crate) fn succeeds(mut self) -> bool {
        let quiet = self.0.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        words.join(" ")
    }

    fn missing(&self, error: &std::io::Error) -> Stop {
        let program = self.0.get_program().to_string_lossy();
        Stop::unable(format!("{program} cannot be run: {error}"))
    }
}

/// Where programs are: as for this one, then our own tools, then what Debian keeps to itself.
fn path() -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&own).collect();
    places.push(at("target/tools/bin"));
    places.extend(postgres());
    std::env::join_paths(places).unwrap_or(own)
}

/// The programs of the newest Postgres server.
fn postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|version| version.path()).max_by_key(number)?;
    Some(newest.join("bin"))
}

fn is_about_xtask(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

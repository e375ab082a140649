//! The files of a database: made for one user, and watched.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::SqliteError;

/// The database file and the two beside it, which hold its newest commits and its locks.
pub(crate) struct Files {
    paths: [PathBuf; 3],
    /// Empty until the files are open.
    opened: Vec<Identity>,
}

/// What tells a file from every other one, as long as it is open.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    number: u64,
}

impl Files {
    /// The files at `path`, the first of which is made if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self, SqliteError> {
        // A relative path, `:memory:` and the like mean something else to SQLite, or later.
        let io = |error| SqliteError::io(&error);
        let path = std::path::absolute(path).map_err(io)?;
        create(&path).map_err(io)?;
        check(&fs::symlink_metadata(&path).map_err(io)?)?;
        let beside = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            name.into()
        };
        Ok(Files {
            paths: [beside(""), beside("-wal"), beside("-shm")],
            opened: Vec::new(),
        })
    }

    pub(crate) fn main(&self) -> &Path {
        &self.paths[0]
    }

    /// What changes when commits may have been lost: the boot of the host, and the file itself.
    pub(crate) fn boot(&self) -> Result<String, SqliteError> {
        let metadata = fs::symlink_metadata(self.main());
        let metadata = metadata.map_err(|error| SqliteError::io(&error))?;
        let made = metadata.created().ok();
        let made = made.and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        let made = made.map_or(0, |made| made.as_nanos());
        let number = Identity::of(&metadata).number;
        Ok(format!("{}/{number}/{made}", boot().unwrap_or_default()))
    }

    /// Takes the files for the opened ones from now on.
    pub(crate) fn watch(mut self) -> Result<Self, SqliteError> {
        let opened = self.paths.iter().map(|path| identity(path));
        let opened = opened.collect::<io::Result<_>>();
        self.opened = opened.map_err(|error| SqliteError::io(&error))?;
        Ok(self)
    }

    pub(crate) fn are_in_place(&self) -> bool {
        let mut files = self.paths.iter().zip(&self.opened);
        files.all(|(path, opened)| identity(path).is_ok_and(|found| found == *opened))
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Identity {
            device: metadata.dev(),
            number: metadata.ino(),
        }
    }

    /// Elsewhere a file that is open cannot be replaced.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Identity {
            device: 0,
            number: 0,
        }
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::symlink_metadata(path).map(|metadata| Identity::of(&metadata))
}

/// Makes the file, for its owner only, unless it is there.
///
/// Who closes a file drops every lock that the process has on it, so only a file that nobody else in this
/// process can have open is closed here.
fn create(path: &Path) -> io::Result<()> {
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn check(metadata: &Metadata) -> Result<(), SqliteError> {
    if !metadata.is_file() {
        return Err(SqliteError::FileUnsafe {
            rule: "is a regular file and no link",
        });
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(metadata) & 0o022 != 0 {
        return Err(SqliteError::FileUnsafe {
            rule: "can be written to by its owner only",
        });
    }
    Ok(())
}

/// The boot of this host, where it has a name for it.
pub(crate) fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().into()).filter(|boot: &String| !boot.is_empty())
}

static MAKING: Mutex<()> = Mutex::new(());

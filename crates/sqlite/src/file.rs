//! The files of a database: made for one user, and watched.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::SqliteError;
use crate::platform::{find, identity, is_closed, is_own, keep_closed};

/// The database file and the two beside it, which hold its newest commits and its locks.
pub(crate) struct Files {
    paths: [PathBuf; 3],
    /// Empty until the files are open.
    opened: Vec<(u64, u64)>,
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
        let number = identity(&metadata).1;
        Ok(format!("{}/{number}/{made}", boot().unwrap_or_default()))
    }

    /// Takes the files for the opened ones from now on.
    pub(crate) fn watch(mut self) -> Result<Self, SqliteError> {
        let opened = self.paths.iter().map(|path| find(path));
        let opened = opened.collect::<io::Result<_>>();
        self.opened = opened.map_err(|error| SqliteError::io(&error))?;
        Ok(self)
    }

    pub(crate) fn are_in_place(&self) -> bool {
        let mut files = self.paths.iter().zip(&self.opened);
        files.all(|(path, opened)| find(path).is_ok_and(|found| found == *opened))
    }
}

/// Makes the file, for its owner only, unless it is there.
///
/// Who closes a file drops every lock that the process has on it, so only a file that nobody else in this
/// process can have open is closed here.
fn create(path: &Path) -> io::Result<()> {
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match keep_closed(&mut options).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn check(metadata: &Metadata) -> Result<(), SqliteError> {
    let rules = [
        (metadata.is_file(), "is a regular file and no link"),
        (is_own(metadata), "belongs to the user of this process"),
        (is_closed(metadata), "can be written to by its owner only"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(SqliteError::FileUnsafe { rule }),
        None => Ok(()),
    }
}

/// The boot of this host, where it has a name for it.
pub(crate) fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().into()).filter(|boot: &String| !boot.is_empty())
}

static MAKING: Mutex<()> = Mutex::new(());

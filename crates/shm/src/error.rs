//! Why a file cannot be used.

use core::fmt;
use std::io;

use counterseal_core::{Blame, Code, Refusal};
use counterseal_replay::ShapeError;

/// Why a shared ring, or shared cells, cannot be opened. It never names the path.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShmError {
    /// Another process has the directory locked, and does not let go.
    Busy,
    /// The system refused a step.
    Failed {
        /// What was to be done.
        step: &'static str,
        /// Why not.
        kind: io::ErrorKind,
    },
    /// The file system cannot share a mapping, or not with this host alone.
    FilesystemUnfit,
    /// The directory is not this user's alone.
    FolderUnsafe {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The file is something else, and is left alone.
    Foreign,
    /// The ring cannot have this shape.
    Shape(ShapeError),
    /// The file is not this user's alone.
    Unsafe {
        /// The rule that it breaks.
        rule: &'static str,
    },
}

impl ShmError {
    /// The codes of this enum; those of a shape are [`ShapeError::CODES`].
    pub const CODES: &'static [Code] = &[
        BUSY,
        FAILED,
        FILESYSTEM_UNFIT,
        FOLDER_UNSAFE,
        FOREIGN,
        UNSAFE,
    ];

    pub(crate) fn io(step: &'static str, error: &io::Error) -> Self {
        let kind = error.kind();
        ShmError::Failed { step, kind }
    }

    pub(crate) fn failed(step: &'static str, errno: rustix::io::Errno) -> Self {
        Self::io(step, &errno.into())
    }
}

impl From<ShapeError> for ShmError {
    fn from(error: ShapeError) -> Self {
        ShmError::Shape(error)
    }
}

impl fmt::Display for ShmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { step, kind } => write!(f, "{} ({step}: {kind})", FAILED.means),
            Self::Busy | Self::FilesystemUnfit | Self::Foreign => f.write_str(self.code().means),
            Self::FolderUnsafe { rule } | Self::Unsafe { rule } => {
                write!(f, "{} ({rule})", self.code().means)
            }
            Self::Shape(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ShmError {}

impl Refusal for ShmError {
    fn code(&self) -> Code {
        match self {
            Self::Busy => BUSY,
            Self::Failed { .. } => FAILED,
            Self::FilesystemUnfit => FILESYSTEM_UNFIT,
            Self::FolderUnsafe { .. } => FOLDER_UNSAFE,
            Self::Foreign => FOREIGN,
            Self::Shape(error) => error.code(),
            Self::Unsafe { .. } => UNSAFE,
        }
    }
}

const fn environment(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Environment,
        public: "unavailable",
        http: 503,
        means,
        fix,
    }
}

const BUSY: Code = environment(
    "replay_file_busy",
    "another process opens or makes the shared file and does not finish",
    "look for a stopped process that has its directory open, and let it go on or end it",
);
const FAILED: Code = environment(
    "replay_file_failed",
    "the system refused a step in opening the shared file",
    "give a path whose directory exists or can be made, on a file system with room for all of it",
);
const FILESYSTEM_UNFIT: Code = environment(
    "replay_filesystem_unfit",
    "the shared file is on a network file system, where mappings are not shared",
    "put it on a local file system, best on a tmpfs such as /run or /dev/shm",
);
const FOLDER_UNSAFE: Code = environment(
    "replay_folder_unsafe",
    "the directory of the shared file is not this user's alone",
    "give the file a directory of its own, owned by the service's user, with mode 0700; a missing one is made",
);
const FOREIGN: Code = environment(
    "replay_file_foreign",
    "the file is no ring, or no cells where cells are wanted, and was left alone",
    "choose another path, or remove the file if nobody needs it",
);
const UNSAFE: Code = environment(
    "replay_file_unsafe",
    "the shared file is not this user's alone",
    "remove the file while the service is stopped; it is made anew with mode 0600",
);

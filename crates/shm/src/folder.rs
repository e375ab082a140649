//! The directory of the file: one user's alone, on a local file system, with a lock for changes.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, flock, fstat, open};

use crate::ShmError;

/// The directory, locked against other processes that open, make or replace the ring.
///
/// The lock is the system's: it ends with the process that holds it. Claims never take it.
pub(crate) struct Folder(OwnedFd);

impl Folder {
    /// The directory at `path`, which is made if only it is missing.
    //= docs/spec/replay.md#R-31
    pub(crate) fn lock(path: &Path) -> Result<Self, ShmError> {
        make(path)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let folder = open(path, flags, Mode::empty());
        let folder = folder.map_err(|errno| ShmError::failed("open the directory", errno))?;
        check(folder.as_fd())?;
        let locked = rustix::io::retry_on_intr(|| flock(&folder, FlockOperation::LockExclusive));
        locked.map_err(|errno| ShmError::failed("lock the directory", errno))?;
        Ok(Folder(folder))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn make(path: &Path) -> Result<(), ShmError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(ShmError::Failed {
            step: "make the directory",
            kind: error.kind(),
        }),
        _ => Ok(()),
    }
}

fn check(folder: BorrowedFd<'_>) -> Result<(), ShmError> {
    let stat = fstat(folder).map_err(|errno| ShmError::failed("look at the directory", errno))?;
    let rules = [
        (
            FileType::from_raw_mode(stat.st_mode).is_dir(),
            "it is a directory",
        ),
        (
            is_own(stat.st_uid),
            "it belongs to the user of this process",
        ),
        (stat.st_mode & 0o777 == 0o700, "its mode is 0700"),
    ];
    if let Some((_, rule)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(ShmError::FolderUnsafe { rule });
    }
    if is_remote(folder) {
        return Err(ShmError::FilesystemUnfit);
    }
    Ok(())
}

pub(crate) fn is_own(user: u32) -> bool {
    user == rustix::process::geteuid().as_raw()
}

/// Whether other hosts may share the file system.
#[cfg(target_os = "linux")]
fn is_remote(folder: BorrowedFd<'_>) -> bool {
    let Ok(stat) = rustix::fs::fstatfs(folder) else {
        return true;
    };
    // A file system's magic number is 32 bits wide, whatever the type is on this platform.
    let magic = u32::try_from(stat.f_type & 0xffff_ffff);
    magic.is_ok_and(|magic| REMOTE.contains(&magic))
}

#[cfg(not(target_os = "linux"))]
fn is_remote(_: BorrowedFd<'_>) -> bool {
    false
}

/// 9p, AFS, Ceph, CIFS, Coda, GFS2, Lustre, NFS, OCFS2, SMB, SMB2: statfs(2).
#[cfg(target_os = "linux")]
const REMOTE: [u32; 11] = [
    0x0102_1997,
    0x5346_414f,
    0x00c3_6400,
    0xff53_4d42,
    0x7375_7245,
    0x0116_1970,
    0x0bd0_0bd0,
    0x6969,
    0x7461_636f,
    0x517b,
    0xfe53_4d42,
];

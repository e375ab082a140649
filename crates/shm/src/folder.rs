//! The directory of the file: one user's alone, on a local file system, with a lock for changes.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, flock, fstat, open};
use rustix::io::Errno;

use crate::ShmError;

/// The directory, locked against other processes that open, make or replace the ring.
///
/// The lock is the system's: it ends with the process that holds it. Claims never take it.
pub(crate) struct Folder(OwnedFd);

impl Folder {
    /// The directory at `path`, which is made if only it is missing. Waits for the lock as long as
    /// `patience` lasts.
    //= docs/spec/replay.md#R-31
    pub(crate) fn lock(path: &Path, patience: Duration) -> Result<Self, ShmError> {
        make(path)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let folder = open(path, flags, Mode::empty());
        let folder = folder.map_err(|errno| ShmError::failed("open the directory", errno))?;
        check(folder.as_fd())?;
        let end = Instant::now() + patience;
        while !try_lock(&folder)? {
            if Instant::now() >= end {
                return Err(ShmError::Busy);
            }
            thread::sleep(PAUSE);
        }
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    /// A child that was forked meanwhile has the same lock, so closing would not be enough.
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn try_lock(folder: &OwnedFd) -> Result<bool, ShmError> {
    match flock(folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(errno) => Err(ShmError::failed("lock the directory", errno)),
    }
}

fn make(path: &Path) -> Result<(), ShmError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(ShmError::io("make the directory", &error))
        }
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
    if !is_local(folder) {
        return Err(ShmError::FilesystemUnfit);
    }
    Ok(())
}

pub(crate) fn is_own(user: u32) -> bool {
    user == rustix::process::geteuid().as_raw()
}

/// Whether no other host can share the file system.
#[cfg(target_os = "linux")]
// A magic number is 32 bits wide, whatever its type is on this platform.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_cast
)]
fn is_local(folder: BorrowedFd<'_>) -> bool {
    let stat = rustix::fs::fstatfs(folder);
    stat.is_ok_and(|stat| !REMOTE.contains(&(stat.f_type as u32)))
}

#[cfg(target_os = "macos")]
fn is_local(folder: BorrowedFd<'_>) -> bool {
    const MNT_LOCAL: u32 = 0x1000;
    rustix::fs::fstatfs(folder).is_ok_and(|stat| stat.f_flags & MNT_LOCAL != 0)
}

const PAUSE: Duration = Duration::from_millis(2);

/// 9p, AFS, Ceph, CIFS, Coda, FUSE, GFS2, Lustre, NFS, OCFS2, SMB, SMB2, shared folders of `VirtualBox`:
/// statfs(2).
#[cfg(target_os = "linux")]
const REMOTE: [u32; 13] = [
    0x0102_1997,
    0x5346_414f,
    0x00c3_6400,
    0xff53_4d42,
    0x7375_7245,
    0x6573_5546,
    0x0116_1970,
    0x0bd0_0bd0,
    0x6969,
    0x7461_636f,
    0x517b,
    0xfe53_4d42,
    0x786f_4256,
];

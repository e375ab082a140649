//! What the operating system knows of a file.

use std::fs::{self, Metadata, OpenOptions};
use std::io;

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Tells a file from every other one, for as long as it is open: its device and its number there.
///
/// Where it says nothing, a file that is open cannot be replaced.
pub(crate) fn identity(metadata: &Metadata) -> (u64, u64) {
    #[cfg(unix)]
    return (metadata.dev(), metadata.ino());
    #[cfg(not(unix))]
    return (0, 0);
}

/// The identity of the file at `path`, which is not followed if it is a link.
///
/// Nothing else is asked: where file systems know fine times (Linux 6.13), who asks when a file was last written makes them note the time of
/// the next write, too, and a commit that waits for that takes a third longer.
pub(crate) fn find(path: &Path) -> io::Result<(u64, u64)> {
    #[cfg(target_os = "linux")]
    match number(path) {
        Err(rustix::io::Errno::NOSYS) => {}
        found => return Ok(found?),
    }
    fs::symlink_metadata(path).map(|metadata| identity(&metadata))
}

#[cfg(target_os = "linux")]
fn number(path: &Path) -> rustix::io::Result<(u64, u64)> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let found = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO)?;
    Ok((
        makedev(found.stx_dev_major, found.stx_dev_minor),
        found.stx_ino,
    ))
}

/// Whether it belongs to the user of this process.
pub(crate) fn is_own(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return metadata.uid() == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    return true;
}

/// Whether only its owner can write to it, as far as the file itself says.
pub(crate) fn is_closed(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return metadata.mode() & 0o022 == 0;
    #[cfg(not(unix))]
    return true;
}

/// Lets only its owner read and write what is made with these options, as far as the file can say.
pub(crate) fn keep_closed(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    return options.mode(0o600);
    #[cfg(not(unix))]
    return options;
}

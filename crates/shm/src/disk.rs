//! Files as they are on disk: checked before they are used, whole before they are seen.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FallocateFlags, Mode, OFlags, fallocate, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::ShmError;
use crate::folder::{Folder, is_own};
use crate::header::HEADER;
use crate::map::Map;

/// The locked directory of the file at `path`, and the file's name in it.
pub(crate) fn folder(path: &Path, patience: Duration) -> Result<(Folder, &OsStr), ShmError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ShmError::failed("find the file's name", Errno::INVAL));
    };
    Ok((Folder::lock(folder, patience)?, name))
}

/// The file of this name, if there is one, and if it is this user's alone.
//= docs/spec/replay.md#R-32
pub(crate) fn existing(
    folder: &Folder,
    name: &OsStr,
) -> Result<Option<(File, Metadata)>, ShmError> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(ShmError::Unsafe { rule: REGULAR }),
        Err(errno) => return Err(ShmError::failed("open the file", errno)),
    };
    let metadata = metadata(&file)?;
    check(&metadata)?;
    Ok(Some((file, metadata)))
}

/// Makes a file of this size under another name, has it filled, and gives it its own.
pub(crate) fn make<T>(
    folder: &Folder,
    name: &OsStr,
    bytes: u64,
    fill: impl FnOnce(&File, &Metadata) -> Result<T, ShmError>,
) -> Result<T, ShmError> {
    let unfinished = unfinished(name);
    // Left behind by a process that was killed while it held the lock.
    let _ = unlinkat(folder, &unfinished, AtFlags::empty());
    let made = create(folder, &unfinished, bytes).and_then(|(file, metadata)| {
        let filled = fill(&file, &metadata)?;
        let named = renameat(folder, &unfinished, folder, name);
        named.map_err(|errno| ShmError::failed("name the file", errno))?;
        Ok(filled)
    });
    if made.is_err() {
        let _ = unlinkat(folder, &unfinished, AtFlags::empty());
    }
    made
}

fn create(folder: &Folder, name: &OsStr, bytes: u64) -> Result<(File, Metadata), ShmError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(folder, name, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(file.map_err(|errno| ShmError::failed("make the file", errno))?);
    reserve(&file, bytes)?;
    let metadata = metadata(&file)?;
    Ok((file, metadata))
}

/// Writes the first page.
pub(crate) fn write(file: &File, header: &[u8; HEADER]) -> Result<(), ShmError> {
    let wrote = file.write_all_at(header, 0);
    wrote.map_err(|error| ShmError::io("write the file", &error))
}

pub(crate) fn map(file: &File, bytes: u64) -> Result<Map, ShmError> {
    let map = usize::try_from(bytes).map_err(|_| Errno::NOMEM);
    let map = map.and_then(|bytes| Map::new(file, bytes, HEADER));
    map.map_err(|errno| ShmError::failed("map the file", errno))
}

/// All of the file is there before it is mapped: on a full disk a hole would be a fatal signal later.
fn reserve(file: &File, bytes: u64) -> Result<(), ShmError> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP) => fill_with_zeros(file, bytes),
        reserved => reserved.map_err(|errno| ShmError::failed("reserve the file's size", errno)),
    }
}

fn fill_with_zeros(file: &File, bytes: u64) -> Result<(), ShmError> {
    let zeros = [0; 1 << 12];
    let mut at = 0;
    while at < bytes {
        let length = usize::try_from(bytes - at).map_or(zeros.len(), |rest| rest.min(zeros.len()));
        let wrote = file.write_all_at(&zeros[..length], at);
        wrote.map_err(|error| ShmError::io("reserve the file's size", &error))?;
        at += length as u64;
    }
    Ok(())
}

fn metadata(file: &File) -> Result<Metadata, ShmError> {
    let metadata = file.metadata();
    metadata.map_err(|error| ShmError::io("look at the file", &error))
}

fn check(file: &Metadata) -> Result<(), ShmError> {
    let rules = [
        (file.is_file(), REGULAR),
        (is_own(file.uid()), "it belongs to the user of this process"),
        (file.mode() & 0o777 == 0o600, "its mode is 0600"),
        (file.nlink() == 1, "it has one name"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(ShmError::Unsafe { rule }),
        None => Ok(()),
    }
}

fn unfinished(name: &OsStr) -> OsString {
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(".unfinished");
    unfinished
}

/// The path as it will be understood after a change of directory.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, ShmError> {
    std::path::absolute(path).map_err(|error| ShmError::io("find the path", &error))
}

/// How long to wait for a directory that another process has locked.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
const REGULAR: &str = "it is a regular file and no link";
pub(crate) const WORD: u64 = size_of::<u64>() as u64;

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal_testkit::Scratch;

    #[test]
    fn a_file_can_be_reserved_where_the_system_cannot_do_it_at_once() {
        let scratch = Scratch::new();
        let file = File::create_new(scratch.file("zeros")).unwrap();
        fill_with_zeros(&file, (1 << 14) + 5).unwrap();
        assert_eq!(file.metadata().unwrap().len(), (1 << 14) + 5);
    }
}

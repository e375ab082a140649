//! The file: checked before it is used, made whole before it is seen.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use counterseal_core::{Seed, Span, Time};
use counterseal_replay::{Plan, Ring, Shape, Start, Window};
use rustix::fs::{
    AtFlags, FallocateFlags, FileType, Mode, OFlags, Stat, fallocate, fstat, openat, renameat,
    unlinkat,
};
use rustix::io::{Errno, pread, pwrite};

use crate::ShmError;
use crate::folder::{Folder, is_own};
use crate::header::{HEADER, Header};
use crate::map::Map;
use crate::watch::{Watch, identity, links};

/// What a process wants to open.
pub(crate) struct Wanted {
    /// The file, by an absolute path.
    pub(crate) path: PathBuf,
    pub(crate) shape: Shape,
    pub(crate) window: Window,
}

/// A ring that is mapped.
pub(crate) struct Opened {
    pub(crate) plan: Plan,
    pub(crate) map: Map,
    pub(crate) watch: Watch,
}

impl Wanted {
    /// The ring at the path. If there is none, or one that cannot go on, a new one is put there; `now` is
    /// at least the time on any verifier's clock, and `before` a ring that was there and is retired.
    pub(crate) fn open(
        &self,
        now: Time,
        seed: &Seed<16>,
        before: Option<&Opened>,
    ) -> Result<Opened, ShmError> {
        self.shape.check(self.window)?;
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(ShmError::failed("find the file's name", Errno::INVAL));
        };
        let folder = Folder::lock(folder)?;
        let old = match self.existing(&folder, name)? {
            Existing::Current(opened) => return Ok(opened),
            Existing::None => None,
            Existing::Other(old) => old,
        };
        // Others may be using a file that was here a moment ago, for as long as it takes to notice.
        let start = Start::cold(now, self.window).overlapping(NOTICE);
        let start = before.map_or(start, |before| before.succeeded_by(start));
        let start = old.map_or(start, |old| old.succeeded_by(start));
        self.make(&folder, name, start, seed)
    }

    //= docs/spec/replay.md#R-32
    fn existing(&self, folder: &Folder, name: &OsStr) -> Result<Existing, ShmError> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat(folder, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(Existing::None),
            Err(Errno::LOOP) => return Err(ShmError::Unsafe { rule: REGULAR }),
            Err(errno) => return Err(ShmError::failed("open the file", errno)),
        };
        let stat = look(file.as_fd())?;
        check(&stat)?;
        let mut bytes = [0; HEADER];
        let got = pread(&file, &mut bytes, 0)
            .map_err(|errno| ShmError::failed("read the file", errno))?;
        let header = Header::read(&bytes).map_err(|_| ShmError::Foreign)?;
        let Some(header) = header.filter(|_| got == HEADER) else {
            return Ok(Existing::Other(None));
        };
        self.judge(&file, &stat, &header)
    }

    /// Whether the ring in `file` goes on, or is only of use to the one that takes its place.
    //= docs/spec/replay.md#R-33
    fn judge(&self, file: &OwnedFd, stat: &Stat, header: &Header) -> Result<Existing, ShmError> {
        let Ok(plan) = header.plan() else {
            return Ok(Existing::Other(None));
        };
        if u64::try_from(stat.st_size).ok() != Some(bytes_of(&plan) as u64) {
            return Ok(Existing::Other(None));
        }
        let same = header.shape == self.shape
            && header.window == self.window
            && header.boot == boot()
            && header.identity == identity(stat);
        let opened = Opened::of(file.as_fd(), plan, identity(stat))?;
        let begun = opened.ring().is_some_and(|ring| !ring.is_retired());
        Ok(if same && begun {
            Existing::Current(opened)
        } else {
            Existing::Other(Some(opened))
        })
    }

    /// Makes the file under another name, whole, and then gives it its own.
    //= docs/spec/replay.md#R-35
    fn make(
        &self,
        folder: &Folder,
        name: &OsStr,
        start: Start,
        seed: &Seed<16>,
    ) -> Result<Opened, ShmError> {
        let plan = Plan::new(self.shape, self.window, seed)?;
        let unfinished = unfinished(name);
        // Left behind by a process that was killed while it held the lock.
        let _ = unlinkat(folder, &unfinished, AtFlags::empty());
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, &unfinished, flags, Mode::RUSR | Mode::WUSR);
        let file = file.map_err(|errno| ShmError::failed("make the file", errno))?;
        let made = self.fill(&file, plan, start, seed).and_then(|opened| {
            let named = renameat(folder, &unfinished, folder, name);
            named.map_err(|errno| ShmError::failed("name the file", errno))?;
            Ok(opened)
        });
        if made.is_err() {
            let _ = unlinkat(folder, &unfinished, AtFlags::empty());
        }
        made
    }

    fn fill(
        &self,
        file: &OwnedFd,
        plan: Plan,
        start: Start,
        seed: &Seed<16>,
    ) -> Result<Opened, ShmError> {
        // All of it is there before it is mapped: on a full disk a hole would be a fatal signal later.
        let bytes = bytes_of(&plan) as u64;
        let reserved = fallocate(file, FallocateFlags::empty(), 0, bytes);
        reserved.map_err(|errno| ShmError::failed("reserve the file's size", errno))?;
        let identity = identity(&look(file.as_fd())?);
        let header = Header::new(self.shape, self.window, boot(), identity, seed);
        let wrote = pwrite(file, &header.write(), 0);
        let wrote = wrote.map_err(|errno| ShmError::failed("write the file", errno))?;
        if wrote != HEADER {
            return Err(ShmError::failed("write the file", Errno::IO));
        }
        let opened = Opened::of(file.as_fd(), plan, identity)?;
        Ring::begin(&opened.plan, opened.map.words(), start).expect("the planned length");
        Ok(opened)
    }
}

impl Opened {
    fn of(file: BorrowedFd<'_>, plan: Plan, identity: (u64, u64)) -> Result<Self, ShmError> {
        let map = Map::new(file, bytes_of(&plan), HEADER);
        Ok(Opened {
            map: map.map_err(|errno| ShmError::failed("map the file", errno))?,
            plan,
            watch: Watch::new(identity),
        })
    }

    /// The ring, if it has begun.
    #[inline]
    pub(crate) fn ring(&self) -> Option<Ring<'_>> {
        Ring::attach(&self.plan, self.map.words()).ok()
    }

    /// Ends this ring for all who map it, and says how the one that takes its place begins.
    fn succeeded_by(&self, start: Start) -> Start {
        let Some(ring) = self.ring() else {
            return start;
        };
        ring.retire();
        let newest = ring.newest();
        newest.map_or(start, |newest| start.replacing(newest))
    }
}

/// What is at the path.
enum Existing {
    None,
    Current(Opened),
    /// A ring of another shape, boot or place, or one that was ended; nothing where it cannot be read.
    Other(Option<Opened>),
}

fn look(file: BorrowedFd<'_>) -> Result<Stat, ShmError> {
    fstat(file).map_err(|errno| ShmError::failed("look at the file", errno))
}

fn check(stat: &Stat) -> Result<(), ShmError> {
    let rules = [
        (FileType::from_raw_mode(stat.st_mode).is_file(), REGULAR),
        (
            is_own(stat.st_uid),
            "it belongs to the user of this process",
        ),
        (stat.st_mode & 0o777 == 0o600, "its mode is 0600"),
        (links(stat) == 1, "it has one name"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(ShmError::Unsafe { rule }),
        None => Ok(()),
    }
}

fn bytes_of(plan: &Plan) -> usize {
    HEADER + plan.words() * size_of::<u64>()
}

fn unfinished(name: &OsStr) -> OsString {
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(".unfinished");
    unfinished
}

/// The path as it will be understood after a change of directory.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, ShmError> {
    std::path::absolute(path).map_err(|error| ShmError::Failed {
        step: "find the path",
        kind: error.kind(),
    })
}

/// The name of this boot of the host. Where there is none, a ring outlives a boot, and then the floor of
/// the file's first beginning is all that stands: keep it on a file system that a boot empties.
fn boot() -> [u8; 36] {
    let text = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.first_chunk().copied().unwrap_or([0; 36])
}

/// How long others may go on with a file that is no longer in its place: a second until they look, and
/// as much again for clocks that lag.
pub(crate) const NOTICE: Span = Span::from_seconds(2);
const REGULAR: &str = "it is a regular file and no link";

//! The ring's file: whole before it is seen, ended before it is replaced.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use counterseal_core::{Seed, Span, Time};
use counterseal_replay::{Plan, Ring, Shape, Start, Window, retire};

use crate::ShmError;
use crate::boot::boot;
use crate::clock::Clock;
use crate::disk::{self, PATIENCE, WORD};
use crate::folder::Folder;
use crate::header::{HEADER, Head, Header, identity};
use crate::map::Map;
use crate::watch::Watch;

/// What a process wants to open.
pub(crate) struct Wanted {
    /// The file, by an absolute path.
    pub(crate) path: PathBuf,
    pub(crate) shape: Shape,
    pub(crate) window: Window,
}

/// A ring that is mapped.
pub(crate) struct Opened {
    plan: Plan,
    map: Map,
    pub(crate) watch: Watch,
}

/// What is at the path.
enum Existing {
    /// A ring that goes on.
    Current(Box<Opened>),
    /// A ring that was ended just now; every use there was born before this.
    Ended(Option<Time>),
    /// No file.
    Nothing,
}

/// What a new ring must know of what was at its path.
enum Past {
    /// Something may have been, and every use there was born before this, if that is known.
    Ended(Option<Time>),
    /// Nothing was, when the clock said this.
    NoneAt(Time),
}

impl Wanted {
    /// The ring at the path, of exactly this shape and window; a new one if there is none.
    ///
    /// The verifier's clock is asked again when the new file has its name.
    pub(crate) fn open(&self, seed: &Seed<16>, clock: &Clock) -> Result<Opened, ShmError> {
        self.shape.check(self.window)?;
        let (folder, name) = disk::folder(&self.path, PATIENCE)?;
        let past = match self.existing(&folder, name, None)? {
            Existing::Current(opened) => return Ok(*opened),
            Existing::Ended(newest) => Past::Ended(newest),
            Existing::Nothing => clock.just_given().map_or(Past::Ended(None), Past::NoneAt),
        };
        self.make(&folder, name, seed, past, || clock.now())
    }

    /// The ring that took the place of `old`, or a new one that does. `old` is ended for all who map it.
    pub(crate) fn reopen(&self, old: &Opened, now: impl Fn() -> Time) -> Result<Opened, ShmError> {
        let (folder, name) = disk::folder(&self.path, Duration::ZERO)?;
        let newest = match self.existing(&folder, name, Some(old))? {
            Existing::Current(opened) => {
                if !opened.watch.is_same(&old.watch) {
                    old.end();
                }
                return Ok(*opened);
            }
            Existing::Ended(newest) => newest.max(old.end()),
            Existing::Nothing => old.end(),
        };
        let seed = old.plan.successor();
        self.make(&folder, name, &seed, Past::Ended(newest), now)
    }

    fn existing(
        &self,
        folder: &Folder,
        name: &OsStr,
        old: Option<&Opened>,
    ) -> Result<Existing, ShmError> {
        let Some((file, metadata)) = disk::existing(folder, name)? else {
            return Ok(Existing::Nothing);
        };
        let mut bytes = [0; HEADER];
        let read = file.read_exact_at(&mut bytes, 0).ok();
        let head = read.and_then(|()| Head::read(&bytes));
        let head = head.ok_or(ShmError::Foreign)?;
        if old.is_some() && head.is_of_newer_software() && head.identity == identity(&metadata) {
            return Err(ShmError::Foreign);
        }
        let header = Header::read(&bytes);
        let current = header.map(|header| self.current(&file, &metadata, &header, old));
        match current.transpose()?.flatten() {
            Some(opened) => Ok(Existing::Current(Box::new(opened))),
            None => Ok(Existing::Ended(end(&file, &metadata, &head)?)),
        }
    }

    /// The ring in `file`, if it goes on.
    //= docs/spec/replay.md#R-33
    fn current(
        &self,
        file: &File,
        metadata: &Metadata,
        header: &Header,
        old: Option<&Opened>,
    ) -> Result<Option<Opened>, ShmError> {
        if header.boot != boot()? || header.identity != identity(metadata) {
            return Ok(None);
        }
        let Ok(plan) = header.plan() else {
            return Ok(None);
        };
        if metadata.len() != bytes_of(&plan) {
            return Ok(None);
        }
        let opened = Opened::of(file, metadata, plan)?;
        let fits = match old {
            None => header.shape == self.shape && header.window == self.window,
            Some(old) => header.remembers(self.window) && opened.follows(old),
        };
        Ok((fits && opened.goes_on()).then_some(opened))
    }

    /// Makes the file under another name, whole, gives it its own, and begins the ring only then: the floor
    /// is above whatever was verified while another file had the name.
    //= docs/spec/replay.md#R-35
    fn make(
        &self,
        folder: &Folder,
        name: &OsStr,
        seed: &Seed<16>,
        past: Past,
        now: impl Fn() -> Time,
    ) -> Result<Opened, ShmError> {
        let plan = Plan::new(self.shape, self.window, seed)?;
        let opened = disk::make(folder, name, bytes_of(&plan), |file, metadata| {
            let header = Header {
                shape: self.shape,
                window: self.window,
                boot: boot()?,
                identity: identity(metadata),
                secret: *seed.expose(),
            };
            disk::write(file, &header.write())?;
            Opened::of(file, metadata, plan)
        })?;
        let start = past.start(now(), self.window);
        Ring::begin(&opened.plan, opened.map.words(), start).expect("the planned length");
        Ok(opened)
    }
}

impl Past {
    /// How a ring begins whose file has its name at `now`. Others may go on with a file that was there for
    /// as long as it takes to notice.
    fn start(self, now: Time, window: Window) -> Start {
        let cold = Start::cold(now, window).overlapping(NOTICE);
        match self {
            Past::Ended(Some(newest)) => cold.replacing(newest),
            Past::Ended(None) => cold,
            Past::NoneAt(began) => Start { began, ..cold },
        }
    }
}

impl Opened {
    fn of(file: &File, metadata: &Metadata, plan: Plan) -> Result<Self, ShmError> {
        Ok(Opened {
            map: disk::map(file, bytes_of(&plan))?,
            plan,
            watch: Watch::new(metadata),
        })
    }

    /// The ring, if it has begun.
    #[inline]
    pub(crate) fn ring(&self) -> Option<Ring<'_>> {
        Ring::attach(&self.plan, self.map.words()).ok()
    }

    /// Whether the ring is the one at `path`, and was not ended.
    pub(crate) fn stays(&self, path: &Path) -> bool {
        self.goes_on() && self.watch.is_at(path)
    }

    fn goes_on(&self) -> bool {
        self.ring().is_some_and(|ring| !ring.is_retired())
    }

    /// Whether this is the ring `old` itself, or began after it: an older one knows nothing of its uses.
    fn follows(&self, old: &Opened) -> bool {
        let (Some(new), Some(before)) = (self.ring(), old.ring()) else {
            return false;
        };
        self.watch.is_same(&old.watch) || new.began() > before.began()
    }

    /// Ends the ring for all who map it: every use there was born before the answer.
    fn end(&self) -> Option<Time> {
        self.ring()?.retire()
    }
}

/// Ends the ring in a file of whichever layout, and whichever size.
fn end(file: &File, metadata: &Metadata, head: &Head) -> Result<Option<Time>, ShmError> {
    let bytes = HEADER as u64 + WORD;
    if metadata.len() < bytes {
        return Ok(None);
    }
    let map = disk::map(file, bytes)?;
    Ok(retire(&map.words()[0], head.bucket))
}

fn bytes_of(plan: &Plan) -> u64 {
    HEADER as u64 + plan.words() as u64 * WORD
}

/// How much later than others a process may notice that a file is no longer in its place: a second of
/// signed time until it looks, and as much again for readings of the clock that come late.
pub(crate) const NOTICE: Span = Span::from_seconds(2);

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal_replay::SKEW;
    use counterseal_testkit::{NOW, Scratch, WINDOW};

    #[test]
    fn the_clock_is_asked_when_the_file_has_its_name() {
        let scratch = Scratch::new();
        let wanted = Wanted {
            path: scratch.path().join("private").join("ring"),
            shape: Shape::for_rate(1),
            window: WINDOW,
        };
        let now = || {
            assert!(wanted.path.exists());
            NOW
        };
        let (folder, name) = disk::folder(&wanted.path, Duration::ZERO).unwrap();
        let seed = Seed::new([7; 16]);
        let opened = wanted.make(&folder, name, &seed, Past::Ended(None), now);
        let opened = opened.unwrap();
        let floor = NOW.plus(WINDOW.future).plus(SKEW).plus(NOTICE);
        assert_eq!(opened.ring().map(|ring| ring.floor()), Some(floor));
    }
}

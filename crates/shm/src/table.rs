//! The cells' file. What is lost with it are cells, so nothing of it has to be ended.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use counterseal_core::{Seed, Time};
use counterseal_replay::{CellPlan, Cells};

use crate::ShmError;
use crate::disk::{self, PATIENCE, WORD};
use crate::folder::Folder;
use crate::header::{HEADER, number};
use crate::map::Map;
use crate::watch::Watch;

/// What a process wants to open.
pub(crate) struct Wanted {
    /// The file, by an absolute path.
    pub(crate) path: PathBuf,
    pub(crate) cells: u32,
}

/// A table of cells that is mapped.
pub(crate) struct Table {
    plan: CellPlan,
    map: Map,
    watch: Watch,
    pub(crate) secret: [u8; 16],
}

/// The head of the file, as docs/spec/limit.md lays it out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    cells: u64,
    secret: [u8; 16],
}

impl Wanted {
    /// The table at the path, of exactly so many cells; a new one if there is none.
    pub(crate) fn open(&self, seed: &Seed<16>) -> Result<Table, ShmError> {
        let (folder, name) = disk::folder(&self.path, PATIENCE)?;
        let wanted = CellPlan::new(self.cells, seed).words();
        match existing(&folder, name)? {
            Some(table) if table.plan.words() == wanted => Ok(table),
            _ => self.make(&folder, name, seed),
        }
    }

    /// The table that took the place of `old`, of whichever size, or a new one that does.
    pub(crate) fn reopen(&self, old: &Table) -> Result<Table, ShmError> {
        let (folder, name) = disk::folder(&self.path, Duration::ZERO)?;
        match existing(&folder, name)? {
            Some(table) => Ok(table),
            None => self.make(&folder, name, &Seed::new(old.secret)),
        }
    }

    fn make(&self, folder: &Folder, name: &OsStr, seed: &Seed<16>) -> Result<Table, ShmError> {
        let plan = CellPlan::new(self.cells, seed);
        disk::make(folder, name, bytes_of(&plan), |file, metadata| {
            let header = Header {
                cells: plan.words() as u64,
                secret: *seed.expose(),
            };
            disk::write(file, &header.write())?;
            Table::of(file, metadata, header.secret, plan.clone())
        })
    }
}

/// The table of this name, if it goes on.
//= docs/spec/limit.md#L-16
fn existing(folder: &Folder, name: &OsStr) -> Result<Option<Table>, ShmError> {
    let Some((file, metadata)) = disk::existing(folder, name)? else {
        return Ok(None);
    };
    let mut bytes = [0; HEADER];
    let read = file.read_exact_at(&mut bytes, 0).ok();
    if read.is_none() || bytes[..16] != *MAGIC {
        return Err(ShmError::Foreign);
    }
    let Some(header) = Header::read(&bytes) else {
        return Ok(None);
    };
    match header.plan() {
        Some(plan) if metadata.len() == bytes_of(&plan) => {
            Table::of(&file, &metadata, header.secret, plan).map(Some)
        }
        _ => Ok(None),
    }
}

impl Table {
    fn of(
        file: &File,
        metadata: &Metadata,
        secret: [u8; 16],
        plan: CellPlan,
    ) -> Result<Self, ShmError> {
        Ok(Table {
            map: disk::map(file, bytes_of(&plan))?,
            plan,
            watch: Watch::new(metadata),
            secret,
        })
    }

    #[inline]
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells::over(&self.plan, self.map.words()).expect("the planned length")
    }

    /// Whether the file was at the path within the last second of callers' time, or is there now.
    #[inline]
    pub(crate) fn was_in_place(&self, path: &Path, now: Time) -> bool {
        self.watch.was_in_place(path, now)
    }

    /// Lets the next second of callers' time pass without a look.
    pub(crate) fn rest(&self, now: Time) {
        self.watch.rest(now);
    }
}

impl Header {
    fn plan(&self) -> Option<CellPlan> {
        let cells = u32::try_from(self.cells).ok()?;
        let plan = CellPlan::new(cells, &Seed::new(self.secret));
        (plan.words() as u64 == self.cells).then_some(plan)
    }

    //= docs/spec/limit.md#L-15
    fn write(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..24].copy_from_slice(&LAYOUT.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.cells.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.secret);
        bytes
    }

    /// The header that these bytes are, if they are of this layout.
    fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        if number(bytes, 0) != LAYOUT {
            return None;
        }
        Some(Header {
            cells: number(bytes, 1),
            secret: *bytes[32..].first_chunk()?,
        })
    }
}

fn bytes_of(plan: &CellPlan) -> u64 {
    HEADER as u64 + plan.words() as u64 * WORD
}

const MAGIC: &[u8; 16] = b"counterseal cell";
const LAYOUT: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_gives_back_what_was_written() {
        let header = Header {
            cells: 1_024,
            secret: [5; 16],
        };
        let mut bytes = header.write();
        assert_eq!(Header::read(&bytes).as_ref(), Some(&header));
        assert!(header.plan().is_some());
        bytes[24] = 1;
        assert!(Header::read(&bytes).unwrap().plan().is_none());
        bytes[16] = 2;
        assert_eq!(Header::read(&bytes), None);
    }
}

//! The head of the file: what a process must know before it can read the words.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use counterseal_core::{Seed, Span};
use counterseal_replay::{Plan, Shape, ShapeError, Window};

/// The head of a ring's file, as docs/spec/replay.md lays it out. All numbers are little-endian.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) shape: Shape,
    pub(crate) window: Window,
    /// The boot of the host on which the file was made.
    pub(crate) boot: [u8; 36],
    pub(crate) identity: Identity,
    pub(crate) secret: [u8; 16],
}

/// The part of the head that every layout has, so that software of any version can end a ring.
pub(crate) struct Head {
    layout: u64,
    pub(crate) bucket: Span,
    /// The file's own: a copy of the file is another file.
    pub(crate) identity: Identity,
}

/// Device and number of a file, and the nanosecond of its birth where the file system keeps it.
pub(crate) type Identity = [u64; 3];

impl Header {
    /// The plan by which the words are read.
    pub(crate) fn plan(&self) -> Result<Plan, ShapeError> {
        Plan::new(self.shape, self.window, &Seed::new(self.secret))
    }

    /// Whether the ring remembers at least this window.
    pub(crate) fn remembers(&self, window: Window) -> bool {
        self.window.past >= window.past && self.window.future >= window.future
    }

    //= docs/spec/replay.md#R-30
    pub(crate) fn write(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let numbers = [
            LAYOUT,
            self.shape.bucket.millis().unsigned_abs(),
            self.identity[0],
            self.identity[1],
            self.identity[2],
            u64::from(self.shape.generations),
            u64::from(self.shape.slots),
            u64::from(self.shape.owner_slots),
            self.shape.owner_cap,
            self.window.past.millis().unsigned_abs(),
            self.window.future.millis().unsigned_abs(),
        ];
        bytes[..16].copy_from_slice(MAGIC);
        for (place, number) in bytes[16..104].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[104..120].copy_from_slice(&self.secret);
        bytes[120..156].copy_from_slice(&self.boot);
        bytes
    }

    /// The header that these bytes are, if they are of this layout.
    pub(crate) fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let head = Head::read(bytes).filter(|head| head.layout == LAYOUT)?;
        let size = |at| u32::try_from(number(bytes, at)).ok();
        Some(Header {
            shape: Shape {
                bucket: head.bucket,
                generations: size(5)?,
                slots: size(6)?,
                owner_slots: size(7)?,
                owner_cap: number(bytes, 8),
            },
            window: Window {
                past: span(bytes, 9)?,
                future: span(bytes, 10)?,
            },
            identity: head.identity,
            secret: *bytes[104..].first_chunk()?,
            boot: *bytes[120..].first_chunk()?,
        })
    }
}

impl Head {
    /// The head that these bytes are, if they are a ring's.
    pub(crate) fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        if bytes[..16] != *MAGIC {
            return None;
        }
        Some(Head {
            layout: number(bytes, 0),
            bucket: span(bytes, 1)?,
            identity: [2, 3, 4].map(|at| number(bytes, at)),
        })
    }

    pub(crate) fn is_of_newer_software(&self) -> bool {
        self.layout > LAYOUT
    }
}

/// What makes this file another than its copies.
pub(crate) fn identity(file: &Metadata) -> Identity {
    let born = file.created().ok();
    let born = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    let born = born.and_then(|born| u64::try_from(born.as_nanos()).ok());
    [file.dev(), file.ino(), born.unwrap_or(0)]
}

pub(crate) fn number(bytes: &[u8; HEADER], at: usize) -> u64 {
    let place = bytes[16 + at * 8..].first_chunk();
    u64::from_le_bytes(*place.expect("inside the header"))
}

fn span(bytes: &[u8; HEADER], at: usize) -> Option<Span> {
    let millis = i64::try_from(number(bytes, at)).ok();
    millis.map(Span::from_millis)
}

/// Bytes before the words: a page, so that the words' lines are lines of the file.
pub(crate) const HEADER: usize = 4_096;
const MAGIC: &[u8; 16] = b"counterseal ring";
const LAYOUT: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            shape: Shape::for_rate(100),
            window: Window::MINUTE,
            boot: [b'b'; 36],
            identity: [7, 8, 9],
            secret: [5; 16],
        }
    }

    #[test]
    fn reading_gives_back_what_was_written() {
        assert!(Header::read(&header().write()) == Some(header()));
    }

    #[test]
    fn other_bytes_are_no_ring_and_other_layouts_are_none_of_ours() {
        let mut bytes = header().write();
        bytes[16] = 2;
        assert!(Header::read(&bytes).is_none());
        let head = Head::read(&bytes).unwrap();
        assert!(head.is_of_newer_software());
        assert_eq!(head.bucket, Span::from_seconds(15));
        bytes[0] = 0;
        assert!(Head::read(&bytes).is_none());
    }
}

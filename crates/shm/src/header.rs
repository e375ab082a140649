//! The head of the file: what a process must know before it can read the words.

use counterseal_core::{Seed, Span};
use counterseal_replay::{Plan, Shape, ShapeError, Window};

/// The head of a ring's file, as docs/spec/replay.md lays it out. All numbers are little-endian.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) shape: Shape,
    pub(crate) window: Window,
    /// The boot of the host on which the file was made.
    pub(crate) boot: [u8; 36],
    /// The file's own device and number: a copy of the file is another file.
    pub(crate) identity: (u64, u64),
    secret: [u8; 16],
}

impl Header {
    pub(crate) fn new(
        shape: Shape,
        window: Window,
        boot: [u8; 36],
        identity: (u64, u64),
        secret: &Seed<16>,
    ) -> Self {
        Header {
            shape,
            window,
            boot,
            identity,
            secret: *secret.expose(),
        }
    }

    /// The plan by which the words are read.
    pub(crate) fn plan(&self) -> Result<Plan, ShapeError> {
        Plan::new(self.shape, self.window, &Seed::new(self.secret))
    }

    //= docs/spec/replay.md#R-30
    pub(crate) fn write(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..16].copy_from_slice(MAGIC);
        let shape = &self.shape;
        let numbers = [
            LAYOUT,
            shape.bucket.millis().unsigned_abs(),
            u64::from(shape.generations),
            u64::from(shape.slots),
            u64::from(shape.owner_slots),
            shape.owner_cap,
            self.window.past.millis().unsigned_abs(),
            self.window.future.millis().unsigned_abs(),
            self.identity.0,
            self.identity.1,
        ];
        for (place, number) in bytes[16..96].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[96..112].copy_from_slice(&self.secret);
        bytes[112..148].copy_from_slice(&self.boot);
        bytes
    }

    /// The header that these bytes are: `Err` when they are no ring's, `Ok(None)` for a layout that this
    /// version does not read.
    pub(crate) fn read(bytes: &[u8; HEADER]) -> Result<Option<Self>, NoRing> {
        if bytes[..16] != *MAGIC {
            return Err(NoRing);
        }
        let number = |at: usize| {
            let place = bytes[16 + at * 8..].first_chunk();
            u64::from_le_bytes(*place.expect("inside the header"))
        };
        if number(0) != LAYOUT {
            return Ok(None);
        }
        let span = |at| i64::try_from(number(at)).ok().map(Span::from_millis);
        let size = |at| u32::try_from(number(at)).ok();
        let read = || {
            Some(Header {
                shape: Shape {
                    bucket: span(1)?,
                    generations: size(2)?,
                    slots: size(3)?,
                    owner_slots: size(4)?,
                    owner_cap: number(5),
                },
                window: Window {
                    past: span(6)?,
                    future: span(7)?,
                },
                identity: (number(8), number(9)),
                secret: *bytes[96..].first_chunk()?,
                boot: *bytes[112..].first_chunk()?,
            })
        };
        Ok(read())
    }
}

impl Drop for Header {
    /// The secret protects availability only; it is wiped because that costs nothing.
    fn drop(&mut self) {
        self.secret = [0; 16];
    }
}

/// The bytes are no ring's.
pub(crate) struct NoRing;

/// Bytes before the words: a page, so that the words' lines are lines of the file.
pub(crate) const HEADER: usize = 4_096;
const MAGIC: &[u8; 16] = b"counterseal ring";
const LAYOUT: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let shape = Shape::for_rate(100);
        Header::new(
            shape,
            Window::MINUTE,
            [b'b'; 36],
            (7, 9),
            &Seed::new([5; 16]),
        )
    }

    #[test]
    fn reading_gives_back_what_was_written() {
        let Ok(Some(read)) = Header::read(&header().write()) else {
            panic!("a header of this layout")
        };
        assert!(read == header());
    }

    #[test]
    fn other_bytes_are_no_ring_and_other_layouts_are_none_of_ours() {
        let mut bytes = header().write();
        bytes[16] = 2;
        assert!(matches!(Header::read(&bytes), Ok(None)));
        bytes[0] = 0;
        assert!(Header::read(&bytes).is_err());
    }
}

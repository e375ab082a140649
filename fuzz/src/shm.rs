//! The mapped file, as another program may have left it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use counterseal::core::{Seed, Time};
use counterseal::replay::Window;
use counterseal_shm::{SharedRing, ShmError};

use crate::bytes::Bytes;
use crate::replay::{SMALL, claim};

/// A file whose bytes were changed, or whose length is another, is refused or is a ring; neither kills.
pub fn shm_shared_ring_open(data: &[u8]) {
    // The run before may have left a file that does not open.
    std::fs::write(&*PATH, &*EMPTY).expect("a file of ours");
    let mut bytes = Bytes::new(data);
    let claims = [claim(&mut bytes), claim(&mut bytes)];
    let file = File::options()
        .write(true)
        .open(&*PATH)
        .expect("it was just written");
    if bytes.byte() == 0 {
        file.set_len(u64::from(bytes.u32() % 300_000))
            .expect("a file of ours");
    }
    while !bytes.is_empty() {
        let place = u64::from(bytes.u16());
        file.write_at(&[bytes.byte()], place)
            .expect("a file of ours");
    }
    let Ok(ring) = open() else { return };
    for claim in claims {
        let _ = ring.claim(&claim);
    }
    let _ = (ring.gauge(), ring.began(), ring.floor());
}

fn open() -> Result<SharedRing, ShmError> {
    let now = Time::from_seconds(1_800_000_000);
    SharedRing::open(&PATH, SMALL, Window::MINUTE, now, &Seed::new([1; 16]))
}

/// What a new ring is before its first claim: making it anew for each run would take most of the time.
static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    drop(open().expect("a new file is a ring"));
    std::fs::read(&*PATH).expect("it was just made")
});

/// A file of this process.
static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = std::env::temp_dir().join(format!("counterseal-fuzz-{}", std::process::id()));
    directory.join("ring")
});

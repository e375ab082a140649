//! A directory for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{env, fs, process};

/// A new directory, which is removed with all it holds when this is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty directory under the system's directory for temporary files.
    pub fn new() -> Self {
        Self::below(&env::temp_dir())
    }

    /// A new, empty directory that is kept in memory, so that nothing in it waits for a disk; where the system has no such place, it is
    /// as any other.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            return Self::below(memory);
        }
        Self::new()
    }

    fn below(parent: &Path) -> Self {
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("counterseal-{}-{number}", process::id());
        let path = parent.join(name);
        fs::create_dir(&path).expect("a directory that can be made");
        Scratch(path)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    /// What cannot be removed is left to the system.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

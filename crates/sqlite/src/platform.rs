//! What the operating system knows of a file.

use std::fs::{Metadata, OpenOptions};

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// Tells a file from every other one, for as long as it is open: its device and its number there.
///
/// Where it says nothing, a file that is open cannot be replaced.
pub(crate) fn identity(metadata: &Metadata) -> (u64, u64) {
    #[cfg(unix)]
    return (metadata.dev(), metadata.ino());
    #[cfg(not(unix))]
    return (0, 0);
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

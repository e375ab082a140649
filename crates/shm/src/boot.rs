//! The name of this boot of the host: what was mapped before another boot may have been lost.

use crate::ShmError;

/// 36 characters, as the kernel draws them at each boot.
#[cfg(target_os = "linux")]
pub(crate) fn boot() -> Result<[u8; 36], ShmError> {
    let text = std::fs::read("/proc/sys/kernel/random/boot_id");
    named(&text.map_err(|error| ShmError::io(STEP, &error))?)
}

#[cfg(target_os = "macos")]
pub(crate) fn boot() -> Result<[u8; 36], ShmError> {
    let mut sysctl = std::process::Command::new("/usr/sbin/sysctl");
    let output = sysctl.args(["-n", "kern.bootsessionuuid"]).output();
    named(&output.map_err(|error| ShmError::io(STEP, &error))?.stdout)
}

fn named(text: &[u8]) -> Result<[u8; 36], ShmError> {
    let name = text.first_chunk().copied();
    name.ok_or(ShmError::failed(STEP, rustix::io::Errno::INVAL))
}

const STEP: &str = "read the name of the boot";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_has_one_name() {
        let name = boot().unwrap();
        assert_eq!(boot().unwrap(), name);
        assert!(name.iter().all(|c| c.is_ascii_hexdigit() || *c == b'-'));
        assert!(named(b"").is_err());
    }
}

//! PEM in its strict form (RFC 7468 section 3): one text, nothing around it, lines of 64.

use alloc::{format, string::String, vec::Vec};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What the text holds, if it is one of this label.
pub(crate) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let text = text
        .strip_suffix("\r\n")
        .or(text.strip_suffix('\n'))
        .unwrap_or(text);
    let mut lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    (lines.next()? == format!("-----BEGIN {label}-----")).then_some(())?;
    // It may be a private key's.
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    let end = format!("-----END {label}-----");
    let mut is_last = false;
    for line in lines.by_ref() {
        if line == end {
            return lines
                .next()
                .is_none()
                .then(|| STANDARD.decode(&*base64).ok())?;
        }
        let is_full = line.len() == 64;
        if is_last || line.is_empty() || line.len() > 64 || base64.len() > MOST {
            return None;
        }
        is_last = !is_full;
        base64.push_str(line);
    }
    None
}

/// Characters of base64 in an RSA key of 8192 bits, and some.
const MOST: usize = 2_048;

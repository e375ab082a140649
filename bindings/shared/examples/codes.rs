//! Prints every code for `cargo xtask codes`: a line each, its members between tabs.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for code in counterseal_shared::codes() {
        let (name, blame, http) = (code.name, code.blame.name(), code.http);
        let (public, means, fix) = (code.public, code.means, code.fix);
        writeln!(out, "{name}\t{blame}\t{public}\t{http}\t{means}\t{fix}")?;
    }
    Ok(())
}

//! Prints the diagram and the table of docs/spec/refresh.md for `cargo xtask transitions`.

use std::io::{self, Write};

use counterseal_vectors::{Lengths, transitions};

fn main() -> io::Result<()> {
    let text = transitions(&Lengths::SMALL);
    io::stdout().lock().write_all(text.as_bytes())
}

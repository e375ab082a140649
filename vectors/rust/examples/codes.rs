//! Prints every code for `cargo xtask codes`: a line each, its members between tabs.

use std::io::{self, Write};

use counterseal::core::Code;
use counterseal_postgres::PostgresError;
use counterseal_redis::RedisError;

fn main() -> io::Result<()> {
    for code in counterseal_shared::codes() {
        print(code, "all")?;
    }
    // The packages bring no clients of databases, since their hosts do.
    let tables = [PostgresError::CODES, RedisError::CODES];
    for code in tables.into_iter().flatten() {
        print(code, "rust")?;
    }
    Ok(())
}

fn print(code: &Code, languages: &str) -> io::Result<()> {
    let (name, blame, http) = (code.name, code.blame.name(), code.http);
    let (public, means, fix) = (code.public, code.means, code.fix);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{name}\t{languages}\t{blame}\t{public}\t{http}\t{means}\t{fix}"
    )
}

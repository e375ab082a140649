//! Writes the seeds of each target: `seeds VECTORS DIRECTORY`.

use std::fs;
use std::io;
use std::path::PathBuf;

use counterseal_fuzz::{TARGETS, seeds};

fn main() -> io::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(vectors), Some(directory)) = (args.next(), args.next()) else {
        return Err(io::Error::other("usage: seeds VECTORS DIRECTORY"));
    };
    for (target, _) in TARGETS {
        let directory = directory.join(target);
        fs::create_dir_all(&directory)?;
        for (number, seed) in seeds(target, &vectors)?.into_iter().enumerate() {
            fs::write(directory.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}

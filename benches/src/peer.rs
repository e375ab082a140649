//! A peer of another language, in a process of its own: it reads how often to work, and writes how many nanoseconds that took.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program that works when it is told to, for as long as this lives.
pub struct Peer {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a program with these words.
    pub fn start(program: impl AsRef<OsStr>, words: &[&Path]) -> Self {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::piped());
        let process = command.stdout(Stdio::piped()).spawn();
        let mut process = process.expect("a program that can be run");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("its output");
        Peer {
            process,
            input,
            output: BufReader::new(output),
        }
    }

    /// Does the work so many times, and says how many nanoseconds that took.
    pub fn work(&mut self, times: u64) -> f64 {
        let input = self.input.as_mut().expect("it is open");
        writeln!(input, "{times}").expect("it reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().parse().expect("a number")
    }
}

impl Drop for Peer {
    /// It ends with its input.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// A path of the project.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

//! Worker processes: this program, started again, with a shared ring and a line for each batch of claims.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use counterseal_core::{Claim, Claimed, Run, Seed, Span, Time, Unavailable};
use counterseal_replay::{Shape, Window};
use counterseal_shm::SharedRing;

use crate::fresh::claim;

/// The word by which this program knows that it is a worker.
pub(crate) const COMMAND: &str = "as-worker";

/// How a worker opens its ring.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) per_second: u32,
    /// The window, either way, in milliseconds.
    pub(crate) window: i64,
}

/// Claims with consecutive numbers.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) owner: u64,
    pub(crate) since: Time,
    pub(crate) born: Time,
    /// Milliseconds from one claim's birth to the next one's.
    pub(crate) step: i64,
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// A worker process. It is killed when it is dropped.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Place {
    pub(crate) fn open(&self, now: Time) -> SharedRing {
        let window = Span::from_millis(self.window);
        let window = Window {
            past: window,
            future: window,
        };
        let seed = Seed::new(u128::from(std::process::id()).to_be_bytes());
        let shape = Shape::for_rate(self.per_second).with_owner_cap(u64::MAX);
        SharedRing::open(&self.path, shape, window, now, &seed).expect("a ring that can be opened")
    }
}

impl Batch {
    pub(crate) fn claims(self) -> impl Iterator<Item = Claim> {
        (0..self.count).map(move |at| {
            let later = Span::from_millis(self.step.saturating_mul(at.cast_signed()));
            claim(
                self.owner,
                self.since,
                self.born.plus(later),
                self.first + at,
            )
        })
    }
}

impl Worker {
    pub(crate) fn start(place: &Place, now: Time) -> Self {
        let program = std::env::current_exe().expect("this program's path");
        let mut child = Command::new(program)
            .arg(COMMAND)
            .arg(&place.path)
            .args([place.per_second.to_string(), place.window.to_string()])
            .arg(now.millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started again");
        let mut worker = Worker {
            input: child.stdin.take().expect("it was piped"),
            output: BufReader::new(child.stdout.take().expect("it was piped")),
            child,
        };
        assert_eq!(worker.receive().as_deref(), Some("ready"));
        worker
    }

    /// Sends a batch; a worker that is gone takes none.
    pub(crate) fn send(&mut self, batch: Batch) {
        let Batch {
            owner,
            since,
            born,
            step,
            first,
            count,
        } = batch;
        let (since, born) = (since.millis(), born.millis());
        let line = format!("{owner} {since} {born} {step} {first} {count}\n");
        let _ = self.input.write_all(line.as_bytes());
    }

    /// The answers to a batch, a letter each; none from a worker that is gone.
    pub(crate) fn receive(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(_) if line.ends_with('\n') => Some(line.trim_end().into()),
            _ => None,
        }
    }

    /// Ends it at whatever instruction it is.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The worker's side.
pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let number = |at: usize| arguments[at].parse::<i64>().expect("a number");
    let place = Place {
        path: Path::new(&arguments[0]).into(),
        per_second: u32::try_from(number(1)).expect("a rate"),
        window: number(2),
    };
    let ring = place.open(Time::from_millis(number(3)));
    println!("ready");
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { break };
        let answers: String = parse(&line).claims().map(|c| letter(ring.run(c))).collect();
        println!("{answers}");
    }
    ExitCode::SUCCESS
}

fn parse(line: &str) -> Batch {
    let numbers: Vec<i64> = line
        .split(' ')
        .map(|n| n.parse().expect("a number"))
        .collect();
    let [owner, since, born, step, first, count] = numbers[..] else {
        unreachable!("six numbers a line")
    };
    Batch {
        owner: owner.cast_unsigned(),
        since: Time::from_millis(since),
        born: Time::from_millis(born),
        step,
        first: first.cast_unsigned(),
        count: count.cast_unsigned(),
    }
}

const fn letter(answer: Result<Claimed, Unavailable>) -> char {
    match answer {
        Ok(Claimed::Fresh) => FRESH,
        Ok(Claimed::Held) => 'h',
        Ok(Claimed::Stale) => 's',
        Ok(Claimed::Full) => 'f',
        Ok(Claimed::OwnerFull) => 'o',
        Err(Unavailable) => 'u',
    }
}

/// The letter of an acceptance.
pub(crate) const FRESH: char = 'F';

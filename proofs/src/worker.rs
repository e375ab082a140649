//! A worker process: claims what it is told to, and says what was accepted.
//!
//! It reads one order a line and answers each with the names of accepted uses as they are accepted, one a
//! line and in one write each, so that a kill loses one at most; and at last with the counts of all answers.

use std::io::{self, BufRead, Write};
use std::path::Path;

use counterseal_core::{Claim, Claimed, Refusal, Run, Seed, Time, Unavailable};
use counterseal_replay::{PrivateRing, Shape};
use counterseal_shm::SharedRing;

use crate::uses::{Batch, WINDOW};

/// The name under which this program starts itself as a worker.
pub(crate) const NAME: &str = "worker";

/// What a worker opens.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) path: String,
    pub(crate) per_second: u32,
    pub(crate) now: Time,
    /// Whether it has a ring of its own, which is wrong where there are several workers.
    pub(crate) private: bool,
}

impl Opening {
    pub(crate) fn arguments(&self) -> [String; 4] {
        [
            self.path.clone(),
            self.per_second.to_string(),
            self.now.millis().to_string(),
            self.private.to_string(),
        ]
    }

    fn read(arguments: &[String]) -> Option<Self> {
        let [path, per_second, now, private] = arguments else {
            return None;
        };
        Some(Opening {
            path: path.clone(),
            per_second: per_second.parse().ok()?,
            now: Time::from_millis(now.parse().ok()?),
            private: private.parse().ok()?,
        })
    }
}

impl Batch {
    /// The order to claim this batch.
    pub(crate) fn order(&self) -> String {
        let Batch {
            number,
            now,
            count,
            spread,
        } = self;
        format!("{number} {} {count} {spread}\n", now.millis())
    }

    fn read(order: &str) -> Option<Self> {
        let mut words = order.split(' ');
        Some(Batch {
            number: words.next()?.parse().ok()?,
            now: Time::from_millis(words.next()?.parse().ok()?),
            count: words.next()?.parse().ok()?,
            spread: words.next()?.parse().ok()?,
        })
    }
}

/// Opens the ring and serves until its input ends.
pub(crate) fn run(arguments: &[String]) {
    let opening = Opening::read(arguments).expect("the arguments of a worker");
    match open(&opening) {
        Ok(store) => serve(&*store),
        Err(code) => say(&format!("failed {code}\n")),
    }
}

fn open(opening: &Opening) -> Result<Box<dyn Run<Claim>>, &'static str> {
    let (shape, now) = (Shape::for_rate(opening.per_second), opening.now);
    let seed = Seed::new(u128::from(std::process::id()).to_le_bytes());
    if opening.private {
        let ring = PrivateRing::new(shape, WINDOW, now, &seed);
        return Ok(Box::new(ring.expect("a shape")));
    }
    let ring = SharedRing::open(Path::new(&opening.path), shape, WINDOW, now, &seed);
    Ok(Box::new(ring.map_err(|error| error.code().name)?))
}

fn serve(store: &dyn Run<Claim>) {
    say("ready\n");
    for order in io::stdin().lock().lines() {
        let order = order.expect("orders are text");
        let batch = Batch::read(&order).expect("an order");
        let mut counts = [0_u64; 6];
        for (name, claim) in batch.claims() {
            let answer = store.run(claim);
            if answer == Ok(Claimed::Fresh) {
                say(&format!("+{name}\n"));
            }
            counts[index(answer)] += 1;
        }
        let counts = counts.map(|count| count.to_string()).join(" ");
        say(&format!("done {counts}\n"));
    }
}

/// The place of an answer among the counts.
fn index(answer: Result<Claimed, Unavailable>) -> usize {
    match answer {
        Ok(Claimed::Fresh) => 0,
        Ok(Claimed::Held) => 1,
        Ok(Claimed::Stale) => 2,
        Ok(Claimed::Full) => 3,
        Ok(Claimed::OwnerFull) => 4,
        Err(Unavailable) => 5,
    }
}

/// Ends with the process that listens.
fn say(line: &str) {
    if io::stdout()
        .write_all(line.as_bytes())
        .and_then(|()| io::stdout().flush())
        .is_err()
    {
        std::process::exit(1);
    }
}

//! A small interleaved harness: every item of a bench runs once per round, so that all see the same
//! machine weather. It measures and leaves the arithmetic to `cargo xtask bench`.

use std::hint::black_box;
use std::time::Instant;

/// One bench: items that do the same job.
pub struct Bench {
    name: &'static str,
    items: Vec<Item>,
}

struct Item {
    name: &'static str,
    /// Does the work so many times, and says how many nanoseconds that took.
    run: Box<dyn FnMut(u64) -> f64>,
    /// How many times in a round; none until it is calibrated.
    per_round: Option<u64>,
    samples: Vec<f64>,
    bytes: f64,
}

impl Bench {
    pub fn new(name: &'static str) -> Self {
        Bench {
            name,
            items: Vec::new(),
        }
    }

    /// An item whose work is one call of `op`.
    pub fn item<R>(
        self,
        name: &'static str,
        bytes: f64,
        mut op: impl FnMut() -> R + 'static,
    ) -> Self {
        self.batch(name, bytes, move |times| {
            for _ in 0..times {
                black_box(op());
            }
        })
    }

    /// An item that repeats its work by itself.
    pub fn batch(
        self,
        name: &'static str,
        bytes: f64,
        mut work: impl FnMut(u64) + 'static,
    ) -> Self {
        self.push(name, bytes, None, move |times| nanos(|| work(times)))
    }

    /// An item whose inputs are used once: `make` makes [`PREPARED`] of them before the clock starts.
    pub fn prepared<T, R>(
        self,
        name: &'static str,
        bytes: f64,
        mut make: impl FnMut() -> T + 'static,
        mut op: impl FnMut(&T) -> R + 'static,
    ) -> Self {
        self.push(name, bytes, Some(PREPARED), move |times| {
            let inputs: Vec<T> = (0..times).map(|_| make()).collect();
            nanos(|| {
                for input in &inputs {
                    black_box(op(input));
                }
            })
        })
    }

    /// An item that does its work so many times by itself, and says how many nanoseconds that took.
    pub fn timed(
        self,
        name: &'static str,
        bytes: f64,
        run: impl FnMut(u64) -> f64 + 'static,
    ) -> Self {
        self.push(name, bytes, None, run)
    }

    fn push(
        mut self,
        name: &'static str,
        bytes: f64,
        per_round: Option<u64>,
        run: impl FnMut(u64) -> f64 + 'static,
    ) -> Self {
        self.items.push(Item {
            name,
            run: Box::new(run),
            per_round,
            samples: Vec::new(),
            bytes,
        });
        self
    }

    /// Runs all rounds, and prints what was measured of each item as one line of JSON.
    pub fn run(mut self) {
        for item in &mut self.items {
            item.calibrate();
        }
        for _ in 0..ROUNDS {
            self.items.iter_mut().for_each(Item::sample);
        }
        for item in &self.items {
            println!("{}", item.line(self.name));
        }
    }
}

impl Item {
    /// Warms up, and finds out how often to run in a round.
    fn calibrate(&mut self) {
        (self.run)(3);
        let mut times = 1;
        while self.per_round.is_none() {
            let spent = (self.run)(times);
            if spent > ROUND_NS / 2.0 {
                let scaled = times as f64 * ROUND_NS / spent;
                self.per_round = Some((scaled as u64).max(1));
            }
            times *= 2;
        }
    }

    fn sample(&mut self) {
        let times = self.per_round.unwrap_or(1);
        self.samples.push((self.run)(times) / times as f64);
    }

    /// Nanoseconds of one operation in each round.
    fn line(&self, bench: &str) -> String {
        let Item { name, bytes, .. } = self;
        let ns: Vec<_> = self.samples.iter().map(|ns| format!("{ns:.1}")).collect();
        let ns = ns.join(",");
        format!(r#"{{"bench":"{bench}","item":"{name}","bytes":{bytes:.1},"ns":[{ns}]}}"#)
    }
}

fn nanos(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_nanos() as f64
}

/// Few enough to stay in a core's cache, as what has just been received does.
const PREPARED: u64 = 512;
const ROUNDS: usize = 201;
const ROUND_NS: f64 = 4e6;

//! A small interleaved harness: every item of a bench runs once per round, so that all see the same
//! machine weather. Figures are medians over rounds; a goal is a ratio of medians of one run.

use std::hint::black_box;
use std::time::Instant;

/// One bench: items that do the same job.
pub struct Bench {
    name: &'static str,
    items: Vec<Item>,
}

struct Item {
    name: &'static str,
    run: Box<dyn FnMut(u64)>,
    per_round: u64,
    samples: Vec<f64>,
    bytes: f64,
}

/// What was measured of one item, in nanoseconds per operation.
pub struct Figure {
    pub bench: &'static str,
    pub item: &'static str,
    pub median: f64,
    pub p10: f64,
    pub p90: f64,
    /// Bytes per retained entry, or of the message; 0 where it says nothing.
    pub bytes: f64,
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
    pub fn batch(mut self, name: &'static str, bytes: f64, run: impl FnMut(u64) + 'static) -> Self {
        self.items.push(Item {
            name,
            run: Box::new(run),
            per_round: 1,
            samples: Vec::new(),
            bytes,
        });
        self
    }

    pub fn run(mut self) -> Vec<Figure> {
        for item in &mut self.items {
            item.calibrate();
        }
        for _ in 0..ROUNDS {
            for item in &mut self.items {
                item.sample();
            }
        }
        let name = self.name;
        self.items
            .iter_mut()
            .map(|item| item.figure(name))
            .collect()
    }
}

impl Item {
    fn calibrate(&mut self) {
        (self.run)(3);
        let mut times = 1;
        loop {
            let begun = Instant::now();
            (self.run)(times);
            let spent = nanos(begun);
            if spent > ROUND_NS / 2.0 {
                let scaled = times as f64 * ROUND_NS / spent;
                self.per_round = (scaled as u64).max(1);
                return;
            }
            times *= 2;
        }
    }

    fn sample(&mut self) {
        let begun = Instant::now();
        (self.run)(self.per_round);
        self.samples.push(nanos(begun) / self.per_round as f64);
    }

    fn figure(&mut self, bench: &'static str) -> Figure {
        self.samples.sort_by(f64::total_cmp);
        let at = |share: f64| self.samples[((self.samples.len() - 1) as f64 * share) as usize];
        Figure {
            bench,
            item: self.name,
            median: at(0.5),
            p10: at(0.1),
            p90: at(0.9),
            bytes: self.bytes,
        }
    }
}

/// Prints the figures: one JSON object per line, or a table with ratios to the first item.
pub fn print(figures: &[Figure], json: bool) {
    for figure in figures {
        let Figure {
            bench,
            item,
            median,
            p10,
            p90,
            bytes,
        } = figure;
        if json {
            println!(
                r#"{{"bench":"{bench}","item":"{item}","median_ns":{median:.1},"p10_ns":{p10:.1},"p90_ns":{p90:.1},"bytes":{bytes:.1}}}"#
            );
        } else {
            let ratio = median / figures[0].median;
            println!(
                "{bench:<16} {item:<22} {median:>10.1} ns  ({p10:.1} to {p90:.1})  {ratio:>7.2}x  {bytes:>7.1} B"
            );
        }
    }
}

fn nanos(begun: Instant) -> f64 {
    begun.elapsed().as_nanos() as f64
}

const ROUNDS: usize = 31;
const ROUND_NS: f64 = 4e6;

//! Restarts, and files that are deleted, copied over, moved and remade while four processes use them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use counterseal_core::{Span, Time};
use counterseal_testkit::Scratch;

use crate::Size;
use crate::fresh::{BEGUN, SERVED, spread};
use crate::report::Report;
use crate::worker::{Batch, FRESH, Place, Worker};

/// All processes end, and others begin: what was accepted stays used, and nobody waits.
pub(crate) fn prove_restart(size: Size, report: &mut Report) {
    let scratch = Scratch::new();
    let place = Place {
        path: scratch.path().join("ring").join("file"),
        per_second: 1_000,
        window: 60_000,
    };
    let (restarts, mut doubles, mut refused) = (size.pick(10, 200), 0, 0);
    for restart in 0..restarts {
        let opened = if restart == 0 { BEGUN } else { SERVED };
        let mut workers: Vec<_> = (0..2).map(|_| Worker::start(&place, opened)).collect();
        let first = restart * 1_000;
        let batch = |first| batch(SERVED.plus(Span::from_seconds(first / 100)), first);
        if restart > 0 {
            doubles += fresh(&mut workers[0], batch((first - 1_000).cast_signed()));
        }
        refused += 1_000 - fresh(&mut workers[0], batch(first.cast_signed()));
        doubles += fresh(&mut workers[1], batch(first.cast_signed()));
    }
    let figures = [
        ("restarts", restarts),
        ("false_accepts", doubles),
        ("honest_refused", refused),
    ];
    let name = "a restart reopens nothing and refuses nobody";
    report.check(name, doubles == 0 && refused == 0, &figures);
}

fn batch(born: Time, first: i64) -> Batch {
    Batch {
        owner: 1,
        since: Time::EPOCH,
        born,
        step: 1,
        first: first.unsigned_abs(),
        count: 1_000,
    }
}

fn fresh(worker: &mut Worker, batch: Batch) -> u64 {
    worker.send(batch);
    let answers = worker.receive().expect("a worker that lives");
    answers.chars().filter(|answer| *answer == FRESH).count() as u64
}

/// Something is done to the file under four processes, in real time, with a window of a second.
pub(crate) fn prove_replace(size: Size, report: &mut Report) {
    for _ in 0..size.pick(1, 5) {
        // They wait for floors to pass for most of the time, so they do it together.
        let runs =
            DAMAGES.map(|(name, damage)| (name, std::thread::spawn(move || replace(damage))));
        for (name, run) in runs {
            let (holds, figures) = run.join().expect("a run that ended");
            report.check(name, holds, &figures);
        }
    }
}

type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 3] = [
    ("a deleted file", |path| {
        fs::remove_file(path).expect("deleted");
    }),
    ("a copy in the place of the file", |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).expect("copied");
        std::thread::sleep(Duration::from_millis(100));
        fs::rename(&copy, path).expect("renamed");
    }),
    ("a file that is moved away and back", |path| {
        let away = path.with_extension("away");
        fs::rename(path, &away).expect("moved");
        std::thread::sleep(Duration::from_millis(1_500));
        fs::rename(&away, path).expect("moved back");
    }),
];

fn replace(damage: Damage) -> (bool, [(&'static str, u64); 5]) {
    let scratch = Scratch::new();
    let place = Place {
        path: scratch.path().join("ring").join("file"),
        per_second: 1_000,
        window: WINDOW_MS,
    };
    let mut traffic = Traffic {
        workers: (0..4).map(|_| Worker::start(&place, now())).collect(),
        sent: Vec::new(),
        doubles: 0,
        refused: 0,
    };
    traffic.run(WARM, |_| ());
    let warm = traffic.run(Duration::from_millis(500), |_| ());
    let path = place.path.clone();
    let hurt = std::thread::spawn(move || damage(&path));
    // A worker that knows nothing of the old file joins in the middle of it.
    let joined = traffic.run(WARM + Duration::from_secs(2), |traffic| {
        if traffic.workers.len() == 4 {
            traffic.workers.push(Worker::start(&place, now()));
        }
    });
    hurt.join().expect("the damage was done");
    let healed = traffic.run(Duration::from_secs(2), |_| ());
    let figures = [
        ("requests", traffic.sent.len() as u64),
        ("false_accepts", traffic.doubles),
        ("refused_before", warm),
        ("refused_meanwhile", joined),
        ("refused_after", healed),
    ];
    let holds = traffic.doubles == 0 && warm == 0 && healed == 0;
    (holds, figures)
}

/// Requests in real time, each presented to one worker and then replayed to all others.
struct Traffic {
    workers: Vec<Worker>,
    /// When each was born, and how often it was accepted.
    sent: Vec<(Time, u64)>,
    doubles: u64,
    /// Honest requests that were not accepted at once.
    refused: u64,
}

impl Traffic {
    /// Sends for as long, and counts the honest requests that were refused.
    fn run(&mut self, length: Duration, mut each: impl FnMut(&mut Self)) -> u64 {
        let begun = Instant::now();
        let before = self.refused;
        while begun.elapsed() < length {
            each(self);
            self.send();
            for _ in 0..4 {
                self.replay();
            }
            // Below the rate that the ring is made for.
            std::thread::sleep(Duration::from_millis(2));
        }
        self.refused - before
    }

    fn send(&mut self) {
        let number = self.sent.len();
        self.sent.push((now(), 0));
        self.present(number, spread(number as u64));
        self.refused += u64::from(self.sent[number].1 == 0);
    }

    /// Something recent, to any worker.
    fn replay(&mut self) {
        let oldest = now().minus(Span::from_millis(WINDOW_MS));
        let first = self.sent.partition_point(|(born, _)| *born < oldest);
        let recent = self.sent.len() - first;
        if recent == 0 {
            return;
        }
        let pick = spread(self.sent.len() as u64 ^ self.doubles ^ now().millis().cast_unsigned());
        let at = usize::try_from(pick >> 8).unwrap_or(0) % recent;
        self.present(first + at, pick);
    }

    fn present(&mut self, number: usize, pick: u64) {
        let (born, accepted) = &mut self.sent[number];
        let at = usize::try_from(pick % self.workers.len() as u64).expect("an index");
        let batch = Batch {
            count: 1,
            ..batch(*born, i64::try_from(number).expect("a number"))
        };
        let fresh = fresh(&mut self.workers[at], batch);
        self.doubles += u64::from(fresh > 0 && *accepted > 0);
        *accepted += fresh;
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.expect("after 1970").as_millis();
    Time::from_millis(i64::try_from(millis).expect("before the year 9999"))
}

/// Past and future of the window.
const WINDOW_MS: i64 = 1_000;
/// Longer than a floor lasts: two windows, 7 s, and a bucket of the ring that was there before.
const WARM: Duration = Duration::from_secs(9 + 15 + 1);

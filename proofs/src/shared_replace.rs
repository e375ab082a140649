//! The file is deleted, or something else takes its place, while workers claim in it.
//!
//! Each batch of claims is a second of signed time. The event comes in the middle of a batch; from then on
//! everything that was signed in the last minute is replayed with each batch, until honest claims have all
//! been accepted again for a while.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use counterseal_core::{Span, Time};
use counterseal_testkit::Scratch;

use crate::Size;
use crate::crew::{Answers, Crew};
use crate::report::Report;
use crate::shared_race::{WORKERS, opening};
use crate::uses::{BEGINNING, Batch, WARM, mix};
use crate::worker::Opening;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let rounds = if size == Size::Full { 20 } else { 1 };
    for event in EVENTS {
        check(
            event,
            Pace::Quick,
            &suffer(event, Pace::Quick, rounds, size),
            report,
        );
    }
    if size != Size::Full {
        return;
    }
    // They wait for floors to pass for most of the time, so they do it together.
    let runs = EVENTS.map(|event| {
        let run = thread::spawn(move || suffer(event, Pace::Real, 1, size));
        (event, run)
    });
    for (event, run) in runs {
        check(
            event,
            Pace::Real,
            &run.join().expect("a run that ends"),
            report,
        );
    }
}

/// How time passes.
#[derive(Clone, Copy)]
enum Pace {
    /// A second for each batch, however long it takes.
    Quick,
    /// As it does.
    Real,
}

/// What happens to the file, by its path, and which worker starts again in that moment.
#[derive(Clone, Copy)]
enum Event {
    Deleted,
    DeletedAndMadeByAnother,
    DirectoryMoved,
    MovedAwayAndBack,
    OlderCopy,
    OtherLayout,
    OtherShape,
}

impl Event {
    const fn name(self) -> &'static str {
        match self {
            Event::Deleted => "deleted",
            Event::DeletedAndMadeByAnother => "deleted, and made by a worker that starts",
            Event::DirectoryMoved => "moved away with its directory",
            Event::MovedAwayAndBack => "moved away, and back after some seconds",
            Event::OlderCopy => "replaced by an older copy of itself",
            Event::OtherLayout => "replaced by a file of another layout",
            Event::OtherShape => "replaced by a worker that wants another shape",
        }
    }
}

const EVENTS: [Event; 7] = [
    Event::Deleted,
    Event::DeletedAndMadeByAnother,
    Event::DirectoryMoved,
    Event::MovedAwayAndBack,
    Event::OlderCopy,
    Event::OtherLayout,
    Event::OtherShape,
];

/// A service that has suffered, and how many seconds it took at most until all was served again.
fn suffer(event: Event, pace: Pace, rounds: u64, size: Size) -> (Service, u64) {
    let mut service = Service::new(pace, size);
    let seconds = (0..rounds).map(|round| service.suffer(event, round));
    let longest = seconds.max().unwrap_or(0);
    (service, longest)
}

fn check(event: Event, pace: Pace, (service, longest): &(Service, u64), report: &mut Report) {
    let false_accepts = service.crew.tally.false_accepts();
    let clock = match pace {
        Pace::Quick => "quick",
        Pace::Real => "real",
    };
    report.check(
        event.name(),
        false_accepts == 0 && service.replayed == 0 && *longest <= LONGEST,
        [
            ("clock", clock.into()),
            ("nonces", (service.batches.len() as u64 * COUNT).into()),
            ("replays", service.replays.into()),
            ("false_accepts", false_accepts.max(service.replayed).into()),
            ("seconds_to_serve_all_again", (*longest).into()),
        ],
    );
}

struct Service {
    scratch: Scratch,
    pace: Pace,
    opening: Opening,
    crew: Crew,
    batches: Vec<Batch>,
    replays: u64,
    replayed: u64,
}

impl Service {
    fn new(pace: Pace, size: Size) -> Self {
        let scratch = Scratch::new();
        let now = match pace {
            Pace::Quick => BEGINNING,
            Pace::Real => wall(),
        };
        let opening = Opening {
            now,
            ..opening(&scratch, 2_000, size)
        };
        if opening.private {
            // Broken workers make no file, and something is to happen to one.
            fs::create_dir(scratch.path().join("private")).expect("a directory");
            fs::write(&opening.path, [0; 24]).expect("a file");
        }
        Service {
            crew: Crew::new(WORKERS, &opening),
            scratch,
            pace,
            opening,
            batches: Vec::new(),
            replays: 0,
            replayed: 0,
        }
    }

    /// Serves, suffers the event, and goes on until all is served again: how many seconds that took.
    fn suffer(&mut self, event: Event, round: u64) -> u64 {
        self.serve_all_for(STEADY);
        let copy = self.scratch.file("copy");
        fs::copy(self.path(), &copy).expect("a copy");
        self.serve_all_for(STEADY);
        let batch = self.next();
        self.crew.order(|_| batch);
        self.crew.winner(mix(round) % (COUNT / 2) + 1);
        self.happen(event, &copy, round);
        self.crew.answers();
        if matches!(event, Event::MovedAwayAndBack) {
            self.serve_all_for(1);
            fs::rename(self.scratch.file("aside"), self.path()).expect("a file that is put back");
        }
        let seconds = self.serve_all_for(STEADY);
        self.replay(self.batches.len());
        seconds
    }

    /// Claims batches until that many in a row were accepted as a whole; how many there were before.
    fn serve_all_for(&mut self, wanted: u64) -> u64 {
        let (mut before, mut row) = (0, 0);
        while row < wanted && before <= 2 * LONGEST {
            let batch = self.next();
            let accepted = self.crew.tally.accepted();
            self.crew.claim(&batch);
            let all = self.crew.tally.accepted() - accepted == COUNT;
            (before, row) = if all {
                (before, row + 1)
            } else {
                (before + row + 1, 0)
            };
            self.replay(3);
        }
        before
    }

    /// Has everyone claim again what was claimed `seconds` ago and since, if it may be in the window yet.
    fn replay(&mut self, seconds: usize) {
        let old = self.batches.iter().rev().take(seconds.min(WINDOW_BATCHES));
        let sampled = self
            .batches
            .iter()
            .rev()
            .skip(seconds)
            .take(WINDOW_BATCHES)
            .step_by(17);
        for batch in old.chain(sampled).copied().collect::<Vec<_>>() {
            self.replayed += Answers::sum(&self.crew.claim(&batch)).fresh;
            self.replays += COUNT * WORKERS as u64;
        }
    }

    fn next(&mut self) -> Batch {
        let number = self.batches.len() as u64;
        let (now, spread) = match self.pace {
            Pace::Quick => (WARM.plus(Span::from_seconds(number.cast_signed())), true),
            Pace::Real => (next_second(), false),
        };
        let batch = Batch {
            number,
            now,
            count: COUNT,
            spread,
        };
        self.batches.push(batch);
        batch
    }

    fn happen(&mut self, event: Event, copy: &Path, round: u64) {
        let path = self.path();
        let done = match event {
            Event::Deleted | Event::DeletedAndMadeByAnother => fs::remove_file(&path),
            Event::DirectoryMoved => {
                let away = self.scratch.file(&format!("away-{round}"));
                fs::rename(path.parent().expect("a directory"), away)
            }
            Event::MovedAwayAndBack => fs::rename(&path, self.scratch.file("aside")),
            Event::OlderCopy => fs::rename(copy, &path),
            Event::OtherLayout => write_layout(copy).and_then(|()| fs::rename(copy, &path)),
            Event::OtherShape => {
                self.opening.per_second += 1;
                Ok(())
            }
        };
        done.expect("a file that can be moved");
        if matches!(event, Event::DeletedAndMadeByAnother | Event::OtherShape) {
            self.start_one_again();
        }
    }

    /// One worker is killed, and another one starts. Its clock has gone on since the batch was verified.
    fn start_one_again(&mut self) {
        let last = self.batches.last().expect("the batch in which it happens");
        let now = last.now.plus(Span::from_millis(1));
        let opening = Opening {
            now,
            ..self.opening.clone()
        };
        self.crew.kill(0);
        self.crew.bury(0);
        self.crew.hire(&opening);
    }

    fn path(&self) -> PathBuf {
        self.opening.path.clone().into()
    }
}

/// The number of a layout that nobody has.
fn write_layout(path: &Path) -> std::io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    file.write_all_at(&[0xff], 16)
}

fn next_second() -> Time {
    let now = wall();
    let rest = 1_000 - now.millis().rem_euclid(1_000);
    thread::sleep(Duration::from_millis(rest.unsigned_abs()));
    wall()
}

fn wall() -> Time {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    Time::from_millis(i64::try_from(now.as_millis()).expect("a time in this era"))
}

const COUNT: u64 = 200;
/// Everything that is in the window was signed in so many batches.
const WINDOW_BATCHES: usize = 120;
const STEADY: u64 = 5;
/// The window's future, 7 s, at most a bucket, and signers whose clocks are 59 s late.
const LONGEST: u64 = 60 + 7 + 15 + 59;

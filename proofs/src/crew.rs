//! Worker processes over one path.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::mem;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::tally::Tally;
use crate::uses::Batch;
use crate::worker::{NAME, Opening};

/// Workers, each a process of its own, and what they accepted.
pub(crate) struct Crew {
    workers: Vec<Worker>,
    said: Receiver<Said>,
    /// What others said while a new worker was waited for.
    unheard: VecDeque<Said>,
    sender: Sender<Said>,
    started: u64,
    pub(crate) tally: Tally,
}

struct Worker {
    /// Numbers are not used again.
    number: u64,
    process: Child,
    orders: Option<ChildStdin>,
    /// Whether it has an order that it has not answered.
    busy: bool,
}

/// A line of a worker, or its end.
struct Said {
    worker: u64,
    line: Option<String>,
}

/// The answers that a worker got for one batch.
#[derive(Clone, Copy, Default)]
pub(crate) struct Answers {
    pub(crate) fresh: u64,
    pub(crate) held: u64,
    pub(crate) stale: u64,
    /// Full, or the owner's share used up.
    pub(crate) full: u64,
    pub(crate) unavailable: u64,
}

/// What came of an order.
pub(crate) type Outcome = Result<Answers, Gone>;

/// The worker ended before it had answered.
#[derive(Clone, Copy)]
pub(crate) struct Gone {
    /// How many claims it had won by then.
    pub(crate) accepted: u64,
}

impl Crew {
    pub(crate) fn new(size: usize, opening: &Opening) -> Self {
        let (sender, said) = channel();
        let mut crew = Crew {
            workers: Vec::new(),
            said,
            unheard: VecDeque::new(),
            sender,
            started: 0,
            tally: Tally::default(),
        };
        for _ in 0..size {
            crew.hire(opening);
        }
        crew
    }

    /// Starts one more worker and waits until it has opened the ring.
    pub(crate) fn hire(&mut self, opening: &Opening) {
        let this = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(this);
        command.arg(NAME).args(opening.arguments());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        let (number, sender) = (self.started, self.sender.clone());
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        thread::spawn(move || listen(number, lines, &sender));
        let orders = process.stdin.take();
        self.started += 1;
        self.workers.push(Worker {
            number,
            process,
            orders,
            busy: false,
        });
        let first = loop {
            let said = self.said.recv().expect("a line or an end");
            if said.worker == number {
                break said.line;
            }
            self.unheard.push_back(said);
        };
        assert_eq!(first.as_deref(), Some("ready"), "a worker opens the ring");
    }

    /// Has every worker claim the batch at the same time: what they answered, in their order.
    pub(crate) fn claim(&mut self, batch: &Batch) -> Vec<Outcome> {
        self.order(|_| *batch);
        self.answers()
    }

    /// Gives every worker the batch that `of` has for its number.
    pub(crate) fn order(&mut self, of: impl Fn(u64) -> Batch) {
        for worker in &mut self.workers {
            let order = of(worker.number).order();
            let orders = worker.orders.as_mut().expect("open until it is dismissed");
            // A worker that is gone is noticed by its silence.
            let _ = orders.write_all(order.as_bytes());
            worker.busy = true;
        }
    }

    /// Waits until each worker has answered its order, or is gone. Who was hired meanwhile has none.
    pub(crate) fn answers(&mut self) -> Vec<Outcome> {
        let mut accepted = vec![0; self.workers.len()];
        let idle =
            |worker: &mut Worker| (!mem::take(&mut worker.busy)).then(|| Ok(Answers::default()));
        let mut outcomes: Vec<Option<Outcome>> = self.workers.iter_mut().map(idle).collect();
        while outcomes.iter().any(Option::is_none) {
            let said = self.unheard.pop_front();
            let said = said.unwrap_or_else(|| self.said.recv().expect("a line or an end"));
            let Some(at) = self.workers.iter().position(|w| w.number == said.worker) else {
                continue;
            };
            match said.line.as_deref().map(read) {
                Some(Line::Accepted(name)) => {
                    accepted[at] += 1;
                    self.tally.add(name);
                }
                Some(Line::Done(answers)) => outcomes[at] = Some(Ok(answers)),
                None if outcomes[at].is_some() => {}
                None => {
                    let accepted = accepted[at];
                    outcomes[at] = Some(Err(Gone { accepted }));
                }
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    /// Waits for that many acceptances of the order that was given: who said the last one.
    pub(crate) fn winner(&mut self, acceptances: u64) -> usize {
        let mut winner = 0;
        for _ in 0..acceptances {
            let said = self.said.recv().expect("a line or an end");
            winner = said.worker;
            let is_last = said
                .line
                .as_deref()
                .is_some_and(|line| !line.starts_with('+'));
            self.unheard.push_back(said);
            if is_last {
                break;
            }
        }
        let place = self
            .workers
            .iter()
            .position(|worker| worker.number == winner);
        place.expect("a worker that was given the order")
    }

    /// SIGKILL, wherever the worker is just now.
    pub(crate) fn kill(&mut self, at: usize) {
        self.workers[at]
            .process
            .kill()
            .expect("a child of this process");
    }

    /// SIGKILL for every worker.
    pub(crate) fn kill_all(&mut self) {
        for mut worker in self.workers.drain(..) {
            worker.process.kill().expect("a child of this process");
            worker.process.wait().expect("a child of this process");
        }
    }

    /// Lets go of a worker that was killed.
    pub(crate) fn bury(&mut self, at: usize) {
        let mut worker = self.workers.remove(at);
        worker.process.wait().expect("a child of this process");
    }

    /// Ends every worker in order, and waits for it.
    pub(crate) fn dismiss(&mut self) {
        for mut worker in self.workers.drain(..) {
            drop(worker.orders.take());
            worker.process.wait().expect("a child of this process");
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.dismiss();
    }
}

impl Answers {
    /// All answers of all workers.
    pub(crate) fn sum(outcomes: &[Outcome]) -> Answers {
        let add = |sum: Answers, one: &Answers| Answers {
            fresh: sum.fresh + one.fresh,
            held: sum.held + one.held,
            stale: sum.stale + one.stale,
            full: sum.full + one.full,
            unavailable: sum.unavailable + one.unavailable,
        };
        outcomes.iter().flatten().fold(Answers::default(), add)
    }
}

enum Line {
    Accepted(u64),
    Done(Answers),
}

fn read(line: &str) -> Line {
    if let Some(name) = line.strip_prefix('+') {
        return Line::Accepted(name.parse().expect("a name"));
    }
    let counts = line.strip_prefix("done ").expect("a line of a worker");
    let counts: Vec<u64> = counts
        .split(' ')
        .map(|n| n.parse().expect("a count"))
        .collect();
    let [fresh, held, stale, full, owner_full, unavailable] = counts[..] else {
        unreachable!("six counts");
    };
    Line::Done(Answers {
        fresh,
        held,
        stale,
        full: full + owner_full,
        unavailable,
    })
}

fn listen(worker: u64, lines: impl Iterator<Item = std::io::Result<String>>, to: &Sender<Said>) {
    for line in lines.map_while(Result::ok) {
        let line = Some(line);
        if to.send(Said { worker, line }).is_err() {
            return;
        }
    }
    let _ = to.send(Said { worker, line: None });
}

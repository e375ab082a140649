//! Hosts that are killed (SIGKILL) while they refresh, and servers under them.
//!
//! Two worker processes are given the same requests of some clients. One of them is killed: at a step that it is told to stop at, or
//! wherever it is just then. Clients hear of what was answered, or do not, and go on with what they hold.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use counterseal_core::{Load, Refusal, Row, RowOp, Span, Time, Unavailable};
use counterseal_refresh::{How, RefreshFamily};

mod held;
mod order;
pub(crate) mod worker;

use held::{End, Held};
use order::{Order, Said, What};

use crate::Size;
use crate::databases::{Address, Database};
use crate::issuer::{BEGINNING, Issuer, text};
use crate::random::Random;
use crate::report::Report;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let (of_files, of_servers, servers) = match size {
        Size::Broken => return hosts(&Database::sqlite(), 60, true, report),
        Size::Full => (10_000, 2_000, 20),
        Size::Smoke => (60, 50, 2),
    };
    hosts(&Database::sqlite(), of_files, false, report);
    for make in [Database::postgres, Database::redis] {
        let database = make();
        hosts(&database, of_servers, false, report);
        server(&database, servers, report);
    }
}

/// What came of all rounds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    answers: u64,
    unavailable: u64,
    ends: u64,
    /// Clients that could not go on.
    lost: u64,
    /// Tokens with two successors.
    doubled: u64,
    /// Sessions that went on after their end.
    resurrected: u64,
}

/// Kills of hosts.
fn hosts(database: &Database, kills: u64, is_broken: bool, report: &mut Report) {
    let mut scene = Scene::new(database, 0, 12, is_broken);
    let mut places = [0_u64; 5];
    for number in 0..kills {
        let place = scene.kill_one(number % 2 == 0);
        places[place as usize] += 1;
        scene.finish_round();
        scene.hire();
    }
    let went_on = scene.aftermath();
    let [reads, between, writes, after, answered] = places;
    let counts = scene.counts;
    report.check(
        &format!(
            "no kill of a host loses, doubles or revives a session ({})",
            database.name()
        ),
        counts.is_well() && went_on == CLIENTS && between + writes + after > 0,
        [
            ("kills", kills.into()),
            ("before_or_in_reading", reads.into()),
            ("between", between.into()),
            ("before_or_in_writing", writes.into()),
            ("before_the_answer", after.into()),
            ("after_an_answer", answered.into()),
            ("answers", counts.answers.into()),
            ("ends", counts.ends.into()),
            ("lost", counts.lost.into()),
            ("doubled", counts.doubled.into()),
            ("resurrected", counts.resurrected.into()),
            ("went_on", went_on.into()),
        ],
    );
}

/// Kills of the server, while both hosts work.
fn server(database: &Database, kills: u64, report: &mut Report) {
    let mut scene = Scene::new(database, 1 << 32, 6, false);
    for _ in 0..kills {
        scene.begin_round(None, 1);
        scene.finish_round();
        scene.begin_round(None, 10);
        let lines = scene.random.below(LINES);
        for _ in 0..lines {
            scene.hear(0);
        }
        database.kill();
        scene.wait_for_store();
        scene.finish_round();
    }
    let went_on = scene.aftermath();
    let counts = scene.counts;
    report.check(
        &format!(
            "no kill of the server loses, doubles or revives a session ({})",
            database.name()
        ),
        counts.is_well() && went_on == CLIENTS && counts.unavailable > 0,
        [
            ("kills", kills.into()),
            ("answers", counts.answers.into()),
            ("unavailable", counts.unavailable.into()),
            ("ends", counts.ends.into()),
            ("lost", counts.lost.into()),
            ("doubled", counts.doubled.into()),
            ("resurrected", counts.resurrected.into()),
            ("went_on", went_on.into()),
        ],
    );
}

impl Counts {
    const fn is_well(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.resurrected == 0 && self.ends > 0
    }
}

/// Where a worker was when it was killed.
#[derive(Clone, Copy)]
enum Place {
    Reading,
    Between,
    Writing,
    After,
    Answered,
}

/// Clients, and the hosts that they ask.
struct Scene {
    address: Address,
    is_broken: bool,
    ends: usize,
    issuer: Issuer,
    random: Random,
    now: Time,
    clients: Vec<Held>,
    begun: u64,
    workers: Vec<Worker>,
    counts: Counts,
}

/// A process with a host in it.
struct Worker {
    process: Child,
    orders: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    /// Whether it has orders that it has not obeyed.
    is_busy: bool,
}

impl Scene {
    /// Clients whose sessions have numbers from `first` on; in one of `ends` rounds the session of each ends.
    fn new(database: &Database, first: u64, ends: usize, is_broken: bool) -> Self {
        let issuer = worker::issuer(database.open());
        let begin = |number| Held::begin(&issuer, first + number, BEGINNING);
        let clients = (0..CLIENTS).map(begin).collect();
        let mut scene = Scene {
            address: database.address().expect("other processes find it"),
            is_broken,
            ends,
            issuer,
            random: Random::new(1),
            now: BEGINNING,
            clients,
            begun: first + CLIENTS,
            workers: Vec::new(),
            counts: Counts::default(),
        };
        scene.hire();
        scene.hire();
        scene
    }

    fn hire(&mut self) {
        let worker = Worker::start(&self.address, self.is_broken);
        self.workers.push(worker);
    }

    /// Time passes, and every client asks both hosts with what it holds, some times over; sessions that ended begin anew.
    fn begin_round(&mut self, stop: Option<u64>, times: usize) {
        let seconds = [1, 20, 65, 600][self.random.place(4)];
        self.now = self.now.plus(Span::from_seconds(seconds));
        for number in 0..self.clients.len() {
            self.clients[number].settle();
            // A session that is known to have ended is asked for a few times more.
            if self.clients[number].end == End::Known && self.random.percent(25) {
                self.begun += 1;
                self.clients[number] = Held::begin(&self.issuer, self.begun, self.now);
            }
        }
        let ends = self.random.place(self.workers.len());
        for worker in 0..self.workers.len() {
            let stop = stop.filter(|_| worker == 0);
            let stop = stop.map_or_else(String::new, |lines| format!("stop {lines}\n"));
            let orders = self.orders(worker == ends).repeat(times);
            self.workers[worker].tell(&format!("{stop}{orders}over\n"));
        }
    }

    /// What a host is told in a round: all clients refresh, some confirm, and now and then one ends.
    fn orders(&mut self, may_end: bool) -> String {
        let mut lines = String::new();
        let ends = self.random.place(self.ends);
        for number in 0..self.clients.len() {
            let salt = self.random.next();
            let client = &mut self.clients[number];
            let session = client.session.to_string();
            let now = self.now.millis();
            let mut order = |what| {
                let order = Order {
                    number,
                    now,
                    salt,
                    what,
                };
                lines.push_str(&order.line());
            };
            if self.random.percent(50) {
                order(What::Confirm(session.clone(), client.generation));
            }
            order(What::Refresh(client.token.clone()));
            if may_end && ends == number && client.end != End::Known {
                client.end = End::Asked;
                order(What::End(session));
            }
        }
        lines
    }

    /// A round in which the first worker is killed: where it was told to stop, or wherever it is.
    fn kill_one(&mut self, stops: bool) -> Place {
        let lines = self.random.below(LINES);
        // One that does not stop has enough to do that it is not done by then.
        self.begin_round(stops.then_some(lines), if stops { 1 } else { 4 });
        let mut place = Place::Answered;
        let mut heard = 0;
        while stops || heard < lines {
            match self.hear(0) {
                Some(Said::Stopped | Said::Done) | None => break,
                Some(said) => place = place.then(&said),
            }
            heard += 1;
        }
        self.workers[0].kill();
        while let Some(said) = self.hear(0) {
            place = place.then(&said);
        }
        self.workers.remove(0);
        place
    }

    /// All workers go on until they have done what they were told.
    fn finish_round(&mut self) {
        for worker in 0..self.workers.len() {
            while self.workers[worker].is_busy {
                let said = self.hear(worker);
                assert!(said.is_some(), "a worker that nobody kills lives");
            }
        }
    }

    /// The next line of a worker; none when it is gone.
    fn hear(&mut self, worker: usize) -> Option<Said> {
        let line = self.workers[worker].lines.next()?;
        let said = Said::read(&line.expect("text")).expect("a line of a worker");
        let counts = &mut self.counts;
        match &said {
            Said::Answer(number, generation, token) => {
                let is_heard = self.random.percent(75);
                self.clients[*number].answered(*generation, token.clone(), is_heard, counts);
            }
            Said::Ended(number) => {
                counts.ends += 1;
                self.clients[*number].has_ended();
            }
            Said::Refused(number, code) => self.clients[*number].refused(code, counts),
            Said::Done => self.workers[worker].is_busy = false,
            Said::Before(_) | Said::After(_) | Said::Stopped | Said::Confirmed => {}
        }
        Some(said)
    }

    /// Asks the store until it answers.
    fn wait_for_store(&self) {
        let load = || RowOp::Load(Load::new([0; 16]));
        let mut row: Result<Option<Row<RefreshFamily>>, Unavailable> = Err(Unavailable);
        while row.is_err() {
            row = self.issuer.store.run(load());
        }
    }

    /// How many clients go on with what they hold; or do not, where their session has ended.
    fn aftermath(&mut self) -> u64 {
        self.workers.clear();
        let mut went_on = 0;
        for client in &mut self.clients {
            client.settle();
            let later = self.now.plus(Span::from_minutes(10));
            let salt = self.random.next();
            let last = self.issuer.refresh(&client.token, later, salt);
            let stored = match (&last, client.end) {
                (Ok(last), End::None | End::Asked) => last.token().map(text),
                (Err(error), End::Asked | End::Known) => {
                    went_on += u64::from(error.code().name == "refresh_ended");
                    continue;
                }
                _ => continue,
            };
            let token = stored.unwrap_or_else(|| client.token.clone());
            let later = later.plus(Span::from_minutes(10));
            let next = self.issuer.refresh(&token, later, salt);
            went_on += u64::from(next.is_ok_and(|next| next.how() == How::Rotated));
        }
        went_on
    }
}

impl Worker {
    /// A new process, once it has opened the store.
    fn start(address: &Address, is_broken: bool) -> Self {
        let this = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(this);
        command.arg(worker::NAME).args(address.words());
        command.args(is_broken.then_some("broken"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let first = lines.next().and_then(Result::ok);
        assert_eq!(first.as_deref(), Some("ready"), "a worker opens the store");
        Worker {
            orders: process.stdin.take(),
            process,
            lines,
            is_busy: false,
        }
    }

    fn tell(&mut self, orders: &str) {
        let input = self.orders.as_mut().expect("open until it is dropped");
        input.write_all(orders.as_bytes()).expect("it lives");
        self.is_busy = true;
    }

    fn kill(&mut self) {
        self.process.kill().expect("a child of this process");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.orders.take());
        // It ends when its input does, or was killed.
        let _ = self.process.wait();
    }
}

impl Place {
    /// Where it is after it has said this.
    fn then(self, said: &Said) -> Self {
        match said {
            Said::Before(step) if step % 2 == 0 => Place::Reading,
            Said::After(step) if step % 2 == 0 => Place::Between,
            Said::Before(_) => Place::Writing,
            Said::After(_) => Place::After,
            Said::Stopped => self,
            Said::Answer(..)
            | Said::Confirmed
            | Said::Ended(_)
            | Said::Refused(..)
            | Said::Done => Place::Answered,
        }
    }
}

const CLIENTS: u64 = 6;
/// At most so many lines of a round are heard before a kill.
const LINES: u64 = 40;

//! Many requests with one refresh token at the same moment, on several hosts of each store.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, OnceLock};

use counterseal_core::{Refusal, Span, Time};
use counterseal_refresh::{Confirmation, How, RefreshPolicy};
use counterseal_testkit::race;

use crate::Size;
use crate::broken::LastWriterWins;
use crate::databases::{Database, Store};
use crate::issuer::{BEGINNING, Issuer, Outcome, text};
use crate::report::Report;
use crate::uses::mix;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let families = match size {
        Size::Broken => {
            let hosts = [LastWriterWins::over(&Database::memory().open())];
            return one_successor("a store that does not compare", &hosts, 20, report);
        }
        Size::Full => 10_000,
        Size::Smoke => 20,
    };
    for make in Database::ALL {
        let database = make();
        let hosts = [(); HOSTS].map(|()| database.open());
        one_successor(database.name(), &hosts, families, report);
        over_budget(database.name(), &hosts, families / 20, report);
        let serializable = database
            .address()
            .and_then(|at| at.isolated("serializable"));
        if let Some(address) = serializable {
            let hosts = [(); HOSTS].map(|()| address.open());
            serialized(&hosts, families / 20, report);
        }
    }
}

/// Whoever comes in time is answered, and all with the same.
fn one_successor(store: &str, hosts: &[Store], families: u64, report: &mut Report) {
    let hosts = issuers(hosts, RACERS);
    let heats = heats(&hosts[0], families, 0);
    let counts = run(&hosts, &heats);
    let sum = Counts::sum(&counts);
    let [went_on, replays] = aftermath(&hosts[0], &heats);
    let lost: u64 = hosts.iter().map(Issuer::lost).sum();
    report.check(
        &format!("of all requests with one token one makes a successor, and all get it ({store})"),
        counts.iter().all(|count| count.is_one_for_all(0)) && lost > 0,
        [
            ("families", families.into()),
            ("racers", RACERS.into()),
            ("successors", sum.rotated.into()),
            ("same_answer", sum.retried.into()),
            ("other_answer", sum.other.into()),
            ("refused", (sum.busy + sum.refused).into()),
            ("unavailable", sum.unavailable.into()),
            ("swaps_lost", lost.into()),
        ],
    );
    report.check(
        &format!("the successor goes on, and then the first token is a replay ({store})"),
        went_on == families && replays == families,
        [("went_on", went_on.into()), ("replays", replays.into())],
    );
}

/// With the policy's own budget, some are told to come again, and nobody is told to forget what it has.
fn over_budget(store: &str, hosts: &[Store], families: u64, report: &mut Report) {
    let hosts = issuers(hosts, BUDGET);
    let heats = heats(&hosts[0], families, 1 << 20);
    let counts = run(&hosts, &heats);
    let sum = Counts::sum(&counts);
    let rest = RACERS - 1 - BUDGET;
    report.check(
        &format!("who is over the budget of retries waits, and keeps what it has ({store})"),
        counts.iter().all(|count| count.is_one_for_all(rest)) && sum.busy > 0,
        [
            ("families", families.into()),
            ("successors", sum.rotated.into()),
            ("same_answer", sum.retried.into()),
            ("other_answer", sum.other.into()),
            ("busy", sum.busy.into()),
            ("refused", sum.refused.into()),
        ],
    );
}

/// Where transactions are serializable, a swap that meets another one fails as a whole: that is a store which does not answer, and who
/// asks again is answered.
fn serialized(hosts: &[Store], families: u64, report: &mut Report) {
    let hosts = issuers(hosts, RACERS);
    let heats = heats(&hosts[0], families, 2 << 20);
    let counts = run(&hosts, &heats);
    let sum = Counts::sum(&counts);
    let [went_on, replays] = aftermath(&hosts[0], &heats);
    report.check(
        "a serialization failure is a store that does not answer, and is asked again (Postgres, serializable)",
        counts.iter().all(|count| count.is_one_for_all(0))
            && sum.unavailable > 0
            && went_on == families
            && replays == families,
        [
            ("families", families.into()),
            ("successors_answered", sum.rotated.into()),
            ("same_answer", sum.retried.into()),
            ("other_answer", sum.other.into()),
            ("refused", (sum.busy + sum.refused).into()),
            ("unavailable", sum.unavailable.into()),
        ],
    );
}

fn issuers(hosts: &[Store], retries: u64) -> Vec<Issuer> {
    let within = Span::from_minutes(24 * 60);
    let policy = RefreshPolicy::new(Confirmation::Wired { within });
    let retries = u32::try_from(retries).expect("a small number");
    let policy = policy.and_then(|policy| policy.with_retries(retries));
    let policy = policy.expect("within the bounds");
    let issuer = |store: &Store| Issuer::new(policy, store.clone());
    hosts.iter().map(issuer).collect()
}

/// A token that many ask with, and what the first of them was answered.
struct Heat {
    number: u64,
    token: String,
    successor: OnceLock<String>,
    count: Counts<AtomicU64>,
}

/// How a token was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts<N = u64> {
    rotated: N,
    retried: N,
    /// With another successor than the first.
    other: N,
    busy: N,
    /// For any other reason.
    refused: N,
    /// No answer of the store, after which it was asked again.
    unavailable: N,
}

impl Counts {
    /// One made the successor, and all others were answered with it, or told to wait: this many. Where the store was silent, the
    /// answer that was lost may be any of these.
    fn is_one_for_all(&self, busy: u64) -> bool {
        let answers = self.rotated + self.retried + self.busy;
        let is_exact = self.rotated == 1 && self.busy == busy;
        let is_one = answers == RACERS && self.rotated <= 1 && self.other == 0;
        is_one && self.refused == 0 && (is_exact || self.unavailable > 0)
    }

    fn sum(counts: &[Counts]) -> Counts {
        let mut sum = Counts::default();
        for one in counts {
            sum.rotated += one.rotated;
            sum.retried += one.retried;
            sum.other += one.other;
            sum.busy += one.busy;
            sum.refused += one.refused;
            sum.unavailable += one.unavailable;
        }
        sum
    }
}

fn heats(host: &Issuer, families: u64, from: u64) -> Vec<Heat> {
    let heat = |number| Heat {
        number,
        token: host.begin(number, BEGINNING).1,
        successor: OnceLock::new(),
        count: Counts::default(),
    };
    (from..from + families).map(heat).collect()
}

/// All racers ask with each token in turn; they begin together.
fn run(hosts: &[Issuer], heats: &[Heat]) -> Vec<Counts> {
    let racers = usize::try_from(RACERS).expect("a small number");
    let gate = Barrier::new(racers);
    race(racers, |racer| {
        for heat in heats {
            gate.wait();
            heat.ask(&hosts[racer % hosts.len()], racer as u64);
        }
    });
    heats.iter().map(|heat| heat.count.read()).collect()
}

impl Heat {
    fn ask(&self, host: &Issuer, racer: u64) {
        let salt = mix(self.number << 8 | racer);
        // No two clocks differ by more than the policy says.
        let now = AT.plus(Span::from_millis((salt % 5_000).cast_signed()));
        let outcome = loop {
            let outcome = host.refresh(&self.token, now, salt);
            if !is_unavailable(&outcome) {
                break outcome;
            }
            self.count.unavailable.fetch_add(1, Relaxed);
        };
        self.add(outcome);
    }

    fn add(&self, outcome: Outcome) {
        let count = &self.count;
        let refreshed = match outcome {
            Ok(refreshed) => refreshed,
            Err(error) if error.code().name == "refresh_busy" => {
                count.busy.fetch_add(1, Relaxed);
                return;
            }
            Err(_) => {
                count.refused.fetch_add(1, Relaxed);
                return;
            }
        };
        let answer = refreshed.token().map(text).unwrap_or_default();
        let first = self.successor.get_or_init(|| answer.clone());
        count.other.fetch_add(u64::from(*first != answer), Relaxed);
        let how = match refreshed.how() {
            How::Rotated => &count.rotated,
            How::Retried => &count.retried,
            How::Minted | How::RetriedLate | How::Same => &count.refused,
        };
        how.fetch_add(1, Relaxed);
    }
}

impl Counts<AtomicU64> {
    fn read(&self) -> Counts {
        Counts {
            rotated: self.rotated.load(Relaxed),
            retried: self.retried.load(Relaxed),
            other: self.other.load(Relaxed),
            busy: self.busy.load(Relaxed),
            refused: self.refused.load(Relaxed),
            unavailable: self.unavailable.load(Relaxed),
        }
    }
}

fn is_unavailable(outcome: &Outcome) -> bool {
    let error = outcome.as_ref().err();
    error.is_some_and(|error| error.code().name == "store_unavailable")
}

/// In how many families the successor rotates, and the first token is then found to be used again.
fn aftermath(host: &Issuer, heats: &[Heat]) -> [u64; 2] {
    let mut counts = [0; 2];
    for heat in heats {
        let Some(successor) = heat.successor.get() else {
            continue;
        };
        let next = host.refresh(successor, LATER, mix(heat.number));
        counts[0] += u64::from(next.is_ok_and(|next| next.how() == How::Rotated));
        let old = host.refresh(&heat.token, LATER, mix(heat.number));
        let is_replay = old.is_err_and(|error| error.code().name == "refresh_replayed");
        counts[1] += u64::from(is_replay);
    }
    counts
}

const RACERS: u64 = 64;
const HOSTS: usize = 4;
/// Of retries in a window, where the policy does not say another one.
const BUDGET: u64 = 32;
/// When a token has settled.
const AT: Time = BEGINNING.plus(Span::from_minutes(2));
/// When its successor has.
const LATER: Time = BEGINNING.plus(Span::from_minutes(10));

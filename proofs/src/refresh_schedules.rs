//! Schedules of one client and the world around it, on every store: lost answers, bursts, tabs, outages, proxies, and thieves.
//!
//! Requests are under way together: each reads and writes at its own moments, on a host with a clock of its own. Time is a number that
//! moves; nothing waits.

use counterseal_core::Span;
use counterseal_refresh::{Confirmation, RefreshPolicy};
use counterseal_testkit::race;

mod client;
mod line;
mod theft;

use client::Client;
use theft::Theft;

use crate::Size;
use crate::databases::{Database, Store};
use crate::issuer::Issuer;
use crate::report::Report;

/// Hosts with one policy, and what the service around them does.
pub(crate) struct Service {
    hosts: Vec<Issuer>,
    /// Whether it confirms, and for how long an unconfirmed token's parent is good.
    is_wired: bool,
    within: Span,
    /// Whether it confirms in the very request in which a proxy refreshed, which is wrong.
    confirms_for_proxies: bool,
}

pub(crate) fn prove(size: Size, report: &mut Report) {
    let schedules = match size {
        Size::Broken => {
            let store = Database::memory().open();
            let mut service = Service::wired(&store);
            service.confirms_for_proxies = true;
            return honest(
                "a service that confirms for proxies",
                &[service],
                20,
                report,
            );
        }
        Size::Full => 600,
        Size::Smoke => 12,
    };
    for make in Database::ALL {
        let database = make();
        let store = database.open();
        let services = [Service::wired(&store), Service::on_next_use(&store)];
        honest(database.name(), &services, schedules, report);
        thieves(database.name(), &services, schedules, report);
        followers(database.name(), &services[0], schedules, report);
    }
}

/// What became of many schedules.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) busy: u64,
    pub(crate) logged_out: u64,
    /// Refused in a way that nothing in these schedules explains.
    pub(crate) refused: u64,
    /// Answered with another successor than before.
    pub(crate) forked: u64,
    /// At the end of their schedules, went on with what they had.
    pub(crate) went_on: u64,
}

/// A client alone is never logged out.
fn honest(store: &str, services: &[Service], schedules: u64, report: &mut Report) {
    let tally = all(schedules, |number| {
        let service = service_of(services, number);
        Client::new(service, number).live(STEPS)
    });
    let tally = tally.into_iter().fold(Tally::default(), Tally::plus);
    report.check(
        &format!("an honest client is never logged out ({store})"),
        tally.logged_out == 0
            && tally.refused == 0
            && tally.forked == 0
            && tally.went_on == schedules
            && tally.late > 0
            && tally.lost > 0,
        [
            ("schedules", schedules.into()),
            ("steps", STEPS.into()),
            ("requests", tally.requests.into()),
            ("lost", tally.lost.into()),
            ("late_retries", tally.late.into()),
            ("busy", tally.busy.into()),
            ("logged_out", tally.logged_out.into()),
            ("refused", tally.refused.into()),
            ("other_answer", tally.forked.into()),
            ("went_on", tally.went_on.into()),
        ],
    );
}

/// A thief who comes at any times, but not within a window of the client, is found.
fn thieves(store: &str, services: &[Service], schedules: u64, report: &mut Report) {
    let found = all(schedules, |number| {
        let service = service_of(services, number);
        Theft::new(service, number | 1 << 32).at_random(STEPS)
    });
    let steps = found.iter().flatten();
    let most = steps.clone().max().copied().unwrap_or_default();
    let count = steps.count() as u64;
    report.check(
        &format!("a thief who comes at random times is found ({store})"),
        count == schedules,
        [
            ("thieves", schedules.into()),
            ("found", count.into()),
            ("uses_until_then_at_most", most.into()),
        ],
    );
}

/// A thief who always comes after the client, slowly, is found at once where the service confirms.
fn followers(store: &str, service: &Service, schedules: u64, report: &mut Report) {
    let found = all(schedules, |number| {
        Theft::new(service, number | 2 << 32).follows()
    });
    let at_once = found.iter().filter(|uses| **uses == Some(1)).count() as u64;
    report.check(
        &format!("a thief who follows slowly is found at the first use ({store})"),
        at_once == schedules,
        [
            ("thieves", schedules.into()),
            ("found_at_once", at_once.into()),
        ],
    );
}

impl Service {
    /// A day, and the service confirms.
    fn wired(store: &Store) -> Self {
        let within = Span::from_minutes(24 * 60);
        Self::new(store, Confirmation::Wired { within }, within)
    }

    /// Ten minutes, and nobody confirms.
    fn on_next_use(store: &Store) -> Self {
        let within = Span::from_minutes(10);
        Self::new(store, Confirmation::OnNextUse { within }, within)
    }

    fn new(store: &Store, confirmation: Confirmation, within: Span) -> Self {
        // A request looks at the clock when it begins, and may be overtaken by one that began later on a host whose clock is ahead.
        let policy = RefreshPolicy::new(confirmation);
        let policy = policy.and_then(|policy| policy.with_skew(SKEW));
        let policy = policy.expect("within the bounds");
        let host = |_| Issuer::new(policy, store.clone());
        Service {
            hosts: CLOCKS.iter().map(host).collect(),
            is_wired: matches!(confirmation, Confirmation::Wired { .. }),
            within,
            confirms_for_proxies: false,
        }
    }
}

impl Tally {
    fn plus(self, other: Tally) -> Tally {
        Tally {
            requests: self.requests + other.requests,
            lost: self.lost + other.lost,
            late: self.late + other.late,
            busy: self.busy + other.busy,
            logged_out: self.logged_out + other.logged_out,
            refused: self.refused + other.refused,
            forked: self.forked + other.forked,
            went_on: self.went_on + other.went_on,
        }
    }
}

fn service_of(services: &[Service], number: u64) -> &Service {
    &services[usize::try_from(number).unwrap_or_default() % services.len()]
}

/// What `of` gives for each number, some at the same time.
fn all<T: Send>(count: u64, of: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let parts = race(THREADS, |thread| {
        let numbers = (thread as u64..count).step_by(THREADS);
        numbers.map(&of).collect::<Vec<T>>()
    });
    parts.into_iter().flatten().collect()
}

const STEPS: u64 = 40;
const THREADS: usize = 4;
/// By how many milliseconds the hosts' clocks are ahead.
const CLOCKS: [i64; 4] = [0, 1_700, 3_400, 5_000];
/// By how much they differ, and how long the steps of a request take.
const SKEW: Span = Span::from_seconds(10);
/// For how long a token's parent is answered, and the policy's window.
const WINDOW: Span = Span::from_seconds(30);
/// How long a request is under way at most, its steps included. With an answer and the difference of clocks that is less than a window.
const REQUEST: Span = Span::from_seconds(12);
const ANSWER: Span = Span::from_seconds(12);

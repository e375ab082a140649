//! The world: who is in it, what is under way, and the time.

use std::rc::Rc;

use counterseal_core::{Span, Time, drive};
use counterseal_memory::Memory;
use counterseal_refresh::{
    Bound, Confirmation, Holder, How, NewSession, OnReuse, RefreshError, RefreshPolicy, Refreshed,
    Refresher, SessionId,
};

use super::Wrong;
use super::ask::{Asked, Leg};
use super::family::{Family, Fault, Token};
use super::operate::{Secrets, Subject};
use crate::issuer::{BEGINNING, NEW, seed, text};
use crate::random::Random;
use crate::uses::WINDOW as OF_CLAIMS;

pub(super) struct World {
    pub(super) wrong: Option<Wrong>,
    pub(super) random: Random,
    pub(super) now: Time,
    pub(super) store: Memory,
    pub(super) policy: RefreshPolicy,
    pub(super) within: Span,
    pub(super) is_wired: bool,
    pub(super) hosts: Vec<Refresher>,
    pub(super) secrets: Secrets,
    pub(super) subjects: [Subject; 2],
    pub(super) families: Vec<Family>,
    pub(super) clients: [Client; 3],
    has_thief: bool,
    /// Whether requests and answers take long, as often as not all the time that they may take.
    is_slow: bool,
    pub(super) loot: Option<(usize, Token)>,
    pub(super) flights: Vec<Flight>,
    pub(super) counts: Counts,
    pub(super) digest: u64,
    pub(super) fault: Option<Fault>,
}

/// A browser, or an app: any number of its requests are under way at once, and share what it has stored.
pub(super) struct Client {
    pub(super) subject: usize,
    /// What its sessions are bound to.
    bound: Option<Bound>,
    /// Its session and its token; none when it is logged out.
    pub(super) jar: Option<(usize, Token)>,
}

/// Something under way, until it is lost.
pub(super) struct Flight {
    pub(super) until: Time,
    pub(super) leg: Leg,
}

/// Who sends a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Client(usize),
    Thief,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) rotated: u64,
    pub(super) retried: u64,
    pub(super) late: u64,
    pub(super) same: u64,
    pub(super) minted: u64,
    pub(super) lost: u64,
    pub(super) swaps_lost: u64,
    pub(super) busy: u64,
    pub(super) ends: u64,
    pub(super) rolls: u64,
    pub(super) thefts_found: u64,
    pub(super) faults: u64,
}

/// What is left of a history.
pub(super) struct Ended {
    pub(super) counts: Counts,
    pub(super) digest: u64,
    pub(super) fault: Option<(Fault, u32)>,
}

impl World {
    pub(super) fn new(number: u64, wrong: Option<Wrong>) -> Self {
        let mut random = Random::new(number);
        let is_wired = random.percent(50);
        let within = Span::from_minutes(if is_wired { 24 * 60 } else { 10 });
        let policy = policy(is_wired, within, &mut random);
        let secrets = Secrets::new();
        let hosts = CLOCKS.map(|_| Refresher::new(policy, secrets.of_host(false)));
        let client = |subject, bound| Client {
            subject,
            bound,
            jar: None,
        };
        let has_thief = random.percent(30);
        let is_slow = random.percent(50);
        World {
            wrong,
            random,
            now: BEGINNING,
            store: Memory::new(OF_CLAIMS, 10, BEGINNING),
            policy,
            within,
            is_wired,
            hosts: hosts.into(),
            secrets,
            subjects: [Subject::new("ada"), Subject::new("bob")],
            families: Vec::new(),
            clients: [client(0, None), client(0, KEY), client(1, None)],
            has_thief,
            is_slow,
            loot: None,
            flights: Vec::new(),
            counts: Counts::default(),
            digest: number,
            fault: None,
        }
    }

    /// So many steps, and then whether every client goes on with what it holds.
    pub(super) fn live(mut self, steps: u32) -> Ended {
        for step in 0..steps {
            self.step();
            if let Some(fault) = self.fault {
                return self.end(Some((fault, step)));
            }
        }
        self.flights.clear();
        for pause in [Span::ZERO, WINDOW.times(3)] {
            self.now = self.now.plus(pause);
            (0..self.clients.len()).for_each(|client| self.rescue(client));
        }
        let fault = self.fault.map(|fault| (fault, steps));
        self.end(fault)
    }

    fn end(self, fault: Option<(Fault, u32)>) -> Ended {
        Ended {
            counts: self.counts,
            digest: self.digest,
            fault,
        }
    }

    fn step(&mut self) {
        match self.random.below(1_000) {
            0..300 if self.is_slow => self.tick(),
            0..620 if !self.flights.is_empty() => {
                let at = self.random.place(self.flights.len());
                self.advance(at);
            }
            0..800 if self.flights.len() < MOST_FLIGHTS => self.send(),
            920..960 => self.use_access(),
            960..975 => self.thieve(),
            975..980 => self.stranger(),
            980..985 => self.operate(),
            985..988 => self.roll(),
            988..990 => self.sweep(),
            _ => self.tick(),
        }
    }

    /// A client sends what it has, or logs in.
    fn send(&mut self) {
        let client = self.random.place(self.clients.len());
        let Some((family, token)) = self.clients[client].jar.clone() else {
            self.log_in(client);
            return;
        };
        self.counts.requests += 1;
        let asked = Asked {
            who: Who::Client(client),
            family,
            token,
            mints: self.random.percent(5),
        };
        self.fly(REQUEST, Leg::Sent(asked));
    }

    pub(super) fn fly(&mut self, most: Span, leg: Leg) {
        let until = self.now.plus(most);
        self.flights.push(Flight { until, leg });
    }

    fn log_in(&mut self, client: usize) {
        let at = self.clients[client].subject;
        let subject = &self.subjects[at];
        if subject.is_disabled {
            return;
        }
        let new = NewSession {
            subject: subject.name,
            user_ver: subject.version,
            bound: self.clients[client].bound,
            ..NEW
        };
        let host = self.random.place(CLOCKS.len());
        let drawn = self.random.next();
        let step = self.hosts[host].begin_session(&new, self.clock(host), &seed(drawn));
        let begun = step.map(|step| drive(&self.store, step));
        let Ok(Ok(begun)) = begun else {
            self.fault = Some(Fault::Odd);
            return;
        };
        let token = Token {
            text: text(begun.token()).into(),
            generation: 0,
        };
        let family = Family::new(begun.session(), at, token.clone());
        self.clients[client].jar = Some((self.families.len(), token));
        self.families.push(family);
    }

    /// What is under way for too long is lost. A client that has lost an answer asks again before nobody waits for it any more.
    fn tick(&mut self) {
        let short = if self.is_slow { 10 } else { 60 };
        let most = match self.random.below(100) {
            drawn if drawn < short => Span::from_millis(500),
            0..85 => Span::from_seconds(5),
            85..97 => Span::from_minutes(2),
            _ => self.within,
        };
        let span = self.random.within(most);
        let next = self.now.plus(span);
        for client in 0..self.clients.len() {
            if self
                .is_behind_until(client)
                .is_some_and(|until| next > until)
            {
                self.rescue(client);
                return;
            }
        }
        self.move_to(next);
    }

    fn move_to(&mut self, next: Time) {
        self.now = next;
        let before = self.flights.len();
        self.flights.retain(|flight| flight.until >= next);
        self.counts.lost += (before - self.flights.len()) as u64;
    }

    /// Until when a client has to ask that has not stored the newest token of its session.
    fn is_behind_until(&self, client: usize) -> Option<Time> {
        let (family, token) = self.clients[client].jar.as_ref()?;
        let family = &self.families[*family];
        let is_behind = token.generation < family.generation && !family.is_disturbed;
        // Each of the others may have to wait for a window first.
        let spare = WINDOW.times(6);
        is_behind.then(|| family.rotated_at.plus(self.within).minus(spare))
    }

    /// A client asks, and is answered: what it holds works, unless there is a reason.
    fn rescue(&mut self, client: usize) {
        for _ in 0..2 {
            let Some((family, token)) = self.clients[client].jar.clone() else {
                return;
            };
            let host = self.random.place(CLOCKS.len());
            let (clock, drawn) = (self.clock(host), self.random.next());
            let asked = Asked {
                who: Who::Client(client),
                family,
                token,
                mints: false,
            };
            let before = &self.families[family];
            let (read, end) = (self.subject_of(before), before.end());
            let holder = self.holder(asked.who);
            let step = self.hosts[host].refresh(&asked.token.text, &holder, clock, &seed(drawn));
            let outcome = step.and_then(|step| self.drive(family, step));
            let busy = match &outcome {
                Err(RefreshError::Busy { retry_at, .. }) => Some(*retry_at),
                _ => None,
            };
            if let Some(stored) = self.conclude(&asked, outcome, clock, (read, end)) {
                self.clients[client].jar = Some((family, stored));
            }
            match busy {
                Some(retry_at) => self.move_to(self.now.max(retry_at)),
                None => return,
            }
        }
        // It waited for as long as it was told to, and is still to wait.
        self.fault = self.fault.or(Some(Fault::Odd));
    }

    /// The client's access token comes to the service: what it has stored is confirmed.
    fn use_access(&mut self) {
        let client = self.random.place(self.clients.len());
        let jar = self.clients[client].jar.as_ref();
        let Some((family, token)) = jar.filter(|_| self.is_wired) else {
            return;
        };
        let (family, generation) = (*family, token.generation);
        self.confirm(family, generation);
    }

    /// A thief copies a token, or uses the one that it has.
    fn thieve(&mut self) {
        if !self.has_thief {
            return;
        }
        let Some((family, token)) = self.loot.clone() else {
            let client = self.random.place(self.clients.len());
            self.loot = self.clients[client].jar.clone();
            return;
        };
        let asked = Asked {
            who: Who::Thief,
            family,
            token,
            mints: false,
        };
        self.fly(REQUEST, Leg::Sent(asked));
    }

    /// What whoever asks can show. A thief has tokens, and no keys.
    pub(super) fn holder(&self, who: Who) -> Holder<'static> {
        let bound = match who {
            Who::Client(client) => self.clients[client].bound,
            Who::Thief => None,
        };
        Holder { bound, ..WEB }
    }

    pub(super) fn clock(&self, host: usize) -> Time {
        self.now.plus(Span::from_millis(CLOCKS[host]))
    }

    pub(super) fn found(&mut self, fault: Fault) {
        self.fault = self.fault.or(Some(fault));
    }

    pub(super) fn family_of(&self, id: SessionId) -> usize {
        let found = self.families.iter().rposition(|family| family.id == id);
        found.expect("a session that was begun here")
    }

    pub(super) fn count(&mut self, refreshed: &Refreshed) {
        let count = match refreshed.how() {
            How::Minted => &mut self.counts.minted,
            How::Retried => &mut self.counts.retried,
            How::RetriedLate => &mut self.counts.late,
            How::Rotated => &mut self.counts.rotated,
            How::Same => &mut self.counts.same,
        };
        *count += 1;
    }

    /// How long an answer is under way.
    pub(super) fn answer(&self) -> Span {
        if self.wrong == Some(Wrong::SlowAnswers) {
            return WINDOW.times(4);
        }
        ANSWER
    }
}

impl Counts {
    pub(super) fn add(&mut self, other: &Counts) {
        self.requests += other.requests;
        self.rotated += other.rotated;
        self.retried += other.retried;
        self.late += other.late;
        self.same += other.same;
        self.minted += other.minted;
        self.lost += other.lost;
        self.swaps_lost += other.swaps_lost;
        self.busy += other.busy;
        self.ends += other.ends;
        self.rolls += other.rolls;
        self.thefts_found += other.thefts_found;
        self.faults += other.faults;
    }

    /// Whether all that is looked at has happened.
    pub(super) fn is_varied(&self) -> bool {
        let all = [
            self.rotated,
            self.retried,
            self.late,
            self.same,
            self.minted,
            self.lost,
            self.swaps_lost,
            self.busy,
            self.ends,
            self.rolls,
            self.thefts_found,
        ];
        all.iter().all(|count| *count > 0)
    }
}

fn policy(is_wired: bool, within: Span, random: &mut Random) -> RefreshPolicy {
    let confirmation = if is_wired {
        Confirmation::Wired { within }
    } else {
        Confirmation::OnNextUse { within }
    };
    let idle = within.times(3);
    let policy = RefreshPolicy::new(confirmation);
    let policy = policy.and_then(|policy| policy.with_window(WINDOW));
    let policy = policy.and_then(|policy| policy.with_skew(SKEW));
    let policy = policy.and_then(|policy| policy.with_lives(idle, idle.times(4)));
    let retries = if random.percent(30) { 2 } else { 32 };
    let policy = policy.and_then(|policy| policy.with_retries(retries));
    let policy = policy.expect("within the bounds");
    if random.percent(30) {
        return policy.on_reuse(OnReuse::EndSubject);
    }
    policy
}

/// A token as text that has other bytes.
pub(super) fn edited(token: &str, at: usize) -> Rc<str> {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("letters").into()
}

pub(super) use crate::issuer::WEB;
/// By how many milliseconds the hosts' clocks are ahead.
pub(super) const CLOCKS: [i64; 3] = [0, 2_500, 5_000];
/// By how much they differ, and how long the steps of a request take.
const SKEW: Span = Span::from_seconds(17);
/// How long a request and its steps take at most; with an answer and the difference of clocks that is less than a window.
pub(super) const REQUEST: Span = Span::from_seconds(12);
const ANSWER: Span = Span::from_seconds(12);
const WINDOW: Span = Span::from_seconds(30);
/// What only one of the clients has.
const KEY: Option<Bound> = Some(Bound::Key([4; 32]));
const MOST_FLIGHTS: usize = 8;

//! The line between a client and its service: requests, the two steps of each on some host, answers; each at its own moment.

use std::collections::BTreeMap;
use std::mem;

use counterseal_core::{Pending, Refusal, Run, Span, Step, Time, drive};
use counterseal_refresh::{How, PendingRefresh, RefreshError, Refreshed, SessionId};

use super::{ANSWER, CLOCKS, REQUEST, Service, Tally};
use crate::issuer::{Issuer, text};
use crate::random::Random;

/// A token as its client has it.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) token: String,
    pub(super) generation: u32,
}

/// What happens at a moment.
pub(super) enum Event {
    /// The client sends its token; `true` when the answer is sure to be lost.
    Send(bool),
    /// It uses its access token.
    Use,
    Arrive(String, bool),
    Run(Box<Flight>),
    Deliver(Stored),
    Confirm(u32),
}

/// A request on a host.
pub(super) struct Flight {
    host: usize,
    pending: PendingRefresh,
    is_lost: bool,
}

/// A client, what is under way, and the time.
pub(super) struct Line<'a> {
    pub(super) service: &'a Service,
    pub(super) random: Random,
    pub(super) now: Time,
    pub(super) session: SessionId,
    pub(super) jar: Stored,
    pub(super) tally: Tally,
    /// Whether all that takes time takes none, or as long as it may.
    pub(super) is_extreme: bool,
    /// The newest token's number, and when it was made.
    pub(super) newest: (u32, Time),
    /// Each generation's token, from the second on.
    made: Vec<String>,
    events: BTreeMap<(Time, u64), Event>,
    planned: u64,
}

impl<'a> Line<'a> {
    pub(super) fn new(service: &'a Service, number: u64, now: Time) -> Self {
        let (session, token) = service.hosts[0].begin(number, now);
        Line {
            service,
            random: Random::new(number),
            now,
            session,
            jar: Stored {
                token,
                generation: 0,
            },
            tally: Tally::default(),
            is_extreme: false,
            newest: (0, now),
            made: Vec::new(),
            events: BTreeMap::new(),
            planned: 0,
        }
    }

    /// Something happens after this span.
    pub(super) fn plan(&mut self, after: Span, event: Event) {
        self.planned += 1;
        self.events
            .insert((self.now.plus(after), self.planned), event);
    }

    /// All that is planned happens, and what follows from it.
    pub(super) fn run(&mut self) {
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Send(is_lost) => {
                let token = self.jar.token.clone();
                let half = Span::from_millis(REQUEST.millis() / 2);
                let after = self.delay(half);
                self.plan(after, Event::Arrive(token, is_lost));
            }
            Event::Use => {
                let after = self.delay(REQUEST);
                self.plan(after, Event::Confirm(self.jar.generation));
            }
            Event::Arrive(token, is_lost) => self.arrive(&token, is_lost),
            Event::Run(flight) => self.step(*flight),
            Event::Deliver(stored) => self.jar = stored,
            Event::Confirm(generation) => self.confirm(generation),
        }
    }

    fn arrive(&mut self, token: &str, is_lost: bool) {
        let host = self.host();
        self.tally.requests += 1;
        let (clock, salt) = (self.clock(host), self.random.next());
        match self.service.hosts[host].ask(token, clock, salt) {
            Ok(step) => self.go_on(host, step, is_lost),
            Err(error) => self.refused(error),
        }
    }

    fn go_on(&mut self, host: usize, step: Step<PendingRefresh>, is_lost: bool) {
        match step {
            Step::Need(pending) => {
                let after = self.delay(STEP);
                let flight = Flight {
                    host,
                    pending,
                    is_lost,
                };
                self.plan(after, Event::Run(Box::new(flight)));
            }
            Step::Done(Ok(refreshed)) => self.answer(&refreshed, is_lost),
            Step::Done(Err(error)) => self.refused(error),
        }
    }

    /// A step on the store; now and then its host dies before it, or after it.
    fn step(&mut self, flight: Flight) {
        let dies = self.random.below(40);
        if dies == 0 {
            self.tally.lost += 1;
            return;
        }
        let reply = self.service.hosts[flight.host].run(flight.pending.op());
        if dies == 1 {
            self.tally.lost += 1;
            return;
        }
        let step = flight.pending.finish(reply);
        self.go_on(flight.host, step, flight.is_lost);
    }

    /// A quarter of all answers are lost.
    fn answer(&mut self, refreshed: &Refreshed, is_lost: bool) {
        self.look(refreshed);
        if is_lost || self.random.percent(25) {
            self.tally.lost += 1;
            return;
        }
        let Some(token) = refreshed.token() else {
            return;
        };
        let stored = Stored {
            token: text(token),
            generation: refreshed.session().generation,
        };
        let after = self.delay(ANSWER);
        self.plan(after, Event::Deliver(stored));
    }

    /// One request, without anything beside it, whose answer arrives.
    pub(super) fn ask(&mut self, token: &str) -> Result<Refreshed, RefreshError> {
        let host = self.host();
        self.tally.requests += 1;
        let (clock, salt) = (self.clock(host), self.random.next());
        let refreshed = self.service.hosts[host].refresh(token, clock, salt)?;
        self.look(&refreshed);
        Ok(refreshed)
    }

    /// Whether an answer is what it was before.
    fn look(&mut self, refreshed: &Refreshed) {
        let session = refreshed.session();
        self.tally.late += u64::from(refreshed.how() == How::RetriedLate);
        if refreshed.how() == How::Rotated {
            self.newest = (session.generation, session.used);
        }
        let Some(token) = refreshed.token().map(text) else {
            return;
        };
        let at = session.generation as usize - 1;
        if self.made.len() == at {
            self.made.push(token);
        } else {
            self.tally.forked += u64::from(self.made.get(at) != Some(&token));
        }
    }

    pub(super) fn refused(&mut self, error: RefreshError) {
        match error.code().name {
            "refresh_busy" => self.tally.busy += 1,
            _ if error.clears_cookies() => self.tally.logged_out += 1,
            _ => self.tally.refused += 1,
        }
    }

    pub(super) fn confirm(&mut self, generation: u32) {
        if !self.service.is_wired {
            return;
        }
        let host = self.host();
        let clock = self.clock(host);
        let Issuer {
            refresher, store, ..
        } = &self.service.hosts[host];
        let step = refresher.confirm(self.session, generation, clock);
        let confirmed = drive(&**store, step);
        self.tally.refused += u64::from(confirmed.is_err());
    }

    fn delay(&mut self, most: Span) -> Span {
        if self.is_extreme {
            return self.random.extreme(most);
        }
        self.random.within(most)
    }

    fn host(&mut self) -> usize {
        self.random.place(CLOCKS.len())
    }

    fn clock(&self, host: usize) -> Time {
        self.now.plus(Span::from_millis(CLOCKS[host]))
    }

    /// What has been counted.
    pub(super) fn take(&mut self) -> Tally {
        mem::take(&mut self.tally)
    }
}

/// How long a step on the store takes at most: five requests at once lose four swaps each at most.
const STEP: Span = Span::from_millis(REQUEST.millis() / 32);

//! An honest client, and all that may happen to it.

use counterseal_core::{Refusal, Span};
use counterseal_refresh::{How, RefreshError};

use super::line::{Event, Line, Stored};
use super::{CLOCKS, REQUEST, Service, Tally, WINDOW};
use crate::issuer::{BEGINNING, text};

pub(super) struct Client<'a>(Line<'a>);

impl<'a> Client<'a> {
    pub(super) fn new(service: &'a Service, number: u64) -> Self {
        Client(Line::new(service, number, BEGINNING))
    }

    /// Its life, in so many steps; at the end it goes on with what it has.
    pub(super) fn live(mut self, steps: u64) -> Tally {
        for _ in 0..steps {
            self.step();
            self.0.run();
            self.0.is_extreme = false;
            if self.0.tally.logged_out > 0 {
                return self.0.take();
            }
        }
        self.recover();
        // What it has settles, and is rotated.
        self.0.now = self.0.now.plus(WINDOW.times(3));
        let token = self.0.jar.token.clone();
        let last = self.0.ask(&token);
        let is_rotated = last.is_ok_and(|last| last.how() == How::Rotated);
        self.0.tally.went_on += u64::from(is_rotated);
        self.0.take()
    }

    fn step(&mut self) {
        match self.0.random.below(10) {
            0 => self.quiet(Span::from_minutes(60)),
            1 => self.quiet(self.0.service.within),
            2 | 3 => self.burst(),
            4 => self.tabs(),
            5 => self.outage(),
            6 => self.proxy(),
            7 | 8 => self.extremes(),
            _ => self.0.plan(Span::ZERO, Event::Use),
        }
    }

    /// Nothing happens for a while; and whoever has lost an answer asks in time.
    fn quiet(&mut self, most: Span) {
        let left = self.left();
        if left < Span::from_minutes(2) {
            self.recover();
            return;
        }
        let span = self.0.random.mostly_short(most.min(left));
        self.0.now = self.0.now.plus(span);
    }

    /// Five requests at once, while an access token is used.
    fn burst(&mut self) {
        for _ in 0..5 {
            self.0.plan(Span::ZERO, Event::Send(false));
        }
        let when = self.0.random.within(REQUEST);
        self.0.plan(when, Event::Use);
    }

    /// Fifteen tabs that load within five seconds.
    fn tabs(&mut self) {
        for _ in 0..15 {
            let when = self.0.random.within(Span::from_seconds(5));
            self.0.plan(when, Event::Send(false));
        }
    }

    /// Requests one after the other, each of which takes no time or all that it may.
    fn extremes(&mut self) {
        self.0.is_extreme = true;
        for _ in 0..10 {
            let when = self.0.random.within(WINDOW.times(3));
            self.0.plan(when, Event::Send(false));
            let when = self.0.random.within(WINDOW.times(3));
            self.0.plan(when, Event::Use);
        }
    }

    /// Every answer is lost for a while, and the client asks again and again.
    fn outage(&mut self) {
        let every = [1, 5, 31, 60][self.0.random.place(4)];
        // Now and then for as long as the policy allows.
        let most = if self.0.random.percent(5) { 600 } else { 60 };
        let times = 1 + self.0.random.below(most).cast_signed();
        let times = times.min(self.left().seconds() / every);
        for time in 0..times {
            let when = Span::from_seconds(every).times(time);
            // Some requests do not even arrive.
            if self.0.random.percent(70) {
                self.0.plan(when, Event::Send(true));
            }
        }
        self.0.run();
        self.recover();
    }

    /// A proxy refreshes for a browser and calls the service with the new access token; the browser does not hear of it.
    fn proxy(&mut self) {
        let token = self.0.jar.token.clone();
        match self.0.ask(&token) {
            Ok(refreshed) if self.0.service.confirms_for_proxies => {
                self.0.confirm(refreshed.session().generation);
            }
            Ok(_) => {}
            Err(error) => self.0.refused(error),
        }
        self.0.tally.lost += 1;
        self.quiet(Span::from_minutes(5));
    }

    /// How long the client may go on without an answer, with some time to spare.
    fn left(&self) -> Span {
        let (newest, made) = self.0.newest;
        let spare = Span::from_seconds(3 * WINDOW.seconds());
        let is_behind = self.0.jar.generation < newest;
        let until = made.plus(self.0.service.within);
        let left = if is_behind {
            until.since(self.0.now)
        } else {
            self.0.service.within
        };
        Span::from_millis(left.millis() - spare.millis() - CLOCKS[CLOCKS.len() - 1])
    }

    /// The client asks until it is answered; where it is told to wait, it waits.
    fn recover(&mut self) {
        for _ in 0..3 {
            let token = self.0.jar.token.clone();
            match self.0.ask(&token) {
                Ok(refreshed) => {
                    if let Some(token) = refreshed.token() {
                        self.0.jar = Stored {
                            token: text(token),
                            generation: refreshed.session().generation,
                        };
                    }
                    return;
                }
                Err(RefreshError::Busy { retry_at, .. }) => {
                    self.0.tally.busy += 1;
                    self.0.now = self.0.now.max(retry_at);
                }
                Err(error) => {
                    debug_assert_ne!(error.code().name, "refresh_busy");
                    return self.0.refused(error);
                }
            }
        }
    }
}

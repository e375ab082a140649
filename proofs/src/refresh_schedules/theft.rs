//! A client, and a thief who has copied its token and takes care not to come within a window of it.

use counterseal_core::{Refusal, Span};

use super::line::{Line, Stored};
use super::{Service, WINDOW};
use crate::issuer::{BEGINNING, text};

pub(super) struct Theft<'a> {
    line: Line<'a>,
    loot: Stored,
    uses: u64,
}

impl<'a> Theft<'a> {
    /// A session that was rotated a few times, and whose token was copied.
    pub(super) fn new(service: &'a Service, number: u64) -> Self {
        let mut line = Line::new(service, number, BEGINNING);
        for _ in 0..line.random.below(4) {
            line.now = line.now.plus(Span::from_minutes(5));
            let token = line.jar.token.clone();
            let Ok(refreshed) = line.ask(&token) else {
                break;
            };
            if let Some(token) = refreshed.token() {
                line.jar = Stored {
                    token: text(token),
                    generation: refreshed.session().generation,
                };
            }
        }
        let loot = line.jar.clone();
        Theft {
            line,
            loot,
            uses: 0,
        }
    }

    /// Both come as they like: how many uses it took until one of them was found to be a thief.
    pub(super) fn at_random(mut self, steps: u64) -> Option<u64> {
        for _ in 0..steps {
            // Neither comes within a window of the other, nor later than either would be waited for.
            self.wait();
            let is_thief = self.line.random.percent(50);
            if self.is_found(is_thief) {
                return Some(self.uses);
            }
            // Whoever was answered uses the access token, most of the time; the service cannot tell them apart.
            if self.line.random.percent(80) {
                let generation = self.of(is_thief).generation;
                self.line.confirm(generation);
            }
        }
        None
    }

    /// The client refreshes and goes on; the thief comes after it, with what the client had: how many uses of the thief it took.
    pub(super) fn follows(mut self) -> Option<u64> {
        self.wait();
        if self.is_found(false) {
            return None;
        }
        let generation = self.line.jar.generation;
        self.line.confirm(generation);
        self.uses = 0;
        for _ in 0..4 {
            self.wait();
            if self.is_found(true) {
                return Some(self.uses);
            }
        }
        None
    }

    fn wait(&mut self) {
        let least = WINDOW.times(2).plus(Span::from_seconds(6));
        let most = Span::from_millis(self.line.service.within.millis() - least.times(2).millis());
        let span = least.plus(self.line.random.mostly_short(most));
        self.line.now = self.line.now.plus(span);
    }

    fn of(&mut self, is_thief: bool) -> &mut Stored {
        if is_thief {
            &mut self.loot
        } else {
            &mut self.line.jar
        }
    }

    /// One of them refreshes; whether the session has ended by that, as one whose token was used twice.
    fn is_found(&mut self, is_thief: bool) -> bool {
        self.uses += 1;
        let token = self.of(is_thief).token.clone();
        let refreshed = match self.line.ask(&token) {
            Ok(refreshed) => refreshed,
            Err(error) => return error.code().name == "refresh_replayed",
        };
        if let Some(token) = refreshed.token() {
            *self.of(is_thief) = Stored {
                token: text(token),
                generation: refreshed.session().generation,
            };
        }
        false
    }
}

//! Requests, from their client to the store and back, and what is wrong about an answer.

use counterseal_core::{
    Linked, LinkedOp, Pending, RowOp, Run, Step, Subject as Row, Swap, Time, Unavailable,
};
use counterseal_refresh::{
    ChangeSession, EndSessions, Holder, PendingRefresh, RefreshError, RefreshFamily, Refreshed,
};

use super::Wrong;
use super::family::{Ending, Fault, Token};
use super::operate::Standing;
use super::world::{Flight, REQUEST, WEB, Who, World, edited};
use crate::issuer::seed;
use crate::uses::mix;

/// Who asked with what.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) who: Who,
    pub(super) family: usize,
    pub(super) token: Token,
    pub(super) mints: bool,
}

/// Where something is.
pub(super) enum Leg {
    Sent(Asked),
    Running(Box<Running>),
    Answer(Who, usize, Token),
    Changing(usize, Box<ChangeSession>, Change),
    /// Of the families that had begun by then.
    EndingAll(usize, usize, Box<EndSessions>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Confirm,
    End,
}

/// A request on a host, and what was there when it was read.
pub(super) struct Running {
    asked: Asked,
    pending: PendingRefresh,
    clock: Time,
    read: (Standing, Time),
}

type Reply = Result<Linked<RefreshFamily, Row>, Unavailable>;

impl World {
    /// One thing under way goes on; or its answer is lost, or comes twice, or its host dies.
    pub(super) fn advance(&mut self, at: usize) {
        let Flight { until, leg } = self.flights.swap_remove(at);
        match leg {
            Leg::Sent(asked) => {
                match self.random.below(100) {
                    0..5 => self.counts.lost += 1,
                    // A proxy on the way sends it twice.
                    5..9 => {
                        self.flights.push(Flight {
                            until,
                            leg: Leg::Sent(asked.clone()),
                        });
                        self.arrive(asked, until);
                    }
                    _ => self.arrive(asked, until),
                }
            }
            Leg::Running(running) => self.run(*running, until),
            Leg::Answer(who, family, token) => {
                let luck = self.random.below(100);
                if luck < 20 {
                    self.counts.lost += 1;
                    return;
                }
                if luck < 25 {
                    let leg = Leg::Answer(who, family, token.clone());
                    self.flights.push(Flight { until, leg });
                }
                self.deliver(who, family, token);
            }
            Leg::Changing(family, pending, change) => self.change(family, *pending, change, until),
            Leg::EndingAll(subject, begun, pending) => {
                self.end_all(subject, begun, *pending, until);
            }
        }
    }

    fn arrive(&mut self, asked: Asked, until: Time) {
        let host = self.random.place(self.hosts.len());
        let clock = self.clock(host);
        let family = &mut self.families[asked.family];
        family.is_disturbed |= asked.who == Who::Thief && !family.is_bound;
        let holder = self.holder(asked.who);
        let text = &asked.token.text;
        let step = if asked.mints {
            self.hosts[host].mint(text, &holder, clock)
        } else {
            let salt = seed(self.random.next());
            self.hosts[host].refresh(text, &holder, clock, &salt)
        };
        let read = self.read_of(asked.family);
        match step {
            Ok(Step::Need(pending)) => {
                let running = Running {
                    asked,
                    pending,
                    clock,
                    read,
                };
                let leg = Leg::Running(Box::new(running));
                self.flights.push(Flight { until, leg });
            }
            Ok(Step::Done(outcome)) => self.done(&asked, outcome, clock, read),
            Err(error) => self.done(&asked, Err(error), clock, read),
        }
    }

    /// What is there now, for a request that reads now.
    fn read_of(&self, family: usize) -> (Standing, Time) {
        let family = &self.families[family];
        (self.subject_of(family), family.end())
    }

    /// One step on the store.
    fn run(&mut self, running: Running, until: Time) {
        let Running {
            asked,
            pending,
            clock,
            mut read,
        } = running;
        let luck = self.random.below(200);
        if luck == 0 {
            self.counts.lost += 1;
            return;
        }
        let op = pending.op();
        if matches!(op, LinkedOp::Load(_) | LinkedOp::Edit(_)) {
            read = self.read_of(asked.family);
        }
        let reply = match luck {
            1 => Err(Unavailable),
            2 => self.run_linked(asked.family, op).and(Err(Unavailable)),
            _ => self.run_linked(asked.family, op),
        };
        if luck == 3 {
            self.counts.lost += 1;
            return;
        }
        match pending.finish(reply) {
            Step::Need(pending) => {
                let running = Running {
                    asked,
                    pending,
                    clock,
                    read,
                };
                let leg = Leg::Running(Box::new(running));
                self.flights.push(Flight { until, leg });
            }
            Step::Done(outcome) => self.done(&asked, outcome, clock, read),
        }
    }

    /// Every write of a session comes through here, or through its twin for rows.
    pub(super) fn run_linked(&mut self, family: usize, op: LinkedOp<RefreshFamily, Row>) -> Reply {
        if let LinkedOp::Edit(_) = op {
            return self.run_edit(family, op);
        }
        let LinkedOp::Swap(swap) = op else {
            let mut reply = self.store.run(op)?;
            if self.wrong == Some(Wrong::StaleSubjects) {
                reply.1 = None;
            }
            if let (None, Some(subject)) = &reply {
                // All sessions of a subject end with one that was used twice.
                let subject = &subject.record;
                self.subjects[self.families[family].subject].version = subject.user_ver;
            }
            return Ok(reply);
        };
        let reply = self.store.run(LinkedOp::Swap(self.compared(swap)))?;
        match &reply.0 {
            None => self.counts.swaps_lost += 1,
            Some(row) => self.seen(family, row),
        }
        Ok(reply)
    }

    /// A look and a write in one step; a world that is wrong in one of the two has no such step.
    fn run_edit(&mut self, family: usize, op: LinkedOp<RefreshFamily, Row>) -> Reply {
        if matches!(self.wrong, Some(Wrong::BlindSwaps | Wrong::StaleSubjects)) {
            return Ok((None, None));
        }
        let reply = self.store.run(op)?;
        if let Some(row) = &reply.0 {
            self.seen(family, row);
        }
        Ok(reply)
    }

    /// A row as it is after what may have been a write.
    fn seen(&mut self, family: usize, row: &counterseal_core::Row<RefreshFamily>) {
        if let Err(fault) = self.families[family].written(row) {
            self.found(fault);
        }
    }

    /// A swap as it is; in a world where nobody compares, one that wins.
    pub(super) fn compared(&self, mut swap: Swap<RefreshFamily>) -> Swap<RefreshFamily> {
        if self.wrong == Some(Wrong::BlindSwaps) {
            let row = self
                .store
                .run(RowOp::Load(counterseal_core::Load::new(swap.id)));
            let row: Option<counterseal_core::Row<RefreshFamily>> = row.unwrap_or_default();
            swap.expected = row.map_or(0, |row| row.version);
        }
        swap
    }

    /// A decision, to its end without anything between its steps.
    pub(super) fn drive(
        &mut self,
        family: usize,
        mut step: Step<PendingRefresh>,
    ) -> Result<Refreshed, RefreshError> {
        loop {
            match step {
                Step::Done(outcome) => return outcome,
                Step::Need(pending) => {
                    let reply = self.run_linked(family, pending.op());
                    step = pending.finish(reply);
                }
            }
        }
    }

    /// A request is answered: its answer begins its way.
    fn done(
        &mut self,
        asked: &Asked,
        outcome: Result<Refreshed, RefreshError>,
        clock: Time,
        read: (Standing, Time),
    ) {
        let generation = outcome.as_ref().ok().map(|r| r.session().generation);
        let given = self.conclude(asked, outcome, clock, read);
        if self.wrong == Some(Wrong::ConfirmsAtOnce)
            && let Some(generation) = generation
        {
            self.confirm(asked.family, generation);
        }
        if let Some(token) = given {
            let answer = self.answer();
            self.fly(answer, Leg::Answer(asked.who, asked.family, token));
        }
    }

    /// Looks at an outcome: the token that was given, if any.
    pub(super) fn conclude(
        &mut self,
        asked: &Asked,
        outcome: Result<Refreshed, RefreshError>,
        clock: Time,
        read: (Standing, Time),
    ) -> Option<Token> {
        let refreshed = match outcome {
            Ok(refreshed) => refreshed,
            Err(error) => {
                self.refused(asked, error, clock, read);
                return None;
            }
        };
        self.count(&refreshed);
        let (standing, end) = read;
        let family = &self.families[asked.family];
        if family.ending == Ending::Acknowledged {
            self.found(Fault::AfterEnd);
        } else if clock >= end {
            self.found(Fault::AfterExpiry);
        } else if standing.is_disabled || standing.version != family.version {
            self.found(Fault::AfterVersion);
        } else if asked.who == Who::Thief && family.is_bound {
            self.found(Fault::WithoutKey);
        }
        let answered = self.families[asked.family].answered(asked.token.generation, &refreshed);
        let given = answered.unwrap_or_else(|fault| {
            self.found(fault);
            None
        });
        let first = given.as_ref().map_or(0, |token| {
            let bytes = token.text.as_bytes().last_chunk::<8>();
            bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        });
        self.note(first ^ u64::from(refreshed.session().generation));
        given
    }

    fn note(&mut self, what: u64) {
        self.digest = mix(self.digest ^ what ^ self.now.millis().cast_unsigned());
    }

    /// A refusal has a reason, or is a fault.
    fn refused(
        &mut self,
        asked: &Asked,
        error: RefreshError,
        clock: Time,
        (standing, end): (Standing, Time),
    ) {
        self.note(u64::from(error.clears_cookies()));
        let family = &self.families[asked.family];
        let is_known = family.is_disturbed || family.ending != Ending::None;
        let is_explained = match error {
            RefreshError::Busy { .. } => {
                self.counts.busy += 1;
                return;
            }
            RefreshError::Unavailable { .. } => return,
            RefreshError::Holder { .. } => asked.who == Who::Thief && family.is_bound,
            RefreshError::Ended { .. } => is_known,
            RefreshError::Expired { .. } => clock >= end,
            RefreshError::SubjectDisabled { .. } => standing.is_disabled,
            RefreshError::UserVer { .. } => standing.version > family.version,
            RefreshError::Unknown { .. } => clock >= family.absolute_end,
            RefreshError::Replayed { .. } => {
                self.counts.thefts_found += u64::from(family.is_disturbed);
                family.is_disturbed
            }
            RefreshError::Unconfirmed { .. } => family.is_disturbed,
            // One that is settled elsewhere, in a request that may not write.
            RefreshError::Superseded { .. } => asked.mints,
            _ => false,
        };
        if !is_explained {
            let is_out = error.clears_cookies();
            self.found(if is_out { Fault::LoggedOut } else { Fault::Odd });
        }
        // A thief without the key looks for another one.
        let gives_up = matches!(error, RefreshError::Holder { .. });
        if error.clears_cookies() || gives_up {
            self.forget(asked);
        }
    }

    /// Whoever is told to forget a token of the session that it has, forgets it.
    fn forget(&mut self, asked: &Asked) {
        match asked.who {
            Who::Thief => self.loot = None,
            Who::Client(client) => {
                let jar = &mut self.clients[client].jar;
                if jar
                    .as_ref()
                    .is_some_and(|(family, _)| *family == asked.family)
                {
                    *jar = None;
                }
            }
        }
    }

    /// Whoever is given a token of the session that it has, stores it.
    fn deliver(&mut self, who: Who, family: usize, token: Token) {
        let jar = match who {
            Who::Thief => &mut self.loot,
            Who::Client(client) => &mut self.clients[client].jar,
        };
        if jar.as_ref().is_some_and(|(other, _)| *other == family) {
            *jar = Some((family, token));
        }
    }

    /// Somebody without the client, or with a token that is none, harms nobody.
    pub(super) fn stranger(&mut self) {
        let client = self.random.place(self.clients.len());
        let Some((family, token)) = self.clients[client].jar.clone() else {
            return;
        };
        let host = self.random.place(self.hosts.len());
        let (clock, salt) = (self.clock(host), seed(self.random.next()));
        let at = 6 + self.random.place(80);
        let forged = edited(&token.text, at);
        let other = Holder {
            client: "app",
            bound: None,
        };
        let step = self.hosts[host].refresh(&forged, &WEB, clock, &salt);
        let is_forged = matches!(
            step,
            Err(RefreshError::Forged | RefreshError::Malformed | RefreshError::SecretUnknown)
        );
        let step = self.hosts[host].refresh(&token.text, &other, clock, &salt);
        let outcome = step.and_then(|step| self.drive(family, step));
        let is_refused = matches!(
            outcome,
            Err(RefreshError::Holder { .. } | RefreshError::Unknown { .. })
        );
        if !is_forged || !is_refused {
            self.found(Fault::Odd);
        }
    }

    /// The generation is confirmed, in its own time.
    pub(super) fn confirm(&mut self, family: usize, generation: u32) {
        let host = self.random.place(self.hosts.len());
        let step = self.hosts[host].confirm(self.families[family].id, generation, self.clock(host));
        if let Step::Need(pending) = step {
            self.fly(
                REQUEST,
                Leg::Changing(family, Box::new(pending), Change::Confirm),
            );
        }
    }

    pub(super) fn subject_of(&self, family: &super::family::Family) -> Standing {
        self.subjects[family.subject].standing()
    }
}

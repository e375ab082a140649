//! What an operator does: ends, versions, secrets, sweeps.

use counterseal_core::{
    ListOp, Load, Pending, Row, RowOp, Run, Secret, Step, Subject as Record, Swap, Time,
    Unavailable,
};
use counterseal_refresh::{
    ChangeSession, EndSessions, RefreshFamily, RefreshSecrets, Refresher, SessionId, Which,
};

use super::Wrong;
use super::ask::{Change, Leg};
use super::family::{Ending, Family, Fault};
use super::world::{Flight, REQUEST, World};
use crate::issuer::{BEGINNING, NEW};

/// A subject, as it was written last.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) version: i64,
    pub(super) is_disabled: bool,
}

/// What a request read of a subject.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) version: i64,
    pub(super) is_disabled: bool,
}

/// The secrets of the issuer, each since when another one signs; the last one signs.
pub(super) struct Secrets {
    over: Vec<Time>,
    /// How many hosts know that the last one signs, and since when all know it.
    moved: usize,
    known: Time,
}

impl Subject {
    pub(super) const fn new(name: &'static str) -> Self {
        Subject {
            name,
            version: 0,
            is_disabled: false,
        }
    }

    pub(super) const fn standing(&self) -> Standing {
        Standing {
            version: self.version,
            is_disabled: self.is_disabled,
        }
    }
}

impl Secrets {
    pub(super) fn new() -> Self {
        Secrets {
            over: vec![Time::NEVER],
            moved: usize::MAX,
            known: BEGINNING,
        }
    }

    /// What a host has: the one that signs, and all before it. Before it is told, the newest one only verifies.
    pub(super) fn of_host(&self, is_waiting: bool) -> RefreshSecrets {
        let last = self.over.len() - 1;
        let signs = last - usize::from(is_waiting);
        let secrets = RefreshSecrets::signing(number(signs), &secret(signs));
        let mut secrets = secrets.expect("32 bytes");
        for (other, over) in self.over.iter().enumerate() {
            if other == signs {
                continue;
            }
            let (number, secret) = (number(other), secret(other));
            let added = if *over == Time::EPOCH {
                secrets.detecting(number, &secret)
            } else {
                secrets.verifying(number, &secret)
            };
            secrets = added.expect("a number of its own");
        }
        secrets
    }
}

fn number(secret: usize) -> u8 {
    u8::try_from(secret).expect("few secrets")
}

fn secret(number: usize) -> Secret {
    Secret::new(vec![self::number(number) + 1; 32])
}

impl World {
    /// Ends one session or all of a subject, raises its version, disables it or lets it be again.
    pub(super) fn operate(&mut self) {
        let subject = self.random.place(self.subjects.len());
        match self.random.below(10) {
            0..5 => self.begin_end(),
            5..7 => self.begin_end_all(subject),
            7 => {
                self.subjects[subject].version += 1;
                self.write(subject);
            }
            8 => {
                self.subjects[subject].is_disabled = true;
                self.write(subject);
            }
            _ => {
                for subject in 0..self.subjects.len() {
                    self.subjects[subject].is_disabled = false;
                    self.write(subject);
                }
            }
        }
    }

    fn begin_end(&mut self) {
        let client = self.random.place(self.clients.len());
        let Some((family, _)) = self.clients[client].jar else {
            return;
        };
        let id = self.families[family].id;
        let refresher = &self.hosts[0];
        let step = if self.random.percent(50) {
            refresher.log_out(id, self.now)
        } else {
            refresher.revoke(id, self.now)
        };
        self.families[family].ask_to_end();
        if let Step::Need(pending) = step {
            let leg = Leg::Changing(family, Box::new(pending), Change::End);
            self.fly(REQUEST, leg);
        }
    }

    fn begin_end_all(&mut self, subject: usize) {
        let name = self.subjects[subject].name;
        let step = self.hosts[0].revoke_all(NEW.tenant, name, Which::All, self.now);
        let of_it = |family: &&mut Family| family.subject == subject;
        for family in self.families.iter_mut().filter(of_it) {
            family.ask_to_end();
        }
        if let Step::Need(pending) = step {
            let leg = Leg::EndingAll(subject, self.families.len(), Box::new(pending));
            self.fly(REQUEST, leg);
        }
    }

    /// A step of confirming or ending one session.
    pub(super) fn change(
        &mut self,
        family: usize,
        pending: ChangeSession,
        change: Change,
        until: Time,
    ) {
        let reply = self.run_row(family, pending.op(), change == Change::End);
        match pending.finish(reply) {
            Step::Need(pending) => {
                let leg = Leg::Changing(family, Box::new(pending), change);
                self.flights.push(Flight { until, leg });
            }
            Step::Done(Ok(session)) if change == Change::End => {
                if session.ended.is_none() {
                    self.found(Fault::Odd);
                }
                self.families[family].ending = Ending::Acknowledged;
                self.counts.ends += 1;
            }
            Step::Done(_) => {}
        }
    }

    fn run_row(
        &mut self,
        family: usize,
        op: RowOp<RefreshFamily>,
        is_end: bool,
    ) -> Result<Option<Row<RefreshFamily>>, Unavailable> {
        let RowOp::Swap(swap) = op else {
            return self.store.run(op);
        };
        if is_end && self.wrong == Some(Wrong::ForgetsEnds) {
            let version = swap.expected + 1;
            let record = swap.record;
            return Ok(Some(Row { version, record }));
        }
        let reply = self.store.run(RowOp::Swap(self.compared(swap)))?;
        self.looked(family, reply.as_ref());
        Ok(reply)
    }

    fn looked(&mut self, family: usize, row: Option<&Row<RefreshFamily>>) {
        let Some(row) = row else {
            self.counts.swaps_lost += 1;
            return;
        };
        if let Err(fault) = self.families[family].written(row) {
            self.found(fault);
        }
    }

    /// A step of ending all sessions of a subject that had begun by then.
    pub(super) fn end_all(
        &mut self,
        subject: usize,
        begun: usize,
        pending: EndSessions,
        until: Time,
    ) {
        let op = pending.op();
        let id = match &op {
            ListOp::Swap(swap) => Some(swap.record.row()),
            ListOp::List(_) => None,
        };
        let op = match op {
            ListOp::Swap(swap) => ListOp::Swap(self.compared(swap)),
            list @ ListOp::List(_) => list,
        };
        let reply = self.store.run(op);
        if let (Some(id), Ok(rows)) = (id, &reply) {
            let family = self.family_of(SessionId::new(id));
            // One that begins meanwhile may be ended too.
            self.families[family].ask_to_end();
            self.looked(family, rows.first());
        }
        match pending.finish(reply) {
            Step::Need(pending) => {
                let leg = Leg::EndingAll(subject, begun, Box::new(pending));
                self.flights.push(Flight { until, leg });
            }
            Step::Done(Ok(_)) => {
                let families = self.families[..begun].iter_mut();
                for family in families.filter(|family| family.subject == subject) {
                    family.ending = Ending::Acknowledged;
                }
                self.counts.ends += 1;
            }
            Step::Done(Err(_)) => {}
        }
    }

    /// Writes a subject as it is now.
    fn write(&mut self, subject: usize) {
        let subject = &self.subjects[subject];
        let mut record = Record::new(NEW.tenant, subject.name, self.now);
        record.user_ver = subject.version;
        record.disabled = subject.is_disabled.then_some(self.now);
        let id = record.row();
        let before = self.store.run(RowOp::Load(Load::new(id)));
        let before: Option<Row<Record>> = before.unwrap_or_default();
        let swap = Swap {
            id,
            expected: before.map_or(0, |row| row.version),
            record,
        };
        let written = self.store.run(RowOp::Swap(swap));
        if !written.is_ok_and(|row| row.is_some()) {
            self.found(Fault::Odd);
        }
    }

    /// The next step of rolling the secret: every host learns the new one, and once that is known, one after the other signs with it.
    pub(super) fn roll(&mut self) {
        let secrets = &mut self.secrets;
        if secrets.moved < self.hosts.len() {
            if self.now.since(secrets.known) <= REQUEST {
                return;
            }
            let host = secrets.moved;
            secrets.moved += 1;
            if secrets.moved == self.hosts.len() {
                let last = secrets.over.len() - 1;
                secrets.over[last - 1] = self.now;
            }
            self.hosts[host] = Refresher::new(self.policy, self.secrets.of_host(false));
            return;
        }
        if secrets.over.len() >= MOST_SECRETS {
            return;
        }
        // A secret that nobody can go on from any more only detects.
        let longest = self.within.times(3).plus(self.within);
        for over in &mut secrets.over {
            let is_done = *over != Time::NEVER && self.now.since(*over) > longest;
            *over = if is_done { Time::EPOCH } else { *over };
        }
        secrets.over.push(Time::NEVER);
        secrets.moved = 0;
        secrets.known = self.now;
        for host in 0..self.hosts.len() {
            self.hosts[host] = Refresher::new(self.policy, self.secrets.of_host(true));
        }
        self.counts.rolls += 1;
    }

    /// Lets sessions go that are over for long.
    pub(super) fn sweep(&mut self) {
        let mut now = self.now;
        if self.wrong == Some(Wrong::SweepsEarly) {
            now = now.plus(self.within.times(12));
        }
        let swept = self.store.run(self.hosts[0].sweep(now, 1_000));
        if swept.is_err() {
            self.found(Fault::Odd);
        }
    }
}

const MOST_SECRETS: usize = 8;

//! Beginning, confirming, ending and listing sessions.

use alloc::string::String;
use alloc::vec::Vec;

use counterseal_core::{
    AuditEvent, List, ListOp, Load, Pending, Row, RowOp, Secret, Seed, Step, Subject, Swap,
    SweepRows, Time, Unavailable,
};

use crate::decide::End;
use crate::error::SessionError;
use crate::family::RefreshFamily;
use crate::policy::BindingRule;
use crate::refresher::Refresher;
use crate::session::{NewSession, Session, SessionId};
use crate::token::RefreshToken;

/// Stores a session that begins.
#[must_use]
pub struct BeginSession {
    family: RefreshFamily,
    token: Secret,
}

/// A session that has begun, and its first token.
pub struct Begun {
    session: Session,
    token: Secret,
}

/// Confirms or ends one session.
#[must_use]
pub struct ChangeSession {
    id: SessionId,
    change: Change,
    now: Time,
    tries: u8,
    write: Option<Swap<RefreshFamily>>,
}

#[derive(Clone, Copy)]
enum Change {
    Confirm(u32),
    End(End),
}

/// Lists the sessions of a subject.
#[must_use]
pub struct ListSessions {
    walk: Walk,
    found: Vec<Session>,
    now: Time,
}

/// Ends sessions of a subject.
#[must_use]
pub struct EndSessions {
    walk: Walk,
    which: Which,
    /// Those that were read and are to be ended, the next one last.
    left: Vec<Row<RefreshFamily>>,
    ended: u32,
    tries: u8,
    now: Time,
}

/// Which sessions of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// All but this one: that of whoever asks.
    AllBut(SessionId),
    /// Those of a client.
    OfClient(String),
    /// Those of a device, by the name that they were begun with.
    OfDevice(String),
}

/// Rows of a subject, page by page.
struct Walk {
    owner: [u8; 16],
    after: Option<[u8; 16]>,
    is_over: bool,
}

impl Refresher {
    /// Begins a session: after its holder has logged in, with the version of the subject that the store had then.
    ///
    /// # Errors
    ///
    /// [`SessionError::Member`], [`SessionError::Binding`].
    pub fn begin_session(
        &self,
        new: &NewSession<'_>,
        now: Time,
        seed: &Seed<40>,
    ) -> Result<Step<BeginSession>, SessionError> {
        if let Some(name) = new.fault() {
            return Err(SessionError::Member { name });
        }
        let policy = &self.parts().policy;
        let mut new = *new;
        match policy.binding {
            BindingRule::None => new.bound = None,
            BindingRule::Require if new.bound.is_none() => return Err(SessionError::Binding),
            BindingRule::Prefer | BindingRule::Require => {}
        }
        let pepper = self.parts().secrets.signs();
        let (id, secret) = seed.expose().split_first_chunk().expect("40 bytes");
        let secret = Seed::new(*secret.first_chunk().expect("24 bytes are left"));
        let token = RefreshToken::first(pepper, *id, &secret);
        let absolute_end = now.plus(policy.absolute);
        let ends = (now.plus(policy.idle).min(absolute_end), absolute_end);
        let family = RefreshFamily::begun(&new, ends, &token, pepper, now);
        let token = token.print(pepper);
        Ok(Step::Need(BeginSession { family, token }))
    }

    /// Confirms that the client has stored the token of this generation: when an access token of it (`sid`, `gen`) comes from the client's
    /// own store, in a request that began after the one that was answered with it. Confirming twice, or too late, changes nothing.
    ///
    /// Whoever confirms what the client has not stored logs it out when an answer is lost.
    //= docs/spec/refresh.md#S-10
    pub fn confirm(&self, session: SessionId, generation: u32, now: Time) -> Step<ChangeSession> {
        ChangeSession::begin(session, Change::Confirm(generation), now)
    }

    /// Ends a session: its holder logs out.
    pub fn log_out(&self, session: SessionId, now: Time) -> Step<ChangeSession> {
        ChangeSession::begin(session, Change::End(End::LoggedOut), now)
    }

    /// Ends a session: by its holder from another device, or by an operator. Its refresh tokens are over at once, its access tokens when they
    /// end, or when verifiers hear of it.
    pub fn revoke(&self, session: SessionId, now: Time) -> Step<ChangeSession> {
        ChangeSession::begin(session, Change::End(End::Revoked), now)
    }

    /// Ends sessions of a subject, and ends in their number. One that begins meanwhile may go on; to end all that ever began, raise the
    /// subject's version first.
    //= docs/spec/refresh.md#S-11
    pub fn revoke_all(
        &self,
        tenant: &str,
        subject: &str,
        which: Which,
        now: Time,
    ) -> Step<EndSessions> {
        Step::Need(EndSessions {
            walk: Walk::of(tenant, subject),
            which,
            left: Vec::new(),
            ended: 0,
            tries: TRIES,
            now,
        })
    }

    /// Lists the sessions of a subject that are not over, the one that was used last first.
    pub fn sessions(&self, tenant: &str, subject: &str, now: Time) -> Step<ListSessions> {
        Step::Need(ListSessions {
            walk: Walk::of(tenant, subject),
            found: Vec::new(),
            now,
        })
    }

    /// Deletes rows of sessions that are over for so long that none of their access tokens is left, at most `limit`.
    pub fn sweep(&self, now: Time, limit: u32) -> SweepRows<RefreshFamily> {
        SweepRows::new(now, limit)
    }
}

impl Begun {
    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Its first refresh token.
    pub const fn token(&self) -> &Secret {
        &self.token
    }

    /// The beginning as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        self.session.event("refresh_begun", now)
    }
}

impl ChangeSession {
    const fn begin(id: SessionId, change: Change, now: Time) -> Step<Self> {
        Step::Need(ChangeSession {
            id,
            change,
            now,
            tries: TRIES,
            write: None,
        })
    }

    fn read(mut self, row: Option<Row<RefreshFamily>>) -> Step<Self> {
        let Some(row) = row else {
            return Step::Done(Err(SessionError::Unknown));
        };
        let Ok(mut chain) = row.record.chain() else {
            return Step::Done(Err(SessionError::Unavailable));
        };
        match self.change {
            _ if chain.ended.is_some() => return done(row.record),
            Change::Confirm(generation) if chain.generation != generation => {
                return done(row.record);
            }
            Change::Confirm(_) if chain.confirmed => return done(row.record),
            Change::Confirm(_) => chain.confirmed = true,
            Change::End(end) => chain.ended = Some((end, self.now)),
        }
        let mut record = row.record;
        record.set_chain(&chain);
        self.write = Some(Swap {
            id: record.id,
            expected: row.version,
            record,
        });
        Step::Need(self)
    }

    fn lost(mut self) -> Step<Self> {
        self.write = None;
        self.tries -= 1;
        match self.tries {
            0 => Step::Done(Err(SessionError::Contended)),
            _ => Step::Need(self),
        }
    }
}

fn done<P: Pending<Outcome = Result<Session, SessionError>>>(family: RefreshFamily) -> Step<P> {
    Step::Done(Session::try_from(family).map_err(|_| SessionError::Unavailable))
}

impl Walk {
    fn of(tenant: &str, subject: &str) -> Self {
        Walk {
            owner: Subject::row_of(tenant, subject),
            after: None,
            is_over: false,
        }
    }

    const fn op(&self) -> List<RefreshFamily> {
        List::new(self.owner, self.after, PAGE)
    }

    /// A page was read.
    fn turn(&mut self, page: &[Row<RefreshFamily>]) {
        self.is_over = page.len() < PAGE as usize;
        self.after = page.last().map(|row| row.record.id).or(self.after);
    }
}

impl Which {
    fn has(&self, family: &RefreshFamily) -> bool {
        match self {
            Which::All => true,
            Which::AllBut(session) => session.bytes() != family.id,
            Which::OfClient(client) => family.client == *client,
            Which::OfDevice(device) => family.device == *device,
        }
    }
}

impl EndSessions {
    fn step(mut self) -> Step<Self> {
        // What is over needs no end.
        while let Some(row) = self.left.last() {
            let Ok(chain) = row.record.chain() else {
                return Step::Done(Err(SessionError::Unavailable));
            };
            if chain.ended.is_none() && self.which.has(&row.record) {
                return Step::Need(self);
            }
            self.left.pop();
        }
        if self.walk.is_over {
            return Step::Done(Ok(self.ended));
        }
        Step::Need(self)
    }

    fn ended(&self, row: &Row<RefreshFamily>) -> Swap<RefreshFamily> {
        let mut record = row.record.clone();
        if let Ok(mut chain) = record.chain() {
            chain.ended = Some((End::Revoked, self.now));
            record.set_chain(&chain);
        }
        Swap {
            id: record.id,
            expected: row.version,
            record,
        }
    }

    /// Somebody else wrote: all are read again, and those that were ended are passed over.
    fn lost(mut self) -> Step<Self> {
        self.walk = Walk {
            after: None,
            is_over: false,
            ..self.walk
        };
        self.left.clear();
        self.tries -= 1;
        match self.tries {
            0 => Step::Done(Err(SessionError::Contended)),
            _ => Step::Need(self),
        }
    }
}

impl Pending for BeginSession {
    type Op = RowOp<RefreshFamily>;
    type Outcome = Result<Begun, SessionError>;

    fn op(&self) -> Self::Op {
        RowOp::Swap(Swap {
            id: self.family.id,
            expected: 0,
            record: self.family.clone(),
        })
    }

    fn finish(self, reply: Result<Option<Row<RefreshFamily>>, Unavailable>) -> Step<Self> {
        let row = match reply {
            Ok(Some(row)) => row,
            Ok(None) => return Step::Done(Err(SessionError::Taken)),
            Err(Unavailable) => return Step::Done(Err(SessionError::Unavailable)),
        };
        let session = Session::try_from(row.record);
        let begun = session.map(|session| Begun {
            session,
            token: self.token,
        });
        Step::Done(begun.map_err(|_| SessionError::Unavailable))
    }
}

impl Pending for ChangeSession {
    type Op = RowOp<RefreshFamily>;
    type Outcome = Result<Session, SessionError>;

    fn op(&self) -> Self::Op {
        match &self.write {
            None => RowOp::Load(Load::new(self.id.bytes())),
            Some(swap) => RowOp::Swap(swap.clone()),
        }
    }

    fn finish(self, reply: Result<Option<Row<RefreshFamily>>, Unavailable>) -> Step<Self> {
        match (&self.write, reply) {
            (_, Err(Unavailable)) => Step::Done(Err(SessionError::Unavailable)),
            (None, Ok(row)) => self.read(row),
            (Some(_), Ok(Some(row))) => done(row.record),
            (Some(_), Ok(None)) => self.lost(),
        }
    }
}

impl Pending for ListSessions {
    type Op = ListOp<RefreshFamily>;
    type Outcome = Result<Vec<Session>, SessionError>;

    fn op(&self) -> Self::Op {
        ListOp::List(self.walk.op())
    }

    fn finish(mut self, reply: Result<Vec<Row<RefreshFamily>>, Unavailable>) -> Step<Self> {
        let Ok(page) = reply else {
            return Step::Done(Err(SessionError::Unavailable));
        };
        self.walk.turn(&page);
        for row in page {
            match Session::try_from(row.record) {
                Ok(session) if session.is_live(self.now) => self.found.push(session),
                Ok(_) => {}
                Err(_) => return Step::Done(Err(SessionError::Unavailable)),
            }
        }
        if !self.walk.is_over {
            return Step::Need(self);
        }
        self.found
            .sort_by_key(|session| core::cmp::Reverse((session.used, session.id)));
        Step::Done(Ok(self.found))
    }
}

impl Pending for EndSessions {
    type Op = ListOp<RefreshFamily>;
    /// How many were ended.
    type Outcome = Result<u32, SessionError>;

    fn op(&self) -> Self::Op {
        match self.left.last() {
            Some(row) => ListOp::Swap(self.ended(row)),
            None => ListOp::List(self.walk.op()),
        }
    }

    fn finish(mut self, reply: Result<Vec<Row<RefreshFamily>>, Unavailable>) -> Step<Self> {
        let Ok(rows) = reply else {
            return Step::Done(Err(SessionError::Unavailable));
        };
        match (self.left.is_empty(), rows.is_empty()) {
            (true, _) => {
                self.walk.turn(&rows);
                self.left = rows;
                self.left.reverse();
                self.step()
            }
            (false, false) => {
                self.left.pop();
                self.ended += 1;
                self.step()
            }
            (false, true) => self.lost(),
        }
    }
}

impl Session {
    /// Whether it may still be refreshed, as far as its own row says.
    pub fn is_live(&self, now: Time) -> bool {
        self.ended.is_none() && now < self.idle_end.min(self.absolute_end)
    }
}

/// How often a lost swap is tried again.
const TRIES: u8 = 128;
/// How many rows are read at once.
const PAGE: u32 = 100;

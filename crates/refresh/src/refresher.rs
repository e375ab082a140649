//! Refreshing: the token's tag, one look at the session and its subject, the rule, one conditional write.

use alloc::boxed::Box;
use alloc::sync::Arc;

use counterseal_core::{
    AuditEvent, BadRow, Linked, LinkedOp, LoadLinked, Pending, Row, Secret, Seed, Step, Subject,
    Swap, Time, Unavailable,
};

use crate::asked::Asked;
use crate::decide::{Decision, End, Facts, Mode, Why};
use crate::error::RefreshError;
use crate::family::RefreshFamily;
use crate::policy::{OnReuse, RefreshPolicy};
use crate::rotation::Rotation;
use crate::secrets::RefreshSecrets;
use crate::session::{Holder, Session, SessionId};
use crate::token::RefreshToken;

/// Refreshes the sessions of one kind of client. Any number of threads may share it.
#[derive(Clone)]
pub struct Refresher(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) policy: RefreshPolicy,
    pub(crate) secrets: RefreshSecrets,
}

/// A token whose tag holds, and whose session is looked at.
#[must_use = "nothing is refreshed until `finish`"]
pub struct PendingRefresh {
    parts: Arc<Parts>,
    asked: Asked,
    tries: u8,
    state: State,
}

enum State {
    Reading,
    /// Most tokens are rotated: that is tried at once, in one step.
    Rotating(Rotation),
    /// All sessions of the subject end first.
    EndingSubject(Swap<Subject>),
    Writing(Box<Swap<RefreshFamily>>, Decision),
}

/// What a holder of a session gets. It is made here and nowhere else.
pub struct Refreshed {
    session: Session,
    how: How,
    token: Option<Secret>,
    is_followed: bool,
}

/// How a token was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Nothing was rotated and nothing is written; the access token is a short one.
    Minted,
    /// The newest token again, in the window in which its parent may still come.
    Retried,
    /// The newest token again, later: the first answer was lost.
    RetriedLate,
    /// A new token.
    Rotated,
    /// The token that was presented is new enough and stays.
    Same,
}

impl Refresher {
    /// Refreshes by this policy, with tokens of these secrets.
    pub fn new(policy: RefreshPolicy, secrets: RefreshSecrets) -> Self {
        Refresher(Arc::new(Parts { policy, secrets }))
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.0
    }

    /// Begins to refresh with this token. Give its answer to the client, who stores it before it uses the access token.
    ///
    /// # Errors
    ///
    /// [`RefreshError`] when the text is no token of ours; nothing was asked of the store then.
    pub fn refresh(
        &self,
        token: &str,
        holder: &Holder<'_>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Step<PendingRefresh>, RefreshError> {
        self.begin(token, holder, Mode::Rotate, now, *seed.expose())
    }

    /// Begins to ask for an access token without rotating, where the client cannot store what it would be given. Nothing is written; give
    /// out an access token of at most [`Purpose::ReadOnlyMint`](counterseal_core::Purpose::ReadOnlyMint).
    ///
    /// # Errors
    ///
    /// As [`Self::refresh`].
    pub fn mint(
        &self,
        token: &str,
        holder: &Holder<'_>,
        now: Time,
    ) -> Result<Step<PendingRefresh>, RefreshError> {
        self.begin(token, holder, Mode::Mint, now, [0; 16])
    }

    fn begin(
        &self,
        token: &str,
        holder: &Holder<'_>,
        mode: Mode,
        now: Time,
        salt: [u8; 16],
    ) -> Result<Step<PendingRefresh>, RefreshError> {
        let (token, pepper) = RefreshToken::open(token, &self.0.secrets)?;
        let asked = Asked {
            mode,
            salt,
            ..Asked::of(token, pepper, holder, now)
        };
        let state = match mode {
            Mode::Rotate if asked.verifies => {
                State::Rotating(Rotation::of(&asked, self.0.secrets.signs()))
            }
            Mode::Rotate | Mode::Mint => State::Reading,
        };
        Ok(Step::Need(PendingRefresh {
            parts: self.0.clone(),
            asked,
            tries: TRIES,
            state,
        }))
    }
}

type Outcome = Result<Refreshed, RefreshError>;

impl PendingRefresh {
    fn session(&self) -> SessionId {
        self.asked.session()
    }

    /// The rows were read.
    //= docs/spec/refresh.md#S-9
    fn read(
        mut self,
        family: Option<Row<RefreshFamily>>,
        subject: Option<Row<Subject>>,
    ) -> Step<Self> {
        let session = self.session();
        let Some(family) = family else {
            return Step::Done(Err(RefreshError::Unknown { session }));
        };
        let (facts, decision) = match self.decided(&family.record, subject.as_ref()) {
            Ok(decided) => decided,
            Err(error) => return Step::Done(Err(error)),
        };
        let policy = &self.parts.policy;
        if decision == Decision::End(End::Replayed)
            && policy.on_reuse == OnReuse::EndSubject
            && let Some(swap) = ended_subject(&family.record, subject, self.asked.now)
        {
            self.state = State::EndingSubject(swap);
            return Step::Need(self);
        }
        let Some(chain) = policy.next(&facts, decision, self.asked.now) else {
            return Step::Done(self.concluded(family.record, decision));
        };
        let mut record = family.record;
        if decision == Decision::Rotate {
            let pepper = self.parts.secrets.signs();
            let next = self.asked.token.next(pepper, &self.asked.salt);
            record.push(&next, pepper, self.asked.salt);
        }
        record.set_chain(&chain);
        let swap = Swap {
            id: record.id,
            expected: family.version,
            record,
        };
        self.state = State::Writing(Box::new(swap), decision);
        Step::Need(self)
    }

    /// The store was asked to rotate: it has, or it gives the rows that are decided on, or it did not look.
    //= docs/spec/refresh.md#S-9
    fn tried(
        self,
        rotation: &Rotation,
        family: Option<Row<RefreshFamily>>,
        subject: Option<Row<Subject>>,
    ) -> Step<Self> {
        let Some(family) = family else {
            return Step::Need(self);
        };
        if !rotation.is_made(&family.record) {
            return self.read(Some(family), subject);
        }
        let token = rotation.token(self.parts.secrets.signs());
        let genuine = self.asked.genuine(&family.record, &self.parts.secrets);
        Step::Done(genuine.and_then(|()| self.given(family.record, How::Rotated, Some(token))))
    }

    /// What the rule says of a genuine row, and of which facts.
    fn decided(
        &self,
        family: &RefreshFamily,
        subject: Option<&Row<Subject>>,
    ) -> Result<(Facts, Decision), RefreshError> {
        self.asked.genuine(family, &self.parts.secrets)?;
        let facts = self.asked.facts(family, subject)?;
        let decision = self.asked.decided(&self.parts.policy, &facts)?;
        Ok((facts, decision))
    }

    /// What was decided, and written where something had to be.
    fn concluded(&self, family: RefreshFamily, decision: Decision) -> Outcome {
        let how = decision.outcome(self.session())?;
        let token = match how {
            How::Minted | How::Same => None,
            How::Retried | How::RetriedLate | How::Rotated => Some(self.again(&family)?),
        };
        self.given(family, how, token)
    }

    fn given(&self, family: RefreshFamily, how: How, token: Option<Secret>) -> Outcome {
        let session = self.session();
        let bad = |BadRow(_)| RefreshError::Tampered { session };
        let followed = family.chain().map_err(bad)?;
        let is_followed = how == How::RetriedLate && followed.followed >= FOLLOWED;
        Ok(Refreshed {
            session: Session::try_from(family).map_err(bad)?,
            how,
            token,
            is_followed,
        })
    }

    /// The newest token, made from the one that was presented; never a guess.
    //= docs/spec/refresh.md#S-4
    fn again(&self, family: &RefreshFamily) -> Result<Secret, RefreshError> {
        let made = family.again(&self.asked.token, &self.parts.secrets);
        let session = self.session();
        let (token, pepper) = made.ok_or(RefreshError::Broken { session })?;
        Ok(token.print(pepper))
    }

    /// A swap lost: somebody else wrote; look again.
    fn lost(mut self) -> Step<Self> {
        self.tries -= 1;
        match self.tries {
            0 => Step::Done(Err(RefreshError::Contended {
                session: self.session(),
            })),
            _ => Step::Need(self),
        }
    }
}

/// The subject's next version, past the session's; none if it has one already.
fn ended_subject(
    family: &RefreshFamily,
    subject: Option<Row<Subject>>,
    now: Time,
) -> Option<Swap<Subject>> {
    let (expected, mut record) = match subject {
        Some(row) => (row.version, row.record),
        None => (0, Subject::new(&family.tenant, &family.subject, now)),
    };
    if record.user_ver > family.user_ver {
        return None;
    }
    record.user_ver = family.user_ver.saturating_add(1);
    record.updated_at = record.updated_at.max(now);
    let id = record.row();
    Some(Swap {
        id,
        expected,
        record,
    })
}

impl Pending for PendingRefresh {
    type Op = LinkedOp<RefreshFamily, Subject>;
    type Outcome = Outcome;

    fn op(&self) -> Self::Op {
        match &self.state {
            State::Reading => LinkedOp::Load(LoadLinked::new(self.asked.token.session)),
            State::Rotating(rotation) => {
                LinkedOp::Edit(rotation.edit(&self.asked, &self.parts.policy))
            }
            State::EndingSubject(swap) => LinkedOp::SwapNamed(swap.clone()),
            State::Writing(swap, _) => LinkedOp::Swap((**swap).clone()),
        }
    }

    fn finish(mut self, reply: Result<Linked<RefreshFamily, Subject>, Unavailable>) -> Step<Self> {
        let session = self.session();
        let Ok(reply) = reply else {
            return Step::Done(Err(RefreshError::Unavailable { session }));
        };
        match (core::mem::replace(&mut self.state, State::Reading), reply) {
            (State::Reading, (family, subject)) => self.read(family, subject),
            (State::Rotating(rotation), (family, subject)) => {
                self.tried(&rotation, family, subject)
            }
            (State::EndingSubject(_), (_, Some(_))) => Step::Need(self),
            (State::Writing(_, decision), (Some(row), _)) => {
                Step::Done(self.concluded(row.record, decision))
            }
            (State::EndingSubject(_) | State::Writing(..), _) => self.lost(),
        }
    }
}

impl Refreshed {
    /// The session, as it is now.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// How the token was answered.
    pub const fn how(&self) -> How {
        self.how
    }

    /// The refresh token that its client stores in the place of the one that it has; none when it keeps that. Storing one again that it has
    /// already would, on a slow line, take back a newer one.
    pub const fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Whether the parent of the newest token came late for the third generation in a row: somebody may follow with a copy. Nothing
    /// is ended; look at it.
    pub const fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// The answer as an audit event at `now`: how it was answered, or `refresh_follower_suspected`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let name = if self.is_followed {
            "refresh_follower_suspected"
        } else {
            self.how.event()
        };
        self.session.event(name, now)
    }
}

impl How {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            How::Minted => "minted",
            How::Retried => "retried",
            How::RetriedLate => "retried_late",
            How::Rotated => "rotated",
            How::Same => "same",
        }
    }

    /// What events call it.
    const fn event(self) -> &'static str {
        match self {
            How::Minted => "refresh_minted",
            How::Retried => "refresh_retried",
            How::RetriedLate => "refresh_retried_late",
            How::Rotated => "refresh_rotated",
            How::Same => "refresh_same",
        }
    }
}

impl Decision {
    /// How a token is answered by it, or why it is not.
    pub(crate) fn outcome(self, session: SessionId) -> Result<How, RefreshError> {
        Ok(match self {
            Decision::End(end) => return Err(RefreshError::ended_now(session, end)),
            Decision::Refuse(why) => return Err(RefreshError::refused(session, why)),
            Decision::Mint => How::Minted,
            Decision::Retry { late: true } => How::RetriedLate,
            Decision::Retry { late: false } => How::Retried,
            Decision::Rotate => How::Rotated,
            Decision::Same => How::Same,
        })
    }
}

impl RefreshError {
    fn refused(session: SessionId, why: Why) -> Self {
        match why {
            Why::Busy { retry_at } => RefreshError::Busy { session, retry_at },
            Why::Clock { behind } => RefreshError::Clock { session, behind },
            Why::Ended(end, at) => RefreshError::Ended { session, end, at },
            Why::Expired { at } => RefreshError::Expired { session, at },
            Why::Holder => RefreshError::Holder { session },
            Why::StoreBehind => RefreshError::StoreBehind { session },
            Why::SubjectDisabled { since } => RefreshError::SubjectDisabled { session, since },
            Why::Superseded => RefreshError::Superseded { session },
            Why::UserVer {
                session: issued,
                current,
            } => RefreshError::UserVer {
                session,
                issued,
                current,
            },
        }
    }

    /// It ended by this very token.
    fn ended_now(session: SessionId, end: End) -> Self {
        match end {
            End::Replayed => RefreshError::Replayed { session },
            End::StoreBehind => RefreshError::StoreBehind { session },
            End::LoggedOut | End::Revoked | End::Unconfirmed => {
                RefreshError::Unconfirmed { session }
            }
        }
    }
}

/// How often a lost swap is tried again. Each was lost to one that won; who loses this many asks again.
const TRIES: u8 = 128;
/// After how many generations in a row with late retries somebody may be following.
const FOLLOWED: i64 = 2;

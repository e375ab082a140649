//! May a genuine token still act? One look at a store says so.

mod cache;
mod error;
mod record;
mod version;
mod write;

pub use cache::StandingCache;
pub use error::{IssueError, StandingError, StandingWriteError};
pub use record::{AccessKey, Denied};
pub use version::SubjectVersion;
pub use write::{
    AccessKeyEdit, ChangeAccessKey, ChangeSubject, DenyEdit, DenyToken, Edit, StandingWrite,
    SubjectEdit,
};

use alloc::string::String;
use alloc::sync::Arc;

use counterseal_core::{LoadTogether, Pending, Row, Step, Subject, Time, Together, Unavailable};

use crate::{JwtSetupError, VerifiedToken};

/// What a store must know of a token, so that it may act.
///
/// The version of a token that names none is 0, and so is that of a subject which is not stored: with [`Self::any_subject`]
/// nothing has to be stored until the first token is taken back.
#[derive(Clone, Debug)]
pub struct StandingPolicy {
    tenant: String,
    any_subject: bool,
    needs_access_key: bool,
}

/// A token that waits for what the store knows of it.
#[must_use]
pub struct PendingStanding<'t> {
    token: Genuine<'t>,
    subject: [u8; 16],
    denied: Option<[u8; 16]>,
    access_key: Option<[u8; 16]>,
    any_subject: bool,
    needs_access_key: bool,
    pub(crate) ticket: Option<Ticket>,
}

/// A genuine token, lent or given: whoever keeps verified tokens lends them.
#[allow(clippy::large_enum_variant)] // a given token is not worth an allocation
pub enum Genuine<'t> {
    /// Lent.
    Lent(&'t VerifiedToken<'t>),
    /// Given.
    Given(VerifiedToken<'t>),
    /// Held together with others.
    Shared(Arc<VerifiedToken<'static>>),
}

/// When a load began, and in which state of its cache.
pub(crate) struct Ticket {
    pub(crate) state: Arc<()>,
    pub(crate) began: Time,
}

/// A genuine token that may act: its subject stands, and neither it nor its access key was taken back.
///
/// ```compile_fail
/// fn forge<'t>(token: counterseal_jwt::Genuine<'t>) -> counterseal_jwt::LiveToken<'t> {
///     counterseal_jwt::LiveToken { token, ticket: None }
/// }
/// ```
pub struct LiveToken<'t> {
    pub(crate) token: Genuine<'t>,
    pub(crate) ticket: Option<Ticket>,
}

impl StandingPolicy {
    /// Tokens whose subjects are stored under `tenant`, 1 to 255 bytes: one name for each issuer, because ids of two issuers
    /// may be alike.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`] when the name is empty or too long.
    pub fn new(tenant: &str) -> Result<Self, JwtSetupError> {
        if tenant.is_empty() || tenant.len() > 255 {
            return Err(JwtSetupError::Text { name: "tenant" });
        }
        Ok(StandingPolicy {
            tenant: tenant.into(),
            any_subject: false,
            needs_access_key: false,
        })
    }

    /// The same, also for subjects that are not stored.
    #[must_use]
    pub fn any_subject(self) -> Self {
        StandingPolicy {
            any_subject: true,
            ..self
        }
    }

    /// The same, for tokens that name an access key only.
    #[must_use]
    pub fn with_access_key(self) -> Self {
        StandingPolicy {
            needs_access_key: true,
            ..self
        }
    }

    /// Begins to ask about a token. A token of another issuer that has no id cannot be denied by it.
    pub fn begin<'t>(&self, token: impl Into<Genuine<'t>>) -> Step<PendingStanding<'t>> {
        Step::Need(self.pending(token.into(), None))
    }

    pub(crate) fn pending<'t>(
        &self,
        held: Genuine<'t>,
        ticket: Option<Ticket>,
    ) -> PendingStanding<'t> {
        //= docs/spec/access.md#A-8
        let (tenant, token) = (&self.tenant, held.token());
        PendingStanding {
            subject: Subject::row_of(tenant, token.subject()),
            denied: token.id().map(|jti| Denied::row_of(tenant, jti)),
            access_key: token
                .access_key()
                .map(|akid| AccessKey::row_of(tenant, akid)),
            any_subject: self.any_subject,
            needs_access_key: self.needs_access_key,
            token: held,
            ticket,
        }
    }
}

impl<'t> Genuine<'t> {
    pub(crate) fn token(&self) -> &VerifiedToken<'t> {
        match self {
            Genuine::Lent(token) => token,
            Genuine::Given(token) => token,
            Genuine::Shared(token) => token,
        }
    }
}

impl<'a, 'b: 'a> From<&'a VerifiedToken<'b>> for Genuine<'a> {
    fn from(token: &'a VerifiedToken<'b>) -> Self {
        Genuine::Lent(token)
    }
}

impl<'t> From<VerifiedToken<'t>> for Genuine<'t> {
    fn from(token: VerifiedToken<'t>) -> Self {
        Genuine::Given(token)
    }
}

impl From<Arc<VerifiedToken<'static>>> for Genuine<'_> {
    fn from(token: Arc<VerifiedToken<'static>>) -> Self {
        Genuine::Shared(token)
    }
}

impl PendingStanding<'_> {
    fn check(&self, stored: &Together<Subject, Denied, AccessKey>) -> Result<(), StandingError> {
        //= docs/spec/access.md#A-9
        let (subject, denied, access_key) = stored;
        self.check_subject(subject.as_ref())?;
        self.check_access_key(access_key.as_ref())?;
        match denied {
            Some(_) => Err(StandingError::Denied {
                key: *self.token.token().key_id(),
            }),
            None => Ok(()),
        }
    }

    fn check_subject(&self, stored: Option<&Row<Subject>>) -> Result<(), StandingError> {
        let key = *self.token.token().key_id();
        let current = match stored {
            None if self.any_subject => 0,
            None => return Err(StandingError::SubjectUnknown { key }),
            Some(Row { record, .. }) => {
                if let Some(since) = record.disabled {
                    return Err(StandingError::SubjectDisabled { key, since });
                }
                record.user_ver
            }
        };
        let token = self.token.token().user_ver().unwrap_or(0);
        match token.cmp(&current) {
            core::cmp::Ordering::Equal => Ok(()),
            core::cmp::Ordering::Less => Err(StandingError::UserVer {
                key,
                token,
                current,
            }),
            // Nobody issues a version before it is stored. A store that has not seen it has not seen what else was taken
            // back since, so it cannot say that this token stands.
            core::cmp::Ordering::Greater => Err(StandingError::UserVerAhead {
                key,
                token,
                current,
            }),
        }
    }

    fn check_access_key(&self, stored: Option<&Row<AccessKey>>) -> Result<(), StandingError> {
        let is_good = match (self.access_key, stored) {
            (None, _) => !self.needs_access_key,
            (Some(_), None) => false,
            (Some(_), Some(Row { record, .. })) => {
                record.disabled.is_none() && record.subject == self.subject
            }
        };
        let key = *self.token.token().key_id();
        is_good
            .then_some(())
            .ok_or(StandingError::AccessKey { key })
    }
}

impl<'t> Pending for PendingStanding<'t> {
    type Op = LoadTogether<Subject, Denied, AccessKey>;
    type Outcome = Result<LiveToken<'t>, StandingError>;

    fn op(&self) -> Self::Op {
        LoadTogether::new([Some(self.subject), self.denied, self.access_key])
    }

    fn finish(
        self,
        reply: Result<Together<Subject, Denied, AccessKey>, Unavailable>,
    ) -> Step<Self> {
        let key = *self.token.token().key_id();
        let checked = match reply {
            Ok(stored) => self.check(&stored),
            Err(Unavailable) => Err(StandingError::Unavailable { key }),
        };
        Step::Done(checked.map(|()| LiveToken {
            token: self.token,
            ticket: self.ticket,
        }))
    }
}

impl<'t> LiveToken<'t> {
    /// The token.
    pub fn token(&self) -> &VerifiedToken<'t> {
        self.token.token()
    }
}

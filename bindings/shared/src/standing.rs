//! Whether a genuine token may still act, with host-made parts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use counterseal::core::{LoadTogether, Op, Pending, RowOp, Span, Step, Subject, Time, Unavailable};
use counterseal::jwt::{
    self, AccessKey, ChangeAccessKey, ChangeSubject, Denied, DenyToken, Edit, IssueError,
    StandingError, StandingPolicy, StandingWrite, StandingWriteError,
};

use crate::token_policy::seconds;
use crate::token_verify::INVALID;
use crate::waiting::{Erasable, Plain};
use crate::{Family, Problem, Verdict, VerifiedToken, Waiting, check_len, number, time};

/// Asks a store about subjects, tokens and access keys of one tenant, and takes them back there. Any number of threads may share it.
pub struct Standing {
    policy: StandingPolicy,
    tenant: String,
    cache: Option<Cache>,
}

type Cache = Arc<Mutex<jwt::StandingCache>>;

/// The members of a standing, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct StandingMembers<'a> {
    /// Under which name subjects are stored: one for each issuer.
    pub tenant: &'a str,
    /// Whether subjects that are not stored may act.
    pub any_subject: bool,
    /// Whether tokens must name an access key.
    pub with_access_key: bool,
    /// How long what a store said is trusted, in seconds: 0 to 60.
    pub cache_seconds: Option<i64>,
    /// For how many tokens.
    pub cache_places: Option<i64>,
}

/// A genuine token that may act.
#[derive(Clone)]
pub struct LiveToken(VerifiedToken);

/// A change of what may act.
#[derive(Clone, Copy)]
pub enum Change<'a> {
    /// Stores a subject, at version 0.
    Register {
        /// The subject.
        subject: &'a str,
    },
    /// Ends all tokens of a subject.
    Bump {
        /// The subject.
        subject: &'a str,
    },
    /// Ends all tokens of a subject, and takes no new ones.
    Disable {
        /// The subject.
        subject: &'a str,
    },
    /// Takes tokens of a subject that was disabled, new ones.
    Enable {
        /// The subject.
        subject: &'a str,
    },
    /// Ends one token.
    Deny {
        /// Its `jti`.
        id: &'a str,
        /// Its `exp`, in milliseconds.
        expires: i64,
    },
    /// Stores an access key of a subject.
    RegisterKey {
        /// The key, `akid`.
        access_key: &'a str,
        /// Its subject.
        subject: &'a str,
    },
    /// Ends the tokens of sessions that this access key opened, for good.
    DisableKey {
        /// The key, `akid`.
        access_key: &'a str,
    },
}

/// A token that is asked about, and the cache that may keep the answer.
struct Asked {
    pending: jwt::PendingStanding<'static>,
    token: VerifiedToken,
    cache: Option<Cache>,
    now: Time,
}

/// A change, after which the cache forgets whom it is about, however it went.
struct Changing<E: Edit> {
    pending: StandingWrite<E>,
    cache: Option<Cache>,
    about: About,
}

#[derive(Clone)]
enum About {
    Subject(String),
    Token(String),
    AccessKey(String),
}

impl Standing {
    /// What this tenant's store says.
    ///
    /// # Errors
    ///
    /// `jwt_setup_text`, `jwt_setup_window`, or an argument that cannot be.
    pub fn new(members: &StandingMembers<'_>) -> Result<Self, Problem> {
        let mut policy = StandingPolicy::new(members.tenant)?;
        if members.any_subject {
            policy = policy.any_subject();
        }
        if members.with_access_key {
            policy = policy.with_access_key();
        }
        let age = seconds("cache_seconds", members.cache_seconds.unwrap_or(0))?;
        let places = members.cache_places.unwrap_or(PLACES);
        let places = number("cache_places", places, 1, MOST_PLACES)?;
        let places = usize::try_from(places).expect("the range was checked");
        let cache = jwt::StandingCache::new(policy.clone(), age, places)?;
        Ok(Standing {
            policy,
            tenant: members.tenant.into(),
            cache: (age > Span::ZERO).then(|| Arc::new(Mutex::new(cache))),
        })
    }

    /// Asks whether this token may still act; ends in [`Verdict::Live`].
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn begin(&self, token: &VerifiedToken, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let proof = token.shared();
        let step = match &self.cache {
            Some(cache) => locked(cache).begin(proof, now),
            None => self.policy.begin(proof),
        };
        let token = token.clone();
        Ok(match step {
            Step::Need(pending) => {
                let cache = self.cache.clone();
                let asked = Asked {
                    pending,
                    token,
                    cache,
                    now,
                };
                Waiting::new(Step::Need(asked), now)
            }
            Step::Done(found) => {
                let found = found.map(|_| LiveToken(token));
                Waiting::new::<Asked>(Step::Done(found), now)
            }
        })
    }

    /// Asks at which version new tokens of a subject are issued; ends in [`Verdict::Version`].
    ///
    /// # Errors
    ///
    /// A name or an instant that cannot be.
    pub fn version_of(&self, subject: &str, now: i64) -> Result<Waiting, Problem> {
        check_len("subject", subject.len(), 1, 255)?;
        Ok(Waiting::new(
            self.policy.version_of(subject),
            time("now", now)?,
        ))
    }

    /// Makes a change at `now` (milliseconds); ends in [`Verdict::Done`].
    ///
    /// # Errors
    ///
    /// A name or an instant that cannot be.
    pub fn change(&self, change: Change<'_>, now: i64) -> Result<Waiting, Problem> {
        let (tenant, now) = (&self.tenant, time("now", now)?);
        change.check()?;
        let about = change.about();
        Ok(match change {
            Change::Register { subject } => {
                self.waiting(ChangeSubject::register(tenant, subject, now), about, now)
            }
            Change::Bump { subject } => {
                self.waiting(ChangeSubject::bump(tenant, subject, now), about, now)
            }
            Change::Disable { subject } => {
                self.waiting(ChangeSubject::disable(tenant, subject, now), about, now)
            }
            Change::Enable { subject } => {
                self.waiting(ChangeSubject::enable(tenant, subject, now), about, now)
            }
            Change::Deny { id, expires } => {
                let expires = time("expires", expires)?;
                self.waiting(DenyToken::begin(tenant, id, expires), about, now)
            }
            Change::RegisterKey {
                access_key,
                subject,
            } => {
                let step = ChangeAccessKey::register(tenant, access_key, subject, now);
                self.waiting(step, about, now)
            }
            Change::DisableKey { access_key } => {
                let step = ChangeAccessKey::disable(tenant, access_key, now);
                self.waiting(step, about, now)
            }
        })
    }

    fn waiting<E>(&self, step: Step<StandingWrite<E>>, about: About, now: Time) -> Waiting
    where
        E: Edit + Send + 'static,
        Changing<E>: Erasable<Outcome = Changed>,
    {
        let cache = self.cache.clone();
        let step = match step {
            Step::Need(pending) => Step::Need(Changing {
                pending,
                cache,
                about,
            }),
            Step::Done(made) => Step::Done(made.map(|_| ())),
        };
        Waiting::new::<Changing<E>>(step, now)
    }
}

impl Change<'_> {
    /// Whom the cache forgets after it.
    fn about(&self) -> About {
        match *self {
            Change::Register { subject }
            | Change::Bump { subject }
            | Change::Disable { subject }
            | Change::Enable { subject } => About::Subject(subject.into()),
            Change::Deny { id, .. } => About::Token(id.into()),
            Change::RegisterKey { access_key, .. } | Change::DisableKey { access_key } => {
                About::AccessKey(access_key.into())
            }
        }
    }

    /// Names are 1 to 255 bytes, as they are in tokens.
    fn check(&self) -> Result<(), Problem> {
        let names = match *self {
            Change::Register { subject }
            | Change::Bump { subject }
            | Change::Disable { subject }
            | Change::Enable { subject } => vec![("subject", subject)],
            Change::Deny { id, .. } => vec![("id", id)],
            Change::RegisterKey {
                access_key,
                subject,
            } => vec![("access_key", access_key), ("subject", subject)],
            Change::DisableKey { access_key } => vec![("access_key", access_key)],
        };
        for (name, text) in names {
            check_len(name, text.len(), 1, 255)?;
        }
        Ok(())
    }
}

impl LiveToken {
    /// The token.
    pub const fn token(&self) -> &VerifiedToken {
        &self.0
    }
}

impl Pending for Asked {
    type Op = LoadTogether<Subject, Denied, AccessKey>;
    type Outcome = Result<LiveToken, StandingError>;

    fn op(&self) -> Self::Op {
        self.pending.op()
    }

    fn finish(self, reply: Result<<Self::Op as Op>::Reply, Unavailable>) -> Step<Self> {
        let Asked {
            pending,
            token,
            cache,
            now,
        } = self;
        match pending.finish(reply) {
            Step::Need(pending) => Step::Need(Asked {
                pending,
                token,
                cache,
                now,
            }),
            Step::Done(found) => {
                if let (Some(cache), Ok(live)) = (&cache, &found) {
                    locked(cache).keep(live, now);
                }
                Step::Done(found.map(|_| LiveToken(token)))
            }
        }
    }
}

impl<E: Edit> Pending for Changing<E> {
    type Op = RowOp<E::Record>;
    type Outcome = Changed;

    fn op(&self) -> Self::Op {
        self.pending.op()
    }

    fn finish(self, reply: Result<<Self::Op as Op>::Reply, Unavailable>) -> Step<Self> {
        let Changing {
            pending,
            cache,
            about,
        } = self;
        match pending.finish(reply) {
            Step::Need(pending) => Step::Need(Changing {
                pending,
                cache,
                about,
            }),
            Step::Done(made) => {
                if let Some(cache) = &cache {
                    about.forget(&mut locked(cache));
                }
                Step::Done(made.map(|_| ()))
            }
        }
    }
}

impl About {
    fn forget(&self, cache: &mut jwt::StandingCache) {
        match self {
            About::AccessKey(id) => cache.forget_access_key(id),
            About::Subject(id) => cache.forget_subject(id),
            About::Token(id) => cache.forget_token(id),
        }
    }
}

impl Plain for Result<LiveToken, StandingError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        let refused = |error: StandingError| {
            let mut problem = Problem::told(Family::Token, &error, &error.event(at));
            problem.challenge_if_stranger(INVALID);
            problem
        };
        self.map(Verdict::Live).map_err(refused)
    }
}

impl Plain for Result<i64, IssueError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Version(self?))
    }
}

impl Plain for Changed {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        self?;
        Ok(Verdict::Done)
    }
}

type Changed = Result<(), StandingWriteError>;

fn locked(cache: &Cache) -> MutexGuard<'_, jwt::StandingCache> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For how many tokens an answer is kept, unless it is said.
const PLACES: i64 = 4_096;
const MOST_PLACES: i64 = 65_536;

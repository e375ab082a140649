//! The ceilings of an operator, and what one credential gets.

use alloc::vec::Vec;

use counterseal_core::{Bound, Lifetime, LifetimeError, Purpose, Span, Time};

use crate::TtlError;

/// How long credentials are issued for, by purpose. It is never longer than [`Purpose::longest`], and two policies meet in the shorter
/// ones, so that no layer of several can widen what another one allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlPolicy {
    access: Span,
    app: Span,
    job: Span,
    provisioner: Span,
    read_only_mint: Span,
    svid: Span,
}

/// What bounds one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ttl {
    bounds: Vec<Bound>,
}

impl TtlPolicy {
    /// The longest life of each purpose.
    pub const fn new() -> Self {
        TtlPolicy {
            access: Purpose::Access.longest(),
            app: Purpose::App.longest(),
            job: Purpose::Job.longest(),
            provisioner: Purpose::Provisioner.longest(),
            read_only_mint: Purpose::ReadOnlyMint.longest(),
            svid: Purpose::Svid.longest(),
        }
    }

    /// The same with credentials for this purpose that live no longer than `ttl`: 1 s to its longest life.
    ///
    /// # Errors
    ///
    /// [`TtlError::Window`].
    pub fn with(mut self, purpose: Purpose, ttl: Span) -> Result<Self, TtlError> {
        if !(Span::from_seconds(1)..=purpose.longest()).contains(&ttl) {
            return Err(TtlError::Window { purpose, ttl });
        }
        let place = match purpose {
            Purpose::Access => &mut self.access,
            Purpose::App => &mut self.app,
            Purpose::Job => &mut self.job,
            Purpose::Provisioner => &mut self.provisioner,
            Purpose::ReadOnlyMint => &mut self.read_only_mint,
            Purpose::Svid => &mut self.svid,
            _ => return Err(TtlError::Window { purpose, ttl }),
        };
        *place = ttl;
        Ok(self)
    }

    /// What both policies allow.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        TtlPolicy {
            access: self.access.min(other.access),
            app: self.app.min(other.app),
            job: self.job.min(other.job),
            provisioner: self.provisioner.min(other.provisioner),
            read_only_mint: self.read_only_mint.min(other.read_only_mint),
            svid: self.svid.min(other.svid),
        }
    }

    /// For access tokens.
    pub fn access(&self) -> Ttl {
        Ttl::of(Purpose::Access, self.access)
    }

    /// For tokens of an application.
    pub fn app(&self) -> Ttl {
        Ttl::of(Purpose::App, self.app)
    }

    /// For tokens of a job, which end no later than `end`: that of the token that the job came with.
    pub fn job(&self, end: Bound) -> Ttl {
        Ttl::of(Purpose::Job, self.job).within(end)
    }

    /// For tokens with which one service has another one do something now.
    pub fn provisioner(&self) -> Ttl {
        Ttl::of(Purpose::Provisioner, self.provisioner)
    }

    /// For access tokens that only read, while a page is made. They are access tokens too, so the shorter ceiling holds.
    pub fn read_only_mint(&self) -> Ttl {
        let access = Bound::ceiling(Purpose::Access.name(), self.access);
        Ttl::of(Purpose::ReadOnlyMint, self.read_only_mint).within(access)
    }

    /// For identities of workloads as tokens, JWT-SVIDs.
    pub fn svid(&self) -> Ttl {
        Ttl::of(Purpose::Svid, self.svid)
    }
}

impl Default for TtlPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl Ttl {
    fn of(purpose: Purpose, ttl: Span) -> Self {
        let bounds = alloc::vec![Bound::ceiling(purpose.name(), ttl)];
        Ttl { bounds }
    }

    /// The same within this bound too: the end of a session, of a key, of whatever the credential was given for.
    #[must_use]
    pub fn within(mut self, bound: Bound) -> Self {
        self.bounds.push(bound);
        self
    }

    /// The longest life, at most `asked` from `now` on, that every bound allows; its trail says what each of them cut away.
    ///
    /// # Errors
    ///
    /// [`LifetimeError`] when nothing is left, when a floor refuses, or for more bounds than [`MAX_BOUNDS`](counterseal_core::MAX_BOUNDS).
    pub fn clamp(&self, asked: Span, now: Time) -> Result<Lifetime, LifetimeError> {
        Lifetime::clamp(asked, &self.bounds, now)
    }

    /// The longest life that every bound allows.
    ///
    /// # Errors
    ///
    /// As [`Ttl::clamp`].
    pub fn longest(&self, now: Time) -> Result<Lifetime, LifetimeError> {
        self.clamp(Span::from_millis(i64::MAX), now)
    }
}

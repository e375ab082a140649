//! What credentials are for, and how long each may live at most: the one place that says so.

use crate::{Bound, Span};

/// What a credential is for.
///
/// The longest life of each stands here and nowhere else, since those who write credentials and those who read them import no other
/// room: verifiers take no longer ones unless they are told to, and a policy of an operator is shorter or equal.
///
/// ```
/// use counterseal_core::{Lifetime, Purpose, Span, Time};
/// let now = Time::from_seconds(1_800_000_000);
/// let life = Lifetime::clamp(Span::from_minutes(60), &[Purpose::Access.bound()], now)?;
/// assert_eq!((life.span(), life.decided_by()), (Span::from_minutes(30), "access"));
/// # Ok::<(), counterseal_core::LifetimeError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// An access token: 30 minutes.
    Access,
    /// A token of an application: 30 minutes.
    App,
    /// A token of a job, such as one of CI: 2 hours, and no longer than the token that the job came with.
    Job,
    /// A token with which one service has another one do something now: 2 minutes.
    Provisioner,
    /// An access token that is minted to read something while a page is made: a minute.
    ReadOnlyMint,
    /// The identity of a workload as a token, a JWT-SVID: an hour.
    Svid,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 6] = [
        Purpose::Access,
        Purpose::App,
        Purpose::Job,
        Purpose::Provisioner,
        Purpose::ReadOnlyMint,
        Purpose::Svid,
    ];

    /// Its name, as policies and trails have it.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Access => "access",
            Purpose::App => "app",
            Purpose::Job => "job",
            Purpose::Provisioner => "provisioner",
            Purpose::ReadOnlyMint => "read_only_mint",
            Purpose::Svid => "svid",
        }
    }

    /// The longest life of a credential for this.
    pub const fn longest(self) -> Span {
        match self {
            Purpose::Access | Purpose::App => Span::from_minutes(30),
            Purpose::Job => Span::from_minutes(120),
            Purpose::Provisioner => Span::from_seconds(120),
            Purpose::ReadOnlyMint => Span::from_seconds(60),
            Purpose::Svid => Span::from_minutes(60),
        }
    }

    /// The same as a bound of a clamp, under its name.
    pub const fn bound(self) -> Bound {
        Bound::ceiling(self.name(), self.longest())
    }
}

//! What a rotation keeps to.

use counterseal_core::Span;

use crate::RingSetupError;

/// How long keys are published before they sign and after they did, and how old what a host knows of them may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RotationPolicy {
    pub(crate) life: Span,
    pub(crate) max_age: Span,
    pub(crate) lead: Span,
    pub(crate) tolerance: Span,
    pub(crate) hosts: Span,
    pub(crate) period: Span,
}

impl RotationPolicy {
    /// For tokens that live up to `life` (1 s to 24 h) and verifiers that keep the published keys for up to `max_age` (1 s to 1 h).
    ///
    /// A key is published for `max_age`, or 10 min where that is more, and 12 min 30 s before it signs: no longer does a verifier
    /// go without looking that keeps to our own [`FetchPolicy`](crate::FetchPolicy), and no longer does one of our hosts publish
    /// what it read before. It stays published for `life` and 3 min after it has signed last: 2 min of leeway, which is the most
    /// that a policy has, and 1 min by which clocks differ.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for spans outside these bounds.
    pub fn new(life: Span, max_age: Span) -> Result<Self, RingSetupError> {
        within("life", life, Span::from_seconds(1), DAY)?;
        within("max_age", max_age, Span::from_seconds(1), HOUR)?;
        Ok(RotationPolicy {
            life,
            max_age,
            lead: max_age.max(USUAL_AGE).plus(MISSES).plus(HOSTS),
            tolerance: TOLERANCE,
            hosts: HOSTS,
            period: Span::ZERO,
        })
    }

    /// The same, where a host goes by what it read of the store for up to `hosts`: 1 s to 1 h, instead of 5 min. It should look
    /// again each minute; for the rest of this span it signs and publishes while the store does not answer. Keys are
    /// published for longer or shorter by the difference.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for more.
    pub fn with_hosts(mut self, hosts: Span) -> Result<Self, RingSetupError> {
        within("hosts", hosts, Span::from_seconds(1), HOUR)?;
        let rest = self.lead.millis() - self.hosts.millis();
        self.lead = Span::from_millis(rest).plus(hosts);
        self.hosts = hosts;
        Ok(self)
    }

    /// The same, where each key signs for `period` at least (0 to 366 days), so that the next one can be announced as soon as the last
    /// one took over. Then one always waits that verifiers know, and takes over at once, without a refusal, if the key that
    /// signs is revoked.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for more.
    pub fn with_period(mut self, period: Span) -> Result<Self, RingSetupError> {
        within("period", period, Span::ZERO, YEAR)?;
        self.period = period;
        Ok(self)
    }

    /// The same, where all verifiers are known: they look again once their copy is `max_age` old, and take tokens for up to
    /// `tolerance` after their end, by the issuer's clock. Keys are then published for `lead` before they sign: at least for `max_age`
    /// and for as long as a host goes by what it read. A verifier with our own fetcher looks again after 60 s at the earliest, and one that
    /// was asked for a key before it was published takes it for unknown for 5 min: a lead that is shorter by these is for others.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for a lead below that or above 25 h, or a tolerance outside of 0 to 10 min.
    pub fn with_lead(mut self, lead: Span, tolerance: Span) -> Result<Self, RingSetupError> {
        within("lead", lead, self.max_age.plus(self.hosts), DAY.plus(HOUR))?;
        within(
            "tolerance",
            tolerance,
            Span::ZERO,
            Span::from_seconds(10 * 60),
        )?;
        self.lead = lead;
        self.tolerance = tolerance;
        Ok(self)
    }

    /// How long tokens live at most.
    pub const fn life(&self) -> Span {
        self.life
    }

    /// How long a key is published before it signs.
    pub const fn lead(&self) -> Span {
        self.lead
    }

    /// How long a key is published after it has signed last.
    pub const fn keep(&self) -> Span {
        self.life.plus(self.tolerance)
    }

    /// For how long a host goes by what it read.
    pub const fn hosts(&self) -> Span {
        self.hosts
    }

    /// How long a key signs at least.
    pub const fn period(&self) -> Span {
        self.period
    }
}

fn within(name: &'static str, span: Span, least: Span, most: Span) -> Result<(), RingSetupError> {
    if !(least..=most).contains(&span) {
        return Err(RingSetupError::Window { name });
    }
    Ok(())
}

/// After how long our own fetcher looks again in any case.
const USUAL_AGE: Span = Span::from_minutes(10);
/// A pause of 30 s, a key that was asked for too early and is taken for unknown for 5 min, clocks that differ by 1 min, and a store
/// that takes 1 min to write.
const MISSES: Span = Span::from_seconds(450);
/// How long a host goes by what it read, unless it is said.
const HOSTS: Span = Span::from_minutes(5);
/// 2 min of leeway, and clocks that differ by 1 min.
const TOLERANCE: Span = Span::from_minutes(3);
const HOUR: Span = Span::from_minutes(60);
const DAY: Span = Span::from_minutes(24 * 60);
const YEAR: Span = Span::from_minutes(366 * 24 * 60);

//! What a rotation keeps to.

use counterseal_core::Span;

use crate::RingSetupError;

/// How long keys are published before they sign and after they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RotationPolicy {
    pub(crate) life: Span,
    pub(crate) max_age: Span,
    pub(crate) lead: Span,
    pub(crate) tolerance: Span,
}

impl RotationPolicy {
    /// For tokens that live up to `life` (1 s to 24 h) and verifiers that keep the published keys for up to `max_age` (1 s to 1 h).
    ///
    /// A key is published for `max_age`, or 10 min where that is more, and 6 min 30 s before it signs: no longer does a verifier
    /// go without looking that keeps to our own [`FetchPolicy`](crate::FetchPolicy). It stays published for `life` and 3 min after it has signed
    /// last: 2 min of leeway, which is the most that a policy has, and 1 min by which clocks differ.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for spans outside these bounds.
    pub fn new(life: Span, max_age: Span) -> Result<Self, RingSetupError> {
        let within = |span, most| (Span::from_seconds(1)..=most).contains(&span);
        if !within(life, Span::from_minutes(24 * 60)) {
            return Err(RingSetupError::Window { name: "life" });
        }
        if !within(max_age, Span::from_minutes(60)) {
            return Err(RingSetupError::Window { name: "max_age" });
        }
        Ok(RotationPolicy {
            life,
            max_age,
            lead: max_age.max(USUAL_AGE).plus(MISSES),
            tolerance: TOLERANCE,
        })
    }

    /// The same, where all verifiers are known: they look again once their copy is `max_age` old, and take tokens for up to
    /// `tolerance` after their end, by the issuer's clock. Keys are then published for `lead` before they sign: `max_age` at least.
    ///
    /// # Errors
    ///
    /// [`RingSetupError::Window`] for a lead below `max_age` or above 24 h, or a tolerance outside of 0 to 10 min.
    pub fn with_lead(mut self, lead: Span, tolerance: Span) -> Result<Self, RingSetupError> {
        if !(self.max_age..=Span::from_minutes(24 * 60)).contains(&lead) {
            return Err(RingSetupError::Window { name: "lead" });
        }
        if !(Span::ZERO..=Span::from_minutes(10)).contains(&tolerance) {
            return Err(RingSetupError::Window { name: "tolerance" });
        }
        self.lead = lead;
        self.tolerance = tolerance;
        Ok(self)
    }

    /// How long a key is published before it signs.
    pub const fn lead(&self) -> Span {
        self.lead
    }

    /// How long a key is published after it has signed last.
    pub const fn keep(&self) -> Span {
        self.life.plus(self.tolerance)
    }
}

/// After how long our own fetcher looks again in any case.
const USUAL_AGE: Span = Span::from_minutes(10);
/// A pause of 30 s, a key that was asked for too early and is taken for unknown for 5 min, and clocks that differ by 1 min.
const MISSES: Span = Span::from_seconds(390);
/// 2 min of leeway, and clocks that differ by 1 min.
const TOLERANCE: Span = Span::from_minutes(3);

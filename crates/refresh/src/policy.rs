//! How sessions rotate: windows, budgets, lives.

use core::fmt;

use counterseal_core::{Blame, Code, Refusal, Span};

/// How the sessions of one kind of client rotate.
///
/// | | default | bounds |
/// |---|---|---|
/// | window | 30 s | 1 s to 10 min |
/// | retries in a window | 32 | 1 to 1024 |
/// | idle | 14 days | longer than what an unconfirmed token is good for |
/// | absolute | 90 days | at least idle, at most 400 days |
/// | clocks differ by | 5 s | 0 to 60 s |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    pub(crate) window: Span,
    pub(crate) unconfirmed: Span,
    pub(crate) retries: i64,
    pub(crate) absolute: Span,
    pub(crate) idle: Span,
    pub(crate) skew: Span,
    pub(crate) on_reuse: OnReuse,
    pub(crate) binding: BindingRule,
}

/// How it is known that a client has stored the token that it was given.
///
/// Until then the token before it is taken again, and answered with the same one, since the answer may have been lost. There is no default:
/// what is safe depends on whether somebody calls [`Refresher::confirm`](crate::Refresher::confirm).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// By the next use of the new token alone. Someone who copied the old one and follows slowly, always asking before its owner
    /// does again, is not found.
    OnNextUse {
        /// How long the token before is good for: at most 10 minutes.
        within: Span,
    },
    /// The service confirms when an access token of the new generation comes from the client's own store.
    Wired {
        /// How long the token before is good for without that: at most 7 days.
        within: Span,
    },
}

/// What ends when a token is used after its successor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReuse {
    /// The session.
    #[default]
    EndSession,
    /// The session, and by a new version of their subject all others too.
    EndSubject,
}

/// Whether sessions are bound to what their clients hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BindingRule {
    /// They are not.
    None,
    /// They are where the client shows something.
    #[default]
    Prefer,
    /// No session begins without.
    Require,
}

/// A policy cannot be: a span is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRefreshPolicy {
    /// Which.
    pub name: &'static str,
}

impl RefreshPolicy {
    /// The policy with this way of confirming and the defaults.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] when the confirmation takes longer than it may, or is shorter than the window.
    pub fn new(confirmation: Confirmation) -> Result<Self, BadRefreshPolicy> {
        let (within, most) = match confirmation {
            Confirmation::OnNextUse { within } => (within, Span::from_minutes(10)),
            Confirmation::Wired { within } => (within, days(7)),
        };
        let policy = RefreshPolicy {
            window: Span::from_seconds(30),
            unconfirmed: inside("confirmation", within, Span::from_seconds(1), most)?,
            retries: 32,
            absolute: Self::ABSOLUTE,
            idle: Self::IDLE,
            skew: Span::from_seconds(5),
            on_reuse: OnReuse::EndSession,
            binding: BindingRule::Prefer,
        };
        policy.checked()
    }

    /// How long a session may lie unused, unless it is said.
    pub const IDLE: Span = days(14);
    /// How long it may last, unless it is said.
    pub const ABSOLUTE: Span = days(90);

    /// The same with another window: for how long after an answer its siblings, sent before that was stored, get the same. It is longer than
    /// a request, its answer and the difference of clocks together take. A token is rotated when it is older than two windows.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] out of its bounds.
    pub fn with_window(mut self, window: Span) -> Result<Self, BadRefreshPolicy> {
        let (least, most) = (Span::from_seconds(1), Span::from_minutes(10));
        self.window = inside("window", window, least, most)?;
        self.checked()
    }

    /// The same with another number of retries in a window.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] out of its bounds.
    pub fn with_retries(mut self, retries: u32) -> Result<Self, BadRefreshPolicy> {
        if !(1..=1_024).contains(&retries) {
            return Err(BadRefreshPolicy { name: "retries" });
        }
        self.retries = retries.into();
        Ok(self)
    }

    /// The same with other lives: a session is over when it was not used for `idle`, and in any case after `absolute`.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] out of their bounds.
    pub fn with_lives(mut self, idle: Span, absolute: Span) -> Result<Self, BadRefreshPolicy> {
        self.absolute = inside("absolute", absolute, Span::from_seconds(1), days(400))?;
        self.idle = inside("idle", idle, Span::from_seconds(1), absolute)?;
        self.checked()
    }

    /// The same for hosts whose clocks differ by this much, together with how long a request takes: its host reads the clock when it begins, and
    /// one that began later elsewhere may have written before it reads.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] out of its bounds.
    pub fn with_skew(mut self, skew: Span) -> Result<Self, BadRefreshPolicy> {
        self.skew = inside("skew", skew, Span::ZERO, Span::from_seconds(60))?;
        Ok(self)
    }

    /// The same with another answer to reuse.
    #[must_use]
    pub const fn on_reuse(mut self, on_reuse: OnReuse) -> Self {
        self.on_reuse = on_reuse;
        self
    }

    /// The same with another rule of binding.
    #[must_use]
    pub const fn with_binding(mut self, binding: BindingRule) -> Self {
        self.binding = binding;
        self
    }

    fn checked(self) -> Result<Self, BadRefreshPolicy> {
        if self.unconfirmed < self.window {
            return Err(BadRefreshPolicy {
                name: "confirmation",
            });
        }
        if self.idle <= self.unconfirmed {
            return Err(BadRefreshPolicy { name: "idle" });
        }
        Ok(self)
    }
}

const fn days(days: i64) -> Span {
    Span::from_minutes(days * 24 * 60)
}

pub(crate) fn inside(
    name: &'static str,
    span: Span,
    least: Span,
    most: Span,
) -> Result<Span, BadRefreshPolicy> {
    let is_inside = (least..=most).contains(&span);
    is_inside.then_some(span).ok_or(BadRefreshPolicy { name })
}

impl BadRefreshPolicy {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[POLICY];
}

impl Refusal for BadRefreshPolicy {
    fn code(&self) -> Code {
        POLICY
    }
}

impl fmt::Display for BadRefreshPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", POLICY.means, self.name)
    }
}

impl core::error::Error for BadRefreshPolicy {}

const POLICY: Code = Code {
    name: "refresh_policy",
    blame: Blame::Integrator,
    public: "internal_error",
    http: 500,
    means: "a span or a number of the policy of refresh tokens is out of its bounds",
    fix: "look at the bounds of what is named, at RefreshPolicy or SessionFeed; confirmation is at least the window, and idle longer than confirmation",
};

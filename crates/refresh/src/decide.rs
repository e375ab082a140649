//! The rotation rule: what a token that stands somewhere in its session's chain is answered with. One table, and pure.
//!
//! Facts come in, a decision goes out; nothing here knows a byte of a token, so that a model explores this very function.

use counterseal_core::{Span, Time};

use crate::RefreshPolicy;

/// Where a presented token stands in its session's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is the newest.
    Current,
    /// It is of a generation that the store has not seen.
    Newer,
    /// It is older than the parent.
    Older,
    /// The newest was made from it.
    Parent,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// To mint an access token without rotating, where nothing can be stored: nothing is written.
    Mint,
    /// A refresh token that is good from now on.
    Rotate,
}

/// What changes as a session is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chain {
    /// How many tokens came before the newest.
    pub generation: u32,
    /// When the newest was made.
    pub rotated_at: Time,
    /// When its parent was last answered while nobody had shown to have the newest; siblings of that request may come for a window after it.
    pub window_at: Time,
    /// Whether it is known that the client has the newest.
    pub confirmed: bool,
    /// How often the parent was retried in this window.
    pub retries: i64,
    /// How often it was retried late.
    pub late: i64,
    /// How many generations in a row were.
    pub followed: i64,
    /// When it is over unless it is used.
    pub idle_end: Time,
    /// How and when it ended, if it has.
    pub ended: Option<(End, Time)>,
}

/// How a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Its holder logged out.
    LoggedOut,
    /// A token was used after its successor.
    Replayed,
    /// Somebody ended it: its holder from another device, or an operator.
    Revoked,
    /// The store met a token that it has not seen made: it was set back.
    StoreBehind,
    /// Nobody showed in time that they had the newest token.
    Unconfirmed,
}

/// All that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Where the token stands.
    pub place: Place,
    /// Whether client and binding are those of the session.
    pub is_holder: bool,
    /// Where the chain stands.
    pub chain: Chain,
    /// When the session is over in any case.
    pub absolute_end: Time,
    /// The subject's version when the session began.
    pub version: i64,
    /// What the store says of the subject now; an unknown one has version 0.
    pub subject: Standing,
}

/// What the store says of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Its version.
    pub version: i64,
    /// Since when it is disabled, if it is.
    pub disabled: Option<Time>,
}

/// What is done. Exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The session ends, and nothing is given.
    End(End),
    /// An access token is given, and nothing is written.
    Mint,
    /// Nothing is given and nothing is written.
    Refuse(Why),
    /// The newest token is given once more, by the parent.
    Retry {
        /// Whether that comes after the window.
        late: bool,
    },
    /// A new token is made.
    Rotate,
    /// The token that was presented is given back: it is newer than a window.
    Same,
}

/// Why nothing is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The parent was retried as often as it may in one window.
    Busy {
        /// When it may be again.
        retry_at: Time,
    },
    /// The host's clock is behind by more than clocks differ.
    Clock {
        /// By how much.
        behind: Span,
    },
    /// The session has ended.
    Ended(End, Time),
    /// The session is over.
    Expired {
        /// Since when.
        at: Time,
    },
    /// Another client, or another binding.
    Holder,
    /// The store knows less of the subject than the session: it was set back.
    StoreBehind,
    /// The subject is disabled.
    SubjectDisabled {
        /// Since when.
        since: Time,
    },
    /// The token is one that would end the session, or not be taken, in a request that writes.
    Superseded,
    /// The session is of an earlier version of its subject.
    UserVer {
        /// The session's.
        session: i64,
        /// The subject's.
        current: i64,
    },
}

impl RefreshPolicy {
    /// What is done with a token about which these are the facts.
    ///
    /// Holder, clock, end, expiry come first; then the token's place; and before anything is given, the subject.
    //= docs/spec/refresh.md#S-7
    pub fn decide(&self, facts: &Facts, mode: Mode, now: Time) -> Decision {
        let decided = match self.refused(facts, now) {
            Some(why) => return Decision::Refuse(why),
            None => self.at_place(facts, facts.chain.at(now)),
        };
        let given = match (mode, decided) {
            (_, Decision::Refuse(_)) | (Mode::Rotate, Decision::End(_)) => return decided,
            (Mode::Mint, Decision::End(_)) => return Decision::Refuse(Why::Superseded),
            (Mode::Mint, _) => Decision::Mint,
            (Mode::Rotate, _) => decided,
        };
        facts.subject_refused().map_or(given, Decision::Refuse)
    }

    fn refused(&self, facts: &Facts, now: Time) -> Option<Why> {
        let chain = &facts.chain;
        if !facts.is_holder {
            return Some(Why::Holder);
        }
        let behind = chain.latest().since(now);
        if behind > self.skew {
            return Some(Why::Clock { behind });
        }
        if let Some((end, at)) = chain.ended {
            return Some(Why::Ended(end, at));
        }
        let at = chain.idle_end.min(facts.absolute_end);
        (chain.at(now) >= at).then_some(Why::Expired { at })
    }

    /// By the token's place alone.
    fn at_place(&self, facts: &Facts, now: Time) -> Decision {
        let chain = &facts.chain;
        // For a window its parent may be retried, and for another one the answer may be on its way: whoever stores that last would
        // take back a newer token.
        let is_settling = now.since(chain.latest()) <= self.window.times(2);
        match facts.place {
            Place::Current if is_settling => Decision::Same,
            Place::Current => Decision::Rotate,
            Place::Newer => Decision::End(End::StoreBehind),
            Place::Older => Decision::End(End::Replayed),
            Place::Parent => self.of_parent(chain, now),
        }
    }

    /// Its parent is taken in a window, and after that while nobody has shown to have the newest.
    fn of_parent(&self, chain: &Chain, now: Time) -> Decision {
        let is_in_window = now.since(chain.window_at) <= self.window;
        if is_in_window && chain.retries < self.retries {
            return Decision::Retry { late: false };
        }
        if is_in_window {
            let retry_at = chain.window_at.plus(self.window).plus(MILLISECOND);
            return Decision::Refuse(Why::Busy { retry_at });
        }
        if chain.confirmed {
            return Decision::End(End::Replayed);
        }
        if now.since(chain.rotated_at) <= self.unconfirmed {
            return Decision::Retry { late: true };
        }
        Decision::End(End::Unconfirmed)
    }

    /// The chain after this decision; none when nothing is written.
    //= docs/spec/refresh.md#S-8
    pub fn next(&self, facts: &Facts, decision: Decision, now: Time) -> Option<Chain> {
        let mut next = facts.chain;
        let now = next.at(now);
        match decision {
            Decision::Mint | Decision::Refuse(_) => return None,
            Decision::End(end) => next.ended = Some((end, now)),
            Decision::Retry { late: false } => {
                next.retries += 1;
                // What was sent before this answer is stored may still come.
                if !next.confirmed {
                    next.window_at = now;
                }
            }
            Decision::Retry { late: true } => {
                next.late += 1;
                next.retries = 0;
                next.window_at = now;
            }
            // Whoever uses a token has it.
            Decision::Same if next.confirmed => return None,
            Decision::Same => next.confirmed = true,
            Decision::Rotate => {
                let idle_end = now.plus(self.idle).min(facts.absolute_end);
                let followed = if next.late > 0 { next.followed + 1 } else { 0 };
                next = Chain {
                    followed,
                    ..Chain::begun(idle_end, now)
                };
                next.generation = facts.chain.generation.saturating_add(1);
            }
        }
        Some(next)
    }
}

impl Chain {
    /// The chain of a session that begins now.
    pub const fn begun(idle_end: Time, now: Time) -> Self {
        Chain {
            generation: 0,
            rotated_at: now,
            window_at: now,
            confirmed: false,
            retries: 0,
            late: 0,
            followed: 0,
            idle_end,
            ended: None,
        }
    }

    /// The last instant that it knows of.
    pub(crate) fn latest(&self) -> Time {
        self.rotated_at.max(self.window_at)
    }

    /// The instant that is decided at: a host whose clock is a little behind does not set time back.
    pub(crate) fn at(&self, now: Time) -> Time {
        now.max(self.latest())
    }
}

impl Facts {
    fn subject_refused(&self) -> Option<Why> {
        let Standing { version, disabled } = self.subject;
        if version < self.version {
            return Some(Why::StoreBehind);
        }
        if let Some(since) = disabled {
            return Some(Why::SubjectDisabled { since });
        }
        let (session, current) = (self.version, version);
        (current > session).then_some(Why::UserVer { session, current })
    }
}

impl End {
    /// Its name, as events and lists have it.
    pub const fn name(self) -> &'static str {
        match self {
            End::LoggedOut => "logged_out",
            End::Replayed => "replayed",
            End::Revoked => "revoked",
            End::StoreBehind => "store_behind",
            End::Unconfirmed => "unconfirmed",
        }
    }

    pub(crate) const ALL: [End; 5] = [
        End::LoggedOut,
        End::Replayed,
        End::Revoked,
        End::StoreBehind,
        End::Unconfirmed,
    ];
}

const MILLISECOND: Span = Span::from_millis(1);

//! What is known of a session from outside: every row that was written, and what was done to it.

use std::rc::Rc;

use counterseal_core::{Row, Time};
use counterseal_refresh::{How, RefreshFamily, Refreshed, Session, SessionId};

use crate::issuer::text;

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A token was given after an end was acknowledged.
    AfterEnd,
    /// A token was given after the session was over.
    AfterExpiry,
    /// A token was given to a session of an earlier version of its subject, or to a subject that was disabled.
    AfterVersion,
    /// A generation, an end, or an instant was taken back.
    Backwards,
    /// Two successors of one token, or answers that differ.
    Forked,
    /// An honest client lost its session.
    LoggedOut,
    /// An honest client, or a stranger, was answered in a way that nothing explains.
    Odd,
    /// A thief was answered in a session that is bound to a key.
    WithoutKey,
}

/// A token and its number.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Rc<str>,
    pub(super) generation: u32,
}

pub(super) struct Family {
    pub(super) id: SessionId,
    pub(super) subject: usize,
    pub(super) version: i64,
    pub(super) is_bound: bool,
    /// The newest that was answered, or the first.
    newest: Token,
    /// As it was written last.
    pub(super) rotated_at: Time,
    pub(super) idle_end: Time,
    pub(super) absolute_end: Time,
    /// Of the newest, whether it was answered or not.
    pub(super) generation: u32,
    is_ended: bool,
    /// A thief has used a token of it.
    pub(super) is_disturbed: bool,
    pub(super) ending: Ending,
}

/// What an operator knows of a session's end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    None,
    /// Somebody has asked for it.
    Asked,
    /// And was told that it has come.
    Acknowledged,
}

impl Family {
    pub(super) fn new(session: &Session, subject: usize, token: Token) -> Self {
        Family {
            id: session.id,
            subject,
            version: session.user_ver,
            is_bound: session.bound.is_some(),
            newest: token,
            rotated_at: session.used,
            idle_end: session.idle_end,
            absolute_end: session.absolute_end,
            generation: 0,
            is_ended: false,
            is_disturbed: false,
            ending: Ending::None,
        }
    }

    /// When it is over unless it is used.
    pub(super) fn end(&self) -> Time {
        self.idle_end.min(self.absolute_end)
    }

    pub(super) fn ask_to_end(&mut self) {
        self.ending = self.ending.max(Ending::Asked);
    }

    /// A row of it was written.
    pub(super) fn written(&mut self, row: &Row<RefreshFamily>) -> Result<(), Fault> {
        let Ok(session) = Session::try_from(row.record.clone()) else {
            return Err(Fault::Odd);
        };
        let by = session.generation.checked_sub(self.generation);
        let is_back = !matches!(by, Some(0 | 1))
            || session.absolute_end != self.absolute_end
            || session.idle_end < self.idle_end
            || session.used < self.rotated_at
            || self.is_ended && session.ended.is_none();
        if is_back {
            return Err(Fault::Backwards);
        }
        if by == Some(0) && session.used != self.rotated_at {
            return Err(Fault::Forked);
        }
        self.generation = session.generation;
        self.rotated_at = session.used;
        self.idle_end = session.idle_end;
        self.is_ended = session.ended.is_some();
        Ok(())
    }

    /// A token was answered: with the one successor that it has.
    pub(super) fn answered(
        &mut self,
        presented: u32,
        refreshed: &Refreshed,
    ) -> Result<Option<Token>, Fault> {
        let generation = refreshed.session().generation;
        let how = refreshed.how();
        let (Some(given), How::Rotated | How::Retried | How::RetriedLate) =
            (refreshed.token(), how)
        else {
            let is_none = refreshed.token().is_none();
            let is_newest = how == How::Minted || presented == self.generation;
            return (is_none && is_newest).then_some(None).ok_or(Fault::Forked);
        };
        let given = text(given);
        if generation != presented + 1 || generation != self.generation {
            return Err(Fault::Forked);
        }
        if generation == self.newest.generation {
            let is_same = how != How::Rotated && *given == *self.newest.text;
            return is_same
                .then(|| Some(self.newest.clone()))
                .ok_or(Fault::Forked);
        }
        // It was made now, or by a request whose answer nobody has seen.
        self.newest = Token {
            text: given.into(),
            generation,
        };
        Ok(Some(self.newest.clone()))
    }
}

//! What a client holds of its session, and what it has seen of it.

use counterseal_core::Time;
use counterseal_refresh::SessionId;

use super::Counts;
use crate::issuer::Issuer;

pub(super) struct Held {
    pub(super) session: SessionId,
    pub(super) token: String,
    pub(super) generation: u32,
    /// The token of each generation, once it was answered.
    made: Vec<Option<String>>,
    pub(super) end: End,
    /// Whether its end was acknowledged or seen in this round, in which others may have been answered before.
    is_seen: bool,
}

/// What is known of a session's end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    None,
    Asked,
    /// It was acknowledged, or seen.
    Known,
}

impl Held {
    pub(super) fn begin(issuer: &Issuer, number: u64, now: Time) -> Self {
        let (session, token) = issuer.begin(number, now);
        Held {
            session,
            made: vec![Some(token.clone())],
            token,
            generation: 0,
            end: End::None,
            is_seen: false,
        }
    }

    /// A token was answered; whether its client hears of it.
    pub(super) fn answered(
        &mut self,
        generation: u32,
        token: Option<String>,
        is_heard: bool,
        counts: &mut Counts,
    ) {
        counts.answers += 1;
        counts.resurrected += u64::from(self.end == End::Known);
        let Some(token) = token else { return };
        let at = usize::try_from(generation).expect("a small number");
        if self.made.len() <= at {
            self.made.resize(at + 1, None);
        }
        let first = self.made[at].get_or_insert_with(|| token.clone());
        counts.doubled += u64::from(*first != token);
        // An answer to an older token comes late; the client has asked with a newer one since.
        if is_heard && generation > self.generation {
            self.token = token;
            self.generation = generation;
        }
    }

    pub(super) const fn has_ended(&mut self) {
        self.is_seen = true;
    }

    /// A round is over: what was seen in it stays.
    pub(super) fn settle(&mut self) {
        if self.is_seen {
            self.end = End::Known;
        }
    }

    pub(super) fn refused(&mut self, code: &str, counts: &mut Counts) {
        match (code, self.end) {
            ("store_unavailable", _) => counts.unavailable += 1,
            ("refresh_ended", End::Asked | End::Known) => self.has_ended(),
            _ => counts.lost += 1,
        }
    }
}

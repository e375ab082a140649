//! The rotation as one step: all that the rule asks of a token that is rotated, as conditions that the store looks at while it writes.
//!
//! It never decides otherwise than [`RefreshPolicy::decide`](crate::RefreshPolicy::decide): where one of the conditions does not hold,
//! the rule itself is asked.

use alloc::vec;
use alloc::vec::Vec;

use counterseal_core::{Edit, Put, Secret, Subject, Time, Value, When};

use crate::asked::Asked;
use crate::family::RefreshFamily;
use crate::policy::RefreshPolicy;
use crate::secrets::Pepper;
use crate::session::Bound;
use crate::token::RefreshToken;

/// A rotation that the store is asked for.
pub(crate) struct Rotation {
    next: RefreshToken,
    next_mac: [u8; 32],
}

impl Rotation {
    /// The rotation of this token, to one of the secret that signs.
    pub(crate) fn of(asked: &Asked, pepper: &Pepper) -> Self {
        let next = asked.token.next(pepper, &asked.salt);
        let next_mac = next.row_mac(pepper);
        Rotation { next, next_mac }
    }

    /// As the store is asked for it.
    pub(crate) fn edit(
        &self,
        asked: &Asked,
        policy: &RefreshPolicy,
    ) -> Edit<RefreshFamily, Subject> {
        let (when, puts) = (when(asked, policy), self.puts(asked, policy));
        Edit::new("rotate", asked.token.session, when, puts)
    }

    /// Whether this is the row that it makes. Its salt was drawn for it, so nobody else makes the token; and a driver that asked twice
    /// may show a row that has ended since.
    pub(crate) fn is_made(&self, family: &RefreshFamily) -> bool {
        let goes_on = family.chain().is_ok_and(|chain| chain.ended.is_none());
        goes_on && family.is_newest(&self.next_mac)
    }

    /// The text of the token that it makes.
    pub(crate) fn token(&self, pepper: &Pepper) -> Secret {
        self.next.print(pepper)
    }

    /// What *rotate* writes. A token that is older than two windows is one whose host's clock is not behind.
    //= docs/spec/refresh.md#S-8
    fn puts(&self, asked: &Asked, policy: &RefreshPolicy) -> Vec<Put> {
        let time = |at: Time| Value::Int(at.millis());
        let idle_end = asked.now.plus(policy.idle).millis();
        vec![
            Put::To("generation", Value::Int(self.next.generation.into())),
            Put::To("current_mac", Value::Bytes(self.next_mac.into())),
            Put::To("current_by", Value::Int(self.next.secret_number.into())),
            Put::To("parent_mac", Value::Bytes(asked.row_mac.into())),
            Put::To("salt", Value::Bytes(asked.salt.into())),
            Put::To("rotated_at", time(asked.now)),
            Put::To("window_at", time(asked.now)),
            Put::To("confirmed", Value::Int(0)),
            Put::To("retries", Value::Int(0)),
            Put::To("followed", Value::Int(0)),
            Put::AtMost("idle_end", idle_end, "absolute_end"),
        ]
    }
}

/// What holds when the rule says *rotate*, and nothing that the rule looks at is left out. One thing is asked besides, so that what
/// is written is known: that the parent was not retried late.
//= docs/spec/refresh.md#S-7
fn when(asked: &Asked, policy: &RefreshPolicy) -> Vec<When> {
    let now = asked.now.millis();
    let settled = asked.now.minus(policy.window.times(2)).millis();
    let shown = asked.bound.map_or_else(Vec::new, Bound::to_bytes);
    vec![
        When::Is("client", Value::Text(asked.client.clone())),
        When::Either("bound", [Vec::new(), shown].map(Value::Bytes).into()),
        When::Is("ended", Value::Int(0)),
        When::Absent("ended_at"),
        When::Greater("idle_end", now),
        When::Greater("absolute_end", now),
        When::Is("generation", Value::Int(asked.token.generation.into())),
        When::Is("current_mac", Value::Bytes(asked.row_mac.into())),
        When::Less("rotated_at", settled),
        When::Less("window_at", settled),
        When::Is("late", Value::Int(0)),
        When::NamedSame("user_ver", "user_ver"),
        When::NamedAbsent("disabled"),
    ]
}

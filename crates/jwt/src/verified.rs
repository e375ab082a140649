//! What a genuine token says.

use alloc::borrow::Cow;

use counterseal_core::{KeyId, SpiffeId, Time};

use crate::claims::Facts;
use crate::{Binding, TokenAlgorithm};

/// A token that is genuine, for us, and in time. There is no other way to its claims.
///
/// ```compile_fail
/// let forged = counterseal_jwt::VerifiedToken { key: loop {}, algorithm: loop {}, payload: loop {}, facts: loop {} };
/// ```
pub struct VerifiedToken<'t> {
    pub(crate) key: KeyId,
    pub(crate) algorithm: TokenAlgorithm,
    pub(crate) payload: Cow<'t, str>,
    pub(crate) facts: Facts<'t>,
}

impl VerifiedToken<'_> {
    /// The key that signed it.
    pub const fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// The algorithm of that key.
    pub const fn algorithm(&self) -> TokenAlgorithm {
        self.algorithm
    }

    /// Whom it is about, `sub`: 1 to 255 bytes; up to 2048 of a JWT-SVID.
    pub fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// The same as the ID of a workload in the policy's trust domain; none but of a JWT-SVID, since other issuers may put anything there.
    pub fn spiffe_id(&self) -> Option<SpiffeId<'_>> {
        let id = SpiffeId::workload(&self.facts.subject).ok();
        id.filter(|_| self.facts.is_workload)
    }

    /// Its own id, `jti`: 1 to 255 bytes. Only tokens of other issuers may have none.
    pub fn id(&self) -> Option<&str> {
        self.facts.id.as_deref()
    }

    /// The session that it belongs to, `sid`.
    pub fn session(&self) -> Option<&str> {
        self.facts.session.as_deref()
    }

    /// The registered key with which its session was opened, `akid`.
    pub fn access_key(&self) -> Option<&str> {
        self.facts.access_key.as_deref()
    }

    /// The version of its subject when it was issued, `user_ver`.
    pub const fn user_ver(&self) -> Option<i64> {
        self.facts.user_ver
    }

    /// The generation of its session when it was issued, `gen`.
    pub const fn generation(&self) -> Option<i64> {
        self.facts.generation
    }

    /// When it was issued, `iat`. Of a JWT-SVID that does not say so: when it begins, or else the earliest that its end allows.
    pub const fn issued(&self) -> Time {
        self.facts.issued
    }

    /// From when on it is valid: the later one of `nbf` and `iat`, without leeway.
    pub const fn begins(&self) -> Time {
        self.facts.begins
    }

    /// When it is over, `exp`, without leeway.
    pub const fn expires(&self) -> Time {
        self.facts.expires
    }

    /// The key that it is bound to, `cnf`, which the peer has shown to hold.
    pub const fn binding(&self) -> Option<&Binding> {
        self.facts.binding.as_ref()
    }

    /// All claims, as the JSON object that was signed: each name once at every level.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The same, apart from the space that it was read in.
    pub fn into_owned(self) -> VerifiedToken<'static> {
        let VerifiedToken {
            key,
            algorithm,
            payload,
            facts,
        } = self;
        VerifiedToken {
            key,
            algorithm,
            payload: owned(payload),
            facts: facts.into_owned(),
        }
    }
}

impl Facts<'_> {
    fn into_owned(self) -> Facts<'static> {
        Facts {
            subject: owned(self.subject),
            id: self.id.map(owned),
            session: self.session.map(owned),
            access_key: self.access_key.map(owned),
            ..self
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

//! A token that is presented: what the rule is asked about it, and what it says.

use alloc::string::String;

use counterseal_core::{BadRow, Row, Subject, Time};

use crate::decide::{Decision, Facts, Mode, Standing};
use crate::error::RefreshError;
use crate::family::RefreshFamily;
use crate::policy::RefreshPolicy;
use crate::secrets::{Pepper, RefreshSecrets};
use crate::session::{Bound, Holder, SessionId};
use crate::token::RefreshToken;

/// A token whose tag holds, who presents it, and what for.
pub(crate) struct Asked {
    pub(crate) token: RefreshToken,
    pub(crate) row_mac: [u8; 32],
    /// Whether the token's secret is one that sessions go on from.
    pub(crate) verifies: bool,
    pub(crate) client: String,
    pub(crate) bound: Option<Bound>,
    pub(crate) mode: Mode,
    pub(crate) salt: [u8; 16],
    pub(crate) now: Time,
}

impl Asked {
    /// A token of this secret that is presented to be rotated, where nothing is rotated yet.
    pub(crate) fn of(token: RefreshToken, pepper: &Pepper, holder: &Holder<'_>, now: Time) -> Self {
        Asked {
            row_mac: token.row_mac(pepper),
            verifies: pepper.verifies(),
            token,
            client: holder.client.into(),
            bound: holder.bound,
            mode: Mode::Rotate,
            salt: [0; 16],
            now,
        }
    }

    pub(crate) fn session(&self) -> SessionId {
        SessionId::new(self.token.session)
    }

    /// Nothing is given from a row whose seal differs.
    //= docs/spec/refresh.md#S-6
    pub(crate) fn genuine(
        &self,
        family: &RefreshFamily,
        secrets: &RefreshSecrets,
    ) -> Result<(), RefreshError> {
        let session = self.session();
        match family.is_genuine(secrets) {
            Some(true) => Ok(()),
            Some(false) => Err(RefreshError::Tampered { session }),
            None => Err(RefreshError::SecretUnknown),
        }
    }

    /// All that the rule compares, of a genuine row.
    pub(crate) fn facts(
        &self,
        family: &RefreshFamily,
        subject: Option<&Row<Subject>>,
    ) -> Result<Facts, RefreshError> {
        let session = self.session();
        let bad = |BadRow(_)| RefreshError::Tampered { session };
        let bound = family.bound().map_err(bad)?;
        let is_bound = bound.is_none() || bound == self.bound;
        let subject = subject.map(|row| &row.record);
        Ok(Facts {
            place: family.place(&self.token, &self.row_mac),
            is_holder: *family.client == *self.client && is_bound,
            chain: family.chain().map_err(bad)?,
            absolute_end: family.absolute_end,
            version: family.user_ver,
            subject: Standing {
                version: subject.map_or(0, |subject| subject.user_ver),
                disabled: subject.and_then(|subject| subject.disabled),
            },
        })
    }

    /// What the rule says, and that a session does not go on from a token of a secret that only detects.
    //= docs/spec/refresh.md#S-2
    pub(crate) fn decided(
        &self,
        policy: &RefreshPolicy,
        facts: &Facts,
    ) -> Result<Decision, RefreshError> {
        match policy.decide(facts, self.mode, self.now) {
            Decision::Rotate | Decision::Same | Decision::Retry { .. } | Decision::Mint
                if !self.verifies =>
            {
                Err(RefreshError::SecretUnknown)
            }
            decision => Ok(decision),
        }
    }
}

//! Whether a genuine token may still act.

use counterseal_shared::{self as shared, Change, StandingMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer};
use crate::token_verify::HeldToken;
use crate::waiting::Waiting;

/// Asks a store about subjects, tokens and access keys of one tenant, and takes them back there.
#[napi]
pub struct Standing(shared::Standing);

/// The members of a standing beyond its tenant; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct StandingOptions {
    /// Whether subjects that are not stored may act.
    pub any_subject: bool,
    /// Whether tokens must name an access key.
    pub with_access_key: bool,
    /// How long what a store said is trusted.
    pub cache_seconds: Option<i64>,
    /// For how many tokens.
    pub cache_places: Option<i64>,
}

#[napi]
impl Standing {
    /// What this tenant's store says.
    #[napi]
    pub fn create(tenant: String, options: StandingOptions) -> Answer<Standing> {
        answer("Standing.create", || {
            let standing = shared::Standing::new(&StandingMembers {
                tenant: &tenant,
                any_subject: options.any_subject,
                with_access_key: options.with_access_key,
                cache_seconds: options.cache_seconds,
                cache_places: options.cache_places,
            })?;
            Ok(Standing(standing))
        })
    }

    /// Asks whether this token may still act.
    #[napi]
    pub fn begin(&self, token: &HeldToken, now: i64) -> Answer<Waiting> {
        answer("Standing.begin", || {
            Ok(Waiting::new(self.0.begin(&token.token, now)?))
        })
    }

    /// Asks at which version new tokens of a subject are minted.
    #[napi]
    pub fn version_of(&self, subject: String, now: i64) -> Answer<Waiting> {
        answer("Standing.versionOf", || {
            Ok(Waiting::new(self.0.version_of(&subject, now)?))
        })
    }

    /// Stores a subject.
    #[napi]
    pub fn register(&self, subject: String, now: i64) -> Answer<Waiting> {
        let change = Change::Register { subject: &subject };
        self.change("Standing.register", change, now)
    }

    /// Ends all tokens of a subject.
    #[napi]
    pub fn bump(&self, subject: String, now: i64) -> Answer<Waiting> {
        self.change("Standing.bump", Change::Bump { subject: &subject }, now)
    }

    /// Ends all tokens of a subject, and takes no new ones.
    #[napi]
    pub fn disable(&self, subject: String, now: i64) -> Answer<Waiting> {
        let change = Change::Disable { subject: &subject };
        self.change("Standing.disable", change, now)
    }

    /// Takes new tokens of a subject that was disabled.
    #[napi]
    pub fn enable(&self, subject: String, now: i64) -> Answer<Waiting> {
        let change = Change::Enable { subject: &subject };
        self.change("Standing.enable", change, now)
    }

    /// Ends one token.
    #[napi]
    pub fn deny(&self, id: String, expires: i64, now: i64) -> Answer<Waiting> {
        self.change("Standing.deny", Change::Deny { id: &id, expires }, now)
    }

    /// Stores an access key of a subject.
    #[napi]
    pub fn register_key(&self, access_key: String, subject: String, now: i64) -> Answer<Waiting> {
        let change = Change::RegisterKey {
            access_key: &access_key,
            subject: &subject,
        };
        self.change("Standing.registerKey", change, now)
    }

    /// Ends the tokens of sessions that this access key opened, for good.
    #[napi]
    pub fn disable_key(&self, access_key: String, now: i64) -> Answer<Waiting> {
        let change = Change::DisableKey {
            access_key: &access_key,
        };
        self.change("Standing.disableKey", change, now)
    }
}

impl Standing {
    fn change(&self, name: &'static str, change: Change<'_>, now: i64) -> Answer<Waiting> {
        answer(name, || Ok(Waiting::new(self.0.change(change, now)?)))
    }
}

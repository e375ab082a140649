//! Sessions that go on by refresh tokens.

use std::borrow::Cow;

use counterseal_shared::{
    self as shared, HolderMembers, NewSessionMembers, NumberedSecret, RefreshMembers,
    RefreshSecretMembers, WhichMembers,
};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, answer};
use crate::waiting::Waiting;

/// Begins, refreshes, confirms, ends and lists sessions of one kind of client.
#[napi]
pub struct Refresher(shared::Refresher);

/// A policy, and the secrets behind the tokens; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct RefreshOptions {
    /// `wired` or `on_next_use`.
    pub confirmation: String,
    /// For how long an answer that may be lost is given again.
    pub within_seconds: i64,
    /// For how long after an answer its siblings get the same.
    pub window_seconds: Option<i64>,
    /// How often in a window.
    pub retries: Option<i64>,
    /// How long a session may lie unused.
    pub idle_seconds: Option<i64>,
    /// How long it may last.
    pub absolute_seconds: Option<i64>,
    /// By how much clocks differ.
    pub skew_seconds: Option<i64>,
    /// `session` or `subject`.
    pub on_reuse: Option<String>,
    /// `none`, `prefer` or `require`.
    pub binding: Option<String>,
    /// The secret that signs.
    pub signing: RefreshSecret,
    /// Those that sessions still go on from.
    pub verifying: Vec<RefreshSecret>,
    /// Those whose tokens are only known to be stolen.
    pub detecting: Vec<RefreshSecret>,
}

/// A secret and its number.
#[napi(object, object_to_js = false)]
pub struct RefreshSecret {
    /// 0 to 255.
    pub number: i64,
    /// 32 bytes or more.
    pub secret: Uint8Array,
}

/// A session that begins.
#[napi(object, object_to_js = false)]
pub struct NewSession {
    /// The subject's version.
    pub user_ver: i64,
    /// What its holder calls the device.
    pub device: Option<String>,
    /// What it grants.
    pub access: Option<String>,
}

/// Who presents a token.
#[napi(object, object_to_js = false)]
pub struct Holder {
    /// The client.
    pub client: String,
    /// The secret of its device.
    pub device_secret: Option<Uint8Array>,
    /// The thumbprint of its key.
    pub key: Option<Uint8Array>,
}

/// Which sessions of a subject; nothing stands for all.
#[napi(object, object_to_js = false)]
pub struct Which {
    /// All but this one.
    pub but: Option<String>,
    /// Those of this client.
    pub client: Option<String>,
    /// Those of this device.
    pub device: Option<String>,
}

/// A session. Times are milliseconds.
#[napi(object, object_from_js = false)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Whose subject.
    pub tenant: String,
    /// Whose it is.
    pub subject: String,
    /// The subject's version when it began.
    pub user_ver: i64,
    /// Which client's.
    pub client: String,
    /// What its holder calls the device.
    pub device: String,
    /// What it grants.
    pub access: String,
    /// What it is bound to.
    pub bound_by: Option<String>,
    /// How many refresh tokens came before the newest.
    pub generation: u32,
    /// When it began.
    pub began: i64,
    /// When its newest token was made.
    pub used: i64,
    /// When it is over unless it is used.
    pub idle_end: i64,
    /// When it is over.
    pub absolute_end: i64,
    /// How it ended, if it did before.
    pub ended_by: Option<String>,
    /// When it did.
    pub ended: Option<i64>,
}

/// Sessions that a decision ended in, and how: a list, one, or one that goes on.
#[napi(object, object_from_js = false)]
pub struct Sessions {
    /// How a token was answered; nothing where none was.
    pub how: Option<String>,
    /// The token that the client stores.
    pub token: Option<String>,
    /// Whether somebody may follow with a copy.
    pub is_followed: bool,
    /// The audit event of the answer.
    pub event: Option<String>,
    /// Whether it is a list.
    pub is_list: bool,
    /// The sessions.
    pub found: Vec<Session>,
}

#[napi]
impl Refresher {
    /// Refreshes by this policy, with tokens of these secrets.
    #[napi]
    pub fn create(options: RefreshOptions) -> Answer<Refresher> {
        answer("Refresher.create", || {
            let members = RefreshMembers {
                confirmation: &options.confirmation,
                within_seconds: options.within_seconds,
                window_seconds: options.window_seconds,
                retries: options.retries,
                idle_seconds: options.idle_seconds,
                absolute_seconds: options.absolute_seconds,
                skew_seconds: options.skew_seconds,
                on_reuse: options.on_reuse.as_deref(),
                binding: options.binding.as_deref(),
            };
            let secrets = RefreshSecretMembers {
                signing: options.signing.numbered(),
                verifying: options
                    .verifying
                    .iter()
                    .map(RefreshSecret::numbered)
                    .collect(),
                detecting: options
                    .detecting
                    .iter()
                    .map(RefreshSecret::numbered)
                    .collect(),
            };
            Ok(Refresher(shared::Refresher::new(&members, &secrets)?))
        })
    }

    /// Begins a session.
    #[napi]
    pub fn begin_session(
        &self,
        tenant: String,
        subject: String,
        new: NewSession,
        holder: Holder,
        now: i64,
        seed: &[u8],
    ) -> Answer<Waiting> {
        answer("Refresher.beginSession", || {
            let new = NewSessionMembers {
                tenant: &tenant,
                subject: &subject,
                user_ver: new.user_ver,
                device: new.device.as_deref(),
                access: new.access.as_deref(),
            };
            let begun = self.0.begin_session(&new, &holder.members(), now, seed)?;
            Ok(Waiting::new(begun))
        })
    }

    /// Begins to refresh with this token.
    #[napi]
    pub fn refresh(&self, token: String, holder: Holder, now: i64, seed: &[u8]) -> Answer<Waiting> {
        answer("Refresher.refresh", || {
            Ok(Waiting::new(self.0.refresh(
                &token,
                &holder.members(),
                now,
                seed,
            )?))
        })
    }

    /// Begins to ask for an access token without rotating.
    #[napi]
    pub fn mint(&self, token: String, holder: Holder, now: i64) -> Answer<Waiting> {
        answer("Refresher.mint", || {
            Ok(Waiting::new(self.0.mint(&token, &holder.members(), now)?))
        })
    }

    /// Looks at what refreshing with this token would do, and writes nothing.
    #[napi]
    pub fn explain(&self, token: String, holder: Holder, now: i64) -> Answer<Waiting> {
        answer("Refresher.explain", || {
            Ok(Waiting::new(self.0.explain(
                &token,
                &holder.members(),
                now,
            )?))
        })
    }

    /// What a text says that it is, if it has the form of a refresh token, as text for people.
    #[napi]
    pub fn inspect(token: String) -> Answer<String> {
        answer("Refresher.inspect", || {
            Ok(shared::inspect_refresh_token(&token))
        })
    }

    /// Confirms that the client has stored the token of this generation.
    #[napi]
    pub fn confirm(&self, session: String, generation: i64, now: i64) -> Answer<Waiting> {
        answer("Refresher.confirm", || {
            Ok(Waiting::new(self.0.confirm(&session, generation, now)?))
        })
    }

    /// Ends a session: its holder logs out.
    #[napi]
    pub fn log_out(&self, session: String, now: i64) -> Answer<Waiting> {
        answer("Refresher.logOut", || {
            Ok(Waiting::new(self.0.log_out(&session, now)?))
        })
    }

    /// Ends a session, by someone else.
    #[napi]
    pub fn revoke(&self, session: String, now: i64) -> Answer<Waiting> {
        answer("Refresher.revoke", || {
            Ok(Waiting::new(self.0.revoke(&session, now)?))
        })
    }

    /// Ends sessions of a subject.
    #[napi]
    pub fn revoke_all(
        &self,
        tenant: String,
        subject: String,
        which: Which,
        now: i64,
    ) -> Answer<Waiting> {
        answer("Refresher.revokeAll", || {
            let which = WhichMembers {
                but: which.but.as_deref(),
                client: which.client.as_deref(),
                device: which.device.as_deref(),
            };
            Ok(Waiting::new(
                self.0.revoke_all(&tenant, &subject, &which, now)?,
            ))
        })
    }

    /// Lists the sessions of a subject that are not over.
    #[napi]
    pub fn sessions(&self, tenant: String, subject: String, now: i64) -> Answer<Waiting> {
        answer("Refresher.sessions", || {
            Ok(Waiting::new(self.0.sessions(&tenant, &subject, now)?))
        })
    }
}

impl RefreshSecret {
    fn numbered(&self) -> NumberedSecret<'_> {
        (self.number, Cow::Borrowed(&self.secret))
    }
}

impl Holder {
    fn members(&self) -> HolderMembers<'_> {
        HolderMembers {
            client: &self.client,
            device_secret: self.device_secret.as_deref(),
            key: self.key.as_deref(),
        }
    }
}

impl Sessions {
    /// A session that goes on.
    pub(crate) fn refreshed(refreshed: &shared::Refreshed) -> Self {
        Sessions {
            how: Some(refreshed.how().into()),
            token: refreshed.token().map(Into::into),
            is_followed: refreshed.is_followed(),
            event: Some(refreshed.event().into()),
            ..Sessions::of(&[refreshed.session().clone()], false)
        }
    }

    /// A list of sessions, or one.
    pub(crate) fn of(sessions: &[shared::Session], is_list: bool) -> Self {
        Sessions {
            how: None,
            token: None,
            is_followed: false,
            event: None,
            is_list,
            found: sessions.iter().map(told).collect(),
        }
    }
}

fn told(session: &shared::Session) -> Session {
    Session {
        id: session.id().into(),
        tenant: session.tenant().into(),
        subject: session.subject().into(),
        user_ver: session.user_ver(),
        client: session.client().into(),
        device: session.device().into(),
        access: session.access().into(),
        bound_by: session.bound_by().map(Into::into),
        generation: session.generation(),
        began: session.began(),
        used: session.used(),
        idle_end: session.idle_end(),
        absolute_end: session.absolute_end(),
        ended_by: session.ended_by().map(Into::into),
        ended: session.ended(),
    }
}

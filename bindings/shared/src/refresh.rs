//! Sessions that go on by refresh tokens, with host-made parts.

use std::borrow::Cow;

use counterseal::core::{Secret, Span, Time};
use counterseal::refresh::{
    self, BadRefreshSecrets, Begun, BindingRule, Bound, Confirmation, Holder, NewSession, OnReuse,
    RefreshError, RefreshExplanation, RefreshPolicy, RefreshSecrets, SessionError, SessionId,
    Which,
};

use crate::token_policy::{choice, seconds};
use crate::waiting::Plain;
use crate::{
    ArgumentFault, Family, Problem, Session, Verdict, Waiting, check_len, number, seed, time,
};

/// Begins, refreshes, confirms, ends and lists sessions of one kind of client. Any number of threads may share it.
pub struct Refresher(refresh::Refresher);

/// The members of a policy, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct RefreshMembers<'a> {
    /// `wired` or `on_next_use`: how it is known that a client has stored what it was given.
    pub confirmation: &'a str,
    /// For how long an answer that may be lost is given again, in seconds.
    pub within_seconds: i64,
    /// For how long after an answer its siblings get the same, in seconds.
    pub window_seconds: Option<i64>,
    /// How often in a window.
    pub retries: Option<i64>,
    /// How long a session may lie unused, in seconds.
    pub idle_seconds: Option<i64>,
    /// How long it may last, in seconds.
    pub absolute_seconds: Option<i64>,
    /// By how much clocks differ, in seconds.
    pub skew_seconds: Option<i64>,
    /// `session` or `subject`: what ends when a token was used after its successor.
    pub on_reuse: Option<&'a str>,
    /// `none`, `prefer` or `require`: whether sessions are bound to what their client shows.
    pub binding: Option<&'a str>,
}

/// A secret and its number.
pub type NumberedSecret<'a> = (i64, Cow<'a, [u8]>);

/// The secrets behind the tokens, each with its number.
#[derive(Default)]
pub struct RefreshSecretMembers<'a> {
    /// The one that signs.
    pub signing: NumberedSecret<'a>,
    /// Those that sessions still go on from.
    pub verifying: Vec<NumberedSecret<'a>>,
    /// Those whose tokens are only known to be stolen.
    pub detecting: Vec<NumberedSecret<'a>>,
}

/// A session that begins, as the host gave it.
#[derive(Default)]
pub struct NewSessionMembers<'a> {
    /// Whose subjects these are.
    pub tenant: &'a str,
    /// Whose session.
    pub subject: &'a str,
    /// The subject's version.
    pub user_ver: i64,
    /// What its holder calls the device; empty unless it is given.
    pub device: Option<&'a str>,
    /// What it grants; empty unless it is given.
    pub access: Option<&'a str>,
}

/// Who presents a token, as the host gave it.
#[derive(Clone, Copy, Default)]
pub struct HolderMembers<'a> {
    /// The client.
    pub client: &'a str,
    /// The secret of its device.
    pub device_secret: Option<&'a [u8]>,
    /// The thumbprint of its key.
    pub key: Option<&'a [u8]>,
}

/// Which sessions of a subject, as the host gave it; none of them stands for all.
#[derive(Default)]
pub struct WhichMembers<'a> {
    /// All but this one.
    pub but: Option<&'a str>,
    /// Those of this client.
    pub client: Option<&'a str>,
    /// Those of this device.
    pub device: Option<&'a str>,
}

/// What a holder of a session gets.
pub struct Refreshed {
    session: Session,
    how: &'static str,
    token: Option<String>,
    is_followed: bool,
    event: String,
}

impl Refresher {
    /// Refreshes by this policy, with tokens of these secrets.
    ///
    /// # Errors
    ///
    /// `refresh_policy`, `refresh_secret_number`, `key_too_short`, or an argument that cannot be.
    pub fn new(
        members: &RefreshMembers<'_>,
        secrets: &RefreshSecretMembers<'_>,
    ) -> Result<Self, Problem> {
        let policy = members.policy()?;
        Ok(Refresher(refresh::Refresher::new(policy, secrets.made()?)))
    }

    /// Begins a session, with a seed of 40 random bytes; ends in [`Verdict::Refreshed`].
    ///
    /// # Errors
    ///
    /// `refresh_session_member`, `refresh_session_binding`, or an argument that cannot be.
    pub fn begin_session(
        &self,
        new: &NewSessionMembers<'_>,
        holder: &HolderMembers<'_>,
        now: i64,
        random: &[u8],
    ) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let Holder { client, bound } = holder.made()?;
        let new = NewSession {
            tenant: new.tenant,
            subject: new.subject,
            user_ver: new.user_ver,
            client,
            device: new.device.unwrap_or_default(),
            access: new.access.unwrap_or_default(),
            bound,
        };
        let seed = seed("seed", random)?;
        Ok(Waiting::new(self.0.begin_session(&new, now, &seed)?, now))
    }

    /// Begins to refresh with this token and a seed of 16 random bytes; ends in [`Verdict::Refreshed`].
    ///
    /// # Errors
    ///
    /// `refresh_..` where the token is none of ours, or an argument that cannot be.
    pub fn refresh(
        &self,
        token: &str,
        holder: &HolderMembers<'_>,
        now: i64,
        random: &[u8],
    ) -> Result<Waiting, Problem> {
        let (now, seed) = (time("now", now)?, seed("seed", random)?);
        let step = self.0.refresh(token, &holder.made()?, now, &seed);
        Ok(Waiting::new(
            step.map_err(|error| refused(&error, now))?,
            now,
        ))
    }

    /// Begins to ask for an access token without rotating; ends in [`Verdict::Refreshed`].
    ///
    /// # Errors
    ///
    /// As [`Self::refresh`].
    pub fn mint(
        &self,
        token: &str,
        holder: &HolderMembers<'_>,
        now: i64,
    ) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let step = self.0.mint(token, &holder.made()?, now);
        Ok(Waiting::new(
            step.map_err(|error| refused(&error, now))?,
            now,
        ))
    }

    /// Looks at what refreshing with this token would do, and writes nothing; ends in [`Verdict::Explained`], also where it would be refused.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn explain(
        &self,
        token: &str,
        holder: &HolderMembers<'_>,
        now: i64,
    ) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let step = self.0.explain(token, &holder.made()?, now);
        Ok(Waiting::new(step, now))
    }

    /// Confirms that the client has stored the token of this generation; ends in [`Verdict::Session`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn confirm(&self, session: &str, generation: i64, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let generation = number("generation", generation, 0, u32::MAX.into())?;
        let generation = u32::try_from(generation).expect("the range was checked");
        let step = self
            .0
            .confirm(session_id("session", session)?, generation, now);
        Ok(Waiting::new(step, now))
    }

    /// Ends a session: its holder logs out; ends in [`Verdict::Session`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn log_out(&self, session: &str, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let step = self.0.log_out(session_id("session", session)?, now);
        Ok(Waiting::new(step, now))
    }

    /// Ends a session, by someone else; ends in [`Verdict::Session`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn revoke(&self, session: &str, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let step = self.0.revoke(session_id("session", session)?, now);
        Ok(Waiting::new(step, now))
    }

    /// Ends sessions of a subject; ends in [`Verdict::Count`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn revoke_all(
        &self,
        tenant: &str,
        subject: &str,
        which: &WhichMembers<'_>,
        now: i64,
    ) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        check_names(tenant, subject)?;
        let step = self.0.revoke_all(tenant, subject, which.made()?, now);
        Ok(Waiting::new(step, now))
    }

    /// Lists the sessions of a subject that are not over; ends in [`Verdict::Sessions`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn sessions(&self, tenant: &str, subject: &str, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        check_names(tenant, subject)?;
        Ok(Waiting::new(self.0.sessions(tenant, subject, now), now))
    }
}

impl RefreshMembers<'_> {
    fn policy(&self) -> Result<RefreshPolicy, Problem> {
        let within = seconds("within_seconds", self.within_seconds)?;
        let mut policy = RefreshPolicy::new(match self.confirmation {
            "on_next_use" => Confirmation::OnNextUse { within },
            "wired" => Confirmation::Wired { within },
            _ => return Err(choice("confirmation", "on_next_use or wired")),
        })?;
        if let Some(window) = self.window_seconds {
            policy = policy.with_window(seconds("window_seconds", window)?)?;
        }
        if let Some(retries) = self.retries {
            let retries = number("retries", retries, 0, u32::MAX.into())?;
            policy = policy.with_retries(u32::try_from(retries).expect("the range was checked"))?;
        }
        if self.idle_seconds.is_some() || self.absolute_seconds.is_some() {
            let life = |name, told: Option<i64>, usual: Span| {
                told.map_or(Ok(usual), |told| seconds(name, told))
            };
            let idle = life("idle_seconds", self.idle_seconds, RefreshPolicy::IDLE)?;
            let absolute = life(
                "absolute_seconds",
                self.absolute_seconds,
                RefreshPolicy::ABSOLUTE,
            )?;
            policy = policy.with_lives(idle, absolute)?;
        }
        if let Some(skew) = self.skew_seconds {
            policy = policy.with_skew(seconds("skew_seconds", skew)?)?;
        }
        policy = policy.on_reuse(match self.on_reuse {
            None | Some("session") => OnReuse::EndSession,
            Some("subject") => OnReuse::EndSubject,
            Some(_) => return Err(choice("on_reuse", "session or subject")),
        });
        Ok(policy.with_binding(match self.binding {
            Some("none") => BindingRule::None,
            None | Some("prefer") => BindingRule::Prefer,
            Some("require") => BindingRule::Require,
            Some(_) => return Err(choice("binding", "none, prefer or require")),
        }))
    }
}

impl RefreshSecretMembers<'_> {
    fn made(&self) -> Result<RefreshSecrets, Problem> {
        let one = |(told, bytes): &NumberedSecret<'_>| -> Result<(u8, Secret), Problem> {
            let told = number("number", *told, 0, u8::MAX.into())?;
            Ok((
                u8::try_from(told).expect("the range was checked"),
                Secret::new(bytes.to_vec()),
            ))
        };
        let (number, secret) = one(&self.signing)?;
        let mut secrets = RefreshSecrets::signing(number, &secret)?;
        for told in &self.verifying {
            let (number, secret) = one(told)?;
            secrets = secrets.verifying(number, &secret)?;
        }
        for told in &self.detecting {
            let (number, secret) = one(told)?;
            secrets = secrets.detecting(number, &secret)?;
        }
        Ok(secrets)
    }
}

impl<'a> HolderMembers<'a> {
    fn made(&self) -> Result<Holder<'a>, Problem> {
        let bound = match (self.device_secret, self.key) {
            (None, None) => None,
            (Some(secret), None) => {
                check_len("device_secret", secret.len(), 16, 1_024)?;
                Some(Bound::device(secret))
            }
            (None, Some(print)) => {
                check_len("key", print.len(), 32, 32)?;
                Some(Bound::Key(
                    print.try_into().expect("the length was checked"),
                ))
            }
            (Some(_), Some(_)) => {
                return Err(choice("key", "a key or the secret of a device, not both"));
            }
        };
        Ok(Holder {
            client: self.client,
            bound,
        })
    }
}

impl WhichMembers<'_> {
    fn made(&self) -> Result<Which, Problem> {
        Ok(match (self.but, self.client, self.device) {
            (None, None, None) => Which::All,
            (Some(session), None, None) => Which::AllBut(session_id("but", session)?),
            (None, Some(client), None) => Which::OfClient(client.into()),
            (None, None, Some(device)) => Which::OfDevice(device.into()),
            _ => return Err(choice("but", "one of but, client and device")),
        })
    }
}

impl Refreshed {
    /// The session, as it is now.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// How the token was answered: `begun`, `minted`, `retried`, `retried_late`, `rotated` or `same`.
    pub const fn how(&self) -> &'static str {
        self.how
    }

    /// The refresh token that the client stores; none where it keeps the one that it has.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether somebody may follow with a copy.
    pub const fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// The answer as one line of JSON for the audit log.
    pub fn event(&self) -> &str {
        &self.event
    }
}

impl Plain for Result<Begun, SessionError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        let begun = self?;
        Ok(Verdict::Refreshed(Box::new(Refreshed {
            session: Session::new(begun.session().clone()),
            how: "begun",
            token: Some(text(begun.token())),
            is_followed: false,
            event: begun.event(at).to_string(),
        })))
    }
}

impl Plain for Result<refresh::Refreshed, RefreshError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        let refreshed = self.map_err(|error| refused(&error, at))?;
        Ok(Verdict::Refreshed(Box::new(Refreshed {
            session: Session::new(refreshed.session().clone()),
            how: refreshed.how().name(),
            token: refreshed.token().map(text),
            is_followed: refreshed.is_followed(),
            event: refreshed.event(at).to_string(),
        })))
    }
}

impl Plain for RefreshExplanation {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Explained(self.to_string()))
    }
}

impl Plain for Result<refresh::Session, SessionError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Session(Box::new(Session::new(self?))))
    }
}

impl Plain for Result<Vec<refresh::Session>, SessionError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Sessions(
            self?.into_iter().map(Session::new).collect(),
        ))
    }
}

impl Plain for Result<u32, SessionError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Count(self?))
    }
}

impl From<BadRefreshSecrets> for Problem {
    fn from(bad: BadRefreshSecrets) -> Self {
        match bad {
            BadRefreshSecrets::Weak(weak) => weak.into(),
            BadRefreshSecrets::Number { .. } => Problem::from_refusal(Family::Refresh, &bad),
        }
    }
}

/// What a text says that it is, if it has the form of a refresh token, as text for people.
pub fn inspect_refresh_token(token: &str) -> String {
    refresh::inspect(token)
}

/// A refusal with its audit event, and whether the client is to forget its tokens.
fn refused(error: &RefreshError, at: Time) -> Problem {
    let mut problem = Problem::told(Family::Refresh, error, &error.event(at));
    problem.challenge_if_stranger("Bearer");
    problem.clearing(error.clears_cookies())
}

/// A token as text: it is ASCII.
fn text(token: &Secret) -> String {
    String::from_utf8_lossy(token.expose()).into_owned()
}

fn session_id(name: &'static str, text: &str) -> Result<SessionId, ArgumentFault> {
    let wanted = "the id of a session, 22 letters";
    SessionId::parse(text).ok_or(ArgumentFault::Choice { name, wanted })
}

fn check_names(tenant: &str, subject: &str) -> Result<(), ArgumentFault> {
    check_len("tenant", tenant.len(), 1, 255)?;
    check_len("subject", subject.len(), 1, 255)
}

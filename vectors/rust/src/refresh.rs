//! Sessions that go on by refresh tokens: the operation `sessions` of the room `refresh`.

use counterseal::core::{
    Pending, Refusal, Run, Secret, Seed, Span, Step, Subject, Time, Unavailable, drive,
};
use counterseal::jwt::{ChangeSubject, Edit, StandingWrite};
use counterseal::refresh::{
    BindingRule, Bound, ChangeSession, Confirmation, Holder, NewSession, OnReuse, PendingRefresh,
    RefreshError, RefreshPolicy, RefreshSecrets, Refresher, Session, SessionFeed, SessionId, Which,
    inspect,
};
use counterseal_memory::Memory;
use counterseal_testkit::WINDOW;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Hex, Observation};

/// Secrets, and what becomes of sessions one step after the other.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsInput {
    pub(crate) secrets: SecretsInput,
    pub(crate) steps: Vec<SessionStep>,
}

/// Secrets by their numbers.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsInput {
    pub(crate) signing: (u8, Hex),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) verifying: Vec<(u8, Hex)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) detecting: Vec<(u8, Hex)>,
}

/// What happens at an instant.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct SessionStep {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) does: Does,
    /// Whether the store gives no answer to the first question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) fails: bool,
}

/// What a step does.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Does {
    /// A session begins.
    Begin {
        seed: Hex,
        new: NewInput,
        holder: HolderInput,
    },
    /// All tokens of a subject end.
    Bump { subject: String },
    /// It is known that a client has stored a token.
    Confirm { session: String, generation: u32 },
    /// A subject may not act any more.
    Disable { subject: String },
    /// What would a token be answered with, and why?
    Explain { token: String, holder: HolderInput },
    /// Which sessions have ended? And what becomes of access tokens of these, some milliseconds later?
    Feed {
        trusted_for_seconds: i64,
        asked: Vec<Option<String>>,
        after: i64,
    },
    /// What does a text say that it is?
    Inspect { token: String },
    /// A holder logs out.
    LogOut { session: String },
    /// An access token alone is asked for.
    Mint { token: String, holder: HolderInput },
    /// A token is presented.
    Refresh {
        token: String,
        seed: Hex,
        holder: HolderInput,
    },
    /// A session is ended by someone else.
    Revoke { session: String },
    /// Sessions of a subject are.
    RevokeAll { subject: String, which: WhichInput },
    /// From now on these secrets are used.
    Roll { secrets: SecretsInput },
    /// Which sessions has a subject?
    Sessions { subject: String },
}

/// A session that begins.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInput {
    pub(crate) tenant: String,
    pub(crate) subject: String,
    pub(crate) user_ver: i64,
    pub(crate) device: String,
    pub(crate) access: String,
}

/// Which sessions of a subject; none of them stands for all.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WhichInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) but: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
}

/// Who presents a token.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolderInput {
    pub(crate) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device_secret: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Hex>,
}

/// The members of a policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyMembers {
    confirmation: ConfirmationName,
    within_seconds: i64,
    window_seconds: Option<i64>,
    retries: Option<u32>,
    idle_seconds: Option<i64>,
    absolute_seconds: Option<i64>,
    skew_seconds: Option<i64>,
    on_reuse: Option<ReuseName>,
    binding: Option<BindingName>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConfirmationName {
    OnNextUse,
    Wired,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReuseName {
    Session,
    Subject,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BindingName {
    None,
    Prefer,
    Require,
}

/// Steps one after the other, over one store.
pub(crate) fn sessions(case: &Case) -> Result<Observation, CaseError> {
    let input: SessionsInput = input(case)?;
    let members = Value::Object(case.policy.clone().ok_or(CaseError::Policy)?);
    let members: PolicyMembers = serde_json::from_value(members).map_err(CaseError::Input)?;
    let set_up = || {
        let policy = members.policy()?;
        let secrets = input.secrets.made()?;
        Ok(Host {
            refresher: Refresher::new(policy, secrets),
            policy,
            store: Memory::new(WINDOW, PLACES, Time::from_millis(case.now)),
        })
    };
    let mut host = match set_up() {
        Ok(host) => host,
        Err(refusal) => return Ok(observed(Err(refusal))),
    };
    let steps = input.steps.iter().map(|step| host.step(step));
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    Ok(Observation::accepted(json!({"steps": steps})))
}

/// A service with its store.
struct Host {
    refresher: Refresher,
    policy: RefreshPolicy,
    store: Memory,
}

impl Host {
    fn step(&mut self, step: &SessionStep) -> Result<Value, CaseError> {
        let now = Time::from_millis(step.at);
        let refresher = &self.refresher;
        let session = |id: &str| SessionId::parse(id).ok_or(CaseError::Step);
        Ok(match &step.does {
            Does::Begin { seed, new, holder } => {
                let begun = refresher.begin_session(&new.of(holder)?, now, &seeded(seed)?);
                told(self.driven(begun, step.fails), |begun| {
                    given("begun", Some(begun.token()), begun.session())
                })
            }
            Does::Refresh {
                token,
                seed,
                holder,
            } => {
                let begun = refresher.refresh(token, &holder.made()?, now, &seeded(seed)?);
                self.refreshed(begun, step.fails)
            }
            Does::Mint { token, holder } => {
                self.refreshed(refresher.mint(token, &holder.made()?, now), step.fails)
            }
            Does::Explain { token, holder } => {
                let begun = refresher.explain(token, &holder.made()?, now);
                json!({"text": self.ran(begun, step.fails).to_string()})
            }
            Does::Inspect { token } => json!({"text": inspect(token)}),
            Does::Confirm {
                session: id,
                generation,
            } => self.changed(
                refresher.confirm(session(id)?, *generation, now),
                step.fails,
            ),
            Does::LogOut { session: id } => {
                self.changed(refresher.log_out(session(id)?, now), step.fails)
            }
            Does::Revoke { session: id } => {
                self.changed(refresher.revoke(session(id)?, now), step.fails)
            }
            Does::RevokeAll { subject, which } => {
                let begun = refresher.revoke_all(TENANT, subject, which.made()?, now);
                told(
                    self.driven(Ok(begun), step.fails),
                    |ended| json!({"ended": ended}),
                )
            }
            Does::Sessions { subject } => {
                let begun = refresher.sessions(TENANT, subject, now);
                let list = |found: Vec<Session>| found.iter().map(session_told).collect::<Vec<_>>();
                told(
                    self.driven(Ok(begun), step.fails),
                    |found| json!({"sessions": list(found)}),
                )
            }
            Does::Feed {
                trusted_for_seconds,
                asked,
                after,
            } => {
                let feed = SessionFeed::new(Span::from_seconds(*trusted_for_seconds));
                let Ok(feed) = feed else {
                    return Ok(json!({"code": "refresh_policy"}));
                };
                let later = now.plus(Span::from_millis(*after));
                told(self.driven(Ok(feed.read(now)), step.fails), |ended| {
                    let checked = asked.iter().map(|asked| {
                        let checked = ended.check(asked.as_deref(), later);
                        checked.err().map(|error| error.code().name)
                    });
                    json!({"ended": ended.len(), "checked": checked.collect::<Vec<_>>()})
                })
            }
            Does::Bump { subject } => self.subject(ChangeSubject::bump(TENANT, subject, now)),
            Does::Disable { subject } => self.subject(ChangeSubject::disable(TENANT, subject, now)),
            Does::Roll { secrets } => {
                let secrets = secrets.made().map_err(|_| CaseError::Step)?;
                self.refresher = Refresher::new(self.policy, secrets);
                json!({"code": null})
            }
        })
    }

    /// What a machine ends in on the store, or where the store gives no answer.
    fn driven<P, T, E>(&self, begun: Result<Step<P>, E>, fails: bool) -> Result<T, E>
    where
        P: Pending<Outcome = Result<T, E>>,
        Memory: Run<P::Op>,
    {
        self.ran(begun?, fails)
    }

    /// The same of a machine that always ends in something.
    fn ran<P>(&self, begun: Step<P>, fails: bool) -> P::Outcome
    where
        P: Pending,
        Memory: Run<P::Op>,
    {
        match begun {
            Step::Need(pending) if fails => match pending.finish(Err(Unavailable)) {
                Step::Done(outcome) => outcome,
                Step::Need(_) => unreachable!("a store that is away ends it"),
            },
            step => drive(&self.store, step),
        }
    }

    fn refreshed(&self, begun: Result<Step<PendingRefresh>, RefreshError>, fails: bool) -> Value {
        match self.driven(begun, fails) {
            Ok(got) => {
                let mut told = given(got.how().name(), got.token(), got.session());
                told["is_followed"] = got.is_followed().into();
                told
            }
            Err(error) => {
                json!({"code": error.code().name, "clears_cookies": error.clears_cookies()})
            }
        }
    }

    fn changed(&self, begun: Step<ChangeSession>, fails: bool) -> Value {
        told(
            self.driven(Ok(begun), fails),
            |session| json!({"session": session_told(&session)}),
        )
    }

    fn subject<E: Edit<Record = Subject>>(&self, begun: Step<StandingWrite<E>>) -> Value {
        told(drive(&self.store, begun), |_| json!({"code": null}))
    }
}

fn told<T, E: Refusal>(outcome: Result<T, E>, tell: impl Fn(T) -> Value) -> Value {
    outcome.map_or_else(|error| json!({"code": error.code().name}), tell)
}

fn given(how: &str, token: Option<&Secret>, session: &Session) -> Value {
    let token = token.map(|token| String::from_utf8_lossy(token.expose()).into_owned());
    json!({"how": how, "token": token, "session": session_told(session)})
}

fn session_told(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "tenant": session.tenant,
        "subject": session.subject,
        "user_ver": session.user_ver,
        "client": session.client,
        "device": session.device,
        "access": session.access,
        "bound_by": session.bound.map(|bound| match bound {
            Bound::Device(_) => "device",
            Bound::Key(_) => "key",
        }),
        "generation": session.generation,
        "began": session.began.millis(),
        "used": session.used.millis(),
        "idle_end": session.idle_end.millis(),
        "absolute_end": session.absolute_end.millis(),
        "ended_by": session.ended.map(|(end, _)| end.name()),
        "ended": session.ended.map(|(_, at)| at.millis()),
    })
}

impl NewInput {
    fn of<'a>(&'a self, holder: &'a HolderInput) -> Result<NewSession<'a>, CaseError> {
        let Holder { client, bound } = holder.made()?;
        Ok(NewSession {
            tenant: &self.tenant,
            subject: &self.subject,
            user_ver: self.user_ver,
            client,
            device: &self.device,
            access: &self.access,
            bound,
        })
    }
}

impl HolderInput {
    fn made(&self) -> Result<Holder<'_>, CaseError> {
        let key = self.key.as_ref().map(|key| <[u8; 32]>::try_from(&*key.0));
        let bound = match (&self.device_secret, key) {
            (None, None) => None,
            (Some(secret), None) => Some(Bound::device(&secret.0)),
            (None, Some(Ok(print))) => Some(Bound::Key(print)),
            _ => return Err(CaseError::Step),
        };
        let client = &self.client;
        Ok(Holder { client, bound })
    }
}

impl WhichInput {
    fn made(&self) -> Result<Which, CaseError> {
        Ok(match (&self.but, &self.client, &self.device) {
            (None, None, None) => Which::All,
            (Some(id), None, None) => Which::AllBut(SessionId::parse(id).ok_or(CaseError::Step)?),
            (None, Some(client), None) => Which::OfClient(client.clone()),
            (None, None, Some(device)) => Which::OfDevice(device.clone()),
            _ => return Err(CaseError::Step),
        })
    }
}

impl SecretsInput {
    fn made(&self) -> Outcome<RefreshSecrets> {
        let secret = |hex: &Hex| Secret::new(hex.0.clone());
        let (number, signing) = &self.signing;
        let mut made = RefreshSecrets::signing(*number, &secret(signing)).map_err(boxed)?;
        for (number, bytes) in &self.verifying {
            made = made.verifying(*number, &secret(bytes)).map_err(boxed)?;
        }
        for (number, bytes) in &self.detecting {
            made = made.detecting(*number, &secret(bytes)).map_err(boxed)?;
        }
        Ok(made)
    }
}

impl PolicyMembers {
    fn policy(&self) -> Outcome<RefreshPolicy> {
        let seconds = Span::from_seconds;
        let within = seconds(self.within_seconds);
        let mut policy = RefreshPolicy::new(match self.confirmation {
            ConfirmationName::OnNextUse => Confirmation::OnNextUse { within },
            ConfirmationName::Wired => Confirmation::Wired { within },
        })
        .map_err(boxed)?;
        if let Some(window) = self.window_seconds {
            policy = policy.with_window(seconds(window)).map_err(boxed)?;
        }
        if let Some(retries) = self.retries {
            policy = policy.with_retries(retries).map_err(boxed)?;
        }
        if self.idle_seconds.is_some() || self.absolute_seconds.is_some() {
            let idle = self.idle_seconds.map_or(RefreshPolicy::IDLE, seconds);
            let absolute = self
                .absolute_seconds
                .map_or(RefreshPolicy::ABSOLUTE, seconds);
            policy = policy.with_lives(idle, absolute).map_err(boxed)?;
        }
        if let Some(skew) = self.skew_seconds {
            policy = policy.with_skew(seconds(skew)).map_err(boxed)?;
        }
        policy = policy.on_reuse(match self.on_reuse {
            Some(ReuseName::Subject) => OnReuse::EndSubject,
            _ => OnReuse::EndSession,
        });
        Ok(policy.with_binding(match self.binding {
            Some(BindingName::None) => BindingRule::None,
            Some(BindingName::Require) => BindingRule::Require,
            _ => BindingRule::Prefer,
        }))
    }
}

fn seeded<const N: usize>(seed: &Hex) -> Result<Seed<N>, CaseError> {
    let bytes = <[u8; N]>::try_from(&*seed.0).map_err(|_| CaseError::Seed)?;
    Ok(Seed::new(bytes))
}

const TENANT: &str = "login";
const PLACES: usize = 64;

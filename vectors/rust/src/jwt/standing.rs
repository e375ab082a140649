//! Whether a genuine token may still act: the operations `stand` and `standing`.

use std::sync::Arc;

use counterseal::core::{
    Pending, Record, Refusal, Row, Run, Span, Step, Subject, Time, Together, Unavailable, drive,
};
use counterseal::jwt::{
    AccessKey, ChangeAccessKey, ChangeSubject, Denied, DenyToken, Edit, JwtSetupError,
    PendingStanding, StandingCache, StandingPolicy, StandingWrite, StandingWriteError,
    TokenVerifier, VerifiedToken,
};
use counterseal_memory::Memory;
use counterseal_testkit::WINDOW;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{TokenKeysInput, policy_members};
use crate::bytes::hex;
use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation, Reply};

/// A genuine token, and what must be known of it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandInput {
    pub(crate) token: String,
    pub(crate) keys: TokenKeysInput,
    pub(crate) standing: StandingInput,
}

/// Genuine tokens, and what becomes of them one step after the other.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandingStepsInput {
    pub(crate) tokens: Vec<String>,
    pub(crate) keys: TokenKeysInput,
    pub(crate) standing: StandingInput,
    pub(crate) steps: Vec<StandingStep>,
}

/// The members of a standing.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StandingInput {
    pub(crate) tenant: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) any_subject: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) with_access_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_seconds: Option<i64>,
}

/// What happens at an instant.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct StandingStep {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) does: Does,
    /// What the store answers, where it is not the one of this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<Reply>,
}

/// What a step does. Tokens are numbered.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Does {
    /// A question is begun, and waits.
    Begin {
        token: usize,
    },
    Bump {
        subject: String,
    },
    Deny {
        id: String,
        expires: i64,
    },
    Disable {
        subject: String,
    },
    DisableKey {
        access_key: String,
    },
    Enable {
        subject: String,
    },
    /// The question that waits is answered.
    Finish,
    Register {
        subject: String,
    },
    RegisterKey {
        access_key: String,
        subject: String,
    },
    /// A question is begun and answered.
    Stand {
        token: usize,
    },
}

/// One question, answered as the case says.
pub(crate) fn stand(case: &Case) -> Result<Observation, CaseError> {
    let input: StandInput = input(case)?;
    let members = policy_members(case)?;
    let now = Time::from_millis(case.now);
    let reply = case.replies.first().copied().unwrap_or(Reply::Unavailable);
    let mut asked = 0;
    let mut outcome = || {
        let verifier = TokenVerifier::new(members.policy()?);
        let keys = input.keys.made()?;
        let policy = input.standing.policy().map_err(boxed)?;
        let token = verifier.verify(&input.token, &keys, now).map_err(boxed)?;
        let Step::Need(pending) = policy.begin(&token) else {
            unreachable!("without a cache the store is asked")
        };
        asked += 1;
        let rows = pending.op().ids.map(|id| id.map(|id| hex(&id)));
        match pending.finish(answer(reply, &input.standing.tenant, &token)) {
            Step::Done(live) => {
                live.map_err(boxed)?;
                Ok(json!({"rows": rows}))
            }
            Step::Need(_) => unreachable!("one answer is enough"),
        }
    };
    Ok(observed(outcome()).asking(asked))
}

/// Steps one after the other, over one store and one cache.
pub(crate) fn standing(case: &Case) -> Result<Observation, CaseError> {
    let input: StandingStepsInput = input(case)?;
    let members = policy_members(case)?;
    let now = Time::from_millis(case.now);
    let set_up = || {
        let verifier = TokenVerifier::new(members.policy()?);
        let keys = input.keys.made()?;
        let proven = |text: &String| verifier.verify(text, &keys, now).map_err(boxed);
        let desk = Desk::new(&input.standing, now).map_err(boxed)?;
        let tokens = input.tokens.iter().map(proven);
        let tokens = tokens.map(|token| token.map(Arc::new));
        Ok((desk, tokens.collect::<Outcome<Vec<_>>>()?))
    };
    let (mut desk, tokens) = match set_up() {
        Ok(made) => made,
        Err(refusal) => return Ok(observed(Err(refusal))),
    };
    let steps = input.steps.iter().map(|step| desk.step(step, &tokens));
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    Ok(Observation::accepted(json!({"steps": steps})))
}

/// A store, what is asked of it, and what was found a moment ago.
struct Desk {
    policy: StandingPolicy,
    tenant: String,
    cache: Option<StandingCache>,
    store: Memory,
    waiting: Option<Waiting>,
}

/// A question that was begun, by whom and when, unless it was answered at once.
struct Waiting {
    step: Step<PendingStanding<'static>>,
    token: Token,
    began: Time,
}

type Token = Arc<VerifiedToken<'static>>;

impl Desk {
    fn new(members: &StandingInput, now: Time) -> Result<Self, JwtSetupError> {
        let policy = members.policy()?;
        let age = Span::from_seconds(members.cache_seconds.unwrap_or(0));
        let cache = StandingCache::new(policy.clone(), age, PLACES)?;
        Ok(Desk {
            policy,
            tenant: members.tenant.clone(),
            cache: (age > Span::ZERO).then_some(cache),
            store: Memory::new(WINDOW, PLACES, now),
            waiting: None,
        })
    }

    fn step(&mut self, step: &StandingStep, tokens: &[Token]) -> Result<Value, CaseError> {
        let now = Time::from_millis(step.at);
        let token = |at: &usize| tokens.get(*at).cloned().ok_or(CaseError::Step);
        Ok(match &step.does {
            Does::Begin { token: at } => {
                let waiting = self.begin(token(at)?, now);
                let is_asked = waiting.is_asked();
                self.waiting = Some(waiting);
                json!({"asked": is_asked})
            }
            Does::Finish => {
                let waiting = self.waiting.take().ok_or(CaseError::Step)?;
                json!({"code": self.finish(waiting, step.reply)})
            }
            Does::Stand { token: at } => {
                let waiting = self.begin(token(at)?, now);
                json!({"asked": waiting.is_asked(), "code": self.finish(waiting, step.reply)})
            }
            change => json!({"code": self.change(change, step.reply.is_some(), now)}),
        })
    }

    fn begin(&mut self, token: Token, began: Time) -> Waiting {
        let step = match &mut self.cache {
            Some(cache) => cache.begin(Arc::clone(&token), began),
            None => self.policy.begin(Arc::clone(&token)),
        };
        Waiting { step, token, began }
    }

    fn finish(&mut self, waiting: Waiting, reply: Option<Reply>) -> Option<&'static str> {
        let found = match waiting.step {
            Step::Done(found) => found,
            Step::Need(pending) => {
                let reply = match reply {
                    Some(reply) => answer(reply, &self.tenant, &waiting.token),
                    None => self.store.run(pending.op()),
                };
                let Step::Done(found) = pending.finish(reply) else {
                    unreachable!("one answer is enough")
                };
                found
            }
        };
        if let (Some(cache), Ok(live)) = (&mut self.cache, &found) {
            cache.keep(live, waiting.began);
        }
        found.err().map(|error| error.code().name)
    }

    /// Makes a change, after which the cache forgets whom it is about, however it went.
    fn change(&mut self, change: &Does, fails: bool, now: Time) -> Option<&'static str> {
        let tenant = &self.tenant;
        let made = match change {
            Does::Bump { subject } => self.made(ChangeSubject::bump(tenant, subject, now), fails),
            Does::Disable { subject } => {
                self.made(ChangeSubject::disable(tenant, subject, now), fails)
            }
            Does::Enable { subject } => {
                self.made(ChangeSubject::enable(tenant, subject, now), fails)
            }
            Does::Register { subject } => {
                self.made(ChangeSubject::register(tenant, subject, now), fails)
            }
            Does::Deny { id, expires } => {
                let expires = Time::from_millis(*expires);
                self.made(DenyToken::begin(tenant, id, expires), fails)
            }
            Does::DisableKey { access_key } => {
                self.made(ChangeAccessKey::disable(tenant, access_key, now), fails)
            }
            Does::RegisterKey {
                access_key,
                subject,
            } => self.made(
                ChangeAccessKey::register(tenant, access_key, subject, now),
                fails,
            ),
            Does::Begin { .. } | Does::Finish | Does::Stand { .. } => {
                unreachable!("these ask")
            }
        };
        if let Some(cache) = &mut self.cache {
            change.forget(cache);
        }
        made.err().map(|error| error.code().name)
    }

    fn made<E: Edit>(
        &self,
        step: Step<StandingWrite<E>>,
        fails: bool,
    ) -> Result<(), StandingWriteError> {
        if !fails {
            return drive(&self.store, step).map(|_| ());
        }
        let Step::Need(pending) = step else {
            unreachable!("a change reads first")
        };
        match pending.finish(Err(Unavailable)) {
            Step::Done(made) => made.map(|_| ()),
            Step::Need(_) => unreachable!("a store that is away ends it"),
        }
    }
}

impl Does {
    fn forget(&self, cache: &mut StandingCache) {
        match self {
            Does::Bump { subject }
            | Does::Disable { subject }
            | Does::Enable { subject }
            | Does::Register { subject } => cache.forget_subject(subject),
            Does::Deny { id, .. } => cache.forget_token(id),
            Does::DisableKey { access_key } | Does::RegisterKey { access_key, .. } => {
                cache.forget_access_key(access_key);
            }
            Does::Begin { .. } | Does::Finish | Does::Stand { .. } => {}
        }
    }
}

impl Waiting {
    const fn is_asked(&self) -> bool {
        matches!(self.step, Step::Need(_))
    }
}

impl StandingInput {
    fn policy(&self) -> Result<StandingPolicy, JwtSetupError> {
        let mut policy = StandingPolicy::new(&self.tenant)?;
        if self.any_subject {
            policy = policy.any_subject();
        }
        if self.with_access_key {
            policy = policy.with_access_key();
        }
        Ok(policy)
    }
}

/// The rows that a reply stands for; nothing for one to another question.
fn answer(
    reply: Reply,
    tenant: &str,
    token: &VerifiedToken<'_>,
) -> Result<Together<Subject, Denied, AccessKey>, Unavailable> {
    let Reply::Stored(stored) = reply else {
        return Err(Unavailable);
    };
    let subject = stored.subject.map(|known| {
        let mut subject = Subject::new(tenant, token.subject(), Time::EPOCH);
        subject.user_ver = known.user_ver;
        subject.disabled = known.disabled.map(Time::from_millis);
        subject
    });
    let access_key = stored.access_key.map(|known| {
        let mut key = AccessKey::blank();
        let owner = [token.subject(), "another"][usize::from(!known.is_own)];
        key.subject = Subject::row_of(tenant, owner);
        key.disabled = known.disabled.map(Time::from_millis);
        key
    });
    let denied = stored.denied.then(Denied::blank);
    Ok((row(subject), row(denied), row(access_key)))
}

fn row<R>(record: Option<R>) -> Option<Row<R>> {
    record.map(|record| Row { version: 1, record })
}

const PLACES: usize = 64;

//! The operations of the room `request`.

use std::sync::Arc;

use counterseal::core::{Claim, Claimed, KeyId, Refusal, Secret, Seed, Span, Time, Unavailable};
use counterseal::document::{RequestPolicy, RequestProfile};
use counterseal::request::{
    Key, KeySet, PendingRequest, Request, RequestError, Scheme, Signed, Signer, Verified, Verifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::bytes::hex;
use crate::{Bytes, Case, CaseError, KeyMembers, Observation, Reply};

/// A request, for the operations `verify` and `sign`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequestInput {
    /// The method.
    pub method: Bytes,
    /// The scheme that the client used.
    pub scheme: SchemeName,
    /// The `Host` field.
    pub authority: Bytes,
    /// The raw path.
    pub path: Bytes,
    /// The raw query without its `?`.
    pub query: Bytes,
    /// Names and values of all field lines, in order.
    pub headers: Vec<(Bytes, Bytes)>,
    /// The content.
    pub body: Bytes,
    /// How long a signature lives; for `sign` only, 60 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_seconds: Option<u8>,
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemeName {
    /// `http`
    Http,
    /// `https`
    Https,
}

/// A policy or a profile as text, for the operations `policy` and `profile`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentInput {
    pub(crate) text: String,
}

/// The input of an operation that takes keys only.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoInput {}

/// Any refusal on the way is the verdict, whichever part it comes from.
pub(crate) type Outcome<T> = Result<T, Box<dyn Refusal>>;

pub(crate) fn verify(case: &Case, comes: Comes) -> Result<Observation, CaseError> {
    let policy = policy_text(case)?;
    verified(case, comes, || {
        let policy = RequestPolicy::parse(&policy).map_err(boxed)?;
        Ok(Verifier::new(policy))
    })
}

/// How the content of a request comes to a verifier.
#[derive(Clone, Copy)]
pub(crate) enum Comes {
    /// All at once.
    Whole,
    /// After its head, which announces it.
    InPieces,
}

impl Comes {
    fn begin(
        self,
        verifier: &Verifier,
        request: &Request<'_>,
        keys: &KeySet,
        now: Time,
    ) -> Result<PendingRequest, RequestError> {
        match self {
            Comes::Whole => verifier.begin(request, keys, now),
            Comes::InPieces => begin_in_pieces(verifier, request, keys, now),
        }
    }
}

fn begin_in_pieces(
    verifier: &Verifier,
    request: &Request<'_>,
    keys: &KeySet,
    now: Time,
) -> Result<PendingRequest, RequestError> {
    let length = request.body.len().to_string();
    let mut headers = request.headers.to_vec();
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    headers.push(("Content-Length", length.as_bytes()));
    // Whoever covers the field, or counts lines, has it already.
    let announced = headers.len() == request.headers.len() || headers.len() <= 256;
    let headers = if announced { &headers } else { request.headers };
    let head = Request {
        headers,
        body: b"",
        ..*request
    };
    let mut content = verifier.begin_content(&head, keys, now)?;
    for piece in request.body.chunks(3) {
        content.update(piece)?;
    }
    content.finish()
}

/// What becomes of the request of `case` with this verifier.
pub(crate) fn verified(
    case: &Case,
    comes: Comes,
    verifier: impl Fn() -> Outcome<Verifier>,
) -> Result<Observation, CaseError> {
    let input: RequestInput = input(case)?;
    let reply = answer(case.replies.first().copied().unwrap_or(Reply::Fresh))?;
    let mut asked = 0;
    let outcome = input.with(|request| {
        let verifier = verifier()?;
        let keys = key_set(&case.keys)?;
        let now = Time::from_millis(case.now);
        let pending = comes.begin(&verifier, request, &keys, now).map_err(boxed)?;
        let claim = pending.claim();
        asked += 1;
        let proof = pending.finish(reply).map_err(boxed)?;
        Ok(verified_output(&proof, &claim))
    });
    Ok(observed(outcome).asking(asked))
}

/// What `then` makes of the proof for the request of `case`, whose claim is fresh.
pub(crate) fn proven(
    case: &Case,
    verifier: impl Fn() -> Outcome<Verifier>,
    then: impl Fn(&Verified) -> Outcome<Value>,
) -> Result<Observation, CaseError> {
    let input: RequestInput = input(case)?;
    Ok(observed(input.with(|request| {
        let keys = key_set(&case.keys)?;
        let pending = verifier()?.begin(request, &keys, Time::from_millis(case.now));
        let proof = pending.and_then(|pending| pending.finish(Ok(Claimed::Fresh)));
        then(&proof.map_err(boxed)?)
    }))
    .asking(1))
}

pub(crate) fn sign(case: &Case) -> Result<Observation, CaseError> {
    let input: RequestInput = input(case)?;
    let profile = policy_text(case)?;
    let [key] = case.keys.as_slice() else {
        return Err(CaseError::Keys);
    };
    let seed = <[u8; 16]>::try_from(&*case.seed.0).map_err(|_| CaseError::Seed)?;
    let life = Span::from_seconds(input.life_seconds.unwrap_or(60).into());
    Ok(observed(input.with(|request| {
        let profile = RequestProfile::parse(&profile).map_err(boxed)?;
        let signer = Signer::new(a_key(key)?, profile).living(life);
        let fields = signer.sign(request, Time::from_millis(case.now), &Seed::new(seed));
        Ok(signed_output(&fields.map_err(boxed)?))
    })))
}

pub(crate) fn policy(case: &Case) -> Result<Observation, CaseError> {
    let DocumentInput { text } = input(case)?;
    let parsed = RequestPolicy::parse(&text).map_err(boxed);
    let limit = parsed.map(|policy| json!({"body_limit_bytes": policy.body_limit()}));
    Ok(observed(limit))
}

pub(crate) fn profile(case: &Case) -> Result<Observation, CaseError> {
    let DocumentInput { text } = input(case)?;
    let parsed = RequestProfile::parse(&text).map_err(boxed);
    Ok(observed(parsed.map(|_| json!({}))))
}

pub(crate) fn key(case: &Case) -> Result<Observation, CaseError> {
    let NoInput {} = input(case)?;
    let [key] = case.keys.as_slice() else {
        return Err(CaseError::Keys);
    };
    Ok(observed(a_key(key).map(|key| {
        json!({
            "id": key.id().as_str(),
            "since": key.since().millis(),
            "until": (key.until() != Time::NEVER).then(|| key.until().millis()),
            "scope": key.scope(),
            "revoked": key.is_revoked(),
        })
    })))
}

pub(crate) fn keys(case: &Case) -> Result<Observation, CaseError> {
    let NoInput {} = input(case)?;
    Ok(observed(key_set(&case.keys).map(|keys| {
        let ids: Vec<_> = keys
            .iter()
            .map(|key| key.id().as_str().to_owned())
            .collect();
        json!({"ids": ids})
    })))
}

impl RequestInput {
    /// Hands the request to `then`. Names that are not UTF-8 reach it with replacement characters.
    pub(crate) fn with<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let (method, authority) = (self.method.to_text(), self.authority.to_text());
        let names: Vec<_> = self
            .headers
            .iter()
            .map(|(name, _)| name.to_text())
            .collect();
        let values = self.headers.iter().map(|(_, value)| value.0.as_slice());
        let headers: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
        then(&Request {
            method: &method,
            scheme: self.scheme.into(),
            authority: &authority,
            path: &self.path.0,
            query: &self.query.0,
            headers: &headers,
            body: &self.body.0,
        })
    }
}

impl From<SchemeName> for Scheme {
    fn from(name: SchemeName) -> Self {
        match name {
            SchemeName::Http => Scheme::Http,
            SchemeName::Https => Scheme::Https,
        }
    }
}

pub(crate) fn input<T: for<'de> Deserialize<'de>>(case: &Case) -> Result<T, CaseError> {
    T::deserialize(&case.input).map_err(CaseError::Input)
}

fn policy_text(case: &Case) -> Result<String, CaseError> {
    let policy: &Map<_, _> = case.policy.as_ref().ok_or(CaseError::Policy)?;
    serde_json::to_string(policy).map_err(CaseError::Input)
}

fn key_set(keys: &[KeyMembers]) -> Outcome<KeySet> {
    let keys = keys.iter().map(a_key).collect::<Outcome<Vec<_>>>()?;
    KeySet::new(keys).map_err(boxed)
}

/// The key of these members.
pub(crate) fn a_key(members: &KeyMembers) -> Outcome<Arc<Key>> {
    let id = KeyId::parse(&members.id).map_err(boxed)?;
    let key = Key::new(id, &Secret::new(members.secret.0.clone())).map_err(boxed)?;
    let until = members.until.map_or(Time::NEVER, Time::from_millis);
    let key = key.valid(Time::from_millis(members.since), until);
    let key = key.scoped(&members.scope).map_err(boxed)?;
    Ok(Arc::new(if members.revoked { key.revoked() } else { key }))
}

pub(crate) const fn answer(reply: Reply) -> Result<Result<Claimed, Unavailable>, CaseError> {
    Ok(match reply {
        Reply::Fresh => Ok(Claimed::Fresh),
        Reply::Held => Ok(Claimed::Held),
        Reply::Stale => Ok(Claimed::Stale),
        Reply::Full => Ok(Claimed::Full),
        Reply::OwnerFull => Ok(Claimed::OwnerFull),
        Reply::Unavailable => Err(Unavailable),
        Reply::Over(_) | Reply::Stored(_) | Reply::Taken(_) => return Err(CaseError::Reply),
    })
}

fn verified_output(verified: &Verified, claim: &Claim) -> Value {
    json!({
        "key_id": verified.key_id().as_str(),
        "scope": verified.scope(),
        "created": verified.created().millis(),
        "expires": verified.expires().millis(),
        "nonce": hex(verified.nonce()),
        "covered": verified.covered().collect::<Vec<_>>(),
        "claim": {
            "space": claim.space.name(),
            "key": hex(&claim.key),
            "born": claim.born.millis(),
            "since": claim.since.millis(),
            "until": claim.until.millis(),
        },
    })
}

fn signed_output(signed: &Signed) -> Value {
    json!({"headers": signed.headers().collect::<Vec<_>>()})
}

pub(crate) fn observed(outcome: Outcome<Value>) -> Observation {
    match outcome {
        Ok(output) => Observation::accepted(output),
        Err(refusal) => Observation::refused(refusal.code()),
    }
}

pub(crate) fn boxed(refusal: impl Refusal + 'static) -> Box<dyn Refusal> {
    Box::new(refusal)
}

//! The operations of the room `response`.

use counterseal::core::{Claimed, Seed, Span, Time};
use counterseal::request::{
    KeySet, Policy, Profile, Request, Response, Sent, Signed, SignedResponse, Signer, Verifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{Outcome, a_key, boxed, input, observed};
use crate::{Bytes, Case, CaseError, KeyMembers, Observation, RequestInput};

/// A response and the request that it answers, for the operations `check` and `respond`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponseInput {
    pub(crate) request: RequestInput,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) body: Bytes,
    /// The service's clock, for `refuse`; the request is signed at the case's `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) served_at: Option<i64>,
    /// How long the answer took in milliseconds, for `clock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) round_trip: Option<i64>,
}

pub(crate) fn check(case: &Case) -> Result<Observation, CaseError> {
    checked(case, |_, sent, response| {
        let verified = sent.check(response).map_err(boxed)?;
        Ok(json!({
            "key_id": verified.key_id().as_str(),
            "status": verified.status(),
            "created": verified.created().millis(),
        }))
    })
}

pub(crate) fn clock(case: &Case) -> Result<Observation, CaseError> {
    checked(case, |input, sent, response| {
        let round_trip = Span::from_millis(input.round_trip.unwrap_or_default());
        let clock = sent.clock(response, round_trip).map_err(boxed)?;
        Ok(json!({"clock": clock.now.millis(), "sign_anew": clock.sign_anew}))
    })
}

/// What becomes of the response of `case`.
fn checked(
    case: &Case,
    look: impl Fn(&ResponseInput, &Sent, &Response<'_>) -> Outcome<Value>,
) -> Result<Observation, CaseError> {
    let input: ResponseInput = input(case)?;
    let sending = Sending::of(case)?;
    let names: Vec<_> = input
        .headers
        .iter()
        .map(|(name, _)| name.to_text())
        .collect();
    let values = input.headers.iter().map(|(_, value)| value.0.as_slice());
    let headers: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let response = Response {
        status: input.status,
        headers: &headers,
        body: &input.body.0,
    };
    Ok(observed(input.request.with(|request| {
        let (_, sent) = sending.send(request)?;
        look(&input, &sent, &response)
    })))
}

/// Signs the refusal of the request; nothing when it is none for its time.
pub(crate) fn refuse(case: &Case) -> Result<Observation, CaseError> {
    served(case, |input, _, verifier, received, keys| {
        let now = Time::from_millis(input.served_at.unwrap_or_default());
        let signed = verifier.sign_refusal(received, keys, now, input.status, &input.body.0);
        let headers = signed.as_ref().map(fields);
        Ok(json!({"headers": headers}))
    })
}

pub(crate) fn respond(case: &Case) -> Result<Observation, CaseError> {
    served(case, |input, sending, verifier, received, keys| {
        let pending = verifier.begin(received, keys, sending.now);
        let verified = pending
            .and_then(|p| p.finish(Ok(Claimed::Fresh)))
            .map_err(boxed)?;
        let answer = verified.sign_response(input.status, &input.body.0, sending.now);
        Ok(json!({"headers": fields(&answer.map_err(boxed)?)}))
    })
}

/// What a service makes of the request of `case`, as its client sends it.
fn served(
    case: &Case,
    serve: impl Fn(&ResponseInput, &Sending<'_>, &Verifier, &Request<'_>, &KeySet) -> Outcome<Value>,
) -> Result<Observation, CaseError> {
    let input: ResponseInput = input(case)?;
    let sending = Sending::of(case)?;
    Ok(observed(input.request.with(|request| {
        let (signed, _) = sending.send(request)?;
        let fields = signed
            .headers()
            .map(|(name, value)| (name, value.as_bytes()));
        let headers: Vec<_> = request.headers.iter().copied().chain(fields).collect();
        let received = Request {
            headers: &headers,
            ..*request
        };
        let policy = Policy::for_authority(request.authority).map_err(boxed)?;
        let keys = KeySet::new([a_key(sending.key)?]).map_err(boxed)?;
        serve(&input, &sending, &Verifier::new(policy), &received, &keys)
    })))
}

fn fields(signed: &SignedResponse) -> Vec<(&str, &str)> {
    signed.headers().collect()
}

/// Who signs the request, and when.
pub(crate) struct Sending<'a> {
    pub(crate) key: &'a KeyMembers,
    pub(crate) now: Time,
    pub(crate) seed: [u8; 16],
}

impl<'a> Sending<'a> {
    fn of(case: &'a Case) -> Result<Self, CaseError> {
        let [key] = case.keys.as_slice() else {
            return Err(CaseError::Keys);
        };
        Ok(Sending {
            key,
            now: Time::from_millis(case.now),
            seed: <[u8; 16]>::try_from(&*case.seed.0).map_err(|_| CaseError::Seed)?,
        })
    }

    /// Signs the request under the default profile.
    pub(crate) fn send(&self, request: &Request<'_>) -> Outcome<(Signed, Sent)> {
        let signer = Signer::new(a_key(self.key)?, Profile::default());
        let sent = signer.send(request, self.now, &Seed::new(self.seed));
        sent.map_err(boxed)
    }
}

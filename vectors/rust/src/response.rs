//! The operations of the room `response`.

use counterseal::core::{Claimed, Seed, Time};
use counterseal::request::{
    KeySet, Policy, Profile, Request, Response, Sent, Signed, Signer, Verifier,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

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
}

pub(crate) fn check(case: &Case) -> Result<Observation, CaseError> {
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
        let verified = sent.check(&response).map_err(boxed)?;
        Ok(json!({
            "key_id": verified.key_id().as_str(),
            "status": verified.status(),
            "created": verified.created().millis(),
        }))
    })))
}

pub(crate) fn respond(case: &Case) -> Result<Observation, CaseError> {
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
        let pending = Verifier::new(policy).begin(&received, &keys, sending.now);
        let verified = pending
            .and_then(|p| p.finish(Ok(Claimed::Fresh)))
            .map_err(boxed)?;
        let answer = verified.sign_response(input.status, &input.body.0, sending.now);
        Ok(json!({"headers": answer.map_err(boxed)?.headers().collect::<Vec<_>>()}))
    })))
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

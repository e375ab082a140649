//! The operations of the room `webhook`.

use counterseal::core::{KeyId, Span, Time};
use counterseal::webhook::{
    Delivery, MessageId, PendingWebhook, Receiver, Sender, WebhookKey, WebhookPolicy,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bytes::hex;
use crate::request::{Outcome, answer, boxed, input, observed};
use crate::{Bytes, Case, CaseError, Observation, Reply};

/// A message to send, for the operation `send`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendInput {
    /// The endpoint's secrets, as text.
    pub(crate) secrets: Vec<String>,
    pub(crate) id: String,
    pub(crate) body: Bytes,
}

/// A delivery, for the operation `receive`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveInput {
    /// The endpoint's secrets, as text.
    pub(crate) secrets: Vec<String>,
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) body: Bytes,
}

/// The members of a receiver's policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyMembers {
    endpoint: String,
    past_seconds: Option<i64>,
    future_seconds: Option<i64>,
    body_limit_bytes: Option<usize>,
}

pub(crate) fn send(case: &Case) -> Result<Observation, CaseError> {
    let input: SendInput = input(case)?;
    Ok(observed(sent(&input, Time::from_millis(case.now))))
}

fn sent(input: &SendInput, now: Time) -> Outcome<serde_json::Value> {
    let sender = Sender::new(keys(&input.secrets)?).map_err(boxed)?;
    let id = MessageId::parse(&input.id).map_err(boxed)?;
    let signed = sender.sign(&id, &input.body.0, now).map_err(boxed)?;
    Ok(json!({"headers": signed.headers().collect::<Vec<_>>()}))
}

pub(crate) fn receive(case: &Case) -> Result<Observation, CaseError> {
    let input: ReceiveInput = input(case)?;
    let members = case.policy.clone().ok_or(CaseError::Policy)?;
    let members: PolicyMembers =
        serde_json::from_value(members.into()).map_err(CaseError::Input)?;
    let reply = answer(case.replies.first().copied().unwrap_or(Reply::Fresh))?;
    let mut asked = 0;
    let begun = begun(&members, &input, Time::from_millis(case.now));
    let outcome = begun.and_then(|pending| {
        asked += 1;
        let claim = pending.claim();
        let received = pending.finish(reply).map_err(boxed)?;
        Ok(json!({
            "endpoint": received.endpoint().as_str(),
            "id": received.id(),
            "created": received.created().millis(),
            "claim": {
                "space": claim.space.name(),
                "key": hex(&claim.key),
                "born": claim.born.millis(),
                "since": claim.since.millis(),
                "until": claim.until.millis(),
            },
        }))
    });
    Ok(observed(outcome).asking(asked))
}

fn begun(members: &PolicyMembers, input: &ReceiveInput, now: Time) -> Outcome<PendingWebhook> {
    let receiver = receiver(members, &input.secrets)?;
    let names: Vec<_> = input
        .headers
        .iter()
        .map(|(name, _)| name.to_text())
        .collect();
    let values = input.headers.iter().map(|(_, value)| value.0.as_slice());
    let headers: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let delivery = Delivery {
        headers: &headers,
        body: &input.body.0,
    };
    receiver.begin(&delivery, now).map_err(boxed)
}

fn receiver(members: &PolicyMembers, secrets: &[String]) -> Outcome<Receiver> {
    let usual = WebhookPolicy::default();
    let seconds = |given: Option<i64>, usual| given.map_or(usual, Span::from_seconds);
    let policy = WebhookPolicy {
        past: seconds(members.past_seconds, usual.past),
        future: seconds(members.future_seconds, usual.future),
        body_limit: members.body_limit_bytes.unwrap_or(usual.body_limit),
    };
    let endpoint = KeyId::parse(&members.endpoint).map_err(boxed)?;
    Receiver::new(endpoint, keys(secrets)?, policy).map_err(boxed)
}

fn keys(secrets: &[String]) -> Outcome<Vec<WebhookKey>> {
    let keys = secrets.iter().map(|secret| WebhookKey::parse(secret));
    keys.collect::<Result<_, _>>().map_err(boxed)
}

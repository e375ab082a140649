//! Signing.

use counterseal_shared as shared;
use napi_derive::napi;

use crate::answer::{Answer, answer, line};
use crate::key::Key;
use crate::message::message;
use crate::policy::Profile;
use crate::response::Sent;

/// Signs requests with one key.
#[napi]
pub struct Signer(shared::Signer);

#[napi]
impl Signer {
    /// A signer with this key; without a profile it has the default one.
    #[napi]
    pub fn create(
        key: &Key,
        profile: Option<&Profile>,
        life_seconds: Option<i64>,
    ) -> Answer<Signer> {
        answer("Signer.create", || {
            let profile = profile.map_or_else(shared::Profile::default, |p| p.0.clone());
            Ok(Signer(shared::Signer::new(&key.0, &profile, life_seconds)?))
        })
    }

    /// The id of its key.
    #[napi]
    pub fn key_id(&self) -> Answer<String> {
        answer("Signer.keyId", || Ok(self.0.key_id().into()))
    }

    /// The fields that sign the request: name and value of each, one on a line.
    #[napi]
    pub fn sign(&self, request: String, body: &[u8], now: i64, seed: &[u8]) -> Answer<String> {
        answer("Signer.sign", || {
            let signed = self.0.sign(&message(&request, body)?, now, seed)?;
            Ok(flat(&signed))
        })
    }

    /// The same, keeping what the response is checked against.
    #[napi]
    pub fn send(&self, request: String, body: &[u8], now: i64, seed: &[u8]) -> Answer<Sent> {
        answer("Signer.send", || {
            Ok(Sent(self.0.send(&message(&request, body)?, now, seed)?))
        })
    }

    /// The signature base.
    #[napi]
    pub fn explain(&self, request: String, body: &[u8], now: i64, seed: &[u8]) -> Answer<String> {
        answer("Signer.explain", || {
            self.0.explain(&message(&request, body)?, now, seed)
        })
    }
}

/// Name and value of each field, one on a line.
pub(crate) fn flat(fields: &[(&str, String)]) -> String {
    let length = fields.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for (name, value) in fields {
        line(&mut text, name);
        line(&mut text, value);
    }
    text
}

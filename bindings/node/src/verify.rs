//! Verifying.

use std::sync::Arc;

use counterseal_shared::{self as shared, Problem};
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi::{Either, Env, Task};
use napi_derive::napi;

use crate::answer::{Answer, Proof, Refusal, answer, done, line, proof};
use crate::key::{Key, keys};
use crate::message::message;
use crate::policy::{ForeignPolicy, Policy, limit};
use crate::response::Content;
use crate::sign::flat;
use crate::store::Store;
use crate::waiting::{Ended, Running, Waiting};

/// Verifies requests.
#[napi]
pub struct Verifier(Arc<shared::Verifier>);

/// Verifies one request in a thread of Node's pool.
pub struct Verification {
    verifier: Arc<shared::Verifier>,
    request: String,
    body: Vec<u8>,
    now: i64,
}

/// What a verifier compared.
#[napi(object, object_from_js = false)]
pub struct Explained {
    /// The base as the verifier builds it.
    pub base: String,
    /// The code of the rule that components or parameters break.
    pub broken_rule: Option<String>,
    /// The first place in which the signer's base differs.
    pub difference: Option<Difference>,
}

/// Where two bases differ.
#[napi(object, object_from_js = false)]
pub struct Difference {
    /// The line, from 1 on.
    pub line: u32,
    /// The component of that line; none when the verifier's base has no such line.
    pub component: Option<String>,
    /// The first byte that differs in it, from 0 on.
    pub at: u32,
}

#[napi]
impl Verifier {
    /// A verifier of this policy, these keys and this store.
    #[napi]
    pub fn create(
        policy: Either<&Policy, &ForeignPolicy>,
        known: Vec<ClassInstance<'_, Key>>,
        store: Option<&Store>,
        refresh_seconds: Option<i64>,
    ) -> Answer<Verifier> {
        answer("Verifier.create", || {
            let store = store.map(|store| Arc::clone(&store.0));
            let policy = match policy {
                Either::A(policy) => shared::Reads::Own(policy.0.clone()),
                Either::B(policy) => shared::Reads::Foreign(policy.0.clone()),
            };
            let verifier = shared::Verifier::new(policy, &keys(&known), store, refresh_seconds)?;
            Ok(Verifier(Arc::new(verifier)))
        })
    }

    /// Verifies the request, and claims its nonce in the verifier's own store.
    #[napi]
    pub fn verify(&self, request: String, body: &[u8], now: i64) -> Answer<Proof> {
        answer("Verifier.verify", || {
            let message = message(&request, body)?;
            Ok(proof(&self.0.verify(&message, now)?))
        })
    }

    /// The same, in a thread of Node's pool.
    #[napi]
    pub fn verify_async(
        &self,
        request: String,
        body: &[u8],
        now: i64,
    ) -> Answer<AsyncTask<Verification>> {
        answer("Verifier.verifyAsync", || {
            Ok(AsyncTask::new(Verification {
                verifier: Arc::clone(&self.0),
                request,
                body: body.to_vec(),
                now,
            }))
        })
    }

    /// Everything but the claim.
    #[napi]
    pub fn begin(&self, request: String, body: &[u8], now: i64) -> Answer<Waiting> {
        answer("Verifier.begin", || {
            Ok(Waiting::new(self.0.begin(&message(&request, body)?, now)?))
        })
    }

    /// Everything but content and claim.
    #[napi]
    pub fn begin_content(&self, request: String, now: i64) -> Answer<Content> {
        answer("Verifier.beginContent", || {
            Ok(Content(
                self.0.begin_content(&message(&request, b"")?, now)?,
            ))
        })
    }

    /// Runs a decision on the verifier's own store.
    #[napi]
    pub fn settle(&self, waiting: &Waiting) -> Answer<Ended> {
        answer("Verifier.settle", || waiting.settle(self.own_store()?))
    }

    /// The same, in a thread of Node's pool.
    #[napi]
    pub fn settle_async(&self, waiting: &Waiting) -> Answer<AsyncTask<Running>> {
        answer("Verifier.settleAsync", || {
            Ok(waiting.settling(self.own_store()?))
        })
    }

    /// The fields that sign the refusal of a request that is outside of its window: name and value of each, one on a line.
    #[napi]
    pub fn sign_refusal(
        &self,
        request: String,
        body: &[u8],
        status: i64,
        content: &[u8],
        now: i64,
    ) -> Answer<Option<String>> {
        answer("Verifier.signRefusal", || {
            let message = message(&request, body)?;
            let signed = self.0.sign_refusal(&message, status, content, now)?;
            Ok(signed.map(|fields| flat(&fields)))
        })
    }

    /// What the verifier compares.
    #[napi]
    pub fn explain(
        &self,
        request: String,
        body: &[u8],
        signers: Option<String>,
    ) -> Answer<Explained> {
        answer("Verifier.explain", || {
            let message = message(&request, body)?;
            Ok(explained(self.0.explain(&message, signers.as_deref())?))
        })
    }

    /// The id of the key to load before the request is verified.
    #[napi]
    pub fn key_to_load(&self, request: String, body: &[u8], now: i64) -> Answer<Option<String>> {
        answer("Verifier.keyToLoad", || {
            Ok(self.0.key_to_load(&message(&request, body)?, now)?)
        })
    }

    /// The id of a known key that is due to be loaded again.
    #[napi]
    pub fn key_to_refresh(&self, now: i64) -> Answer<Option<String>> {
        answer("Verifier.keyToRefresh", || {
            Ok(self.0.key_to_refresh(now)?)
        })
    }

    /// Knows this key from now on.
    #[napi]
    pub fn put_key(&self, key: &Key) -> Option<Refusal> {
        done("Verifier.putKey", || {
            self.0.put_key(&key.0);
            Ok(())
        })
    }

    /// Does not know this key any more.
    #[napi]
    pub fn forget_key(&self, id: String) -> Option<Refusal> {
        done("Verifier.forgetKey", || self.0.forget_key(&id))
    }

    /// Knows these keys only.
    #[napi]
    pub fn replace_keys(&self, known: Vec<ClassInstance<'_, Key>>) -> Option<Refusal> {
        done("Verifier.replaceKeys", || {
            self.0.replace_keys(&keys(&known))
        })
    }

    /// The ids of the known keys, each on a line.
    #[napi]
    pub fn key_ids(&self) -> Answer<String> {
        answer("Verifier.keyIds", || {
            let mut ids = String::new();
            self.0.key_ids().iter().for_each(|id| line(&mut ids, id));
            Ok(ids)
        })
    }

    /// The most bytes of content.
    #[napi]
    pub fn body_limit_bytes(&self) -> Answer<u32> {
        answer("Verifier.bodyLimitBytes", || Ok(limit(self.0.body_limit())))
    }

    /// Whether verifying may wait for a file.
    #[napi]
    pub fn blocking(&self) -> Answer<bool> {
        answer("Verifier.blocking", || {
            Ok(self.0.store().is_some_and(|store| store.blocks()))
        })
    }
}

impl Verifier {
    fn own_store(&self) -> Result<&Arc<shared::Store>, Problem> {
        self.0.store().ok_or_else(Problem::store_missing)
    }
}

impl Task for Verification {
    type Output = Answer<Proof>;
    type JsValue = Answer<Proof>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(answer("Verification.compute", || {
            let message = message(&self.request, &self.body)?;
            Ok(proof(&self.verifier.verify(&message, self.now)?))
        }))
    }

    fn resolve(&mut self, _: Env, verdict: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(verdict)
    }
}

fn explained(explained: shared::Explained) -> Explained {
    let whole = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let difference = explained.difference.map(|found| Difference {
        line: whole(found.line),
        component: found.component,
        at: whole(found.at),
    });
    Explained {
        base: explained.base,
        broken_rule: explained.broken_rule.map(Into::into),
        difference,
    }
}

//! Who gives out refresh tokens: the crate's own refresher on one host, over a store that counts what it lost.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use counterseal_core::{LinkedOp, Run, Secret, Seed, Step, Subject, Time, Unavailable, drive};
use counterseal_refresh::{
    Holder, NewSession, PendingRefresh, RefreshError, RefreshFamily, RefreshPolicy, RefreshSecrets,
    Refreshed, Refresher, SessionId,
};

use crate::databases::Store;
use crate::uses::mix;

/// One host: a refresher with secrets that all hosts have, and its way to the store.
pub(crate) struct Issuer {
    pub(crate) refresher: Refresher,
    pub(crate) store: Store,
    /// How many swaps came too late.
    lost: AtomicU64,
}

/// What becomes of a request.
pub(crate) type Outcome = Result<Refreshed, RefreshError>;

impl Issuer {
    pub(crate) fn new(policy: RefreshPolicy, store: Store) -> Self {
        Issuer {
            refresher: Refresher::new(policy, secrets()),
            store,
            lost: AtomicU64::new(0),
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// A session of a subject of its own, and its first token.
    pub(crate) fn begin(&self, number: u64, now: Time) -> (SessionId, String) {
        let subject = format!("subject-{number}");
        let new = NewSession {
            subject: &subject,
            ..NEW
        };
        let step = self.refresher.begin_session(&new, now, &seed(number));
        let begun = drive(&*self.store, step.expect("a session that may begin"));
        let begun = begun.expect("a session of its own");
        (begun.session().id, text(begun.token()))
    }

    /// Begins to refresh.
    pub(crate) fn ask(
        &self,
        token: &str,
        now: Time,
        number: u64,
    ) -> Result<Step<PendingRefresh>, RefreshError> {
        self.refresher.refresh(token, &WEB, now, &seed(number))
    }

    /// Refreshes, with a salt of this number.
    pub(crate) fn refresh(&self, token: &str, now: Time, number: u64) -> Outcome {
        drive(self, self.ask(token, now, number)?)
    }
}

impl Run<LinkedOp<RefreshFamily, Subject>> for Issuer {
    fn run(
        &self,
        op: LinkedOp<RefreshFamily, Subject>,
    ) -> Result<counterseal_core::Linked<RefreshFamily, Subject>, Unavailable> {
        let is_swap = matches!(op, LinkedOp::Swap(_));
        let reply = self.store.run(op)?;
        self.lost
            .fetch_add(u64::from(is_swap && reply.0.is_none()), Relaxed);
        Ok(reply)
    }
}

/// Bytes that look random, the same for one number.
pub(crate) fn seed<const N: usize>(number: u64) -> Seed<N> {
    let mut bytes = [0; N];
    for (word, chunk) in bytes.chunks_mut(8).enumerate() {
        let word = mix(number ^ mix(word as u64 + 1)).to_be_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    Seed::new(bytes)
}

/// The secrets of all hosts.
pub(crate) fn secrets() -> RefreshSecrets {
    let secrets = RefreshSecrets::signing(1, &Secret::new(vec![7; 32]));
    secrets.expect("32 bytes")
}

pub(crate) fn text(token: &Secret) -> String {
    String::from_utf8(token.expose().to_vec()).expect("letters")
}

/// When the proofs of sessions begin: later than any day on which they are run, since Redis lets rows go by its own clock.
pub(crate) const BEGINNING: Time = Time::from_seconds(4_000_000_000);
pub(crate) const NEW: NewSession<'_> = NewSession {
    tenant: "login",
    subject: "ada",
    user_ver: 0,
    client: "web",
    device: "laptop",
    access: "orders:*",
    bound: None,
};
pub(crate) const WEB: Holder<'_> = Holder {
    client: "web",
    bound: None,
};

//! A site whose clients sign, and the real verifier over any store of claims.

use std::sync::Arc;

use counterseal_core::{Claim, KeyId, Refusal, Run, Secret, Seed, Step, Time, drive};
use counterseal_request::{
    Key, KeySet, Policy, Profile, Request, Scheme, Signed, Signer, Verifier,
};

use crate::uses::mix;

pub(crate) struct Site {
    verifier: Verifier,
    keys: KeySet,
    signers: Vec<Signer>,
}

/// A signed request, as whoever listens on the wire has it.
pub(crate) struct Sent {
    pub(crate) created: Time,
    fields: Signed,
}

impl Site {
    /// A site with so many clients, whose keys are older than every store.
    pub(crate) fn new(clients: usize) -> Self {
        let key = |client: usize| {
            let id = KeyId::parse(&format!("client-{client}")).expect("a key id");
            let number = client as u64;
            let secret = [mix(number), mix(!number), number, !number].map(u64::to_be_bytes);
            Arc::new(Key::new(id, &Secret::new(secret.concat())).expect("32 bytes"))
        };
        let keys: Vec<Arc<Key>> = (0..clients).map(key).collect();
        let signer = |key: &Arc<Key>| Signer::new(Arc::clone(key), Profile::default());
        Site {
            verifier: Verifier::new(Policy::for_authority(AUTHORITY).expect("a policy")),
            signers: keys.iter().map(signer).collect(),
            keys: KeySet::new(keys).expect("different ids"),
        }
    }

    /// A request that this client signs when its clock says `now`.
    pub(crate) fn sign(&self, client: usize, now: Time, nonce: u64) -> Sent {
        let seed = u128::from(mix(nonce)) << 64 | u128::from(nonce);
        let fields = self.signers[client].sign(&request(&[]), now, &Seed::new(seed.to_be_bytes()));
        Sent {
            created: Time::from_seconds(now.seconds()),
            fields: fields.expect("a request that can be signed"),
        }
    }

    /// What the verifier says of it: the code, when it refuses.
    pub(crate) fn verify<S: Run<Claim> + ?Sized>(
        &self,
        store: &S,
        sent: &Sent,
        now: Time,
    ) -> Result<(), &'static str> {
        let fields = [
            ("signature-input", sent.fields.signature_input().as_bytes()),
            ("signature", sent.fields.signature().as_bytes()),
        ];
        self.judge(store, &fields, now)
    }

    /// The same for a request whose MAC is of nobody's making.
    pub(crate) fn verify_forged<S: Run<Claim> + ?Sized>(
        &self,
        store: &S,
        sent: &Sent,
        now: Time,
    ) -> Result<(), &'static str> {
        let mut mac = sent.fields.signature().as_bytes().to_vec();
        let first = mac
            .iter()
            .position(|byte| *byte == b':')
            .expect("a byte sequence")
            + 1;
        mac[first] = if mac[first] == b'A' { b'B' } else { b'A' };
        let input = sent.fields.signature_input().as_bytes();
        self.judge(
            store,
            &[("signature-input", input), ("signature", &mac)],
            now,
        )
    }

    fn judge<S: Run<Claim> + ?Sized>(
        &self,
        store: &S,
        fields: &[(&str, &[u8])],
        now: Time,
    ) -> Result<(), &'static str> {
        let pending = self.verifier.begin(&request(fields), &self.keys, now);
        let step = pending.map(Step::Need).map_err(|error| error.code().name)?;
        let verified = drive(store, step);
        verified.map(drop).map_err(|error| error.code().name)
    }
}

fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: AUTHORITY,
        path: b"/v1/jobs",
        query: b"",
        headers,
        body: b"",
    }
}

const AUTHORITY: &str = "api.example";

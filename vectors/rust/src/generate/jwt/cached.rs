//! Proofs that are kept: the row O16. A hit gives the same verdict as a verification.

use serde_json::{Value, json};

use super::draft::{Draft, NOW, SECONDS, draft};
use super::secrets::{By, hmac_key, secret};
use crate::Case;
use crate::generate::limit::{accepted, members};
use crate::jwt::{CachedDoes as Does, CachedInput, CachedStep, TokenKeyInput, TokenKeysInput};

type Cached = Case<CachedInput>;

pub(in crate::generate) fn cases() -> Vec<Cached> {
    [times(), others(), keys(), places()].concat()
}

fn times() -> Vec<Cached> {
    let end = 600_000;
    let (over, early) = ("jwt_expired", "jwt_not_yet_valid");
    vec![
        story("o16-a-proof-holds-as-long-as-its-token")
            .takes(0)
            .takes(0)
            .at(end + 29_999)
            .takes(0)
            .at(end + 30_000)
            .refuses(0, over)
            .told(),
        story("o16-a-proof-is-over-and-the-clock-is-set-back")
            .takes(0)
            .at(end + 30_000)
            .refuses(0, over)
            .at(end)
            .takes(0)
            .told(),
        story("o16-a-proof-before-its-token-begins")
            .takes(0)
            .at(-30_000)
            .takes(0)
            .at(-30_001)
            .refuses(0, early)
            .at(0)
            .takes(0)
            .told(),
        story("o16-a-token-that-was-refused-is-taken-later")
            .at(-30_001)
            .refuses(0, early)
            .at(-30_000)
            .takes(0)
            .told(),
        story("o16-a-token-that-begins-later-than-it-was-issued")
            .changed(|token| token.claim("nbf", &(SECONDS + 60).to_string()))
            .at(30_000)
            .takes_saying(1, &json!({"begins": NOW + 60_000}))
            .at(29_999)
            .refuses(1, early)
            .told(),
        story("o16-without-leeway")
            .policy(&json!({"leeway_seconds": 0}))
            .takes(0)
            .at(end - 1)
            .takes(0)
            .at(end)
            .refuses(0, over)
            .at(-1)
            .refuses(0, early)
            .told(),
    ]
}

fn others() -> Vec<Cached> {
    let nearly = |token: &str, at: usize| {
        let mut letters = token.as_bytes().to_vec();
        letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(letters).expect("letters of base64url")
    };
    let mut forged = story("o16-a-token-with-another-signature").takes(0);
    let token = forged.text(0);
    let signature = token.rfind('.').expect("three parts") + 1;
    forged.tokens.push(nearly(&token, signature));
    forged.tokens.push(format!("{token}A"));
    forged.tokens.push(format!("{token} "));
    let mut payload = story("o16-a-token-with-another-payload").takes(0);
    let text = payload.text(0);
    let at = text.find('.').expect("three parts") + 1;
    payload.tokens.push(nearly(&text, at + 20));
    vec![
        forged
            .refuses(1, "jwt_signature").refuses(2, "jwt_signature").refuses(3, "jwt_malformed")
            .takes(0)
            .told(),
        payload.refuses(1, "jwt_signature").takes(0).told(),
        story("o16-two-tokens")
            .changed(|token| token.claim("sub", "\"user-8\""))
            .takes(0)
            .takes_saying(1, &json!({"subject": "user-8"}))
            .takes(0)
            .takes_saying(1, &json!({"subject": "user-8"}))
            .told(),
        story("o16-a-refusal-stays-one")
            .changed(|token| token.claim("aud", "\"other\""))
            .refuses(1, "jwt_audience")
            .refuses(1, "jwt_audience")
            .told(),
        story("o16-a-token-that-is-bound-to-a-key")
            .changed(|token| token.claim("cnf", r#"{"jkt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#))
            .refuses(1, "jwt_binding")
            .refuses(1, "jwt_binding")
            .told(),
        story("o16-another-audience")
            .other(json!({"profile": "access", "issuer": "https://iss.example", "audience": ["billing"]}))
            .takes(0)
            .by(1)
            .refuses(0, "jwt_audience")
            .by(0)
            .takes(0)
            .by(1)
            .refuses(0, "jwt_audience")
            .told(),
        story("o16-another-issuer")
            .other(json!({"profile": "access", "issuer": "https://other.example", "audience": ["api"]}))
            .takes(0)
            .by(1)
            .refuses(0, "jwt_issuer")
            .told(),
        story("o16-another-profile")
            .other(json!({"profile": "app", "issuer": "https://iss.example", "audience": ["api"]}))
            .takes(0)
            .by(1)
            .refuses(0, "jwt_type")
            .told(),
        story("o16-a-shorter-life")
            .other(json!({"profile": "access", "issuer": "https://iss.example", "audience": ["api"], "life_seconds": 300}))
            .takes(0)
            .by(1)
            .refuses(0, "jwt_lifetime")
            .told(),
        story("o16-a-shorter-leeway")
            .other(json!({"profile": "access", "issuer": "https://iss.example", "audience": ["api"], "leeway_seconds": 0}))
            .at(600_000)
            .takes(0)
            .by(1)
            .refuses(0, "jwt_expired")
            .told(),
    ]
}

fn keys() -> Vec<Cached> {
    let own = || vec![By::Hs256.key("k1")];
    let other_secret = || vec![hmac_key("k1", "HS256", &[8; 32])];
    let other_id = || vec![By::Hs256.key("k2")];
    let longer = || vec![hmac_key("k1", "HS512", &secret(64))];
    let both = || vec![By::Hs256.key("k1"), By::Es256.key("k2")];
    let of = |id: &str, keys: Vec<TokenKeyInput>, code: &str| {
        let story = story(id).takes(0).replaces(keys, None).refuses(0, code);
        story.replaces(own(), None).takes(0).told()
    };
    vec![
        of(
            "o16-another-secret-of-the-same-id",
            other_secret(),
            "jwt_signature",
        ),
        of("o16-the-key-has-another-id", other_id(), "jwt_key_unknown"),
        of(
            "o16-the-key-has-another-algorithm",
            longer(),
            "jwt_algorithm",
        ),
        story("o16-one-more-key")
            .takes(0)
            .replaces(both(), None)
            .takes(0)
            .told(),
        story("o16-keys-that-cannot-be-leave-those-before")
            .takes(0)
            .replaces(
                vec![By::Hs256.key("k1"), By::Es256.key("k1")],
                Some("jwt_setup_keys"),
            )
            .takes(0)
            .told(),
        story("o16-keys-of-one-verifier-are-not-anothers")
            .other(
                json!({"profile": "access", "issuer": "https://iss.example", "audience": ["api"]}),
            )
            .takes(0)
            .by(1)
            .takes(0)
            .replaces(other_secret(), None)
            .refuses(0, "jwt_signature")
            .by(0)
            .takes(0)
            .told(),
    ]
}

fn places() -> Vec<Cached> {
    let mut many = story("o16-more-tokens-than-places");
    many.places = 4;
    for at in 0..12 {
        many = many.changed(|token| token.claim("jti", &json!(format!("id-{at}")).to_string()));
    }
    for _ in 0..2 {
        for at in 0..12 {
            many = many.takes_saying(at + 1, &json!({"id": format!("id-{at}")}));
        }
    }
    vec![many.told()]
}

/// Steps on their way, and what each of them comes to.
struct Story {
    first: Draft,
    tokens: Vec<String>,
    others: Vec<Value>,
    places: usize,
    now: i64,
    verifier: usize,
    steps: Vec<CachedStep>,
    told: Vec<Value>,
}

/// One good token, and a verifier.
fn story(id: &str) -> Story {
    Story {
        first: draft(id, &["T-19"]),
        tokens: Vec::new(),
        others: Vec::new(),
        places: 64,
        now: NOW,
        verifier: 0,
        steps: Vec::new(),
        told: Vec::new(),
    }
}

impl Story {
    fn policy(mut self, change: &Value) -> Self {
        self.first = self.first.policy(change);
        self
    }

    /// One more verifier, of this policy.
    fn other(mut self, policy: Value) -> Self {
        self.others.push(policy);
        self
    }

    /// One more token: the good one, changed.
    fn changed(mut self, change: impl FnOnce(Draft) -> Draft) -> Self {
        let token = change(draft("another", &[])).accepted();
        self.tokens.push(token.input.token);
        self
    }

    fn text(&self, at: usize) -> String {
        match at {
            0 => draft("the-first", &[]).accepted().input.token,
            at => self.tokens[at - 1].clone(),
        }
    }

    /// The clock shows so many milliseconds more than at the beginning.
    const fn at(mut self, millis: i64) -> Self {
        self.now = NOW + millis;
        self
    }

    const fn by(mut self, verifier: usize) -> Self {
        self.verifier = verifier;
        self
    }

    fn step(mut self, does: Does, told: Value) -> Self {
        self.steps.push(CachedStep {
            at: self.now,
            does,
            verifier: self.verifier,
        });
        self.told.push(told);
        self
    }

    fn takes(self, token: usize) -> Self {
        self.takes_saying(token, &json!({}))
    }

    fn takes_saying(self, token: usize, change: &Value) -> Self {
        let proof = draft("proof", &[]).says(change).expect.output;
        self.step(
            Does::Verify { token },
            json!({"code": null, "proof": proof}),
        )
    }

    fn refuses(self, token: usize, code: &str) -> Self {
        self.step(Does::Verify { token }, json!({"code": code}))
    }

    fn replaces(self, keys: Vec<TokenKeyInput>, code: Option<&str>) -> Self {
        let keys = TokenKeysInput::Each(keys);
        self.step(Does::ReplaceKeys { keys }, json!({"code": code}))
    }

    fn told(self) -> Cached {
        let told = json!({"steps": self.told});
        accepted(self.case(), told)
    }

    fn case(self) -> Cached {
        let (tokens, steps, places) = (self.tokens, self.steps, self.places);
        let others = self.others.into_iter().map(members).collect();
        self.first.accepted().of(|verify| CachedInput {
            tokens: std::iter::once(verify.token).chain(tokens).collect(),
            keys: verify.keys,
            others,
            places,
            steps,
        })
    }
}

//! Verifying and minting tokens against the signature alone, and against `jsonwebtoken` with the same library of signatures.
//!
//! The token has ten claims. Both sides check issuer, audience, times and signature, and hand claims out typed; the peer
//! has no standing, no denylist and no strict reading.

use std::hash::Hasher;
use std::hint::black_box;
use std::sync::Arc;

use counterseal_core::{
    Algorithm, Bound, KeyId, Lifetime, MacKey, PrivateKey, Secret, Seed, SignKey, Signatures, Span,
    Step, Time, VerifyKey, drive,
};
use counterseal_crypto_aws_lc::AwsLc;
use counterseal_jwt::{
    CachingVerifier, ChangeAccessKey, ChangeSubject, Claims, Minter, StandingCache, StandingPolicy,
    TokenAlgorithm, TokenKey, TokenKeys, TokenPolicy, TokenSigner, TokenSpace, TokenVerifier,
    VerifiedToken,
};
use counterseal_memory::Memory;
use counterseal_replay::Window;
use counterseal_testkit::keys;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::alloc::counted;
use crate::harness::Bench;

const NOW: Time = Time::from_seconds(4_000_000_000);
const ISSUER: &str = "https://issuer.example";
const SECRET: [u8; 32] = [7; 32];
const RSA: &str = include_str!("rsa.pem");
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA6Ew8OcHXd2pPE2hwONlSY7SdHdx5eTeNQ/Mr6SZY5eg=
-----END PUBLIC KEY-----
";
const RSA_PUBLIC: &str = include_str!("rsa_public.pem");

/// What the peer reads and writes.
#[derive(Serialize, Deserialize)]
struct PeerClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    user_ver: i64,
    akid: String,
    sid: String,
    scope: String,
}

pub fn verify_hs256() -> Bench {
    let key = MacKey::new(&Secret::new(SECRET.to_vec())).expect("32 bytes");
    let raw = move |message: &[u8], tag: &[u8]| {
        let tag = tag.try_into().expect("32 bytes");
        key.verify(message, tag).expect("it verifies");
    };
    verify("jwt_verify_hs256", hmac(), raw, peer_hmac())
}

pub fn verify_es256() -> Bench {
    verify_pair(
        "jwt_verify_es256",
        Algorithm::Es256,
        jsonwebtoken::Algorithm::ES256,
    )
}

pub fn verify_eddsa() -> Bench {
    verify_pair(
        "jwt_verify_eddsa",
        Algorithm::EdDsa,
        jsonwebtoken::Algorithm::EdDSA,
    )
}

/// RSA signs nothing here, so the peer mints what both verify.
pub fn verify_rs256() -> Bench {
    let peer = Peer {
        algorithm: jsonwebtoken::Algorithm::RS256,
        encoding: EncodingKey::from_rsa_pem(RSA.as_bytes()).expect("a key"),
        decoding: DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).expect("a key"),
    };
    let public = counterseal_core::PublicKey::from_pem(RSA_PUBLIC).expect("a key");
    let key = AwsLc.verify_key(Algorithm::Rs256, &public).expect("a key");
    let raw = key.clone();
    let token = Box::leak(peer.mint(&peer_claims()).into_boxed_str());
    let key = TokenKey::public(id(), key);
    verify_token(
        "jwt_verify_rs256",
        token,
        key,
        move |message, signature| raw.verify(message, signature).expect("it verifies"),
        peer,
    )
}

pub fn encode_hs256() -> Bench {
    let key = MacKey::new(&Secret::new(SECRET.to_vec())).expect("32 bytes");
    let raw = move |message: &[u8]| {
        black_box(key.tag(message));
    };
    encode("jwt_encode_hs256", hmac(), raw, peer_hmac())
}

pub fn encode_es256() -> Bench {
    encode_pair(
        "jwt_encode_es256",
        Algorithm::Es256,
        jsonwebtoken::Algorithm::ES256,
    )
}

pub fn encode_eddsa() -> Bench {
    encode_pair(
        "jwt_encode_eddsa",
        Algorithm::EdDsa,
        jsonwebtoken::Algorithm::EdDSA,
    )
}

/// A token that was verified before. The floor is the keyed hash of its text; beside the proof, its standing is looked up in the
/// cache that says what a store said a moment ago; `counterseal_standing` is that alone. The peer is a cache of claims by their tokens,
/// which looks at nothing.
pub fn cached() -> Bench {
    let token = minted(hmac());
    let size = token.len() as f64;
    let keys = TokenKeys::new([hmac().key().clone()]).expect("one key");
    let seed = Seed::new([3; 16]);
    let mut verifier = CachingVerifier::new(policy(), keys, 4_096, &seed).expect("a cache");
    let proof = verifier.verify(token, NOW).expect("it verifies");
    let (mut standing, mut alone) = (known(&proof), known(&proof));
    let peer = moka::sync::Cache::new(4_096);
    peer.insert(token.to_owned(), Arc::new(peer_claims()));
    let hasher = SipHasher24::new_with_key(seed.expose());
    Bench::new("jwt_cached")
        .item("floor", size, move || {
            let mut hasher = hasher;
            hasher.write(black_box(token).as_bytes());
            hasher.finish128().h1
        })
        .item("counterseal", size, move || {
            let proof = verifier.verify(black_box(token), NOW).expect("it verifies");
            stands(&mut standing, &proof)
        })
        .item("counterseal_standing", size, move || {
            stands(&mut alone, black_box(&proof))
        })
        .item("moka", size, move || {
            peer.get(black_box(token)).expect("it is there").sub.len()
        })
}

fn stands(standing: &mut StandingCache, proof: &VerifiedToken<'static>) -> usize {
    match standing.begin(proof, NOW) {
        Step::Done(live) => live.expect("it stands").token().subject().len(),
        Step::Need(_) => unreachable!("it is kept"),
    }
}

/// A standing cache that knows what a store says of the token: its subject has version 17, and its access key is good.
fn known(proof: &VerifiedToken<'static>) -> StandingCache {
    let standing = StandingPolicy::new("login").expect("a tenant");
    let standing = standing.any_subject();
    let minute = Span::from_seconds(60);
    let mut standing = StandingCache::new(standing, minute, 4_096).expect("a cache");
    let store = Memory::new(Window::MINUTE, 64, NOW);
    let subject = proof.subject();
    drive(&store, ChangeSubject::register("login", subject, NOW)).expect("it is stored");
    drive(&store, ChangeSubject::bump_past("login", subject, 16, NOW)).expect("it is raised");
    let key = proof.access_key().expect("it names one");
    drive(
        &store,
        ChangeAccessKey::register("login", key, subject, NOW),
    )
    .expect("it is stored");
    let live = drive(&store, standing.begin(proof, NOW)).expect("it stands");
    standing.keep(&live, NOW);
    standing
}

fn minted(signer: TokenSigner) -> &'static str {
    let token = Minter::new(signer, &policy()).mint(&claims(), &life(), &Seed::new([9; 16]));
    let token = token.expect("it signs");
    let token = str::from_utf8(token.expose()).expect("ASCII");
    Box::leak(token.to_owned().into_boxed_str())
}

struct Peer {
    algorithm: jsonwebtoken::Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Peer {
    fn mint(&self, claims: &PeerClaims) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(id().as_str().to_owned());
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, claims, &self.encoding).expect("it signs")
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(self.algorithm);
        validation.set_audience(&["api"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = false;
        validation
    }
}

fn peer_hmac() -> Peer {
    Peer {
        algorithm: jsonwebtoken::Algorithm::HS256,
        encoding: EncodingKey::from_secret(&SECRET),
        decoding: DecodingKey::from_secret(&SECRET),
    }
}

fn peer_pair(algorithm: jsonwebtoken::Algorithm, private: &str) -> Peer {
    let pem = private.as_bytes();
    let (encoding, public) = match algorithm {
        jsonwebtoken::Algorithm::ES256 => (EncodingKey::from_ec_pem(pem), keys::P256_PUBLIC),
        _ => (EncodingKey::from_ed_pem(pem), ED25519_PUBLIC),
    };
    let public = public.as_bytes();
    let decoding = match algorithm {
        jsonwebtoken::Algorithm::ES256 => DecodingKey::from_ec_pem(public),
        _ => DecodingKey::from_ed_pem(public),
    };
    Peer {
        algorithm,
        encoding: encoding.expect("a key"),
        decoding: decoding.expect("a key"),
    }
}

fn peer_claims() -> PeerClaims {
    let now = NOW.seconds();
    PeerClaims {
        iss: ISSUER.into(),
        sub: "user-7f3a9c1e".into(),
        aud: "api".into(),
        iat: now,
        nbf: now,
        exp: now + 900,
        jti: "CQkJCQkJCQkJCQkJCQkJCQ".into(),
        user_ver: 17,
        akid: "key-4f1c2d3e".into(),
        sid: "session-8a7b6c5d".into(),
        scope: "orders:read orders:write profile:read".into(),
    }
}

fn claims() -> Claims {
    Claims::of("user-7f3a9c1e")
        .at_version(17)
        .by_access_key("key-4f1c2d3e")
        .in_session("session-8a7b6c5d")
        .with_text("scope", "orders:read orders:write profile:read")
}

fn id() -> KeyId {
    KeyId::parse("key-2026-11").expect("a key id")
}

fn policy() -> TokenPolicy {
    TokenPolicy::access(ISSUER, "api").expect("a policy")
}

fn life() -> Lifetime {
    let ceiling = [Bound::ceiling("access", Span::from_minutes(30))];
    Lifetime::clamp(Span::from_minutes(15), &ceiling, NOW).expect("a lifetime")
}

fn hmac() -> TokenSigner {
    let secret = Secret::new(SECRET.to_vec());
    TokenSigner::hmac(id(), TokenAlgorithm::Hs256, &secret).expect("a key")
}

fn private(algorithm: Algorithm) -> (&'static str, PrivateKey) {
    let pem = match algorithm {
        Algorithm::Es256 => keys::P256,
        _ => keys::ED25519,
    };
    let key = PrivateKey::from_pem(&Secret::new(pem.into())).expect("a key");
    (pem, key)
}

fn pair(algorithm: Algorithm) -> (TokenSigner, Arc<dyn SignKey>, Arc<dyn VerifyKey>) {
    let (_, key) = private(algorithm);
    let sign = AwsLc.sign_key(algorithm, &key).expect("a key");
    let verify = AwsLc
        .verify_key(algorithm, sign.public_key())
        .expect("a key");
    let signer = TokenSigner::private(id(), &key, &AwsLc).expect("a key");
    (signer, sign, verify)
}

fn verify_pair(name: &'static str, algorithm: Algorithm, peer: jsonwebtoken::Algorithm) -> Bench {
    let (signer, _, key) = pair(algorithm);
    let raw = move |message: &[u8], signature: &[u8]| {
        key.verify(message, signature).expect("it verifies");
    };
    verify(name, signer, raw, peer_pair(peer, private(algorithm).0))
}

fn verify(
    name: &'static str,
    signer: TokenSigner,
    raw: impl FnMut(&[u8], &[u8]) + 'static,
    peer: Peer,
) -> Bench {
    let key = signer.key().clone();
    verify_token(name, minted(signer), key, raw, peer)
}

/// The floor is the signature alone, its key parsed before; `counterseal` borrows the claims from a space that is used again, and
/// `counterseal_owned` hands out what the caller may keep.
fn verify_token(
    name: &'static str,
    token: &'static str,
    key: TokenKey,
    mut raw: impl FnMut(&[u8], &[u8]) + 'static,
    peer: Peer,
) -> Bench {
    let size = token.len() as f64;
    let keys: &'static TokenKeys = Box::leak(Box::new(TokenKeys::new([key]).expect("one key")));
    let verifier: &'static TokenVerifier = Box::leak(Box::new(TokenVerifier::new(policy())));
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let signature = decoded(signature);
    let validation = peer.validation();
    let mut space = TokenSpace::new();
    let (_, _, calls) = counted(|| {
        let verified = verifier.verify_in(&mut space, token, None, keys, NOW);
        verified.expect("it verifies").subject().len()
    });
    assert_eq!(calls, 0, "borrowed claims cost no allocation");
    Bench::new(name)
        .item("floor", size, move || {
            raw(black_box(message.as_bytes()), &signature)
        })
        .item("counterseal", size, move || {
            let verified = verifier.verify_in(&mut space, black_box(token), None, keys, NOW);
            verified.expect("it verifies").subject().len()
        })
        .item("counterseal_owned", size, move || {
            verifier
                .verify(black_box(token), keys, NOW)
                .expect("it verifies")
        })
        .item("jsonwebtoken", size, move || {
            let token = black_box(token);
            let read = jsonwebtoken::decode::<PeerClaims>(token, &peer.decoding, &validation);
            read.expect("the peer verifies")
        })
}

fn encode_pair(name: &'static str, algorithm: Algorithm, peer: jsonwebtoken::Algorithm) -> Bench {
    let (signer, key, _) = pair(algorithm);
    let raw = move |message: &[u8]| {
        black_box(key.sign(message)).expect("it signs");
    };
    encode(name, signer, raw, peer_pair(peer, private(algorithm).0))
}

fn encode(
    name: &'static str,
    signer: TokenSigner,
    mut raw: impl FnMut(&[u8]) + 'static,
    peer: Peer,
) -> Bench {
    let minter = Minter::new(signer, &policy());
    let (claims, peer_claims, life) = (claims(), peer_claims(), life());
    let token = minter
        .mint(&claims, &life, &Seed::new([9; 16]))
        .expect("it signs");
    let token = str::from_utf8(token.expose()).expect("ASCII").to_owned();
    let size = token.len() as f64;
    Bench::new(name)
        .item("floor", size, move || {
            let (message, _) = token.rsplit_once('.').expect("three parts");
            raw(black_box(message.as_bytes()));
        })
        .item("counterseal", size, move || {
            let token = minter.mint(black_box(&claims), &life, &Seed::new([9; 16]));
            token.expect("it signs")
        })
        .item("jsonwebtoken", size, move || {
            peer.mint(black_box(&peer_claims))
        })
}

fn decoded(part: &str) -> Vec<u8> {
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(part).expect("base64url")
}

//! JWT-SVIDs beyond what `vectors/jwt/svid.json` shows: the proof, and that tokens of other kinds are none.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{Bound, KeyId, Lifetime, PrivateKey, Refusal, Secret, Seed, Span, Time};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    Claims, Minter, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier,
};
use counterseal_testkit::{NOW, keys};
use proptest::prelude::*;

const WORKER: &str = "spiffe://td.example/worker/7";

fn signer() -> TokenSigner {
    let private = PrivateKey::from_pem(&Secret::new(keys::P256.into())).unwrap();
    TokenSigner::private(KeyId::parse("k1").unwrap(), &private, &RustCrypto).unwrap()
}

fn policy() -> TokenPolicy {
    TokenPolicy::svid("spiffe://td.example", "api").unwrap()
}

fn minted(policy: &TokenPolicy, subject: &str, now: Time) -> Result<String, &'static str> {
    let bounds = [Bound::ceiling("policy", policy.life())];
    let life = Lifetime::clamp(Span::from_minutes(5), &bounds, now).unwrap();
    let minter = Minter::new(signer(), policy);
    let token = minter.mint(&Claims::of(subject), &life, &Seed::new([1; 16]));
    let token = token.map_err(|error| error.code().name)?;
    Ok(String::from_utf8(token.expose().into()).unwrap())
}

fn keys_of() -> TokenKeys {
    TokenKeys::new([signer().key().clone()]).unwrap()
}

#[test]
fn a_proof_names_a_workload_of_the_trust_domain() {
    let token = minted(&policy(), WORKER, NOW).unwrap();
    let verified = TokenVerifier::new(policy())
        .verify(&token, &keys_of(), NOW)
        .unwrap();
    let id = verified.spiffe_id().unwrap();
    assert_eq!((id.trust_domain(), id.path()), ("td.example", "/worker/7"));
    assert!(!verified.payload().contains("\"iss\""));
}

#[test]
fn a_name_of_a_workload_in_a_token_of_another_kind_is_only_a_text() {
    let policy = TokenPolicy::access("https://iss.example", "api").unwrap();
    let token = minted(&policy, WORKER, NOW).unwrap();
    let verified = TokenVerifier::new(policy)
        .verify(&token, &keys_of(), NOW)
        .unwrap();
    assert_eq!((verified.subject(), verified.spiffe_id()), (WORKER, None));
}

#[test]
fn f13_a_token_of_another_kind_by_the_same_key_is_no_svid() {
    for other in [
        TokenPolicy::access,
        TokenPolicy::job,
        TokenPolicy::provisioner,
    ] {
        let token = minted(&other("spiffe://td.example", "api").unwrap(), WORKER, NOW).unwrap();
        let refused = TokenVerifier::new(policy()).verify(&token, &keys_of(), NOW);
        assert_eq!(refused.err().unwrap().code().name, "jwt_type");
    }
    // An application's tokens say `JWT`, as these do: what tells them apart is the key, and the audience.
    let app = TokenPolicy::app("spiffe://td.example", "api").unwrap();
    let token = minted(&policy(), WORKER, NOW).unwrap();
    let refused = TokenVerifier::new(app).verify(&token, &keys_of(), NOW);
    assert_eq!(refused.err().unwrap().code().name, "jwt_claim_missing");
}

#[test]
fn a_kept_proof_is_over_when_its_token_is() {
    let verifier = TokenVerifier::new(policy());
    let token = minted(&policy(), WORKER, NOW).unwrap();
    let proof = verifier.verify(&token, &keys_of(), NOW).unwrap();
    assert!(verifier.recheck(&proof, NOW).is_ok());
    let late = proof.expires().plus(Span::from_seconds(30));
    let over = verifier.recheck(&proof, late).unwrap_err();
    assert_eq!(over.code().name, "jwt_expired");
}

#[test]
fn a_secret_mints_no_svid() {
    let secret = Secret::new(vec![7; 32]);
    let id = KeyId::parse("k1").unwrap();
    let signer = TokenSigner::hmac(id, TokenAlgorithm::Hs256, &secret).unwrap();
    let life = Lifetime::clamp(Span::from_minutes(5), &[], NOW).unwrap();
    let minter = Minter::new(signer, &policy());
    let refused = minter.mint(&Claims::of(WORKER), &life, &Seed::new([1; 16]));
    assert_eq!(refused.err().unwrap().code().name, "jwt_setup_algorithm");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_minted_is_taken_and_the_rest_has_a_code(subject in "(spiffe://td\\.example)?[/a-z.?#]{0,12}") {
        match minted(&policy(), &subject, NOW) {
            Ok(token) => {
                let verified = TokenVerifier::new(policy()).verify(&token, &keys_of(), NOW).unwrap();
                prop_assert_eq!(verified.spiffe_id().unwrap().as_str(), subject);
            }
            Err(code) => prop_assert!(code.starts_with("spiffe_") || code == "jwt_setup_trust_domain"),
        }
    }
}

//! Tokens.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal::core::{
    Algorithm, Bound, Forged, KeyId, Lifetime, MacKey, Refusal, Secret, Seed, Span, Time, VerifyKey,
};
use counterseal::jwt::{
    Claims, FetchPolicy, FetchResponse, Fetched, GithubRule, Grant, JwtError, KeyFetcher, Minter,
    OidcError, OidcPolicy, Permission, Requirement, StepUp, TokenAlgorithm, TokenKey, TokenKeys,
    TokenPolicy, TokenSigner, TokenVerifier, VerifiedToken, Wanted, claimed_issuer, claimed_kid,
    inspect,
};
use counterseal_beside::{Both, Verdict};
use counterseal_crypto_rustcrypto::RustCrypto;

/// A verifier, its keys, and whoever mints for it.
struct World {
    verifier: TokenVerifier,
    keys: TokenKeys,
    minter: Minter,
    mac: MacKey,
}

// Not the secret of the vectors, whose tokens are seeds.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let secret = Secret::new(vec![9; 32]);
    let id = KeyId::parse("k1").expect("a key id");
    let signer = TokenSigner::hmac(id, TokenAlgorithm::Hs256, &secret).expect("32 bytes");
    let policy = TokenPolicy::access("https://iss.example", "api").expect("a policy");
    World {
        keys: TokenKeys::new([signer.key().clone()]).expect("one key"),
        minter: Minter::new(signer, &policy),
        verifier: TokenVerifier::new(policy),
        mac: MacKey::new(&secret).expect("32 bytes"),
    }
});

const NOW: Time = Time::from_seconds(1_800_000_000);

/// Whatever the text is, it is refused; what somebody with the key signs is accepted as one JSON object, or refused; and what is
/// minted is accepted.
pub fn jwt_token_verifier_verify(data: &[u8]) {
    let World {
        verifier,
        keys,
        mac,
        ..
    } = &*WORLD;
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    assert!(verifier.verify(text, keys, NOW).is_err());
    explained(text);
    assert!(
        inspect(text).lines().skip(2).count() <= 132,
        "a line for each member"
    );

    let head = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0";
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(data));
    let token = format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac.tag(signed.as_bytes()))
    );
    explained(&token);
    match verifier.verify(&token, keys, NOW) {
        Ok(verified) => {
            let said: serde_json::Value =
                serde_json::from_str(verified.payload()).expect("it is JSON");
            assert_eq!(said["sub"], verified.subject());
            assert_eq!(said["iss"], "https://iss.example");
        }
        Err(error) => assert_ne!(error.code().name, "jwt_signature"),
    }

    if let Ok(workload) = svid(data) {
        let id = workload.spiffe_id().expect("a workload");
        assert!(id.trust_domain() == "td.example" && id.path().len() > 1);
    }

    let Some(verified) = minted("x", text) else {
        return;
    };
    let said: serde_json::Value = serde_json::from_str(verified.payload()).expect("it is JSON");
    assert_eq!(said["x"], text);
}

/// An explanation ends as its verifier does, and is one line for each check whatever the token says.
fn explained(token: &str) {
    let World { verifier, keys, .. } = &*WORLD;
    let explained = verifier.explain(token, None, keys, NOW);
    assert_eq!(
        explained.refusal(),
        verifier.verify(token, keys, NOW).err().as_ref()
    );
    assert_eq!(
        explained.to_string().lines().count(),
        1 + explained.checks().count()
    );
}

/// The proof of a JWT-SVID with this payload, if it is one.
fn svid(payload: &[u8]) -> Result<VerifiedToken<'static>, JwtError> {
    static VERIFIER: LazyLock<(TokenVerifier, TokenKeys)> = LazyLock::new(|| {
        let policy = TokenPolicy::svid("spiffe://td.example", "api").expect("a policy");
        let key = TokenKey::public(KeyId::parse("k1").expect("a key id"), Arc::new(Tagged));
        let keys = TokenKeys::new([key]).expect("one key");
        (TokenVerifier::new(policy), keys)
    });
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","kid":"k1"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let tag = WORLD.mac.tag(signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
    let (verifier, keys) = &*VERIFIER;
    verifier.verify(&token, keys, NOW)
}

/// The proof of a token with this claim, if one can be minted: what is minted is accepted.
fn minted(name: &str, text: &str) -> Option<VerifiedToken<'static>> {
    let World {
        keys,
        minter,
        verifier,
        ..
    } = &*WORLD;
    let bounds = [Bound::ceiling("fuzz", Span::from_minutes(5))];
    let life = Lifetime::clamp(Span::from_minutes(5), &bounds, NOW).expect("a life");
    let claims = Claims::of("user").with_text(name, text);
    let token = minter.mint(&claims, &life, &Seed::new([1; 16])).ok()?;
    let token = std::str::from_utf8(token.expose()).expect("a token is text");
    let verified = verifier.verify(token, keys, NOW);
    Some(verified.expect("what is minted is accepted"))
}

/// A set that is read is JSON, and one key of it is read alone too.
pub fn jwt_token_keys_from_jwks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let alone = TokenKey::from_jwk(text, &RustCrypto);
    let set = TokenKeys::from_jwks(&format!("{{\"keys\":[{text}]}}"), &RustCrypto);
    assert!(alone.is_err() || set.is_ok(), "a key alone is a set");
    let bundle = TokenKeys::from_spiffe_bundle(text, &RustCrypto);
    if bundle.is_ok() || TokenKeys::from_jwks(text, &RustCrypto).is_ok() {
        let said: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
        assert!(said["keys"].is_array());
    }
}

/// Grants are read all together or refused all together; a permission is a grant of itself; and nobody is stepped up by a token
/// that tells of no authentication.
pub fn jwt_requirement_check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let permission = Permission::parse(text);
    if let Ok(permission) = &permission {
        let grant = Grant::parse(text).expect("a permission is a grant");
        assert!(grant.covers(permission) && !grant.is_root());
    }
    let Some(verified) = minted("scope", text) else {
        return;
    };

    let all = Requirement::all(["a:b", "a:c"])
        .expect("a requirement")
        .with_root_grants();
    let any = Requirement::any(["a:b", "a:c"])
        .expect("a requirement")
        .with_root_grants();
    let (all, any) = (all.check(&verified, NOW), any.check(&verified, NOW));
    assert!(all.is_err() || any.is_ok());
    let grants: Result<Vec<_>, _> = text.split(' ').map(Grant::parse).collect();
    let is_malformed = all.is_err_and(|error| error.code().name == "jwt_grants");
    let is_read = text.is_empty() || grants.is_ok_and(|grants| grants.len() <= 256);
    assert_eq!(is_malformed, !is_read);
    let step_up = StepUp::by_method(Span::from_minutes(5), ["otp"]).expect("a step-up");
    let fresh = Requirement::all_with_step_up(["a:b"], step_up).expect("a requirement");
    assert!(fresh.check(&verified, NOW).is_err());
}

/// A key that checks a tag and says that it is of RSA.
struct Tagged;

impl VerifyKey for Tagged {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        let tag = signature.try_into().map_err(|_| Forged)?;
        WORLD.mac.verify(message, tag)
    }
}

/// Whatever somebody with the issuer's key signs: what is admitted has the ids of the rule, on its branch; and a refusal has nothing
/// of the token.
pub fn jwt_oidc_policy_verify(data: &[u8]) {
    let rule = GithubRule::new("main")
        .repository(74, 65)
        .refs(["refs/heads/v*"]);
    let policy = OidcPolicy::github("api", [rule]).expect("a policy");
    let id = KeyId::parse("k1").expect("a key id");
    let keys = TokenKeys::new([TokenKey::public(id, Arc::new(Tagged))]).expect("one key");
    let header = br#"{"alg":"RS256","kid":"k1","typ":"JWT","x5t":"a"}"#;
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(data)
    );
    let token = format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(WORLD.mac.tag(signed.as_bytes()))
    );
    match policy.verify(&token, &keys, NOW) {
        Ok(admitted) => {
            let payload = admitted.token().payload();
            let said: serde_json::Value = serde_json::from_str(payload).expect("it is JSON");
            assert_eq!(said["repository_id"], "74");
            assert_eq!(said["repository_owner_id"], "65");
            let reference = said["ref"].as_str().expect("a text");
            let branch = reference.strip_prefix("refs/heads/v").expect("its branch");
            assert!(!branch.is_empty() && !branch.contains('/'));
            assert!(admitted.claim().is_some());
        }
        Err(OidcError::Denied { claim, .. }) => {
            assert!(
                claim
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
        }
        Err(error) => assert_ne!(error.code().name, "jwt_signature"),
    }
}

/// An answer, whatever it is, is a set of public keys from the pinned URL, or an error that keeps the set before it; and what is
/// no URL in its one form is none that is fetched.
pub fn jwt_key_fetcher_handle_response(data: &[u8]) {
    let url = "https://iss.example/keys";
    let policy = FetchPolicy::new("https://iss.example", url).expect("a policy");
    let mut fetcher = KeyFetcher::new(policy, &Seed::new([7; 8]), NOW);
    fetcher.handle_timeout(NOW);
    let order = fetcher.poll_output().expect("the first fetch is due");
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(lines.next().unwrap_or(b"")).unwrap_or("");
    let (status, content_type, place) = (line(), line(), line());
    let response = FetchResponse {
        status: status.parse().unwrap_or(200),
        content_type: Some(content_type),
        url: Some(place).filter(|place| !place.is_empty()),
        body: lines.next().unwrap_or(b""),
        max_age: None,
    };
    let fetched = fetcher.handle_response(order.id, &response, &RustCrypto, NOW);
    assert_eq!(fetcher.keys(NOW).is_ok(), fetched == Ok(Fetched::New));
    if let Ok(snapshot) = fetcher.keys(NOW) {
        assert!(response.status == 200 && response.url.is_none_or(|place| place == url));
        for key in snapshot.keys(NOW).expect("it is new").iter() {
            assert!(matches!(key.algorithm(), TokenAlgorithm::Signature(_)));
            assert_eq!(fetcher.handle_wanted(key.kid(), NOW), Wanted::Known);
        }
    }
    let text = std::str::from_utf8(data).unwrap_or("");
    let _ = fetcher.handle_wanted(text, NOW);
    if let Some(kid) = claimed_kid(text) {
        assert!((1..=255).contains(&kid.as_str().len()));
    }
    if let Some(issuer) = claimed_issuer(text) {
        assert!((1..=512).contains(&issuer.as_str().len()));
    }
    if FetchPolicy::new("iss", text).is_ok() {
        let host = text.strip_prefix("https://").expect("https only");
        let (host, _) = host.split_once('/').expect("a path");
        assert!(!host.contains(['@', '\\', '%', '#', '?']) && !text.contains("/../"));
    }
}

/// What our verifier and another library say of one token differs only as `docs/compare.md` says.
pub fn jwt_beside_jsonwebtoken(data: &[u8]) {
    static BOTH: LazyLock<Both> = LazyLock::new(Both::default);
    let now = counterseal_beside::now();
    let token = counterseal_beside::token(data, now.seconds());
    if let Verdict::Unexplained(found) = BOTH.judge(&token, now) {
        panic!("not in docs/compare.md: {found}: {token}");
    }
}

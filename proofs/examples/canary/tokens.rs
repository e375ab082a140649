//! Tokens and their keys: minted, verified, changed, and set up with what they cannot be.

use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal_core::{Bound, Lifetime, MacKey, PrivateKey, Seed, Span};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    CachingVerifier, Claims, GithubRule, Minter, OidcPolicy, Requirement, TokenAlgorithm, TokenKey,
    TokenKeys, TokenPolicy, TokenSigner, TokenVerifier, bearer, claimed_issuer, claimed_kid,
};
use counterseal_testkit::NOW;

use crate::{Told, id_of, secret};

const ISSUER: &str = "https://iss.example";

/// The secret of an HMAC, the private part of a pair, a claim of a genuine token, and what strangers send.
pub(crate) fn tell(told: &mut Told, secrets: &[String]) -> Result<(), Box<dyn Error>> {
    let [key, private, claim, junk] = secrets else {
        return Err("four are needed".into());
    };
    let policy = TokenPolicy::access(ISSUER, "api")?;
    let hmac = TokenSigner::hmac(id_of("k1"), TokenAlgorithm::Hs256, &secret(key))?;
    let pem = pem(private);
    let private = PrivateKey::from_pem(&secret(&pem))?;
    let pair = TokenSigner::private(id_of("k2"), &private, &RustCrypto)?;
    let keys = TokenKeys::new([hmac.key().clone(), pair.key().clone()])?;
    told.add(&policy);
    told.add(hmac.key());
    told.add(pair.key());
    let verifier = TokenVerifier::new(policy.clone());
    let life = Lifetime::clamp(
        Span::from_minutes(5),
        &[Bound::ceiling("access", policy.life())],
        NOW,
    )?;
    let claims = Claims::of("user-7")
        .with_text("x", claim)
        .with_text("scope", junk);
    let mut tokens = vec![junk.clone(), format!("{junk}.{junk}.{junk}")];
    for signer in [hmac, pair] {
        let minted = Minter::new(signer, &policy).mint(&claims, &life, &Seed::new([1; 16]))?;
        let token = std::str::from_utf8(minted.expose())?;
        let requirement = Requirement::all(["a:b"])?;
        let proof = verifier.verify(token, &keys, NOW)?;
        told.outcome(&requirement.check(&proof, NOW).map(|_| ()));
        tokens.extend([
            token.to_owned(),
            format!("{token}AA"),
            token.replace(".ey", ".eyJ4"),
        ]);
    }
    tokens.extend(signed(key, claim, junk)?);
    let mut caching = CachingVerifier::new(policy, keys.clone(), 8, &Seed::new([7; 16]))?;
    let oidc = OidcPolicy::github(
        "api",
        [GithubRule::new("main")
            .repository(1, 2)
            .refs(["refs/heads/v*"])],
    )?;
    for token in &tokens {
        for now in [NOW, NOW.plus(Span::from_minutes(60))] {
            match caching.verify(token, now) {
                Ok(proof) => told.add(proof.key_id()),
                Err(error) => {
                    told.add(&error.event(now));
                    told.outcome(&Err::<(), _>(error));
                }
            }
            told.outcome(&oidc.verify(token, &keys, now).map(|_| ()));
        }
        told.outcome(&bearer([format!("Basic {token}").as_bytes()]).map(|_| ()));
        told.outcome(&bearer([format!("Bearer {token}!").as_bytes()]).map(|_| ()));
        // What a token claims is for whoever looks for its key, and not told by itself.
        let _ = (claimed_kid(token), claimed_issuer(token));
    }
    setups(told, &pem, junk);
    Ok(())
}

/// Tokens that are signed, with what nobody asked for in each place.
fn signed(key: &str, claim: &str, junk: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let (mac, seconds) = (MacKey::new(&secret(key))?, NOW.seconds());
    let good = format!(
        r#""sub":"user-7","aud":"api","jti":"a","x":"{claim}","iat":{seconds},"exp":{}"#,
        seconds + 60
    );
    let header = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
    let claims = format!(r#"{{"iss":"{ISSUER}",{good}}}"#);
    let parts = [
        (header.replace("k1", junk), claims.clone()),
        (header.replace("HS256", junk), claims.clone()),
        (header.replace("at+jwt", junk), claims.clone()),
        (header.replace("typ", junk), claims.clone()),
        (header.into(), claims.replace(ISSUER, junk)),
        (header.into(), claims.replace("api", junk)),
        (
            header.into(),
            claims.replace("\"user-7\"", &format!("[\"{junk}\"]")),
        ),
        (
            header.into(),
            claims.replace("60}", &format!("\"{junk}\"}}")),
        ),
        (
            header.into(),
            claims.replace("\"x\"", &format!("\"{junk}\":1,\"{junk}\"")),
        ),
        (header.into(), claims.replace("\"x\"", "\"cnf\"")),
        (header.into(), format!("{junk}{claims}")),
    ];
    let sign = |(header, claims): (String, String)| {
        let signed = [header, claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".");
        let tag = URL_SAFE_NO_PAD.encode(mac.tag(signed.as_bytes()));
        format!("{signed}.{tag}")
    };
    Ok(parts.into_iter().map(sign).collect())
}

/// What is no key, no policy and no claim.
fn setups(told: &mut Told, pem: &str, junk: &str) {
    let long = junk.repeat(20);
    told.outcome(
        &TokenKey::hmac(id_of("a"), TokenAlgorithm::Hs384, &secret(&junk[..47])).map(|_| ()),
    );
    told.outcome(
        &TokenKey::hmac(id_of("a"), TokenAlgorithm::Hs256, &secret(&junk[..31])).map(|_| ()),
    );
    told.outcome(&TokenAlgorithm::parse(junk));
    told.outcome(&PrivateKey::from_pem(&secret(junk)).map(|_| ()));
    told.outcome(&PrivateKey::from_pem(&secret(&pem.replace("PRIVATE", "PUBLIC"))).map(|_| ()));
    for text in [
        junk.to_owned(),
        format!(r#"{{"kty":"oct","alg":"HS256","kid":"a","k":"{junk}","d":"{junk}"}}"#),
        format!(r#"{{"kty":"{junk}","alg":"EdDSA","kid":"{junk}","x":"{junk}"}}"#),
    ] {
        told.outcome(&TokenKey::from_jwk(&text, &RustCrypto).map(|_| ()));
        told.outcome(
            &TokenKeys::from_jwks(&format!(r#"{{"keys":[{text}]}}"#), &RustCrypto).map(|_| ()),
        );
    }
    told.outcome(&TokenPolicy::access(&long, "api").map(|_| ()));
    told.outcome(&TokenPolicy::access(ISSUER, long.as_str()).map(|_| ()));
    told.outcome(
        &TokenPolicy::access(ISSUER, "api").and_then(|policy| policy.with_typ(&format!("{junk} "))),
    );
    told.outcome(&Claims::of("user-7").with_members(junk).map(|_| ()));
}

/// A key of Ed25519 whose private part is the middle of the text (RFC 8410 section 7).
fn pem(text: &str) -> String {
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend(&text.as_bytes()[8..40]);
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der)
    )
}

//! The rows J, C and E of the catalogue: hostile tokens, and good ones that look odd.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{
    Algorithm, Bound, KeyId, Lifetime, PrivateKey, Refusal, Secret, Seed, Signatures, Span, Time,
};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    Claims, JwtSetupError, Minter, TokenAlgorithm, TokenKey, TokenKeys, TokenPolicy, TokenSigner,
    TokenVerifier,
};
use counterseal_testkit::{NOW, keys};

const ISSUER: &str = "https://iss.example";
const HEADER: &str = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;

/// The code that this token ends in; `accepted` for none.
fn outcome(token: &str) -> &'static str {
    let keys = TokenKeys::new([hmac_key("k1"), ec_signer().key().clone()]).unwrap();
    let verifier = TokenVerifier::new(TokenPolicy::access(ISSUER, "api").unwrap());
    match verifier.verify(token, &keys, NOW) {
        Ok(_) => "accepted",
        Err(error) => error.code().name,
    }
}

fn secret() -> Secret {
    Secret::new(vec![7; 32])
}

fn hmac_key(id: &str) -> TokenKey {
    TokenKey::hmac(KeyId::parse(id).unwrap(), TokenAlgorithm::Hs256, &secret()).unwrap()
}

fn ec_signer() -> TokenSigner {
    signer("ec", keys::P256)
}

fn signer(id: &str, pem: &str) -> TokenSigner {
    let private = PrivateKey::from_pem(&Secret::new(pem.into())).unwrap();
    TokenSigner::private(KeyId::parse(id).unwrap(), &private, &RustCrypto).unwrap()
}

fn encoded(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// These two parts, signed with the HMAC key.
fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let text = format!("{}.{}", encoded(header), encoded(payload));
    let key = counterseal_core::MacKey::new(&secret()).unwrap();
    format!("{text}.{}", encoded(key.tag(text.as_bytes())))
}

/// An Ed25519 key as PKCS #8 of version 2 (RFC 5958), with the public half of the same pair, and with that of another one.
#[test]
fn e17_a_private_key_with_the_public_half_of_another_pair_is_no_key() {
    let pair = |seed: u8| {
        let der = [
            &[
                0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
            ][..],
            &[seed; 32],
        ]
        .concat();
        PrivateKey::from_pem(&Secret::new(pem(&der).into())).unwrap()
    };
    let half = |seed: u8| {
        let sign = RustCrypto.sign_key(Algorithm::EdDsa, &pair(seed)).unwrap();
        let der = sign.public_key().to_der();
        der[der.len() - 32..].to_vec()
    };
    let whole = |public: &[u8]| {
        let head = [
            0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        let der = [&head[..], &[1; 32], &[0x81, 0x21, 0], public].concat();
        let private = PrivateKey::from_pem(&Secret::new(pem(&der).into())).ok()?;
        TokenSigner::private(KeyId::parse("k1").unwrap(), &private, &RustCrypto).ok()
    };
    for seed in [1, 2] {
        assert!(whole(&half(seed)).is_none(), "only version 1 is read");
    }
}

fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

/// The claims of a good token with one of them changed; nothing for `change` takes it away.
fn claims(name: &str, change: &str) -> String {
    let now = NOW.seconds();
    let times = [("iat", now), ("exp", now + 600)].map(|(name, at)| (name, at.to_string()));
    let texts = [
        ("iss", ISSUER),
        ("sub", "user-7"),
        ("aud", "api"),
        ("jti", "id-1"),
    ];
    let mut list: Vec<(&str, String)> =
        texts.map(|(name, text)| (name, format!("{text:?}"))).into();
    list.extend(times);
    list.retain(|(other, _)| *other != name);
    if !change.is_empty() {
        list.push((name, change.to_owned()));
    }
    let members: Vec<_> = list
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn good() -> String {
    claims("x", "1")
}

fn with(name: &str, value: &str) -> &'static str {
    outcome(&signed(HEADER, claims(name, value)))
}

fn headed(header: &str) -> &'static str {
    outcome(&signed(header, good()))
}

#[test]
fn a_good_token_is_accepted() {
    assert_eq!(outcome(&signed(HEADER, good())), "accepted");
    assert_eq!(
        headed("{ \"typ\" : \"at+jwt\", \"kid\":\"k1\",\n\"alg\":\"HS256\" }"),
        "accepted"
    );
}

#[test]
fn j01_j02_j10_an_algorithm_is_that_of_the_key_or_none_at_all() {
    for alg in [
        "none", "None", "nOnE", "NONE", "", "HS512", "HS384", "RS256", "ES256", "hs256",
    ] {
        let header = format!(r#"{{"alg":"{alg}","kid":"k1","typ":"at+jwt"}}"#);
        assert_eq!(headed(&header), "jwt_algorithm", "{alg}");
        let unsigned = format!("{}.{}.", encoded(&header), encoded(good()));
        assert_eq!(outcome(&unsigned), "jwt_algorithm", "{alg}");
    }
    for alg in ["256", "[\"HS256\"]", "null", "true", "{}"] {
        assert_eq!(
            headed(&format!(r#"{{"alg":{alg},"kid":"k1","typ":"at+jwt"}}"#)),
            "jwt_header"
        );
    }
    assert_eq!(headed(r#"{"kid":"k1","typ":"at+jwt"}"#), "jwt_header");
}

#[test]
fn j04_j08_a_public_key_is_no_secret() {
    let header = r#"{"alg":"HS256","kid":"ec","typ":"at+jwt"}"#;
    let text = format!("{}.{}", encoded(header), encoded(good()));
    let key = counterseal_core::MacKey::new(&Secret::new(keys::P256_PUBLIC.into())).unwrap();
    let token = format!("{text}.{}", encoded(key.tag(text.as_bytes())));
    assert_eq!(outcome(&token), "jwt_algorithm");
}

#[test]
fn j11_j12_j17_j19_j20_j30_a_header_has_three_members() {
    for more in [
        r#""crit":["x-mfa"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"http://127.0.0.1:1/""#,
        r#""x5u":"http://127.0.0.1:1/""#,
        r#""x5c":[]"#,
        r#""x5t":"a""#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""enc":"A256GCM""#,
        r#""p2c":2147483647"#,
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"k1","typ":"at+jwt",{more}}}"#);
        assert_eq!(headed(&header), "jwt_header", "{more}");
    }
}

#[test]
fn j22_j24_j25_a_kid_is_a_text_that_names_a_key() {
    for kid in ["../../../../dev/null", "k2", "", "K1", "k1 ", "' OR 1=1"] {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"at+jwt"}}"#);
        assert_eq!(headed(&header), "jwt_key_unknown", "{kid}");
    }
    for kid in ["1", "{}", "[]", "null"] {
        assert_eq!(
            headed(&format!(r#"{{"alg":"HS256","kid":{kid},"typ":"at+jwt"}}"#)),
            "jwt_header"
        );
    }
    assert_eq!(headed(r#"{"alg":"HS256","typ":"at+jwt"}"#), "jwt_header");
}

#[test]
fn j26_j28_j32_a_header_is_an_object_of_this_kind_of_token() {
    assert_eq!(
        headed(r#"{"alg":"none","alg":"HS256","kid":"k1","typ":"at+jwt"}"#),
        "jwt_header"
    );
    for header in ["[]", "null", "\"x\"", "{}", "{", "\u{feff}{}"] {
        assert_eq!(headed(header), "jwt_header");
    }
    for typ in ["secevent+jwt", "JWT", "rt+jwt", "AT+JWT", "at+jwt "] {
        let header = format!(r#"{{"alg":"HS256","kid":"k1","typ":"{typ}"}}"#);
        assert_eq!(headed(&header), "jwt_type");
    }
}

#[test]
fn j33_j34_weak_keys_and_empty_lists_cannot_be_made() {
    let id = KeyId::parse("a").unwrap();
    for len in [0, 1, 16, 31] {
        let refused = TokenKey::hmac(id, TokenAlgorithm::Hs256, &Secret::new(vec![7; len]));
        assert_eq!(refused.unwrap_err().code().name, "key_too_short");
    }
    for (algorithm, len) in [(TokenAlgorithm::Hs384, 47), (TokenAlgorithm::Hs512, 63)] {
        assert!(TokenKey::hmac(id, algorithm, &Secret::new(vec![7; len])).is_err());
        assert!(TokenKey::hmac(id, algorithm, &Secret::new(vec![7; len + 1])).is_ok());
    }
    let es256 = TokenAlgorithm::Signature(Algorithm::Es256);
    assert_eq!(
        TokenKey::hmac(id, es256, &secret()).unwrap_err(),
        JwtSetupError::Algorithm
    );
    assert_eq!(TokenKeys::new([]).err(), Some(JwtSetupError::Keys));
    let twice = TokenKeys::new([hmac_key("a"), hmac_key("a")]);
    assert_eq!(twice.err(), Some(JwtSetupError::Keys));
    assert!(TokenPolicy::access("", "api").is_err() && TokenPolicy::access(ISSUER, "").is_err());
}

#[test]
fn c01_c02_c03_c04_c05_c06_a_time_is_a_number_between_1970_and_9999() {
    for value in [
        "\"1893456000\"",
        "\"never\"",
        "true",
        "null",
        "[]",
        "{}",
        "-1",
        "0",
        "1e9",
        "2.5e9",
        "9223372036854775807",
        "18446744073709551616",
        "253402300800",
        "2500000600.1234567890",
    ] {
        assert_eq!(with("exp", value), "jwt_claim", "exp {value}");
        assert_eq!(with("iat", value), "jwt_claim", "iat {value}");
        assert_eq!(with("nbf", value), "jwt_claim", "nbf {value}");
    }
    for value in ["Infinity", "NaN", "02500000600", "+2500000600"] {
        assert_eq!(with("exp", value), "jwt_payload", "{value}");
    }
    // What no double holds is infinity to one parser and nothing to another.
    for value in ["1e400", "-1e400", &"9".repeat(400)] {
        assert_eq!(with("exp", value), "jwt_payload", "{value}");
        assert_eq!(with("x", value), "jwt_payload", "{value}");
    }
    assert_eq!(with("x", "1e300"), "accepted");
    assert_eq!(with("x", "1e-400"), "accepted");
}

#[test]
fn c08_c10_the_edges_of_time_are_where_the_rule_has_them() {
    let at = |seconds: i64| (NOW.seconds() + seconds).to_string();
    assert_eq!(with("exp", &format!("{}.5", at(60))), "accepted");
    // Leeway is 30 s: valid while now < exp + leeway.
    let issued = |exp: &str| {
        let text = claims("exp", exp).replace(
            &format!("\"iat\":{}", at(0)),
            &format!("\"iat\":{}", at(-600)),
        );
        outcome(&signed(HEADER, text))
    };
    assert_eq!(issued(&at(0)), "accepted");
    assert_eq!(issued(&at(-29)), "accepted");
    assert_eq!(issued(&format!("{}.001", at(-30))), "accepted");
    assert_eq!(issued(&at(-30)), "jwt_expired");
    assert_eq!(with("nbf", &at(30)), "accepted");
    assert_eq!(with("nbf", &at(31)), "jwt_not_yet_valid");
    assert_eq!(with("iat", &at(30)), "accepted");
    assert_eq!(with("iat", &at(31)), "jwt_not_yet_valid");
    assert_eq!(with("iat", &at(3_600)), "jwt_not_yet_valid");
}

#[test]
fn c09_c13_a_token_ends_and_soon() {
    let at = |seconds: i64| (NOW.seconds() + seconds).to_string();
    assert_eq!(with("exp", ""), "jwt_claim_missing");
    assert_eq!(with("iat", ""), "jwt_claim_missing");
    assert_eq!(with("exp", &at(1_800)), "accepted");
    assert_eq!(with("exp", &at(1_801)), "jwt_lifetime");
    assert_eq!(with("exp", &at(0)), "jwt_lifetime");
}

#[test]
fn c14_c15_c16_c17_an_audience_is_ours_letter_by_letter() {
    for aud in [
        "\"api\"",
        "[\"x\",\"api\"]",
        "[\"api\"]",
        "[ \"api\" , \"x\" ]",
        "\"\\u0061pi\"",
    ] {
        assert_eq!(with("aud", aud), "accepted", "{aud}");
    }
    for aud in [
        "\"ap\"",
        "\"api-admin\"",
        "\"API\"",
        "\"api \"",
        "\"api\\u0000\"",
        "\"\"",
        "[\"x\"]",
        "[\"\"]",
    ] {
        assert_eq!(with("aud", aud), "jwt_audience", "{aud}");
    }
    for aud in [
        "[]",
        "null",
        "{}",
        "[[\"api\"]]",
        "[\"api\",1]",
        "1",
        "true",
    ] {
        assert_eq!(with("aud", aud), "jwt_claim", "{aud}");
    }
    assert_eq!(with("aud", ""), "jwt_claim_missing");
}

#[test]
fn c19_an_issuer_is_ours_letter_by_letter() {
    for iss in [
        "\"https://iss.exampl\"",
        "\"https://iss.example/\"",
        "\"https://ISS.example\"",
        "\"\"",
    ] {
        assert_eq!(with("iss", iss), "jwt_issuer", "{iss}");
    }
    for iss in ["[\"https://iss.example\",\"evil\"]", "42", "null"] {
        assert_eq!(with("iss", iss), "jwt_claim", "{iss}");
    }
    assert_eq!(with("iss", ""), "jwt_claim_missing");
}

#[test]
fn c21_an_id_and_a_subject_are_there() {
    let long = format!("\"{}\"", "x".repeat(256));
    for name in ["jti", "sub"] {
        assert_eq!(with(name, ""), "jwt_claim_missing");
        for value in ["1", "\"\"", "null", "[]", &long] {
            assert_eq!(with(name, value), "jwt_claim", "{name} {value}");
        }
    }
}

#[test]
fn c22_c24_c25_c28_c29_a_payload_is_one_object_in_its_one_form() {
    let good = good();
    let body = good.trim_end_matches('}');
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    for payload in [
        format!("{body},\"exp\":{}}}", NOW.seconds() + 60),
        format!("{body},\"\\u0065xp\":{}}}", NOW.seconds() + 60),
        format!("{body},\"aud\":\"x\"}}"),
        format!("{good}{{}}"),
        format!("{body},}}"),
        format!("{good}/* */"),
        "[\"a\",\"b\"]".into(),
        "null".into(),
        "\"x\"".into(),
        claims("deep", &deep),
    ] {
        assert_eq!(outcome(&signed(HEADER, payload)), "jwt_payload");
    }
    let not_text = [body.as_bytes(), b",\"a\":\"\xff\"}"].concat();
    assert_eq!(outcome(&signed(HEADER, not_text)), "jwt_payload");
    assert_eq!(outcome(&signed(HEADER, "")), "jwt_malformed");
    assert_eq!(with("__proto__", "{\"isAdmin\":true}"), "accepted");
}

#[test]
fn e01_e02_e03_e04_e05_e07_e08_a_token_has_one_form() {
    let good = signed(HEADER, good());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    for token in [
        format!("{good}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{good}\n"),
        format!(" {good}"),
        format!("Bearer {good}"),
        format!(
            "{header}.{payload}.{}\n{}",
            &signature[..20],
            &signature[20..]
        ),
        format!(
            "{header}.{payload}.{} {}",
            &signature[..20],
            &signature[20..]
        ),
        format!("{header}.{payload}.+{}", &signature[1..]),
        format!("{header}.{payload}.*{}", &signature[1..]),
        format!("{header}.{payload}.\0{}", &signature[1..]),
        format!("{header}.{payload}.{}", &signature[..41]),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.x"),
        format!("{header}.{payload}.x.y.{signature}"),
        format!(".{good}"),
        "..".into(),
        String::new(),
        ".".repeat(8_192),
    ] {
        assert_eq!(outcome(&token), "jwt_malformed", "{token}");
    }
    // The last of 43 characters has two bits that nobody reads: of four forms one is accepted.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    for other in (at & !3..=at | 3).filter(|other| *other != at) {
        let twin = format!(
            "{header}.{payload}.{}{}",
            &signature[..42],
            &alphabet[other..=other]
        );
        assert_eq!(outcome(&twin), "jwt_malformed");
    }
}

#[test]
fn e09_e10_what_is_too_long_is_not_looked_at() {
    assert_eq!(outcome(&".".repeat(200_000)), "jwt_too_large");
    let long = claims("x", &format!("\"{}\"", "x".repeat(7_000)));
    assert_eq!(outcome(&signed(HEADER, long)), "jwt_too_large");
    let header = format!(
        r#"{{"alg":"HS256","kid":"{}","typ":"at+jwt"}}"#,
        "k".repeat(2_100)
    );
    assert_eq!(headed(&header), "jwt_malformed");
}

#[test]
fn e18_a_tag_is_compared_over_its_whole_length() {
    let good = signed(HEADER, good());
    let (text, tag) = good.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    for len in [1, 4, 16, 31] {
        assert_eq!(
            outcome(&format!("{text}.{}", encoded(&tag[..len]))),
            "jwt_signature"
        );
    }
    assert_eq!(
        outcome(&format!("{text}.{}", encoded([&tag[..], &[0]].concat()))),
        "jwt_signature"
    );
    for bit in 0..256 {
        let mut other = tag.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            outcome(&format!("{text}.{}", encoded(&other))),
            "jwt_signature"
        );
    }
}

#[test]
fn what_is_minted_is_accepted_and_equal_inputs_make_equal_tokens() {
    let policy = TokenPolicy::access(ISSUER, "api").unwrap();
    let life = |minutes: i64| {
        let bounds = [Bound::ceiling("test", Span::from_minutes(60))];
        Lifetime::clamp(Span::from_minutes(minutes), &bounds, NOW).unwrap()
    };
    let id = KeyId::parse("k1").unwrap();
    let wide = |len| Secret::new(vec![7; len]);
    let hs384 = TokenSigner::hmac(id, TokenAlgorithm::Hs384, &wide(48)).unwrap();
    let hs512 = TokenSigner::hmac(id, TokenAlgorithm::Hs512, &wide(64)).unwrap();
    let hs256 = TokenSigner::hmac(id, TokenAlgorithm::Hs256, &wide(32)).unwrap();
    let (ed, es384) = (signer("k1", keys::ED25519), signer("k1", keys::P384));
    let claims = Claims::of("user-7")
        .with_text("nick \"x\"\n", "é\u{1f600}\\")
        .at_version(3);
    for signer in [hs256, hs384, hs512, ed, es384, ec_signer()] {
        let keys = TokenKeys::new([signer.key().clone()]).unwrap();
        let minter = Minter::new(signer, &policy);
        let mint = |seed: u8| {
            minter
                .mint(&claims, &life(5), &Seed::new([seed; 16]))
                .unwrap()
        };
        assert_eq!(mint(1).expose(), mint(1).expose());
        assert_ne!(mint(1).expose(), mint(2).expose());
        let token = mint(1);
        let token = std::str::from_utf8(token.expose()).unwrap();
        let verified = TokenVerifier::new(policy.clone())
            .verify(token, &keys, NOW)
            .unwrap();
        assert_eq!((verified.subject(), verified.issued()), ("user-7", NOW));
        assert_eq!(verified.expires(), NOW.plus(Span::from_minutes(5)));
        assert_eq!(verified.id(), Some(&*encoded([1; 16])));
        let payload: serde_json::Value = serde_json::from_str(verified.payload()).unwrap();
        assert_eq!(payload["nick \"x\"\n"], "é\u{1f600}\\");
        assert_eq!(payload["user_ver"], 3);
        let refused = |claims: &Claims| minter.mint(claims, &life(5), &Seed::new([1; 16])).err();
        assert_eq!(
            refused(&Claims::of("u").with_text("exp", "x")),
            Some(JwtSetupError::Claim)
        );
        assert_eq!(refused(&Claims::of("")), Some(JwtSetupError::Claim));
        assert_eq!(
            refused(&Claims::of("u").with_text("a", &"x".repeat(7_000))),
            Some(JwtSetupError::TooLarge)
        );
        let long = minter.mint(&claims, &life(31), &Seed::new([1; 16]));
        assert_eq!(long.err(), Some(JwtSetupError::Window { name: "life" }));
    }
    assert!(Time::EPOCH < NOW);
}

//! Tokens to mint: the payload is written out here by hand.

use serde_json::{Value, json};

use super::draft::{ISSUER, NOW, SECONDS, encoded, header_of, refusal};
use super::secrets::By;
use super::svid::{DOMAIN, WORKER};
use crate::generate::limit::{accepted, case, members};
use crate::jwt::MintInput;
use crate::{Case, Hex};

type Mint = Case<MintInput>;

pub(in crate::generate) fn cases() -> Vec<Mint> {
    [
        signers(),
        contents(),
        forms(),
        lives(),
        refusals(),
        svids(),
        refused_svids(),
    ]
    .concat()
}

/// The token of user-7 for 10 minutes.
fn usual(id: &str) -> Mint {
    let input = MintInput {
        signer: By::Hs256.signer("k1"),
        subject: "user-7".into(),
        life_seconds: 600,
        ..MintInput::default()
    };
    let policy = json!({"profile": "access", "issuer": ISSUER, "audience": ["api"]});
    Case {
        policy: Some(members(policy)),
        now: NOW,
        seed: Hex((0..16).collect()),
        ..case(id, &["T-15", "Sign"], input)
    }
}

fn with(id: &str, change: impl Fn(&mut MintInput)) -> Mint {
    let mut case = usual(id);
    change(&mut case.input);
    case
}

fn under(mut case: Mint, change: &Value) -> Mint {
    let policy = case.policy.as_mut().expect("a policy");
    for (name, value) in change.as_object().into_iter().flatten() {
        policy.insert(name.clone(), value.clone());
    }
    case
}

/// The claims of the usual token, with what stands behind its id.
fn claims(expires: i64, more: &str) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","sub":"user-7","aud":"api","iat":{SECONDS},"nbf":{SECONDS},"exp":{expires},"jti":"AAECAwQFBgcICQoLDA0ODw"{more}}}"#
    )
}

fn minted(case: Mint, by: By, header: &str, payload: &str, expires: i64, decided_by: &str) -> Mint {
    let signed = format!("{}.{}", encoded(header), encoded(payload));
    let token = format!("{signed}.{}", encoded(by.sign(&signed)));
    let mut output = json!({"expires": expires, "decided_by": decided_by});
    match by {
        By::Es256 | By::Es384 => output["signed"] = signed.into(),
        _ => output["token"] = token.into(),
    }
    accepted(case, output)
}

/// With the usual key and end, and this payload.
fn says(case: Mint, payload: &str) -> Mint {
    let header = header_of("HS256", "k1", "at+jwt");
    minted(case, By::Hs256, &header, payload, NOW + 600_000, "asked")
}

fn signers() -> Vec<Mint> {
    let by = |by: By| {
        let case = with(
            &format!("minting-a-token-by-{}", by.name().to_lowercase()),
            |input| input.signer = by.signer("k1"),
        );
        let header = header_of(by.name(), "k1", "at+jwt");
        minted(
            case,
            by,
            &header,
            &claims(SECONDS + 600, ""),
            NOW + 600_000,
            "asked",
        )
    };
    let mut cases: Vec<_> = By::ALL.map(by).into();
    for (profile, typ) in [
        ("app", "JWT"),
        ("job", "cs-job+jwt"),
        ("openid", "JWT"),
        ("provisioner", "cs-prov+jwt"),
    ] {
        let case = with(&format!("minting-a-token-of-{profile}"), |input| {
            input.life_seconds = 60;
        });
        let case = under(case, &json!({"profile": profile}));
        let header = header_of("HS256", "k1", typ);
        cases.push(minted(
            case,
            By::Hs256,
            &header,
            &claims(SECONDS + 60, ""),
            NOW + 60_000,
            "asked",
        ));
    }
    let typed = under(
        usual("minting-a-token-of-a-typ-of-its-own"),
        &json!({"typ": "report+jwt"}),
    );
    let header = header_of("HS256", "k1", "report+jwt");
    cases.push(minted(
        typed,
        By::Hs256,
        &header,
        &claims(SECONDS + 600, ""),
        NOW + 600_000,
        "asked",
    ));
    cases
}

fn contents() -> Vec<Mint> {
    let end = SECONDS + 600;
    let more = |id: &str, change: fn(&mut MintInput), text: &str| {
        says(with(id, change), &claims(end, text))
    };
    let print = encoded([9; 32]);
    vec![
        more(
            "minting-all-claims-of-ours",
            |input| {
                input.user_ver = Some(3);
                input.access_key = Some("key-1".into());
                input.session = Some("s-1".into());
                input.generation = Some(0);
            },
            r#","user_ver":3,"akid":"key-1","sid":"s-1","gen":0"#,
        ),
        more(
            "the-largest-counts",
            |input| {
                input.user_ver = Some((1 << 53) - 1);
                input.generation = Some((1 << 53) - 1);
            },
            r#","user_ver":9007199254740991,"gen":9007199254740991"#,
        ),
        more(
            "bound-to-a-certificate",
            |input| input.certificate = Some(Hex(vec![9; 32])),
            &format!(r#","cnf":{{"x5t#S256":"{print}"}}"#),
        ),
        more(
            "bound-to-a-key",
            |input| input.key = Some(Hex(vec![9; 32])),
            &format!(r#","cnf":{{"jkt":"{print}"}}"#),
        ),
        more(
            "minting-claims-of-others",
            |input| {
                input.session = Some("s-1".into());
                input.claims = Some(" { \"scope\" : \"a b\", \"n\":[1,null] }\n".into());
            },
            ",\"sid\":\"s-1\",\"scope\" : \"a b\", \"n\":[1,null]",
        ),
        more(
            "no-claims-of-others",
            |input| input.claims = Some("{ }".into()),
            "",
        ),
        more(
            "c29-minting-the-name-of-an-inherited-member",
            |input| input.claims = Some("{\"__proto__\":{\"a\":1}}".into()),
            ",\"__proto__\":{\"a\":1}",
        ),
    ]
}

/// Subjects, audiences, seeds and clocks.
fn forms() -> Vec<Mint> {
    let end = SECONDS + 600;
    let subject = |id: &str, subject: &str, json: &str| {
        let case = with(id, |input| input.subject = subject.into());
        says(case, &claims(end, "").replace("\"user-7\"", json))
    };
    let two = under(
        usual("minting-a-token-for-two-audiences"),
        &json!({"audience": ["api", "jobs"], "match_audience": "all"}),
    );
    let seeded = Case {
        seed: Hex(vec![255; 16]),
        ..usual("minting-a-token-of-another-seed")
    };
    let later = Case {
        now: NOW + 999,
        ..usual("minting-a-token-late-in-its-second")
    };
    let header = header_of("HS256", "k1", "at+jwt");
    vec![
        subject("a-subject-with-quotes", "a\"b\\c/", r#""a\"b\\c/""#),
        subject(
            "a-subject-with-controls",
            "a\n\u{0}\u{1f}\u{7f}",
            "\"a\\u000a\\u0000\\u001f\u{7f}\"",
        ),
        subject(
            "a-subject-beyond-ascii",
            "\u{e9}\u{1f600}",
            "\"\u{e9}\u{1f600}\"",
        ),
        subject(
            "the-longest-subject",
            &"x".repeat(255),
            &format!("\"{}\"", "x".repeat(255)),
        ),
        says(
            two,
            &claims(end, "").replace("\"aud\":\"api\"", "\"aud\":[\"api\",\"jobs\"]"),
        ),
        says(
            seeded,
            &claims(end, "").replace("AAECAwQFBgcICQoLDA0ODw", "_____________________w"),
        ),
        minted(
            later,
            By::Hs256,
            &header,
            &claims(end, ""),
            NOW + 600_000,
            "asked",
        ),
    ]
}

fn lives() -> Vec<Mint> {
    let asked = |id: &str, seconds: i64| with(id, |input| input.life_seconds = seconds);
    let until = |id: &str, until: i64| with(id, |input| input.until = Some(until));
    let header = header_of("HS256", "k1", "at+jwt");
    let ends = |mut case: Mint, seconds: i64, by: &str| {
        case.flags[0] = "T-8".into();
        let payload = claims(SECONDS + seconds, "");
        minted(
            case,
            By::Hs256,
            &header,
            &payload,
            NOW + seconds * 1_000,
            by,
        )
    };
    vec![
        ends(asked("c13-the-longest-life", 1_800), 1_800, "asked"),
        ends(
            asked("c13-a-second-more-than-the-longest-life", 1_801),
            1_800,
            "policy",
        ),
        ends(asked("c13-a-year", 31_536_000), 1_800, "policy"),
        ends(asked("c13-the-shortest-life", 1), 1, "asked"),
        ends(
            until("an-end-before-the-life-is-over", NOW + 60_000),
            60,
            "until",
        ),
        ends(until("an-end-with-the-life", NOW + 600_000), 600, "asked"),
        ends(
            until("an-end-behind-the-life", NOW + 3_600_000),
            600,
            "asked",
        ),
        ends(
            under(
                asked("c13-a-policy-with-a-shorter-life", 600),
                &json!({"life_seconds": 300}),
            ),
            300,
            "policy",
        ),
    ]
}

fn refusals() -> Vec<Mint> {
    let refused = |mut case: Mint, code: &str| {
        case.flags[1] = "Setup".into();
        case.expect = refusal(code);
        case
    };
    let claimed = |id: &str, text: &str| {
        let case = with(id, |input| input.claims = Some(text.into()));
        refused(case, "jwt_setup_claim")
    };
    let subject = |id: &str, len: usize| {
        refused(
            with(id, |input| input.subject = "x".repeat(len)),
            "jwt_setup_claim",
        )
    };
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(6_000));
    let asked = |id: &str, seconds: i64| with(id, |input| input.life_seconds = seconds);
    let until = |id: &str, until: i64| with(id, |input| input.until = Some(until));
    vec![
        refused(asked("c13-minting-a-life-of-nothing", 0), "lifetime_empty"),
        refused(until("an-end-that-is-now", NOW), "lifetime_empty"),
        refused(until("an-end-in-the-past", NOW - 1), "lifetime_empty"),
        refused(
            until("an-end-in-half-a-second", NOW + 500),
            "jwt_setup_window",
        ),
        subject("c21-an-empty-subject", 0),
        subject("c21-a-subject-of-256-bytes", 256),
        refused(
            with("an-empty-session", |input| {
                input.session = Some(String::new());
            }),
            "jwt_setup_claim",
        ),
        refused(
            with("a-long-access-key", |input| {
                input.access_key = Some("x".repeat(256));
            }),
            "jwt_setup_claim",
        ),
        claimed("c22-a-claim-that-is-there-already", "{\"exp\":1}"),
        claimed(
            "c22-a-claim-that-is-there-already-with-an-escape",
            "{\"\\u0065xp\":1}",
        ),
        claimed("c22-minting-a-claim-of-others-twice", "{\"a\":1,\"a\":2}"),
        claimed("a-claim-of-ours-of-another-type", "{\"akid\":7}"),
        claimed("c25-claims-that-are-a-list", "[]"),
        claimed("c25-claims-that-are-no-json", "{\"a\":1,}"),
        claimed("c25-claims-that-are-two-objects", "{}{}"),
        claimed("c25-claims-that-are-nothing", ""),
        claimed(
            "c28-claims-in-nine-levels",
            &format!("{{\"a\":{}{}}}", "[".repeat(8), "]".repeat(8)),
        ),
        refused(
            with("e10-a-token-that-is-too-long", |input| {
                input.claims = Some(long.clone());
            }),
            "jwt_setup_too_large",
        ),
        refused(
            under(usual("j33-minting-an-empty-issuer"), &json!({"issuer": ""})),
            "jwt_setup_text",
        ),
        refused(
            under(usual("j33-minting-no-audience"), &json!({"audience": []})),
            "jwt_setup_audience",
        ),
        refused(
            with("j34-a-secret-of-31-bytes", |input| {
                input.signer.secret = Some(Hex(vec![7; 31]));
            }),
            "key_too_short",
        ),
        refused(
            with("j05-a-private-key-with-a-comment", |input| {
                input.signer = By::Es256.signer("k1");
                let pem = input.signer.pem.as_mut().expect("a key as PEM");
                pem.insert_str(0, "# mine\n");
            }),
            "public_key_malformed",
        ),
        refused(
            with("a-public-key-that-is-to-sign", |input| {
                input.signer = By::Es256.signer("k1");
                input.signer.pem = Some(By::Es256.public_pem());
            }),
            "public_key_malformed",
        ),
    ]
}

/// The token of a workload.
fn svid(id: &str, by: By, subject: &str) -> Mint {
    let mut case = with(id, |input| {
        input.signer = by.signer("k1");
        input.subject = subject.into();
    });
    case.flags[0] = "T-17".into();
    under(case, &json!({"profile": "svid", "issuer": DOMAIN}))
}

/// Names of workloads, by key pairs.
fn svids() -> Vec<Mint> {
    let written = |case: Mint, by: By, typ: &str, audience: &str, more: &str| {
        let end = SECONDS + 600;
        let payload = format!(
            r#"{{"sub":"{WORKER}","aud":{audience},"iat":{SECONDS},"nbf":{SECONDS},"exp":{end},"jti":"AAECAwQFBgcICQoLDA0ODw"{more}}}"#
        );
        let header = header_of(by.name(), "k1", typ);
        minted(case, by, &header, &payload, NOW + 600_000, "asked")
    };
    let usual = |case: Mint| written(case, By::Es256, "JWT", "\"api\"", "");
    let of = |id: &str| svid(id, By::Es256, WORKER);
    let es384 = svid("minting-a-svid-by-es384", By::Es384, WORKER);
    let jose = under(of("minting-a-svid-of-typ-jose"), &json!({"typ": "JOSE"}));
    let audiences = json!({"audience": ["api", "jobs"], "match_audience": "all"});
    let two = under(of("minting-a-svid-for-two"), &audiences);
    let mut claimed = of("minting-a-svid-with-an-issuer");
    claimed.input.claims = Some("{\"iss\":\"https://oidc.example\"}".into());
    let issuer = r#","iss":"https://oidc.example""#;
    vec![
        usual(of("minting-a-svid-by-es256")),
        written(es384, By::Es384, "JWT", "\"api\"", ""),
        written(jose, By::Es256, "JOSE", "\"api\"", ""),
        written(two, By::Es256, "JWT", r#"["api","jobs"]"#, ""),
        written(claimed, By::Es256, "JWT", "\"api\"", issuer),
    ]
}

fn refused_svids() -> Vec<Mint> {
    let long = format!("{WORKER}/{}", "p".repeat(2_048));
    let cases = [
        (
            "f13-minting-a-svid-by-hs256",
            By::Hs256,
            WORKER,
            "jwt_setup_algorithm",
        ),
        (
            "f13-minting-a-svid-by-eddsa",
            By::EdDsa,
            WORKER,
            "jwt_setup_algorithm",
        ),
        (
            "minting-a-svid-of-another-trust-domain",
            By::Es256,
            "spiffe://other.example/worker",
            "jwt_setup_trust_domain",
        ),
        (
            "f01-minting-a-svid-of-a-name",
            By::Es256,
            "worker",
            "spiffe_scheme",
        ),
        (
            "f02-minting-a-svid-with-capitals",
            By::Es256,
            "spiffe://TD.example/worker",
            "spiffe_trust_domain",
        ),
        (
            "f04-minting-a-svid-of-a-trust-domain",
            By::Es256,
            DOMAIN,
            "spiffe_path",
        ),
        (
            "f04-minting-a-svid-with-a-slash-at-the-end",
            By::Es256,
            "spiffe://td.example/worker/",
            "spiffe_empty_segment",
        ),
        (
            "f05-minting-a-svid-with-dots",
            By::Es256,
            "spiffe://td.example/../worker",
            "spiffe_dots",
        ),
        (
            "f07-minting-a-svid-with-a-query",
            By::Es256,
            "spiffe://td.example/worker?",
            "spiffe_character",
        ),
        (
            "minting-a-svid-that-is-too-long",
            By::Es256,
            &long,
            "spiffe_too_long",
        ),
    ];
    let refused = |(id, by, subject, code): (&str, _, &str, &str)| {
        let mut case = svid(id, by, subject);
        case.flags[1] = "Setup".into();
        case.expect = refusal(code);
        case
    };
    cases.map(refused).into()
}

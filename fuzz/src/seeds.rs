//! Where fuzzing begins: the vectors, in the form that each target reads.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal::core::PublicKey;
use counterseal_beside::Random;
use serde_json::Value;

use crate::ring;

/// The seeds of the target of this name, from the vectors in this directory.
pub fn seeds(target: &str, vectors: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = vec![Vec::new(), vec![0; 64], (0..=255).collect()];
    seeds.extend(keys(target));
    for (op, case) in cases(vectors)? {
        seeds.extend(seed(target, &op, &case));
        seeds.extend(tokens(target, &op, &case));
    }
    Ok(seeds)
}

/// Keys, which no vector has as bytes.
fn keys(target: &str) -> Vec<Vec<u8>> {
    let ders = [
        PublicKey::p256(&[1; 32], &[2; 32]).to_der(),
        PublicKey::p384(&[1; 48], &[2; 48]).to_der(),
        PublicKey::ed25519(&[3; 32]).map_or(Vec::new(), |key| key.to_der()),
    ];
    match target {
        "core_public_key_from_der" => ders.into(),
        "jwt_key_fetcher_handle_response" => {
            ANSWERS.iter().map(|text| text.as_bytes().into()).collect()
        }
        "jwt_oidc_policy_verify" => vec![JOB.into()],
        "jwt_requirement_check" => SCOPES.iter().map(|text| text.as_bytes().into()).collect(),
        "jwt_ring_vault_load" => vec![ring::seed()],
        "jwt_token_keys_from_jwks" => JWKS.iter().map(|text| text.as_bytes().into()).collect(),
        "jwt_token_verifier_verify" => vec![PAYLOAD.into(), SVID.into()],
        "jwt_beside_jsonwebtoken" => {
            let mut random = Random(2);
            (0..64).map(|_| random.bytes::<64>().into()).collect()
        }
        "core_public_key_from_pem" => PEMS.iter().map(|text| text.as_bytes().into()).collect(),
        _ => Vec::new(),
    }
}

/// A set, and a key.
const JWKS: [&str; 2] = [
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"},{"kty":"RSA"}]}"#,
    r#"{"kty":"oct","alg":"HS256","kid":"a","use":"sig","key_ops":["verify"],"k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#,
];

/// What stands before a body: status, content type and URL, each on its line.
const ANSWERS: [&str; 2] = [
    concat!(
        "200\napplication/json\n\n",
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}]}"#
    ),
    "302\ntext/html\nhttps://iss.example/other\n",
];

/// What a good token says.
const PAYLOAD: &[u8] = br#"{"iss":"https://iss.example","sub":"a","aud":["api"],"iat":1800000000,"nbf":1800000000.5,"exp":1800000600,"jti":"b","c":{"d":[null,true,-1.5e3,"\u00e9"]}}"#;

/// The claims of a JWT-SVID.
const SVID: &[u8] = br#"{"sub":"spiffe://td.example/worker/7","aud":["api"],"exp":1800000600}"#;

/// The claims of a job that is admitted.
const JOB: &[u8] = br#"{"iss":"https://token.actions.githubusercontent.com","sub":"repo:o/r:ref:refs/heads/v1","aud":"api","iat":1800000000,"exp":1800000600,"jti":"b","actor":"a","actor_id":"12","event_name":"push","job_workflow_ref":"o/r/.github/workflows/d.yml@refs/heads/v1","job_workflow_sha":"5f","ref":"refs/heads/v1","ref_protected":"true","ref_type":"branch","repository":"o/r","repository_id":"74","repository_owner":"o","repository_owner_id":"65","run_attempt":"1","run_id":"2","runner_environment":"github-hosted","sha":"5f","workflow_ref":"o/r/.github/workflows/d.yml@refs/heads/v1","workflow_sha":"5f","base_ref":"","head_ref":""}"#;

/// Grants of each form.
const SCOPES: [&str; 5] = ["a:b", "a:b a:*", "a:*{3} ** x", "a:**", "a:*:c"];

/// An Ed25519 key (RFC 8410 section 10.1), and the frame of one.
const PEMS: [&str; 2] = [
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----",
];

/// The case as bytes for the target, if it says something about it.
fn seed(target: &str, op: &str, case: &Value) -> Option<Vec<u8>> {
    match (target, op) {
        ("request_foreign_begin" | "request_verifier_begin", "verify") => message(&case["input"]),
        ("request_signer_sign", "sign" | "verify") => {
            Some([[9; 16].as_slice(), &message(&case["input"])?].concat())
        }
        ("counterseal_request_policy_parse", "policy")
        | ("counterseal_request_profile_parse", "profile") => case["input"]["text"]
            .as_str()
            .map(|text| text.as_bytes().to_vec()),
        ("request_sent_check", "check" | "clock") | ("webhook_receiver_begin", "receive") => {
            fields(&case["input"])
        }
        ("webhook_key_parse", "receive" | "send") => case["input"]["secrets"][0]
            .as_str()
            .map(|secret| secret.as_bytes().to_vec()),
        ("limit_client_address", "address") => hops(&case["input"]),
        ("core_spiffe_id_parse", "mint") => case["input"]["subject"]
            .as_str()
            .map(|id| id.as_bytes().to_vec()),
        ("core_key_id_parse", "key" | "keys") => case["keys"][0]["id"]
            .as_str()
            .map(|id| id.as_bytes().to_vec()),
        _ => None,
    }
}

/// What a case of `vectors/jwt` says to the target: tokens and what they say, keys and sets of them.
fn tokens(target: &str, op: &str, case: &Value) -> Vec<Vec<u8>> {
    let token = case["input"]["token"].as_str().unwrap_or_default();
    let keys = &case["input"]["keys"];
    let listed = keys.as_array().into_iter().flatten();
    let members = |name| listed.clone().filter_map(move |key| key[name].as_str());
    let texts: Vec<&str> = match (target, op) {
        ("jwt_token_verifier_verify" | "jwt_key_fetcher_handle_response", "verify") => vec![token],
        ("jwt_token_keys_from_jwks", "keys") => {
            members("jwk").chain(keys["jwks"].as_str()).collect()
        }
        ("core_public_key_from_pem", "keys") => members("pem").collect(),
        _ => Vec::new(),
    };
    let mut seeds: Vec<_> = texts.iter().map(|text| text.as_bytes().into()).collect();
    if target == "jwt_token_verifier_verify" {
        let payload = token.split('.').nth(1).unwrap_or_default();
        seeds.extend(URL_SAFE_NO_PAD.decode(payload));
    }
    if let ("jwt_key_fetcher_handle_response", Some(set)) = (target, keys["jwks"].as_str()) {
        seeds.push(format!("200\napplication/json\n\n{set}").into());
    }
    seeds
}

/// A request as `Message` reads it. The characters of vectors are bytes.
fn message(input: &Value) -> Option<Vec<u8>> {
    let text = |member: &str| Some(latin1(input[member].as_str()?));
    let mut message = [text("method")?, text("authority")?].join(&b'\n');
    message.push(b'\n');
    message.extend(text("path")?);
    message.push(b'?');
    message.extend(text("query")?);
    add_fields(&mut message, input)?;
    Some(message)
}

/// A delivery as `Message` reads it, after lines that it does not look at.
fn fields(input: &Value) -> Option<Vec<u8>> {
    let mut message = b"POST\nhooks.example\n/".to_vec();
    add_fields(&mut message, input)?;
    Some(message)
}

fn add_fields(message: &mut Vec<u8>, input: &Value) -> Option<()> {
    for field in input["headers"].as_array()? {
        let [name, value] = [0, 1].map(|at| latin1(field[at].as_str().unwrap_or_default()));
        message.push(b'\n');
        message.extend([name, value].join(&b':'));
    }
    message.extend(b"\n\n");
    message.extend(latin1(input["body"].as_str()?));
    Some(())
}

/// The number of proxies, and the lines that they wrote.
fn hops(input: &Value) -> Option<Vec<u8>> {
    let hops = u8::try_from(input["hops"].as_u64()?).ok()?;
    let values = input["values"].as_array()?.iter().filter_map(Value::as_str);
    let lines = values.collect::<Vec<_>>().join("\n");
    Some([&[hops], lines.as_bytes()].concat())
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .filter_map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect()
}

/// Every case of the vectors, with the operation of its file.
fn cases(vectors: &Path) -> io::Result<Vec<(String, Value)>> {
    let mut cases = Vec::new();
    for room in [
        "foreign", "jwt", "limit", "refresh", "request", "response", "webhook",
    ] {
        for entry in fs::read_dir(vectors.join(room))? {
            let file: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
            let op = file["op"].as_str().unwrap_or_default();
            let here = file["cases"].as_array().into_iter().flatten();
            cases.extend(here.map(|case| (op.to_owned(), case.clone())));
        }
    }
    Ok(cases)
}

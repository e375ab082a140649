//! What the flags mean: the rule that a case is about, and the class of mistake that it would show.

use std::collections::BTreeMap;

/// The notes on these flags.
pub(super) fn of<'a>(flags: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let note = |flag: &String| {
        let found = NOTES.iter().chain(RULES).find(|(name, _)| name == flag);
        let (_, note) = found.expect("each flag has a note");
        (flag.clone(), (*note).into())
    };
    flags.map(note).collect()
}

/// The rule of `docs/spec/request.md` that a refusal with `code` is about.
pub(super) fn rule(code: &str) -> &'static str {
    match code.strip_prefix("request_").unwrap_or(code) {
        "too_large" | "method_invalid" | "target_invalid" | "authority_invalid" => "Q-2",
        "signature_malformed" | "signature_missing" | "signature_repeated" | "label_unexpected" => {
            "Q-1"
        }
        "components_unexpected" | "authority_unknown" => "Q-3",
        "parameters_unexpected"
        | "created_invalid"
        | "expires_invalid"
        | "nonce_invalid"
        | "key_id_invalid" => "Q-4",
        "mac_invalid" => "Q-5",
        "header_invalid" | "header_missing" | "header_repeated" => "Q-6",
        "digest_invalid" | "digest_missing" | "content_encoding_uncovered" => "Q-7",
        "key_unknown" | "mac_mismatch" | "key_revoked" | "key_not_yet_valid" | "key_expired" => {
            "Q-8"
        }
        "outside_window" | "expired" => "Q-9",
        "body_mismatch" => "Q-10",
        "replayed" | "limited" | "store_full" | "store_unavailable" | "store_warming" => "Q-11",
        _ => unreachable!("each code of a request belongs to a rule"),
    }
}

const RULES: &[(&str, &str)] = &[
    ("A-1", "docs/spec/access.md: permissions and grants"),
    ("A-2", "docs/spec/access.md: what a grant covers"),
    ("A-3", "docs/spec/access.md: requirements"),
    ("A-4", "docs/spec/access.md: the claim that grants"),
    ("A-5", "docs/spec/access.md: step-up"),
    ("A-6", "docs/spec/access.md: what the client is told"),
    ("A-7", "docs/spec/access.md: proofs beside the token"),
    ("A-8", "docs/spec/access.md: what is asked of a store"),
    ("A-9", "docs/spec/access.md: which token stands"),
    ("A-10", "docs/spec/access.md: what is taken back"),
    ("A-11", "docs/spec/access.md: looks that are kept"),
    ("F-1", "docs/spec/foreign.md: the signature's fields"),
    ("F-2", "docs/spec/foreign.md: components"),
    ("F-3", "docs/spec/foreign.md: the base"),
    ("F-4", "docs/spec/foreign.md: parameters of the query"),
    ("F-5", "docs/spec/foreign.md: parameters"),
    ("F-6", "docs/spec/foreign.md: the content"),
    ("F-7", "docs/spec/foreign.md: the claim"),
    ("F-8", "docs/spec/foreign.md: policies"),
    ("H-2", "docs/spec/webhook.md: ids and times"),
    ("H-3", "docs/spec/webhook.md: the signature"),
    ("H-4", "docs/spec/webhook.md: the fields"),
    ("H-5", "docs/spec/webhook.md: lists of signatures"),
    ("H-6", "docs/spec/webhook.md: the order of checks"),
    ("H-7", "docs/spec/webhook.md: the claim"),
    ("I-1", "docs/spec/issuers.md: policies of fetching"),
    ("I-2", "docs/spec/issuers.md: orders"),
    ("I-3", "docs/spec/issuers.md: what of an answer is taken"),
    ("I-4", "docs/spec/issuers.md: tokens with unknown keys"),
    ("I-5", "docs/spec/issuers.md: keys that were not there"),
    ("I-6", "docs/spec/issuers.md: which keys there are"),
    ("I-7", "docs/spec/issuers.md: when keys are fetched anew"),
    ("I-8", "docs/spec/issuers.md: answers that come late"),
    ("I-9", "docs/spec/issuers.md: the clock"),
    ("I-10", "docs/spec/issuers.md: rules over claims"),
    ("I-11", "docs/spec/issuers.md: rules for jobs of GitHub"),
    ("I-12", "docs/spec/issuers.md: what every job of GitHub has"),
    ("I-13", "docs/spec/issuers.md: the rule that came nearest"),
    ("L-2", "docs/spec/limit.md: the terms of a charge"),
    ("L-4", "docs/spec/limit.md: a clock that was set back"),
    ("L-5", "docs/spec/limit.md: the ends of time"),
    ("L-8", "docs/spec/limit.md: the client's address"),
    ("L-9", "docs/spec/limit.md: networks"),
    ("L-10", "docs/spec/limit.md: names and ids"),
    ("L-11", "docs/spec/limit.md: the key of a cell"),
    ("L-12", "docs/spec/limit.md: what becomes of the answers"),
    ("L-13", "docs/spec/limit.md: what the caller is told"),
    ("L-14", "docs/spec/limit.md: a crowded table"),
    ("P-2", "docs/spec/response.md: the signature"),
    ("P-3", "docs/spec/response.md: components and parameters"),
    ("P-4", "docs/spec/response.md: what a client decides"),
    ("P-5", "docs/spec/response.md: the service's clock"),
    ("Q-1", "docs/spec/request.md: the signature's fields"),
    ("Q-2", "docs/spec/request.md: sizes and forms"),
    ("Q-3", "docs/spec/request.md: components and the base"),
    ("Q-4", "docs/spec/request.md: parameters"),
    ("Q-5", "docs/spec/request.md: the form of the MAC"),
    ("Q-6", "docs/spec/request.md: covered fields"),
    ("Q-7", "docs/spec/request.md: the digest of the content"),
    ("Q-8", "docs/spec/request.md: key and MAC"),
    ("Q-9", "docs/spec/request.md: the window"),
    ("Q-10", "docs/spec/request.md: the content"),
    ("Q-11", "docs/spec/request.md: the claim"),
    ("Q-13", "docs/spec/request.md: signers"),
    ("Q-14", "docs/spec/request.md: keys"),
    ("Q-15", "docs/spec/request.md: policies"),
    ("S-1", "docs/spec/refresh.md: texts"),
    (
        "S-2",
        "docs/spec/refresh.md: secrets that follow each other",
    ),
    ("S-4", "docs/spec/refresh.md: successors"),
    ("S-5", "docs/spec/refresh.md: what is kept of a session"),
    (
        "S-7",
        "docs/spec/refresh.md: what each token is answered with",
    ),
    ("S-8", "docs/spec/refresh.md: what is written"),
    (
        "S-9",
        "docs/spec/refresh.md: stores, and what operators are told",
    ),
    ("S-10", "docs/spec/refresh.md: confirming"),
    ("S-11", "docs/spec/refresh.md: ending sessions"),
    ("S-12", "docs/spec/refresh.md: when tokens are forgotten"),
    (
        "S-13",
        "docs/spec/refresh.md: access tokens of ended sessions",
    ),
    ("T-1", "docs/spec/jwt.md: texts and sizes"),
    ("T-2", "docs/spec/jwt.md: the header"),
    ("T-3", "docs/spec/jwt.md: the key and its algorithm"),
    ("T-4", "docs/spec/jwt.md: the signature"),
    ("T-5", "docs/spec/jwt.md: the JSON that is read"),
    ("T-6", "docs/spec/jwt.md: issuer and audience"),
    ("T-7", "docs/spec/jwt.md: times"),
    ("T-8", "docs/spec/jwt.md: how long a token lives"),
    ("T-9", "docs/spec/jwt.md: names and counts"),
    ("T-10", "docs/spec/jwt.md: tokens that are bound to a key"),
    ("T-11", "docs/spec/jwt.md: the order of checks"),
    ("T-12", "docs/spec/jwt.md: policies"),
    ("T-13", "docs/spec/jwt.md: keys"),
    ("T-14", "docs/spec/jwt.md: keys as JWK and PEM"),
    ("T-15", "docs/spec/jwt.md: what is minted"),
    ("T-16", "docs/spec/jwt.md: where a request has its token"),
    ("T-17", "docs/spec/jwt.md: JWT-SVIDs"),
    ("T-18", "docs/spec/jwt.md: bundles of a trust domain"),
    ("T-19", "docs/spec/jwt.md: proofs that are kept"),
    ("T-20", "docs/spec/jwt.md: what is published of keys"),
    ("T-21", "docs/spec/jwt.md: how keys follow each other"),
    ("T-22", "docs/spec/jwt.md: keys that are revoked"),
];

const NOTES: &[(&str, &str)] = &[
    (
        "Ambiguous",
        "Two readers of the message may take it for different requests, so it is refused though its signature is genuine.",
    ),
    (
        "Bound",
        "The token is bound to a key, or the peer has shown one. Accepting a bound token alone makes stolen ones worth something.",
    ),
    (
        "Changed",
        "A covered part was changed after signing. Accepting it means that the part is not really covered.",
    ),
    (
        "Claim",
        "A claim is missing, of another type, or nearly the expected one. Taking it for absent, or for near enough, opens the rule.",
    ),
    (
        "Edge",
        "The last value on one side of a limit; its neighbour on the other side is a case too.",
    ),
    (
        "Header",
        "The header says more, less or something else than alg, kid and typ. Following it lets a token choose how it is verified.",
    ),
    (
        "Key",
        "The signature is by a key that is unknown, over, not begun, revoked, or another one.",
    ),
    (
        "Junk",
        "An entry that is no address. Taking it for one lets a client choose whom it counts for.",
    ),
    (
        "Order",
        "Two rules fail. Which one is named decides what a stranger can learn and what is written.",
    ),
    (
        "Policy",
        "A document that must be taken, or refused, as a whole.",
    ),
    (
        "Replay",
        "What the claim covers, and what each answer of the store means.",
    ),
    (
        "Setup",
        "What cannot be set up is refused before anything comes.",
    ),
    (
        "Sign",
        "The bytes that a signer must produce, or a request that it must refuse to sign.",
    ),
    (
        "Size",
        "A part at or over its limit. Limits are checked before anything is decoded or computed.",
    ),
    (
        "Told",
        "What an operator is told, to the letter. Nothing is written, and no part of a token is shown that would be good for anything.",
    ),
    (
        "Uncovered",
        "A genuine signature covers less, or something else, than the profile demands.",
    ),
    (
        "Usual",
        "What honest signers send. Refusing it is a fault too.",
    ),
    (
        "Variant",
        "Another spelling of the same value. Accepting it gives one request several encodings; counting it apart gives one client several cells.",
    ),
    ("Window", "The signed time against the verifier's clock."),
    (
        "Wire",
        "The request also stands as one HTTP/1.1 message, to be sent to real servers.",
    ),
];

//! Webhooks: messages to send, and deliveries with one change each.
//!
//! Signatures and claims are worked out here from the specification.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::{MacKey, Secret, sha256};
use serde_json::{Value, json};

use super::limit::{accepted, case, members};
use crate::bytes::hex;
use crate::webhook::{ReceiveInput, SendInput};
use crate::{Bytes, Case, Expect, Reply, Verdict};

type Receive = Case<ReceiveInput>;
type Send = Case<SendInput>;

pub(super) fn messages() -> Vec<Send> {
    let sent = |id: &str, secrets: &[&str], message: &str, body: &str| {
        let input = SendInput {
            secrets: secrets.iter().map(|secret| (*secret).into()).collect(),
            id: message.into(),
            body: latin(body),
        };
        Send {
            now: NOW,
            ..case(id, &["H-2", "H-3", "Sign"], input)
        }
    };
    let signed = |id: &str, secrets: &[&str], message: &str, body: &str| {
        let signatures = secrets
            .iter()
            .map(|secret| signature(secret, message, TIME, body));
        let signatures = signatures.collect::<Vec<_>>().join(" ");
        let headers = fields(message, TIME, &signatures);
        accepted(
            sent(id, secrets, message, body),
            json!({"headers": headers}),
        )
    };
    let mut constant = sent(
        "the-constant-of-the-specification",
        &[PUBLISHED],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        BODY,
    );
    constant.now = 1_614_265_330_000;
    let headers = fields(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    let refused = |case: Send, code| refused(case, code, "internal_error");
    vec![
        accepted(constant, json!({"headers": headers})),
        signed("a-message", &[SECRET], ID, BODY),
        signed("a-message-with-two-secrets", &[SECRET, OTHER], ID, BODY),
        signed("a-message-without-content", &[SECRET], ID, ""),
        signed(
            "a-message-whose-content-is-no-text",
            &[SECRET],
            ID,
            "\u{80}\u{ff}\0",
        ),
        signed(
            "a-message-with-the-longest-id",
            &[SECRET],
            &"a".repeat(64),
            BODY,
        ),
        Send {
            now: NOW + 999,
            ..signed("a-message-late-in-its-second", &[SECRET], ID, BODY)
        },
        refused(
            sent("an-id-that-is-too-long", &[SECRET], &"a".repeat(65), BODY),
            "webhook_sign_id",
        ),
        refused(
            sent("an-id-with-a-dot", &[SECRET], "a.b", BODY),
            "webhook_sign_id",
        ),
        refused(sent("an-empty-id", &[SECRET], "", BODY), "webhook_sign_id"),
        refused(sent("no-secret", &[], ID, BODY), "webhook_keys_invalid"),
        refused(
            sent("nine-secrets", &[SECRET; 9], ID, BODY),
            "webhook_keys_invalid",
        ),
        refused(
            sent("a-secret-without-its-prefix", &[&SECRET[6..]], ID, BODY),
            "webhook_key_invalid",
        ),
        refused(
            sent("a-secret-of-23-bytes", &[&secret(&[7; 23])], ID, BODY),
            "webhook_key_invalid",
        ),
        refused(
            sent("a-secret-of-65-bytes", &[&secret(&[7; 65])], ID, BODY),
            "webhook_key_invalid",
        ),
        refused(
            sent(
                "a-secret-in-base64url",
                &["whsec__-8AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
                ID,
                BODY,
            ),
            "webhook_key_invalid",
        ),
        refused(
            Send {
                now: 100_000_000_000_000,
                ..sent("a-clock-that-needs-twelve-digits", &[SECRET], ID, BODY)
            },
            "webhook_sign_time",
        ),
    ]
}

pub(super) fn deliveries() -> Vec<Receive> {
    [
        usual(),
        forms(),
        fields_of(),
        authentic(),
        windows(),
        answers(),
        setups(),
    ]
    .concat()
}

fn usual() -> Vec<Receive> {
    let good = || draft("a-delivery", &["H-5", "H-7", "Usual"]);
    let named = |id: &str| Draft {
        id: id.into(),
        ..good()
    };
    vec![
        good().received(),
        named("a-delivery-to-a-receiver-with-two-secrets").secrets(&[OTHER, SECRET]).received(),
        named("a-delivery-with-two-signatures").signatures(&[&sign(OTHER), &sign(SECRET)]).received(),
        named("a-delivery-with-a-signature-of-another-version")
            .signatures(&["v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==", &sign(SECRET)])
            .received(),
        named("a-delivery-with-eight-signatures").signatures(&[OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, SECRET].map(sign).each_ref().map(String::as_str)).received(),
        named("fields-in-upper-case-with-blanks").change(|fields| {
            for field in fields {
                *field = (field.0.to_uppercase(), format!(" {}\t", field.1));
            }
        }).received(),
        named("other-fields-beside").change(|fields| fields.push(("content-type".into(), "application/json".into()))).received(),
        named("no-content").body("").received(),
        named("content-that-is-no-text").body("\u{80}\u{ff}\0").received(),
        named("content-with-a-dot-first").body(".1.{}").received(),
    ]
}

/// One value in another form.
fn forms() -> Vec<Receive> {
    let variant = |id: &str, flags, name: &'static str, value: &str, code| {
        let value = value.to_owned();
        draft(id, flags)
            .change(move |fields| set(fields, name, &value))
            .refused(code)
    };
    let id = |case, value| {
        variant(
            case,
            &["H-2", "Variant"],
            "webhook-id",
            value,
            "webhook_id_invalid",
        )
    };
    let time = |case, value| {
        variant(
            case,
            &["H-2", "Variant"],
            "webhook-timestamp",
            value,
            "webhook_timestamp_invalid",
        )
    };
    let list = |case, value: &str| {
        variant(
            case,
            &["H-5", "Variant"],
            "webhook-signature",
            value,
            "webhook_signature_invalid",
        )
    };
    let good = sign(SECRET);
    let tag = &good[3..];
    let (head, end) = tag.split_at(42);
    let next = char::from(end.as_bytes()[0] + 1);
    vec![
        id("an-empty-id-delivered", ""),
        id("an-id-with-a-dot-delivered", "msg_1.2"),
        id("an-id-with-a-blank", "msg 1"),
        id("an-id-that-is-too-long-delivered", &"a".repeat(65)),
        id("an-id-that-is-not-ascii", "\u{e4}"),
        time("an-empty-time", ""),
        time("a-time-with-a-sign", "+1800000000"),
        time("a-negative-time", "-1800000000"),
        time("a-time-with-a-leading-zero", "01800000000"),
        time("a-time-with-a-fraction", "1800000000.0"),
        time("a-time-with-an-exponent", "18e8"),
        time("a-time-in-hexadecimal", "0x6b49d200"),
        time("a-time-of-twelve-digits", "180000000000"),
        time("a-time-with-a-blank-in-it", "1800000000 1"),
        list("an-empty-list", ""),
        list("a-signature-without-version", tag),
        list("a-signature-of-another-version-alone", &format!("v2,{tag}")),
        list("a-version-in-upper-case", &format!("V1,{tag}")),
        list(
            "a-signature-without-padding",
            &format!("v1,{}", tag.trim_end_matches('=')),
        ),
        list("a-signature-with-more-padding", &format!("v1,{tag}=")),
        list(
            "a-signature-with-unused-bits-set",
            &format!("v1,{head}{next}="),
        ),
        list("a-signature-with-a-line-end", &format!("{good}\n")),
        list("a-signature-cut-short", &format!("v1,{}", &tag[4..])),
        list("an-empty-signature", "v1,"),
        list("two-blanks-between-signatures", &format!("{good}  {good}")),
        list("a-comma-between-signatures", &format!("{good},{good}")),
        list("nine-signatures", &[good.as_str(); 9].join(" ")),
        list(
            "a-version-that-is-too-long",
            &format!("v12345678,{tag} {good}"),
        ),
        list(
            "a-signature-of-another-version-that-is-no-base64",
            &format!("v2,{{}} {good}"),
        ),
    ]
}

/// A field twice, or not at all.
fn fields_of() -> Vec<Receive> {
    let mut cases = Vec::new();
    for (at, name) in ["id", "timestamp", "signature"].into_iter().enumerate() {
        let (twice, alike) = (format!("{name}-twice"), format!("{name}-with-a-look-alike"));
        let under = format!("{name}-under-a-look-alike-name");
        cases.push(
            draft(&format!("no-{name}"), &["H-4"])
                .change(move |fields| drop(fields.remove(at)))
                .refused("webhook_header_missing"),
        );
        cases.push(
            draft(&twice, &["H-4", "Ambiguous"])
                .change(move |fields| fields.push(fields[at].clone()))
                .refused("webhook_header_repeated"),
        );
        cases.push(
            draft(&alike, &["H-4", "Ambiguous"])
                .change(move |fields| fields.push((fields[at].0.replace('-', "_"), "1".into())))
                .refused("webhook_header_repeated"),
        );
        cases.push(
            draft(&under, &["H-4", "Ambiguous"])
                .change(move |fields| fields[at].0 = fields[at].0.replace('-', "_"))
                .refused("webhook_header_repeated"),
        );
    }
    let many =
        |fields: &mut Fields| fields.extend((0..254).map(|at| (format!("x-{at}"), String::new())));
    cases.push(
        draft("more-fields-than-allowed", &["H-4", "Size"])
            .change(many)
            .refused("webhook_too_large"),
    );
    cases.push(
        draft("a-list-that-is-too-long", &["H-5", "Size"])
            .change(|fields| {
                set(
                    fields,
                    "webhook-signature",
                    &format!("v1,{}", "A".repeat(1_022)),
                );
            })
            .refused("webhook_too_large"),
    );
    cases
}

fn authentic() -> Vec<Receive> {
    let changed = |id: &str| draft(id, &["H-3", "Changed"]);
    let forged = "webhook_mac_mismatch";
    vec![
        changed("another-id")
            .change(|fields| set(fields, "webhook-id", "msg_2"))
            .refused(forged),
        changed("another-time")
            .change(|fields| set(fields, "webhook-timestamp", "1800000001"))
            .refused(forged),
        Draft {
            body: "{\"test\": 2432232315}".into(),
            signed: BODY.into(),
            ..changed("another-content")
        }
        .refused(forged),
        Draft {
            body: "{\"test\":2432232314}".into(),
            signed: BODY.into(),
            ..changed("the-same-content-written-anew")
        }
        .refused(forged),
        draft("signed-with-another-secret", &["H-5", "Key"])
            .signatures(&[&sign(OTHER)])
            .refused(forged),
        draft("a-receiver-with-another-secret", &["H-5", "Key"])
            .secrets(&[OTHER])
            .refused(forged),
        draft("a-forgery-out-of-the-window", &["H-6", "Order"])
            .at(NOW + 301_000)
            .signatures(&[&sign(OTHER)])
            .refused(forged),
        draft("a-content-too-large-and-forged", &["H-6", "Order"])
            .policy("body_limit_bytes", 19)
            .signatures(&[&sign(OTHER)])
            .refused("webhook_too_large"),
    ]
}

fn windows() -> Vec<Receive> {
    let at = |id: &str, now| draft(id, &["H-6", "Window"]).at(now);
    let outside = "webhook_outside_window";
    vec![
        at("300-s-old", NOW + 300_000).received(),
        at("a-little-more-than-300-s-old", NOW + 300_001).refused(outside),
        at("300-s-ahead", NOW - 300_000).received(),
        at("a-little-more-than-300-s-ahead", NOW - 300_001).refused(outside),
        at("30-s-old-where-30-are-allowed", NOW + 30_000)
            .policy("past_seconds", 30)
            .received(),
        at("31-s-old-where-30-are-allowed", NOW + 31_000)
            .policy("past_seconds", 30)
            .refused(outside),
        at("31-s-ahead-where-30-are-allowed", NOW - 31_000)
            .policy("future_seconds", 30)
            .refused(outside),
        draft("content-of-exactly-the-limit", &["H-6", "Edge"])
            .policy("body_limit_bytes", 20)
            .received(),
        draft("content-of-one-byte-more", &["H-6", "Size"])
            .policy("body_limit_bytes", 19)
            .refused("webhook_too_large"),
    ]
}

fn answers() -> Vec<Receive> {
    let told = |id: &str, reply, code| draft(id, &["H-7", "Replay"]).answered(reply).refused(code);
    vec![
        told("a-replayed-delivery", Reply::Held, "webhook_replayed"),
        told(
            "a-store-that-began-too-late",
            Reply::Stale,
            "webhook_store_warming",
        ),
        told("a-full-store", Reply::Full, "webhook_store_full"),
        told(
            "an-endpoint-over-its-share",
            Reply::OwnerFull,
            "webhook_limited",
        ),
        told(
            "a-silent-store",
            Reply::Unavailable,
            "webhook_store_unavailable",
        ),
    ]
}

fn setups() -> Vec<Receive> {
    let setup = |id: &str| draft(id, &["Setup"]);
    let limits = "webhook_policy_limits";
    vec![
        setup("a-window-of-nothing")
            .policy("past_seconds", 0)
            .refused(limits),
        setup("a-window-of-301-s")
            .policy("future_seconds", 301)
            .refused(limits),
        setup("a-body-limit-above-64-mib")
            .policy("body_limit_bytes", 64 * 1024 * 1024 + 1)
            .refused(limits),
        setup("a-receiver-without-secrets")
            .secrets(&[])
            .refused("webhook_keys_invalid"),
        setup("a-receiver-with-a-secret-that-is-none")
            .secrets(&["whsec_"])
            .refused("webhook_key_invalid"),
    ]
}

type Fields = Vec<(String, String)>;

/// A delivery on its way to be a case.
struct Draft {
    id: String,
    flags: &'static [&'static str],
    policy: Value,
    secrets: Vec<String>,
    now: i64,
    /// The content as it arrives.
    body: String,
    /// The content as it was signed.
    signed: String,
    signatures: Option<String>,
    change: Box<dyn Fn(&mut Fields)>,
    reply: Reply,
}

fn draft(id: &str, flags: &'static [&'static str]) -> Draft {
    Draft {
        id: id.into(),
        flags,
        policy: json!({"endpoint": "billing"}),
        secrets: vec![SECRET.into()],
        now: NOW,
        body: BODY.into(),
        signed: BODY.into(),
        signatures: None,
        change: Box::new(|_| {}),
        reply: Reply::Fresh,
    }
}

impl Draft {
    fn policy(mut self, name: &str, value: i64) -> Self {
        self.policy[name] = json!(value);
        self
    }

    fn secrets(mut self, secrets: &[&str]) -> Self {
        self.secrets = secrets.iter().map(|secret| (*secret).into()).collect();
        self
    }

    fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    fn body(mut self, body: &str) -> Self {
        (self.body, self.signed) = (body.into(), body.into());
        self
    }

    fn signatures(mut self, signatures: &[&str]) -> Self {
        self.signatures = Some(signatures.join(" "));
        self
    }

    fn change(mut self, change: impl Fn(&mut Fields) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    fn answered(mut self, reply: Reply) -> Self {
        self.reply = reply;
        self
    }

    fn received(self) -> Receive {
        let past = self.policy["past_seconds"].as_i64().unwrap_or(300) * 1_000;
        let owner = sha256(&[b"cs-webhook/1", b"billing"]);
        let key = sha256(&[
            b"cs-claim/1",
            &owner[..16],
            &NOW.to_be_bytes(),
            ID.as_bytes(),
        ]);
        let output = json!({
            "endpoint": "billing",
            "id": ID,
            "created": NOW,
            "claim": {
                "space": "webhook",
                "key": hex(&key[..16]),
                "born": NOW,
                "since": 0,
                "until": NOW + past + 180_000,
            },
        });
        accepted(self.case(true), output)
    }

    fn refused(self, code: &'static str) -> Receive {
        let public = match code {
            "webhook_mac_mismatch" => "webhook_unauthenticated",
            "webhook_policy_limits" | "webhook_keys_invalid" | "webhook_key_invalid" => {
                "internal_error"
            }
            "webhook_outside_window" | "webhook_replayed" | "webhook_limited" => code,
            code if code.starts_with("webhook_store_") => code,
            _ => "webhook_malformed",
        };
        let is_asked = code.starts_with("webhook_store_")
            || matches!(code, "webhook_replayed" | "webhook_limited");
        refused(self.case(is_asked), code, public)
    }

    fn case(self, is_asked: bool) -> Receive {
        let signatures = self
            .signatures
            .unwrap_or_else(|| signature(SECRET, ID, TIME, &self.signed));
        let mut headers = fields(ID, TIME, &signatures);
        (self.change)(&mut headers);
        let headers = headers.into_iter();
        let input = ReceiveInput {
            secrets: self.secrets,
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            body: latin(&self.body),
        };
        Receive {
            policy: Some(members(self.policy)),
            now: self.now,
            replies: is_asked.then_some(self.reply).into_iter().collect(),
            ..case(&self.id, self.flags, input)
        }
    }
}

pub(super) fn refused<I>(case: Case<I>, code: &str, public: &str) -> Case<I> {
    let expect = Expect {
        verdict: Verdict::Reject,
        code: Some(code.into()),
        public: Some(public.into()),
        output: Value::Null,
    };
    Case { expect, ..case }
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    let field = fields.iter_mut().find(|field| field.0 == name);
    field.expect("one of the three").1 = value.into();
}

fn fields(id: &str, time: &str, signatures: &str) -> Fields {
    let fields = [
        ("webhook-id", id),
        ("webhook-timestamp", time),
        ("webhook-signature", signatures),
    ];
    fields
        .map(|(name, value)| (name.into(), value.into()))
        .into()
}

/// The usual message signed with this secret.
fn sign(secret: &str) -> String {
    signature(secret, ID, TIME, BODY)
}

fn signature(secret: &str, id: &str, time: &str, body: &str) -> String {
    let bytes = STANDARD.decode(&secret[6..]).expect("base64");
    let key = MacKey::at_least(&Secret::new(bytes), 0).expect("a key");
    let message = [id.as_bytes(), b".", time.as_bytes(), b".", &latin(body).0].concat();
    format!("v1,{}", STANDARD.encode(key.tag(&message)))
}

fn secret(bytes: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// A text whose characters stand for bytes.
fn latin(text: &str) -> Bytes {
    let bytes = text.chars().map(|letter| u8::try_from(u32::from(letter)));
    Bytes(
        bytes
            .collect::<Result<_, _>>()
            .expect("characters up to U+00FF"),
    )
}

const NOW: i64 = 1_800_000_000_000;
const TIME: &str = "1800000000";
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const BODY: &str = "{\"test\": 2432232314}";
/// The secret of the specification's example.
const PUBLISHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "whsec_HxwdGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAA=";

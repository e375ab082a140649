//! Sending and receiving, and each rule of the specification broken.

use counterseal_core::{
    Claimed, KeyId, Refusal, Secret, Seed, Span, Step, Time, Unavailable, drive,
};
use counterseal_replay::{PrivateRing, Shape, Window};
use counterseal_webhook::{
    Delivery, MessageId, Receiver, Sender, WebhookKey, WebhookPolicy, WebhookReason,
};
use proptest::prelude::*;

const NOW: Time = Time::from_seconds(1_800_000_000);
const BODY: &[u8] = b"{\"test\": 2432232314}";

fn key(byte: u8) -> WebhookKey {
    WebhookKey::new(&Secret::new(vec![byte; 32])).expect("32 bytes")
}

fn receiver(keys: impl IntoIterator<Item = WebhookKey>) -> Receiver {
    let endpoint = KeyId::parse("billing").expect("an id");
    Receiver::new(endpoint, keys, WebhookPolicy::default()).expect("a receiver")
}

/// The three fields of a message that was signed with `byte` at `now`.
fn sent(bytes: &[u8], now: Time) -> Vec<(String, String)> {
    let sender = Sender::new(bytes.iter().map(|byte| key(*byte))).expect("a sender");
    let id = MessageId::parse("msg_1").expect("an id");
    let signed = sender.sign(&id, BODY, now).expect("signed");
    let fields = signed.headers();
    fields
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// What a receiver with the key of 7s makes of these fields.
fn code(fields: &[(String, String)], body: &[u8], now: Time) -> &'static str {
    let receiver = receiver([key(7)]);
    match check(&receiver, fields, body, now) {
        Ok(()) => "received",
        Err(error) => error.code().name,
    }
}

fn check(
    receiver: &Receiver,
    fields: &[(String, String)],
    body: &[u8],
    now: Time,
) -> Result<(), WebhookReason> {
    let lines = fields.iter();
    let headers: Vec<_> = lines
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    receiver
        .check(&delivery, now)
        .map(|_| ())
        .map_err(|error| error.reason)
}

/// The usual fields with one value changed.
fn changed(name: &str, value: &str) -> Vec<(String, String)> {
    let mut fields = sent(&[7], NOW);
    for field in fields.iter_mut().filter(|field| field.0 == name) {
        field.1 = value.into();
    }
    fields
}

#[test]
fn the_constants_of_the_specification_come_out() {
    let key = WebhookKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
    let id = MessageId::parse("msg_p5jXN8AQM9LWM0D4loKWxJek").expect("an id");
    let now = Time::from_seconds(1_614_265_330);
    let signed = Sender::new([key]).expect("a sender").sign(&id, BODY, now);
    let signed = signed.expect("signed");
    let fields: Vec<_> = signed.headers().map(|(_, value)| value).collect();
    let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(fields, [id.as_str(), "1614265330", signature]);
}

#[test]
fn what_was_sent_is_received_once_for_each_time() {
    let (receiver, past) = (receiver([key(7)]), Span::from_minutes(5));
    let window = Window { past, future: past };
    let shape = Shape::for_rate(10).covering(window);
    let began = NOW.minus(past).minus(past);
    let ring = PrivateRing::new(shape, window, began, &Seed::new([1; 16])).expect("a ring");
    let take = |at: Time| {
        let fields = sent(&[7], at);
        let headers: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let delivery = Delivery {
            headers: &headers,
            body: BODY,
        };
        let pending = receiver.begin(&delivery, NOW).expect("in time");
        let outcome = drive(&ring, Step::Need(pending)).map_err(|error| error.reason);
        outcome.map(|received| {
            let event = received.event(NOW).to_string();
            (received.id().to_owned(), received.created(), event)
        })
    };
    let event = r#"{"at":1800000000000,"event":"webhook_accepted","key":"billing"}"#;
    assert_eq!(take(NOW), Ok(("msg_1".into(), NOW, event.into())));
    assert_eq!(take(NOW), Err(WebhookReason::Replayed { created: NOW }));
    let later = NOW.plus(Span::from_seconds(1));
    assert!(take(later).is_ok(), "another attempt is another delivery");
}

#[test]
fn every_answer_of_a_store_and_its_silence_are_decided() {
    let receiver = receiver([key(7)]);
    let fields = sent(&[7], NOW);
    let headers: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let delivery = Delivery {
        headers: &headers,
        body: BODY,
    };
    let outcome = |reply| {
        let pending = receiver.begin(&delivery, NOW).expect("in time");
        match pending.finish(reply) {
            Ok(_) => "received",
            Err(error) => error.code().name,
        }
    };
    for (reply, wanted) in [
        (Ok(Claimed::Fresh), "received"),
        (Ok(Claimed::Held), "webhook_replayed"),
        (Ok(Claimed::Stale), "webhook_store_warming"),
        (Ok(Claimed::Full), "webhook_store_full"),
        (Ok(Claimed::OwnerFull), "webhook_limited"),
        (Err(Unavailable), "webhook_store_unavailable"),
    ] {
        assert_eq!(outcome(reply), wanted);
    }
}

#[test]
fn while_a_secret_is_rotated_either_side_may_know_both() {
    let both = [key(1), key(2)];
    assert!(check(&receiver(both), &sent(&[2], NOW), BODY, NOW).is_ok());
    assert!(check(&receiver([key(1)]), &sent(&[2, 1], NOW), BODY, NOW).is_ok());
    let neither = check(&receiver([key(3)]), &sent(&[1, 2], NOW), BODY, NOW);
    assert_eq!(neither, Err(WebhookReason::MacMismatch));
}

#[test]
fn the_ends_of_the_window_are_in_it() {
    let at = |seconds: i64| {
        let signed = Time::from_seconds(NOW.seconds() + seconds);
        code(&sent(&[7], signed), BODY, NOW)
    };
    assert_eq!([at(-300), at(300)], ["received"; 2]);
    assert_eq!([at(-301), at(301)], ["webhook_outside_window"; 2]);
    // Out of the window a forgery is told as one.
    let old = Time::from_seconds(NOW.seconds() - 301);
    assert_eq!(code(&sent(&[8], old), BODY, NOW), "webhook_mac_mismatch");
}

#[test]
fn what_was_changed_is_refused() {
    assert_eq!(code(&sent(&[7], NOW), BODY, NOW), "received");
    assert_eq!(code(&sent(&[7], NOW), b"{}", NOW), "webhook_mac_mismatch");
    for (name, value) in [("webhook-id", "msg_2"), ("webhook-timestamp", "1800000001")] {
        assert_eq!(
            code(&changed(name, value), BODY, NOW),
            "webhook_mac_mismatch"
        );
    }
}

#[test]
fn each_field_has_one_form() {
    let long = "a".repeat(65);
    for id in ["", "a.b", "a b", "ä", "a\u{0}", &long] {
        assert_eq!(
            code(&changed("webhook-id", id), BODY, NOW),
            "webhook_id_invalid",
            "{id}"
        );
    }
    let times = [
        "",
        "+1800000000",
        "-1",
        "01800000000",
        "1800000000.0",
        "1e9",
        "0x1",
        "18000000000000",
        "1800000000 1",
    ];
    for time in times {
        let fields = changed("webhook-timestamp", time);
        assert_eq!(
            code(&fields, BODY, NOW),
            "webhook_timestamp_invalid",
            "{time}"
        );
    }
    let good = sent(&[7], NOW)[2].1.clone();
    let tag = good.strip_prefix("v1,").expect("version 1");
    let nine = [good.as_str(); 9].join(" ");
    let lists = [
        String::new(),
        tag.to_owned(),
        format!("v2,{tag}"),
        format!("V1,{tag}"),
        format!("v1 {tag}"),
        format!("v1,{}", tag.trim_end_matches('=')),
        format!("v1,{tag}="),
        format!("v1,{}", tag.replace(['+', '/'], "-")),
        format!("{good}  {good}"),
        format!("{good},{good}"),
        "v1,".into(),
        format!("v1,{}", &tag[4..]),
        nine,
    ];
    for list in lists.iter().filter(|list| **list != good) {
        let fields = changed("webhook-signature", list);
        assert_eq!(
            code(&fields, BODY, NOW),
            "webhook_signature_invalid",
            "{list}"
        );
    }
    // The last character of 32 bytes in base64 has two bits that are not used.
    let (head, last) = tag.split_at(42);
    let next = char::from(last.as_bytes()[0] + 1);
    let fields = changed("webhook-signature", &format!("v1,{head}{next}="));
    assert_eq!(code(&fields, BODY, NOW), "webhook_signature_invalid");
}

#[test]
fn signatures_of_other_versions_are_passed_over() {
    let good = sent(&[7], NOW)[2].1.clone();
    let list = format!(
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {good}"
    );
    assert_eq!(
        code(&changed("webhook-signature", &list), BODY, NOW),
        "received"
    );
}

#[test]
fn each_field_comes_once() {
    for at in 0..3 {
        let mut fields = sent(&[7], NOW);
        let twice = fields[at].clone();
        fields.push(twice);
        assert_eq!(code(&fields, BODY, NOW), "webhook_header_repeated");
        let mut fields = sent(&[7], NOW);
        fields[at].0 = fields[at].0.replace('-', "_");
        assert_eq!(code(&fields, BODY, NOW), "webhook_header_repeated");
        let mut fields = sent(&[7], NOW);
        fields.remove(at);
        assert_eq!(code(&fields, BODY, NOW), "webhook_header_missing");
    }
    let mut fields = sent(&[7], NOW);
    for field in &mut fields {
        *field = (field.0.to_uppercase(), format!(" {}\t", field.1));
    }
    assert_eq!(code(&fields, BODY, NOW), "received");
}

#[test]
fn what_is_too_large_is_refused_first() {
    let mut fields = sent(&[7], NOW);
    fields.extend((0..256).map(|at| (format!("x-{at}"), String::new())));
    assert_eq!(code(&fields, BODY, NOW), "webhook_too_large");
    let body = vec![0; 1024 * 1024 + 1];
    assert_eq!(code(&[], &body, NOW), "webhook_too_large");
    let list = format!("v1,{}", "A".repeat(2_000));
    assert_eq!(
        code(&changed("webhook-signature", &list), BODY, NOW),
        "webhook_too_large"
    );
}

#[test]
fn what_cannot_be_set_up_has_a_code() {
    let of_key = |text: &str| match WebhookKey::parse(text) {
        Ok(_) => "a key",
        Err(error) => error.code().name,
    };
    assert_eq!(of_key("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), "a key");
    let secrets = [
        "",
        "whsec_",
        "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspobw==",
    ];
    for text in secrets {
        assert_eq!(of_key(text), "webhook_key_invalid", "{text}");
    }
    let of_bytes = |len: usize| WebhookKey::new(&Secret::new(vec![1; len])).is_ok();
    assert_eq!([23, 24, 64, 65].map(of_bytes), [false, true, true, false]);

    for count in [0, 9] {
        let keys = || (0..count).map(|_| key(1));
        assert_eq!(
            Sender::new(keys()).unwrap_err().code().name,
            "webhook_keys_invalid"
        );
    }
    let endpoint = KeyId::parse("a").expect("an id");
    let limits = |policy| Receiver::new(endpoint, [key(1)], policy).map_err(|e| e.code().name);
    let usual = WebhookPolicy::default();
    for policy in [
        WebhookPolicy {
            past: Span::ZERO,
            ..usual
        },
        WebhookPolicy {
            future: Span::from_seconds(301),
            ..usual
        },
        WebhookPolicy {
            body_limit: usize::MAX,
            ..usual
        },
    ] {
        assert_eq!(limits(policy).unwrap_err(), "webhook_policy_limits");
    }
}

#[test]
fn a_message_that_cannot_be_signed_has_a_code() {
    let sender = Sender::new([key(1)]).expect("a sender");
    let id = MessageId::from_seed(&Seed::new([255; 16]));
    assert_eq!(id.as_str(), "msg______________________w");
    for now in [
        Time::from_millis(-1),
        Time::from_seconds(100_000_000_000),
        Time::NEVER,
    ] {
        let refused = sender.sign(&id, b"", now).unwrap_err();
        assert_eq!(refused.code().name, "webhook_sign_time");
    }
    assert!(sender.sign(&id, b"", Time::EPOCH).is_ok());
    assert_eq!(
        MessageId::parse("a.b").unwrap_err().code().name,
        "webhook_sign_id"
    );
}

#[test]
fn a01_nothing_that_can_be_printed_holds_a_secret_or_a_signature() {
    let fields = sent(&[7], NOW);
    let sender = Sender::new([key(7)]).expect("a sender");
    let signed = sender.sign(&MessageId::parse("msg_1").expect("an id"), BODY, NOW);
    let printed = format!("{:?}{:?}{signed:?}", receiver([key(7)]), sender);
    assert!(!printed.contains(&fields[2].1[3..]));
    assert!(!printed.contains("7, 7"));
}

#[test]
fn the_other_implementation_is_as_docs_compare_says() {
    let seconds = std::time::UNIX_EPOCH
        .elapsed()
        .expect("after 1970")
        .as_secs();
    let theirs = standardwebhooks::Webhook::from_bytes(vec![7; 32]).expect("a key");
    let verify = |body: &[u8], time: &str, signature: &str| {
        let mut fields = http::HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "m"),
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ] {
            fields.insert(name, value.parse().expect("a value"));
        }
        theirs.verify(body, &fields).is_ok()
    };
    let (time, at) = (
        seconds.to_string(),
        i64::try_from(seconds).expect("a sane clock"),
    );
    let signature = theirs.sign("m", at, b"abc").expect("text");
    assert!(verify(b"abc", &time, &signature) && verify(b"abc", &time, &signature));
    assert!(!verify(b"abc", &format!("{time}.5"), &signature));
    assert!(!verify(b"abc", &format!("{time}abc"), &signature));
    assert!(!verify(b"abc", &time, "v1"));
    assert!(!verify(b"\xff", &time, &signature));
    assert!(standardwebhooks::Webhook::from_bytes(vec![7]).is_ok());
}

proptest! {
    #[test]
    fn the_other_implementation_takes_what_is_sent_and_sends_what_is_taken(
        secret in proptest::collection::vec(any::<u8>(), 24..=64),
        id in "[A-Za-z0-9_-]{1,64}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        // It reads the clock itself.
        let seconds = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let now = Time::from_seconds(i64::try_from(seconds).expect("a sane clock"));
        let theirs = standardwebhooks::Webhook::from_bytes(secret.clone()).expect("a key");
        let ours = || WebhookKey::new(&Secret::new(secret.clone())).expect("a key");
        let sender = Sender::new([ours()]).expect("a sender");
        let signed = sender.sign(&MessageId::parse(&id).expect("an id"), &body, now).expect("signed");
        let mut fields = http::HeaderMap::new();
        for (name, value) in signed.headers() {
            fields.insert(name, value.parse().expect("a value"));
        }
        // It knows of no other content than text.
        let is_text = core::str::from_utf8(&body).is_ok();
        prop_assert_eq!(theirs.verify(&body, &fields).is_ok(), is_text);
        let signature = theirs.sign(&id, now.seconds(), &body);
        prop_assert_eq!(signature.is_ok(), is_text);
        let Ok(signature) = signature else { return Ok(()); };
        let values = [("webhook-id", id), ("webhook-timestamp", now.seconds().to_string()), ("webhook-signature", signature)];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        prop_assert_eq!(check(&receiver([ours()]), &values, &body, now), Ok(()));
    }
}

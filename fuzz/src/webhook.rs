//! Deliveries of webhooks.

use counterseal::core::{KeyId, Secret, Seed, Time};
use counterseal::webhook::{
    Delivery, MessageId, Receiver, Sender, WebhookError, WebhookKey, WebhookPolicy,
};

use crate::message::Message;

/// Any delivery is refused, unless our own sender signs it so: then it is taken, and any other content is not.
pub fn webhook_receiver_begin(data: &[u8]) {
    let (receiver, sender) = (receiver(), sender());
    let message = Message::new(data);
    message.with(|request| {
        let delivery = Delivery {
            headers: request.headers,
            body: request.body,
        };
        let Ok(received) = receiver.check(&delivery, NOW) else {
            assert!(receiver.begin(&delivery, NOW).is_err());
            return;
        };
        let id = MessageId::parse(received.id()).expect("an id that was taken");
        let signed = sender.sign(&id, request.body, received.created());
        let fields: Vec<_> = signed
            .expect("a time that was taken")
            .headers()
            .map(|(_, value)| value.to_owned())
            .collect();
        let stands = |wanted: &str| {
            let values = request.headers.iter().map(|(_, value)| *value);
            let mut words =
                values.flat_map(|value| value.split(|byte| matches!(byte, b' ' | b'\t')));
            words.any(|word| word == wanted.as_bytes())
        };
        assert!(
            fields.iter().all(|field| stands(field)),
            "a delivery that was not signed was taken"
        );
    });
    signed_content_is_taken(&receiver, &sender, data).expect("our own message");
}

fn signed_content_is_taken(
    receiver: &Receiver,
    sender: &Sender,
    body: &[u8],
) -> Result<(), WebhookError> {
    let id = MessageId::from_seed(&Seed::new([1; 16]));
    let signed = sender.sign(&id, body, NOW).expect("signed");
    let headers: Vec<_> = signed
        .headers()
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    receiver.check(
        &Delivery {
            headers: &headers,
            body,
        },
        NOW,
    )?;
    let other = [body, b"."].concat();
    let changed = Delivery {
        headers: &headers,
        body: &other,
    };
    assert!(
        receiver.check(&changed, NOW).is_err(),
        "another content was taken"
    );
    Ok(())
}

/// A secret has one form.
pub fn webhook_key_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let is_form = |text: &str| WebhookKey::parse(text).is_ok();
    if is_form(text) {
        assert!(text.is_ascii() && text.starts_with("whsec_"));
        assert!(!is_form(&format!("{text}=")) && !is_form(&text[6..]));
    }
    if let Ok(id) = MessageId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
}

fn key() -> WebhookKey {
    WebhookKey::new(&Secret::new(vec![7; 32])).expect("32 bytes")
}

fn sender() -> Sender {
    Sender::new([key()]).expect("a key")
}

fn receiver() -> Receiver {
    let endpoint = KeyId::parse("fuzz").expect("an id");
    Receiver::new(endpoint, [key()], WebhookPolicy::default()).expect("a receiver")
}

const NOW: Time = Time::from_seconds(1_800_000_000);

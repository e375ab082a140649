//! Why a delivery was refused, a message not signed, or a sender or receiver cannot be.

use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, KeyId, Refusal, Time};

/// A delivery that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookError {
    /// The endpoint that it came to.
    pub endpoint: KeyId,
    /// Why.
    pub reason: WebhookReason,
}

/// Why a delivery was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookReason {
    /// One of the three fields is not there.
    HeaderMissing {
        /// The field.
        name: &'static str,
    },
    /// One of the three fields comes twice, or under a look-alike name.
    HeaderRepeated {
        /// The field.
        name: &'static str,
    },
    /// The id is not 1 to 64 of `[A-Za-z0-9_-]`.
    IdInvalid,
    /// The endpoint has used up its share of the replay store.
    Limited,
    /// No signature is one of this message with one of the keys.
    MacMismatch,
    /// The signed time is too far from the receiver's clock.
    OutsideWindow {
        /// The signed time.
        created: Time,
        /// The receiver's clock.
        now: Time,
    },
    /// The delivery was accepted before.
    Replayed {
        /// The signed time.
        created: Time,
    },
    /// The list of signatures is none.
    SignatureInvalid,
    /// The replay store has no room; nothing was forgotten to make some.
    StoreFull,
    /// The replay store did not answer.
    StoreUnavailable,
    /// The replay store cannot know about so early a delivery.
    StoreWarming {
        /// The signed time.
        created: Time,
    },
    /// The time is no number of seconds in its one form.
    TimestampInvalid,
    /// A part is larger than the profile or the policy allows.
    TooLarge {
        /// The part.
        part: &'static str,
        /// Its size, in bytes or pieces.
        len: usize,
        /// The most that is allowed.
        most: usize,
    },
}

/// Why a message was not signed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookSignError {
    /// The id is not 1 to 64 of `[A-Za-z0-9_-]`.
    Id,
    /// The clock is before 1970 or after the year 5138.
    Time,
}

/// What cannot be a sender or receiver.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookSetupError {
    /// A key is not `whsec_` and base64 of 24 to 64 bytes.
    Key,
    /// There are no keys, or more than 8.
    Keys,
    /// A window or the body limit is outside its bounds.
    Limits,
}

impl WebhookError {
    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), Some(self.endpoint), now);
        match self.reason {
            WebhookReason::OutsideWindow { created, .. }
            | WebhookReason::Replayed { created }
            | WebhookReason::StoreWarming { created } => {
                event.with(&[Fact::at("created", created)])
            }
            WebhookReason::TooLarge { part, len, most } => event.with(&[
                Fact::word("part", part),
                Fact::number("len", i64::try_from(len).unwrap_or(i64::MAX)),
                Fact::number("most", i64::try_from(most).unwrap_or(i64::MAX)),
            ]),
            _ => event,
        }
    }
}

impl Refusal for WebhookError {
    fn code(&self) -> Code {
        self.reason.code()
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl core::error::Error for WebhookError {}

impl WebhookReason {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[
        HEADER_MISSING,
        HEADER_REPEATED,
        ID_INVALID,
        LIMITED,
        MAC_MISMATCH,
        OUTSIDE_WINDOW,
        REPLAYED,
        SIGNATURE_INVALID,
        STORE_FULL,
        STORE_UNAVAILABLE,
        STORE_WARMING,
        TIMESTAMP_INVALID,
        TOO_LARGE,
    ];
}

impl Refusal for WebhookReason {
    fn code(&self) -> Code {
        match self {
            Self::HeaderMissing { .. } => HEADER_MISSING,
            Self::HeaderRepeated { .. } => HEADER_REPEATED,
            Self::IdInvalid => ID_INVALID,
            Self::Limited => LIMITED,
            Self::MacMismatch => MAC_MISMATCH,
            Self::OutsideWindow { .. } => OUTSIDE_WINDOW,
            Self::Replayed { .. } => REPLAYED,
            Self::SignatureInvalid => SIGNATURE_INVALID,
            Self::StoreFull => STORE_FULL,
            Self::StoreUnavailable => STORE_UNAVAILABLE,
            Self::StoreWarming { .. } => STORE_WARMING,
            Self::TimestampInvalid => TIMESTAMP_INVALID,
            Self::TooLarge { .. } => TOO_LARGE,
        }
    }
}

impl fmt::Display for WebhookReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            Self::HeaderMissing { name } | Self::HeaderRepeated { name } => write!(f, " ({name})"),
            Self::OutsideWindow { created, now } => {
                write!(f, " (by {} s)", now.since(*created).seconds())
            }
            Self::TooLarge { part, len, most } => write!(f, " ({part}: {len}, at most {most})"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for WebhookReason {}

impl WebhookSignError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[SIGN_ID, SIGN_TIME];
}

impl Refusal for WebhookSignError {
    fn code(&self) -> Code {
        match self {
            Self::Id => SIGN_ID,
            Self::Time => SIGN_TIME,
        }
    }
}

impl fmt::Display for WebhookSignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for WebhookSignError {}

impl WebhookSetupError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[KEY_INVALID, KEYS_INVALID, POLICY_LIMITS];
}

impl Refusal for WebhookSetupError {
    fn code(&self) -> Code {
        match self {
            Self::Key => KEY_INVALID,
            Self::Keys => KEYS_INVALID,
            Self::Limits => POLICY_LIMITS,
        }
    }
}

impl fmt::Display for WebhookSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for WebhookSetupError {}

/// Every code of this room, in tables.
pub const CODES: &[&[Code]] = &[
    WebhookReason::CODES,
    WebhookSignError::CODES,
    WebhookSetupError::CODES,
];

const fn malformed(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    peer(name, ("webhook_malformed", 400), means, fix)
}

const fn peer(
    name: &'static str,
    (public, http): (&'static str, u16),
    means: &'static str,
    fix: &'static str,
) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public,
        http,
        means,
        fix,
    }
}

const fn environment(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Environment,
        public: name,
        http: 503,
        means,
        fix,
    }
}

const HEADER_MISSING: Code = malformed(
    "webhook_header_missing",
    "one of the fields webhook-id, webhook-timestamp and webhook-signature is not there",
    "send all three; a proxy may have taken one off",
);
const HEADER_REPEATED: Code = malformed(
    "webhook_header_repeated",
    "a field of the signature comes twice, or under a look-alike name with '_' for '-'",
    "send each of the three fields once",
);
const ID_INVALID: Code = malformed(
    "webhook_id_invalid",
    "the message id is not 1 to 64 of A-Z, a-z, 0-9, '_' and '-'",
    "send an id of these characters; a '.' would let id and time be told apart in two ways",
);
const SIGNATURE_INVALID: Code = malformed(
    "webhook_signature_invalid",
    "webhook-signature is no list of 1 to 8 signatures with one of version 1 in its one form",
    "send 'v1,' and base64 of 32 bytes, with one blank between several",
);
const TIMESTAMP_INVALID: Code = malformed(
    "webhook_timestamp_invalid",
    "webhook-timestamp is not a number of seconds in its one form",
    "send seconds since 1970 in decimal, without sign, blank or leading zero",
);
const TOO_LARGE: Code = malformed(
    "webhook_too_large",
    "a part of the delivery is larger than allowed",
    "keep to the limits, or raise the receiver's body limit",
);
const MAC_MISMATCH: Code = peer(
    "webhook_mac_mismatch",
    ("webhook_unauthenticated", 401),
    "no signature is one of this message with one of the keys",
    "compare the secrets, and verify the raw bytes as received; was the body parsed and serialised again?",
);
const OUTSIDE_WINDOW: Code = peer(
    "webhook_outside_window",
    ("webhook_outside_window", 401),
    "the signed time is too far from the receiver's clock",
    "sign each attempt anew; compare the clocks",
);
const REPLAYED: Code = peer(
    "webhook_replayed",
    ("webhook_replayed", 401),
    "the delivery was accepted before",
    "sign each attempt anew; if nobody sent it twice, somebody replays captured deliveries",
);
const LIMITED: Code = peer(
    "webhook_limited",
    ("webhook_limited", 429),
    "the endpoint has used up its share of the replay store",
    "send more slowly, or make the store larger",
);
const STORE_FULL: Code = environment(
    "webhook_store_full",
    "the replay store has no room, and forgets nothing to make some",
    "make the store larger; the sender tries again",
);
const STORE_UNAVAILABLE: Code = environment(
    "webhook_store_unavailable",
    "the replay store did not answer",
    "check that the store is up and reachable; the sender tries again",
);
const STORE_WARMING: Code = environment(
    "webhook_store_warming",
    "the replay store began too late to know whether this delivery was accepted before",
    "wait; a store that begins empty takes deliveries once the window has passed",
);
const SIGN_ID: Code = Code::integrator(
    "webhook_sign_id",
    "the id of a message to send is outside its grammar",
    "use 1 to 64 of A-Z, a-z, 0-9, '_' and '-', the same for each attempt",
);
const SIGN_TIME: Code = Code::integrator(
    "webhook_sign_time",
    "the clock is before 1970 or after the year 5138",
    "set the clock; now is in milliseconds",
);
const KEY_INVALID: Code = Code::integrator(
    "webhook_key_invalid",
    "a webhook secret is not 'whsec_' and base64 of 24 to 64 bytes in its one form",
    "take the secret as the provider shows it, or generate 32 random bytes",
);
const KEYS_INVALID: Code = Code::integrator(
    "webhook_keys_invalid",
    "a sender or receiver has no keys, or more than 8",
    "give 1 to 8 keys; more than one only while a secret is rotated",
);
const POLICY_LIMITS: Code = Code::integrator(
    "webhook_policy_limits",
    "a receiver's window or body limit is outside its bounds",
    "choose windows of 1 to 300 s, and a body limit of at most 64 MiB",
);

//! The codes of this room. Public answers are coarse: a stranger does not learn which keys exist.

use counterseal_core::{Blame, Code};

use Answer::{Malformed, OutsideWindow, Unauthenticated};

/// What the peer is told.
//= docs/spec/request.md#Q-12
enum Answer {
    Malformed,
    OutsideWindow,
    Unauthenticated,
}

const fn peer(answer: &Answer, name: &'static str, means: &'static str, fix: &'static str) -> Code {
    let (public, http) = match answer {
        Malformed => ("request_malformed", 400),
        OutsideWindow => ("request_outside_window", 401),
        Unauthenticated => ("request_unauthenticated", 401),
    };
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

pub(crate) const AUTHORITY_INVALID: Code = peer(
    &Malformed,
    "request_authority_invalid",
    "the authority is no host or host:port",
    "send a Host field of letters, digits, '.', '-' and an optional port, without user information",
);
pub(crate) const AUTHORITY_UNKNOWN: Code = peer(
    &Malformed,
    "request_authority_unknown",
    "the request is for an authority that this policy does not serve",
    "list the external authority in the policy; if a proxy rewrites Host, restore it there or sign cs-audience instead",
);
pub(crate) const BODY_MISMATCH: Code = peer(
    &Unauthenticated,
    "request_body_mismatch",
    "the content is not what the signed digest says",
    "verify the raw bytes as received; was the body parsed and serialised again, or decompressed, before verification?",
);
pub(crate) const COMPONENTS_UNEXPECTED: Code = peer(
    &Malformed,
    "request_components_unexpected",
    "the signature does not cover exactly the profile's components in the profile's order",
    "compare the signer's profile with the policy: extra fields, scheme, content-type, content-digest; explain() shows the expected list",
);
pub(crate) const CONTENT_ENCODING_UNCOVERED: Code = peer(
    &Malformed,
    "request_content_encoding_uncovered",
    "a content coding is applied and the signature does not cover it",
    "send the content uncompressed, or add content-encoding to the covered fields on both sides",
);
pub(crate) const CREATED_INVALID: Code = peer(
    &Malformed,
    "request_created_invalid",
    "created is not a number of seconds in its one form",
    "write seconds since the epoch in decimal, without sign, fraction or leading zero",
);
pub(crate) const DIGEST_INVALID: Code = peer(
    &Malformed,
    "request_digest_invalid",
    "Content-Digest is not exactly one digest of the expected algorithm",
    "send one member, sha-256=:..: (or sha-512 where the policy says so)",
);
pub(crate) const DIGEST_MISSING: Code = peer(
    &Malformed,
    "request_digest_missing",
    "there is content, or the method implies it, and no Content-Digest",
    "send Content-Digest with every POST, PUT and PATCH and with all content; the digest of nothing is allowed",
);
pub(crate) const EXPIRED: Code = peer(
    &OutsideWindow,
    "request_expired",
    "the signature's expires has passed",
    "sign again for each attempt, after any wait; compare the clocks",
);
pub(crate) const EXPIRES_INVALID: Code = peer(
    &Malformed,
    "request_expires_invalid",
    "expires is not a number of seconds, or not 1 to 120 s after created",
    "let a signature live for 1 to 120 seconds",
);
pub(crate) const HEADER_INVALID: Code = peer(
    &Malformed,
    "request_header_invalid",
    "a covered field has a control character, a line end or a byte outside ASCII",
    "cover fields of visible ASCII only",
);
pub(crate) const HEADER_MISSING: Code = peer(
    &Malformed,
    "request_header_missing",
    "a field that the policy covers is not there",
    "send the field, or take it out of the policy on both sides",
);
pub(crate) const HEADER_REPEATED: Code = peer(
    &Malformed,
    "request_header_repeated",
    "a covered field comes twice, or under a look-alike name with '_' for '-'",
    "send each covered field once",
);
pub(crate) const KEY_EXPIRED: Code = peer(
    &Unauthenticated,
    "request_key_expired",
    "the key's time is over",
    "move the signer to the successor key",
);
pub(crate) const KEY_ID_INVALID: Code = peer(
    &Malformed,
    "request_key_id_invalid",
    "keyid is outside its grammar",
    "name keys with 1 to 64 of A-Z, a-z, 0-9, '_', '.', ':' and '-'",
);
pub(crate) const KEY_NOT_YET_VALID: Code = peer(
    &Unauthenticated,
    "request_key_not_yet_valid",
    "the key's time has not begun",
    "sign with the current key until the new one begins; compare the clocks",
);
pub(crate) const KEY_REVOKED: Code = peer(
    &Unauthenticated,
    "request_key_revoked",
    "the key was revoked",
    "enrol the signer again; a revoked key does not come back",
);
pub(crate) const KEY_UNKNOWN: Code = peer(
    &Unauthenticated,
    "request_key_unknown",
    "no key with this id is in the snapshot",
    "check the signer's key id, and that the verifier has loaded the key",
);
pub(crate) const LABEL_UNEXPECTED: Code = peer(
    &Malformed,
    "request_label_unexpected",
    "the member with our tag is not labelled cs",
    "label the signature cs",
);
pub(crate) const LIMITED: Code = Code {
    name: "request_limited",
    blame: Blame::Peer,
    public: "request_limited",
    http: 429,
    means: "this key has used up its share of the replay store",
    fix: "slow this signer down, or size the store and the owner cap for its rate",
};
pub(crate) const MAC_INVALID: Code = peer(
    &Malformed,
    "request_mac_invalid",
    "the signature is not base64 of 32 bytes in its one form",
    "send the whole HMAC-SHA256 tag in padded base64",
);
pub(crate) const MAC_MISMATCH: Code = peer(
    &Unauthenticated,
    "request_mac_mismatch",
    "the signature belongs to another message or another secret",
    "compare explain() of both sides: the first differing line names what a proxy or a framework changed; if none differs, the secrets do",
);
pub(crate) const METHOD_INVALID: Code = peer(
    &Malformed,
    "request_method_invalid",
    "the method is not 1 to 32 upper-case letters and hyphens",
    "send methods in upper case",
);
pub(crate) const NONCE_INVALID: Code = peer(
    &Malformed,
    "request_nonce_invalid",
    "the nonce is not base64url of 16 bytes, 22 characters",
    "draw 16 random bytes for each signature",
);
pub(crate) const OUTSIDE_WINDOW: Code = peer(
    &OutsideWindow,
    "request_outside_window",
    "the signed time is too far from the verifier's clock",
    "synchronise the clocks; sign again for each attempt, after any wait",
);
pub(crate) const PARAMETERS_UNEXPECTED: Code = peer(
    &Malformed,
    "request_parameters_unexpected",
    "the signature's parameters are not those of the profile in the profile's order",
    "send created, expires, nonce, keyid, alg=\"hmac-sha256\" and tag=\"counterseal/1\", in this order and nothing else",
);
pub(crate) const REPLAYED: Code = Code {
    name: "request_replayed",
    blame: Blame::Peer,
    public: "request_replayed",
    http: 401,
    means: "this very request was accepted before",
    fix: "sign again for each attempt: a retry needs a new nonce",
};
pub(crate) const SIGNATURE_MALFORMED: Code = peer(
    &Malformed,
    "request_signature_malformed",
    "Signature-Input or Signature is not a dictionary of structured fields",
    "send the fields as the signer made them; look for a proxy that rewrites fields",
);
pub(crate) const SIGNATURE_MISSING: Code = peer(
    &Unauthenticated,
    "request_signature_missing",
    "the request carries no signature of this profile",
    "sign the request with tag counterseal/1",
);
pub(crate) const SIGNATURE_REPEATED: Code = peer(
    &Malformed,
    "request_signature_repeated",
    "a label comes twice, two members have our tag, or the two fields differ in their labels",
    "send one signature of this profile",
);
pub(crate) const STORE_FULL: Code = environment(
    "request_store_full",
    "the replay store has no room, and forgets nothing to make some",
    "size the store for the rate of accepted requests; the caller may retry",
);
pub(crate) const STORE_UNAVAILABLE: Code = environment(
    "request_store_unavailable",
    "the replay store did not answer, so the request may be a replay",
    "check that the store is up and reachable; the caller may retry with a new signature",
);
pub(crate) const STORE_WARMING: Code = environment(
    "request_store_warming",
    "the replay store cannot know about so early a request: it began later, or has moved on",
    "wait for the future window to pass after a cold start; keep the shared ring across restarts; check for signers with clocks far ahead",
);
pub(crate) const TARGET_INVALID: Code = peer(
    &Malformed,
    "request_target_invalid",
    "the request target is no path and query of visible ASCII",
    "send the origin form, percent-encoded, and give the verifier the raw bytes",
);
pub(crate) const TOO_LARGE: Code = peer(
    &Malformed,
    "request_too_large",
    "a part of the request is larger than the profile or the policy allows",
    "keep to the limits, or raise the policy's body limit",
);

/// Why a request could not be signed.
pub(crate) mod sign {
    use counterseal_core::Code;

    pub(crate) const HEADER: Code = Code::integrator(
        "request_sign_header",
        "a field to cover is missing, repeated, too large or not visible ASCII",
        "set each covered field exactly once before signing",
    );
    pub(crate) const KEY: Code = Code::integrator(
        "request_sign_key",
        "the key's time is over by this clock, or the key was revoked",
        "give the signer the current key; if it is, set this clock",
    );
    pub(crate) const TARGET: Code = Code::integrator(
        "request_sign_target",
        "the method, authority, path or query cannot be signed as it stands",
        "sign the request line as it goes out: upper-case method, host[:port], percent-encoded path and query",
    );
    pub(crate) const TOO_LARGE: Code = Code::integrator(
        "request_sign_too_large",
        "the request is larger than any verifier of this profile takes",
        "shorten the target or the covered fields",
    );
}

/// Keys, their records and policies.
pub(crate) mod setup {
    use counterseal_core::{Blame, Code};

    pub(crate) const KEY_SCOPE: Code = Code::integrator(
        "request_key_scope_invalid",
        "a key's scope is longer than 256 bytes or not visible ASCII",
        "write scopes as words of visible ASCII, separated by blanks",
    );
    pub(crate) const KEY_REPEATED: Code = Code::integrator(
        "request_key_repeated",
        "two keys of one snapshot have the same id",
        "give each key an id of its own",
    );
    pub(crate) const POLICY_AUTHORITIES: Code = Code::integrator(
        "request_policy_authorities",
        "the policy has no authority, more than 16, or one that is not a lower-case host or host:port",
        "list the external authorities that clients use, in lower case, without default ports",
    );
    pub(crate) const POLICY_COVER: Code = Code::integrator(
        "request_policy_cover",
        "a field to cover is named twice, is no lower-case field name, is covered anyway, or is one that signing sets",
        "list up to 8 lower-case field names beyond the profile's own",
    );
    pub(crate) const POLICY_LIMITS: Code = Code::integrator(
        "request_policy_limits",
        "a window, life, retention or body limit is outside its bounds",
        "keep windows within 1 to 300 s, lives within 1 to 120 s, retention at least past + future + 60 s, bodies within 64 MiB",
    );
    pub(crate) const POLICY_TAG: Code = Code::integrator(
        "request_policy_tag",
        "the tag of foreign signatures is empty, longer than 64 bytes, no visible ASCII, or one of the strict profile",
        "name the tag that the signer sets; for signatures with a tag of counterseal use Policy",
    );
    pub(crate) const RECORD_EXISTS: Code = Code {
        name: "request_key_exists",
        blame: Blame::Integrator,
        public: "request_key_exists",
        http: 409,
        means: "a key with this id is stored already",
        fix: "choose a new id; key ids are never used again",
    };
    pub(crate) const RECORD_MISSING: Code = Code {
        name: "request_key_missing",
        blame: Blame::Integrator,
        public: "request_key_missing",
        http: 404,
        means: "no key with this id is stored",
        fix: "check the id, and that the store is the one that keys were written to",
    };
    pub(crate) const RECORD_CONTENDED: Code = Code {
        name: "request_key_contended",
        blame: Blame::Environment,
        public: "unavailable",
        http: 503,
        means: "others kept changing the key's record",
        fix: "try again",
    };
    pub(crate) const RECORD_BROKEN: Code = Code {
        name: "request_key_record_broken",
        blame: Blame::Environment,
        public: "unavailable",
        http: 503,
        means: "the stored record is not that of this key, or its secret does not open",
        fix: "give the sealing key that was used when the record was written; if it is the right one, treat the store as tampered with",
    };
}

/// All codes of this room, in alphabetical order of their names within each group.
pub const CODES: &[Code] = &[
    AUTHORITY_INVALID,
    AUTHORITY_UNKNOWN,
    BODY_MISMATCH,
    COMPONENTS_UNEXPECTED,
    CONTENT_ENCODING_UNCOVERED,
    CREATED_INVALID,
    DIGEST_INVALID,
    DIGEST_MISSING,
    EXPIRED,
    EXPIRES_INVALID,
    HEADER_INVALID,
    HEADER_MISSING,
    HEADER_REPEATED,
    KEY_EXPIRED,
    KEY_ID_INVALID,
    KEY_NOT_YET_VALID,
    KEY_REVOKED,
    KEY_UNKNOWN,
    LABEL_UNEXPECTED,
    LIMITED,
    MAC_INVALID,
    MAC_MISMATCH,
    METHOD_INVALID,
    NONCE_INVALID,
    OUTSIDE_WINDOW,
    PARAMETERS_UNEXPECTED,
    REPLAYED,
    SIGNATURE_MALFORMED,
    SIGNATURE_MISSING,
    SIGNATURE_REPEATED,
    STORE_FULL,
    STORE_UNAVAILABLE,
    STORE_WARMING,
    TARGET_INVALID,
    TOO_LARGE,
    setup::KEY_REPEATED,
    setup::KEY_SCOPE,
    setup::POLICY_AUTHORITIES,
    setup::POLICY_COVER,
    setup::POLICY_LIMITS,
    setup::POLICY_TAG,
    setup::RECORD_BROKEN,
    setup::RECORD_CONTENDED,
    setup::RECORD_EXISTS,
    setup::RECORD_MISSING,
    sign::HEADER,
    sign::KEY,
    sign::TARGET,
    sign::TOO_LARGE,
];

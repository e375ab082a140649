//! What the flags mean: the class of mistake that a case would show.

use std::collections::BTreeMap;

/// The notes on these flags.
pub(super) fn of<'a>(flags: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let note = |flag: &String| {
        let found = NOTES.iter().find(|(name, _)| name == flag);
        let (_, note) = found.expect("each flag has a note");
        (flag.clone(), (*note).into())
    };
    flags.map(note).collect()
}

const NOTES: &[(&str, &str)] = &[
    (
        "Ambiguous",
        "Two readers of the message may take it for different requests, so it is refused though its signature is genuine.",
    ),
    (
        "Changed",
        "A covered part was changed after signing. Accepting it means that the part is not really covered.",
    ),
    (
        "Edge",
        "The last value on one side of a limit; its neighbour on the other side is a case too.",
    ),
    (
        "Key",
        "The signature is by a key that is unknown, over, not begun, revoked, or another one.",
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
        "Sign",
        "The bytes that a signer must produce, or a request that it must refuse to sign.",
    ),
    (
        "Size",
        "A part at or over its limit. Limits are checked before anything is decoded or computed.",
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
        "Another spelling of the same value. Accepting it gives one request several encodings.",
    ),
    ("Window", "The signed time against the verifier's clock."),
    (
        "Wire",
        "The request also stands as one HTTP/1.1 message, to be sent to real servers.",
    ),
];

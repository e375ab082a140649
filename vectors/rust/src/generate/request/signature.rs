//! `Signature-Input` and `Signature` as dictionaries, and the MAC in its one form.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::bytes::hex;
use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [absent(), malformed(), members(), beside(), macs()].concat()
}

fn get() -> Draft {
    Draft::get().sign()
}

/// The signed request, with the value of `Signature-Input` edited.
fn input(edit: impl FnOnce(String) -> String) -> Draft {
    get().flag("Ambiguous").change("signature-input", edit)
}

/// The same for `Signature`.
fn signature(edit: impl FnOnce(String) -> String) -> Draft {
    get().flag("Ambiguous").change("signature", edit)
}

fn absent() -> Vec<RequestCase> {
    let missing = "request_signature_missing";
    let get = || get().flag("Uncovered");
    vec![
        Draft::get()
            .flag("Uncovered")
            .refuse("neither-field-is-there", missing),
        get()
            .without("signature")
            .refuse("signature-is-not-there", missing),
        get()
            .without("signature-input")
            .refuse("signature-input-is-not-there", missing),
        get()
            .change("signature", |_| String::new())
            .refuse("signature-is-empty", missing),
        get()
            .change("signature-input", |_| String::new())
            .refuse("signature-input-is-empty", missing),
        get()
            .change("signature", |value| value.replace("cs=", "sig="))
            .refuse("signature-under-another-label", missing),
    ]
}

fn malformed() -> Vec<RequestCase> {
    let bad = "request_signature_malformed";
    let bytes = |name: &'static str, end: &'static [u8]| {
        get()
            .flag("Ambiguous")
            .edit(|d| d.field(name).0.extend_from_slice(end))
    };
    vec![
        input(|value| value + ",").refuse("e02-a-comma-after-the-last-member", bad),
        input(|value| format!(",{value}")).refuse("a-comma-before-the-first-member", bad),
        input(|value| value.replace("cs=", "CS=")).refuse("a-label-in-upper-case", bad),
        input(|value| value.replace("cs=", "=")).refuse("a-member-without-a-label", bad),
        input(|value| value.replace("cs=", "cs =")).refuse("a-blank-after-a-label", bad),
        input(|value| value.replace("cs=", "cs= ")).refuse("a-blank-before-a-value", bad),
        input(|value| value.replace(')', "")).refuse("a-list-that-does-not-end", bad),
        input(|value| value.replace("\" \"", "\"\""))
            .refuse("components-without-blanks-between", bad),
        input(|value| value.trim_end_matches('"').into()).refuse("a-string-that-does-not-end", bad),
        input(|value| value + " cs2=1").refuse("members-without-a-comma-between", bad),
        input(|value| value.replace(";keyid", ";KeyID")).refuse("a-parameter-in-upper-case", bad),
        input(|value| value + "\t\u{b}").refuse("a-vertical-tab", bad),
        input(|value| value + ", A=()").refuse("another-label-in-upper-case", bad),
        input(|value| value + ", a=%\"%cg\"").refuse("a-display-string-with-half-an-escape", bad),
        bytes("signature-input", b"\0").refuse("a-nul-in-signature-input", bad),
        bytes("signature-input", b"\xff").refuse("a-byte-outside-ascii-in-signature-input", bad),
        bytes("signature", b"\r\n x").refuse("h06-a-folded-line-in-signature", bad),
        signature(|value| value.trim_end_matches(':').into()).refuse("bytes-that-do-not-end", bad),
        signature(|value| value.replace("cs=:", "cs=: ")).refuse("e03-a-blank-in-the-mac", bad),
        signature(|value| format!("Basic {value}")).refuse("e02-a-word-before-signature", bad),
    ]
}

fn members() -> Vec<RequestCase> {
    let repeated = "request_signature_repeated";
    let other_label = |label: &str| {
        let relabel = |value: String| value.replacen("cs=", &format!("{label}="), 1);
        get()
            .flag("Ambiguous")
            .change("signature-input", relabel)
            .change("signature", relabel)
    };
    let twice = |name: &str| {
        get().flag("Ambiguous").edit(|d| {
            let value = d.field(name).clone();
            d.input.headers.push((name.into(), value));
        })
    };
    vec![
        input(|value| format!("{value}, {value}"))
            .refuse("one-label-twice-in-signature-input", repeated),
        signature(|value| format!("{value}, {value}"))
            .refuse("h28-one-label-twice-in-signature", repeated),
        twice("signature-input").refuse("one-label-in-two-lines-of-signature-input", repeated),
        twice("signature").refuse("h28-one-label-in-two-lines-of-signature", repeated),
        input(|value| format!("{value}, {}", value.replacen("cs=", "cs2=", 1)))
            .change("signature", |value| {
                format!("{value}, {}", value.replacen("cs=", "cs2=", 1))
            })
            .refuse("two-members-with-our-tag", repeated),
        input(|value| value + ", sig1=();created=1").refuse(
            "a-member-of-signature-input-without-its-signature",
            repeated,
        ),
        signature(|value| value + ", sig1=:AA==:")
            .refuse("a-signature-without-its-input", repeated),
        input(|value| value + ", sig1=();created=1")
            .change("signature", |value| value + ", sig2=:AA==:")
            .refuse("members-that-differ-in-one-label", repeated),
        input(|value| value + ", a=(), a=()")
            .change("signature", |value| value + ", a=:AA==:, a=:AA==:")
            .refuse("another-label-twice-in-both-fields", repeated),
        input(|value| value + ", cs=()")
            .change("signature", |value| value + ", cs=:AA==:")
            .refuse("our-label-again-without-the-tag", repeated),
        other_label("sig1").refuse("another-label", "request_label_unexpected"),
        other_label("cs2").refuse("a-label-that-begins-like-ours", "request_label_unexpected"),
    ]
}

/// Signatures of other profiles beside ours, which are ignored.
fn beside() -> Vec<RequestCase> {
    let beside = |inputs: &str, signatures: &str| {
        let (inputs, signatures) = (inputs.to_owned(), signatures.to_owned());
        let draft = get()
            .flag("Usual")
            .change("signature-input", |value| value + &inputs);
        draft.change("signature", |value| value + &signatures)
    };
    vec![
        beside(", sig1=(\"@path\");created=1;tag=\"other\"", ", sig1=:AA==:").accept("another-signature-beside-ours"),
        beside(" ,\t sig1=()", "\t, sig1=:AA==:").accept("blanks-and-tabs-around-a-comma"),
        beside(
            ", a=(\"x\";sf;key=\"\\\"\" \"y\"), b=(\"z\");q=-1.5;r=@17;s=tok/en;t=?0;u=:AA==:;v=%\"f%c3%bc\", *c=()",
            ", a=:AA==:, b=:AA==:, *c=:AA==:",
        )
        .accept("three-signatures-of-every-kind-of-parameter-beside-ours"),
        get()
            .flag("Usual")
            .edit(|d| d.input.headers.insert(0, ("Signature".into(), "a=:AA==:".into())))
            .edit(|d| d.input.headers.push(("Signature-Input".into(), "a=()".into())))
            .accept("another-signature-in-lines-of-its-own"),
    ]
}

fn macs() -> Vec<RequestCase> {
    let invalid = "request_mac_invalid";
    // A tag whose base64 has both characters in which the alphabets differ.
    let seeded = |seed: u8| {
        let draft = Draft::get().flag("Variant").edit(|d| d.seed = [seed; 16]);
        draft.sign()
    };
    let mut seeds = 0..=u8::MAX;
    let telling = seeds.find(|seed| {
        let value = seeded(*seed).field("signature").to_text();
        value.contains('+') && value.contains('/')
    });
    let telling = telling.expect("one seed of 256 gives such a tag");
    let tag = |draft: &mut Draft| {
        let value = draft.field("signature").to_text();
        STANDARD.decode(&value[4..48]).expect("the signer's base64")
    };
    let spelled = |spell: &dyn Fn(Vec<u8>) -> String| {
        let mut draft = seeded(telling);
        let value = spell(tag(&mut draft));
        draft.change("signature", |_| value)
    };
    let loose = |tag: Vec<u8>| {
        let text = STANDARD.encode(tag);
        let last = text.as_bytes()[42];
        let next = char::from(last + 1);
        format!("cs=:{}{next}=:", &text[..42])
    };
    vec![
        spelled(&|tag| format!("cs=:{}:", STANDARD_NO_PAD.encode(tag)))
            .refuse("h28-e01-a-mac-without-padding", invalid),
        spelled(&|tag| format!("cs=:{}=:", STANDARD.encode(tag)))
            .refuse("h28-e01-a-mac-with-too-much-padding", invalid),
        spelled(&|tag| format!("cs=:{}:", URL_SAFE.encode(tag))).refuse(
            "h28-e04-a-mac-in-the-other-alphabet",
            "request_signature_malformed",
        ),
        spelled(&loose).refuse("h28-e05-a-mac-with-loose-bits", invalid),
        spelled(&|tag| format!("cs=\"{}\"", STANDARD.encode(tag)))
            .refuse("h28-a-mac-as-a-string", invalid),
        spelled(&|tag| format!("cs=x{}", hex(&tag))).refuse("h28-a-mac-as-a-token", invalid),
        spelled(&|tag| format!("cs=:{}:", hex(&tag).to_uppercase()))
            .refuse("h28-a-mac-in-hexadecimal", invalid),
        spelled(&|tag| format!("cs=(:{}:)", STANDARD.encode(tag)))
            .refuse("h28-a-mac-in-a-list", invalid),
        spelled(&|tag| format!("cs=:{}:;a", STANDARD.encode(tag)))
            .refuse("h28-a-mac-with-a-parameter", invalid),
        spelled(&|_| "cs".into()).refuse("h28-a-truth-in-place-of-a-mac", invalid),
        spelled(&|_| "cs=::".into()).refuse("h28-a-mac-of-no-bytes", invalid),
        spelled(&|tag| format!("cs=:{}:", STANDARD.encode(&tag[..4])))
            .refuse("h28-e18-a-mac-of-4-bytes", invalid),
        spelled(&|tag| format!("cs=:{}:", STANDARD.encode(&tag[..16])))
            .refuse("h28-e18-a-mac-of-16-bytes", invalid),
        spelled(&|tag| format!("cs=:{}:", STANDARD.encode(&tag[..31])))
            .refuse("h28-e18-a-mac-of-31-bytes", invalid),
        spelled(&|tag| format!("cs=:{}:", STANDARD.encode([&tag[..], &[0]].concat())))
            .refuse("h28-a-mac-of-33-bytes", invalid),
        seeded(telling)
            .edit(|d| d.field("signature").0.splice(5..5, *b"\n").for_each(drop))
            .refuse("e03-a-line-end-in-the-mac", "request_signature_malformed"),
        spelled(&|tag| format!(" cs=:{}:\t", STANDARD.encode(tag)))
            .accept("blanks-around-signature"),
    ]
}

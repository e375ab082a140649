//! Texts, sizes and signatures that are not in their one form: the rows E.

use counterseal_testkit::forms::{P256_ORDER, ed25519_plus_order, p256_twin};

use super::Verify;
use super::draft::{Draft, HEADER, draft, encoded, header_of};
use super::secrets::By;

pub(super) fn cases() -> Vec<Verify> {
    [forms(), parts(), sizes(), signatures(), pairs()].concat()
}

fn changed(id: impl Into<String>, change: impl Fn(&str) -> String + 'static) -> Draft {
    draft(id, &["T-1", "Variant"]).changed(change)
}

/// What `change` makes of one of the three parts.
fn part(id: &str, which: usize, change: impl Fn(&str) -> String + 'static) -> Verify {
    let change = move |token: &str| {
        let mut parts: Vec<_> = token.split('.').map(String::from).collect();
        parts[which] = change(&parts[which]);
        parts.join(".")
    };
    changed(id, change).refused("jwt_malformed")
}

fn forms() -> Vec<Verify> {
    let text = |id: &str, change: fn(&str) -> String| changed(id, change).refused("jwt_malformed");
    let mut cases = vec![
        part("e01-padding-of-the-header", 0, |part| format!("{part}=")),
        part("e01-padding-of-the-payload", 1, |part| format!("{part}=")),
        part("e01-padding-of-the-signature", 2, |part| format!("{part}=")),
        text("e02-a-line-end-behind-it", |token| format!("{token}\n")),
        text("e02-a-blank-before-it", |token| format!(" {token}")),
        text("e02-a-blank-behind-it", |token| format!("{token} ")),
        text("e02-bearer-left-on", |token| format!("Bearer {token}")),
        text("e02-quotes-around-it", |token| format!("\"{token}\"")),
        part("e03-a-line-end-in-the-signature", 2, |part| {
            format!("{}\n{}", &part[..20], &part[20..])
        }),
        part("e03-a-blank-in-the-signature", 2, |part| {
            format!("{} {}", &part[..20], &part[20..])
        }),
        part("e03-a-line-end-in-the-payload", 1, |part| {
            format!("{}\r\n{}", &part[..20], &part[20..])
        }),
        part("e04-a-plus-in-the-signature", 2, |part| {
            format!("+{}", &part[1..])
        }),
        part("e04-a-slash-in-the-signature", 2, |part| {
            format!("/{}", &part[1..])
        }),
        part("e07-a-star", 2, |part| format!("*{}", &part[1..])),
        part("e07-a-nul", 2, |part| format!("\0{}", &part[1..])),
        part("e07-a-letter-beyond-ascii", 2, |part| {
            format!("\u{e9}{}", &part[1..])
        }),
        part("e07-a-letter-in-full-width", 2, |part| {
            format!("\u{ff21}{}", &part[1..])
        }),
        part("e07-a-length-that-base64-does-not-have", 2, |part| {
            part[..41].into()
        }),
        part("e07-a-header-of-one-letter", 0, |_| "e".into()),
    ];
    for twin in 1..4 {
        let id = format!("e05-loose-bits-in-the-signature-{twin}");
        cases.push(part(&id, 2, move |part| looser(part, twin)));
    }
    cases
}

/// The same bytes with the last letter's unused bits set so.
fn looser(part: &str, bits: usize) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = part.split_at(part.len() - 1);
    let at = ALPHABET.find(last).expect("a letter of base64url") & !3 | bits;
    format!("{rest}{}", &ALPHABET[at..=at])
}

fn parts() -> Vec<Verify> {
    let text = |id: &str, change: fn(&str) -> String| changed(id, change).refused("jwt_malformed");
    vec![
        text("e08-two-parts", |token| {
            token.rsplit_once('.').expect("three parts").0.into()
        }),
        text("e08-four-parts", |token| format!("{token}.x")),
        text("e08-five-parts", |token| format!("{token}.x.y")),
        text("e08-an-empty-fourth-part", |token| format!("{token}.")),
        text("e08-a-point-before-it", |token| format!(".{token}")),
        text("e08-two-points", |_| "..".into()),
        text("e08-no-points", |_| "eyJhbGciOiJub25lIn0".into()),
        text("e08-nothing", |_| String::new()),
        text("e08-a-token-in-json", |token| {
            let [header, payload, signature] = token
                .split('.')
                .collect::<Vec<_>>()
                .try_into()
                .expect("three parts");
            format!(
                "{{\"payload\":\"{payload}\",\"protected\":\"{header}\",\"signature\":\"{signature}\"}}"
            )
        }),
        part("e08-an-empty-header", 0, |_| String::new()),
        part("e08-an-empty-payload", 1, |_| String::new()),
        part("e08-an-empty-signature", 2, |_| String::new()),
        jwe(
            "j30-a-jwe-of-five-parts",
            r#"{"alg":"dir","enc":"A256GCM"}"#,
        ),
        jwe(
            "j31-a-jwe-by-a-password",
            r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}"#,
        ),
    ]
}

/// Five parts (RFC 7516 section 7.1) under this header.
fn jwe(id: &str, header: &str) -> Verify {
    let token = format!(
        "{}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
        encoded(header)
    );
    let draft = draft(id, &["T-2", "Header"]);
    draft.changed(move |_| token.clone()).refused("jwt_header")
}

fn sizes() -> Vec<Verify> {
    let size = |id: &str| draft(id, &["T-1", "Size", "Edge"]);
    let dots = |count: usize| move |_: &str| ".".repeat(count);
    vec![
        filled("e10-a-token-of-8192-bytes", HEADER, 8_192).accepted(),
        filled(
            "e10-a-token-of-8193-bytes",
            &HEADER.replace('}', " }"),
            8_193,
        )
        .refused("jwt_too_large"),
        size("e09-8192-points")
            .changed(dots(8_192))
            .refused("jwt_malformed"),
        size("e09-8193-points")
            .changed(dots(8_193))
            .refused("jwt_too_large"),
        size("e10-a-header-of-2048-bytes")
            .header(header_of("HS256", &"k".repeat(2_048 - 39), "at+jwt"))
            .refused("jwt_key_unknown"),
        size("e10-a-header-of-2049-bytes")
            .header(header_of("HS256", &"k".repeat(2_049 - 39), "at+jwt"))
            .refused("jwt_malformed"),
        size("e10-a-text-beyond-ascii-of-8193-bytes")
            .changed(|_| format!("{}a", "\u{e9}".repeat(4_096)))
            .refused("jwt_too_large"),
    ]
}

/// A good token of so many bytes, by a claim that fills it.
fn filled(id: &str, header: &str, len: usize) -> Draft {
    // Two points, and the 43 letters of the signature.
    let payload = len - encoded(header).len() - 2 - 43;
    assert!(payload % 4 != 1, "no base64 is of this length");
    let bytes = payload * 3 / 4;
    let open = draft("x", &[]).open_claims() + ",\"x\":\"";
    let filler = "x".repeat(bytes - open.len() - 2);
    let draft = draft(id, &["T-1", "Size", "Edge"]).header(header);
    draft.payload(format!("{open}{filler}\"}}"))
}

fn signatures() -> Vec<Verify> {
    let tag = |id: &str| draft(id, &["T-4", "Changed"]);
    let mut cases = vec![
        tag("a-payload-that-was-changed")
            .changed(|token| {
                let parts: Vec<_> = token.split('.').collect();
                let payload = draft("x", &[]).claim("sub", "\"admin\"").open_claims() + "}";
                format!("{}.{}.{}", parts[0], encoded(payload), parts[2])
            })
            .refused("jwt_signature"),
        tag("a-header-that-was-changed")
            .changed(|token| {
                let (_, rest) = token.split_once('.').expect("three parts");
                let header = "{\"alg\":\"HS256\", \"kid\":\"k1\",\"typ\":\"at+jwt\"}";
                format!("{}.{rest}", encoded(header))
            })
            .refused("jwt_signature"),
        tag("the-signature-of-another-token")
            .changed(|token| {
                let (signed, _) = token.rsplit_once('.').expect("three parts");
                format!("{signed}.{}", encoded(By::Hs256.sign("e30.e30")))
            })
            .refused("jwt_signature"),
        tag("the-first-bit-of-the-tag")
            .signature(|tag| flipped(tag, 0))
            .refused("jwt_signature"),
        tag("the-last-bit-of-the-tag")
            .signature(|tag| flipped(tag, 255))
            .refused("jwt_signature"),
        tag("e18-a-byte-more")
            .signature(|tag| [tag, vec![0]].concat())
            .refused("jwt_signature"),
        tag("e18-a-tag-twice")
            .signature(|tag| [tag.clone(), tag].concat())
            .refused("jwt_signature"),
    ];
    for len in [1, 4, 16, 31] {
        let id = format!("e18-{len}-bytes-of-a-tag");
        cases.push(
            tag(&id)
                .signature(move |tag| tag[..len].into())
                .refused("jwt_signature"),
        );
    }
    for (by, name) in [(By::Hs384, "hs384"), (By::Hs512, "hs512")] {
        let id = format!("e18-32-bytes-of-a-tag-of-{name}");
        cases.push(
            tag(&id)
                .by(by)
                .signature(|tag| tag[..32].into())
                .refused("jwt_signature"),
        );
    }
    cases
}

/// Signatures by key pairs.
fn pairs() -> Vec<Verify> {
    let by = |id: &str, by: By| draft(id, &["T-4", "Changed"]).by(by);
    vec![
        by("e11-es256-with-r-and-s-of-zero", By::Es256)
            .signature(|_| vec![0; 64])
            .refused("jwt_signature"),
        by("e11-es256-with-r-of-zero", By::Es256)
            .signature(|sign| with_zeros(sign, 0))
            .refused("jwt_signature"),
        by("e11-es256-with-s-of-zero", By::Es256)
            .signature(|sign| with_zeros(sign, 32))
            .refused("jwt_signature"),
        by("e11-es256-with-r-and-s-of-the-order", By::Es256)
            .signature(|_| [P256_ORDER, P256_ORDER].concat())
            .refused("jwt_signature"),
        by("e11-es384-with-r-and-s-of-zero", By::Es384)
            .signature(|_| vec![0; 96])
            .refused("jwt_signature"),
        by("e15-the-twin-of-a-signature-of-es256", By::Es256)
            .signature(|signature| p256_twin(&signature))
            .accepted(),
        by("e15-es256-in-der", By::Es256)
            .signature(|sign| der(&sign))
            .refused("jwt_signature"),
        by("e18-half-a-signature-of-es256", By::Es256)
            .signature(|sign| sign[..32].into())
            .refused("jwt_signature"),
        by("e18-a-byte-more-than-a-signature-of-es256", By::Es256)
            .signature(|sign| [sign, vec![0]].concat())
            .refused("jwt_signature"),
        by("e16-eddsa-with-s-and-the-order", By::EdDsa)
            .signature(|signature| ed25519_plus_order(&signature))
            .refused("jwt_signature"),
        by("e16-eddsa-with-an-r-of-small-order", By::EdDsa)
            .signature(|sign| [vec![1], vec![0; 31], sign[32..].into()].concat())
            .refused("jwt_signature"),
        by("e16-eddsa-with-nothing-but-zeros", By::EdDsa)
            .signature(|_| vec![0; 64])
            .refused("jwt_signature"),
        by("e18-half-a-signature-of-eddsa", By::EdDsa)
            .signature(|sign| sign[..32].into())
            .refused("jwt_signature"),
        draft(
            "a-signature-by-another-key-of-the-same-algorithm",
            &["T-4", "Key"],
        )
        .keys([super::secrets::hmac_key("k1", "HS256", &[8; 32])])
        .refused("jwt_signature"),
    ]
}

fn flipped(mut bytes: Vec<u8>, bit: usize) -> Vec<u8> {
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn with_zeros(mut signature: Vec<u8>, from: usize) -> Vec<u8> {
    signature[from..from + 32].fill(0);
    signature
}

/// The same numbers as a sequence of two integers (RFC 3279 section 2.2.3), which is no form of a JWS.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign = if number[0] > 0x7f {
            vec![0]
        } else {
            Vec::new()
        };
        let bytes = [sign, number.to_vec()].concat();
        let len = u8::try_from(bytes.len()).expect("33 bytes at most");
        [vec![2, len], bytes].concat()
    };
    let inside = [integer(&signature[..32]), integer(&signature[32..])].concat();
    let len = u8::try_from(inside.len()).expect("70 bytes at most");
    [vec![0x30, len], inside].concat()
}

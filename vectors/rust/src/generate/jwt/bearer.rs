//! Where a request has its token.

use serde_json::json;

use super::draft::refusal;
use crate::generate::limit::{accepted, case};
use crate::jwt::BearerInput;
use crate::{Bytes, Case};

type Bearer = Case<BearerInput>;

pub(in crate::generate) fn cases() -> Vec<Bearer> {
    [found(), missing(), malformed()].concat()
}

fn fields(id: &str, flags: &[&'static str], headers: &[(&str, &[u8])]) -> Bearer {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (Bytes::from(*name), Bytes((*value).into())));
    case(
        id,
        flags,
        BearerInput {
            headers: headers.collect(),
        },
    )
}

fn line(id: &str, flags: &[&'static str], value: &[u8]) -> Bearer {
    fields(id, flags, &[("Authorization", value)])
}

fn refused(mut case: Bearer, code: &str) -> Bearer {
    case.expect = refusal(code);
    case
}

fn found() -> Vec<Bearer> {
    let usual = |id: &str, value: &[u8]| {
        accepted(
            line(id, &["T-16", "Usual"], value),
            json!({"token": "a.b.c"}),
        )
    };
    let token = |case: Bearer, token: &str| accepted(case, json!({"token": token}));
    vec![
        usual("a-token-behind-its-scheme", b"Bearer a.b.c"),
        usual("a-scheme-in-lower-case", b"bearer a.b.c"),
        usual("a-scheme-in-capitals", b"BEARER a.b.c"),
        usual("several-blanks", b"Bearer   a.b.c"),
        usual("blanks-behind-it", b"Bearer a.b.c  "),
        token(
            line(
                "each-letter-of-a-token",
                &["T-16", "Usual"],
                b"Bearer aZ09-._~+/=",
            ),
            "aZ09-._~+/=",
        ),
        token(
            fields(
                "other-fields-beside-it",
                &["T-16", "Usual"],
                &[
                    ("Host", b"api.example"),
                    ("authorization", b"Bearer a.b.c"),
                    ("Proxy-Authorization", b"Bearer x"),
                ],
            ),
            "a.b.c",
        ),
        token(
            fields(
                "a-name-in-capitals",
                &["T-16", "Usual"],
                &[("AUTHORIZATION", b"Bearer a.b.c")],
            ),
            "a.b.c",
        ),
    ]
}

fn missing() -> Vec<Bearer> {
    let none = |id: &str, value: &[u8]| refused(line(id, &["T-16"], value), "jwt_missing");
    vec![
        refused(fields("no-fields", &["T-16"], &[]), "jwt_missing"),
        refused(
            fields(
                "other-fields-only",
                &["T-16"],
                &[("Proxy-Authorization", b"Bearer a.b.c")],
            ),
            "jwt_missing",
        ),
        none("an-empty-line", b""),
        none("another-scheme", b"Basic dTpw"),
        none("a-scheme-that-begins-alike", b"Bearera.b.c"),
        none("a-scheme-of-proofs", b"DPoP a.b.c"),
        none("a-token-without-a-scheme", b"a.b.c"),
    ]
}

fn malformed() -> Vec<Bearer> {
    let bad =
        |id: &str, value: &[u8]| refused(line(id, &["T-16", "Variant"], value), "jwt_malformed");
    vec![
        bad("a-scheme-alone", b"Bearer"),
        bad("a-scheme-and-a-blank", b"Bearer "),
        bad("two-tokens", b"Bearer a.b.c d.e.f"),
        bad("tokens-in-a-list", b"Bearer a.b.c,d.e.f"),
        bad("a-token-in-quotes", b"Bearer \"a.b.c\""),
        bad("a-token-with-a-tabulator", b"Bearer a.b\t.c"),
        bad("bytes-that-are-no-text", b"Bearer a.b.\xff"),
        bad("a-letter-beyond-ascii", b"Bearer a.b.\xc3\xa9"),
        bad("two-schemes", b"Bearer Bearer a.b.c"),
        refused(
            fields(
                "two-lines",
                &["T-16", "Ambiguous"],
                &[
                    ("Authorization", b"Bearer a.b.c"),
                    ("Authorization", b"Bearer d.e.f"),
                ],
            ),
            "jwt_malformed",
        ),
        refused(
            fields(
                "one-line-twice",
                &["T-16", "Ambiguous"],
                &[
                    ("Authorization", b"Bearer a.b.c"),
                    ("authorization", b"Bearer a.b.c"),
                ],
            ),
            "jwt_malformed",
        ),
        refused(
            fields(
                "a-line-of-another-scheme-beside-it",
                &["T-16", "Ambiguous"],
                &[
                    ("Authorization", b"Basic dTpw"),
                    ("Authorization", b"Bearer a.b.c"),
                ],
            ),
            "jwt_malformed",
        ),
    ]
}

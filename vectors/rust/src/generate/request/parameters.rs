//! The signature's parameters: six, in one order, each in its one form.

use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [
        created(),
        expires(),
        nonce(),
        keyid(),
        alg_and_tag(),
        order(),
    ]
    .concat()
}

/// A genuine signature whose parameters have `to` for `from`.
fn with(from: &str, to: &str) -> Draft {
    Draft::get().flag("Uncovered").sign().swap(from, to)
}

/// The same, where both mean the same to a lenient reader.
fn variant(from: &str, to: &str) -> Draft {
    Draft::get().flag("Variant").sign().swap(from, to)
}

fn created() -> Vec<RequestCase> {
    let spelled = |value: &str| variant("created=1800000000", &format!("created={value}"));
    let (invalid, unexpected, malformed) = (
        "request_created_invalid",
        "request_parameters_unexpected",
        "request_signature_malformed",
    );
    vec![
        spelled("01800000000").refuse("h15-created-with-a-leading-zero", invalid),
        spelled("-1800000000").refuse("h15-created-with-a-minus", invalid),
        spelled("1800000000.0").refuse("h15-created-with-a-fraction", invalid),
        spelled("\"1800000000\"").refuse("h15-created-as-a-string", invalid),
        spelled("@1800000000").refuse("h15-created-as-a-date", invalid),
        spelled("?1").refuse("h15-created-as-a-truth", invalid),
        spelled("1800000000000").refuse("h15-created-in-milliseconds", "request_expires_invalid"),
        spelled("00").refuse("h15-created-as-two-zeros", invalid),
        spelled("+1800000000").refuse("h15-created-with-a-plus", malformed),
        spelled("18e8").refuse("h15-created-with-an-exponent", malformed),
        spelled("180000000:").refuse("h15-created-with-the-byte-after-9", malformed),
        spelled("180000000/").refuse("h15-created-with-the-byte-before-0", malformed),
        spelled("").refuse("h15-created-without-digits", malformed),
        spelled("9223372036854775808").refuse("h15-created-of-2-to-the-63", malformed),
        spelled("1000000000000000").refuse("h15-created-in-16-digits", malformed),
        spelled("\u{661}\u{668}\u{660}\u{660}\u{660}\u{660}\u{660}\u{660}\u{660}\u{660}")
            .refuse("h15-created-in-arabic-digits", malformed),
        with(";created=1800000000", "").refuse("h16-created-is-absent", unexpected),
        with(";created=1800000000", ";created").refuse("h16-created-without-a-value", unexpected),
        with(
            ";created=1800000000",
            ";created=1800000000;created=1800000000",
        )
        .refuse("h16-created-twice", unexpected),
        with(";created=1800000000", ";created=1;created=1800000000")
            .refuse("h16-created-twice-and-different", unexpected),
    ]
}

fn expires() -> Vec<RequestCase> {
    let spelled = |value: &str| variant("expires=1800000060", &format!("expires={value}"));
    let living =
        |value: &str| with("expires=1800000060", &format!("expires={value}")).flag("Window");
    let invalid = "request_expires_invalid";
    vec![
        spelled("01800000060").refuse("expires-with-a-leading-zero", invalid),
        spelled("-1").refuse("expires-with-a-minus", invalid),
        spelled("1800000060.5").refuse("expires-with-a-fraction", invalid),
        spelled("\"1800000060\"").refuse("expires-as-a-string", invalid),
        living("1800000000")
            .flag("Edge")
            .refuse("expires-as-soon-as-created", invalid),
        living("1799999999").refuse("expires-before-created", invalid),
        living("1800000121")
            .flag("Edge")
            .refuse("expires-after-121-s", invalid),
        living("999999999999999").refuse("expires-in-the-far-future", invalid),
        with(";expires=1800000060", "")
            .refuse("expires-is-absent", "request_parameters_unexpected"),
    ]
}

fn nonce() -> Vec<RequestCase> {
    let spelled = |value: &str| {
        variant(
            "nonce=\"EBESExQVFhcYGRobHB0eHw\"",
            &format!("nonce={value}"),
        )
    };
    let (invalid, unexpected) = ("request_nonce_invalid", "request_parameters_unexpected");
    vec![
        spelled("\"\"").refuse("h17-nonce-that-is-empty", invalid),
        spelled("\"E\"").refuse("h17-nonce-of-1-character", invalid),
        spelled("\"EBESExQVFhcYGRobHB0eH\"").refuse("h17-nonce-of-21-characters", invalid),
        spelled("\"EBESExQVFhcYGRobHB0eHwA\"").refuse("h17-nonce-of-23-characters", invalid),
        spelled(&format!("\"{}\"", "A".repeat(1024)))
            .refuse("h17-nonce-of-1024-characters", invalid),
        spelled("\"EBESExQVFhcYGRobHB0eHw==\"").refuse("h17-nonce-with-padding", invalid),
        spelled("\"EBESExQVFhcYGRobHB0eHx\"").refuse("h17-nonce-with-loose-bits", invalid),
        spelled("\"+/ESExQVFhcYGRobHB0eHw\"").refuse("h17-nonce-in-the-other-alphabet", invalid),
        spelled("\"EBESExQVFhcYGRobHB0e w\"").refuse("h17-nonce-with-a-blank", invalid),
        spelled("\"10111213-1415-1617-1819-1a1b1c1d1e1f\"").refuse("h17-nonce-as-a-uuid", invalid),
        spelled(":EBESExQVFhcYGRobHB0eHw==:").refuse("h17-nonce-as-bytes", unexpected),
        spelled("EBESExQVFhcYGRobHB0eHw").refuse("h17-nonce-as-a-token", unexpected),
        spelled("\"EBESExQVFh\\\"YGRobHB0eHw\"")
            .refuse("h17-nonce-with-an-escaped-quote", unexpected),
        spelled("\"EBESExQVFhcYGRobHB0\u{e9}\"")
            .refuse("h17-nonce-outside-ascii", "request_signature_malformed"),
        with(";nonce=\"EBESExQVFhcYGRobHB0eHw\"", "").refuse("h17-nonce-is-absent", unexpected),
        with(
            ";nonce=\"EBESExQVFhcYGRobHB0eHw\"",
            ";nonce=\"EBESExQVFhcYGRobHB0eHw\";nonce=\"AAAAAAAAAAAAAAAAAAAAAA\"",
        )
        .refuse("h17-nonce-twice", unexpected),
    ]
}

fn keyid() -> Vec<RequestCase> {
    let spelled = |value: &str| with("keyid=\"worker-7\"", &format!("keyid={value}")).flag("Key");
    let (invalid, unexpected) = ("request_key_id_invalid", "request_parameters_unexpected");
    vec![
        spelled("\"\"").refuse("h14-keyid-that-is-empty", invalid),
        spelled(&format!("\"{}\"", "k".repeat(65)))
            .flag("Edge")
            .refuse("h14-keyid-of-65-characters", invalid),
        spelled("\"worker 7\"").refuse("keyid-with-a-blank", invalid),
        spelled("\"../dev/null\"").refuse("j22-keyid-that-is-a-path", invalid),
        spelled("\"worker-7%00\"").refuse("keyid-with-a-percent", invalid),
        spelled("\"worker-7\\\\\"").refuse("keyid-with-a-backslash", invalid),
        spelled("worker-7").refuse("j24-keyid-as-a-token", unexpected),
        spelled("7").refuse("j24-keyid-as-a-number", unexpected),
        with(";keyid=\"worker-7\"", "").refuse("h14-keyid-is-absent", unexpected),
        with(
            ";keyid=\"worker-7\"",
            ";keyid=\"worker-8\";keyid=\"worker-7\"",
        )
        .refuse("h14-keyid-twice", unexpected),
    ]
}

fn alg_and_tag() -> Vec<RequestCase> {
    let alg = |value: &str| with("alg=\"hmac-sha256\"", &format!("alg={value}")).flag("Key");
    let tag = |value: &str| with("tag=\"counterseal/1\"", &format!("tag={value}"));
    let (unexpected, missing) = ("request_parameters_unexpected", "request_signature_missing");
    vec![
        alg("\"hmac-sha512\"").refuse("j08-alg-is-another-one", unexpected),
        alg("\"ed25519\"").refuse("j04-alg-is-of-another-kind-of-key", unexpected),
        alg("\"none\"").refuse("j01-alg-is-none", unexpected),
        alg("\"\"").refuse("j02-alg-is-empty", unexpected),
        alg("\"HMAC-SHA256\"").refuse("alg-in-upper-case", unexpected),
        alg("hmac-sha256").refuse("alg-as-a-token", unexpected),
        with(";alg=\"hmac-sha256\"", "").refuse("j10-alg-is-absent", unexpected),
        with(";alg=\"hmac-sha256\"", ";alg=\"none\";alg=\"hmac-sha256\"")
            .refuse("j26-alg-twice", unexpected),
        tag("\"counterseal/2\"").refuse("tag-of-another-version", missing),
        tag("\"counterseal/1/response\"").refuse("j28-tag-of-responses", missing),
        tag("\"Counterseal/1\"").refuse("tag-in-another-case", missing),
        tag("\"counterseal/1 \"").refuse("tag-with-a-blank-after-it", missing),
        tag("counterseal/1").refuse("tag-as-a-token", missing),
        with(";tag=\"counterseal/1\"", "").refuse("tag-is-absent", missing),
        tag("\"counterseal/1\";tag=\"other\"").refuse("tag-twice-the-last-is-another", missing),
        tag("\"other\";tag=\"counterseal/1\"").refuse("tag-twice-the-last-is-ours", unexpected),
        tag("\"counterseal/1\";tag=\"counterseal/1\"").refuse("tag-twice-and-the-same", unexpected),
    ]
}

fn order() -> Vec<RequestCase> {
    let ends = ";alg=\"hmac-sha256\";tag=\"counterseal/1\"";
    let unexpected = "request_parameters_unexpected";
    vec![
        variant(
            ";created=1800000000;expires=1800000060",
            ";expires=1800000060;created=1800000000",
        )
        .refuse("expires-stands-before-created", unexpected),
        variant(
            ";nonce=\"EBESExQVFhcYGRobHB0eHw\";keyid=\"worker-7\"",
            ";keyid=\"worker-7\";nonce=\"EBESExQVFhcYGRobHB0eHw\"",
        )
        .refuse("keyid-stands-before-nonce", unexpected),
        variant(ends, ";tag=\"counterseal/1\";alg=\"hmac-sha256\"")
            .refuse("tag-stands-before-alg", unexpected),
        variant(";created", "; created").refuse("a-blank-before-a-parameter", unexpected),
        variant(ends, &format!("{ends};x=1")).refuse("an-unknown-parameter-at-the-end", unexpected),
        variant(";created", ";x=1;created")
            .refuse("an-unknown-parameter-at-the-beginning", unexpected),
        variant(";keyid", ";x;keyid").refuse("an-unknown-parameter-in-the-middle", unexpected),
    ]
}

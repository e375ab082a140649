//! Method, authority, path and query: covered as they came, and refused when they are none.

use crate::Bytes;
use crate::RequestInput;
use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [
        as_they_are(),
        changed(),
        methods(),
        targets(),
        authorities(),
    ]
    .concat()
}

/// The request with `edit` made before it is signed.
fn before(edit: impl FnOnce(&mut RequestInput)) -> Draft {
    Draft::get().edit(|d| edit(&mut d.input)).sign()
}

/// The request with `edit` made after it was signed.
fn after(edit: impl FnOnce(&mut RequestInput)) -> Draft {
    Draft::get().sign().edit(|d| edit(&mut d.input))
}

fn as_they_are() -> Vec<RequestCase> {
    let path = |path: &str| before(|i| i.path = path.into()).flag("Usual");
    let query = |query: &str| before(|i| i.query = query.into()).flag("Usual");
    vec![
        path("/a/../b").accept("h07-a-path-with-dots-is-signed-as-it-is"),
        path("/a//b").accept("h07-a-path-with-two-slashes-is-signed-as-it-is"),
        path("/./a/.").accept("h07-a-path-with-a-dot-is-signed-as-it-is"),
        path("/%2e%2e/a").accept("h07-a-path-with-encoded-dots-is-signed-as-it-is"),
        path("/a%2Fb").accept("h07-a-path-with-an-encoded-slash-is-signed-as-it-is"),
        path("/a%2fb%").accept("h07-a-path-with-odd-encoding-is-signed-as-it-is"),
        path("/a;b=c,d:@!$&'()*+").accept("h07-a-path-with-delimiters-is-signed-as-it-is"),
        path("/\"\\<>^`{|}~").accept("h07-a-path-of-visible-ascii-is-signed-as-it-is"),
        query("b=2&a=1").accept("h08-a-query-is-not-sorted"),
        query("a=1&a=2&a=1").accept("h08-a-repeated-key-is-kept"),
        query("a=+").accept("h08-a-plus-is-kept"),
        query("a=%20").accept("h08-an-encoded-blank-is-kept"),
        query("a=&b&=&&").accept("h08-empty-keys-and-values-are-kept"),
        query("a=1;b=2").accept("h08-a-semicolon-is-kept"),
        query("?").accept("h08-a-query-of-a-question-mark"),
        query("a=%e9%ZZ%").accept("h08-odd-encoding-in-a-query-is-kept"),
    ]
}

fn changed() -> Vec<RequestCase> {
    let path = |from: &str, to: &str| {
        let draft = before(|i| i.path = from.into()).flag("Changed");
        draft.edit(|d| d.input.path = to.into())
    };
    let query = |from: &str, to: &str| {
        let draft = before(|i| i.query = from.into()).flag("Changed");
        draft.edit(|d| d.input.query = to.into())
    };
    let method = |from: &str, to: &str| {
        let draft = before(|i| i.method = from.into()).flag("Changed");
        draft.edit(|d| d.input.method = to.into())
    };
    let scheme = |d: &mut Draft| d.input.scheme = crate::request::SchemeName::Http;
    let mismatch = "request_mac_mismatch";
    vec![
        method("GET", "DELETE").refuse("h10-a-get-sent-as-delete", mismatch),
        method("GET", "HEAD").refuse("h10-a-get-sent-as-head", mismatch),
        path("/v1/jobs", "/v1/users").refuse("another-path", mismatch),
        path("/v1/jobs", "/v1/Jobs").refuse("the-case-of-a-path-counts", mismatch),
        path("/v1/jobs", "/v1/jobs/").refuse("a-slash-added-to-a-path", mismatch),
        path("/a/../b", "/b").refuse("h07-dots-resolved", mismatch),
        path("/a//b", "/a/b").refuse("h07-two-slashes-made-one", mismatch),
        path("/./a", "/a").refuse("h07-a-dot-removed", mismatch),
        path("/%2e%2e/a", "/../a").refuse("h07-dots-decoded", mismatch),
        path("/a%2Fb", "/a/b").refuse("h07-a-slash-decoded", mismatch),
        path("/a%2Fb", "/a%2fb").refuse("h07-the-case-of-an-encoding-changed", mismatch),
        path("/~a", "/%7Ea").refuse("h07-a-tilde-encoded", mismatch),
        query("b=2&a=1", "a=1&b=2").refuse("h08-a-query-sorted", mismatch),
        query("a=1&a=2", "a=2&a=1").refuse("h08-repeated-keys-swapped", mismatch),
        query("a=1&a=1", "a=1").refuse("h08-a-repeated-key-dropped", mismatch),
        query("a=+", "a=%20").refuse("h08-a-plus-encoded", mismatch),
        query("a=%20", "a=+").refuse("h08-a-blank-as-a-plus", mismatch),
        query("a=", "a").refuse("h08-an-empty-value-dropped", mismatch),
        query("a=1;b=2", "a=1&b=2").refuse("h08-a-semicolon-made-an-ampersand", mismatch),
        query("a=1", "a=1&").refuse("h08-an-ampersand-added", mismatch),
        query("", "a=1").refuse("h08-a-query-added", mismatch),
        query("a=1", "").refuse("h08-a-query-removed", mismatch),
        path("/v1/jobs", "/v1")
            .edit(|d| d.input.query = "/jobs?state=open".into())
            .refuse("t08-the-boundary-of-path-and-query-shifted", mismatch),
        Draft::get()
            .flag("Changed")
            .policy(serde_json::json!({"cover_scheme": true}))
            .sign()
            .edit(scheme)
            .refuse("another-scheme", mismatch),
    ]
}

fn methods() -> Vec<RequestCase> {
    let code = "request_method_invalid";
    let method = |method: Bytes| after(|i| i.method = method).flag("Variant");
    vec![
        method("get".into()).refuse("h10-a-method-in-lower-case", code),
        method("Get".into()).refuse("h10-a-method-in-mixed-case", code),
        method("".into()).refuse("a-method-that-is-empty", code),
        method("GET ".into()).refuse("a-method-with-a-blank", code),
        method("GET\n".into()).refuse("a-method-with-a-line-end", code),
        method("G3T".into()).refuse("a-method-with-a-digit", code),
        method("P_UT".into()).refuse("a-method-with-an-underscore", code),
        method(Bytes(b"G\xcbT".into())).refuse("a-method-outside-ascii", code),
        method(Bytes("G\u{41d}T".as_bytes().into()))
            .refuse("a-method-outside-ascii-in-utf-8", code),
    ]
}

fn targets() -> Vec<RequestCase> {
    let code = "request_target_invalid";
    let path = |path: &[u8]| after(|i| i.path = Bytes(path.into())).flag("Ambiguous");
    let query = |query: &[u8]| after(|i| i.query = Bytes(query.into())).flag("Ambiguous");
    vec![
        path(b"").refuse("a-path-that-is-empty", code),
        path(b"v1/jobs").refuse("a-path-without-a-slash", code),
        path(b"*").refuse("the-asterisk-form", code),
        path(b"https://api.example/v1/jobs").refuse("the-absolute-form", code),
        path(b"/v1/jobs?state=open").refuse("a-path-with-the-query-in-it", code),
        path(b"/v1/jobs#a").refuse("a-path-with-a-fragment", code),
        path(b"/v1 jobs").refuse("a-path-with-a-blank", code),
        path(b"/v1\tjobs").refuse("a-path-with-a-tab", code),
        path(b"/v1\r\njobs").refuse("a-path-with-a-line-end", code),
        path(b"/v1/\0").refuse("a-path-with-a-nul", code),
        path(b"/v1/\x7f").refuse("a-path-with-a-delete", code),
        path(b"/caf\xc3\xa9").refuse("a-path-outside-ascii", code),
        query(b"a=#b").refuse("a-query-with-a-fragment", code),
        query(b"a= b").refuse("a-query-with-a-blank", code),
        query(b"a=\nb").refuse("a-query-with-a-line-end", code),
        query(b"a=\0").refuse("a-query-with-a-nul", code),
        query(b"a=\xe9").refuse("a-query-outside-ascii", code),
    ]
}

fn authorities() -> Vec<RequestCase> {
    let (invalid, unknown) = ("request_authority_invalid", "request_authority_unknown");
    let authority = |authority: &str| after(|i| i.authority = authority.into()).flag("Ambiguous");
    vec![
        authority("").refuse("an-authority-that-is-empty", invalid),
        authority("me@api.example").refuse("o05-an-authority-with-user-information", invalid),
        authority("api.example/").refuse("an-authority-with-a-path", invalid),
        authority("api.example ").refuse("an-authority-with-a-blank", invalid),
        authority("api.example\0").refuse("an-authority-with-a-nul", invalid),
        authority("api.example\r\nx").refuse("an-authority-with-a-line-end", invalid),
        authority("a%70i.example").refuse("o05-an-authority-with-an-encoding", invalid),
        authority("\u{430}pi.example").refuse("an-authority-outside-ascii", invalid),
        authority("api.example,other.example").refuse("two-authorities-in-one", invalid),
        authority(":443").refuse("a-port-alone", invalid),
        authority("other.example").refuse("another-authority", unknown),
        authority("api.example.evil.test")
            .refuse("o05-an-authority-that-begins-like-ours", unknown),
        authority("evil-api.example").refuse("an-authority-that-ends-like-ours", unknown),
        authority("api.example.").refuse("an-authority-with-a-dot-at-its-end", unknown),
        authority("api.example:8443").refuse("another-port", unknown),
        authority("api.example:80").refuse("the-default-port-of-the-other-scheme", unknown),
        authority("api.example:").refuse("a-colon-without-a-port", unknown),
        before(|i| i.authority = "a.example".into())
            .flag("Changed")
            .policy(serde_json::json!({"authorities": ["a.example", "b.example"]}))
            .edit(|d| d.input.authority = "b.example".into())
            .refuse(
                "o19-a-request-for-one-authority-sent-to-another",
                "request_mac_mismatch",
            ),
    ]
}

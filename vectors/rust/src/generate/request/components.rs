//! The components that a signature covers: exactly those of the profile, in its order.

use serde_json::json;

use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [missing(), others(), spellings(), policies()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Uncovered").sign()
}

fn post() -> Draft {
    Draft::post().flag("Uncovered").sign()
}

/// The base without the line of `name`, nor `name` in the list.
fn without(draft: Draft, name: &str) -> Draft {
    draft.resign(|base| {
        let start = format!("\"{name}\": ");
        let kept: Vec<_> = base
            .lines()
            .filter(|line| !line.starts_with(&start))
            .collect();
        let base = kept.join("\n");
        let base = base.replacen(&format!(" \"{name}\""), "", 1);
        base.replacen(&format!("(\"{name}\" "), "(", 1)
    })
}

/// The base with a line of `component`, which is also put at the end of the list.
fn and(draft: Draft, component: &str, value: &str) -> Draft {
    draft.resign(|base| {
        let (lines, params) = base.rsplit_once('\n').expect("a base has lines");
        let params = params.replacen(");", &format!(" {component});"), 1);
        format!("{lines}\n{component}: {value}\n{params}")
    })
}

fn missing() -> Vec<RequestCase> {
    let code = "request_components_unexpected";
    vec![
        get()
            .resign(|base| {
                let params = base.lines().next_back().expect("a base has lines");
                let from = params.find('(').expect("a list");
                let to = params.find(')').expect("a list");
                format!("{}(){}", &params[..from], &params[to + 1..])
            })
            .refuse("h03-nothing-is-covered", code),
        without(get(), "@method").refuse("h04-the-method-is-not-covered", code),
        without(get(), "@authority").refuse("h04-the-authority-is-not-covered", code),
        without(get(), "@path").refuse("h04-the-path-is-not-covered", code),
        without(get(), "@query").refuse("h04-the-query-is-not-covered", code),
        without(
            Draft::get()
                .edit(|d| d.input.query = "".into())
                .flag("Uncovered")
                .sign(),
            "@query",
        )
        .refuse("h04-the-empty-query-is-not-covered", code),
        without(post(), "content-type").refuse("h04-the-media-type-is-not-covered", code),
        without(post(), "content-digest").refuse("h02-the-digest-is-there-and-not-covered", code),
        get()
            .with("content-type", "text/plain")
            .refuse("h04-a-media-type-added-to-a-get", code),
        get()
            .with(
                "content-digest",
                "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
            )
            .refuse("a-digest-added-to-a-get", code),
        post()
            .without("Content-Type")
            .refuse("the-media-type-taken-away", code),
    ]
}

fn others() -> Vec<RequestCase> {
    let code = "request_components_unexpected";
    let instead = |names: &str, component: &str, value: &str| {
        let mut draft = get();
        for name in names.split(' ') {
            draft = without(draft, name);
        }
        and(draft, component, value)
    };
    vec![
        instead("@path @query", "\"@request-target\"", "/v1/jobs?state=open")
            .refuse("the-request-target-in-place-of-path-and-query", code),
        instead(
            "@authority @path @query",
            "\"@target-uri\"",
            "https://api.example/v1/jobs?state=open",
        )
        .refuse("the-target-uri-in-place-of-its-parts", code),
        instead("@query", "\"@query-param\";name=\"state\"", "open")
            .refuse("h08-a-query-parameter-in-place-of-the-query", code),
        instead("@authority", "\"host\"", "api.example")
            .with("host", "api.example")
            .refuse("the-host-field-in-place-of-the-authority", code),
        and(get(), "\"@scheme\"", "https").refuse("the-scheme-is-covered-and-not-wanted", code),
        and(get(), "\"@status\"", "200").refuse("a-component-of-responses", code),
        and(get().with("Date", "today"), "\"date\"", "today")
            .refuse("a-field-that-the-policy-does-not-name", code),
        and(get(), "\"@method\"", "GET").refuse("a-component-twice", code),
        and(get(), "\"content-type\"", "").refuse("a-media-type-that-is-not-there", code),
    ]
}

fn spellings() -> Vec<RequestCase> {
    let code = "request_components_unexpected";
    let variant = |from: &str, to: &str| {
        let draft = Draft::post().flag("Variant").sign();
        draft.resign(|base| base.replace(from, to))
    };
    let in_list = |from: &str, to: &str| Draft::get().flag("Variant").sign().list(from, to);
    vec![
        variant("\"@method\" \"@authority\"", "\"@authority\" \"@method\"")
            .refuse("components-in-another-order", code),
        variant("\"content-type\"", "\"Content-Type\"")
            .refuse("h06-a-component-in-upper-case", code),
        variant("\"content-type\"", "\"content-type\";sf").refuse("a-component-with-sf", code),
        variant("\"content-type\"", "\"content-type\";bs").refuse("a-component-with-bs", code),
        variant("\"content-type\"", "\"content-type\";tr").refuse("a-component-with-tr", code),
        variant("\"@method\"", "\"@method\";req").refuse("a-component-with-req", code),
        variant("\"content-digest\"", "\"content-digest\";key=\"sha-256\"")
            .refuse("a-component-with-key", code),
        in_list("(\"@method\" ", "(\"@method\"  ").refuse("two-blanks-in-the-list", code),
        in_list("(\"@method\"", "( \"@method\"")
            .refuse("a-blank-at-the-beginning-of-the-list", code),
        in_list("\"@query\")", "\"@query\" )").refuse("a-blank-at-the-end-of-the-list", code),
        in_list(
            "(\"@method\" \"@authority\" \"@path\" \"@query\")",
            "\"@method\"",
        )
        .refuse("an-item-in-place-of-the-list", code),
        in_list("(\"@method\" \"@authority\" \"@path\" \"@query\")", "?1")
            .refuse("a-truth-in-place-of-the-list", code),
        in_list("\"@method\"", "@method")
            .refuse("a-component-without-quotes", "request_signature_malformed"),
        in_list("\"@method\"", "method").refuse("a-component-as-a-token", code),
    ]
}

fn policies() -> Vec<RequestCase> {
    let code = "request_components_unexpected";
    let covering = |fields: &[&str]| {
        let draft = Draft::get()
            .flag("Uncovered")
            .policy(json!({"cover": fields}));
        draft
            .with("Authorization", "Bearer a")
            .with("Idempotency-Key", "42")
            .sign()
    };
    let audience = || {
        let draft = Draft::get()
            .flag("Uncovered")
            .with("cs-audience", "api.example");
        draft.policy(json!({"audience": "field"})).sign()
    };
    vec![
        covering(&[])
            .policy(json!({"cover": ["authorization"]}))
            .refuse("h04-a-field-of-the-policy-is-not-covered", code),
        covering(&["authorization", "idempotency-key"])
            .policy(json!({"cover": ["authorization"]}))
            .refuse("more-fields-than-the-policy-names", code),
        covering(&["authorization", "idempotency-key"])
            .policy(json!({"cover": ["idempotency-key", "authorization"]}))
            .refuse("the-policys-fields-in-another-order", code),
        get()
            .policy(json!({"cover_scheme": true}))
            .refuse("h04-the-scheme-is-wanted-and-not-covered", code),
        audience()
            .policy(json!({"audience": "authority"}))
            .refuse("the-audience-field-where-the-authority-is-wanted", code),
        get()
            .with("cs-audience", "api.example")
            .policy(json!({"audience": "field"}))
            .refuse("the-authority-where-the-audience-field-is-wanted", code),
    ]
}

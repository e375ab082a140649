//! What a genuine token grants, and how fresh the authentication behind it is: the rows P01, P02, P05.

mod step_up;

pub(in crate::generate) use step_up::challenges;

use serde_json::{Value, json};

use super::draft::{Draft, draft, refusal};
use crate::generate::limit::accepted;
use crate::jwt::{RequireInput, RequirementInput};
use crate::{Case, Expect};

type Require = Case<RequireInput>;

pub(in crate::generate) fn cases() -> Vec<Require> {
    [
        wildcards(),
        roots(),
        lists(),
        claims(),
        step_up::cases(),
        setups(),
    ]
    .concat()
}

/// Each grant against each of these: itself, and one to five segments more, and look-alikes.
fn wildcards() -> Vec<Require> {
    let asked = [
        ("itself", "a"),
        ("one-more", "a:b"),
        ("two-more", "a:b:c"),
        ("three-more", "a:b:c:d"),
        ("four-more", "a:b:c:d:e"),
        ("seven-more", "a:b:c:d:e:f:g:h"),
        ("another-stem", "x:b"),
        ("a-stem-that-begins-alike", "ab:b"),
        ("a-stem-in-capitals", "A:b"),
    ];
    let grants = [
        ("a-name", "a", &["itself"][..]),
        ("a-star", "a:*", &["one-more"]),
        ("two-deep", "a:*{2}", &["one-more", "two-more"]),
        (
            "three-deep",
            "a:*{3}",
            &["one-more", "two-more", "three-more"],
        ),
        (
            "seven-deep",
            "a:*{7}",
            &[
                "one-more",
                "two-more",
                "three-more",
                "four-more",
                "seven-more",
            ],
        ),
        (
            "any-depth",
            "a:**",
            &[
                "one-more",
                "two-more",
                "three-more",
                "four-more",
                "seven-more",
            ],
        ),
    ];
    let mut cases = Vec::new();
    for (grant_name, grant, covered) in grants {
        for (asked_name, permission) in asked {
            let id = format!("p02-{grant_name}-and-{asked_name}");
            let case = ask(id, &["A-2"], &json!({"permissions": [permission]})).scope(grant);
            cases.push(if covered.contains(&asked_name) {
                case.granted()
            } else {
                case.refused("jwt_permission_missing")
            });
        }
    }
    cases
}

fn roots() -> Vec<Require> {
    let rooted = |id: &str, scope: &str| {
        ask(
            id,
            &["A-2"],
            &json!({"permissions": ["docs:read"], "root_grants": true}),
        )
        .scope(scope)
    };
    let plain = |id: &str, scope: &str| read(id, &["A-2", "Claim"]).scope(scope);
    let mut cases = vec![
        rooted("p02-everything-where-it-is-taken", "**").granted(),
        rooted("p02-two-deep-from-the-root", "*{2}").granted(),
        rooted("p02-one-segment-from-the-root", "*").refused("jwt_permission_missing"),
        rooted("p02-a-stem-where-the-root-is-taken", "docs:*").granted(),
        plain("p02-everything-where-it-is-not-taken", "**").refused("jwt_root_grant"),
        plain("p02-two-deep-from-the-root-where-it-is-not-taken", "*{2}").refused("jwt_root_grant"),
        plain("p02-the-root-beside-what-is-required", "docs:read **").refused("jwt_root_grant"),
        plain("p02-what-is-required-behind-the-root", "* docs:read").refused("jwt_root_grant"),
    ];
    for (what, grant) in [
        ("a-wildcard-in-the-middle", "a:*:c"),
        ("a-wildcard-in-front", "*:read"),
        ("a-wildcard-with-letters", "a*"),
        ("a-wildcard-with-letters-behind-a-stem", "docs:r*"),
        ("two-wildcards", "a:*:*"),
        ("three-stars", "a:***"),
        ("a-depth-of-one", "a:*{1}"),
        ("a-depth-of-none", "a:*{0}"),
        ("a-depth-of-eight", "a:*{8}"),
        ("a-depth-of-two-digits", "a:*{02}"),
        ("a-depth-without-an-end", "a:*{2"),
        ("a-depth-behind-two-stars", "a:**{2}"),
        ("an-empty-last-segment", "docs:"),
        ("an-empty-first-segment", ":*"),
        ("an-empty-segment", "docs::*"),
        ("a-letter-beyond-ascii", "\u{e4}"),
        ("a-slash", "docs/read"),
        ("a-url", "https://iss.example/read"),
        ("nine-segments", "a:a:a:a:a:a:a:a:a"),
        ("nine-segments-with-a-wildcard", "a:a:a:a:a:a:a:a:a:*"),
    ] {
        let case = |place: &str, scope: String| {
            let id = format!("p02-{what}-{place}");
            read(id, &["A-1", "Claim"])
                .scope(&scope)
                .refused("jwt_grants")
        };
        cases.push(case(
            "behind-what-is-required",
            format!("docs:read {grant}"),
        ));
        cases.push(case(
            "before-what-is-required",
            format!("{grant} docs:read"),
        ));
    }
    let long = "a".repeat(64);
    let longer = "a".repeat(65);
    let deepest = ask(
        "p02-a-wildcard-as-the-eighth-segment",
        &["A-1", "Edge"],
        &json!({"permissions": ["a:a:a:a:a:a:a:b"]}),
    );
    let of_64 = ask(
        "p02-a-grant-of-64-bytes",
        &["A-1", "Size", "Edge"],
        &json!({"permissions": [long]}),
    );
    let of_65 = read("p02-a-grant-of-65-bytes", &["A-1", "Size", "Edge"]);
    cases.extend([
        deepest.scope("a:a:a:a:a:a:a:*").granted(),
        read("p02-a-wildcard-as-the-ninth-segment", &["A-1", "Edge"])
            .scope("a:a:a:a:a:a:a:a:* docs:read")
            .granted(),
        of_64.scope(&long).granted(),
        of_65
            .scope(&format!("docs:read {longer}"))
            .refused("jwt_grants"),
    ]);
    cases
}

fn lists() -> Vec<Require> {
    let of = |id: &str, any: bool, scope: &str| {
        let members = json!({"permissions": ["docs:read", "docs:write", "bills:pay"], "any": any});
        ask(id, &["A-3"], &members).scope(scope)
    };
    let missing = "jwt_permission_missing";
    let many: Vec<_> = (0..32).map(|at| format!("p:{at}")).collect();
    let but_one = many[1..].join(" ");
    let most = |id: &str, any: bool| {
        ask(
            id,
            &["A-3", "Edge"],
            &json!({"permissions": many, "any": any}),
        )
    };
    vec![
        of("all-of-three", false, "docs:read docs:write bills:pay").granted(),
        of(
            "all-of-three-in-another-order",
            false,
            "bills:pay docs:write docs:read",
        )
        .granted(),
        of("all-of-three-by-wildcards", false, "docs:* bills:*").granted(),
        of("all-of-three-and-two-are-granted", false, "docs:*").refused(missing),
        of("all-of-three-and-none-is-granted", false, "other:read").refused(missing),
        of("any-of-three", true, "docs:read docs:write bills:pay").granted(),
        of("any-of-three-and-the-first-is-granted", true, "docs:read").granted(),
        of("any-of-three-and-the-last-is-granted", true, "bills:pay").granted(),
        of(
            "any-of-three-and-none-is-granted",
            true,
            "other:read bills:see",
        )
        .refused(missing),
        most("all-of-32", false).scope("p:*").granted(),
        most("all-of-32-and-31-are-granted", false)
            .scope(&but_one)
            .refused(missing),
        most("any-of-32-and-one-is-granted", true)
            .scope("p:31")
            .granted(),
        most("any-of-32-and-none-is-granted", true)
            .scope("q:*")
            .refused(missing),
    ]
}

fn claims() -> Vec<Require> {
    let listed = |id: &str, flags: &[&'static str]| {
        let members = json!({"permissions": ["docs:read"], "granted_by": "permissions"});
        ask(id, flags, &members)
    };
    let (bad, missing) = ("jwt_grants", "jwt_permission_missing");
    let typed = ["Claim", "A-4"];
    let granted = |count: usize| vec!["docs:read"; count].join(" ");
    let list = |count: usize| json!(vec!["docs:read"; count]).to_string();
    vec![
        read("a-scope-with-an-escape", &["A-4", "Usual"])
            .claim("scope", r#""docs\u003aread""#)
            .granted(),
        read("no-scope", &["A-4"]).refused(missing),
        read("an-empty-scope", &["A-4"]).scope("").refused(missing),
        read("a-scope-that-is-a-blank", &typed)
            .scope(" ")
            .refused(bad),
        read("a-blank-before-a-scope", &typed)
            .scope(" docs:read")
            .refused(bad),
        read("a-blank-behind-a-scope", &typed)
            .scope("docs:read ")
            .refused(bad),
        read("two-blanks-in-a-scope", &typed)
            .scope("docs:read  docs:list")
            .refused(bad),
        read("a-tabulator-in-a-scope", &typed)
            .scope("docs:read\tdocs:list")
            .refused(bad),
        read("a-line-end-in-a-scope", &typed)
            .scope("docs:read\ndocs:list")
            .refused(bad),
        read("a-comma-in-a-scope", &typed)
            .scope("docs:read,docs:list")
            .refused(bad),
        read("a-scope-that-is-a-list", &typed)
            .claim("scope", r#"["docs:read"]"#)
            .refused(bad),
        read("a-scope-that-is-a-number", &typed)
            .claim("scope", "1")
            .refused(bad),
        read("a-scope-that-is-null", &typed)
            .claim("scope", "null")
            .refused(bad),
        read("a-scope-that-is-true", &typed)
            .claim("scope", "true")
            .refused(bad),
        read("permissions-where-a-scope-grants", &["A-4"])
            .claim("permissions", r#"["docs:read"]"#)
            .refused(missing),
        read("256-grants", &["A-4", "Edge"])
            .scope(&granted(256))
            .granted(),
        read("257-grants", &["A-4", "Edge"])
            .scope(&granted(257))
            .refused(bad),
        listed("permissions", &["A-4", "Usual"])
            .claim("permissions", r#"["docs:list","docs:read"]"#)
            .granted(),
        listed("no-permissions", &["A-4"]).refused(missing),
        listed("empty-permissions", &["A-4"])
            .claim("permissions", "[]")
            .refused(missing),
        listed("a-scope-where-permissions-grant", &["A-4"])
            .scope("docs:read")
            .refused(missing),
        listed("permissions-beside-a-malformed-scope", &["A-4"])
            .scope("docs:")
            .claim("permissions", r#"["docs:read"]"#)
            .granted(),
        listed("permissions-that-are-a-text", &typed)
            .claim("permissions", r#""docs:read""#)
            .refused(bad),
        listed("permissions-with-a-number", &typed)
            .claim("permissions", r#"["docs:read",1]"#)
            .refused(bad),
        listed("permissions-with-a-list", &typed)
            .claim("permissions", r#"["docs:read",["docs:list"]]"#)
            .refused(bad),
        listed("permissions-with-two-in-one-text", &typed)
            .claim("permissions", r#"["docs:read docs:list"]"#)
            .refused(bad),
        listed("permissions-with-an-empty-text", &typed)
            .claim("permissions", r#"["docs:read",""]"#)
            .refused(bad),
        listed("permissions-from-the-root", &["A-2", "Claim"])
            .claim("permissions", r#"["**"]"#)
            .refused("jwt_root_grant"),
        listed("256-permissions", &["A-4", "Edge"])
            .claim("permissions", &list(256))
            .granted(),
        listed("257-permissions", &["A-4", "Edge"])
            .claim("permissions", &list(257))
            .refused(bad),
    ]
}

fn setups() -> Vec<Require> {
    let none = |id: &str, members: &Value| {
        ask(id, &["A-3", "Setup"], members).refused("jwt_setup_permissions")
    };
    let stepping = |id: &str, members: &Value| {
        let mut all = json!({"permissions": ["docs:erase"]});
        for (name, value) in members.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        ask(id, &["A-5", "Setup"], &all).refused("jwt_setup_step_up")
    };
    let many: Vec<_> = (0..33).map(|at| format!("p:{at}")).collect();
    let values = |count: usize| -> Vec<_> { (0..count).map(|at| format!("v{at}")).collect() };
    let mut cases = vec![
        none("p01-all-of-nothing", &json!({"permissions": []})),
        none(
            "p01-any-of-nothing",
            &json!({"permissions": [], "any": true}),
        ),
        none(
            "p01-a-step-up-and-nothing-else",
            &json!({"permissions": [], "max_age_seconds": 300, "methods": ["otp"]}),
        ),
        none("p01-33-permissions", &json!({"permissions": many})),
        stepping(
            "a-step-up-of-no-age",
            &json!({"max_age_seconds": 0, "methods": ["otp"]}),
        ),
        stepping(
            "a-step-up-of-more-than-a-day",
            &json!({"max_age_seconds": 86_401, "methods": ["otp"]}),
        ),
        stepping("a-step-up-by-no-method", &json!({"max_age_seconds": 300})),
        stepping("a-step-up-without-an-age", &json!({"methods": ["otp"]})),
        stepping(
            "a-step-up-at-a-level-without-an-age",
            &json!({"levels": ["urn:high"]}),
        ),
        stepping(
            "a-step-up-by-17-methods",
            &json!({"max_age_seconds": 300, "methods": values(17)}),
        ),
        stepping(
            "a-step-up-by-16-methods-or-at-a-level",
            &json!({"max_age_seconds": 300, "methods": values(16), "levels": ["a"]}),
        ),
        stepping(
            "a-step-up-by-an-empty-method",
            &json!({"max_age_seconds": 300, "methods": [""]}),
        ),
        stepping(
            "a-step-up-by-a-method-with-a-blank",
            &json!({"max_age_seconds": 300, "methods": ["a b"]}),
        ),
        stepping(
            "a-step-up-at-a-level-with-a-quote",
            &json!({"max_age_seconds": 300, "levels": ["a\"b"]}),
        ),
        stepping(
            "a-step-up-at-a-level-with-a-line-end",
            &json!({"max_age_seconds": 300, "levels": ["a\r\nb"]}),
        ),
        stepping(
            "a-step-up-at-a-level-of-129-letters",
            &json!({"max_age_seconds": 300, "levels": ["a".repeat(129)]}),
        ),
    ];
    let longer = "a".repeat(65);
    for (what, text) in [
        ("empty", ""),
        ("colon", ":"),
        ("open", "a:"),
        ("headless", ":a"),
        ("hollow", "a::b"),
        ("with-a-blank", "a b"),
        ("with-a-wildcard", "a:*"),
        ("wild", "*"),
        ("with-a-letter-beyond-ascii", "\u{e4}"),
        ("with-a-slash", "a/b"),
        ("with-a-line-end", "a:b\n"),
        ("of-nine-segments", "a:a:a:a:a:a:a:a:a"),
        ("of-65-bytes", &longer),
    ] {
        let id = format!("a-permission-that-is-{what}");
        let members = json!({"permissions": ["docs:read", text], "any": true});
        cases.push(ask(id, &["A-1", "Setup"], &members).refused("jwt_setup_permission"));
    }
    cases
}

/// A case on its way: the good token, with grants, and what is required of it.
struct Ask {
    draft: Draft,
    requirement: RequirementInput,
    proof: Option<(String, String, String, i64)>,
}

fn ask(id: impl Into<String>, flags: &[&'static str], requirement: &Value) -> Ask {
    let mut members = json!({"permissions": ["docs:erase"]});
    for (name, value) in requirement.as_object().into_iter().flatten() {
        members[name] = value.clone();
    }
    Ask {
        draft: draft(id, flags),
        requirement: serde_json::from_value(members).expect("members of a requirement"),
        proof: None,
    }
}

/// `docs:read` is required.
fn read(id: impl Into<String>, flags: &[&'static str]) -> Ask {
    ask(id, flags, &json!({"permissions": ["docs:read"]}))
}

impl Ask {
    /// The same for a token with this claim, whose value is JSON.
    fn claim(mut self, name: &str, value: &str) -> Self {
        self.draft = self.draft.claim(name, value);
        self
    }

    fn scope(self, scope: &str) -> Self {
        self.claim("scope", &json!(scope).to_string())
    }

    fn without(mut self, name: &str) -> Self {
        self.draft = self.draft.without(name);
        self
    }

    fn at(mut self, now: i64) -> Self {
        self.draft = self.draft.at(now);
        self
    }

    fn proof(mut self, session: &str, subject: &str, method: &str, at: i64) -> Self {
        self.proof = Some((session.into(), subject.into(), method.into(), at));
        self
    }

    fn granted(self) -> Require {
        accepted(self.case(), json!({"authenticated": null}))
    }

    fn granted_since(self, at: i64) -> Require {
        accepted(self.case(), json!({"authenticated": at}))
    }

    fn told(self, code: Option<&str>, challenge: Option<&str>) -> Require {
        accepted(self.case(), json!({"code": code, "challenge": challenge}))
    }

    fn refused(self, code: &str) -> Require {
        let expect: Expect = refusal(code);
        Case {
            expect,
            ..self.case()
        }
    }

    fn case(self) -> Require {
        let (requirement, proof) = (self.requirement, self.proof);
        self.draft.accepted().of(|verify| RequireInput {
            token: verify.token,
            keys: verify.keys,
            requirement,
            proof,
        })
    }
}

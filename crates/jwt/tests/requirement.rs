//! The rows P01, P02, P05 and P06 of the catalogue: what a genuine token may do.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{Bound, KeyId, Lifetime, Refusal, Secret, Seed, Span};
use counterseal_jwt::{
    Claims, Grant, Minter, Permission, Requirement, RequirementError, StepUp, StepUpProof,
    StepUpReason, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier,
    VerifiedToken,
};
use counterseal_testkit::NOW;
use proptest::prelude::*;

fn verified(claims: &Claims) -> VerifiedToken<'static> {
    let secret = Secret::new(vec![7; 32]);
    let id = KeyId::parse("k1").unwrap();
    let signer = TokenSigner::hmac(id, TokenAlgorithm::Hs256, &secret).unwrap();
    let keys = TokenKeys::new([signer.key().clone()]).unwrap();
    let policy = TokenPolicy::access("https://iss.example", "api").unwrap();
    let minutes = Span::from_minutes(5);
    let life = Lifetime::clamp(minutes, &[Bound::ceiling("test", minutes)], NOW).unwrap();
    let minted = Minter::new(signer, &policy).mint(claims, &life, &Seed::new([1; 16]));
    let token = minted.unwrap();
    let token = core::str::from_utf8(token.expose()).unwrap();
    TokenVerifier::new(policy)
        .verify(token, &keys, NOW)
        .unwrap()
}

/// A token with these further members, as JSON.
fn with(members: &str) -> VerifiedToken<'static> {
    verified(&Claims::of("user-7").with_members(members).unwrap())
}

fn scoped(scope: &str) -> VerifiedToken<'static> {
    verified(&Claims::of("user-7").with_text("scope", scope))
}

fn outcome(requirement: &Requirement, token: &VerifiedToken<'_>) -> &'static str {
    match requirement.check(token, NOW) {
        Ok(_) => "authorized",
        Err(error) => error.code().name,
    }
}

#[test]
fn p01_a_requirement_of_nothing_cannot_be_made() {
    let step_up = StepUp::by_method(Span::from_minutes(5), ["otp"]).unwrap();
    for made in [
        Requirement::all([]),
        Requirement::any([]),
        Requirement::all_with_step_up([], step_up),
    ] {
        assert_eq!(made.unwrap_err().code().name, "jwt_setup_permissions");
    }
    let numbered: Vec<_> = (0..33).map(|at| format!("p:{at}")).collect();
    let many = || numbered.iter().map(String::as_str);
    assert!(Requirement::all(many().take(32)).is_ok());
    assert!(Requirement::all(many()).is_err());
    for text in [
        "",
        ":",
        "a:",
        ":a",
        "a::b",
        "a b",
        "a:*",
        "*",
        "**",
        "ä",
        "a/b",
        "a:b\n",
        "a:a:a:a:a:a:a:a:a",
    ] {
        let refused = Requirement::any(["a", text]).unwrap_err();
        assert_eq!(refused.code().name, "jwt_setup_permission", "{text:?}");
    }
    assert!(Permission::parse("a:a:a:a:a:a:a:a").is_ok());
    assert!(Permission::parse(&"a".repeat(64)).is_ok());
    assert!(Permission::parse(&"a".repeat(65)).is_err());
}

/// All lists of up to `depth` of these words.
fn lists(words: &[&'static str], depth: usize) -> Vec<Vec<&'static str>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..depth {
        last = last
            .iter()
            .flat_map(|list| {
                words.iter().map(move |word| {
                    let mut longer: Vec<&'static str> = list.clone();
                    longer.push(word);
                    longer
                })
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all.retain(|list| !list.is_empty());
    all
}

/// Segment by segment; nothing for what is no grant.
fn naive(grant: &[&str], asked: &[&str]) -> Option<bool> {
    let (last, stem) = grant.split_last()?;
    let is_name = |segment: &&str| ["a", "b"].contains(segment);
    if !stem.iter().all(is_name) {
        return None;
    }
    let below = asked
        .len()
        .checked_sub(stem.len())
        .filter(|_| asked.starts_with(stem));
    match *last {
        "a" | "b" => Some(grant == asked),
        "*" => Some(below == Some(1)),
        "*{2}" => Some(matches!(below, Some(1 | 2))),
        "*{3}" => Some(matches!(below, Some(1..=3))),
        "**" => Some(matches!(below, Some(1..))),
        _ => None,
    }
}

#[test]
fn p02_a_grant_covers_what_the_table_says_of_all_patterns_to_depth_four() {
    let names = lists(&["a", "b"], 5);
    let words = [
        "a", "b", "*", "**", "*{2}", "*{3}", "*{1}", "*{8}", "***", "a*", "",
    ];
    let (mut grants, mut covered) = (0, 0);
    for pattern in lists(&words, 4) {
        let text = pattern.join(":");
        let grant = Grant::parse(&text);
        for asked in &names {
            let permission = Permission::parse(&asked.join(":")).unwrap();
            let covers = grant.as_ref().ok().map(|grant| grant.covers(&permission));
            assert_eq!(covers, naive(&pattern, asked), "{text:?} of {permission}");
            covered += usize::from(covers == Some(true));
        }
        grants += usize::from(grant.is_ok());
    }
    // 2 names and 4 wildcards below each of 1 + 2 + 4 + 8 stems.
    assert_eq!(grants, (2 + 4) * 15);
    assert!(covered > grants, "wildcards cover more than one each");
}

#[test]
fn p02_a_prefix_of_letters_is_no_stem_and_case_counts() {
    for (grant, asked) in [
        ("docs:*", "docsx:read"),
        ("docs:*", "docs"),
        ("docs:read", "docs:Read"),
        ("docs:**", "Docs:read"),
        ("a:*{7}", "b"),
    ] {
        let grant = Grant::parse(grant).unwrap();
        assert!(
            !grant.covers(&Permission::parse(asked).unwrap()),
            "{grant:?}"
        );
    }
    let deep = Permission::parse("a:a:a:a:a:a:a:a").unwrap();
    assert!(Grant::parse("a:*{7}").unwrap().covers(&deep));
    assert!(!Grant::parse("a:*{6}").unwrap().covers(&deep));
    assert!(Grant::parse("a:a:a:a:a:a:a:*").unwrap().covers(&deep));
}

#[test]
fn p02_from_the_root_only_where_it_is_said() {
    let read = Requirement::all(["docs:read"]).unwrap();
    let rooted = read.clone().with_root_grants();
    for (scope, plain, root) in [
        ("**", "jwt_root_grant", "authorized"),
        ("*{2}", "jwt_root_grant", "authorized"),
        ("*", "jwt_root_grant", "jwt_permission_missing"),
        ("docs:read **", "jwt_root_grant", "authorized"),
        ("** docs:", "jwt_grants", "jwt_grants"),
        ("docs:**", "authorized", "authorized"),
    ] {
        assert_eq!(outcome(&read, &scoped(scope)), plain, "{scope}");
        assert_eq!(outcome(&rooted, &scoped(scope)), root, "{scope}");
    }
}

#[test]
fn one_malformed_grant_refuses_the_token() {
    let read = Requirement::all(["docs:read"]).unwrap();
    let listed = read.clone().granted_by_permissions();
    for bad in [
        "a:*:c", "a*", "docs:", "*:read", "a:*{1}", "a:*{8}", "a:*{02}", "a:***", "ä",
    ] {
        for scope in [format!("docs:read {bad}"), format!("{bad} docs:read")] {
            assert_eq!(outcome(&read, &scoped(&scope)), "jwt_grants", "{scope}");
        }
        let list = format!(r#"{{"permissions":["docs:read","{bad}"]}}"#);
        assert_eq!(outcome(&listed, &with(&list)), "jwt_grants", "{list}");
    }
    for scope in [
        " docs:read",
        "docs:read ",
        "docs:read  a",
        "docs:read\ta",
        "docs:read,a",
    ] {
        assert_eq!(outcome(&read, &scoped(scope)), "jwt_grants", "{scope:?}");
    }
    for value in ["7", "null", "true", "{}", r#"["docs:read"]"#] {
        let token = with(&format!(r#"{{"scope":{value}}}"#));
        assert_eq!(outcome(&read, &token), "jwt_grants", "{value}");
    }
    for value in [
        "7",
        "null",
        r#""docs:read""#,
        r#"["docs:read",7]"#,
        r#"["docs:read",null]"#,
        r#"[""]"#,
    ] {
        let token = with(&format!(r#"{{"permissions":{value}}}"#));
        assert_eq!(outcome(&listed, &token), "jwt_grants", "{value}");
    }
}

#[test]
fn grants_have_an_end() {
    let read = Requirement::all(["docs:read"]).unwrap();
    let many = |count: usize| format!("docs:read{}", " a".repeat(count - 1));
    assert_eq!(outcome(&read, &scoped(&many(256))), "authorized");
    assert_eq!(outcome(&read, &scoped(&many(257))), "jwt_grants");
}

#[test]
fn one_claim_grants_and_the_other_one_is_not_looked_at() {
    let read = Requirement::all(["docs:read"]).unwrap();
    let listed = read.clone().granted_by_permissions();
    let scope = with(r#"{"scope":"docs:read","permissions":"?"}"#);
    let list = with(r#"{"scope":7,"permissions":["x","docs\u003aread"]}"#);
    assert_eq!(outcome(&read, &scope), "authorized");
    assert_eq!(outcome(&listed, &list), "authorized");
    for nothing in [with("{}"), with(r#"{"scope":"","permissions":[]}"#)] {
        assert_eq!(outcome(&read, &nothing), "jwt_permission_missing");
        assert_eq!(outcome(&listed, &nothing), "jwt_permission_missing");
    }
}

#[test]
fn a_refusal_names_what_is_missing_and_nothing_that_was_sent() {
    let all = Requirement::all(["docs:read", "docs:write", "docs:erase"]).unwrap();
    let refused = all.check(&scoped("docs:read canary:x"), NOW).err().unwrap();
    let RequirementError::PermissionMissing { missing, .. } = &refused else {
        unreachable!("{refused}")
    };
    let names: Vec<_> = missing.iter().map(Permission::as_str).collect();
    assert_eq!(names, ["docs:write", "docs:erase"]);
    assert_eq!(
        (refused.code().http, refused.code().public),
        (403, "insufficient_scope")
    );
    assert_eq!(
        refused.to_string(),
        "the token does not grant what is required (docs:write, docs:erase)"
    );
    let event = refused.event(NOW).to_string();
    assert!(event.contains(r#""permission":"docs:write""#), "{event}");

    let any = Requirement::any(["docs:read", "docs:write"]).unwrap();
    assert_eq!(outcome(&any, &scoped("docs:write")), "authorized");
    assert_eq!(
        outcome(&any, &scoped("docs:erase")),
        "jwt_permission_missing"
    );
}

#[test]
fn p06_who_is_authorized_has_a_verified_token() {
    let token = scoped("docs:read");
    let read = Requirement::all(["docs:read"]).unwrap();
    let authorized = read.check(&token, NOW).unwrap();
    assert_eq!(authorized.token().subject(), "user-7");
    assert_eq!(authorized.authenticated(), None);
}

/// Erasing needs `otp` or the level `urn:high`, five minutes ago at most.
fn erase() -> Requirement {
    let step_up = StepUp::by_method(Span::from_minutes(5), ["otp", "hwk"]).unwrap();
    let step_up = step_up.or_at_level(["urn:high"]).unwrap();
    Requirement::all_with_step_up(["docs:erase"], step_up).unwrap()
}

fn authenticated(ago: i64, more: &str) -> VerifiedToken<'static> {
    let at = NOW.seconds() - ago;
    with(&format!(
        r#"{{"scope":"docs:erase","sid":"s-1","auth_time":{at}{more}}}"#
    ))
}

fn reason(
    checked: Result<counterseal_jwt::Authorized<'_>, RequirementError>,
) -> Option<StepUpReason> {
    match checked {
        Ok(authorized) => {
            assert!(authorized.authenticated().is_some());
            None
        }
        Err(RequirementError::MfaRequired { reason, .. }) => Some(reason),
        Err(other) => unreachable!("{other}"),
    }
}

#[test]
fn p05_an_authentication_is_fresh_to_the_second() {
    let otp = r#","amr":["pwd","otp"]"#;
    for (ago, expected) in [
        (0, None),
        (300, None),
        (301, Some(StepUpReason::Age)),
        (86_400, Some(StepUpReason::Age)),
        (-30, None),
        (-31, Some(StepUpReason::Future)),
        (-3_000_000, Some(StepUpReason::Future)),
    ] {
        assert_eq!(
            reason(erase().check(&authenticated(ago, otp), NOW)),
            expected,
            "{ago}"
        );
    }
    // The same token, later: what was fresh is replayed.
    let token = authenticated(0, otp);
    let later = NOW.plus(Span::from_millis(300_001));
    assert_eq!(
        reason(erase().check(&token, later)),
        Some(StepUpReason::Age)
    );
}

#[test]
fn p05_an_authentication_is_by_a_method_or_at_a_level_that_is_accepted() {
    for (more, expected) in [
        (r#","amr":["hwk"]"#, None),
        (r#","acr":"urn:high""#, None),
        (r#","acr":"urn:high","amr":["pwd"]"#, None),
        (
            r#","acr":"urn:low","amr":["pwd"]"#,
            Some(StepUpReason::Method),
        ),
        (
            r#","acr":"otp","amr":["urn:high"]"#,
            Some(StepUpReason::Method),
        ),
        (r#","amr":"otp""#, Some(StepUpReason::Method)),
        (r#","amr":["otp",7]"#, Some(StepUpReason::Method)),
        (r#","amr":["OTP"]"#, Some(StepUpReason::Method)),
        (r#","acr":["urn:high"]"#, Some(StepUpReason::Method)),
        (r#","amr":[]"#, Some(StepUpReason::Method)),
        ("", Some(StepUpReason::Method)),
    ] {
        assert_eq!(
            reason(erase().check(&authenticated(9, more), NOW)),
            expected,
            "{more}"
        );
    }
    for time in [r#""1""#, "null", "-1", "1e9", "0", "[]"] {
        let token = with(&format!(
            r#"{{"scope":"docs:erase","amr":["otp"],"auth_time":{time}}}"#
        ));
        assert_eq!(
            reason(erase().check(&token, NOW)),
            Some(StepUpReason::AuthTime),
            "{time}"
        );
    }
    let untold = with(r#"{"scope":"docs:erase","amr":["otp"]}"#);
    assert_eq!(
        reason(erase().check(&untold, NOW)),
        Some(StepUpReason::AuthTime)
    );
}

#[test]
fn p05_a_proof_serves_its_own_session_and_subject() {
    let token = authenticated(9, r#","amr":["pwd"]"#);
    let at = |ago: i64| NOW.minus(Span::from_seconds(ago));
    for (session, subject, method, ago, expected) in [
        ("s-1", "user-7", "hwk", 300, None),
        ("s-2", "user-7", "hwk", 0, Some(StepUpReason::Session)),
        ("s-1", "user-8", "hwk", 0, Some(StepUpReason::Session)),
        ("", "user-7", "hwk", 0, Some(StepUpReason::Session)),
        ("s-1", "user-7", "pwd", 0, Some(StepUpReason::Method)),
        ("s-1", "user-7", "urn:high", 0, Some(StepUpReason::Method)),
        ("s-1", "user-7", "hwk", 301, Some(StepUpReason::Age)),
        ("s-1", "user-7", "hwk", -31, Some(StepUpReason::Future)),
    ] {
        let proof = StepUpProof::new(session, subject, method, at(ago));
        assert_eq!(
            reason(erase().check_with(&token, proof, NOW)),
            expected,
            "{session} {subject} {method} {ago}"
        );
    }
    // What the token tells does not help a proof of somebody else, and a token without a session has none to step up.
    let fresh = authenticated(9, r#","amr":["otp"]"#);
    let other = StepUpProof::new("s-2", "user-7", "hwk", NOW);
    assert_eq!(
        reason(erase().check_with(&fresh, other, NOW)),
        Some(StepUpReason::Session)
    );
    let alone = scoped("docs:erase");
    let proof = StepUpProof::new("", "user-7", "hwk", NOW);
    assert_eq!(
        reason(erase().check_with(&alone, proof, NOW)),
        Some(StepUpReason::Session)
    );
}

#[test]
fn a_step_up_is_asked_of_those_who_may() {
    let token = with(r#"{"scope":"docs:read"}"#);
    assert_eq!(outcome(&erase(), &token), "jwt_permission_missing");
    let proof = StepUpProof::new("s-1", "user-7", "hwk", NOW);
    let refused = erase().check_with(&token, proof, NOW).err().unwrap();
    assert_eq!(refused.code().name, "jwt_permission_missing");
}

#[test]
fn a_step_up_tells_the_client_what_is_enough() {
    let refused = erase().check(&scoped("docs:erase"), NOW).err().unwrap();
    assert_eq!(
        (refused.code().http, refused.code().public),
        (401, "mfa_required")
    );
    let RequirementError::MfaRequired { step_up, .. } = &refused else {
        unreachable!("{refused}")
    };
    assert_eq!(
        step_up.challenge(),
        r#"Bearer error="insufficient_user_authentication", acr_values="urn:high", amr_values="otp hwk", max_age="300""#
    );
    assert_eq!(
        StepUp::by_method(Span::from_seconds(1), ["otp"])
            .unwrap()
            .challenge(),
        r#"Bearer error="insufficient_user_authentication", amr_values="otp", max_age="1""#
    );
    assert!(
        refused
            .to_string()
            .ends_with("(auth_time, within 300 s, amr otp, amr hwk, acr urn:high)"),
        "{refused}"
    );
    let event = refused.event(NOW).to_string();
    assert!(
        event.contains(r#""reason":"auth_time","max_age":300"#),
        "{event}"
    );
}

#[test]
fn a_step_up_has_bounds() {
    let minute = Span::from_minutes(1);
    let made = [
        StepUp::by_method(minute, []),
        StepUp::at_level(minute, []),
        StepUp::by_method(minute, ["otp"]).unwrap().or_at_level([]),
        StepUp::by_method(minute, ["a"; 17]),
        StepUp::by_method(minute, ["a"; 16])
            .unwrap()
            .or_at_level(["b"]),
        StepUp::by_method(Span::from_millis(999), ["otp"]),
        StepUp::by_method(Span::from_seconds(86_401), ["otp"]),
        StepUp::at_level(minute, ["a b"]),
        StepUp::at_level(minute, ["a\"b"]),
        StepUp::at_level(minute, ["a\r\nSet-Cookie:"]),
        StepUp::at_level(minute, [""]),
    ];
    for made in made {
        assert_eq!(made.unwrap_err().code().name, "jwt_setup_step_up");
    }
    assert!(StepUp::by_method(Span::from_minutes(24 * 60), ["a"; 16]).is_ok());
}

fn word() -> impl Strategy<Value = String> {
    "[ab](:[ab]){0,3}"
}

fn grant() -> impl Strategy<Value = String> {
    prop_oneof![word(), "[ab](:[ab]){0,2}:(\\*|\\*\\*|\\*\\{[2-7]\\})"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn p02_a_further_grant_takes_nothing_away(
        needed in prop::collection::vec(word(), 1..4),
        granted in prop::collection::vec(grant(), 1..4),
        more in grant(),
    ) {
        let names = || needed.iter().map(String::as_str);
        let (all, any) = (Requirement::all(names()).unwrap(), Requirement::any(names()).unwrap());
        let scope = granted.join(" ");
        let (few, many) = (scoped(&scope), scoped(&format!("{scope} {more}")));
        let is = |requirement: &Requirement, token| outcome(requirement, token) == "authorized";
        prop_assert!(!is(&all, &few) || is(&any, &few));
        prop_assert!(!is(&all, &few) || is(&all, &many));
        prop_assert!(!is(&any, &few) || is(&any, &many));
        let each = names().filter(|name| is(&Requirement::all([*name]).unwrap(), &few)).count();
        prop_assert_eq!(is(&all, &few), each == needed.len());
        prop_assert_eq!(is(&any, &few), each > 0);
    }

    #[test]
    fn whatever_a_scope_says_it_is_read_or_refused(scope in "\\PC{0,40}") {
        let read = Requirement::all(["docs:read"]).unwrap();
        let is_well_formed = scope.is_empty() || scope.split(' ').all(|text| Grant::parse(text).is_ok());
        prop_assert_eq!(outcome(&read, &scoped(&scope)) == "jwt_grants", !is_well_formed);
    }
}

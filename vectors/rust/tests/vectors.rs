//! The checked-in vectors: every case as expected, every code shown, nothing left stale.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeSet;
use std::path::PathBuf;

use counterseal::core::{Blame, Code, Refusal, Time};
use counterseal::jwt::{
    FetchError, FetchSetupError, JwtError, JwtSetupError, OidcError, OidcSetupError,
    RequirementError, RequirementSetupError, RingError, RingSetupError, StandingError,
    StandingWriteError, TokenCheck, inspect,
};
use counterseal::request::KeyRecordError;
use counterseal_vectors::{
    Case, CaseError, File, Verdict, difference, explain_token, from_wire, generate, run, run_again,
    run_in_pieces,
};
use serde_json::Value;

/// Every checked-in file and its path.
fn files() -> Vec<(PathBuf, File)> {
    let entries = generate::ROOMS.map(|room| generate::directory(room).read_dir().unwrap());
    let entries = entries.into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let file = |path: PathBuf| {
        let file = File::read(&path).unwrap();
        (path, file)
    };
    paths.into_iter().map(file).collect()
}

fn cases(op: &str) -> Vec<Case> {
    let files = files().into_iter().filter(|(_, file)| file.op == op);
    files.flat_map(|(_, file)| file.cases).collect()
}

fn cases_of(room: &str, op: &str) -> Vec<Case> {
    let files = files().into_iter();
    let files = files.filter(|(_, file)| file.room == room && file.op == op);
    files.flat_map(|(_, file)| file.cases).collect()
}

fn count(op: &str, of: impl Fn(&Case) -> bool) -> usize {
    cases(op).iter().filter(|case| of(case)).count()
}

#[test]
fn every_case_comes_out_as_it_says() {
    for (name, file) in files() {
        for case in &file.cases {
            let seen = run(&file.room, &file.op, case).unwrap();
            assert_eq!(
                difference(case, &seen),
                None,
                "{}: {}",
                name.display(),
                case.id
            );
        }
    }
}

#[test]
fn content_in_pieces_changes_no_verdict() {
    let mut compared = 0;
    for (name, file) in files() {
        for case in &file.cases {
            let seen = run_in_pieces(&file.room, &file.op, case).unwrap();
            let differs = seen.as_ref().and_then(|seen| difference(case, seen));
            assert_eq!(differs, None, "{}: {}", name.display(), case.id);
            compared += usize::from(seen.is_some());
        }
    }
    assert!(compared > 300, "only {compared} requests");
}

#[test]
fn o16_a_token_that_comes_again_has_the_same_verdict() {
    let mut compared = 0;
    for (name, file) in files() {
        for case in &file.cases {
            let seen = run_again(&file.room, &file.op, case).unwrap();
            let differs = seen.as_ref().and_then(|seen| difference(case, seen));
            assert_eq!(differs, None, "{}: {}", name.display(), case.id);
            compared += usize::from(seen.is_some());
        }
    }
    assert!(compared > 400, "only {compared} tokens");
}

#[test]
fn what_is_checked_in_is_what_would_be_written() {
    assert_eq!(generate::stale().unwrap(), Vec::<String>::new());
}

#[test]
fn no_two_cases_have_one_id() {
    let mut seen = BTreeSet::new();
    for (name, file) in files() {
        for case in file.cases {
            let id = (file.room.clone(), case.id);
            assert!(seen.insert(id.clone()), "{}: {}", name.display(), id.1);
        }
    }
}

#[test]
fn every_flag_has_a_note_and_every_note_a_case() {
    for (name, file) in files() {
        let used: BTreeSet<_> = file.cases.iter().flat_map(|case| &case.flags).collect();
        assert_eq!(used, file.notes.keys().collect(), "{}", name.display());
        assert!(
            file.cases.iter().all(|case| !case.flags.is_empty()),
            "{}",
            name.display()
        );
    }
}

#[test]
fn every_code_of_a_room_is_shown() {
    let mut shown = BTreeSet::new();
    for case in files().into_iter().flat_map(|(_, file)| file.cases) {
        let steps = case.expect.output["steps"].as_array();
        let codes = steps.into_iter().flatten().map(|step| &step["code"]);
        shown.extend(codes.filter_map(Value::as_str).map(str::to_owned));
        shown.extend(case.expect.code);
    }
    // Those of stored keys need rows, and are shown by the store's tests.
    let records = |code| KeyRecordError::CODES.contains(code);
    let rooms = [
        counterseal::limit::CODES,
        counterseal::request::CODES,
        counterseal::request::ResponseError::CODES,
    ]
    .into_iter()
    .chain(counterseal::webhook::CODES.iter().copied())
    .chain([JwtError::CODES, JwtSetupError::CODES])
    .chain([RequirementError::CODES, RequirementSetupError::CODES])
    .chain([StandingError::CODES, StandingWriteError::CODES])
    .chain([FetchError::CODES, FetchSetupError::CODES])
    .chain([OidcError::CODES, OidcSetupError::CODES])
    .chain([RingError::CODES, RingSetupError::CODES]);
    // No library that is at hand fails to sign; grants are read from tokens, where a malformed one is `jwt_grants`; racers,
    // versions at their end, lists of issuers, damaged rows and what a host knows are those of the room's own tests.
    let never = [
        JwtSetupError::NotSigned.code(),
        RequirementSetupError::Grant.code(),
        StandingWriteError::Contended.code(),
        StandingWriteError::Exhausted.code(),
        FetchSetupError::Issuers.code(),
        RingError::Broken.code(),
        RingError::Contended.code(),
        RingError::Known.code(),
        RingError::Private.code(),
        RingError::Stale {
            read: Time::EPOCH,
            now: Time::EPOCH,
        }
        .code(),
    ];
    let never = |code: &Code| never.contains(code);
    let missing: Vec<_> = rooms
        .into_iter()
        .flatten()
        .filter(|code| !records(code) && !never(code) && !shown.contains(code.name))
        .map(|code| (code.name, code.blame))
        .collect();
    assert_eq!(missing, Vec::<(&str, Blame)>::new());
}

#[test]
fn an_explanation_ends_where_its_verifier_does() {
    let mut refused = BTreeSet::new();
    let mut compared = 0;
    for case in cases_of("jwt", "verify") {
        let Some(explained) = explain_token(&case).unwrap() else {
            let code = case.expect.code.unwrap();
            assert!(
                !code.starts_with("jwt_") || code.starts_with("jwt_setup_"),
                "{}",
                case.id
            );
            continue;
        };
        let code = explained.refusal().map(|error| error.code().name);
        assert_eq!(code, case.expect.code.as_deref(), "{}", case.id);
        let reached = explained
            .checks()
            .filter(|check| check.compared().is_some());
        let last = reached.last().unwrap().name();
        assert_eq!(
            explained
                .refused_by()
                .map_or("binding", |check| check.name()),
            last
        );
        refused.extend(explained.refused_by().map(TokenCheck::name));
        let signature = case.input["token"]
            .as_str()
            .unwrap()
            .rsplit('.')
            .next()
            .unwrap();
        let said = explained.to_string();
        assert!(
            signature.len() < 12 || !said.contains(signature),
            "{}",
            case.id
        );
        let is_told = |line: &str| {
            ["passed ", "skipped ", "REFUSED "]
                .iter()
                .any(|word| line.starts_with(word))
        };
        assert!(said.lines().skip(1).all(is_told), "{}: {said}", case.id);
        let inspected = inspect(case.input["token"].as_str().unwrap());
        assert!(
            signature.len() < 12 || !inspected.contains(signature),
            "{}",
            case.id
        );
        assert!(
            !inspected.contains(|letter: char| letter.is_control() && letter != '\n'),
            "{}",
            case.id
        );
        compared += 1;
    }
    assert!(compared > 540, "only {compared} tokens");
    // Each check has cases that end in it.
    assert_eq!(refused.len(), 18, "{refused:?}");
}

#[test]
fn there_are_enough_cases_of_each_sort() {
    let refused = |case: &Case| case.expect.verdict == Verdict::Reject;
    let single = |case: &Case| refused(case) && !case.flags.contains(&"Order".into());
    assert!(count("verify", single) >= 110);
    assert!(count("verify", |case| !refused(case)) >= 50);
    let raw = |case: &Case| case.raw.is_some();
    assert!(count("verify", |case| raw(case) && refused(case)) >= 20);
    assert!(count("verify", |case| raw(case) && !refused(case)) >= 10);
    assert!(count("address", |_| true) >= 50);
    assert!(count("mint", refused) >= 15 && count("mint", |case| !refused(case)) >= 30);
    assert!(count("keys", refused) >= 80 && count("bearer", refused) >= 15);
    let tokens = cases_of("jwt", "verify");
    assert!(tokens.iter().filter(|case| single(case)).count() >= 350);
    assert!(tokens.iter().filter(|case| !refused(case)).count() >= 70);
    assert!(count("require", refused) >= 120);
    assert!(count("require", |case| !refused(case)) >= 50);
    assert!(count("stand", refused) >= 20 && count("standing", |_| true) >= 40);
    assert!(count("cached", |_| true) >= 20);
    assert!(count("oidc", refused) >= 130 && count("oidc", |case| !refused(case)) >= 40);
    assert!(count("fetch", |_| true) >= 170);
    assert!(count("admit", refused) >= 15 && count("admit", |case| !refused(case)) >= 30);
}

#[test]
fn every_id_is_of_lower_case_words() {
    for case in files().into_iter().flat_map(|(_, file)| file.cases) {
        let word = |word: &str| {
            let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !word.is_empty() && word.bytes().all(fine)
        };
        assert!(case.id.split('-').all(word), "{}", case.id);
    }
}

#[test]
fn the_schema_names_the_members_and_operations_that_there_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/vectors-1.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let names = |object: &Value| -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    };
    let (_, file) = files()
        .into_iter()
        .find(|(name, _)| name.ends_with("sockets.json"))
        .unwrap();
    let text = |list: &Value| -> BTreeSet<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item.as_str().unwrap().into())
            .collect()
    };
    assert_eq!(
        names(&schema["properties"]),
        names(&serde_json::to_value(&file).unwrap())
    );
    let optional = BTreeSet::from(["raw".into(), "sockets".into()]);
    let case = &schema["$defs"]["case"];
    assert_eq!(
        &names(&case["properties"]) - &text(&case["required"]),
        optional
    );
    let ops = files().into_iter().map(|(_, file)| file.op).collect();
    assert_eq!(text(&schema["properties"]["op"]["enum"]), ops);
    let rooms = files().into_iter().map(|(_, file)| file.room).collect();
    assert_eq!(text(&schema["properties"]["room"]["enum"]), rooms);
    let unknown = Case {
        policy: None,
        input: Value::Null,
        ..file.cases[0].clone()
    };
    for (_, File { room, op, .. }) in files() {
        let refused = run(&room, &op, &unknown).err();
        assert!(!matches!(refused, Some(CaseError::Unknown)), "{op}");
    }
}

#[test]
fn no_file_is_larger_than_300_kb() {
    for (name, _) in files() {
        let size = name.metadata().unwrap().len();
        assert!(size < 300_000, "{}: {size}", name.display());
    }
}

#[test]
fn a_raw_message_is_the_request_that_stands_beside_it() {
    for case in cases("verify") {
        let Some(raw) = &case.raw else { continue };
        let read = from_wire(&raw.0).unwrap();
        assert_eq!(
            serde_json::to_value(read).unwrap(),
            case.input,
            "{}",
            case.id
        );
    }
}

/// The claims of all cases whose id begins so.
fn claims(prefix: &str) -> Vec<Value> {
    let cases = cases("verify")
        .into_iter()
        .filter(|case| case.id.starts_with(prefix));
    cases
        .map(|case| case.expect.output["claim"]["key"].clone())
        .collect()
}

#[test]
fn h18_h19_h20_h21_a_claim_is_that_of_key_time_and_nonce() {
    let same = claims("h21-same-claim-");
    assert_eq!(same.len(), 3);
    assert!(
        same.iter()
            .all(|claim| claim.is_string() && *claim == same[0])
    );
    let mut all = vec![same[0].clone()];
    for prefix in ["h18-another-nonce", "h19-same-nonce", "h20-same-nonce"] {
        all.extend(claims(prefix));
    }
    let different: BTreeSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!((all.len(), different.len()), (4, 4));
}

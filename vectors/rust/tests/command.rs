//! The command: what it prints, and that no file can make it panic.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::PathBuf;
use std::process::{Command, Output};

fn vectors(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vectors"))
        .args(words)
        .output()
        .unwrap()
}

/// A file of this text, in a directory of the test's own.
fn written(name: &str, text: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn file_of(op: &str, case: &str) -> String {
    format!(
        r#"{{"schema":"counterseal/vectors/1","room":"request","op":"{op}","notes":{{}},"cases":[{case}]}}"#
    )
}

fn case_of(policy: &str, input: &str, keys: &str) -> String {
    format!(
        r#"{{"id":"a","flags":[],"policy":{policy},"now":0,"seed":"","keys":{keys},"input":{input},"replies":[],
        "expect":{{"verdict":"accept","code":null,"public":null,"output":{{}}}}}}"#
    )
}

#[test]
fn a_run_prints_one_observation_for_each_case() {
    let text = file_of("keys", &case_of("null", "{}", "[]"));
    let ran = vectors(&[
        "run",
        written("keys.json", text.as_bytes()).to_str().unwrap(),
    ]);
    assert!(ran.status.success());
    let line: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(line["id"], "a");
    assert_eq!(line["lang"], "rust");
    assert_eq!(line["verdict"], "accept");
    assert_eq!(line["code"], serde_json::Value::Null);
    assert_eq!(line["output"]["ids"], serde_json::json!([]));
    assert_eq!(line["asked"], 0);
}

#[test]
fn a_check_exits_with_1_and_names_the_case_when_anything_differs() {
    let text = file_of("keys", &case_of("null", "{}", "[]"));
    let checked = vectors(&[
        "check",
        written("differs.json", text.as_bytes()).to_str().unwrap(),
    ]);
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8(checked.stderr).unwrap();
    assert!(said.contains("differs.json: a: output"), "{said}");
}

#[test]
fn the_checked_in_vectors_pass_the_check() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../request");
    assert!(vectors(&["check", directory]).status.success());
}

#[test]
fn what_cannot_be_run_ends_with_2_and_one_line() {
    let nothing = case_of("null", "{}", "[]");
    let policy = r#"{"authorities":["a"]}"#;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let texts = [
        String::new(),
        "{".into(),
        "null".into(),
        "[]".into(),
        deep.clone(),
        "\u{feff}{}".into(),
        file_of("fly", &nothing),
        file_of("keys", &nothing).replace("\"request\"", "\"nobody\""),
        file_of("keys", &nothing).replace("vectors/1", "vectors/2"),
        file_of("keys", &nothing).replace("\"id\"", "\"name\""),
        file_of("keys", &nothing).replace("\"now\":0", "\"now\":1e400"),
        file_of("keys", &nothing).replace("\"seed\":\"\"", "\"seed\":\"0\""),
        file_of("keys", &case_of("null", "{\"x\":1}", "[]")),
        file_of("keys", &case_of("null", &deep, "[]")),
        file_of("key", &nothing),
        file_of("verify", &nothing),
        file_of("verify", &case_of("null", r#"{"method":"\u0100"}"#, "[]")),
        file_of("sign", &case_of(policy, "{}", "[]")),
        file_of("policy", &case_of("null", "{\"text\":1}", "[]")),
    ];
    for (number, text) in texts.iter().enumerate() {
        let path = written(&format!("bad-{number}.json"), text.as_bytes());
        let ran = vectors(&["run", path.to_str().unwrap()]);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{text}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    for words in [
        &["run"][..],
        &["run", "/nowhere/at-all.json"],
        &["fly"],
        &[],
    ] {
        assert_eq!(vectors(words).status.code(), Some(2));
    }
}

#[test]
fn extreme_values_are_judged_and_not_fatal() {
    let request = r#"{"method":"","scheme":"https","authority":"","path":"","query":"","headers":[],"body":""}"#;
    let key = r#"[{"id":"\ud83d\ude00","secret":"","since":-9223372036854775808,"until":9223372036854775807}]"#;
    for now in ["-9223372036854775808", "9223372036854775807"] {
        let case = case_of("{}", request, key).replace("\"now\":0", &format!("\"now\":{now}"));
        let path = written("extreme.json", file_of("verify", &case).as_bytes());
        assert!(vectors(&["run", path.to_str().unwrap()]).status.success());
    }
}

//! `cargo xtask vectors` on files outside of the project: what it prints and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A directory outside of the project's vectors, removed when it is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&place).expect("a directory");
        Place(place)
    }

    /// Writes a file there and says where it is.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A place that stays behind harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs it for Rust alone, which needs nothing but cargo.
fn vectors(path: &str) -> Output {
    let xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["vectors", "--lang", "rust", "--json", "--path", path])
        .output();
    xtask.expect("xtask runs")
}

fn window() -> String {
    fs::read_to_string(Path::new(ROOT).join("vectors/request/window.json")).expect("vectors")
}

fn count(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).expect("JSON");
    file["cases"].as_array().expect("a list").len()
}

#[test]
fn a_file_outside_gives_one_line_for_each_case() {
    let place = Place::new("one-line");
    let path = place.file("window.json", &window());
    let output = vectors(&path);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), count(&window()));
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(
            (&line["file"], &line["lang"]),
            (&path.as_str().into(), &"rust".into())
        );
        let is_accepted = line["verdict"] == "accept";
        assert_eq!(line["code"].is_null(), is_accepted, "{line}");
        assert!(is_accepted || line["verdict"] == "reject", "{line}");
    }
}

#[test]
fn a_directory_is_searched_and_other_json_in_it_is_left_alone() {
    let place = Place::new("directory");
    place.file("window.json", &window());
    place.file("codes.json", r#"{"schema": "counterseal/codes/1"}"#);
    let output = vectors(&place.0.display().to_string());
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), count(&window()));
}

#[test]
fn a_case_that_expects_something_else_ends_with_1() {
    let place = Place::new("other");
    let other = window().replace("request_expired", "request_replayed");
    let output = vectors(&place.file("window.json", &other));
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(
        text.contains(r#"expected "request_replayed", got "request_expired""#),
        "{text}"
    );
}

#[test]
fn what_is_no_file_of_vectors_ends_with_2() {
    let place = Place::new("none");
    let other = window().replace("\"op\": \"verify\"", "\"op\": \"dance\"");
    for path in [
        place.file("codes.json", r#"{"schema": "counterseal/codes/1"}"#),
        place.file("text.json", "no JSON"),
        place.file("dance.json", &other),
        place.0.join("nowhere.json").display().to_string(),
    ] {
        assert_eq!(vectors(&path).status.code(), Some(2), "{path}");
    }
}

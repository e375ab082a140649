//! Pure crates are `no_std` and have no `unsafe`; the rest has it in two files.

use crate::project::{read, texts};

/// Crates without clock, file, socket, thread or environment. `probe-nostd` builds them without std.
pub(crate) const PURE: [&str; 10] = [
    "core",
    "counterseal",
    "jwt",
    "limit",
    "refresh",
    "replay",
    "request",
    "store",
    "ttl",
    "webhook",
];

#[test]
fn pure_crates_say_that_they_are() {
    for name in PURE {
        let text = read(&format!("crates/{name}/src/lib.rs"));
        for line in ["#![no_std]", "#![forbid(unsafe_code)]"] {
            assert!(text.lines().any(|other| other == line), "{name}: {line}");
        }
    }
}

#[test]
fn no_pure_crate_brings_std_back() {
    for name in PURE {
        for file in texts(&format!("crates/{name}/src"), &[".rs"]) {
            assert!(!file.text.contains("extern crate std"), "{}", file.path);
        }
    }
}

#[test]
fn every_pure_crate_is_in_the_probe() {
    let probe = read("probe-nostd/src/lib.rs");
    for name in PURE {
        let name = if name == "counterseal" {
            name.into()
        } else {
            format!("counterseal_{name}")
        };
        let is_named = |word: &str| word == name;
        let mut words =
            probe.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        assert!(words.any(is_named), "{name}");
    }
}

/// What ships, and the programs that check it. A bench may ask the processor for more.
const CHECKED: [&str; 6] = ["bindings", "crates", "fuzz", "proofs", "vectors", "xtask"];

#[test]
fn unsafe_stands_in_two_files() {
    let files = CHECKED
        .iter()
        .flat_map(|directory| texts(directory, &[".rs"]));
    let files = files.filter(|file| file.text.lines().any(|line| says_unsafe(&code(line))));
    let found: Vec<_> = files.map(|file| file.path).collect();
    // What ships, and a program that valgrind watches.
    assert_eq!(
        found,
        ["crates/shm/src/map.rs", "proofs/memcheck/src/poison.rs"]
    );
}

#[test]
fn words_in_texts_and_comments_are_no_unsafe() {
    assert!(says_unsafe(&code("    unsafe { read(at) } // why")));
    assert!(says_unsafe(&code("unsafe impl Send for Map {}")));
    assert!(!says_unsafe(&code(r#"    "file_unsafe", // unsafe"#)));
    assert!(!says_unsafe(&code("#![forbid(unsafe_code)]")));
}

/// A line without its comment and its texts, as far as one line shows them.
fn code(line: &str) -> String {
    let line = line.split("//").next().unwrap_or_default();
    line.split('"').step_by(2).collect()
}

fn says_unsafe(code: &str) -> bool {
    let mut words = code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.any(|word| word == "unsafe")
}

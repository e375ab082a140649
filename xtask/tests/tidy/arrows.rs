//! Which crate may import which: the drawing in `docs/architecture.md`, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::project::root;

/// A crate, what it imports, and what its tests import besides.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CORE: &str = "counterseal-core";
const LIMIT: &str = "counterseal-limit";
const AWS_LC: &str = "counterseal-crypto-aws-lc";
const RING: &str = "counterseal-crypto-ring";
const RUSTCRYPTO: &str = "counterseal-crypto-rustcrypto";
const JWT: &str = "counterseal-jwt";
const MEMORY: &str = "counterseal-memory";
const POSTGRES: &str = "counterseal-postgres";
const REDIS: &str = "counterseal-redis";
const REFRESH: &str = "counterseal-refresh";
const REPLAY: &str = "counterseal-replay";
const REQUEST: &str = "counterseal-request";
const SERVERS: &str = "counterseal-servers";
const SHM: &str = "counterseal-shm";
const SQLITE: &str = "counterseal-sqlite";
const STORE: &str = "counterseal-store";
const TESTKIT: &str = "counterseal-testkit";
const TTL: &str = "counterseal-ttl";
const WEBHOOK: &str = "counterseal-webhook";

/// The crates that ship, and the bindings. The arrows are exactly these.
const ARROWS: &[Row] = &[
    (CORE, &[], &[]),
    // Rooms decide. They import core, and no other room.
    (LIMIT, &[CORE], &[MEMORY, REPLAY, TESTKIT]),
    (JWT, &[CORE], &[MEMORY, RING, RUSTCRYPTO, TESTKIT]),
    (
        REFRESH,
        &[CORE],
        &[MEMORY, REPLAY, SERVERS, SQLITE, STORE, TESTKIT],
    ),
    (REQUEST, &[CORE], &[]),
    (TTL, &[CORE], &[]),
    (WEBHOOK, &[CORE], &[REPLAY]),
    // Backends run. They import no room.
    (REPLAY, &[CORE], &[TESTKIT]),
    (SHM, &[CORE, REPLAY], &[TESTKIT]),
    (STORE, &[CORE], &[REPLAY, SERVERS, TESTKIT]),
    (MEMORY, &[CORE, REPLAY], &[TESTKIT]),
    (SQLITE, &[CORE, REPLAY, STORE], &[TESTKIT]),
    (POSTGRES, &[CORE, REPLAY, STORE], &[SERVERS, TESTKIT]),
    (REDIS, &[CORE, REPLAY, STORE], &[SERVERS, TESTKIT]),
    (AWS_LC, &[CORE], &[TESTKIT]),
    (RING, &[CORE], &[TESTKIT]),
    (RUSTCRYPTO, &[CORE], &[TESTKIT]),
    (TESTKIT, &[CORE, REPLAY], &[]),
    // Faces. Only `shared` imports the facade and the backends that it ships; the languages import only `shared`.
    (
        "counterseal",
        &[
            CORE, JWT, LIMIT, REFRESH, REPLAY, REQUEST, STORE, TTL, WEBHOOK,
        ],
        &[],
    ),
    (
        "counterseal-shared",
        &["counterseal", AWS_LC, MEMORY, SHM, SQLITE],
        &[],
    ),
    ("counterseal-python", &["counterseal-shared"], &[]),
    ("counterseal-node", &["counterseal-shared"], &[]),
];

/// What is not shipped may import anything, and nothing imports it.
const TOOLS: &[&str] = &[
    "counterseal-beside",
    "counterseal-memcheck",
    "counterseal-servers",
    "counterseal-proofs",
    "counterseal-vectors",
    "xtask",
];

#[test]
fn crates_import_each_other_exactly_as_the_table_says() {
    let mut imports = imports();
    imports.retain(|name, _| !TOOLS.contains(&name.as_str()));
    let table = ARROWS.iter().map(|(name, normal, tests)| {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        ((*name).to_owned(), (set(normal), set(tests)))
    });
    assert_eq!(imports, table.collect());
}

#[test]
fn each_directory_of_crates_is_named_after_its_crate() {
    for package in packages() {
        let path = text(&package, "manifest_path");
        let crates = root().join("crates");
        let Ok(path) = Path::new(&path).strip_prefix(crates) else {
            continue;
        };
        let directory = path.parent().expect("a directory of crates");
        let name = text(&package, "name");
        let short = name.strip_prefix("counterseal-").unwrap_or(&name);
        assert_eq!(directory, Path::new(short));
    }
}

/// More than this would be a tree that nobody looks through (all of them without std).
const PURE_TREE: usize = 60;

#[test]
fn the_pure_crates_have_a_small_tree() {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--prefix=none",
        "--edges=normal",
        "--format={p}",
        "--package=counterseal",
        "--all-features",
    ]);
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    assert!(crates.len() > 10, "the tree was not read: {tree}");
    assert!(
        crates.len() <= PURE_TREE,
        "{} crates: {crates:#?}",
        crates.len()
    );
}

type Imports = (BTreeSet<String>, BTreeSet<String>);

/// What each member imports of the others: always, and for tests only.
fn imports() -> BTreeMap<String, Imports> {
    let packages = packages();
    packages
        .iter()
        .map(|package| (text(package, "name"), imports_of(package)))
        .collect()
}

fn imports_of(package: &Value) -> Imports {
    let (mut always, mut tests) = (BTreeSet::new(), BTreeSet::new());
    for dependency in package["dependencies"].as_array().expect("a list") {
        if dependency["path"].is_null() {
            continue;
        }
        let kind = dependency["kind"].as_str();
        let set = if kind == Some("dev") {
            &mut tests
        } else {
            &mut always
        };
        set.insert(text(dependency, "name"));
    }
    (always, tests)
}

fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--locked", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"].as_array().expect("a list").clone()
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new("cargo")
        .args(args)
        .current_dir(root())
        .output();
    let output = output.expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect("a text").to_owned()
}

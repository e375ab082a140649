//! Processes that open one database at once and claim the same keys.

mod common;

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{open, raw};
use counterseal_core::{Claimed, Run};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{NOW, Scratch};

#[test]
fn h18_of_four_processes_exactly_one_is_first() {
    let scratch = Scratch::new();
    for round in 0..ROUNDS {
        let path = scratch.file(&format!("{round}.db"));
        let racers: Vec<Child> = (0..PROCESSES).map(|_| start(&path)).collect();
        let firsts: Vec<u64> = racers.into_iter().map(firsts_of).collect();
        assert_eq!(firsts.iter().sum::<u64>(), NONCES, "{firsts:?}");
        let after = open(&path);
        for nonce in 0..NONCES {
            assert_eq!(after.run(claim(nonce, NOW, nonce)), Ok(Claimed::Held));
        }
    }
}

#[test]
fn what_a_killed_process_claimed_is_held() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let claims = open(&path);
    let (mut racer, raw) = (start(&path), raw(&path));
    let count = || -> i64 {
        let count = "SELECT count(*) FROM counterseal_claim";
        raw.query_row(count, [], |row| row.get(0)).unwrap()
    };
    while count() == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    racer.kill().expect("a process to kill");
    racer.wait().expect("a process that ends");
    let mut fresh = 0;
    for nonce in 0..NONCES {
        fresh += u64::from(claims.run(claim(nonce, NOW, nonce)) == Ok(Claimed::Fresh));
        assert_eq!(claims.run(claim(nonce, NOW, nonce)), Ok(Claimed::Held));
    }
    assert!(fresh < NONCES);
}

/// The program of a racing process: claims every key once, and prints how many it was the first for.
#[test]
#[ignore = "started by the tests above"]
#[allow(clippy::print_stdout)]
fn racer() {
    let path = env::var_os(PATH).expect("the path of the database");
    let store = open(Path::new(&path));
    let first = |nonce: &u64| {
        let answer = store.run(claim(*nonce, NOW, *nonce));
        answer.expect("a store that answers") == Claimed::Fresh
    };
    println!("first {}", (0..NONCES).filter(first).count());
}

fn start(path: &Path) -> Child {
    let this = env::current_exe().expect("the path of this program");
    let mut racer = Command::new(this);
    racer.args(["--ignored", "--exact", "racer", "--nocapture"]);
    racer.env(PATH, path).stdout(Stdio::piped());
    racer.spawn().expect("a second process")
}

fn firsts_of(racer: Child) -> u64 {
    let output = racer.wait_with_output().expect("a process that ends");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let firsts = text.lines().find_map(|line| line.strip_prefix("first "));
    firsts.expect("a count").parse().expect("a number")
}

const NONCES: u64 = 300;
const PATH: &str = "COUNTERSEAL_TEST_DATABASE";
const PROCESSES: usize = 4;
const ROUNDS: usize = 5;

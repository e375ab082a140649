//! The epoch: from when on a database knows, over restarts, crashes and copies.

mod common;

use std::fs;

use common::{open, open_at, raw};
use counterseal_core::{Claim, Claimed, Run, Span, Time};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{NOW, SPACES, Scratch, WINDOW};

const LATER: Time = NOW.plus(Span::from_minutes(10));

/// A use under a key that is older than the database.
fn old_key(born: Time, nonce: u64) -> Claim {
    let since = NOW.minus(Span::from_minutes(60));
    Claim {
        since,
        ..claim(1, born, nonce)
    }
}

#[test]
fn a_restart_remembers_and_keeps_its_floor() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    assert_eq!(open(&path).run(claim(1, LATER, 0)), Ok(Claimed::Fresh));
    let again = open_at(&path, LATER);
    assert_eq!(again.run(claim(1, LATER, 0)), Ok(Claimed::Held));
    assert_eq!(again.run(old_key(LATER, 1)), Ok(Claimed::Fresh));
}

#[test]
fn h25_another_boot_of_the_host_raises_the_floor() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    drop(open(&path));
    let boot = "UPDATE counterseal_epoch SET boot = 'another' || boot";
    raw(&path).execute_batch(boot).unwrap();
    let again = open_at(&path, LATER);
    let floor = LATER.plus(WINDOW.future).plus(Span::from_seconds(5));
    assert_eq!(again.run(old_key(LATER, 0)), Ok(Claimed::Stale));
    assert_eq!(
        again.run(claim(1, floor, 1)),
        Ok(Claimed::Stale),
        "made before the crash"
    );
    assert_eq!(
        again.run(old_key(floor.plus(Span::from_millis(1)), 2)),
        Ok(Claimed::Fresh)
    );
}

#[test]
fn h25_a_copy_that_takes_the_place_of_the_file_begins_anew() {
    let scratch = Scratch::new();
    let (path, backup) = (scratch.file("store.db"), scratch.file("backup.db"));
    drop(open(&path));
    fs::copy(&path, &backup).unwrap();
    let used = old_key(LATER, 0);
    assert_eq!(open(&path).run(used), Ok(Claimed::Fresh));
    fs::rename(&backup, &path).unwrap();
    assert_eq!(open_at(&path, LATER).run(used), Ok(Claimed::Stale));
}

#[test]
fn a_database_whose_epoch_was_deleted_refuses_until_it_is_opened() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let store = open(&path);
    let raw = raw(&path);
    raw.execute_batch("DELETE FROM counterseal_epoch").unwrap();
    assert_eq!(store.run(claim(1, NOW, 0)), Ok(Claimed::Stale));
    let again = open_at(&path, LATER);
    assert_eq!(again.run(old_key(LATER, 0)), Ok(Claimed::Stale));
    assert_eq!(
        store.run(Claim {
            since: LATER,
            ..claim(1, LATER, 1)
        }),
        Ok(Claimed::Fresh)
    );
}

#[test]
fn a_hand_that_deletes_claims_raises_the_floor() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let store = open(&path);
    let (first, second) = (
        claim(1, NOW, 0),
        claim(1, NOW.plus(Span::from_seconds(9)), 0),
    );
    for used in [first, second] {
        assert_eq!(store.run(used), Ok(Claimed::Fresh));
    }
    raw(&path)
        .execute_batch("DELETE FROM counterseal_claim")
        .unwrap();
    for used in [first, second] {
        assert_eq!(store.run(used), Ok(Claimed::Stale));
    }
    let other = Claim {
        space: SPACES[1],
        ..first
    };
    assert_eq!(
        store.run(other),
        Ok(Claimed::Fresh),
        "the other space forgot nothing"
    );
}

#[test]
fn old_claims_leave_while_new_ones_come() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let store = open(&path);
    let mut most = 0;
    for nonce in 0..4_000 {
        let born = NOW.plus(Span::from_millis(500 * i64::try_from(nonce).unwrap()));
        assert_eq!(store.run(claim(nonce, born, nonce)), Ok(Claimed::Fresh));
        most = most.max(claims(&path, nonce));
    }
    assert!(
        (240..=240 + 128).contains(&most),
        "{most} claims of two minutes"
    );
}

/// How many claims there are, now and then.
fn claims(path: &std::path::Path, nonce: u64) -> i64 {
    if !nonce.is_multiple_of(63) {
        return 0;
    }
    let count = "SELECT count(*) FROM counterseal_claim";
    let count = raw(path).query_row(count, [], |row| row.get(0));
    count.expect("a count")
}

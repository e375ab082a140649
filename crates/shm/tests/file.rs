//! The file: who may have it, what becomes of one that is deleted, copied or replaced.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use counterseal_core::{Claim, Claimed, Refusal, Run, Seed, Span, Time, Unavailable};
use counterseal_replay::{Shape, Window};
use counterseal_shm::{SharedRing, ShmError};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{NOW, Scratch, WINDOW, race};
use rustix::fs::{FlockOperation, flock};

const LATER: Time = NOW.plus(Span::from_minutes(10));

/// Longer than it takes to make a file.
const MAKING: Span = Span::from_seconds(60);

fn place(scratch: &Scratch) -> PathBuf {
    scratch.path().join("private").join("ring")
}

fn try_open(path: &Path, shape: Shape, window: Window, now: Time) -> Result<SharedRing, ShmError> {
    SharedRing::open(path, shape, window, now, &Seed::new([7; 16]))
}

fn open(path: &Path, now: Time) -> SharedRing {
    try_open(path, Shape::for_rate(100), WINDOW, now).expect("a ring")
}

fn refusal(path: &Path) -> &'static str {
    let refused = try_open(path, Shape::for_rate(100), WINDOW, NOW);
    refused.expect_err("refused").code().name
}

fn write_at(path: &Path, at: u64, byte: u8) {
    let file = fs::OpenOptions::new().write(true).open(path);
    let wrote = file.and_then(|file| file.write_all_at(&[byte], at));
    wrote.expect("a byte of the file");
}

/// A use under a key that is older than any of these files.
fn old_key(born: Time, nonce: u64) -> Claim {
    let since = NOW.minus(Span::from_minutes(60));
    Claim {
        since,
        ..claim(1, born, nonce)
    }
}

#[test]
fn a_restart_remembers() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    assert_eq!(open(&path, NOW).run(old_key(LATER, 1)), Ok(Claimed::Fresh));
    let again = open(&path, LATER);
    assert_eq!(again.run(old_key(LATER, 1)), Ok(Claimed::Held));
    assert_eq!(again.run(old_key(LATER, 2)), Ok(Claimed::Fresh));
}

#[test]
fn of_many_that_open_at_once_one_makes_the_file() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let rings = race(16, |_| open(&path, NOW));
    let accepted = |ring: &&SharedRing| ring.run(claim(1, NOW, 1)) == Ok(Claimed::Fresh);
    assert_eq!(rings.iter().filter(accepted).count(), 1);
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(names.count(), 1, "nothing is left beside it");
}

#[test]
fn h25_a_deleted_file_is_followed_by_one_that_refuses_what_it_cannot_know() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let first = open(&path, NOW);
    let used = old_key(LATER, 1);
    assert_eq!(first.run(used), Ok(Claimed::Fresh));
    fs::remove_file(&path).unwrap();
    let second = open(&path, LATER);
    assert_eq!(second.run(used), Ok(Claimed::Stale));
    let floor = LATER.plus(WINDOW.future).plus(Span::from_seconds(7));
    assert!(second.floor() >= floor && second.floor() < floor.plus(MAKING));
    let above = old_key(second.floor().plus(Span::from_millis(1)), 2);
    assert_eq!(second.run(above), Ok(Claimed::Fresh));
    assert_eq!(second.run(above), Ok(Claimed::Held));
}

#[test]
fn h25_who_has_a_deleted_file_open_goes_on_with_its_successor() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let holder = open(&path, NOW);
    let young = Claim {
        since: LATER,
        ..claim(2, LATER, 1)
    };
    assert_eq!(holder.run(young), Ok(Claimed::Fresh));
    fs::remove_file(&path).unwrap();
    // A young key's claim looks at once, so there is nothing to wait for.
    assert_eq!(
        holder.run(young),
        Ok(Claimed::Stale),
        "used in the old file"
    );
    let other = open(&path, LATER);
    assert_eq!(holder.floor(), other.floor(), "both have the new file");
    let later = other.floor().plus(Span::from_seconds(1));
    let fresh = old_key(later, 3);
    assert_eq!(holder.run(fresh), Ok(Claimed::Fresh));
    assert_eq!(other.run(fresh), Ok(Claimed::Held));
}

#[test]
fn h25_a_copy_in_the_place_of_the_file_begins_anew() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let copy = path.with_extension("copy");
    drop(open(&path, NOW));
    fs::copy(&path, &copy).unwrap();
    let used = old_key(LATER, 1);
    assert_eq!(open(&path, LATER).run(used), Ok(Claimed::Fresh));
    fs::rename(&copy, &path).unwrap();
    assert_eq!(open(&path, LATER).run(used), Ok(Claimed::Stale));
}

#[test]
fn another_shape_takes_the_place_and_ends_the_old_ring_for_everyone() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let old = open(&path, NOW);
    let used = old_key(LATER, 1);
    assert_eq!(old.run(used), Ok(Claimed::Fresh));
    let new = try_open(&path, Shape::for_rate(200), WINDOW, LATER).unwrap();
    assert_eq!(new.run(used), Ok(Claimed::Stale));
    assert_eq!(
        new.began(),
        new.floor(),
        "keys made before the floor have a past"
    );
    // Whoever runs with the old shape goes on with the new one.
    assert_eq!(old.run(used), Ok(Claimed::Stale));
    let above = old_key(new.floor().plus(Span::from_seconds(1)), 2);
    assert_eq!(old.run(above), Ok(Claimed::Fresh));
    assert_eq!(new.run(above), Ok(Claimed::Held));
}

#[test]
fn a_ring_of_a_shorter_window_is_not_gone_on_with() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let old = open(&path, NOW);
    let short = Window {
        past: Span::from_seconds(30),
        ..WINDOW
    };
    let new = try_open(&path, Shape::for_rate(100), short, LATER).unwrap();
    assert_eq!(old.run(old_key(LATER, 1)), Ok(Claimed::Stale));
    assert_ne!(
        old.floor(),
        new.floor(),
        "the longer window has a ring of its own"
    );
    assert_eq!(new.run(old_key(LATER, 1)), Ok(Claimed::Stale));
}

#[test]
fn who_leaves_a_ring_ends_it_for_the_others() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let [first, second] = [open(&path, NOW), open(&path, NOW)];
    for (ring, nonce) in [(&first, 1), (&second, 2)] {
        assert_eq!(ring.run(old_key(LATER, nonce)), Ok(Claimed::Fresh));
    }
    fs::remove_file(&path).unwrap();
    let third = open(&path, LATER);
    let later = LATER.plus(Span::from_seconds(2));
    assert_eq!(first.run(old_key(later, 3)), Ok(Claimed::Stale));
    assert_eq!(first.floor(), third.floor());
    // It would not have looked yet.
    assert_eq!(second.run(old_key(LATER, 4)), Ok(Claimed::Stale));
    assert_eq!(second.floor(), third.floor());
}

#[test]
fn h25_an_older_file_that_is_put_back_is_not_gone_on_with() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let aside = path.with_extension("aside");
    let first = open(&path, NOW);
    fs::rename(&path, &aside).unwrap();
    let second = open(&path, LATER);
    let used = old_key(second.floor().plus(Span::from_seconds(1)), 1);
    assert_eq!(second.run(used), Ok(Claimed::Fresh));
    fs::rename(&aside, &path).unwrap();
    let next = old_key(used.born.plus(Span::from_seconds(1)), 2);
    assert_eq!(
        second.run(next),
        Ok(Claimed::Stale),
        "it looks, and ends the older one"
    );
    assert_eq!(first.run(used), Ok(Claimed::Stale));
    assert_eq!(second.run(used), Ok(Claimed::Stale));
}

#[test]
fn a_file_that_comes_back_is_gone_on_with() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let aside = path.with_extension("aside");
    let ring = open(&path, NOW);
    assert_eq!(ring.run(old_key(LATER, 1)), Ok(Claimed::Fresh));
    fs::rename(&path, &aside).unwrap();
    fs::rename(&aside, &path).unwrap();
    let later = LATER.plus(Span::from_seconds(2));
    assert_eq!(ring.run(old_key(later, 2)), Ok(Claimed::Fresh));
    assert_eq!(ring.run(old_key(LATER, 1)), Ok(Claimed::Held));
}

#[test]
fn a_ring_of_another_layout_is_ended_when_it_is_replaced() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let old = open(&path, NOW);
    let used = old_key(LATER, 1);
    assert_eq!(old.run(used), Ok(Claimed::Fresh));
    write_at(&path, 16, 2);
    let new = try_open(&path, Shape::for_rate(100), WINDOW, NOW).unwrap();
    assert!(
        new.floor() > LATER,
        "the first word is read in every layout"
    );
    assert_eq!(old.run(used), Ok(Claimed::Stale));
}

#[test]
fn who_runs_leaves_a_ring_of_newer_software_alone() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let old = open(&path, NOW);
    fs::remove_file(&path).unwrap();
    drop(open(&path, LATER));
    write_at(&path, 16, 2);
    assert_eq!(old.run(old_key(LATER, 1)), Err(Unavailable));
    write_at(&path, 16, 1);
}

#[test]
fn a_file_that_was_named_and_never_begun_is_replaced() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path, NOW));
    // The word that says when it began.
    for at in 0..8 {
        write_at(&path, 4_096 + 16 + at, 0);
    }
    fs::write(path.with_file_name(".ring.unfinished"), b"left behind").unwrap();
    let ring = open(&path, LATER);
    assert!(ring.began() >= LATER && ring.began() < LATER.plus(MAKING));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_directory_that_stays_locked_is_said_to_be_busy() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let ring = open(&path, NOW);
    let folder = fs::File::open(path.parent().unwrap()).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    assert_eq!(refusal(&path), "replay_file_busy");
    // Claims take no lock; without the file there is nothing to go on with.
    assert_eq!(ring.run(old_key(LATER, 1)), Ok(Claimed::Fresh));
    fs::remove_file(&path).unwrap();
    let later = LATER.plus(Span::from_seconds(2));
    assert_eq!(ring.run(old_key(later, 1)), Err(Unavailable));
}

#[test]
fn h25_another_boot_begins_anew() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let used = old_key(LATER, 1);
    assert_eq!(open(&path, NOW).run(used), Ok(Claimed::Fresh));
    let mut bytes = fs::read(&path).unwrap();
    bytes[120] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(open(&path, LATER).run(used), Ok(Claimed::Stale));
}

#[test]
fn a_file_that_others_could_reach_is_refused() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path, NOW));
    let mode = |bits| fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
    mode(0o640);
    assert_eq!(refusal(&path), "replay_file_unsafe");
    mode(0o600);
    let other = path.with_extension("other");
    fs::hard_link(&path, &other).unwrap();
    assert_eq!(refusal(&path), "replay_file_unsafe");
    fs::remove_file(&path).unwrap();
    symlink(&other, &path).unwrap();
    assert_eq!(refusal(&path), "replay_file_unsafe");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(refusal(&path), "replay_file_failed");
}

#[test]
fn a_directory_that_others_could_reach_is_refused() {
    let scratch = Scratch::new();
    let open_to_all = scratch.path().join("open");
    fs::create_dir(&open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(refusal(&open_to_all.join("ring")), "replay_folder_unsafe");
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o700)).unwrap();
    drop(open(&open_to_all.join("ring"), NOW));
    symlink(&open_to_all, scratch.path().join("link")).unwrap();
    assert_eq!(
        refusal(&scratch.path().join("link/ring")),
        "replay_file_failed"
    );
    assert_eq!(refusal(Path::new("/proc/none/ring")), "replay_file_failed");
    assert_eq!(refusal(Path::new("/")), "replay_file_failed");
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path, NOW));
    for content in [&b""[..], b"hello", &[0; 8_192]] {
        fs::write(&path, content).unwrap();
        assert_eq!(refusal(&path), "replay_file_foreign");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_truncated_ring_is_replaced_when_it_is_opened() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let used = old_key(LATER, 1);
    assert_eq!(open(&path, NOW).run(used), Ok(Claimed::Fresh));
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(8_192).unwrap();
    assert_eq!(open(&path, LATER).run(used), Ok(Claimed::Stale));
}

#[test]
fn a_window_that_the_shape_forgets_is_refused() {
    let scratch = Scratch::new();
    let shape = Shape {
        generations: 12,
        ..Shape::for_rate(100)
    };
    let refused = try_open(&place(&scratch), shape, WINDOW, NOW).expect_err("refused");
    assert_eq!(refused.code().name, "replay_retention_short");
}

//! The file: who may use it, and what happens when it goes away.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::thread;
use std::time::Duration;

use common::{open, open_at, raw};
use counterseal_core::{Claimed, Load, Refusal, Run, Span, Unavailable};
use counterseal_sqlite::{Sqlite, SqliteError};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{NOW, Note, SPACES, Scratch, WINDOW};

fn refused(path: &Path) -> SqliteError {
    let opened = Sqlite::open(path, &[], SPACES, WINDOW, NOW);
    opened.err().expect("a file that must not be used")
}

#[test]
fn only_the_owner_can_read_a_new_database() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let store = open(&path);
    assert_eq!(store.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let metadata = fs::metadata(scratch.file(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn links_and_files_that_others_write_to_are_refused() {
    let scratch = Scratch::new();
    let (path, link) = (scratch.file("store.db"), scratch.file("link.db"));
    drop(open(&path));
    symlink(&path, &link).unwrap();
    symlink(scratch.file("nowhere"), scratch.file("dangling.db")).unwrap();
    fs::create_dir(scratch.file("directory.db")).unwrap();
    for name in ["link.db", "dangling.db", "directory.db"] {
        let code = refused(&scratch.file(name)).code();
        assert_eq!(code.name, "store_file_unsafe", "{name}");
    }
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        assert_eq!(refused(&path).code().name, "store_file_unsafe", "{mode:o}");
    }
    assert!(!scratch.file("nowhere").exists(), "a link was not followed");
}

#[test]
fn a_file_of_another_user_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    drop(open(&path));
    // Only root can give a file away; others look at one of root's.
    let given = chown(&path, Some(12_345), None).is_ok();
    let foreign = if given {
        &path
    } else {
        Path::new("/etc/passwd")
    };
    let rule = "belongs to the user of this process";
    assert_eq!(refused(foreign), SqliteError::FileUnsafe { rule });
}

#[test]
fn what_cannot_be_opened_says_why_and_nothing_of_the_path() {
    let scratch = Scratch::new();
    let path = scratch.file("canary.db");
    fs::write(&path, "canary ".repeat(1_000)).unwrap();
    let no_database = refused(&path);
    assert_eq!(no_database, SqliteError::Database { result: 26 });
    let missing = refused(&scratch.file("canary/store.db"));
    assert!(matches!(missing, SqliteError::Io { .. }), "{missing}");
    for error in [no_database, missing] {
        assert_eq!(error.code().name, "store_open_failed");
        let text = format!("{error} {error:?}");
        assert!(text.contains("check that its directory") && !text.contains("canary"));
    }
}

#[test]
fn tables_of_other_programs_are_left_alone() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    fs::write(&path, "").unwrap();
    let other = raw(&path);
    other
        .execute_batch("CREATE TABLE counterseal_claim (x)")
        .unwrap();
    assert_eq!(refused(&path), SqliteError::TablesForeign);
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = other.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1, "nothing was made");
}

#[test]
fn names_that_sqlite_reads_in_its_own_way_are_files() {
    let scratch = Scratch::new();
    for name in [":memory:", "file:x?mode=memory", "a b%20.db"] {
        drop(open(&scratch.file(name)));
        assert!(scratch.file(name).exists(), "{name}");
    }
    let empty = refused(Path::new(""));
    assert!(matches!(empty, SqliteError::Io { .. }));
}

#[test]
fn a_file_that_was_moved_is_refused_for_good() {
    for gone in ["store.db", "store.db-wal", "store.db-shm"] {
        let scratch = Scratch::new();
        let (path, aside) = (scratch.file("store.db"), scratch.file("aside"));
        let store = open(&path);
        assert_eq!(store.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
        fs::rename(scratch.file(gone), &aside).unwrap();
        assert_eq!(store.run(claim(1, NOW, 1)), Err(Unavailable), "{gone}");
        fs::rename(&aside, scratch.file(gone)).unwrap();
        assert_eq!(store.run(claim(1, NOW, 1)), Err(Unavailable), "{gone}");
        let load = Load::<Note>::new([1; 16]);
        assert_eq!(store.run(load), Err(Unavailable), "{gone}");
    }
}

#[test]
fn a_step_that_ends_after_the_file_was_moved_is_no_answer() {
    let tried = (0..20).any(|_| is_moved_before_the_end_of_a_step());
    assert!(tried, "the step never began before the move");
}

/// Moves the file while a claim waits for its lock; says whether the claim then took place.
fn is_moved_before_the_end_of_a_step() -> bool {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let (store, other) = (open(&path), raw(&path));
    let execute = |text| other.execute_batch(text).expect("a database");
    execute("BEGIN IMMEDIATE");
    thread::scope(|scope| {
        let answer = scope.spawn(|| store.run(claim(1, NOW, 0)));
        thread::sleep(Duration::from_millis(50));
        fs::rename(&path, scratch.file("aside")).expect("a file to move");
        execute("COMMIT");
        let answer = answer.join().expect("a thread that ends");
        assert_eq!(answer, Err(Unavailable));
    });
    let claims = "SELECT count(*) FROM counterseal_claim";
    other.query_row(claims, [], |row| row.get(0)) == Ok(1)
}

#[test]
fn h25_a_replaced_file_gives_no_request_a_second_chance() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let old = open(&path);
    let (used, other) = (claim(1, NOW.plus(WINDOW.future), 0), claim(1, NOW, 1));
    assert_eq!(old.run(used), Ok(Claimed::Fresh));
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        fs::remove_file(scratch.file(name)).unwrap();
    }
    let later = NOW.plus(Span::from_millis(1));
    let new = open_at(&path, later);
    assert_eq!(new.run(used), Ok(Claimed::Stale));
    assert_eq!(old.run(other), Err(Unavailable), "no two files serve");
    assert_eq!(new.run(used), Ok(Claimed::Stale));
}

#[test]
fn many_threads_open_a_new_file_at_once() {
    let scratch = Scratch::new();
    for round in 0..10 {
        let path = scratch.file(&format!("{round}.db"));
        let fresh = |_| open(&path).run(claim(1, NOW, 0)) == Ok(Claimed::Fresh);
        let fresh = counterseal_testkit::race(8, fresh);
        assert_eq!(fresh.iter().filter(|fresh| **fresh).count(), 1);
    }
}

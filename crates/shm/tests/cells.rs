//! Cells that processes share: the conformance suite, several processes, and what becomes of the file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use counterseal_core::{Charge, Charged, Refusal, Run, Seed, Span, Time, Unavailable};
use counterseal_replay::{Shape, Window};
use counterseal_shm::{SharedCells, SharedRing, ShmError};
use counterseal_testkit::charges::charge;
use counterseal_testkit::{NOW, Scratch, race};

/// Mappings of one file that take turns.
struct Turns {
    mappings: Vec<SharedCells>,
    next: AtomicUsize,
    _scratch: Scratch,
}

impl Turns {
    fn new(mappings: usize) -> Self {
        let scratch = Scratch::new();
        let path = place(&scratch);
        Turns {
            mappings: (0..mappings).map(|_| open(&path)).collect(),
            next: AtomicUsize::new(0),
            _scratch: scratch,
        }
    }
}

impl Run<Charge> for Turns {
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        let next = self.next.fetch_add(1, Relaxed);
        self.mappings[next % self.mappings.len()].run(op)
    }
}

mod through_one_mapping {
    use counterseal_testkit::charge_tests;

    fn make(_: counterseal_core::Time) -> super::Turns {
        super::Turns::new(1)
    }

    charge_tests!(make);
}

mod through_four_mappings {
    use counterseal_testkit::charge_tests;

    fn make(_: counterseal_core::Time) -> super::Turns {
        super::Turns::new(4)
    }

    charge_tests!(make);
}

fn place(scratch: &Scratch) -> PathBuf {
    scratch.path().join("private").join("cells")
}

fn try_open(path: &Path, cells: u32) -> Result<SharedCells, ShmError> {
    SharedCells::open(path, cells, &Seed::new([7; 16]))
}

fn open(path: &Path) -> SharedCells {
    try_open(path, 4_096).expect("cells")
}

fn refusal(path: &Path) -> &'static str {
    try_open(path, 4_096).expect_err("refused").code().name
}

/// How many of `tries` charges on the cell of `owner` pass.
fn passed(cells: &SharedCells, owner: u64, now: Time, tries: usize) -> usize {
    let passes = |_: &usize| matches!(cells.charge(&charge(owner, now)), Charged::Within { .. });
    (0..tries).filter(passes).count()
}

/// After this, a mapping looks whether its file is in place.
const LATER: Time = NOW.plus(Span::from_seconds(2));

/// What a process of the next test does: it charges when its standard input ends.
#[test]
#[ignore = "a part of the next test"]
fn a_worker() {
    let Ok(path) = std::env::var(PLACE) else {
        return;
    };
    let cells = open(Path::new(&path));
    let _ = std::io::stdin().lines().next();
    let counts: Vec<_> = (0..OWNERS)
        .map(|owner| passed(&cells, owner, NOW, 3).to_string())
        .collect();
    fs::write(format!("{path}.{}", std::process::id()), counts.join(" ")).expect("a file");
}

#[test]
fn p07_of_racers_in_several_processes_a_burst_passes() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path));
    let workers: Vec<Child> = (0..8).map(|_| worker(&path)).collect();
    let mut sums = vec![0_u64; usize::try_from(OWNERS).expect("a small number")];
    // All begin at once: the pipes of those that wait are closed first.
    let mut workers: Vec<_> = workers
        .into_iter()
        .map(|mut worker| {
            drop(worker.stdin.take());
            worker
        })
        .collect();
    for worker in &mut workers {
        assert!(worker.wait().expect("a worker that ends").success());
        let counts = fs::read_to_string(format!("{}.{}", path.display(), worker.id()));
        for (sum, count) in sums.iter_mut().zip(counts.expect("counts").split(' ')) {
            *sum += count.parse::<u64>().expect("a number");
        }
    }
    // Of 24 for each. Cells are shared now and then, so that fewer pass of both.
    assert!(sums.iter().all(|sum| *sum <= 5), "{sums:?}");
    assert!(
        sums.iter().filter(|sum| **sum == 5).count() > 150,
        "{sums:?}"
    );
}

fn worker(path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "a_worker", "--ignored"])
        .env(PLACE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    command.spawn().expect("a worker")
}

const PLACE: &str = "COUNTERSEAL_TEST_CELLS";
const OWNERS: u64 = 200;

#[test]
fn a_restart_remembers() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    assert_eq!(passed(&open(&path), 1, NOW, 9), 5);
    assert_eq!(passed(&open(&path), 1, NOW, 9), 0);
    assert_eq!(passed(&open(&path), 2, NOW, 9), 5);
}

#[test]
fn of_many_that_open_at_once_one_makes_the_file() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let opened = race(16, |_| open(&path));
    let sum: usize = opened.iter().map(|cells| passed(cells, 1, NOW, 1)).sum();
    assert_eq!(sum, 5);
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(names.count(), 1, "nothing is left beside it");
}

#[test]
fn who_has_a_deleted_file_goes_on_with_its_successor() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let [one, other] = [open(&path), open(&path)];
    assert_eq!(passed(&one, 1, NOW, 9) + passed(&other, 1, NOW, 9), 5);
    fs::remove_file(&path).unwrap();
    let sum = passed(&one, 1, LATER, 9) + passed(&other, 1, LATER, 9);
    assert_eq!(sum, 5, "both have the new file");
    assert_eq!(passed(&open(&path), 1, LATER, 9), 0);
}

#[test]
fn who_starts_with_another_number_of_cells_takes_all_along() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let old = open(&path);
    let new = try_open(&path, 8_192).unwrap();
    assert_eq!(new.gauge(NOW).cells, 8_192);
    assert_eq!(passed(&new, 1, LATER, 9) + passed(&old, 1, LATER, 9), 5);
    assert_eq!(old.gauge(NOW).cells, 8_192);
}

#[test]
fn without_a_directory_it_goes_on_with_what_it_has() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let cells = open(&path);
    assert_eq!(passed(&cells, 1, NOW, 3), 3);
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap(), "in the way").unwrap();
    // Two seconds later two more have come back.
    assert_eq!(passed(&cells, 1, LATER, 9), 4);
    fs::remove_file(path.parent().unwrap()).unwrap();
    let later = LATER.plus(Span::from_seconds(2));
    assert_eq!(passed(&cells, 1, later, 9), 5, "a new file");
    assert_eq!(passed(&open(&path), 1, later, 9), 0);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path));
    for content in [&b""[..], b"hello", &[0; 8_192]] {
        fs::write(&path, content).unwrap();
        assert_eq!(refusal(&path), "replay_file_foreign");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_ring_is_no_table_of_cells_and_cells_are_no_ring() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    let ring = || {
        SharedRing::open(
            &path,
            Shape::for_rate(1),
            Window::MINUTE,
            NOW,
            &Seed::new([7; 16]),
        )
    };
    drop(ring().unwrap());
    assert_eq!(refusal(&path), "replay_file_foreign");
    fs::remove_file(&path).unwrap();
    drop(open(&path));
    assert_eq!(ring().unwrap_err().code().name, "replay_file_foreign");
}

#[test]
fn a_file_that_was_cut_short_or_is_of_another_layout_is_replaced() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    for (at, byte) in [(16, 2), (24, 1)] {
        assert_eq!(passed(&open(&path), 1, NOW, 9), 5);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] = byte;
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(passed(&open(&path), 1, NOW, 9), 5);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(8_192).unwrap();
    assert_eq!(passed(&open(&path), 1, NOW, 9), 5);
}

#[test]
fn a_file_or_directory_that_others_could_reach_is_refused() {
    let scratch = Scratch::new();
    let path = place(&scratch);
    drop(open(&path));
    let mode =
        |path: &Path, bits| fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
    mode(&path, 0o640);
    assert_eq!(refusal(&path), "replay_file_unsafe");
    mode(&path, 0o600);
    let other = path.with_extension("other");
    fs::hard_link(&path, &other).unwrap();
    assert_eq!(refusal(&path), "replay_file_unsafe");
    fs::remove_file(&path).unwrap();
    symlink(&other, &path).unwrap();
    assert_eq!(refusal(&path), "replay_file_unsafe");
    mode(path.parent().unwrap(), 0o755);
    assert_eq!(refusal(&path), "replay_folder_unsafe");
}

//! The machines that keep keys, on a row store of twenty lines, under every interleaving and with lost answers.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use counterseal_core::{
    KeyId, Pending, Record, Refusal, Row, RowOp, Run, SealKey, Secret, Seed, Step, Time,
    Unavailable, drive, read, write,
};
use counterseal_request::{
    EndKey, Key, KeyRecord, KeyRecordError, LoadKey, NewKey, RotateKey, SaveKey,
};

const NOW: Time = Time::from_seconds(1_800_000_000);
const LATER: Time = Time::from_seconds(1_800_000_600);

#[derive(Default)]
struct Rows(RefCell<HashMap<[u8; 16], Row<KeyRecord>>>);

impl Run<RowOp<KeyRecord>> for Rows {
    fn run(&self, op: RowOp<KeyRecord>) -> Result<Option<Row<KeyRecord>>, Unavailable> {
        let mut rows = self.0.borrow_mut();
        match op {
            RowOp::Load(load) => Ok(rows.get(&load.id).cloned()),
            RowOp::Swap(swap) => {
                if rows.get(&swap.id).map_or(0, |row| row.version) != swap.expected {
                    return Ok(None);
                }
                let version = swap.expected + 1;
                let record = swap.record;
                rows.insert(swap.id, Row { version, record });
                Ok(rows.get(&swap.id).cloned())
            }
        }
    }
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

fn sealer() -> Arc<SealKey> {
    Arc::new(SealKey::new(&Secret::new(vec![3; 32])).unwrap())
}

fn record(name: &str) -> KeyRecord {
    let new = NewKey {
        id: id(name),
        secret: Secret::new(name.bytes().cycle().take(32).collect()),
        since: NOW,
        until: Time::NEVER,
        scope: "jobs:read".into(),
    };
    KeyRecord::seal(new, &sealer(), &Seed::new([1; 12])).unwrap()
}

fn load(rows: &Rows, name: &str) -> Result<Arc<Key>, KeyRecordError> {
    drive(rows, LoadKey::begin(id(name), sealer()))
}

fn with_old() -> Rows {
    let rows = Rows::default();
    drive(&rows, SaveKey::begin(record("old"))).unwrap();
    rows
}

#[test]
fn a_saved_key_loads_with_its_time_and_scope() {
    let key = load(&with_old(), "old").unwrap();
    assert_eq!((key.since(), key.until()), (NOW, Time::NEVER));
    assert_eq!(key.scope(), "jobs:read");
    assert_eq!(
        load(&with_old(), "new").err(),
        Some(KeyRecordError::Missing)
    );
}

#[test]
fn a_key_id_is_never_used_again() {
    let rows = with_old();
    let again = drive(&rows, SaveKey::begin(record("old")));
    assert_eq!(again, Err(KeyRecordError::Exists));
    drive(&rows, EndKey::revoke(id("old"), NOW)).unwrap();
    let after = drive(&rows, SaveKey::begin(record("old")));
    assert_eq!(after, Err(KeyRecordError::Exists));
}

#[test]
fn rotation_saves_the_successor_and_ends_the_predecessor() {
    let rows = with_old();
    drive(&rows, RotateKey::begin(id("old"), record("new"), LATER)).unwrap();
    assert_eq!(load(&rows, "old").unwrap().until(), LATER);
    assert_eq!(load(&rows, "new").unwrap().until(), Time::NEVER);
}

#[test]
fn rotation_of_a_missing_key_writes_nothing() {
    let rows = Rows::default();
    let outcome = drive(&rows, RotateKey::begin(id("old"), record("new"), LATER));
    assert_eq!(outcome, Err(KeyRecordError::Missing));
    assert!(rows.0.borrow().is_empty());
}

#[test]
fn an_end_is_only_ever_brought_forward() {
    let rows = with_old();
    drive(&rows, EndKey::at(id("old"), NOW)).unwrap();
    drive(&rows, EndKey::at(id("old"), LATER)).unwrap();
    assert_eq!(load(&rows, "old").unwrap().until(), NOW);
}

#[test]
fn revoking_twice_keeps_the_first_time_and_writes_once() {
    let rows = with_old();
    drive(&rows, EndKey::revoke(id("old"), NOW)).unwrap();
    drive(&rows, EndKey::revoke(id("old"), LATER)).unwrap();
    let row = rows.0.borrow()[&record("old").row()].clone();
    assert_eq!((row.version, row.record.revoked()), (2, Some(NOW)));
    assert!(load(&rows, "old").unwrap().is_revoked());
}

#[test]
fn a_record_moved_to_another_row_or_widened_does_not_open() {
    let values = write(&record("old"));
    let parse = |edit: fn(&mut Vec<counterseal_core::Value>)| {
        let mut row = values.clone();
        edit(&mut row);
        read::<KeyRecord>(&row, counterseal_core::Carry::Binary).unwrap()
    };
    let same = parse(|_| {});
    assert!(same.open(&id("old"), &sealer()).is_ok());
    assert!(same.open(&id("new"), &sealer()).is_err());
    let wider = parse(|row| row[5] = counterseal_core::Value::Text("admin".into()));
    assert_eq!(
        wider.open(&id("old"), &sealer()).err(),
        Some(KeyRecordError::Broken)
    );
    let earlier = parse(|row| row[3] = counterseal_core::Value::Int(0));
    assert_eq!(
        earlier.open(&id("old"), &sealer()).err(),
        Some(KeyRecordError::Broken)
    );
    let other = Arc::new(SealKey::new(&Secret::new(vec![4; 32])).unwrap());
    assert_eq!(
        same.open(&id("old"), &other).err(),
        Some(KeyRecordError::Broken)
    );
}

#[test]
fn a_store_that_does_not_answer_refuses_at_every_step() {
    struct Silent<'a>(&'a Rows, RefCell<u32>);
    impl Run<RowOp<KeyRecord>> for Silent<'_> {
        fn run(&self, op: RowOp<KeyRecord>) -> Result<Option<Row<KeyRecord>>, Unavailable> {
            let mut left = self.1.borrow_mut();
            if *left == 0 {
                return Err(Unavailable);
            }
            *left -= 1;
            self.0.run(op)
        }
    }
    for answers in 0..4 {
        let rows = with_old();
        let store = Silent(&rows, RefCell::new(answers));
        let outcome = drive(&store, RotateKey::begin(id("old"), record("new"), LATER));
        assert_eq!(outcome, Err(KeyRecordError::Unavailable), "{answers}");
        assert_eq!(outcome.unwrap_err().code().name, "store_unavailable");
        // Whatever was written, there is a key to sign with.
        assert_eq!(load(&rows, "old").unwrap().until(), Time::NEVER);
        drive(&rows, EndKey::at(id("old"), LATER)).unwrap();
    }
}

/// A machine under a scheduler, its outcome kept.
struct Actor<P: Pending> {
    step: Option<Step<P>>,
}

trait Acts {
    /// One storage step; false when it is done.
    fn act(&mut self, rows: &Rows) -> bool;
    fn ok(&self) -> bool;
}

impl<P: Pending<Op = RowOp<KeyRecord>, Outcome = Result<(), KeyRecordError>>> Acts for Actor<P> {
    fn act(&mut self, rows: &Rows) -> bool {
        match self.step.take() {
            Some(Step::Need(pending)) => {
                let reply = rows.run(pending.op());
                self.step = Some(pending.finish(reply));
                true
            }
            done => {
                self.step = done;
                false
            }
        }
    }

    fn ok(&self) -> bool {
        matches!(self.step, Some(Step::Done(Ok(()))))
    }
}

fn actors() -> Vec<Box<dyn Acts>> {
    fn actor<P>(step: Step<P>) -> Box<dyn Acts>
    where
        P: Pending<Op = RowOp<KeyRecord>, Outcome = Result<(), KeyRecordError>> + 'static,
    {
        Box::new(Actor { step: Some(step) })
    }
    vec![
        actor(EndKey::revoke(id("old"), NOW)),
        actor(RotateKey::begin(id("old"), record("new"), LATER)),
        actor(EndKey::at(id("old"), LATER)),
    ]
}

/// Runs one schedule; each digit of `schedule`, in base 3, names the actor that moves next.
fn run(mut schedule: u32) -> (Rows, Vec<bool>) {
    let rows = with_old();
    let mut actors = actors();
    for _ in 0..SCHEDULED {
        actors[(schedule % 3) as usize].act(&rows);
        schedule /= 3;
    }
    for actor in &mut actors {
        while actor.act(&rows) {}
    }
    let outcomes = actors.iter().map(|actor| actor.ok()).collect();
    (rows, outcomes)
}

const SCHEDULED: u32 = 9;

#[test]
fn no_interleaving_loses_a_revocation_an_end_or_a_successor() {
    for schedule in 0..3_u32.pow(SCHEDULED) {
        let (rows, outcomes) = run(schedule);
        assert_eq!(outcomes, [true, true, true], "schedule {schedule}");
        let old = load(&rows, "old").unwrap();
        assert!(
            old.is_revoked() && old.until() == LATER,
            "schedule {schedule}"
        );
        assert!(!load(&rows, "new").unwrap().is_revoked());
    }
}

#[test]
fn the_record_names_each_column_once() {
    let names: Vec<_> = KeyRecord::TABLE.columns.iter().map(|c| c.name).collect();
    assert_eq!(
        names,
        [
            "row", "key_id", "sealed", "since", "until", "scope", "revoked"
        ]
    );
}

//! Answers of a database.

use counterseal::core::{
    Charge, Claim, Edit, LinkedOp, List, ListOp, Load, LoadLinked, LoadTogether, Pending, Put,
    Rate, Record, Row, RowOp, Space, Span, Step, Subject, Swap, Sweep, SweepCells, SweepRows, Time,
    Value, When,
};
use counterseal::jwt::{AccessKey, Denied};
use counterseal::refresh::{RefreshFamily, SessionFeed};
use counterseal::request::KeyRecord;
use counterseal::store::{Epoch, Rows, Stated};

use crate::bytes::Bytes;
use crate::request::row;

/// Rows that make no sense are refused by each step, and a version is never below 1.
pub fn store_stated_reply(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let count = bytes.byte() % 4;
    let rows: Rows = (0..count).map(|_| row(&mut bytes)).collect();
    let _ = CLAIM.reply(&rows);
    let _ = charge(&mut bytes).map(|charge| charge.reply(&rows));
    let _ = epoch().reply(&rows);
    if let Ok(deleted) = SWEEP.reply(&rows) {
        assert_eq!(deleted, u64::from(count));
        assert_eq!(SWEEP_CELLS.reply(&rows), Ok(deleted));
        assert_eq!(SWEEP_ROWS.reply(&rows), Ok(deleted));
    }
    together(&rows);
    together(&vec![rows.concat()]);
    linked(&rows);
    linked(&vec![rows.concat()]);
    let stored = Load::<KeyRecord>::new([0; 16]).reply(&rows);
    let (id, expected) = ([0; 16], 1);
    let record = KeyRecord::blank();
    let swap = Swap {
        id,
        expected,
        record,
    };
    assert_eq!(stored, swap.reply(&rows));
    assert_eq!(stored, RowOp::Swap(swap).reply(&rows));
    if let Ok(Some(stored)) = stored {
        assert!(stored.version > 0);
    }
}

/// Rows of three tables that are read together are read as each of them is read alone.
fn together(rows: &Rows) {
    let Ok((subject, denied, key)) = TOGETHER.reply(rows) else {
        return;
    };
    assert!(version(&subject) && version(&denied) && version(&key));
    if let [first, _, _] = rows.as_slice()
        && subject.is_some()
    {
        let alone = Load::<Subject>::new([0; 16]).reply(&vec![first.clone()]);
        assert_eq!(alone, Ok(subject));
    }
}

/// A row with the one that it names, and rows of an owner.
fn linked(rows: &Rows) {
    let load = LoadLinked::<RefreshFamily, Subject>::new([0; 16]);
    let found = load.reply(rows);
    assert_eq!(LinkedOp::Load(load).reply(rows), found);
    let edit = edit();
    if let [first, rest @ ..] = rows.as_slice() {
        let named = rest.first().map(Vec::as_slice);
        if edit.holds(first, named) {
            let mut row = first.clone();
            edit.apply(&mut row);
            assert_eq!(row.len(), first.len());
        }
    }
    if let Ok((family, subject)) = edit.reply(rows) {
        assert!(version(&family) && version(&subject));
        assert!(family.is_some() || subject.is_none());
    }
    if let Ok((family, subject)) = found {
        assert!(version(&family) && version(&subject));
        assert!(family.is_some() || subject.is_none());
    }
    let list = List::<RefreshFamily>::new([0; 16], None, 9);
    let listed = list.reply(rows);
    assert_eq!(ListOp::List(list).reply(rows), listed);
    if let Ok(listed) = listed {
        assert!(listed.len() <= rows.len() && listed.iter().all(|row| row.version > 0));
    }
    ended(rows);
}

/// Ends from bytes and from hexadecimal text; a feed takes them or refuses.
fn ended(rows: &Rows) {
    let feed = SessionFeed::new(Span::from_seconds(1)).expect("within the bounds");
    let Step::Need(read) = feed.read(Time::EPOCH) else {
        panic!("it asks the store");
    };
    let Ok(ended) = read.op().reply(rows) else {
        return;
    };
    assert!(ended.len() <= rows.len());
    if let Step::Done(Ok(known)) = read.finish(Ok(ended)) {
        assert!(known.len() <= rows.len());
    }
}

/// One condition and one column of each kind.
fn edit() -> Edit<RefreshFamily, Subject> {
    let when = vec![
        When::Absent("ended_at"),
        When::Either("bound", [Value::Null, Value::Bytes(Vec::new())].into()),
        When::Greater("idle_end", 0),
        When::Is("tenant", Value::Text(String::new())),
        When::Less("late", 1),
        When::NamedAbsent("disabled"),
        When::NamedSame("user_ver", "user_ver"),
    ];
    let puts = vec![
        Put::AtMost("idle_end", 1, "absolute_end"),
        Put::To("salt", Value::Null),
    ];
    Edit::new("edit", [0; 16], when, puts)
}

fn version<R>(row: &Option<Row<R>>) -> bool {
    row.as_ref().is_none_or(|row| row.version > 0)
}

fn charge(bytes: &mut Bytes<'_>) -> Option<Charge> {
    Some(Charge {
        space: SPACE,
        key: [0; 16],
        cost: bytes.u32(),
        rate: Rate::new(bytes.u32(), bytes.u32())?,
        now: Time::from_millis(bytes.i64()),
    })
}

fn epoch() -> Epoch {
    Epoch {
        space: SPACE,
        began: Time::EPOCH,
        floor: Time::EPOCH,
        boot: String::new(),
    }
}

const SPACE: Space = Space::new("fuzz");
const CLAIM: Claim = Claim {
    space: SPACE,
    owner: 0,
    key: [0; 16],
    since: Time::EPOCH,
    born: Time::EPOCH,
    until: Time::EPOCH,
};
const SWEEP: Sweep = Sweep {
    space: SPACE,
    before: Time::EPOCH,
    limit: 1,
};
const SWEEP_ROWS: SweepRows<Denied> = SweepRows::new(Time::EPOCH, 1);
const TOGETHER: LoadTogether<Subject, Denied, AccessKey> = LoadTogether::new([Some([0; 16]); 3]);
const SWEEP_CELLS: SweepCells = SweepCells {
    space: SPACE,
    before: Time::EPOCH,
    limit: 1,
};

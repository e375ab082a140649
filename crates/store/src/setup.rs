//! Tables, and the epoch from which a database knows about claims.

use alloc::{format, string::String, vec, vec::Vec};

use counterseal_core::{BadRow, Column, Kind, Op, Space, Table, Time, Value};

use crate::{Dialect, Rows, Stated, Statement};

/// Begins the epoch of a space, unless one of the same `boot` is there.
///
/// A database that has no epoch for a space refuses its claims (`Stale`): it cannot know what was used
/// before. One that began on another boot of its host may have lost its last commits, so its floor is
/// raised again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The space.
    pub space: Space,
    /// Keys since this time have no past that the database has not seen.
    pub began: Time,
    /// Claims of older keys must be born later than this.
    pub floor: Time,
    /// The boot of the host that keeps the database, or empty where commits survive every crash.
    pub boot: String,
}

impl Epoch {
    /// The epoch of a database whose commits survive every crash, or that empties claims and epoch together.
    pub const fn survived(space: Space, began: Time, floor: Time) -> Self {
        Epoch {
            space,
            began,
            floor,
            boot: String::new(),
        }
    }
}

impl Op for Epoch {
    /// The floor that stands now.
    type Reply = Time;
}

impl Stated for Epoch {
    //= docs/spec/replay.md#R-20
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::epoch(self);
        }
        let [p1, p2, p3, p4] = [1, 2, 3, 4].map(|n| dialect.place(n));
        let max = match dialect {
            Dialect::Postgres => "GREATEST",
            Dialect::Redis | Dialect::Sqlite => "max",
        };
        // The second form keeps what is there, so that the statement always answers with a row.
        let newer = "counterseal_epoch.boot <> excluded.boot";
        let text = format!(
            "INSERT INTO counterseal_epoch (space, floor, began, swept, boot) VALUES ({p1}, {p2}, {p3}, {LEAST}, {p4}) \
             ON CONFLICT (space) DO UPDATE SET \
             floor = CASE WHEN {newer} THEN {max}(counterseal_epoch.floor, excluded.floor) ELSE counterseal_epoch.floor END, \
             began = CASE WHEN {newer} THEN excluded.began ELSE counterseal_epoch.began END, \
             boot = excluded.boot RETURNING floor"
        );
        Statement {
            name: "counterseal_epoch".into(),
            text: text.into(),
            values: vec![
                Value::Text(self.space.name().into()),
                Value::Int(self.floor.millis()),
                Value::Int(self.began.millis()),
                Value::Text(self.boot.clone()),
            ],
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Time, BadRow> {
        let floor = crate::statement::only_cell(rows)?.as_int();
        floor.map(Time::from_millis).ok_or(BadRow("floor"))
    }
}

/// The statements that make the tables of claims and of these records, and bring them up to date from step
/// `from`, which is 0 for a new database.
///
/// Columns are only ever added. One that is added to a table that is there already is empty (0, no text, no
/// bytes) in the rows that are there, and in rows that an older version goes on to write.
///
/// The first one of Postgres fails where a session is set up so that it cannot serve, and says why; and in its transaction nothing
/// waits more than 5 s for a lock.
///
/// Redis needs none. All of them may be run again, except that SQLite knows no `ADD COLUMN IF NOT EXISTS`; by one at a time,
/// because `IF NOT EXISTS` of Postgres does not see what another transaction is making.
pub fn migrations(tables: &[Table], dialect: Dialect, from: u16) -> Vec<String> {
    let mut texts = Vec::new();
    if dialect == Dialect::Redis {
        return texts;
    }
    if from == 0 {
        texts.extend(checks(dialect).first().map(|text| String::from(*text)));
        texts.extend(claims(dialect).iter().map(|text| String::from(*text)));
    }
    let last = tables.iter().flat_map(|t| t.columns).map(|c| c.since).max();
    for step in from + 1..=last.unwrap_or(0) {
        for table in tables {
            texts.extend(columns(table, step, dialect));
            texts.extend(indexes(table, step, dialect));
        }
    }
    texts
}

/// Statements that fail, and say why, where the session of a role is set up so that it cannot serve, and where the tables of
/// claims are missing or closed to it, in this order. Only Postgres has them.
pub const fn checks(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Postgres => &CHECKS,
        Dialect::Redis | Dialect::Sqlite => &[],
    }
}

/// The table itself, at the step that introduced it, or the columns that this step adds to it.
fn columns(table: &Table, step: u16, dialect: Dialect) -> Vec<String> {
    let new = table.columns.iter().filter(|column| column.since == step);
    if table.columns[0].since == step {
        let columns: Vec<String> = new.map(|column| define(column, dialect)).collect();
        return vec![create(table, &columns.join(", "), dialect)];
    }
    let unless = match dialect {
        Dialect::Postgres => "IF NOT EXISTS ",
        Dialect::Redis | Dialect::Sqlite => "",
    };
    let add = |column: &Column| {
        let (column, empty) = (define(column, dialect), empty(column, dialect));
        format!(
            "ALTER TABLE {} ADD COLUMN {unless}{column}{empty}",
            table.name
        )
    };
    new.map(add).collect()
}

fn create(table: &Table, columns: &str, dialect: Dialect) -> String {
    let (name, key, int) = (table.name, table.columns[0].name, word(Kind::Int, dialect));
    let strict = match dialect {
        Dialect::Postgres | Dialect::Redis => "",
        Dialect::Sqlite => " STRICT",
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {name} ({columns}, version {int} NOT NULL, PRIMARY KEY ({key})){strict}"
    )
}

/// The indexes whose last column this step introduced.
fn indexes(table: &Table, step: u16, dialect: Dialect) -> Vec<String> {
    let is_due = |index: &&&[&str]| {
        let columns = table.columns.iter();
        let columns = columns.filter(|column| index.contains(&column.name));
        columns.map(|column| column.since).max() == Some(step)
    };
    let create = |index: &&[&str]| {
        let (name, columns) = (table.name, index.join(", "));
        let suffix = index.join("_");
        create_index(&format!("{name}_{suffix}"), name, &columns, dialect)
    };
    table.indexes.iter().filter(is_due).map(create).collect()
}

/// `IF NOT EXISTS` of Postgres takes the lock of an index that is made, before it looks: writers would wait for the migration.
fn create_index(index: &str, table: &str, columns: &str, dialect: Dialect) -> String {
    if dialect == Dialect::Sqlite {
        return format!("CREATE INDEX IF NOT EXISTS {index} ON {table} ({columns})");
    }
    format!(
        "DO $do$ BEGIN IF to_regclass('{index}') IS NULL THEN \
         CREATE INDEX {index} ON {table} ({columns}); END IF; END $do$"
    )
}

fn define(column: &Column, dialect: Dialect) -> String {
    let null = if column.null { "" } else { " NOT NULL" };
    format!("{} {}{null}", column.name, word(column.kind, dialect))
}

/// What an added column holds in rows that know nothing of it.
const fn empty(column: &Column, dialect: Dialect) -> &'static str {
    match (column.kind, dialect) {
        _ if column.null => "",
        (Kind::Int, _) => " DEFAULT 0",
        (Kind::Text, _) => " DEFAULT ''",
        (Kind::Bytes, Dialect::Postgres) => " DEFAULT '\\x'",
        (Kind::Bytes, Dialect::Redis | Dialect::Sqlite) => " DEFAULT x''",
    }
}

const fn word(kind: Kind, dialect: Dialect) -> &'static str {
    match (dialect, kind) {
        (Dialect::Postgres, Kind::Bytes) => "bytea",
        (Dialect::Postgres, Kind::Int) => "bigint",
        (Dialect::Postgres, Kind::Text) => "text",
        (Dialect::Redis | Dialect::Sqlite, Kind::Bytes) => "BLOB",
        (Dialect::Redis | Dialect::Sqlite, Kind::Int) => "INTEGER",
        (Dialect::Redis | Dialect::Sqlite, Kind::Text) => "TEXT",
    }
}

const fn claims(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Postgres => &POSTGRES,
        Dialect::Redis => &[],
        Dialect::Sqlite => &SQLITE,
    }
}

/// The least instant: nothing was swept.
const LEAST: i64 = i64::MIN;

const SQLITE: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS counterseal_epoch (space TEXT NOT NULL PRIMARY KEY, floor INTEGER NOT NULL, \
     began INTEGER NOT NULL, swept INTEGER NOT NULL, boot TEXT NOT NULL) WITHOUT ROWID, STRICT",
    "CREATE TABLE IF NOT EXISTS counterseal_claim (space TEXT NOT NULL, key BLOB NOT NULL, born INTEGER NOT NULL, \
     until INTEGER NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID, STRICT",
    "CREATE INDEX IF NOT EXISTS counterseal_claim_until ON counterseal_claim (space, until)",
    "CREATE TABLE IF NOT EXISTS counterseal_cell (space TEXT NOT NULL, key BLOB NOT NULL, level INTEGER NOT NULL, \
     taken INTEGER NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID, STRICT",
    // What leaves raises the floor, whoever lets it go: a clock that ran ahead and came back must not
    // reopen what was swept meanwhile.
    //= docs/spec/replay.md#R-23
    "CREATE TRIGGER IF NOT EXISTS counterseal_claim_swept AFTER DELETE ON counterseal_claim BEGIN \
     UPDATE counterseal_epoch SET swept = OLD.born WHERE space = OLD.space AND swept < OLD.born; END",
];

/// Claims need not survive a crash: what a crash empties, it empties together with the epoch.
///
/// The function is volatile, so that it sees what was committed since its statement began. Where
/// transactions are isolated more strictly than that, it answers nothing and no claim is fresh. In PL/pgSQL it
/// costs a claim next to nothing; in plain SQL it would cost a third.
const POSTGRES: [&str; 5] = [
    "CREATE UNLOGGED TABLE IF NOT EXISTS counterseal_epoch (space text NOT NULL PRIMARY KEY, floor bigint NOT NULL, \
     began bigint NOT NULL, swept bigint NOT NULL, boot text NOT NULL)",
    "CREATE UNLOGGED TABLE IF NOT EXISTS counterseal_claim (space text NOT NULL, key bytea NOT NULL, born bigint NOT NULL, \
     until bigint NOT NULL, PRIMARY KEY (space, key))",
    "DO $do$ BEGIN IF to_regclass('counterseal_claim_until') IS NULL THEN \
     CREATE INDEX counterseal_claim_until ON counterseal_claim (space, until); END IF; END $do$",
    "CREATE UNLOGGED TABLE IF NOT EXISTS counterseal_cell (space text NOT NULL, key bytea NOT NULL, level bigint NOT NULL, \
     taken bigint NOT NULL, PRIMARY KEY (space, key))",
    "DO $do$ BEGIN IF to_regprocedure('counterseal_swept(text)') IS NULL THEN \
     CREATE FUNCTION counterseal_swept(text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$BEGIN RETURN \
     (SELECT swept FROM counterseal_epoch WHERE space = $1 AND current_setting('transaction_isolation') = 'read committed'); \
     END$$; \
     END IF; END $do$",
];

const CHECKS: [&str; 2] = [
    "DO $do$ BEGIN \
     IF current_setting('server_version_num')::int < 150000 THEN \
     RAISE EXCEPTION 'counterseal: Postgres 15 or later is needed'; END IF; \
     IF current_setting('default_transaction_isolation') <> 'read committed' THEN \
     RAISE EXCEPTION 'counterseal: set default_transaction_isolation to read committed for this role, or no claim is served'; END IF; \
     IF current_setting('synchronous_commit') = 'off' THEN \
     RAISE EXCEPTION 'counterseal: set synchronous_commit for this role, or a crash may bring back a key that was revoked'; END IF; \
     PERFORM set_config('lock_timeout', '5s', true); END $do$",
    "DO $do$ DECLARE need text; BEGIN \
     IF to_regclass('counterseal_epoch') IS NULL OR to_regclass('counterseal_claim') IS NULL \
     OR to_regclass('counterseal_cell') IS NULL OR to_regprocedure('counterseal_swept(text)') IS NULL THEN \
     RAISE EXCEPTION 'counterseal: tables are missing; run migrate, and look at the search_path of this role'; END IF; \
     IF current_setting('transaction_read_only') = 'on' THEN \
     RAISE EXCEPTION 'counterseal: set default_transaction_read_only to off for this role, or find the primary'; END IF; \
     FOREACH need IN ARRAY ARRAY['counterseal_claim SELECT', 'counterseal_claim INSERT', 'counterseal_epoch SELECT', \
     'counterseal_epoch INSERT', 'counterseal_epoch UPDATE', 'counterseal_cell SELECT', 'counterseal_cell INSERT', \
     'counterseal_cell UPDATE'] LOOP IF NOT has_table_privilege(split_part(need, ' ', 1), split_part(need, ' ', 2)) THEN \
     RAISE EXCEPTION 'counterseal: grant % to this role', need; END IF; END LOOP; \
     IF NOT has_function_privilege('counterseal_swept(text)', 'EXECUTE') THEN \
     RAISE EXCEPTION 'counterseal: grant EXECUTE on counterseal_swept to this role'; END IF; END $do$",
];

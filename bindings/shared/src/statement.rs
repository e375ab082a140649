//! Statements for a host's own driver that belong to no decision: setting up, and sweeping.

use counterseal::core::{Space, Time};
use counterseal::jwt::Denied;
use counterseal::refresh::RefreshFamily;
use counterseal::replay::Start;
use counterseal::store::{Dialect, Epoch, Stated, Statement};

use crate::store::{sweep, sweep_cells, sweep_rows};
use crate::{ArgumentFault, Problem, WindowMembers, time};

/// The dialect called `name`.
///
/// # Errors
///
/// [`ArgumentFault::Choice`] unless it is `postgres`, `redis` or `sqlite`.
pub fn dialect(name: &str) -> Result<Dialect, ArgumentFault> {
    let all = [Dialect::Postgres, Dialect::Redis, Dialect::Sqlite];
    let found = all.into_iter().find(|dialect| dialect.name() == name);
    found.ok_or(ArgumentFault::Choice {
        name: "dialect",
        wanted: "postgres, redis or sqlite",
    })
}

/// What makes a database ready, in this order; all of it may be run again. Claims are refused until the
/// floor that it sets at `now` (milliseconds) has passed, but for keys that are made later. Those that are called
/// `counterseal_check` change nothing, and fail where the role cannot serve: a worker may run them alone.
///
/// # Errors
///
/// An argument that cannot be.
pub fn migrations(
    dialect: Dialect,
    window: WindowMembers,
    now: i64,
) -> Result<Vec<Statement>, Problem> {
    // The widest that a policy has, unless said: a database serves policies that it does not know.
    let start = Start::cold(time("now", now)?, window.window_or(300)?);
    let tables = counterseal::store::migrations(counterseal::TABLES, dialect, 0);
    let checks = counterseal::store::checks(dialect);
    // The first of them stands before the tables already.
    let after = checks.iter().skip(1).map(|text| String::from(*text));
    let tables = tables.into_iter().chain(after).map(|text| Statement {
        name: if checks.contains(&&*text) {
            "counterseal_check".into()
        } else {
            "counterseal_migration".into()
        },
        text: text.into(),
        values: Vec::new(),
    });
    let epochs = counterseal::SPACES.iter().map(|&space| Epoch {
        space,
        began: start.began,
        floor: start.floor.max(Time::EPOCH),
        boot: String::new(),
    });
    Ok(tables
        .chain(epochs.map(|epoch| epoch.statement(dialect)))
        .collect())
}

/// What deletes what is over in a room at `now` (milliseconds), at most `limit` of it: claims of `job`, `request` or `webhook`, tokens that
/// were `denied`, or sessions of `refresh`. Run it now and then.
///
/// # Errors
///
/// An argument that cannot be.
pub fn sweeping(dialect: Dialect, room: &str, now: i64, limit: i64) -> Result<Statement, Problem> {
    Ok(match room {
        "denied" => sweep_rows::<Denied>(now, limit)?.statement(dialect),
        "refresh" => sweep_rows::<RefreshFamily>(now, limit)?.statement(dialect),
        _ => sweep(space(room)?, now, limit)?.statement(dialect),
    })
}

fn space(room: &str) -> Result<Space, ArgumentFault> {
    let mut spaces = counterseal::SPACES.iter();
    let found = spaces.find(|space| space.name() == room).copied();
    found.ok_or(ArgumentFault::Choice {
        name: "room",
        wanted: "denied, job, refresh, request or webhook",
    })
}

/// What deletes cells of limits that are empty at `now` (milliseconds), at most `limit` of them.
///
/// # Errors
///
/// An argument that cannot be.
pub fn sweeping_cells(dialect: Dialect, now: i64, limit: i64) -> Result<Statement, Problem> {
    Ok(sweep_cells(now, limit)?.statement(dialect))
}

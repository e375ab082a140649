//! Opening: settings, tables, epochs.

use std::collections::HashSet;
use std::time::{Duration, Instant};
use std::{slice, thread};

use counterseal_core::{Space, Table, Time};
use counterseal_replay::{Start, Window};
use counterseal_store::{Dialect, Epoch, Stated, migrations};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::file::Files;
use crate::rows::query;
use crate::{Commit, SqliteError};

/// The opened files, and a connection to them.
pub(crate) fn connect(
    files: Files,
    tables: &[Table],
    spaces: &[Space],
    window: Window,
    now: Time,
) -> Result<(Files, Connection), SqliteError> {
    let boot = files.boot()?;
    let mut connection = settled(&files).map_err(|error| SqliteError::database(&error))?;
    write_ahead(&connection)?;
    let start = Start::cold(now, window);
    let set_up = set_up(&mut connection, tables, spaces, start, &boot);
    set_up.map_err(|error| SqliteError::tables(&error))?;
    let files = files.watch()?;
    if files.boot()? != boot {
        let rule = "stays where it is while it is opened";
        return Err(SqliteError::FileUnsafe { rule });
    }
    Ok((files, connection))
}

fn settled(files: &Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(files.main(), flags)?;
    connection.busy_timeout(WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "fullfsync", true)?;
    Commit::Host.set(&connection)?;
    Ok(connection)
}

/// Commits go to a log that all processes read. While another process opens the same new file, SQLite
/// says that it is busy and does not wait.
fn write_ahead(connection: &Connection) -> Result<(), SqliteError> {
    let end = Instant::now() + WAIT;
    loop {
        let mode = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        match connection.pragma_update_and_check(None, "journal_mode", "wal", mode) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(SqliteError::LogMissing),
            Err(error) => {
                let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
                if !busy || Instant::now() > end {
                    return Err(SqliteError::database(&error));
                }
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Tables and epochs come together or not at all, whoever else opens the file.
//= docs/spec/replay.md#R-29
fn set_up(
    connection: &mut Connection,
    tables: &[Table],
    spaces: &[Space],
    start: Start,
    boot: &str,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut texts = migrations(&[], Dialect::Sqlite, 0);
    for table in tables {
        let from = step(&transaction, table)?;
        texts.extend(migrations(slice::from_ref(table), Dialect::Sqlite, from));
    }
    for text in texts {
        transaction.execute_batch(&text)?;
    }
    for space in spaces {
        let epoch = Epoch {
            space: *space,
            began: start.began,
            floor: start.floor,
            boot: boot.into(),
        };
        query(&transaction, &epoch.statement(Dialect::Sqlite))?;
    }
    transaction.commit()
}

/// The last step of this table that was made, as its columns tell.
fn step(connection: &Connection, table: &Table) -> rusqlite::Result<u16> {
    let mut names = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = names.query_map([table.name], |row| row.get(0))?;
    let names = names.collect::<rusqlite::Result<HashSet<String>>>()?;
    let made = table.columns.iter().filter(|c| names.contains(c.name));
    Ok(made.map(|column| column.since).max().unwrap_or(0))
}

/// How long a step waits for other processes.
const WAIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);
const STATEMENTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_a_log_is_refused() {
        let connection = Connection::open_in_memory().expect("a database in memory");
        assert_eq!(write_ahead(&connection), Err(SqliteError::LogMissing));
        assert!(SqliteError::LogMissing.to_string().contains("local disk"));
    }
}

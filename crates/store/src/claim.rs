//! Claims: insert if absent, where the store can know.

use alloc::vec;

use counterseal_core::{BadRow, Claim, Claimed, Value};

use crate::statement::only_cell;
use crate::{Dialect, Rows, Stated, Statement};

impl Stated for Claim {
    fn statement(&self, dialect: Dialect) -> Statement {
        let text = match dialect {
            Dialect::Redis => return crate::redis::claim(self),
            Dialect::Postgres => POSTGRES,
            Dialect::Sqlite => SQLITE,
        };
        Statement {
            name: "counterseal_claim".into(),
            text: text.into(),
            values: vec![
                Value::Text(self.space.name().into()),
                Value::Bytes(self.key.into()),
                Value::Int(self.born.millis()),
                Value::Int(self.since.millis()),
                Value::Int(self.until.millis()),
            ],
        }
    }

    /// No row at all is an epoch that is missing, or a claim that it does not admit.
    ///
    /// The statements of this crate never give `full` or `owner_full`: these are the words of a host's own
    /// store that has limits.
    fn reply(&self, rows: &Rows) -> Result<Claimed, BadRow> {
        if rows.is_empty() {
            return Ok(Claimed::Stale);
        }
        match only_cell(rows)?.as_text() {
            Some("fresh") => Ok(Claimed::Fresh),
            Some("held") => Ok(Claimed::Held),
            Some("stale" | COLD) => Ok(Claimed::Stale),
            Some("full") => Ok(Claimed::Full),
            Some("owner_full") => Ok(Claimed::OwnerFull),
            _ => Err(BadRow("claimed")),
        }
    }
}

/// An insert of SQLite cannot say that it met a row unless it updates it, so a replay marks the row
/// that it meets; it adds none.
//= docs/spec/replay.md#R-21
const SQLITE: &str = "\
INSERT INTO counterseal_claim (space, key, born, until, seen) \
SELECT ?1, ?2, ?3, ?5, 1 FROM counterseal_epoch \
WHERE space = ?1 AND ?3 > swept AND (?3 > floor OR ?4 >= began) \
ON CONFLICT (space, key) DO UPDATE SET seen = 2 \
RETURNING CASE seen WHEN 1 THEN 'fresh' ELSE 'held' END";

/// An insert of Postgres waits for a sweep that deletes the same key, and then succeeds under the floor
/// that it saw before it waited; so the floor is read once more, after the insert.
//= docs/spec/replay.md#R-22
const POSTGRES: &str = "\
WITH epoch AS (SELECT 1 FROM counterseal_epoch \
WHERE space = $1 AND $3::bigint > swept AND ($3::bigint > floor OR $4::bigint >= began)), \
won AS (INSERT INTO counterseal_claim (space, key, born, until) \
SELECT $1, $2, $3, $5 FROM epoch ON CONFLICT DO NOTHING RETURNING 1) \
SELECT CASE WHEN EXISTS (TABLE won) \
THEN CASE WHEN $3::bigint > counterseal_swept($1) THEN 'fresh' ELSE 'stale' END \
WHEN EXISTS (TABLE epoch) THEN 'held' \
WHEN EXISTS (SELECT FROM counterseal_epoch WHERE space = $1) THEN 'stale' ELSE 'cold' END";

/// What Postgres and Redis answer where there is no epoch: whoever runs the statements begins one then.
pub const COLD: &str = "cold";

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal_core::{Space, Time};

    const CLAIM: Claim = Claim {
        space: Space::new("example"),
        owner: 1,
        key: [9; 16],
        since: Time::EPOCH,
        born: Time::EPOCH,
        until: Time::EPOCH,
    };

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let text = |text: &str| vec![vec![Value::Text(text.into())]];
        assert_eq!(CLAIM.reply(&text("fresh")), Ok(Claimed::Fresh));
        assert_eq!(CLAIM.reply(&text("held")), Ok(Claimed::Held));
        assert_eq!(CLAIM.reply(&vec![]), Ok(Claimed::Stale));
        assert_eq!(CLAIM.reply(&text(COLD)), Ok(Claimed::Stale));
        assert_eq!(CLAIM.reply(&text("full")), Ok(Claimed::Full));
        assert_eq!(CLAIM.reply(&text("owner_full")), Ok(Claimed::OwnerFull));
        for bad in [
            text("FRESH"),
            text(""),
            vec![vec![]],
            vec![vec![Value::Null]],
            vec![vec![Value::Int(1)]],
            vec![vec![Value::Text("fresh".into()), Value::Null]],
            [text("fresh"), text("fresh")].concat(),
        ] {
            assert!(CLAIM.reply(&bad).is_err(), "{bad:?}");
        }
    }
}

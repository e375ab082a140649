//! Charging: one conditional write on the cell of a rate limit.

use alloc::{format, string::String, vec};

use counterseal_core::{BadRow, Charge, Charged, SweepCells, Value};

use crate::{Dialect, Rows, Stated, Statement, sweep};

impl Stated for Charge {
    /// The arithmetic of [`Terms::apply`](counterseal_core::Terms::apply), in the database's words.
    //= docs/spec/limit.md#L-3
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::charge(self);
        }
        let terms = self.rate.terms(self.cost, self.now);
        Statement {
            name: "counterseal_charge".into(),
            text: text(dialect).into(),
            values: vec![
                Value::Text(self.space.name().into()),
                Value::Bytes(self.key.into()),
                Value::Int(terms.now),
                Value::Int(terms.full),
                Value::Int(terms.last),
                Value::Int(terms.need),
                Value::Int(terms.jumped),
            ],
        }
    }

    /// One row: the level that the charge left behind, and whether it fitted in.
    fn reply(&self, rows: &Rows) -> Result<Charged, BadRow> {
        let [row] = rows.as_slice() else {
            return Err(BadRow("not one row"));
        };
        let [level, taken] = row.as_slice() else {
            return Err(BadRow("not two cells"));
        };
        let level = level.as_int().ok_or(BadRow("level"))?;
        let taken = taken.as_int().filter(|taken| matches!(taken, 0 | 1));
        let taken = taken.ok_or(BadRow("taken"))? == 1;
        let terms = self.rate.terms(self.cost, self.now);
        Ok(terms.answer(taken, level))
    }
}

impl Stated for SweepCells {
    //= docs/spec/limit.md#L-6
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::sweep("counterseal_sweep_cells");
        }
        let [p1, p2, p3] = [1, 2, 3].map(|n| dialect.place(n));
        let text = format!(
            "DELETE FROM counterseal_cell WHERE space = {p1} AND key IN \
             (SELECT key FROM counterseal_cell WHERE space = {p1} AND level < {p2} LIMIT {p3}) RETURNING 1"
        );
        let name = "counterseal_sweep_cells";
        sweep::statement(name, text.into(), self.space, self.before, self.limit)
    }

    fn reply(&self, rows: &Rows) -> Result<u64, BadRow> {
        sweep::count(rows)
    }
}

fn text(dialect: Dialect) -> String {
    let [space, key, now, full, last, need, jumped] =
        [1, 2, 3, 4, 5, 6, 7].map(|n| number(dialect, n));
    let max = match dialect {
        Dialect::Postgres => "GREATEST",
        Dialect::Redis | Dialect::Sqlite => "max",
    };
    let cell = "counterseal_cell.level";
    let jumped = format!("CASE WHEN {cell} > {jumped} THEN {full} ELSE {cell} END");
    let counts = format!("{max}({jumped}, {now})");
    let taken = |counts: &str| format!("CASE WHEN {counts} <= {last} THEN 1 ELSE 0 END");
    let next = |counts: &str, before: &str| {
        format!("CASE WHEN {counts} <= {last} THEN {counts} + {need} ELSE {before} END")
    };
    format!(
        "INSERT INTO counterseal_cell (space, key, level, taken) VALUES ({space}, {key}, {}, {}) \
         ON CONFLICT (space, key) DO UPDATE SET level = {}, taken = {} RETURNING level, taken",
        next(&now, "0"),
        taken(&now),
        next(&counts, &jumped),
        taken(&counts),
    )
}

/// A placeholder; Postgres is told the types of numbers that it meets in arithmetic first.
fn number(dialect: Dialect, number: usize) -> String {
    let place = dialect.place(number);
    match dialect {
        Dialect::Postgres if number > 2 => format!("{place}::bigint"),
        Dialect::Postgres | Dialect::Redis | Dialect::Sqlite => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use counterseal_core::{Rate, Space, Time};

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let charge = Charge {
            space: Space::new("example"),
            key: [9; 16],
            cost: 1,
            rate: Rate::new(3, 1_000).unwrap(),
            now: Time::from_seconds(10),
        };
        let row = |level: i64, taken: i64| vec![Value::Int(level), Value::Int(taken)];
        let within = charge.reply(&vec![row(11_000, 1)]);
        assert_eq!(within, Ok(Charged::Within { left: 2 }));
        let over = charge.reply(&vec![row(13_000, 0)]);
        let retry_at = Time::from_seconds(11);
        assert_eq!(over, Ok(Charged::Over { retry_at }));
        for (level, taken) in [(i64::MIN, 0), (i64::MIN, 1), (i64::MAX, 0), (i64::MAX, 1)] {
            assert!(charge.reply(&vec![row(level, taken)]).is_ok());
        }
        let bad: [Rows; 6] = [
            Vec::new(),
            vec![row(1, 2)],
            vec![row(1, -1)],
            vec![vec![Value::Int(1)]],
            vec![vec![Value::Null, Value::Int(1)]],
            vec![row(1, 1), row(1, 1)],
        ];
        for bad in bad {
            assert!(charge.reply(&bad).is_err(), "{bad:?}");
        }
    }
}

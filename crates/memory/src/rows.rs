//! Rows of any record, as the values that a database would hold.

use std::collections::HashMap;

use counterseal_core::{
    Carry, Column, Record, Row, Swap, SweepRows, Unavailable, Value, read, write,
};

#[derive(Default)]
pub(crate) struct Rows(HashMap<(&'static str, [u8; 16]), Stored>);

struct Stored {
    version: i64,
    values: Vec<Value>,
}

impl Rows {
    pub(crate) fn load<R: Record>(&self, id: [u8; 16]) -> Result<Option<Row<R>>, Unavailable> {
        let Some(stored) = self.0.get(&(R::TABLE.name, id)) else {
            return Ok(None);
        };
        let record = read(&stored.values, Carry::Binary)?;
        let version = stored.version;
        Ok(Some(Row { version, record }))
    }

    pub(crate) fn maybe<R: Record>(
        &self,
        id: Option<[u8; 16]>,
    ) -> Result<Option<Row<R>>, Unavailable> {
        id.map_or(Ok(None), |id| self.load(id))
    }

    /// Lets rows go that ended before `sweep.before`.
    pub(crate) fn sweep<R: Record>(&mut self, sweep: &SweepRows<R>) -> u64 {
        let named = |column: &Column| Some(column.name) == R::ENDS;
        let Some(at) = R::TABLE.columns.iter().position(named) else {
            return 0;
        };
        let is_over = |stored: &Stored| stored.values[at].as_int() < Some(sweep.before.millis());
        let over: Vec<_> = self
            .0
            .iter()
            .filter(|((table, _), stored)| *table == R::TABLE.name && is_over(stored))
            .map(|(key, _)| *key)
            .take(usize::try_from(sweep.limit).unwrap_or(usize::MAX))
            .collect();
        for key in &over {
            self.0.remove(key);
        }
        over.len() as u64
    }

    pub(crate) fn swap<R: Record>(
        &mut self,
        swap: &Swap<R>,
    ) -> Result<Option<Row<R>>, Unavailable> {
        let at = (R::TABLE.name, swap.id);
        let version = self.0.get(&at).map_or(0, |stored| stored.version);
        if version != swap.expected {
            return Ok(None);
        }
        let version = version.checked_add(1).ok_or(Unavailable)?;
        let mut values = write(&swap.record);
        values[0] = Value::Bytes(swap.id.into());
        self.0.insert(at, Stored { version, values });
        self.load(swap.id)
    }
}

//! Rows of any record, as the values that a database would hold.

use std::collections::HashMap;

use counterseal_core::{Carry, Record, Row, Swap, Unavailable, Value, read, write};

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

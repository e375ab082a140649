//! Rows of any record, as the values that a database would hold.

use std::collections::HashMap;

use counterseal_core::{
    Carry, Edit, Ended, Linked, Links, List, ListEnded, Record, Row, Swap, SweepRows, Time,
    Unavailable, Value, read, write,
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

    pub(crate) fn linked<A: Links<B>, B: Record>(
        &self,
        id: [u8; 16],
    ) -> Result<Linked<A, B>, Unavailable> {
        let Some(stored) = self.0.get(&(A::TABLE.name, id)) else {
            return Ok((None, None));
        };
        let named = A::TABLE
            .position(A::LINK)
            .and_then(|at| bytes(&stored.values[at]));
        Ok((self.load(id)?, self.maybe(named)?))
    }

    pub(crate) fn edit<A: Links<B>, B: Record>(
        &mut self,
        edit: &Edit<A, B>,
    ) -> Result<Linked<A, B>, Unavailable> {
        let (at, none) = ((A::TABLE.name, edit.id), Ok((None, None)));
        let Some(row) = self.0.get(&at).map(|row| row.values.as_slice()) else {
            return none;
        };
        let link = A::TABLE.position(A::LINK).and_then(|at| bytes(&row[at]));
        let named = link.and_then(|id| self.0.get(&(B::TABLE.name, id)));
        if edit.holds(row, named.map(|named| named.values.as_slice()))
            && let Some(row) = self.0.get_mut(&at)
        {
            row.version = row.version.checked_add(1).ok_or(Unavailable)?;
            edit.apply(&mut row.values);
        }
        self.linked(edit.id)
    }

    pub(crate) fn list<R: Record>(&self, list: &List<R>) -> Result<Vec<Row<R>>, Unavailable> {
        let Some(at) = R::LISTED.and_then(|name| R::TABLE.position(name)) else {
            return Err(Unavailable);
        };
        let is_asked = |id: [u8; 16], stored: &Stored| {
            list.after.is_none_or(|after| id > after)
                && bytes(&stored.values[at]) == Some(list.owner)
        };
        let mut ids: Vec<_> = self
            .0
            .iter()
            .filter(|((table, id), stored)| *table == R::TABLE.name && is_asked(*id, stored))
            .map(|((_, id), _)| *id)
            .collect();
        ids.sort_unstable();
        ids.truncate(usize::try_from(list.limit).unwrap_or(usize::MAX));
        let rows = ids.into_iter().map(|id| self.load(id)?.ok_or(Unavailable));
        rows.collect()
    }

    pub(crate) fn ended<R: Record>(&self, list: &ListEnded<R>) -> Result<Vec<Ended>, Unavailable> {
        let Some(at) = R::ENDED.and_then(|name| R::TABLE.position(name)) else {
            return Err(Unavailable);
        };
        let rows = self
            .0
            .iter()
            .filter(|((table, _), _)| *table == R::TABLE.name);
        let ends = rows.filter_map(|((_, id), stored)| {
            let end = stored.values[at].as_int()?;
            Some((Time::from_millis(end), *id))
        });
        let mut ends: Vec<_> = ends.filter(|end| *end > list.after).collect();
        ends.sort_unstable();
        ends.truncate(usize::try_from(list.limit).unwrap_or(usize::MAX));
        Ok(ends)
    }

    /// Lets rows go that ended before `sweep.before`.
    pub(crate) fn sweep<R: Record>(&mut self, sweep: &SweepRows<R>) -> u64 {
        let Some(at) = R::ENDS.and_then(|name| R::TABLE.position(name)) else {
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

fn bytes(value: &Value) -> Option<[u8; 16]> {
    match value {
        Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        _ => None,
    }
}

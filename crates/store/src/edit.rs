//! Edits: columns that are set where the row, and the one that it names, are as somebody takes them to be.

use alloc::{format, string::String, vec, vec::Vec};

use counterseal_core::{BadRow, Edit, Linked, Links, Put, Record, Value, When};

use crate::linked::linked;
use crate::redis::{PRIMARY, READ, argument, names, row_key, row_prefix};
use crate::row::{named, returned, stored};
use crate::together::returned_as;
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Links<B>, B: Record> Stated for Edit<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        match dialect {
            Dialect::Postgres => look(self, update(self, dialect)),
            Dialect::Redis => script(self),
            Dialect::Sqlite => update(self, dialect),
        }
    }

    /// As of a load, or the row alone that was edited.
    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        match rows.as_slice() {
            [row] if row.len() == A::TABLE.columns.len() + 1 => Ok((Some(stored(row)?), None)),
            _ => linked(rows),
        }
    }
}

/// Looks at the rows in the same statement where none is edited. A server that follows another one fails it.
///
/// What is looked at is the row as it was when the statement began. One that was edited by another meanwhile is no longer that, and
/// who swaps it loses.
fn look<A: Links<B>, B: Record>(edit: &Edit<A, B>, update: Statement) -> Statement {
    let (a, b) = (A::TABLE, B::TABLE);
    let text = format!(
        "WITH edited AS ({}) SELECT {}, {} FROM (TABLE edited UNION ALL SELECT {} FROM {} WHERE {} = $1 AND NOT EXISTS (TABLE edited)) AS a \
         LEFT JOIN {} AS b ON b.{} = a.{}",
        update.text,
        returned_as("a", &a),
        returned_as("b", &b),
        returned(&a),
        a.name,
        a.columns[0].name,
        b.name,
        b.columns[0].name,
        A::LINK,
    );
    Statement {
        name: named::<A>(edit.name),
        text: text.into(),
        values: update.values,
    }
}

fn update<A: Links<B>, B: Record>(edit: &Edit<A, B>, dialect: Dialect) -> Statement {
    let (table, key) = (A::TABLE.name, A::TABLE.columns[0].name);
    let mut sql = Sql {
        dialect,
        values: vec![Value::Bytes(edit.id.into())],
    };
    let id = dialect.place(1);
    let when: String = edit
        .when
        .iter()
        .map(|when| sql.when::<A, B>(when))
        .collect();
    let puts: String = edit.puts.iter().map(|put| sql.put(put)).collect();
    let text = format!(
        "UPDATE {table} SET {puts}version = version + 1 WHERE {key} = {id}{when} RETURNING {}",
        returned(&A::TABLE)
    );
    Statement {
        name: named::<A>(edit.name),
        text: text.into(),
        values: sql.values,
    }
}

/// Parts of a statement, and the values of all placeholders so far.
struct Sql {
    dialect: Dialect,
    values: Vec<Value>,
}

impl Sql {
    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        self.dialect.place(self.values.len())
    }

    fn when<A: Links<B>, B: Record>(&mut self, when: &When) -> String {
        let (table, link) = (A::TABLE.name, A::LINK);
        let (other, key) = (B::TABLE.name, B::TABLE.columns[0].name);
        let named = format!("FROM {other} AS b WHERE b.{key} = {table}.{link}");
        match when {
            When::Absent(name) => format!(" AND {name} IS NULL"),
            When::Either(name, values) => {
                let [one, other] = values.clone().map(|value| self.place(value));
                format!(" AND {name} IN ({one}, {other})")
            }
            When::Greater(name, than) => format!(" AND {name} > {}", self.place(Value::Int(*than))),
            When::Is(name, value) => format!(" AND {name} = {}", self.place(value.clone())),
            When::Less(name, than) => format!(" AND {name} < {}", self.place(Value::Int(*than))),
            When::NamedAbsent(name) => {
                format!(" AND NOT EXISTS (SELECT 1 {named} AND b.{name} IS NOT NULL)")
            }
            When::NamedSame(name, same) => {
                format!(" AND {same} = COALESCE((SELECT b.{name} {named}), 0)")
            }
        }
    }

    fn put(&mut self, put: &Put) -> String {
        let least = match self.dialect {
            Dialect::Postgres => "LEAST",
            Dialect::Redis | Dialect::Sqlite => "min",
        };
        match put {
            Put::AtMost(name, most, of) => {
                let most = self.place(Value::Int(*most));
                format!("{name} = {least}({most}, {of}), ")
            }
            Put::To(name, value) => format!("{name} = {}, ", self.place(value.clone())),
        }
    }
}

/// The key of the row that is named is made by the script, as where both are read.
fn script<A: Links<B>, B: Record>(edit: &Edit<A, B>) -> Statement {
    let lists = [&A::TABLE, &B::TABLE].map(names).join(", ");
    let mut lua = Lua {
        values: vec![
            Value::Int(1),
            row_key::<A>(&edit.id),
            Value::Text(row_prefix::<B>()),
        ],
    };
    let link = cell::<A>("row", A::LINK);
    let when: String = edit
        .when
        .iter()
        .map(|when| lua.when::<A, B>(when))
        .collect();
    let puts: String = edit.puts.iter().map(|put| lua.put::<A>(put)).collect();
    let text = format!(
        "{PRIMARY}local tables = {{{lists}}}\n{READ}local named = read(ARGV[1] .. {link}, tables[2])\n{HELP}\
         if row{when} then\n{puts}{WRITE}end\nreturn {{row, named or {{}}}}"
    );
    Statement {
        name: named::<A>(edit.name),
        text: text.into(),
        values: lua.values,
    }
}

/// Parts of a script, and the values of all arguments so far, after the number of keys and the key.
struct Lua {
    values: Vec<Value>,
}

impl Lua {
    fn argument(&mut self, value: Value) -> String {
        self.values.push(argument(value));
        format!("ARGV[{}]", self.values.len() - 2)
    }

    fn number(&mut self, number: i64) -> String {
        self.values.push(Value::Int(number));
        format!("ARGV[{}]", self.values.len() - 2)
    }

    fn when<A: Record, B: Record>(&mut self, when: &When) -> String {
        let ours = |name| cell::<A>("row", name);
        let theirs = |name| cell::<B>("named", name);
        let said = match when {
            When::Absent(name) => format!("not {}", ours(name)),
            When::Either(name, values) => {
                let [one, other] = values.clone().map(|value| self.argument(value));
                let cell = ours(name);
                format!("(is({cell}, {one}) or is({cell}, {other}))")
            }
            When::Greater(name, than) => format!("less({}, {})", self.number(*than), ours(name)),
            When::Is(name, value) => {
                format!("is({}, {})", ours(name), self.argument(value.clone()))
            }
            When::Less(name, than) => format!("less({}, {})", ours(name), self.number(*than)),
            When::NamedAbsent(name) => format!("not (named and {})", theirs(name)),
            When::NamedSame(name, same) => {
                let theirs = format!("(not named and '0' or {})", theirs(name));
                format!("({theirs} and {theirs} == {})", ours(same))
            }
        };
        format!("\n  and {said}")
    }

    fn put<R: Record>(&mut self, put: &Put) -> String {
        match put {
            Put::AtMost(name, most, of) => {
                let (most, of) = (self.number(*most), cell::<R>("row", of));
                format!(
                    "  put({}, '=' .. (less({of}, {most}) and {of} or {most}))\n",
                    at::<R>(name)
                )
            }
            Put::To(name, value) => format!(
                "  put({}, {})\n",
                at::<R>(name),
                self.argument(value.clone())
            ),
        }
    }
}

/// A column of a row in Lua, which has the sign of hexadecimal bytes before its columns.
fn cell<R: Record>(row: &str, name: &str) -> String {
    format!("{row}[{}]", at::<R>(name))
}

fn at<R: Record>(name: &str) -> usize {
    R::TABLE.position(name).map_or(0, |at| at + 2)
}

/// An argument is a text after a sign, or the sign of nothing; numbers that are compared have no sign.
const HELP: &str = "\
local function is(cell, argument) return cell and '=' .. cell == argument end
local function less(one, other)
  one, other = tonumber(one), tonumber(other)
  return one and other and one < other
end
local fields = {}
local function put(at, argument)
  local name = tables[1][at - 1]
  row[at] = argument ~= '-' and string.sub(argument, 2)
  if row[at] then
    table.insert(fields, name)
    table.insert(fields, row[at])
  else
    redis.call('HDEL', KEYS[1], name)
  end
end
";

const WRITE: &str = "\
  if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
  row[#tables[1] + 2] = tostring(redis.call('HINCRBY', KEYS[1], 'version', 1))
";

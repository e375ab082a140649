//! Edits: columns that are set where the row, and the one that it names, are as somebody takes them to be.
//!
//! A rotation is one of them, so their texts are put together in one string.

use alloc::{string::String, vec::Vec};

use counterseal_core::{BadRow, Edit, Linked, Links, Put, Record, Table, Value, When};

use crate::linked::linked;
use crate::redis::{PRIMARY, READ, argument, row_key, row_prefix};
use crate::row::{named, stored};
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Links<B>, B: Record> Stated for Edit<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        let (text, values) = match dialect {
            Dialect::Postgres => look(self),
            Dialect::Redis => script(self),
            Dialect::Sqlite => {
                let mut sql = Sql::new(dialect);
                sql.update(self);
                (sql.text, sql.values)
            }
        };
        Statement {
            name: named::<A>(self.name),
            text: text.into(),
            values,
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
fn look<A: Links<B>, B: Record>(edit: &Edit<A, B>) -> (String, Vec<Value>) {
    let (a, b) = (A::TABLE, B::TABLE);
    let mut sql = Sql::new(Dialect::Postgres);
    sql.say(["WITH edited AS ("]);
    sql.update(edit);
    sql.say([") SELECT "]);
    sql.columns("a.", &a);
    sql.say([", "]);
    sql.columns("b.", &b);
    sql.say([" FROM (TABLE edited UNION ALL SELECT "]);
    sql.columns("", &a);
    sql.say([
        " FROM ",
        a.name,
        " WHERE ",
        a.columns[0].name,
        " = $1 AND NOT EXISTS (TABLE edited)) AS a",
    ]);
    sql.say([
        " LEFT JOIN ",
        b.name,
        " AS b ON b.",
        b.columns[0].name,
        " = a.",
        A::LINK,
    ]);
    (sql.text, sql.values)
}

/// A statement as far as it is said, and the values of its placeholders.
struct Sql {
    dialect: Dialect,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn new(dialect: Dialect) -> Self {
        Sql {
            dialect,
            text: String::with_capacity(LONG),
            values: Vec::with_capacity(MANY),
        }
    }

    fn update<A: Links<B>, B: Record>(&mut self, edit: &Edit<A, B>) {
        let table = A::TABLE;
        // It has the first place, whatever comes after it.
        self.values.push(Value::Bytes(edit.id.into()));
        self.say(["UPDATE ", table.name, " SET "]);
        for put in &edit.puts {
            self.put(put);
        }
        self.say(["version = version + 1 WHERE ", table.columns[0].name, " = "]);
        self.text.push(self.dialect.sign());
        self.say(["1"]);
        for when in &edit.when {
            self.when::<A, B>(when);
        }
        self.say([" RETURNING "]);
        self.columns("", &table);
    }

    fn put(&mut self, put: &Put) {
        let least = match self.dialect {
            Dialect::Postgres => " = LEAST(",
            Dialect::Redis | Dialect::Sqlite => " = min(",
        };
        match put {
            Put::AtMost(name, most, of) => {
                self.say([name, least]);
                self.place(Value::Int(*most));
                self.say([", ", of, "), "]);
            }
            Put::To(name, value) => {
                self.say([name, " = "]);
                self.place(value.clone());
                self.say([", "]);
            }
        }
    }

    fn when<A: Links<B>, B: Record>(&mut self, when: &When) {
        match when {
            When::Absent(name) => self.say([" AND ", name, " IS NULL"]),
            When::Either(name, [one, other]) => {
                self.compare(name, " IN (", one.clone());
                self.say([", "]);
                self.place(other.clone());
                self.say([")"]);
            }
            When::Greater(name, than) => self.compare(name, " > ", Value::Int(*than)),
            When::Is(name, value) => self.compare(name, " = ", value.clone()),
            When::Less(name, than) => self.compare(name, " < ", Value::Int(*than)),
            When::NamedAbsent(name) => {
                self.say([" AND NOT EXISTS (SELECT 1"]);
                self.of_named::<A, B>();
                self.say([" AND b.", name, " IS NOT NULL)"]);
            }
            When::NamedSame(name, same) => {
                self.say([" AND ", same, " = COALESCE((SELECT b.", name]);
                self.of_named::<A, B>();
                self.say(["), 0)"]);
            }
        }
    }

    fn compare(&mut self, name: &str, by: &str, value: Value) {
        self.say([" AND ", name, by]);
        self.place(value);
    }

    fn of_named<A: Links<B>, B: Record>(&mut self) {
        let (ours, theirs) = (A::TABLE, B::TABLE);
        self.say([
            " FROM ",
            theirs.name,
            " AS b WHERE b.",
            theirs.columns[0].name,
        ]);
        self.say([" = ", ours.name, ".", A::LINK]);
    }

    /// All columns and the version.
    fn columns(&mut self, of: &str, table: &Table) {
        for column in table.columns {
            self.say([of, column.name, ", "]);
        }
        self.say([of, "version"]);
    }

    fn place(&mut self, value: Value) {
        self.values.push(value);
        self.text.push(self.dialect.sign());
        number(&mut self.text, self.values.len());
    }

    fn say<const N: usize>(&mut self, words: [&str; N]) {
        for word in words {
            self.text.push_str(word);
        }
    }
}

/// The key of the row that is named is made by the script, as where both are read.
fn script<A: Links<B>, B: Record>(edit: &Edit<A, B>) -> (String, Vec<Value>) {
    let mut values = Vec::with_capacity(MANY);
    values.extend([
        Value::Int(1),
        row_key::<A>(&edit.id),
        Value::Text(row_prefix::<B>()),
    ]);
    let mut lua = Lua {
        text: String::with_capacity(LONG),
        values,
    };
    lua.say([PRIMARY, "local tables = {{"]);
    lua.columns(&A::TABLE);
    lua.say(["}, {"]);
    lua.columns(&B::TABLE);
    lua.say(["}}\n", READ, "local named = read(ARGV[1] .. "]);
    lua.cell::<A>("row", A::LINK);
    lua.say([", tables[2])\n", HELP, "if row"]);
    for when in &edit.when {
        lua.say(["\n  and "]);
        lua.when::<A, B>(when);
    }
    lua.say([" then\n"]);
    for put in &edit.puts {
        lua.put::<A>(put);
    }
    lua.say([WRITE, "end\nreturn {row, named or {}}"]);
    (lua.text, lua.values)
}

/// A script as far as it is said, and the values of its arguments, after the number of keys and the key.
struct Lua {
    text: String,
    values: Vec<Value>,
}

impl Lua {
    fn when<A: Record, B: Record>(&mut self, when: &When) {
        match when {
            When::Absent(name) => {
                self.say(["not "]);
                self.cell::<A>("row", name);
            }
            When::Either(name, [one, other]) => {
                self.say(["("]);
                self.is::<A>(name, one);
                self.say([" or "]);
                self.is::<A>(name, other);
                self.say([")"]);
            }
            When::Greater(name, than) => {
                self.say(["less("]);
                self.argument(Value::Int(*than));
                self.say([", "]);
                self.cell::<A>("row", name);
                self.say([")"]);
            }
            When::Is(name, value) => self.is::<A>(name, value),
            When::Less(name, than) => {
                self.say(["less("]);
                self.cell::<A>("row", name);
                self.say([", "]);
                self.argument(Value::Int(*than));
                self.say([")"]);
            }
            When::NamedAbsent(name) => {
                self.say(["not (named and "]);
                self.cell::<B>("named", name);
                self.say([")"]);
            }
            When::NamedSame(name, same) => {
                self.say(["same(not named and '0' or "]);
                self.cell::<B>("named", name);
                self.say([", "]);
                self.cell::<A>("row", same);
                self.say([")"]);
            }
        }
    }

    fn put<R: Record>(&mut self, put: &Put) {
        let (Put::AtMost(name, ..) | Put::To(name, _)) = put;
        self.say(["  put("]);
        self.number(at::<R>(name));
        self.say([", "]);
        match put {
            Put::AtMost(_, most, of) => {
                self.say(["least("]);
                self.argument(Value::Int(*most));
                self.say([", "]);
                self.cell::<R>("row", of);
                self.say([")"]);
            }
            Put::To(_, value) => self.argument(argument(value.clone())),
        }
        self.say([")\n"]);
    }

    fn is<R: Record>(&mut self, name: &str, value: &Value) {
        self.say(["is("]);
        self.cell::<R>("row", name);
        self.say([", "]);
        self.argument(argument(value.clone()));
        self.say([")"]);
    }

    /// A column of a row.
    fn cell<R: Record>(&mut self, row: &str, name: &str) {
        self.say([row, "["]);
        self.number(at::<R>(name));
        self.say(["]"]);
    }

    fn columns(&mut self, table: &Table) {
        for column in table.columns {
            self.say(["'", column.name, "', "]);
        }
    }

    fn argument(&mut self, value: Value) {
        self.values.push(value);
        self.say(["ARGV["]);
        self.number(self.values.len() - 2);
        self.say(["]"]);
    }

    fn number(&mut self, number: usize) {
        self::number(&mut self.text, number);
    }

    fn say<const N: usize>(&mut self, words: [&str; N]) {
        for word in words {
            self.text.push_str(word);
        }
    }
}

/// Says a number.
fn number(text: &mut String, number: usize) {
    if number >= 10 {
        self::number(text, number / 10);
    }
    text.push(char::from(b"0123456789"[number % 10]));
}

/// Where a column stands in a row in Lua, which has the sign of hexadecimal bytes before its columns.
fn at<R: Record>(name: &str) -> usize {
    R::TABLE.position(name).map_or(0, |at| at + 2)
}

/// An argument is a text after a sign, or the sign of nothing; numbers that are compared have no sign.
const HELP: &str = "\
local function is(cell, argument) return cell and '=' .. cell == argument end
local function same(one, other) return one and one == other end
local function less(one, other)
  one, other = tonumber(one), tonumber(other)
  return one and other and one < other
end
local function least(one, other) return '=' .. (less(other, one) and other or one) end
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

/// As long as a statement of a rotation, and as many values as it has.
const LONG: usize = 2_560;
const MANY: usize = 32;

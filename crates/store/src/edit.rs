//! Edits: columns that are set where the row, and the one that it names, are as somebody takes them to be.
//!
//! A rotation is one of them, so their texts are made once: they are told apart by all that they are made of.

use alloc::{
    borrow::Cow,
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::Range;

use counterseal_core::{BadRow, Edit, Linked, Links, Put, Record, Table, Value, When};

use crate::linked::linked;
use crate::redis::{PRIMARY, READ, argument, row_key, row_prefix};
use crate::row::{named, stored};
use crate::texts::Texts;
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Links<B>, B: Record> Stated for Edit<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        let values = match dialect {
            Dialect::Postgres | Dialect::Sqlite => values(self),
            Dialect::Redis => arguments(self),
        };
        let [name, text] = texts(self, dialect);
        Statement { name, text, values }
    }

    /// As of a load, or the row alone that was edited.
    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        match rows.as_slice() {
            [row] if row.len() == A::TABLE.columns.len() + 1 => Ok((Some(stored(row)?), None)),
            _ => linked(rows),
        }
    }
}

/// The name and the text of all edits that are like this one but for their values.
fn texts<A: Links<B>, B: Record>(edit: &Edit<A, B>, dialect: Dialect) -> [Cow<'static, str>; 2] {
    static TEXTS: Texts<Shape, 2> = Texts::new();
    let tables = [A::TABLE.name, B::TABLE.name].map(Word);
    let is = |shape: &Shape| {
        (shape.dialect, shape.tables) == (dialect, tables)
            && words(edit).eq(shape.words.iter().copied())
    };
    let make = || {
        let text = match dialect {
            Dialect::Postgres => look(edit),
            Dialect::Redis => script(edit),
            Dialect::Sqlite => {
                let mut sql = Sql::new(dialect);
                sql.update(edit);
                sql.text
            }
        };
        let words = words(edit).collect();
        let shape = Shape {
            dialect,
            tables,
            words,
        };
        (shape, [named::<A>(edit.name).into(), text])
    };
    TEXTS.find(is, make)
}

/// An edit without its values.
struct Shape {
    dialect: Dialect,
    tables: [Word; 2],
    words: Box<[[Word; 3]]>,
}

/// What most often is the very text that it is compared with.
#[derive(Clone, Copy)]
struct Word(&'static str);

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

/// What it is called, what is set, and what must hold, each in as many words.
fn words<A, B>(edit: &Edit<A, B>) -> impl Iterator<Item = [Word; 3]> {
    let puts = edit.puts.iter().map(|put| match put {
        Put::AtMost(name, _, of) => ["at most", name, of],
        Put::To(name, _) => ["to", name, ""],
    });
    let whens = edit.when.iter().map(|when| match when {
        When::Absent(name) => ["absent", name, ""],
        When::Either(name, _) => ["either", name, ""],
        When::Greater(name, _) => ["greater", name, ""],
        When::Is(name, _) => ["is", name, ""],
        When::Less(name, _) => ["less", name, ""],
        When::NamedAbsent(name) => ["named absent", name, ""],
        When::NamedSame(name, same) => ["named same", name, same],
    });
    let called = [[edit.name, "", ""]].into_iter();
    called.chain(puts).chain(whens).map(|words| words.map(Word))
}

/// The values of the placeholders: what is set comes first.
fn values<A, B>(edit: &Edit<A, B>) -> Vec<Value> {
    let mut values = Vec::with_capacity(MANY);
    values.push(Value::Bytes(edit.id.into()));
    values.extend(edit.puts.iter().map(|put| match put {
        Put::AtMost(_, most, _) => Value::Int(*most),
        Put::To(_, value) => value.clone(),
    }));
    for when in &edit.when {
        match when {
            When::Absent(_) | When::NamedAbsent(_) | When::NamedSame(..) => {}
            When::Either(_, either) => values.extend_from_slice(&**either),
            When::Greater(_, than) | When::Less(_, than) => values.push(Value::Int(*than)),
            When::Is(_, value) => values.push(value.clone()),
        }
    }
    values
}

/// Looks at the rows in the same statement where none is edited. A server that follows another one fails it.
///
/// What is looked at is the row as it was when the statement began. One that was edited by another meanwhile is no longer that, and
/// who swaps it loses.
fn look<A: Links<B>, B: Record>(edit: &Edit<A, B>) -> String {
    let (a, b) = (A::TABLE, B::TABLE);
    let mut sql = Sql::new(Dialect::Postgres);
    sql.say(["WITH edited AS ("]);
    let columns = sql.update(edit);
    sql.say([") SELECT a.*, "]);
    sql.columns("b.", &b);
    sql.say([" FROM (TABLE edited UNION ALL SELECT "]);
    sql.text.extend_from_within(columns);
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
    sql.text
}

/// A statement as far as it is said, and how many placeholders it has.
struct Sql {
    dialect: Dialect,
    text: String,
    places: usize,
}

impl Sql {
    fn new(dialect: Dialect) -> Self {
        Sql {
            dialect,
            text: String::new(),
            places: 0,
        }
    }

    /// Where it says which columns it answers with.
    fn update<A: Links<B>, B: Record>(&mut self, edit: &Edit<A, B>) -> Range<usize> {
        let table = A::TABLE;
        // It has the first place, whatever comes after it.
        self.places = 1;
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
        let begin = self.text.len();
        self.columns("", &table);
        begin..self.text.len()
    }

    fn put(&mut self, put: &Put) {
        let least = match self.dialect {
            Dialect::Postgres => " = LEAST(",
            Dialect::Redis | Dialect::Sqlite => " = min(",
        };
        match put {
            Put::AtMost(name, _, of) => {
                self.before([name, least]);
                self.say([", ", of, "), "]);
            }
            Put::To(name, _) => {
                self.before([name, " = "]);
                self.say([", "]);
            }
        }
    }

    fn when<A: Links<B>, B: Record>(&mut self, when: &When) {
        match when {
            When::Absent(name) => self.say([" AND ", name, " IS NULL"]),
            When::Either(name, _) => {
                self.before([" AND ", name, " IN ("]);
                self.before([", "]);
                self.say([")"]);
            }
            When::Greater(name, _) => self.before([" AND ", name, " > "]),
            When::Is(name, _) => self.before([" AND ", name, " = "]),
            When::Less(name, _) => self.before([" AND ", name, " < "]),
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

    /// Words before the next placeholder.
    fn before<const N: usize>(&mut self, words: [&str; N]) {
        self.say(words);
        self.places += 1;
        self.text.push_str(&self.dialect.place(self.places));
    }

    fn say<const N: usize>(&mut self, words: [&str; N]) {
        self.text.extend(words);
    }
}

/// The arguments of the script, after the number of keys and the key: what must hold comes first.
fn arguments<A: Record, B: Record>(edit: &Edit<A, B>) -> Vec<Value> {
    let mut values = Vec::with_capacity(MANY);
    values.extend([
        Value::Int(1),
        row_key::<A>(&edit.id),
        Value::Text(row_prefix::<B>()),
    ]);
    for when in &edit.when {
        match when {
            When::Absent(_) | When::NamedAbsent(_) | When::NamedSame(..) => {}
            When::Either(_, either) => values.extend((**either).clone().map(argument)),
            When::Greater(_, than) | When::Less(_, than) => values.push(Value::Int(*than)),
            When::Is(_, value) => values.push(argument(value.clone())),
        }
    }
    values.extend(edit.puts.iter().map(|put| match put {
        Put::AtMost(_, most, _) => Value::Int(*most),
        Put::To(_, value) => argument(value.clone()),
    }));
    values
}

/// The key of the row that is named is made by the script, as where both are read.
fn script<A: Links<B>, B: Record>(edit: &Edit<A, B>) -> String {
    let mut lua = Lua {
        text: String::new(),
        // The first is what the key of the row that is named begins with.
        arguments: 1,
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
    lua.text
}

/// A script as far as it is said, and how many arguments it has.
struct Lua {
    text: String,
    arguments: usize,
}

impl Lua {
    fn when<A: Record, B: Record>(&mut self, when: &When) {
        match when {
            When::Absent(name) => {
                self.say(["not "]);
                self.cell::<A>("row", name);
            }
            When::Either(name, _) => {
                self.say(["("]);
                self.is::<A>(name);
                self.say([" or "]);
                self.is::<A>(name);
                self.say([")"]);
            }
            When::Greater(name, _) => {
                self.say(["less("]);
                self.argument();
                self.say([", "]);
                self.cell::<A>("row", name);
                self.say([")"]);
            }
            When::Is(name, _) => self.is::<A>(name),
            When::Less(name, _) => {
                self.say(["less("]);
                self.cell::<A>("row", name);
                self.say([", "]);
                self.argument();
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
        self.say(["  put(", &at::<R>(name), ", "]);
        match put {
            Put::AtMost(_, _, of) => {
                self.say(["least("]);
                self.argument();
                self.say([", "]);
                self.cell::<R>("row", of);
                self.say([")"]);
            }
            Put::To(..) => self.argument(),
        }
        self.say([")\n"]);
    }

    fn is<R: Record>(&mut self, name: &str) {
        self.say(["is("]);
        self.cell::<R>("row", name);
        self.say([", "]);
        self.argument();
        self.say([")"]);
    }

    /// A column of a row.
    fn cell<R: Record>(&mut self, row: &str, name: &str) {
        self.say([row, "[", &at::<R>(name), "]"]);
    }

    fn columns(&mut self, table: &Table) {
        for column in table.columns {
            self.say(["'", column.name, "', "]);
        }
    }

    /// The next one.
    fn argument(&mut self) {
        self.arguments += 1;
        self.say(["ARGV[", &self.arguments.to_string(), "]"]);
    }

    fn say<const N: usize>(&mut self, words: [&str; N]) {
        self.text.extend(words);
    }
}

/// Where a column stands in a row in Lua, which has the sign of hexadecimal bytes before its columns.
fn at<R: Record>(name: &str) -> String {
    R::TABLE.position(name).map_or(0, |at| at + 2).to_string()
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

/// As many values as a rotation has.
const MANY: usize = 32;

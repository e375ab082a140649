//! Redis: each step is one script, which runs alone.
//!
//! A statement's values are what `EVAL` takes after the text: the number of keys, the keys, the arguments; bytes are lower-case
//! hexadecimal text. The keys of one space, limit or table share a hash tag, so that a cluster keeps them on one node.

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};

use counterseal_core::{
    Carry, Charge, Claim, Links, List, ListEnded, Load, LoadLinked, LoadTogether, Record, Swap,
    Table, Value, write,
};

use crate::row::named;
use crate::{Epoch, Statement};

//= docs/spec/replay.md#R-38
//= docs/spec/replay.md#R-39
pub(crate) fn claim(claim: &Claim) -> Statement {
    let space = claim.space.name();
    let minute = claim.born.millis().div_euclid(MINUTE);
    Statement {
        name: "counterseal_claim".into(),
        text: format!("{SERVER}{CLAIM}").into(),
        values: vec![
            Value::Int(2),
            epoch_key(space),
            Value::Text(format!("cs:{{{space}}}:born:{minute}")),
            Value::Text(hex(&claim.key)),
            Value::Int(claim.born.millis()),
            Value::Int(claim.since.millis()),
            Value::Int(claim.until.millis()),
            Value::Int(minute),
            Value::Text(format!("cs:{{{space}}}:born:")),
        ],
    }
}

pub(crate) fn epoch(epoch: &Epoch) -> Statement {
    Statement {
        name: "counterseal_epoch".into(),
        text: format!("{SERVER}{EPOCH}").into(),
        values: vec![
            Value::Int(1),
            epoch_key(epoch.space.name()),
            Value::Int(epoch.floor.millis()),
            Value::Int(epoch.began.millis()),
        ],
    }
}

pub(crate) fn charge(charge: &Charge) -> Statement {
    let (limit, terms) = (
        charge.space.name(),
        charge.rate.terms(charge.cost, charge.now),
    );
    Statement {
        name: "counterseal_charge".into(),
        text: CHARGE.into(),
        values: vec![
            Value::Int(1),
            Value::Text(format!("cs:{{{limit}}}:cell:{}", hex(&charge.key))),
            Value::Int(terms.now),
            Value::Int(terms.full),
            Value::Int(terms.last),
            Value::Int(terms.need),
            Value::Int(terms.jumped),
        ],
    }
}

/// Claims leave as later ones come, cells by themselves.
pub(crate) fn sweep(name: impl Into<Cow<'static, str>>) -> Statement {
    Statement {
        name: name.into(),
        text: "return {}".into(),
        values: vec![Value::Int(0)],
    }
}

pub(crate) fn load<R: Record>(load: &Load<R>) -> Statement {
    Statement {
        name: named::<R>("load"),
        text: format!("{}{LOAD}", columns(&R::TABLE)).into(),
        values: vec![Value::Int(1), row_key::<R>(&load.id)],
    }
}

pub(crate) fn swap<R: Record>(swap: &Swap<R>) -> Statement {
    let mut fields = write(&swap.record);
    fields[0] = Value::Bytes(swap.id.into());
    let owner = owner::<R>(&fields);
    let ends = R::ENDED.map(|_| ends_key::<R>());
    let mut values = vec![
        Value::Int(1 + i64::from(owner.is_some()) + i64::from(ends.is_some())),
        row_key::<R>(&swap.id),
    ];
    values.extend(owner);
    values.extend(ends);
    values.push(Value::Int(swap.expected));
    let leaves = leaves::<R>(&fields);
    values.extend(fields.into_iter().map(argument));
    values.extend(leaves.map(Value::Int));
    let listed = if R::LISTED.is_some() { LISTED } else { "" };
    let leave = if leaves.is_some() { LEAVE } else { "" };
    let ended = R::ENDED.and_then(|name| R::TABLE.position(name));
    let ended = ended.map_or_else(String::new, |at| {
        format!("local ended = row[{}]\n{ENDED}", at + 2)
    });
    Statement {
        name: named::<R>("swap"),
        text: format!(
            "{}{SWAP}{listed}{ended}{leave}return {{row}}",
            columns(&R::TABLE)
        )
        .into(),
        values,
    }
}

/// The row of the first table says where the other one is, so its key is made by the script; both are of one hash tag.
pub(crate) fn linked<A: Links<B>, B: Record>(load: &LoadLinked<A, B>) -> Statement {
    let lists = [&A::TABLE, &B::TABLE].map(names).join(", ");
    let link = A::TABLE.position(A::LINK).map_or(0, |at| at + 2);
    Statement {
        name: named::<A>("linked"),
        text: format!(
            "{PRIMARY}local tables = {{{lists}}}\n{READ}return {{row, read(ARGV[1] .. row[{link}], tables[2]) or {{}}}}"
        )
        .into(),
        values: vec![
            Value::Int(1),
            row_key::<A>(&load.id),
            Value::Text(row_prefix::<B>()),
        ],
    }
}

/// Ids of rows that have left by themselves leave the list when it is read.
pub(crate) fn list<R: Record>(asked: &List<R>) -> Statement {
    let after = asked
        .after
        .map_or_else(|| "-".into(), |id| format!("({}", hex(&id)));
    Statement {
        name: named::<R>("list"),
        text: format!("{PRIMARY}{}{LIST}", columns(&R::TABLE)).into(),
        values: vec![
            Value::Int(1),
            list_key::<R>(&hex(&asked.owner)),
            Value::Text(after),
            Value::Int(asked.limit.into()),
            Value::Text(row_prefix::<R>()),
        ],
    }
}

pub(crate) fn ended<R: Record>(asked: &ListEnded<R>) -> Statement {
    let (since, id) = asked.after;
    Statement {
        name: named::<R>("ended"),
        text: format!("{PRIMARY}{ENDS}").into(),
        values: vec![
            Value::Int(1),
            ends_key::<R>(),
            Value::Int(since.millis()),
            Value::Text(hex(&id)),
            Value::Int(asked.limit.into()),
        ],
    }
}

/// One script reads all rows, so nothing is written between them.
pub(crate) fn together<A: Record, B: Record, C: Record>(load: &LoadTogether<A, B, C>) -> Statement {
    let none = || Value::Text(format!("cs:{{{}}}:none", A::GROUP));
    let [a, b, c] = load.ids;
    let lists = [&A::TABLE, &B::TABLE, &C::TABLE].map(names).join(", ");
    Statement {
        name: format!("{}_load", A::GROUP).into(),
        text: format!("local tables = {{{lists}}}\n{TOGETHER}").into(),
        values: vec![
            Value::Int(3),
            a.map_or_else(none, |id| row_key::<A>(&id)),
            b.map_or_else(none, |id| row_key::<B>(&id)),
            c.map_or_else(none, |id| row_key::<C>(&id)),
        ],
    }
}

/// When the row of these fields leaves by itself, on the server's clock, which may be an hour ahead.
fn leaves<R: Record>(fields: &[Value]) -> Option<i64> {
    let ends = fields[R::TABLE.position(R::ENDS?)?].as_int()?;
    Some(ends.saturating_add(HOUR).clamp(1, LATEST))
}

/// A script's arguments are texts, so nothing needs a sign of its own.
pub(crate) fn argument(value: Value) -> Value {
    match value.carried(Carry::Hex) {
        Value::Null => Value::Text("-".into()),
        Value::Int(number) => Value::Text(format!("={number}")),
        Value::Text(text) => Value::Text(format!("={text}")),
        Value::Bytes(_) => unreachable!("bytes are carried as text"),
    }
}

fn epoch_key(space: &str) -> Value {
    Value::Text(format!("cs:{{{space}}}:epoch"))
}

/// A table of its own has its name as its tag; those of a group share one, and have their names after it.
pub(crate) fn row_key<R: Record>(id: &[u8; 16]) -> Value {
    Value::Text(row_prefix::<R>() + &hex(id))
}

pub(crate) fn row_prefix<R: Record>() -> String {
    let (group, name) = (R::GROUP, R::TABLE.name);
    let part = if group == name { "row" } else { name };
    format!("cs:{{{group}}}:{part}:")
}

/// The ids of an owner's rows.
fn list_key<R: Record>(owner: &str) -> Value {
    Value::Text(format!("cs:{{{}}}:{}_of:{owner}", R::GROUP, R::TABLE.name))
}

/// The ends of the last hour and more.
fn ends_key<R: Record>() -> Value {
    Value::Text(format!("cs:{{{}}}:{}_ends", R::GROUP, R::TABLE.name))
}

/// The list that the row of these fields is in.
fn owner<R: Record>(fields: &[Value]) -> Option<Value> {
    let owner = &fields[R::TABLE.position(R::LISTED?)?];
    match owner.clone().carried(Carry::Hex) {
        Value::Text(owner) => Some(list_key::<R>(&owner)),
        _ => None,
    }
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

fn columns(table: &Table) -> String {
    format!("local columns = {}\n", names(table))
}

pub(crate) fn names(table: &Table) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|c| format!("'{}'", c.name))
        .collect();
    format!("{{{}}}", names.join(", "))
}

/// Claims are kept in one set for each minute in which they were born.
const MINUTE: i64 = 60_000;

/// What changes when a server may have lost writes: it started, or it was promoted.
const SERVER: &str = "\
local function server()
  local life = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  return life .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end
";

/// In the epoch, `u` and a minute is the newest `until` among the claims that were born in it. No key expires: a claim in a minute
/// that has none yet lets go of the minutes that are over for every verifier, and `swept` rises as they go. A minute that is in the
/// epoch and has no set was lost.
const CLAIM: &str = "\
local key, born, since, minute = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5]
local epoch = redis.call('HMGET', KEYS[1], 'server', 'floor', 'began', 'swept', 'u' .. minute)
if epoch[1] ~= server() then return {{'cold'}} end
local swept, last = tonumber(epoch[4]), epoch[5]
local function leave(other)
  swept = math.max(swept, other * 60000 + 59999)
  redis.call('HSET', KEYS[1], 'swept', string.format('%.0f', swept))
  redis.call('UNLINK', ARGV[6] .. other)
  redis.call('HDEL', KEYS[1], 'u' .. other)
end
if last and redis.call('EXISTS', KEYS[2]) == 0 then leave(minute) end
if born <= swept or (born <= tonumber(epoch[2]) and since < tonumber(epoch[3])) then return {{'stale'}} end
if redis.call('SADD', KEYS[2], key) == 0 then return {{'held'}} end
if not last or tonumber(last) < tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], 'u' .. minute, ARGV[4]) end
if last then return {{'fresh'}} end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local other = string.match(field, '^u(-?%d+)$')
  if other and tonumber(redis.call('HGET', KEYS[1], field)) < born - 300000 then leave(other) end
end
return {{'fresh'}}";

/// A server that may evict has no epoch, so every claim is refused.
//= docs/spec/replay.md#R-40
const EPOCH: &str = "\
local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')
if policy ~= 'noeviction' then return redis.error_reply('COUNTERSEAL maxmemory-policy must be noeviction') end
local epoch = redis.call('HMGET', KEYS[1], 'server', 'floor')
if epoch[1] == server() then return {{epoch[2]}} end
local floor = ARGV[1]
if epoch[2] and tonumber(epoch[2]) > tonumber(floor) then floor = epoch[2] end
redis.call('HSETNX', KEYS[1], 'swept', '-9223372036854775808')
redis.call('HSET', KEYS[1], 'server', server(), 'floor', floor, 'began', ARGV[2])
return {{floor}}";

/// A cell that is empty leaves a minute later, by the server's clock.
const CHARGE: &str = "\
local now, full, last, need, jumped =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local cell = tonumber(redis.call('GET', KEYS[1]) or '0')
local level, taken = cell, 0
if cell > jumped then level = full end
if math.max(level, now) <= last then level, taken = math.max(level, now) + need, 1 end
if level ~= cell then
  redis.call('SET', KEYS[1], string.format('%.0f', level), 'PX', string.format('%.0f', level - now + 60000))
end
return {{string.format('%.0f', level), taken}}";

/// A script that says so is one that may write: a server that follows another one, or has lost its followers where it must have some,
/// refuses it before it begins, and one of a cluster says where the primary is. One whose memory is full does not.
//= docs/spec/refresh.md#S-9
pub(crate) const PRIMARY: &str = "#!lua flags=allow-oom\n";

const LOAD: &str = "\
local row = redis.call('HMGET', KEYS[1], 'version', unpack(columns))
if not row[1] then return {} end
table.insert(row, table.remove(row, 1))
table.insert(row, 1, 'hex')
return {row}";

const SWAP: &str = "\
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return {} end
local row = {'hex'}
for at, column in ipairs(columns) do
  local value = ARGV[at + 1]
  if value == '-' then
    redis.call('HDEL', KEYS[1], column)
    row[at + 1] = false
  else
    row[at + 1] = string.sub(value, 2)
    redis.call('HSET', KEYS[1], column, row[at + 1])
  end
end
row[#columns + 2] = tostring(redis.call('HINCRBY', KEYS[1], 'version', 1))
";

/// A list leaves with the last of its rows.
const LISTED: &str = "\
redis.call('ZADD', KEYS[2], 0, string.sub(ARGV[2], 2))
if #ARGV > #columns + 1 then
  local at = ARGV[#columns + 2]
  if redis.call('PEXPIRETIME', KEYS[2]) < tonumber(at) then redis.call('PEXPIREAT', KEYS[2], at) end
end
";

/// Ends leave with later ones, on the earlier of two clocks; the last of them by themselves.
const ENDED: &str = "\
if ended then
  -- What is farther away than a number of Lua holds is that far.
  ended = math.max(math.min(tonumber(ended), 9007199254740992), -9007199254740992)
  redis.call('ZADD', KEYS[#KEYS], string.format('%.0f', ended), string.sub(ARGV[2], 2))
  local over = math.min(ended, redis.call('TIME')[1] * 1000) - 7200000
  redis.call('ZREMRANGEBYSCORE', KEYS[#KEYS], '-inf', string.format('(%.0f', over))
  redis.call('PEXPIRE', KEYS[#KEYS], 10800000)
end
";

const LEAVE: &str = "redis.call('PEXPIREAT', KEYS[1], ARGV[#columns + 2])\n";

const TOGETHER: &str = "\
local answer = {}
for at, key in ipairs(KEYS) do
  local row = redis.call('HMGET', key, 'version', unpack(tables[at]))
  if row[1] then
    table.insert(row, table.remove(row, 1))
    table.insert(row, 1, 'hex')
  else
    row = {}
  end
  answer[at] = row
end
return answer";

/// The row, if it is there, and a function for the one that it names.
pub(crate) const READ: &str = "\
local function read(key, columns)
  local row = redis.call('HMGET', key, 'version', unpack(columns))
  if not row[1] then return nil end
  table.insert(row, table.remove(row, 1))
  table.insert(row, 1, 'hex')
  return row
end
local row = read(KEYS[1], tables[1])
if not row then return {} end
";

const LIST: &str = "\
local rows, after, left = {}, ARGV[1], tonumber(ARGV[2])
while left > 0 do
  local ids = redis.call('ZRANGEBYLEX', KEYS[1], after, '+', 'LIMIT', 0, left)
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    local row = redis.call('HMGET', ARGV[3] .. id, 'version', unpack(columns))
    if row[1] then
      table.insert(row, table.remove(row, 1))
      table.insert(row, 1, 'hex')
      table.insert(rows, row)
      left = left - 1
    else
      redis.call('ZREM', KEYS[1], id)
    end
    after = '(' .. id
  end
end
return rows";

/// Ends of one instant are in the order of their ids.
const ENDS: &str = "\
local rows, left = {}, tonumber(ARGV[3])
local at = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1])
while left > 0 do
  local ends = redis.call('ZRANGE', KEYS[1], at, at + left - 1, 'WITHSCORES')
  if #ends == 0 then break end
  for each = 1, #ends, 2 do
    local id, ended = ends[each], ends[each + 1]
    if ended ~= ARGV[1] or id > ARGV[2] then
      table.insert(rows, {'hex', ended, id})
      left = left - 1
    end
  end
  at = at + #ends / 2
end
return rows";

const HOUR: i64 = 3_600_000;

/// The last instant that a number of Lua holds.
const LATEST: i64 = 1 << 53;

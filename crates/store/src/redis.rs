//! Redis: each step is one script, which runs alone.
//!
//! A statement's values are what `EVAL` takes after the text: the number of keys, the keys, the arguments; bytes are lower-case
//! hexadecimal text. The keys of one space, limit or table share a hash tag, so that a cluster keeps them on one node.

use alloc::{format, string::String, vec, vec::Vec};

use counterseal_core::{Carry, Charge, Claim, Load, Record, Span, Swap, Table, Value, write};

use crate::{Epoch, Statement};

//= docs/spec/replay.md#R-30
//= docs/spec/replay.md#R-31
pub(crate) fn claim(claim: &Claim) -> Statement {
    let space = claim.space.name();
    let life = claim.until.since(claim.born).plus(AHEAD);
    Statement {
        name: "counterseal_claim",
        text: format!("{SERVER}{CLAIM}").into(),
        values: vec![
            Value::Int(2),
            epoch_key(space),
            Value::Text(format!("cs:{{{space}}}:claim:{}", hex(&claim.key))),
            Value::Int(claim.born.millis()),
            Value::Int(claim.since.millis()),
            Value::Int(life.millis().max(1)),
        ],
    }
}

pub(crate) fn epoch(epoch: &Epoch) -> Statement {
    Statement {
        name: "counterseal_epoch",
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
        name: "counterseal_charge",
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

/// Claims and cells leave by themselves.
pub(crate) fn sweep(name: &'static str) -> Statement {
    Statement {
        name,
        text: "return {}".into(),
        values: vec![Value::Int(0)],
    }
}

pub(crate) fn load<R: Record>(load: &Load<R>) -> Statement {
    Statement {
        name: "counterseal_load",
        text: format!("{}{LOAD}", columns(&R::TABLE)).into(),
        values: vec![Value::Int(1), row_key(&R::TABLE, &load.id)],
    }
}

pub(crate) fn swap<R: Record>(swap: &Swap<R>) -> Statement {
    let mut values = vec![
        Value::Int(1),
        row_key(&R::TABLE, &swap.id),
        Value::Int(swap.expected),
    ];
    let mut fields = write(&swap.record);
    fields[0] = Value::Bytes(swap.id.into());
    values.extend(fields.into_iter().map(argument));
    Statement {
        name: "counterseal_swap",
        text: format!("{}{SWAP}", columns(&R::TABLE)).into(),
        values,
    }
}

/// A script's arguments are texts, so nothing needs a sign of its own.
fn argument(value: Value) -> Value {
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

fn row_key(table: &Table, id: &[u8; 16]) -> Value {
    Value::Text(format!("cs:{{{}}}:row:{}", table.name, hex(id)))
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

fn columns(table: &Table) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|c| format!("'{}'", c.name))
        .collect();
    format!("local columns = {{{}}}\n", names.join(", "))
}

/// The most that a signer's clock may be ahead in any policy: an entry that expires after its life and this, from when it was
/// made, has outlived `until` on every verifier's clock, however the server's clock stands.
const AHEAD: Span = Span::from_minutes(5);

/// What changes when a server may have lost writes: it started, or it was promoted.
const SERVER: &str = "\
local function server()
  local life = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  return life .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end
";

/// In the epoch, for each minute of the server's clock, `m` is the newest birth among the claims of this minute, to the second
/// above, and `x` is when the first of them expires. When that has come, the birth goes into `swept`.
const CLAIM: &str = "\
local function most(a, b) if tonumber(a) > tonumber(b) then return a end return b end
local epoch = redis.call('HMGET', KEYS[1], 'server', 'floor', 'began', 'swept')
if epoch[1] ~= server() then return {{'cold'}} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local minute = string.format('%.0f', math.floor(now / 60000))
local born, since, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local newest = redis.call('HGET', KEYS[1], 'm' .. minute)
if not newest then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local other = string.match(field, '^x(%d+)$')
    if other and tonumber(redis.call('HGET', KEYS[1], field)) <= now then
      epoch[4] = most(redis.call('HGET', KEYS[1], 'm' .. other), epoch[4])
      redis.call('HSET', KEYS[1], 'swept', epoch[4])
      redis.call('HDEL', KEYS[1], 'm' .. other, 'x' .. other)
    end
  end
end
if born <= tonumber(epoch[4]) or (born <= tonumber(epoch[2]) and since < tonumber(epoch[3])) then return {{'stale'}} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {{'held'}} end
if not newest or tonumber(newest) < born then
  redis.call('HSET', KEYS[1], 'm' .. minute, string.format('%.0f', math.ceil(born / 1000) * 1000))
end
local first = redis.call('HGET', KEYS[1], 'x' .. minute)
if not first or tonumber(first) > now + life then
  redis.call('HSET', KEYS[1], 'x' .. minute, string.format('%.0f', now + life))
end
redis.call('SET', KEYS[2], '1', 'PX', string.format('%.0f', life))
return {{'fresh'}}";

/// A server that may evict has no epoch, so every claim is refused.
//= docs/spec/replay.md#R-32
const EPOCH: &str = "\
local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')
if policy ~= 'noeviction' then return redis.error_reply('COUNTERSEAL maxmemory-policy must be noeviction') end
local epoch = redis.call('HMGET', KEYS[1], 'server', 'floor')
if epoch[1] == server() then return {{epoch[2]}} end
local floor = ARGV[1]
if epoch[2] and tonumber(epoch[2]) > tonumber(floor) then floor = epoch[2] end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'server', server(), 'floor', floor, 'began', ARGV[2], 'swept', '-9223372036854775808')
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
return {row}";

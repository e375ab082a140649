//! Decisions that wait for a store, and the cells that drivers carry.

use std::sync::{Arc, OnceLock};

use counterseal_shared::{self as shared, Problem, Value, Verdict};
use napi::bindgen_prelude::{AsyncTask, BigInt, Either4, Either5, Null, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, proof};
use crate::key::Key;
use crate::limit::admission;
use crate::refresh::Sessions;
use crate::session_feed::EndedSessions;
use crate::sign::flat;
use crate::store::{Store, StoreOptions};
use crate::webhook::delivered;

/// A decision that waits for a store's answer. It keeps a proof that it ended in, for signing the response.
#[napi]
pub struct Waiting(Arc<Decision>);

/// A decision, and the proof that it ended in.
struct Decision {
    waiting: shared::Waiting,
    proof: OnceLock<shared::Verified>,
}

/// Runs a decision in a thread of Node's pool.
pub struct Running {
    decision: Arc<Decision>,
    store: Arc<shared::Store>,
}

/// What a decision ended in, where all proofs but a key are texts; nothing when a change was made. That a token may act is
/// U+0003 alone: which one it is stands in JavaScript, with the decision that was begun for it.
pub(crate) type Ended = Option<Either4<Key, String, Sessions, EndedSessions>>;

/// What stands in a row or is bound to a statement.
type Cell = Either5<Null, i64, BigInt, String, Uint8Array>;

/// What a driver runs.
#[napi(object, object_from_js = false)]
pub struct Statement {
    /// What it is for.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its values.
    pub values: Vec<Cell>,
}

#[napi]
impl Waiting {
    /// The statement to run now, by a database that was made ready for clocks this far ahead.
    #[napi]
    pub fn statement(
        &self,
        dialect: String,
        future_seconds: Option<i64>,
    ) -> Answer<Option<Statement>> {
        answer("Waiting.statement", || {
            let dialect = shared::dialect(&dialect)?;
            let asked = self.0.waiting.statement(dialect, future_seconds)?;
            Ok(asked.map(statement))
        })
    }

    /// Hands over the rows of the last statement, or none when the store did not answer.
    #[napi]
    pub fn answer(&self, rows: Option<Vec<Vec<Cell>>>) -> Option<Refusal> {
        done("Waiting.answer", || {
            let rows = rows.map(|rows| rows.into_iter().map(row).collect());
            self.0.waiting.answer(rows)
        })
    }

    /// What was decided, once.
    #[napi]
    pub fn verdict(&self) -> Answer<Ended> {
        answer("Waiting.verdict", || {
            Ok(self.0.ended(self.0.waiting.verdict()?))
        })
    }

    /// Runs it to its end on one of our stores.
    #[napi]
    pub fn run(&self, store: &Store) -> Answer<Ended> {
        answer("Waiting.run", || self.0.run(&store.0))
    }

    /// The same, in a thread of Node's pool.
    #[napi]
    pub fn run_async(&self, store: &Store) -> Answer<AsyncTask<Running>> {
        answer("Waiting.runAsync", || Ok(self.settling(&store.0)))
    }

    /// The fields that sign the response to the request that was accepted: name and value of each, one on a line.
    #[napi]
    pub fn sign_response(&self, status: i64, body: &[u8], now: i64) -> Answer<String> {
        answer("Waiting.signResponse", || {
            let proof = self.0.proof.get().ok_or_else(Problem::spent)?;
            Ok(flat(&proof.sign_response(status, body, now)?))
        })
    }

    /// What makes a database ready.
    #[napi]
    pub fn migrations(dialect: String, options: StoreOptions, now: i64) -> Answer<Vec<Statement>> {
        answer("Waiting.migrations", || {
            let dialect = shared::dialect(&dialect)?;
            let statements = shared::migrations(dialect, options.window(), now)?;
            Ok(statements.into_iter().map(statement).collect())
        })
    }

    /// What deletes claims of a room that are over.
    #[napi]
    pub fn sweeping(dialect: String, room: String, now: i64, limit: i64) -> Answer<Statement> {
        answer("Waiting.sweeping", || {
            let dialect = shared::dialect(&dialect)?;
            Ok(statement(shared::sweeping(dialect, &room, now, limit)?))
        })
    }

    /// What deletes cells of limits that are empty.
    #[napi]
    pub fn sweeping_cells(dialect: String, now: i64, limit: i64) -> Answer<Statement> {
        answer("Waiting.sweepingCells", || {
            let dialect = shared::dialect(&dialect)?;
            Ok(statement(shared::sweeping_cells(dialect, now, limit)?))
        })
    }
}

impl Waiting {
    pub(crate) fn new(waiting: shared::Waiting) -> Self {
        Waiting(Arc::new(Decision {
            waiting,
            proof: OnceLock::new(),
        }))
    }

    /// Runs it to its end on this store.
    pub(crate) fn settle(&self, store: &shared::Store) -> Result<Ended, Problem> {
        self.0.run(store)
    }

    /// The same, in a thread of Node's pool.
    pub(crate) fn settling(&self, store: &Arc<shared::Store>) -> AsyncTask<Running> {
        AsyncTask::new(Running {
            decision: Arc::clone(&self.0),
            store: Arc::clone(store),
        })
    }
}

impl Decision {
    fn run(&self, store: &shared::Store) -> Result<Ended, Problem> {
        Ok(self.ended(self.waiting.run(store)?))
    }

    fn ended(&self, verdict: Verdict) -> Ended {
        match verdict {
            Verdict::Admitted(admitted) => Some(Either4::B(admission(&admitted))),
            Verdict::Count(count) => Some(Either4::B(number(count))),
            Verdict::Explained(text) => Some(Either4::B(format!("\u{5}{text}"))),
            Verdict::Ended(ended) => Some(Either4::D(EndedSessions(ended))),
            Verdict::Key(key) => Some(Either4::A(Key(key))),
            Verdict::Live(_) => Some(Either4::B("\u{3}".into())),
            Verdict::Version(version) => Some(Either4::B(number(version))),
            Verdict::Received(received) => Some(Either4::B(delivered(&received))),
            Verdict::Refreshed(refreshed) => Some(Either4::C(Sessions::refreshed(&refreshed))),
            Verdict::Session(session) => Some(Either4::C(Sessions::of(&[*session], false))),
            Verdict::Sessions(sessions) => Some(Either4::C(Sessions::of(&sessions, true))),
            Verdict::Verified(verified) => {
                let text = proof(&verified);
                // A verdict is given once, so it was empty.
                let _ = self.proof.set(verified);
                Some(Either4::B(text))
            }
            _ => None,
        }
    }
}

impl Task for Running {
    type Output = Answer<Ended>;
    type JsValue = Answer<Ended>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(answer("Running.compute", || self.decision.run(&self.store)))
    }

    fn resolve(&mut self, _: Env, ended: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(ended)
    }
}

/// A number alone: U+0004, and its digits.
fn number(number: impl std::fmt::Display) -> String {
    format!("\u{4}{number}")
}

fn statement(statement: shared::Statement) -> Statement {
    Statement {
        name: statement.name.into(),
        text: statement.text.into(),
        values: statement.values.into_iter().map(host).collect(),
    }
}

/// A number that JavaScript would round becomes a `BigInt`.
fn host(value: Value) -> Cell {
    match value {
        Value::Null => Cell::A(Null),
        Value::Int(number) if number.unsigned_abs() <= MAX_SAFE => Cell::B(number),
        Value::Int(number) => Cell::C(number.into()),
        Value::Text(text) => Cell::D(text),
        Value::Bytes(bytes) => Cell::E(bytes.into()),
    }
}

fn row(cells: Vec<Cell>) -> Vec<Value> {
    cells.into_iter().map(value).collect()
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::A(_) => Value::Null,
        Cell::B(number) => Value::Int(number),
        Cell::C(number) => Value::Int(number.get_i64().0),
        Cell::D(text) => Value::Text(text),
        Cell::E(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE: u64 = (1 << 53) - 1;

//! A decision of any room that waits for a store, its room forgotten.

use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal::core::{Pending, Run, Step, Time, Unavailable, drive};
use counterseal::store::{Dialect, Rows, Stated, Statement};

use crate::{Problem, Store, Verdict};

/// What a host holds across an `await`: run each [`Waiting::statement`], hand its rows to
/// [`Waiting::answer`], and when there is none left take the [`Waiting::verdict`], once.
pub struct Waiting(Mutex<Option<Next>>);

/// What an outcome looks like as plain data.
pub(crate) trait Plain {
    /// The outcome of a decision that was begun at `at`.
    fn plain(self, at: Time) -> Result<Verdict, Problem>;
}

/// A machine of any room.
trait Machine: Send {
    fn statement(&self, dialect: Dialect) -> Statement;
    fn answer(self: Box<Self>, rows: Option<Rows>) -> Next;
    fn run(self: Box<Self>, store: &Store) -> Result<Verdict, Problem>;
}

enum Next {
    Need(Box<dyn Machine>),
    Done(Result<Verdict, Problem>),
}

/// A machine, and the instant at which it was begun.
struct Begun<P> {
    pending: P,
    at: Time,
}

impl Waiting {
    pub(crate) fn new<P>(step: Step<P>, at: Time) -> Self
    where
        P: Pending + Send + 'static,
        P::Op: Stated,
        P::Outcome: Plain,
        Store: Run<P::Op>,
    {
        Waiting(Mutex::new(Some(next(step, at))))
    }

    /// The statement to run now; none once it is decided.
    pub fn statement(&self, dialect: Dialect) -> Option<Statement> {
        match &*self.slot() {
            Some(Next::Need(machine)) => Some(machine.statement(dialect)),
            _ => None,
        }
    }

    /// Hands over the rows of the last statement, or none when the store did not answer.
    ///
    /// # Errors
    ///
    /// `pending_spent` when no statement waits for an answer.
    pub fn answer(&self, rows: Option<Rows>) -> Result<(), Problem> {
        let mut slot = self.slot();
        match slot.take() {
            Some(Next::Need(machine)) => {
                *slot = Some(machine.answer(rows));
                Ok(())
            }
            Some(done) => {
                *slot = Some(done);
                Err(Problem::spent())
            }
            None => Err(Problem::spent()),
        }
    }

    /// What was decided, once.
    ///
    /// # Errors
    ///
    /// The refusal; or `pending_spent` when nothing is decided yet, or it was taken before.
    pub fn verdict(&self) -> Result<Verdict, Problem> {
        let mut slot = self.slot();
        match slot.take() {
            Some(Next::Done(verdict)) => verdict,
            other => {
                *slot = other;
                Err(Problem::spent())
            }
        }
    }

    /// Runs it to its end on one of our stores.
    ///
    /// # Errors
    ///
    /// The refusal; `pending_spent` when it was begun on another store or used before.
    pub fn run(&self, store: &Store) -> Result<Verdict, Problem> {
        let taken = self.slot().take();
        match taken {
            Some(Next::Need(machine)) => machine.run(store),
            _ => Err(Problem::spent()),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Next>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Machine for Begun<P>
where
    P: Pending + Send + 'static,
    P::Op: Stated,
    P::Outcome: Plain,
    Store: Run<P::Op>,
{
    fn statement(&self, dialect: Dialect) -> Statement {
        self.pending.op().statement(dialect)
    }

    fn answer(self: Box<Self>, rows: Option<Rows>) -> Next {
        let reply = rows.ok_or(Unavailable);
        let reply = reply.and_then(|rows| Ok(<P::Op as Stated>::reply(&rows)?));
        next(self.pending.finish(reply), self.at)
    }

    fn run(self: Box<Self>, store: &Store) -> Result<Verdict, Problem> {
        drive(store, Step::Need(self.pending)).plain(self.at)
    }
}

fn next<P>(step: Step<P>, at: Time) -> Next
where
    P: Pending + Send + 'static,
    P::Op: Stated,
    P::Outcome: Plain,
    Store: Run<P::Op>,
{
    match step {
        Step::Need(pending) => Next::Need(Box::new(Begun { pending, at })),
        Step::Done(outcome) => Next::Done(outcome.plain(at)),
    }
}

//! A decision of any room that waits for a store, its room forgotten.

use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal::core::{
    Charge, Claim, LinkedOp, Links, ListEnded, ListOp, LoadTogether, Pending, Record, RowOp, Run,
    Span, Step, Time, Unavailable, drive,
};
use counterseal::replay::Window;
use counterseal::store::{Dialect, Rows, Stated, Statement};

use crate::{Needs, Problem, Store, Verdict, number};

/// What a host holds across an `await`: run each [`Waiting::statement`], hand its rows to
/// [`Waiting::answer`], and when there is none left take the [`Waiting::verdict`], once.
pub struct Waiting {
    next: Mutex<Option<Next>>,
    /// The window of the policy, if it is one of those that have.
    window: Option<Window>,
}

/// What an outcome looks like as plain data.
pub(crate) trait Plain {
    /// The outcome of a decision that was begun at `at`.
    fn plain(self, at: Time) -> Result<Verdict, Problem>;
}

/// A step, and what a store must keep for it.
pub(crate) trait Kept: Stated {
    const NEEDS: Needs;
}

/// A decision whose room can be forgotten.
pub(crate) trait Erasable: Send + 'static + Pending {
    /// What a store must keep for it.
    const NEEDS: Needs;

    fn state(&self, dialect: Dialect) -> Statement;
    /// Goes on, and says whether the rows made sense.
    fn answered(self, rows: Option<Rows>) -> (Step<Self>, bool);
    fn driven(self, store: &Store) -> Self::Outcome;
    fn plain(outcome: Self::Outcome, at: Time) -> Result<Verdict, Problem>;
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
    pub(crate) fn new<P: Erasable>(step: Step<P>, at: Time) -> Self {
        Waiting {
            next: Mutex::new(Some(Next::of(step, at))),
            window: None,
        }
    }

    /// The same for a decision by a policy with this window.
    pub(crate) fn within<P: Erasable>(window: Window, step: Step<P>, at: Time) -> Self {
        let window = Some(window);
        Waiting {
            window,
            ..Waiting::new(step, at)
        }
    }

    /// The statement to run now; none once it is decided. `future_seconds` is how far clocks may be ahead for the database.
    ///
    /// # Errors
    ///
    /// `binding_store_window` when they may be further ahead by the policy: after a loss the database would begin too early.
    pub fn statement(
        &self,
        dialect: Dialect,
        future_seconds: Option<i64>,
    ) -> Result<Option<Statement>, Problem> {
        if let (Some(seconds), Some(window)) = (future_seconds, self.window) {
            let seconds = number("future_seconds", seconds, 1, 300)?;
            if window.future > Span::from_seconds(seconds) {
                return Err(Problem::store_window());
            }
        }
        Ok(match &*self.slot() {
            Some(Next::Need(machine)) => Some(machine.statement(dialect)),
            _ => None,
        })
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
            other => {
                *slot = other;
                Err(Problem::spent())
            }
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
    /// The refusal; `binding_store_unfit` from a store that keeps something else;
    /// `pending_spent` when it was used before.
    pub fn run(&self, store: &Store) -> Result<Verdict, Problem> {
        let taken = self.slot().take();
        match taken {
            Some(Next::Need(machine)) => machine.run(store),
            // Some decisions need no store after all: a limit that steps aside.
            Some(Next::Done(verdict)) => verdict,
            None => Err(Problem::spent()),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Next>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Erasable for P
where
    P: Pending + Send + 'static,
    P::Op: Kept,
    P::Outcome: Plain,
    Store: Run<P::Op>,
{
    const NEEDS: Needs = P::Op::NEEDS;

    fn state(&self, dialect: Dialect) -> Statement {
        self.op().statement(dialect)
    }

    fn answered(self, rows: Option<Rows>) -> (Step<Self>, bool) {
        let reply = rows.map(|rows| self.op().reply(&rows));
        let sensible = !matches!(reply, Some(Err(_)));
        let reply = reply.and_then(Result::ok).ok_or(Unavailable);
        (self.finish(reply), sensible)
    }

    fn driven(self, store: &Store) -> P::Outcome {
        drive(store, Step::Need(self))
    }

    fn plain(outcome: P::Outcome, at: Time) -> Result<Verdict, Problem> {
        outcome.plain(at)
    }
}

impl<P: Erasable> Machine for Begun<P> {
    fn statement(&self, dialect: Dialect) -> Statement {
        self.pending.state(dialect)
    }

    fn answer(self: Box<Self>, rows: Option<Rows>) -> Next {
        let (step, sensible) = self.pending.answered(rows);
        match Next::of(step, self.at) {
            Next::Done(Err(problem)) if !sensible => Next::Done(Err(problem.after_malformed())),
            next => next,
        }
    }

    fn run(self: Box<Self>, store: &Store) -> Result<Verdict, Problem> {
        store.check_process()?;
        store.check_keeps(P::NEEDS)?;
        P::plain(self.pending.driven(store), self.at)
    }
}

impl Next {
    fn of<P: Erasable>(step: Step<P>, at: Time) -> Self {
        match step {
            Step::Need(pending) => Next::Need(Box::new(Begun { pending, at })),
            Step::Done(outcome) => Next::Done(P::plain(outcome, at)),
        }
    }
}

impl Kept for Charge {
    const NEEDS: Needs = Needs::Cells;
}

impl Kept for Claim {
    const NEEDS: Needs = Needs::Claims;
}

impl<A: Record, B: Record, C: Record> Kept for LoadTogether<A, B, C> {
    const NEEDS: Needs = Needs::Rows;
}

impl<A: Links<B>, B: Record> Kept for LinkedOp<A, B> {
    const NEEDS: Needs = Needs::Rows;
}

impl<R: Record> Kept for ListEnded<R> {
    const NEEDS: Needs = Needs::Rows;
}

impl<R: Record> Kept for ListOp<R> {
    const NEEDS: Needs = Needs::Rows;
}

impl<R: Record> Kept for RowOp<R> {
    const NEEDS: Needs = Needs::Rows;
}

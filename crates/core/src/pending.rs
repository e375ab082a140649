//! Decisions that wait for a store, and the loop that feeds them.
//!
//! A decision is made in three steps: pure work that ends in a [`Pending`], one atomic step that a
//! store runs, and pure work that turns the answer into the outcome. A store that does not answer
//! is an answer too, so refusing then is part of the decision and not of the caller's error handling.

use core::future::Future;

use crate::{Op, Unavailable};

/// A store that runs one kind of step.
pub trait Run<O: Op> {
    /// Runs `op` as one atomic step.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when it is unknown whether the step happened.
    fn run(&self, op: O) -> Result<O::Reply, Unavailable>;
}

/// A store that runs one kind of step and lets other work go on meanwhile.
pub trait RunAsync<O: Op> {
    /// Runs `op` as one atomic step.
    fn run(&self, op: O) -> impl Future<Output = Result<O::Reply, Unavailable>> + Send;
}

/// A decision that waits for one storage answer. It is not `Clone`, and finishing consumes it.
#[must_use = "nothing is decided until `finish`"]
pub trait Pending: Sized {
    /// The step it needs.
    type Op: Op;
    /// What it decides.
    type Outcome;

    /// The step to run now.
    fn op(&self) -> Self::Op;

    /// Goes on with the store's answer, or with its silence.
    fn finish(self, reply: Result<<Self::Op as Op>::Reply, Unavailable>) -> Step<Self>;
}

/// Where a decision stands.
#[must_use = "a step is either a decision or the question that it depends on"]
pub enum Step<P: Pending> {
    /// One more step is needed.
    Need(P),
    /// Decided.
    Done(P::Outcome),
}

/// Runs a decision to its end on a store.
pub fn drive<P: Pending, S: Run<P::Op> + ?Sized>(store: &S, mut step: Step<P>) -> P::Outcome {
    loop {
        match step {
            Step::Done(outcome) => return outcome,
            Step::Need(pending) => {
                let reply = store.run(pending.op());
                step = pending.finish(reply);
            }
        }
    }
}

/// Runs a decision to its end on an asynchronous store.
///
/// Dropping the future in mid-step leaves the step done or not done; either way no proof is made.
pub async fn drive_async<P: Pending, S: RunAsync<P::Op> + ?Sized>(
    store: &S,
    mut step: Step<P>,
) -> P::Outcome {
    loop {
        match step {
            Step::Done(outcome) => return outcome,
            Step::Need(pending) => {
                let reply = store.run(pending.op()).await;
                step = pending.finish(reply);
            }
        }
    }
}

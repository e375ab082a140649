//! All that a database crate writes: run a statement, give the rows.

use core::future::Future;

use counterseal_core::{BadRow, Unavailable};

use crate::{Dialect, Rows, Stated, Statement};

/// A database that blocks.
pub trait Execute {
    /// How it wants its statements.
    const DIALECT: Dialect;

    /// Runs one statement in a transaction of its own.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when it is unknown whether it took effect.
    fn execute(&self, statement: &Statement) -> Result<Rows, Unavailable>;

    /// Is told of an answer that makes no sense, for the operator's log; to the decision the database
    /// did not answer.
    fn malformed(&self, _: BadRow) {}
}

/// A database that lets other work go on meanwhile.
pub trait ExecuteAsync: Sync {
    /// How it wants its statements.
    const DIALECT: Dialect;

    /// Runs one statement in a transaction of its own.
    fn execute(
        &self,
        statement: Statement,
    ) -> impl Future<Output = Result<Rows, Unavailable>> + Send;

    /// As [`Execute::malformed`].
    fn malformed(&self, _: BadRow) {}
}

/// Runs a step on a database: what its [`Run`](counterseal_core::Run) is.
///
/// # Errors
///
/// [`Unavailable`] when it did not answer, or made no sense.
pub fn run<E: Execute, O: Stated>(database: &E, op: &O) -> Result<O::Reply, Unavailable> {
    let rows = database.execute(&op.statement(E::DIALECT))?;
    op.reply(&rows).map_err(|bad| {
        database.malformed(bad);
        Unavailable
    })
}

/// Runs a step on a database: what its [`RunAsync`](counterseal_core::RunAsync) is.
///
/// # Errors
///
/// [`Unavailable`] when it did not answer, or made no sense.
pub async fn run_async<E: ExecuteAsync, O: Stated>(
    database: &E,
    op: O,
) -> Result<O::Reply, Unavailable> {
    let rows = database.execute(op.statement(E::DIALECT)).await?;
    op.reply(&rows).map_err(|bad| {
        database.malformed(bad);
        Unavailable
    })
}

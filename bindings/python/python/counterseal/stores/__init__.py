"""Stores for nonces, keys and limits: SQLite and memory inside the extension, any other through your own driver.

A decision that waits for a store is a `Waiting`: run its statement, hand over the rows, ask for the verdict. `drive`
and `drive_async` are that loop, around the one function that a driver needs::

    db = sqlite3.connect("keys.db", isolation_level=None)
    verified = drive(verifier.begin(*parts), "sqlite", lambda text, values: db.execute(text, values).fetchall())

Each statement must be committed by itself, so `isolation_level=None` it is, never a transaction of the caller's. A
driver that raises has not answered, and the decision refuses; the log has the kind of its error, and the error itself
at the level of debugging, because drivers quote values. `counterseal.stores.asyncpg` does all this for Postgres, and
`counterseal.stores.redis` for Redis.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from counterseal._counterseal import Memory, Sqlite, Waiting, migrations, sweeping, sweeping_cells
from counterseal.errors import ArgumentError
from counterseal.types import Cell, Dialect

__all__ = ["Memory", "Sqlite", "Waiting", "drive", "drive_async", "migrations", "sweeping", "sweeping_cells"]

Rows: TypeAlias = Iterable[Sequence[Cell]]
Execute: TypeAlias = Callable[[str, list[Cell]], Rows]
ExecuteAsync: TypeAlias = Callable[[str, list[Cell]], Awaitable[Rows]]
Verdict = TypeVar("Verdict")

_log = logging.getLogger("counterseal.stores")


def _unanswered(error: Exception) -> None:
    """Says what failed. A driver's text may quote values, so it goes to whoever asks for debugging only."""
    _log.error("the store did not answer: %s", type(error).__name__)
    _log.debug("the store did not answer", exc_info=error)


def _checked(waiting: Waiting[Verdict]) -> Waiting[Verdict]:
    if not isinstance(waiting, Waiting):
        raise ArgumentError("binding_argument_type", detail=[("waiting", "Waiting")])
    return waiting


def drive(
    waiting: Waiting[Verdict], dialect: Dialect, execute: Execute, *, future_seconds: int | None = None
) -> Verdict:
    """Runs a decision to its end with `execute(text, values) -> rows`. `future_seconds` is what `migrations` had."""
    while statement := _checked(waiting).statement(dialect, future_seconds=future_seconds):
        _name, text, values = statement
        try:
            rows = [tuple(row) for row in execute(text, values)]
        except Exception as error:
            _unanswered(error)
            waiting.answer(None)
        else:
            waiting.answer(rows)
    return waiting.verdict()


async def drive_async(
    waiting: Waiting[Verdict], dialect: Dialect, execute: ExecuteAsync, *, future_seconds: int | None = None
) -> Verdict:
    """Runs a decision to its end with `await execute(text, values) -> rows`. `future_seconds` is as for `drive`."""
    while statement := _checked(waiting).statement(dialect, future_seconds=future_seconds):
        _name, text, values = statement
        try:
            rows = [tuple(row) for row in await execute(text, values)]
        except Exception as error:
            _unanswered(error)
            waiting.answer(None)
        else:
            waiting.answer(rows)
    return waiting.verdict()

"""Stores for nonces and keys: SQLite and memory inside the extension, any other through your own driver.

A decision that waits for a store is a `Waiting`: run its statement, hand over the rows, ask for the
verdict. `drive` and `drive_async` are that loop::

    def execute(text, values):
        with closing(db.execute(text, values)) as cursor:
            return cursor.fetchall()

    verified = drive(verifier.begin(*parts), "sqlite", execute)

A driver that raises has not answered, and the decision refuses.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from counterseal._counterseal import Memory, Sqlite, Waiting, migrations

if TYPE_CHECKING:
    from counterseal._counterseal import Cell, Dialect, Key, Verified

__all__ = ["Memory", "Sqlite", "Waiting", "drive", "drive_async", "migrations"]

Rows = Iterable[Sequence["Cell"]]

_log = logging.getLogger("counterseal.stores")


def drive(
    waiting: Waiting, dialect: Dialect, execute: Callable[[str, list[Cell]], Rows]
) -> Verified | Key | None:
    """Runs a decision to its end with `execute(text, values) -> rows`."""
    while statement := waiting.statement(dialect):
        _name, text, values = statement
        try:
            rows = [tuple(row) for row in execute(text, values)]
        except Exception:
            _log.exception("the store did not answer")
            waiting.answer(None)
        else:
            waiting.answer(rows)
    return waiting.verdict()


async def drive_async(
    waiting: Waiting, dialect: Dialect, execute: Callable[[str, list[Cell]], Awaitable[Rows]]
) -> Verified | Key | None:
    """Runs a decision to its end with `await execute(text, values) -> rows`."""
    while statement := waiting.statement(dialect):
        _name, text, values = statement
        try:
            rows = [tuple(row) for row in await execute(text, values)]
        except Exception:
            _log.exception("the store did not answer")
            waiting.answer(None)
        else:
            waiting.answer(rows)
    return waiting.verdict()

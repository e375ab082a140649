"""Nonces and keys in Postgres, over a pool of asyncpg.

::

    pool = await asyncpg.create_pool(..)
    store = Postgres(pool)
    await store.migrate()
    signed = SignedRequest(verifier, drive=store.drive, load_key=lambda key_id: store.drive(vault.load(key_id)))

The pool is the store's own: each statement takes a connection and is committed by itself. Nonces lie in tables that
Postgres empties after a crash; the store notices that, and refuses until nothing older can come: for 65 s where the
window is a minute.

`migrate` raises where the role's transactions are isolated more strictly than `read committed`, or its commits are
acknowledged before they are safe (`synchronous_commit = off`): a crash could bring back a key that was revoked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from counterseal.stores import Waiting, drive_async, migrations, sweeping, sweeping_cells
from counterseal.stores._epoch import Beginning
from counterseal.types import Cell, Room

__all__ = ["Postgres"]

Verdict = TypeVar("Verdict")

ROOMS: tuple[Room, ...] = ("request", "webhook")

_MIGRATING = int.from_bytes(b"cseal/pg", "big")
"""The advisory lock under which migrations are run one after the other."""


class Pool(Protocol):
    """What is used of `asyncpg.Pool`, which has no types of its own."""

    def acquire(self) -> AbstractAsyncContextManager[Any]: ...
    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> Sequence[Iterable[Any]]: ...


class Postgres:
    """A database that decisions are run on.

    A statement that takes more than `timeout` seconds has no answer. `future_seconds` is how far the clocks of signers
    may be ahead in any policy that is used here, for the beginning after a crash; it is the most that a policy allows
    unless said, or what `migrate` was told.
    """

    def __init__(
        self, pool: Pool, *, timeout: float = 5.0, future_seconds: int = 300, clock: Callable[[], int] | None = None
    ) -> None:
        self._pool = pool
        self._timeout = timeout
        self._beginning = Beginning("postgres", future_seconds, clock)

    async def migrate(
        self, *, past_seconds: int | None = None, future_seconds: int | None = None, now: int | None = None
    ) -> None:
        """Makes the database ready for policies of this window. It may be run again, and by many at once."""
        self._beginning.told(future_seconds)
        statements = migrations("postgres", past_seconds=past_seconds, future_seconds=future_seconds, now=now)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetch("SELECT pg_advisory_xact_lock($1)", _MIGRATING)
            for _name, text, values in statements:
                await connection.fetch(text, *values)

    async def drive(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision to its end."""
        return await drive_async(waiting, "postgres", self._execute)

    async def sweep(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes claims that are over, at most `limit` or 1000 of each room, and counts them. Run it now and then."""
        swept = 0
        for room in ROOMS:
            _name, text, values = sweeping("postgres", room=room, now=now, limit=limit)
            swept += len(await self._execute(text, values))
        return swept

    async def sweep_cells(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes cells of limits that are empty, at most `limit` or 1000 of them, and counts them."""
        _name, text, values = sweeping_cells("postgres", now=now, limit=limit)
        return len(await self._execute(text, values))

    async def _execute(self, text: str, values: list[Cell]) -> list[tuple[Cell, ...]]:
        rows = [tuple(row) for row in await self._fetch(text, values)]
        await self._beginning.after(rows, self._fetch)
        return rows

    async def _fetch(self, text: str, values: list[Cell]) -> Sequence[Iterable[Any]]:
        return await self._pool.fetch(text, *values, timeout=self._timeout)

"""Nonces and keys in Postgres, over a pool of asyncpg.

::

    pool = await asyncpg.create_pool(..)
    store = Postgres(pool)
    await store.migrate()
    signed = SignedRequest(verifier, drive=store.drive, load_key=lambda key_id: store.drive(vault.load(key_id)))

The pool is the store's own: each statement takes a connection and is committed by itself. Behind a pooler that changes
connections between statements, make it with `statement_cache_size=0`. Nonces lie in tables that
Postgres empties after a crash; the store notices that, and refuses until nothing older can come: for 305 s, or for 65 s
where `future_seconds` is 60 here and clocks may be no further ahead in any policy.

`migrate` raises where the role's transactions are isolated more strictly than `read committed`, or its commits are
acknowledged before they are safe (`synchronous_commit = off`): a crash could bring back a key that was revoked. `check`
does the same for a worker whose role makes no tables. Both raise what asyncpg raises.

A dump has the claims of its time, and of the time after it none: leave them out (`--no-unlogged-table-data`), and what
is restored begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol, TypeVar

from counterseal.errors import ArgumentError
from counterseal.stores import Waiting, drive_async, migrations, sweeping, sweeping_cells
from counterseal.stores._epoch import Beginning, patience
from counterseal.types import Cell, Room

__all__ = ["Postgres"]

Verdict = TypeVar("Verdict")

ROOMS: tuple[Room, ...] = ("request", "webhook")

_MIGRATING = int.from_bytes(b"cseal/pg", "big")
"""The advisory lock under which migrations are run one after the other."""


class Pool(Protocol):
    """What is used of `asyncpg.Pool`, which has no types of its own."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Any]: ...


class Postgres:
    """A database that decisions are run on.

    A step that waits more than `timeout` seconds for a connection, or as long for its answer, has none.
    `future_seconds` is how far the clocks of signers may be ahead in any policy that is used here, for the beginning
    after a crash: the most that a policy allows, 300, unless this or `migrate` says less. A policy that allows more is
    refused.
    """

    def __init__(
        self, pool: Pool, *, timeout: float = 5.0, future_seconds: int = 300, clock: Callable[[], int] | None = None
    ) -> None:
        if not callable(getattr(pool, "acquire", None)):
            raise ArgumentError("binding_argument_type", detail=[("pool", "asyncpg.Pool")])
        self._pool = pool
        self._timeout = patience(timeout)
        self._beginning = Beginning("postgres", future_seconds, clock)

    async def migrate(
        self, *, past_seconds: int | None = None, future_seconds: int | None = None, now: int | None = None
    ) -> None:
        """Makes the database ready for policies of this window. It may be run again, and by many at once."""
        future = self._beginning.future_seconds if future_seconds is None else future_seconds
        statements = migrations("postgres", past_seconds=past_seconds, future_seconds=future, now=now)
        self._beginning.told(future)
        async with self._pool.acquire(timeout=self._timeout) as connection:
            try:
                await connection.execute("BEGIN", timeout=self._timeout)
                await connection.fetch("SELECT pg_advisory_xact_lock($1)", _MIGRATING, timeout=self._timeout)
                for _name, text, values in statements:
                    await connection.fetch(text, *values, timeout=self._timeout)
                await connection.execute("COMMIT", timeout=self._timeout)
            except BaseException:
                # A connection in a transaction is nobody's, and a server that is silent answers no ROLLBACK.
                with suppress(Exception):
                    connection.terminate()
                raise

    async def check(self) -> None:
        """Raises what is in the way where the pool's role cannot serve: run it when a worker starts."""
        for name, text, values in migrations("postgres"):
            if name == "counterseal_check":
                await self._fetch(text, values)

    async def drive(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision to its end."""
        future = self._beginning.future_seconds
        return await drive_async(waiting, "postgres", self._execute, future_seconds=future)

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
        # Waiting for a connection takes its time too, and giving it back.
        async with self._pool.acquire(timeout=self._timeout) as connection:
            rows: Sequence[Iterable[Any]] = await connection.fetch(text, *values, timeout=self._timeout)
            return rows

"""Nonces and keys in Redis 7, over an asynchronous client of redis-py.

::

    store = Redis(redis.asyncio.from_url(..))
    await store.migrate()
    signed = SignedRequest(verifier, drive=store.drive, load_key=lambda key_id: store.drive(vault.load(key_id)))

Each step is one script. The server's `maxmemory-policy` must be `noeviction`, or `migrate` raises. After a restart, a
flush or a fail-over Redis may have lost nonces; the store notices that, and refuses until nothing older can come: for
305 s, or for 65 s where `future_seconds` is 60 here and clocks may be no further ahead in any policy. What it does not
notice is an old primary that goes on answering some while a new one answers others (set `min-replicas-to-write`), and
a `SWAPDB`. Keys are as durable as the server's own persistence.

The client is the store's own. Its retries are turned off: a claim that was made, and is made again because its answer
was lost, would be told to an honest caller as a replay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from counterseal.errors import ArgumentError
from counterseal.stores import Waiting, drive_async, migrations
from counterseal.stores._epoch import Beginning, patience
from counterseal.types import Cell

__all__ = ["Redis"]

Verdict = TypeVar("Verdict")


class Script(Protocol):
    """What is used of a registered script."""

    def __call__(self, keys: Sequence[Any] = ..., args: Sequence[Any] = ...) -> Awaitable[Any]: ...


class Client(Protocol):
    """What is used of `redis.asyncio.Redis`."""

    def register_script(self, script: str) -> Any: ...
    def set_retry(self, retry: Any) -> None: ...


class Redis:
    """A Redis server that decisions are run on.

    A script that takes more than `timeout` seconds has no answer. `future_seconds` is how far the clocks of signers may
    be ahead in any policy that is used here, for the beginning after a loss: the most that a policy allows, 300, unless
    this or `migrate` says less. A policy that allows more is refused.
    """

    def __init__(
        self, client: Client, *, timeout: float = 5.0, future_seconds: int = 300, clock: Callable[[], int] | None = None
    ) -> None:
        if not asyncio.iscoroutinefunction(getattr(client, "execute_command", None)):
            raise ArgumentError("binding_argument_type", detail=[("client", "redis.asyncio.Redis")])
        client.set_retry(Retry(NoBackoff(), 0))
        self._client = client
        self._timeout = patience(timeout)
        self._beginning = Beginning("redis", future_seconds, clock)
        self._scripts: dict[str, Script] = {}

    async def migrate(
        self, *, past_seconds: int | None = None, future_seconds: int | None = None, now: int | None = None
    ) -> None:
        """Makes the server ready for policies of this window. It may be run again, and by many at once."""
        future = self._beginning.future_seconds if future_seconds is None else future_seconds
        statements = migrations("redis", past_seconds=past_seconds, future_seconds=future, now=now)
        self._beginning.told(future)
        for _name, text, values in statements:
            await self._eval(text, values)

    async def drive(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision to its end."""
        future = self._beginning.future_seconds
        return await drive_async(waiting, "redis", self._execute, future_seconds=future)

    async def _execute(self, text: str, values: list[Cell]) -> list[tuple[Cell, ...]]:
        rows = await self._eval(text, values)
        await self._beginning.after(rows, self._eval)
        return rows

    async def _eval(self, text: str, values: list[Cell]) -> list[tuple[Cell, ...]]:
        script = self._scripts.get(text)
        if script is None:
            script = self._scripts[text] = self._client.register_script(text)
        keys = 1 + int(values[0] or 0)
        rows = await asyncio.wait_for(script(keys=values[1:keys], args=values[keys:]), self._timeout)
        return [tuple(row) for row in rows]

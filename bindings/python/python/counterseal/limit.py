"""Rate limits: how many requests pass at once, how fast more do, and what the caller is told.

::

    attempts = Limiter(Limit("login", burst=5, every_ms=60_000), SharedCells("/run/jobs/cells"), hops=1)

    await attempts.by_address(request.scope)  # raises LimitError (429) with RateLimit fields and Retry-After
    await attempts.by_name(form.user)

A limit by address comes before a request is verified, so that it never tells a stranger whether a key exists; one by
key or name comes after it. `SharedCells` counts for all workers of a host in a fixed amount of memory, whoever comes;
`Sqlite`, Postgres and Redis (see `counterseal.stores`) count for those that share the database, and grow with the
addresses. `counterseal.fastapi` and `counterseal.asgi` put limits before routes and applications.

`hops` is the number of your own proxies that write `field`; with none the address is the peer's. Where the server
itself takes the client from a proxy's field (uvicorn's `--proxy-headers`), that is the peer already.

What it does not protect: addresses are cheap to those who have many, and a number of hops that is too high lets every
client choose its own address.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from counterseal._counterseal import Admitted, Cells, Limit, SharedCells, client_address
from counterseal.errors import ArgumentError, LimitError
from counterseal.stores import Memory, Sqlite, Waiting

__all__ = ["Admitted", "Cells", "Limit", "Limiter", "SharedCells", "client_address", "fields"]

Drive: TypeAlias = Callable[[Waiting[Admitted]], Awaitable[Admitted]]

_audit = logging.getLogger("counterseal.audit")


class Limiter:
    """A limit and the store that counts for it, for asyncio.

    `store` is one of this package, or `drive` runs a decision on a store of your own. `on_event` gets each refusal as
    one line of JSON for the audit log; without it they go to the logger `counterseal.audit`.
    """

    def __init__(
        self,
        limit: Limit,
        store: SharedCells | Cells | Memory | Sqlite | None = None,
        *,
        drive: Drive | None = None,
        hops: int = 0,
        field: Literal["forwarded", "x-forwarded-for"] = "x-forwarded-for",
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        if (store is None) == (drive is None):
            raise ArgumentError("binding_store_missing")
        # What cannot be is refused now, and not with the first request.
        client_address(None, [], hops=hops, field=field)
        self._limit = limit
        self._store = store
        self._drive = drive
        self._hops = hops
        self._field: Literal["forwarded", "x-forwarded-for"] = field
        self._on_event = on_event or _audit.info
        self._clock = clock

    async def by_address(self, scope: Mapping[str, Any], *, cost: int = 1) -> Admitted:
        """Counts the request of this ASGI scope for its client's address, as `cost` requests."""
        peer, _port = scope.get("client") or (None, None)
        name = self._field.encode()
        values = [bytes(value) for found, value in scope["headers"] if found == name]
        client = client_address(peer, values, hops=self._hops, field=self._field)
        now = self._now()
        return await self._run(self._limit.by_address(client, cost=cost, is_crowded=self._is_crowded(now), now=now))

    async def by_key(self, id: str, *, cost: int = 1) -> Admitted:  # noqa: A002 - the limit's own word
        """Counts a request for a key of this program's own: the `key_id` of a proof, never one that a peer names."""
        now = self._now()
        return await self._run(self._limit.by_key(id, cost=cost, is_crowded=self._is_crowded(now), now=now))

    async def by_name(self, name: str, *, cost: int = 1) -> Admitted:
        """Counts a request for a name as people write it; spellings that look alike count as one."""
        now = self._now()
        return await self._run(self._limit.by_name(name, cost=cost, is_crowded=self._is_crowded(now), now=now))

    async def _run(self, waiting: Waiting[Admitted]) -> Admitted:
        try:
            if self._drive is not None:
                return await self._drive(waiting)
            assert self._store is not None  # noqa: S101 - the constructor saw to it
            if isinstance(self._store, Sqlite):
                return await asyncio.to_thread(waiting.run, self._store)
            return waiting.run(self._store)
        except LimitError as refused:
            if refused.event is not None:
                self._on_event(refused.event)
            raise

    def _is_crowded(self, now: int | None) -> bool:
        if not self._limit.yields or not isinstance(self._store, Cells | SharedCells):
            return False
        return self._store.is_crowded(now=now)

    def _now(self) -> int | None:
        return self._clock() if self._clock else None


def fields(admitted: Iterable[Admitted]) -> dict[str, str]:
    """The fields of a response that several limits have a say in: each field is a list."""
    found: dict[str, str] = {}
    for one in admitted:
        for name, value in one.headers.items():
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found
